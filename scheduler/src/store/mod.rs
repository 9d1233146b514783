//! SHELL: what the office remembers. One trait for each question, so that a handler says in its signature what it needs; [`Store`] is
//! all of them. SQLite is the engine today; PostgreSQL joins it as the second variant of [`Office`], under the same tests.
//!
//! Every method is one transaction: it has happened and is on the disk when it returns `Ok`, or nothing has happened.
//! Times are always the caller's.

mod contract;
#[expect(clippy::disallowed_methods, reason = "the shell makes the ids of new rows")]
mod sqlite;

pub use contract::*;
pub use sqlite::{Archive, OpenFailure, Sqlite};

/// The store this program runs on. An enum of the engines as soon as there are two.
pub type Office = Sqlite;
