//! A bare `Acceptor` on the simulated network.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oneport::{AcceptError, Acceptor, Mode, Stage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};
use turmoil::net::TcpListener;

use crate::support::Pki;
use crate::world::{LATENCY, PORT, connect, connect_tls, limits, sim};

/// How an accept ended, and after how long.
type Ends = Arc<Mutex<BTreeMap<String, (Result<(), AcceptError>, Duration)>>>;

/// Each in a phase, when its link breaks.
const CLIENTS: [(&str, &str); 6] = [
    ("silent", ""),
    ("half-line", "GET / HT"),
    ("half-hello", "\x16\x03\x01\x02\0\x01\0\x01"),
    ("handshake-only", ""),
    ("refused", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("held", ""),
];

#[test]
fn every_deadline_fires_behind_a_partition() {
    for seed in 1..=4 {
        let ends = run(seed);
        let limits = limits();
        let slack = Duration::from_millis(100) + 6 * LATENCY;
        for (host, stage, after, took) in [
            ("silent", Stage::Sniff, limits.sniff, limits.sniff),
            (
                "half-line",
                Stage::Sniff,
                limits.sniff,
                limits.sniff + limits.linger,
            ),
            (
                "half-hello",
                Stage::Handshake,
                limits.handshake,
                limits.handshake,
            ),
            (
                "handshake-only",
                Stage::FirstRequest,
                limits.first_request,
                limits.first_request,
            ),
        ] {
            let (end, elapsed) = &ends[host];
            let Err(AcceptError::Deadline {
                stage: at,
                after: of,
                ..
            }) = end
            else {
                panic!("{host}: {end:?}");
            };
            assert_eq!((*at, *of), (stage, after), "{host}");
            assert!(
                *elapsed >= took && *elapsed <= took + slack,
                "{host}: {elapsed:?}"
            );
        }
        let (end, elapsed) = &ends["refused"];
        assert!(matches!(end, Err(AcceptError::Refused(_))), "{end:?}");
        assert!(
            *elapsed >= limits.linger && *elapsed <= limits.linger + slack,
            "{elapsed:?}"
        );
        // Late, and in time.
        let (end, elapsed) = &ends["held"];
        assert!(end.is_ok(), "{end:?}");
        assert!(*elapsed >= Duration::from_secs(2), "{elapsed:?}");
    }
}

fn run(seed: u64) -> BTreeMap<String, (Result<(), AcceptError>, Duration)> {
    let (pki, mut sim, ends) = (Pki::new(), sim(seed), Ends::default());
    let acceptor = Acceptor::new(pki.tls())
        .mode(Mode::TlsOnly)
        .limits(limits());
    let noted = ends.clone();
    sim.client("server", async move {
        let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
        let mut accepting = tokio::task::JoinSet::new();
        for _ in CLIENTS {
            let (tcp, peer) = listener.accept().await?;
            let (acceptor, noted) = (acceptor.clone(), noted.clone());
            accepting.spawn(async move {
                let host = turmoil::reverse_lookup(peer.ip()).unwrap();
                let begun = Instant::now();
                let end = acceptor.accept(tcp, peer).await.map(drop);
                noted.lock().unwrap().insert(host, (end, begun.elapsed()));
            });
        }
        while let Some(accepted) = accepting.join_next().await {
            accepted?;
        }
        Ok(())
    });
    for (host, sent) in CLIENTS {
        let tls = pki.client_config(&["http/1.1"]);
        sim.client(host, async move {
            match host {
                "handshake-only" => {
                    let held = connect_tls(tls).await?;
                    sleep(3 * LATENCY).await;
                    turmoil::partition(host, "server");
                    sleep(Duration::from_secs(20)).await;
                    drop(held);
                }
                "held" => {
                    let tcp = connect().await?;
                    // Its hello, and all that follows.
                    turmoil::hold(host, "server");
                    let name = "localhost".try_into().unwrap();
                    let connector = tokio_rustls::TlsConnector::from(tls);
                    let connecting = tokio::spawn(async move {
                        let mut tls = connector.connect(name, tcp).await?;
                        tls.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
                        tls.flush().await?;
                        let _ = tls.read(&mut [0]).await;
                        std::io::Result::Ok(())
                    });
                    sleep(Duration::from_secs(2)).await;
                    turmoil::release(host, "server");
                    connecting.await??;
                }
                _ => {
                    let mut tcp = connect().await?;
                    tcp.write_all(sent.as_bytes()).await?;
                    sleep(3 * LATENCY).await;
                    turmoil::partition(host, "server");
                    sleep(Duration::from_secs(20)).await;
                    drop(tcp);
                }
            }
            Ok(())
        });
    }
    sim.run().unwrap();
    let ends = std::mem::take(&mut *ends.lock().unwrap());
    assert_eq!(ends.len(), CLIENTS.len());
    ends
}
