//! The real server as a process, with its real database and real sockets, driven by clients that we did not write.

mod attack;
mod booking;
mod floor;
mod hostile;
mod kill;
mod network;
mod soak;
mod tcp;
mod whip;
