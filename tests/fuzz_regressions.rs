//! The fuzz targets' properties, without a fuzzer: over all their seeds, over all
//! inputs that they once failed for, and over the corpus of first flights.
//!
//! A find goes to `tests/fuzz_finds/TARGET`, under a name that says what was wrong.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test may panic

#[path = "../fuzz/properties/mod.rs"]
mod properties;

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn accept() {
    replay("accept", &[SEEDS, FINDS, FLIGHTS]);
}

#[test]
fn answer() {
    replay("answer", &[SEEDS, FINDS, FLIGHTS]);
}

#[test]
fn diagnose() {
    replay("diagnose", &[SEEDS, FINDS, FLIGHTS]);
}

#[test]
fn pem() {
    replay("pem", &[SEEDS, FINDS]);
}

#[test]
fn redirect() {
    replay("redirect", &[SEEDS, FINDS, FLIGHTS]);
}

#[test]
fn rewind() {
    replay("rewind", &[SEEDS, FINDS, FLIGHTS]);
}

#[test]
fn serve() {
    replay("serve", &[SEEDS, FINDS, FLIGHTS]);
}

#[test]
fn sniff() {
    replay("sniff", &[SEEDS, FINDS, FLIGHTS]);
}

/// Each target has its test, and nothing lies where no test looks.
#[test]
fn every_target_is_replayed() {
    let targets = properties::TARGETS.map(|(target, _)| target);
    let this = include_str!("fuzz_regressions.rs");
    for target in targets {
        assert!(this.contains(&format!("fn {target}()")), "{target}");
        let wrapper = root().join(format!("fuzz/fuzz_targets/{target}.rs"));
        assert!(wrapper.is_file(), "{}", wrapper.display());
    }
    let files = |folder: &str| fs::read_dir(root().join(folder)).unwrap().count();
    assert_eq!(files("fuzz/fuzz_targets"), targets.len());
    for folder in [SEEDS, FINDS] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name();
            let name = name.to_str().unwrap();
            assert!(
                targets.contains(&name) || name == "README.md",
                "{folder}/{name}"
            );
        }
    }
}

const SEEDS: &str = "fuzz/seeds";
const FINDS: &str = "tests/fuzz_finds";
/// Of all targets.
const FLIGHTS: &str = "tests/corpus/samples";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn replay(target: &str, folders: &[&str]) {
    let mut inputs: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let path = match *folder {
            FLIGHTS => root().join(folder),
            of_targets => root().join(of_targets).join(target),
        };
        // There need not be a find, or a seed beyond the corpus.
        let Ok(files) = fs::read_dir(&path) else {
            continue;
        };
        inputs.extend(files.map(|file| file.unwrap().path()));
    }
    assert!(inputs.len() >= 30, "{} inputs", inputs.len());
    for input in inputs {
        let data = fs::read(&input).unwrap();
        let before = panics();
        let held = panic::catch_unwind(AssertUnwindSafe(|| properties::check(target, &data)));
        // One in a task of the server does not come through to here.
        assert!(held.is_ok() && panics() == before, "{}", input.display());
    }
}

thread_local! {
    static PANICS: AtomicUsize = const { AtomicUsize::new(0) };
}

/// How many panics there were on this thread, on which all tasks run too.
fn panics() -> usize {
    static COUNTING: Once = Once::new();
    COUNTING.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICS.with(|panics| panics.fetch_add(1, Ordering::Relaxed));
            print(info);
        }));
    });
    PANICS.with(|panics| panics.load(Ordering::Relaxed))
}
