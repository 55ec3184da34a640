//! The real binary, started on a free port and talked to from outside.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod certificates;
mod endpoints;
mod files;
mod mutual_tls;
mod page;
mod process;
mod refusals;
mod reload;
mod report;
mod self_check;
mod shutdown;
mod websocket;
mod who;
