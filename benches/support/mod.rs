//! What the harnesses share.
#![allow(dead_code, unreachable_pub, clippy::expect_used, clippy::print_stdout)] // each harness uses its part

pub mod client;
pub mod servers;
