// The public face of the meeting's state machine.
export { reduce } from "./machine/reduce";
export { outside } from "./machine/state";
export type * from "./machine/state";
