import { meeting } from "./meeting";
import { office } from "./office";
import { shell } from "./shell";

export const en = { shell, office, meeting };
