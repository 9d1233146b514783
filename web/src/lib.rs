//! The composition root: HTTP, accounts, configuration, telemetry and the embedded user interface around the office, the live meetings
//! and the media bridge.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod account;
pub mod api;
pub mod app;
pub mod clock;
pub mod command;
pub mod config;
pub mod demo;
pub mod http;
pub mod secret;
pub mod sheet;
pub mod telemetry;
pub mod wiring;
