import type { office as source } from "../vi/office";

export const office: typeof source = {};
