//! `oneport check` against the servers that people have: each is started here, on
//! a port of 127.0.0.1, and has to be described as curl and openssl find it.
//!
//! They are Debian's packages, and what `prepare` puts into `target/servers`, so
//! this is `.ci/run servers`, and no part of a plain `cargo test`. What is missing
//! fails.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "../authority/mod.rs"]
mod authority;
#[allow(dead_code)] // this uses its part
#[path = "../cli/process.rs"]
mod process;
#[path = "../support/mod.rs"]
mod support;

mod apache;
mod axum_server;
mod caddy;
mod checked;
mod go;
mod haproxy;
mod nginx;
mod nginx_certificates;
mod node;
mod ours;
mod python;
mod site;
mod strangers;
mod terminal;
mod truth;
