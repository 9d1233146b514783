//! The office: who the units, sites and people are, what was booked, who may come in, who was there, and what was recorded.
//!
//! Everything here but [`store`] is a pure core: told the time, told the facts, it returns a decision. The shell holds the only SQL and
//! the only task of this crate, and no clock. Nothing here knows packets, sockets or HTTP.
//!
//! Two values cross to the live meeting, both carried by `web`: a [`admission::Grant`] one way, [`mark::Mark`]s the other.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod account;
pub mod admission;
pub mod agenda;
pub mod attendance;
pub mod booking;
pub mod chain;
pub mod clash;
pub mod demo;
pub mod due;
pub mod field;
pub mod id;
pub mod invitation;
pub mod mark;
pub mod person;
pub mod policy;
pub mod record;
pub mod role;
pub mod search;
pub mod selection;
pub mod session;
pub mod site;
pub mod store_failure;
pub mod text;
pub mod time;
pub mod unit;

#[cfg(feature = "shell")]
pub mod store;
