//! A room with its peers, without a network: packets are made by hand and what comes out is read back with our own reader.

mod actors;
mod assigning;
mod forwarding;
mod gathering;
mod harness;
mod hostile;
mod layered;
mod layers;
mod lossy;
mod recording;
mod redundant;
mod watching;
