//! The shell: everything with sockets, files, threads and a clock.

pub mod recorder;
