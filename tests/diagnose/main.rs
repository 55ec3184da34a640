//! What `client::diagnose` makes of the errors and responses of real clients,
//! at real servers over TCP.
//!
//! Native-tls is not among them: it needs the machine's OpenSSL. Its words, as
//! they were printed, are in a table beside the code.
#![allow(clippy::unwrap_used)] // a test

mod clients;
mod plaintext;
mod properties;
mod servers;
#[path = "../support/mod.rs"]
mod support;
mod tls;
