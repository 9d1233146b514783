// The public face of the meeting's state machine.
export { reduce } from "./machine/reduce";
export { CALLED_MS, outside } from "./machine/state";
export type * from "./machine/state";
