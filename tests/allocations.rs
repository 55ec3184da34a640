//! What a dual port allocates beyond what bare hyper does on the same work.
//!
//! Exact, so a clone or a box more per request fails here. `benches/memory`
//! counts the same for TLS, in bytes, and as released.
#![allow(clippy::unwrap_used)]

#[path = "../benches/support/mod.rs"]
mod support;

use std::alloc::System;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use stats_alloc::{INSTRUMENTED_SYSTEM, Stats, StatsAlloc};

use support::client::{Client, Close};
use support::servers::{self, Server};

/// Of the whole process: hence one test, and a client that allocates nothing.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[test]
fn what_a_dual_port_allocates() {
    let ours = Client::plaintext(started(Server::Dual));
    let bare = Client::plaintext(started(Server::Hyper));

    // The three of `http::Extensions` (its box, its table, the `ConnInfo`), less
    // hyper's timer for heads.
    assert_eq!(per_request(&ours), per_request(&bare) + 2);
    // And three for the serving stage, the first bytes and the `ConnInfo`; less one
    // that hyper makes of the bare server's settings.
    assert_eq!(per_connection(&ours), per_connection(&bare) + 2 + 2);

    let (ours, bare) = (held_by_silence(&ours), held_by_silence(&bare));
    // The task, tokio's registration of the socket, and a place in a list.
    assert!(ours <= 740, "a silent connection holds {ours} bytes");
    assert!(
        ours < bare,
        "{ours} bytes, more than the bare server's {bare}"
    );
}

fn started(server: Server) -> SocketAddr {
    let (address, started) = mpsc::channel();
    thread::spawn(move || {
        let (_, tls) = servers::tls();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(async {
            let listener = servers::listen().await;
            address.send(listener.local_addr().unwrap()).unwrap();
            server.run(listener, tls).await
        })
    });
    started.recv().unwrap()
}

fn per_request(client: &Client) -> usize {
    let mut connection = client.connect().unwrap();
    per_operation(|| connection.request().unwrap())
}

fn per_connection(client: &Client) -> usize {
    per_operation(|| client.once(Close::Server).unwrap())
}

/// Allocations by the second half of many operations.
fn per_operation(mut operation: impl FnMut()) -> usize {
    const COUNT: usize = 100;
    // When the client has its answer, the server may not be done yet.
    let made = || settled(|it| it.allocations + it.reallocations);
    (0..COUNT).for_each(|_| operation());
    let before = made();
    (0..COUNT).for_each(|_| operation());
    let after = made();
    // Less than one each: hyper's read buffer, used up after many requests.
    (after - before) / COUNT
}

/// Bytes per connection whose client says nothing.
fn held_by_silence(client: &Client) -> usize {
    const COUNT: usize = 200;
    let held = || settled(|it| it.bytes_allocated - it.bytes_deallocated);
    let before = held();
    let silent: Vec<_> = (0..COUNT).map(|_| client.connect().unwrap()).collect();
    let after = held() - silent.capacity() * size_of_val(&silent[0]);
    (after - before) / COUNT
}

/// A figure that has stopped to change: the servers are idle.
fn settled(figure: impl Fn(Stats) -> usize) -> usize {
    let mut last = figure(ALLOCATOR.stats());
    loop {
        thread::sleep(Duration::from_millis(200));
        let now = figure(ALLOCATOR.stats());
        if now == last {
            return now;
        }
        last = now;
    }
}
