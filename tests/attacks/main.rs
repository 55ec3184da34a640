//! Clients that mean harm, each beside one that does not.
//!
//! Real sockets, real time, every loop with a bound. What counts descriptors or
//! memory of the process runs [`alone`].
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::large_futures,
    clippy::type_complexity
)] // tests, and what they measured

#[path = "../support/mod.rs"]
mod support;

#[path = "../cli/process.rs"]
#[allow(dead_code)] // the other tests of the binary use the rest
mod process;

mod cross;
mod floods;
mod frames;
mod good;
mod http1;
mod http1_points;
mod http2;
mod http2_memory;
mod leavers;
mod stuck;
mod target;
mod tls;
mod tls_aborts;

use std::alloc::System;
use std::sync::{PoisonError, RwLock};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

static ROOM: RwLock<()> = RwLock::new(());

/// Runs a test that nobody else may disturb, on two threads. (Not even by the
/// runtime of a test that waits: it has descriptors, too.)
fn alone(test: impl Future<Output = ()>) {
    let _room = ROOM.write().unwrap_or_else(PoisonError::into_inner);
    let mut runtime = Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(test);
}

/// Runs any other test, on one thread: whoever keeps it busy is noticed.
fn among_others(test: impl Future<Output = ()>) {
    let _room = ROOM.read().unwrap_or_else(PoisonError::into_inner);
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

/// The open descriptors of this process.
fn descriptors() -> usize {
    // The directory itself is one of them.
    std::fs::read_dir("/proc/self/fd").unwrap().count() - 1
}

/// What this process holds of the machine's memory, in bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages = pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    pages * 4096
}

/// What this process has allocated and not freed, in bytes.
fn allocated() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

/// Waits until there are at most `most` open descriptors; how many there are
/// when that takes too long.
async fn descriptors_until(most: usize, bound: std::time::Duration) -> usize {
    let begun = std::time::Instant::now();
    loop {
        let now = descriptors();
        if now <= most || begun.elapsed() > bound {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
