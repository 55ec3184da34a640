//! Clients that mean harm, each beside one that does not.
//!
//! Real sockets, real time, every loop with a bound. What counts descriptors or
//! memory of the process runs [`alone`].
#![allow(clippy::unwrap_used)] // a test

#[path = "../support/mod.rs"]
mod support;

mod frames;
mod good;
mod http2;
mod http2_memory;
mod stuck;

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static ROOM: RwLock<()> = RwLock::const_new(());

/// Held by a test that nobody else may disturb.
async fn alone() -> RwLockWriteGuard<'static, ()> {
    ROOM.write().await
}

/// Held by every other test.
async fn among_others() -> RwLockReadGuard<'static, ()> {
    ROOM.read().await
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
