//! SHELL: what the office remembers. One trait for each question, so that a handler says in its signature what it needs; [`Store`] is
//! all of them. SQLite is the engine today; PostgreSQL joins it as the second variant of [`Office`], under the same tests.
//!
//! Every method is one transaction: it has happened and is on the disk when it returns `Ok`, or nothing has happened.
//! Times are always the caller's.

mod contract;

pub use contract::*;
