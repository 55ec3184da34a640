//! Certificates from a real CA on this machine: Pebble. It is Debian's package
//! `pebble`, so this is `.ci/run acme`, and no part of a plain `cargo test`.
#![allow(clippy::unwrap_used)] // a panic is how a test fails
#![allow(clippy::print_stdout)] // how long it takes

#[path = "../log_capture/mod.rs"]
mod log_capture;
#[path = "../support/mod.rs"]
mod support;

mod binary;
mod failing;
mod first;
mod pebble;
#[allow(dead_code)] // this uses its part
#[path = "../cli/process.rs"]
mod process;
mod renewal;
mod site;
#[allow(dead_code)] // this uses its part
#[path = "../cli/wrapped.rs"]
mod wrapped;
