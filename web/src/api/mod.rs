//! The values that cross the HTTP interface, as plain data: what the OpenAPI document describes and the user interface is typed by.
//!
//! Times are Unix milliseconds, UTC, in fields that end in `_at`, `from` or `to`. Ids are UUIDs; a session may also be called
//! `demo`, therefore its id is a string.

pub mod account;
pub mod attendance;
pub mod booking;
pub mod convert;
pub mod directory;
pub mod recording;
pub mod session;
pub mod system;
