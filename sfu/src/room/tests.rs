//! A room with its peers, without a network: packets are made by hand and what comes out is read back with our own reader.

mod actors;
mod assigning;
mod forwarding;
mod harness;
mod hostile;
mod layered;
mod lossy;
mod recording;
mod watching;
