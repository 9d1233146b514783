//! The composition root: HTTP, accounts, configuration, telemetry and the embedded user interface.

pub mod api;
pub mod http;
