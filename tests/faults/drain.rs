//! A network that fails around the shutdown: who is waited for, for how long, and
//! what is counted.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use oneport::Drained;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

use crate::good::{Asker, WAYS};
use crate::support::Pki;
use crate::world::{LATENCY, SLOW, TICK, add_server, connect, limits, now, sim};

/// When the server is told.
const TOLD: Duration = Duration::from_secs(2);

const BODY: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\nhalf";

/// The network takes them just before the server is told.
#[derive(Clone, Copy)]
struct Lost {
    host: &'static str,
    sent: &'static str,
    /// What the server cannot end without: it is cut off, and counted.
    counted: bool,
}

const fn lost(host: &'static str, sent: &'static str, counted: bool) -> Lost {
    Lost {
        host,
        sent,
        counted,
    }
}

const LOST: [Lost; 9] = [
    lost("silent", "", false),
    lost("half-line", "GET / HT", false),
    lost("half-hello", "\x16\x03\x01\x02\0\x01\0\x01", false),
    lost("idle", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", false),
    // It answers, and has done with it; whether that arrives nobody knows.
    lost(
        "in-the-handler",
        "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n",
        false,
    ),
    lost("half-body", BODY, true),
    lost("never", "GET /never HTTP/1.1\r\nHost: a\r\n\r\n", true),
    lost("reading", "GET /large HTTP/1.1\r\nHost: a\r\n\r\n", true),
    lost(
        "upgraded",
        "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: something\r\n\r\n",
        true,
    ),
];

#[test]
fn who_is_behind_a_partition_is_counted() {
    for seed in 1..=4 {
        let (pki, mut sim) = (Pki::new(), sim(seed));
        let limits = limits();
        let drain = limits.drain;
        let (ledger, outcome) = add_server(&mut sim, &pki, limits, TOLD);
        for Lost { host, sent, .. } in LOST {
            sim.client(host, async move {
                let mut tcp = connect().await?;
                tcp.write_all(sent.as_bytes()).await?;
                sleep(TOLD - Duration::from_millis(500) - now()).await;
                turmoil::partition(host, "server");
                sleep(TOLD + drain).await;
                drop(tcp);
                Ok(())
            });
        }
        // Who is at it then, in each way, is answered.
        for (n, way) in WAYS.into_iter().enumerate() {
            let asker = Asker::new(&pki);
            sim.client(format!("good-{n}"), async move {
                sleep(TOLD - SLOW / 2 - now()).await;
                assert_eq!(asker.ask(way, "/slow").await?, "slow", "{way:?}");
                assert!(now() > TOLD);
                Ok(())
            });
        }
        sim.run().unwrap();

        let counted = LOST.iter().filter(|lost| lost.counted).count();
        let (drained, at) = outcome.lock().unwrap().unwrap();
        assert_eq!(drained, Drained::Aborted(counted), "seed {seed}");
        let slack = 5 * TICK;
        assert!(
            at + slack >= TOLD + drain && at <= TOLD + drain + slack,
            "{at:?}"
        );
        for Lost { host, counted, .. } in LOST {
            let closed = ledger.of(host).closed.expect(host);
            let expected = match (host, counted) {
                (_, true) => TOLD + drain,
                ("in-the-handler", _) => continue,
                _ => TOLD,
            };
            assert!(
                closed + slack >= expected && closed <= expected + slack,
                "{host}: {closed:?}"
            );
        }
        assert_eq!(ledger.open(), 0, "seed {seed}");
    }
}

/// The network comes back while the server drains: what was late is answered, and
/// nothing is cut off.
#[test]
fn who_comes_back_in_time_is_answered() {
    for seed in 1..=4 {
        let (pki, mut sim) = (Pki::new(), sim(seed));
        let (ledger, outcome) = add_server(&mut sim, &pki, limits(), TOLD);
        let answered = Arc::<Mutex<Vec<Duration>>>::default();
        for n in 0..3 {
            let (host, answered) = (format!("held-{n}"), answered.clone());
            sim.client(host.clone(), async move {
                let host = host.as_str();
                let mut tcp = connect().await?;
                tcp.write_all(BODY.as_bytes()).await?;
                sleep(TOLD - Duration::from_millis(500) - now()).await;
                turmoil::hold(host, "server");
                tcp.write_all(b"half").await?;
                sleep(TOLD + Duration::from_secs(2) - now()).await;
                turmoil::release(host, "server");
                let mut answer = String::new();
                let read = tcp.read_to_string(&mut answer);
                timeout(Duration::from_secs(1), read).await??;
                assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
                assert!(answer.ends_with("halfhalf"), "{answer}");
                answered.lock().unwrap().push(now());
                Ok(())
            });
        }
        sim.run().unwrap();
        assert_eq!(answered.lock().unwrap().len(), 3);
        let (drained, at) = outcome.lock().unwrap().unwrap();
        assert_eq!(drained, Drained::Clean, "seed {seed}");
        let back = TOLD + Duration::from_secs(2);
        assert!(at >= back && at <= back + 3 * LATENCY, "{at:?}");
        assert_eq!(ledger.open(), 0);
    }
}
