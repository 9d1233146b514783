//! Accounts: passwords, sign-in and its limits. What is kept of them is in the store.

pub mod attempts;
pub mod password;
pub mod policy;
