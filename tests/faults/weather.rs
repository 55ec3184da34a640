//! Delay and loss while clients come and go.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use oneport::Drained;
use tokio::time::{sleep, timeout};

use crate::good::{Asker, WAYS, add_good};
use crate::support::Pki;
use crate::world::{TICK, add_server, limits, now, sim};

const END: Duration = Duration::from_secs(60);

/// Half a second each way is no reason to lose anybody: all deadlines are longer
/// than what such a client needs.
#[test]
fn a_slow_network_loses_nobody() {
    for seed in 1..=3 {
        let (pki, mut sim) = (Pki::new(), sim(seed));
        sim.set_max_message_latency(Duration::from_millis(500));
        let (ledger, outcome) = add_server(&mut sim, &pki, limits(), END);
        for n in 0..4 {
            let asker = Asker::new(&pki);
            sim.client(format!("far-{n}"), async move {
                for way in WAYS.into_iter().cycle().skip(n).take(8) {
                    let answer = asker.ask(way, "/").await;
                    assert_eq!(answer?, "hello", "{way:?}, seed {seed}");
                }
                assert!(now() < END);
                Ok(())
            });
        }
        sim.run().unwrap();
        assert!(ledger.entries().len() >= 32);
        assert_eq!(ledger.open(), 0);
        assert_eq!(outcome.lock().unwrap().unwrap().0, Drained::Clean);
    }
}

/// How many were answered, and how many were not.
type Counts = Arc<Mutex<(u32, u32)>>;

fn tally(counts: &Counts, answer: std::io::Result<String>) {
    let mut counts = counts.lock().unwrap();
    match answer {
        // Whole, or not at all.
        Ok(answer) => {
            assert_eq!(answer, "hello");
            counts.0 += 1;
        }
        Err(_) => counts.1 += 1,
    }
}

/// Links that break and come back at any message. What is lost stays lost, so
/// their clients get stuck wherever they are, or are served; the client with the
/// good link is served always, and nothing is left in the end.
#[test]
fn links_that_break_anywhere() {
    let (mut served, mut lost) = (0, 0);
    for seed in 1..=8 {
        let (pki, mut sim) = (Pki::new(), sim(seed));
        let (ledger, outcome) = add_server(&mut sim, &pki, limits(), END);
        let counts = Counts::default();
        for n in 0..6 {
            let (asker, counts) = (Asker::new(&pki), counts.clone());
            let host = format!("lossy-{n}");
            sim.client(host.clone(), async move {
                for way in WAYS.into_iter().cycle().skip(n) {
                    // The slowest to be noticed is an HTTP/2 client in the middle of a
                    // body: after 30 s, by PING.
                    if now() > END / 4 {
                        break;
                    }
                    let asked = timeout(Duration::from_secs(3), asker.ask(way, "/")).await;
                    let answer = match asked {
                        Ok(answer) => answer,
                        Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
                    };
                    tally(&counts, answer);
                    // As after a while: it is another day, and another link.
                    turmoil::repair(host.as_str(), "server");
                    sleep(5 * TICK).await;
                }
                Ok(())
            });
            sim.set_link_fail_rate(format!("lossy-{n}"), "server", 0.02);
        }
        add_good(&mut sim, &pki, END - Duration::from_secs(1));
        sim.run().unwrap();
        let counts = counts.lock().unwrap();
        served += counts.0;
        lost += counts.1;
        assert_eq!(ledger.open(), 0, "seed {seed}");
        let (drained, at) = outcome.lock().unwrap().unwrap();
        assert_eq!(drained, Drained::Clean, "seed {seed}");
        assert!(at <= END + 3 * TICK, "seed {seed}: {at:?}");
    }
    assert!(served > 50 && lost > 50, "{served} served, {lost} lost");
}
