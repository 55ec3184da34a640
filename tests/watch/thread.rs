//! When the watching thread looks, what it tells, and when it ends.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use oneport::Mode;

use crate::caller::serve;
use crate::support::within;
use crate::{Watched, log_of, replace, site};

#[tokio::test]
async fn bad_files_stay_outside_and_good_ones_come_in() {
    let watched = Watched::plain().await;
    let before = watched.tls.current();
    let renewed = watched.ca.server(2);
    let key = watched.path("server.key");
    replace(&key, &renewed.key.serialize_pem());
    watched.told(&["bad"]).await;
    assert!(Arc::ptr_eq(&before, &watched.tls.current()));
    watched.serves(1).await;
    let lines = log_of(&watched.folder);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("WARN "), "{lines:#?}");
    assert!(lines[0].contains("stays in use"), "{lines:#?}");
    assert!(lines[0].contains("does not belong to"), "{lines:#?}");

    // Another fault is another line.
    fs::remove_file(&key).unwrap();
    watched.told(&["bad", "bad"]).await;
    watched.serves(1).await;
    assert!(log_of(&watched.folder)[1].contains("server.key does not exist"));

    watched.folder.put("server", &renewed);
    watched.serves(2).await;
    let told = watched.told.lock().unwrap().clone();
    // Between the two files it may have looked.
    assert!(matches!(told[..], ["bad", "bad", .., "good"]), "{told:?}");
}

/// Whoever renews does not wait for the server to watch: the files may be newer
/// than what it has loaded.
#[tokio::test]
async fn files_that_changed_before_they_were_watched() {
    let (folder, ca) = site();
    folder.put("server", &ca.server(1));
    let files = folder.server_files();
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    folder.put("server", &ca.server(2));
    let watched = Watched {
        watch: Some(files.watch(&tls)),
        told: Arc::default(),
        folder,
        ca,
        tls,
        server,
    };
    watched.serves(2).await;
}

/// The thread ends with the watch, and what it held goes.
#[tokio::test]
async fn a_dropped_watch_watches_nothing() {
    let mut watched = Watched::plain().await;
    watched.folder.put("server", &watched.ca.server(2));
    watched.serves(2).await;
    drop(watched.watch.take());
    within(async {
        // The thread has the other one.
        while Arc::strong_count(&watched.told) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let before = watched.tls.current();
    watched.folder.put("server", &watched.ca.server(3));
    watched.serves(2).await;
    assert!(Arc::ptr_eq(&before, &watched.tls.current()));
}

/// Reading is an event as well: if it woke the watch, reading would lead to
/// reading for ever. Counted are the thread's own system calls.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn our_own_reading_wakes_nobody() {
    let (folder, ca) = site();
    folder.put("server", &ca.server(1));
    let files = folder.server_files();
    let tls = files.load().unwrap();
    let (sender, mut told) = tokio::sync::mpsc::unbounded_channel();
    let _watch = files.clone().watch_and_tell(&tls, move |outcome| {
        let thread = fs::read_link("/proc/thread-self").unwrap();
        let _ = sender.send((outcome.is_ok(), thread));
    });
    folder.put("server", &ca.server(2));
    let thread = loop {
        // It may have come between the two files.
        if let (true, thread) = within(told.recv()).await.unwrap() {
            break thread;
        }
    };
    let io = Path::new("/proc").join(thread).join("io");
    let reads = || -> u64 {
        let text = fs::read_to_string(&io).unwrap();
        let line = text.lines().find(|line| line.starts_with("syscr: "));
        line.unwrap()["syscr: ".len()..].parse().unwrap()
    };
    // The last events of our writing may still be on their way; then it is quiet.
    // A look that follows upon a look does so after 200 ms.
    within(async {
        loop {
            let before = reads();
            tokio::time::sleep(Duration::from_millis(1500)).await;
            if reads() == before {
                return;
            }
        }
    })
    .await;
    // Other people's reading is no change either.
    let before = reads();
    fs::read(folder.path("server.crt")).unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(reads(), before);
}
