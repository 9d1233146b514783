import { accounts, directory } from "./admin";
import { attendance } from "./attendance";
import { booking, clash, fields } from "./booking";
import { player, recordings } from "./recordings";
import { calendar, home, links, meetings, session, sessions } from "./sessions";
import { password, signIn } from "./signIn";

export const office = {
  signIn,
  password,
  meetings,
  home,
  calendar,
  sessions,
  session,
  links,
  booking,
  clash,
  fields,
  attendance,
  recordings,
  player,
  accounts,
  directory,
};
