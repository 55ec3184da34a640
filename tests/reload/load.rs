//! Reloads while clients come and go.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oneport::Mode;

use crate::Site;
use crate::caller::{VERSIONS, serve};
use crate::support::within;

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
