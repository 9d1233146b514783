import type { meeting as source } from "../vi/meeting";

export const meeting: typeof source = {
  loading: "Opening the meeting room",
};
