//! Reloads while clients come and go.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oneport::Mode;

use crate::Site;
use crate::caller::{REQUEST, VERSIONS, serve};
use crate::connections::Open;
use crate::support::{exchange, within};

/// Nobody fails when the certificate is swapped, as often as it may be: not in a
/// handshake, full or resumed, not in a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_swaps_under_load() {
    const SWAPS: u64 = 20;
    let site = Arc::new(Site::new());
    let files = site.mutual();
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let addr = server.addr;
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let (full, resumed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));

    let clients: Vec<_> = (0..4)
        .map(|number| {
            let (site, seen, stop) = (site.clone(), seen.clone(), stop.clone());
            let (full, resumed) = (full.clone(), resumed.clone());
            tokio::spawn(async move {
                let setup = site.setup().speaking(VERSIONS[number % 2]);
                let kept = setup.caller();
                kept.call(addr).await.unwrap().served();
                while !stop.load(Ordering::SeqCst) {
                    let call = setup.caller().call(addr).await.unwrap().served();
                    assert!(!call.resumed);
                    seen.lock().unwrap().insert(call.serial);
                    full.fetch_add(1, Ordering::SeqCst);
                    let call = kept.call(addr).await.unwrap().served();
                    assert!(call.resumed, "a swap has cost a session");
                    resumed.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for serial in 2..2 + SWAPS {
        let (site, files, tls) = (site.clone(), files.clone(), tls.clone());
        let swap = move || {
            site.renew(serial);
            files.reload(&tls).unwrap();
        };
        tokio::task::spawn_blocking(swap).await.unwrap();
        let serial = format!("{serial:02X}");
        within(async {
            while !seen.lock().unwrap().contains(&serial) {
                assert!(clients.iter().all(|client| !client.is_finished()));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        within(client).await.unwrap();
    }
    assert!(full.load(Ordering::SeqCst) >= SWAPS as usize);
    assert!(resumed.load(Ordering::SeqCst) > 0);
}

/// Nor over plaintext beside it, nor on connections that stay open through all of
/// them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_swaps_under_both_modes() {
    const SWAPS: u64 = 12;
    let site = Arc::new(Site::new());
    let files = site.files();
    let tls = files.load().unwrap();
    let server = Arc::new(serve(&tls, Mode::Dual).await);
    let addr = server.addr;
    let stop = Arc::new(AtomicBool::new(false));
    // Handshakes, requests in the clear, requests on open connections.
    let counts: [Arc<AtomicUsize>; 3] = Default::default();
    let opened = Arc::<AtomicUsize>::default();
    let mut clients = tokio::task::JoinSet::new();
    for number in 0..6 {
        let (site, server, stop) = (site.clone(), server.clone(), stop.clone());
        let (count, opened) = (counts[number % 3].clone(), opened.clone());
        clients.spawn(async move {
            let mut open = match number {
                2 => Some(Open::new(&site, &server, "http/1.1").await),
                5 => Some(Open::new(&site, &server, "h2").await),
                _ => None,
            };
            opened.fetch_add(open.is_some().into(), Ordering::SeqCst);
            while !stop.load(Ordering::SeqCst) {
                match &mut open {
                    Some((open, first)) => {
                        assert_eq!(first, "01");
                        assert!(open.ask().await.starts_with("tls "));
                    }
                    None if number % 3 == 0 => {
                        site.setup().caller().call(addr).await.unwrap().served();
                    }
                    None => {
                        let answer = exchange(addr, REQUEST).await;
                        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{answer:?}");
                    }
                }
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
    }
    let all = || counts.each_ref().map(|count| count.load(Ordering::SeqCst));
    // They are all at it, with the first certificate.
    within(async {
        while opened.load(Ordering::SeqCst) < 2 || all().contains(&0) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
    for serial in 2..2 + SWAPS {
        let before = all();
        let (site, files, tls) = (site.clone(), files.clone(), tls.clone());
        let swap = move || {
            site.renew(serial);
            files.reload(&tls).unwrap();
        };
        tokio::task::spawn_blocking(swap).await.unwrap();
        // Each kind goes on; two, for one may have begun before.
        within(async {
            while !all().iter().zip(before).all(|(now, then)| *now >= then + 2) {
                assert!(clients.try_join_next().is_none(), "a client has failed");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }
    stop.store(true, Ordering::SeqCst);
    while let Some(client) = within(clients.join_next()).await {
        client.unwrap();
    }
    let [handshakes, plaintext, open] = all();
    println!(
        "{SWAPS} swaps: {handshakes} handshakes, {plaintext} requests in the clear, {open} on open connections: 0 failed"
    );
    let last = site.setup().caller().call(addr).await.unwrap().served();
    assert_eq!(last.serial, format!("{:02X}", 1 + SWAPS));
}
