//! `bench-peer`'s servers with an allocator that counts.
//!
//! `bench-heap SERVER CA_FILE` is `bench-peer serve SERVER CA_FILE`, and besides
//! prints for each byte of its standard input how many bytes are allocated and
//! how many allocations there have been.
#![allow(unreachable_pub, clippy::print_stdout)] // a program's, whose output is read by the script

#[allow(dead_code)] // shared with the criterion bench
mod servers;

use std::alloc::System;
use std::error::Error;

use servers::Server;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, ca] = &arguments[..] else {
        return Err("bench-heap SERVER CA_FILE".into());
    };
    let server: Server = server.parse()?;
    server.run_with_stdin(ca.as_ref(), || {
        let now = ALLOCATOR.stats();
        let held = now.bytes_allocated - now.bytes_deallocated;
        println!("{held} {}", now.allocations + now.reallocations);
    })
}
