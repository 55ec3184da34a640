//! `client::Connector`, against our own server, other servers, and what is no
//! server at all.
#![allow(clippy::unwrap_used)] // a test: a panic is the report

#[path = "../authority/mod.rs"]
mod authority;
#[path = "../caller/mod.rs"]
mod caller;
mod clients;
mod hostile;
mod identity;
mod late;
mod modes;
mod openssl;
mod pins;
mod site;
mod strangers;
#[path = "../support/mod.rs"]
mod support;
mod system;
mod targets;
mod trust;
mod upgrade;
