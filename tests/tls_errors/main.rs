//! Every way to get certificate and key files wrong, and the words that say so.
//!
//! Nothing here depends on permissions, which mean nothing to root.
#![cfg(all(
    unix,
    feature = "tls-files",
    any(feature = "aws-lc-rs", feature = "ring")
))]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod commands;
mod documentation;
mod inputs;
#[path = "../pem_files/mod.rs"]
mod pem_files;
mod table;

use std::error::Error;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use oneport::tls::{self, TlsConfigError};

use inputs::broken_files;

/// Every message, word for word.
#[test]
fn what_is_wrong_is_said() {
    let files = broken_files();
    let dir = files.dir().to_str().unwrap();
    let mut wrong = Vec::new();
    for row in table::rows() {
        let error = row.error(&files);
        let what = row.what();
        let text = error.to_string().replace(dir, "DIR");
        assert!(
            error.path().starts_with(dir) || error.path().starts_with("/dev"),
            "{what}"
        );
        assert!(
            !text.ends_with('.') && !text.contains('\n'),
            "{what}: {text}"
        );
        if let Some(source) = error.source() {
            let source = source.to_string();
            assert!(!text.contains(&source), "{what} repeats its source: {text}");
        }
        if text != row.text {
            wrong.push(format!("{what}\n    {text:?}"));
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
}

/// A FIFO that nobody writes to must not hang the start.
#[test]
fn a_fifo_and_a_device_do_not_hang() {
    let files = broken_files();
    let path = files.path("fifo.pem");
    let (done, answer) = mpsc::channel();
    std::thread::spawn(move || {
        for path in [&path, Path::new("/dev/zero"), Path::new("/dev/tty")] {
            done.send(tls::load(path, path).map(|_| ())).unwrap();
        }
    });
    for _ in 0..3 {
        let result = answer.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(
            matches!(
                result,
                Err(TlsConfigError::NotRegular { .. } | TlsConfigError::NotFound { .. })
            ),
            "{result:?}"
        );
    }
}
