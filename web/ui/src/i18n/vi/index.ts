import { meeting } from "./meeting";
import { office } from "./office";
import { shell } from "./shell";

export const vi = { shell, office, meeting };
