//! Slots that vanished clients held come back.

use std::sync::Arc;
use std::time::Duration;

use oneport::Drained;
use tokio::sync::Barrier;
use tokio::time::sleep;

use crate::good::{Asker, WAYS};
use crate::support::Pki;
use crate::world::{LATENCY, TICK, add_server, connect, limits, now, sim};

/// All slots are taken by clients whose end was lost. The next one is served as
/// soon as they are late, and there are as many slots as before.
#[test]
fn taken_by_clients_that_are_gone() {
    const SLOTS: usize = 3;
    for seed in 1..=3 {
        let (pki, mut sim) = (Pki::new(), sim(seed));
        let mut limits = limits();
        limits.connections = SLOTS;
        limits.undecided = Some(2 * SLOTS);
        let sniff = limits.sniff;
        let end = Duration::from_secs(10);
        let (ledger, outcome) = add_server(&mut sim, &pki, limits, end);
        let all_here = Arc::new(Barrier::new(SLOTS + 1));
        for n in 0..SLOTS {
            let (host, all_here) = (format!("gone-{n}"), all_here.clone());
            sim.client(host.clone(), async move {
                let tcp = connect().await?;
                all_here.wait().await;
                turmoil::partition(host.as_str(), "server");
                drop(tcp);
                sleep(2 * TICK).await;
                turmoil::repair(host.as_str(), "server");
                Ok(())
            });
        }
        let asker = Asker::new(&pki);
        sim.client("next", async move {
            all_here.wait().await;
            let full = now();
            assert_eq!(asker.ask(WAYS[0], "/").await?, "hello");
            let waited = now() - full;
            let slack = 6 * LATENCY;
            assert!(
                waited + slack >= sniff && waited <= sniff + slack,
                "{waited:?}"
            );
            // Each of them, at once.
            let mut asking = tokio::task::JoinSet::new();
            for way in WAYS.into_iter().take(SLOTS) {
                let asker = asker.clone();
                asking.spawn(async move { asker.ask(way, "/slow").await });
            }
            let asked = now();
            while let Some(answer) = asking.join_next().await {
                assert_eq!(answer??, "slow");
            }
            let took = now() - asked;
            assert!(
                took < 2 * crate::world::SLOW,
                "one behind another: {took:?}"
            );
            Ok(())
        });
        sim.run().unwrap();
        assert_eq!(ledger.open(), 0);
        assert_eq!(outcome.lock().unwrap().unwrap().0, Drained::Clean, "{seed}");
    }
}
