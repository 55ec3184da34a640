//! A client's machine that loses its power: no FIN, no RST, and then a new start.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use oneport::Drained;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::good::add_good;
use crate::support::Pki;
use crate::world::{TICK, add_server, connect, limits, sim};

const BEGUN: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nha";

#[test]
fn and_a_new_start() {
    for seed in 1..=3 {
        let (pki, mut sim) = (Pki::new(), sim(seed));
        let limits = limits();
        let body_idle = limits.body_idle;
        let end = Duration::from_secs(15);
        let (ledger, outcome) = add_server(&mut sim, &pki, limits, end);
        let starts = Arc::<AtomicUsize>::default();
        let counter = starts.clone();
        sim.host("machine", move || {
            let start = counter.fetch_add(1, Ordering::SeqCst);
            async move {
                let mut tcp = connect().await?;
                tcp.write_all(BEGUN).await?;
                if start == 0 {
                    return std::future::pending().await;
                }
                tcp.write_all(b"lf").await?;
                let mut answer = [0; 15];
                let read = tcp.read_exact(&mut answer);
                timeout(Duration::from_secs(1), read).await??;
                assert_eq!(&answer, b"HTTP/1.1 200 OK");
                drop(tcp);
                // A host that has ended answers nobody.
                std::future::pending().await
            }
        });
        add_good(&mut sim, &pki, end - Duration::from_secs(1));
        // A client, so that the simulation goes on until the server has ended.
        sim.client("clock", async move {
            sleep(end).await;
            Ok(())
        });
        while sim.elapsed() < Duration::from_secs(1) {
            sim.step().unwrap();
        }
        let fell = ledger.of("machine").moved;
        sim.partition("machine", "server");
        sim.crash("machine");
        while sim.elapsed() < Duration::from_secs(2) {
            sim.step().unwrap();
        }
        sim.repair("machine", "server");
        sim.bounce("machine");
        sim.run().unwrap();

        assert_eq!(starts.load(Ordering::SeqCst), 2);
        let entries = ledger.entries().clone();
        let mut machine = entries.iter().filter(|entry| entry.host == "machine");
        // It did not know of the old one; told 408, it says so with RST.
        let old = machine.next().unwrap().closed.unwrap() - fell;
        assert!(old + 2 * TICK >= body_idle, "{old:?}");
        assert!(old < body_idle + Duration::from_millis(200), "{old:?}");
        assert!(machine.next().unwrap().closed.is_some());
        assert_eq!(ledger.open(), 0);
        assert_eq!(outcome.lock().unwrap().unwrap().0, Drained::Clean);
    }
}
