//! The live meeting: who is there, who speaks, what everybody sees, and the protocol in which it is told.

pub mod wire;
