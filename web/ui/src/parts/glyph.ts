/** A state is a shape, a colour and a word: these are the five shapes. */
export type State = "good" | "attention" | "failed" | "unknown" | "now";
