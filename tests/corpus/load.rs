//! The first flights of `tests/corpus/samples`, for tests and benchmarks.
//!
//! Included with `#[path]`, so that it is no test of its own.

#![allow(dead_code)] // not every includer needs every field
#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used)] // a broken corpus must fail the test

use std::path::Path;

/// Where a flight must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    Http,
    Reject,
    Tls,
    Wait,
}

/// One first flight.
#[derive(Clone, Debug)]
pub struct Sample {
    pub id: String,
    /// What it is, for a reader.
    pub proto: String,
    pub route: Route,
    /// Routes that are acceptable as well.
    pub also_ok: Vec<Route>,
    /// The lengths in which it arrived; empty if unknown.
    pub segments: Vec<usize>,
    pub bytes: Vec<u8>,
}

/// All flights, in the order of the manifest.
pub fn load() -> Vec<Sample> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let manifest = std::fs::read(dir.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    let samples = manifest["samples"].as_array().unwrap();
    let samples: Vec<_> = samples.iter().map(|entry| sample(&dir, entry)).collect();
    assert!(samples.len() >= 538, "{} samples left", samples.len());
    samples
}

fn sample(dir: &Path, entry: &serde_json::Value) -> Sample {
    let text = |field: &str| entry[field].as_str().unwrap().to_owned();
    let list = |field: &str| entry[field].as_array().unwrap().clone();
    Sample {
        id: text("id"),
        proto: text("proto"),
        route: route(&text("route")),
        also_ok: (list("also_ok").iter())
            .map(|name| route(name.as_str().unwrap()))
            .collect(),
        segments: (list("segments").iter())
            .map(|len| usize::try_from(len.as_u64().unwrap()).unwrap())
            .collect(),
        bytes: std::fs::read(dir.join(text("file"))).unwrap(),
    }
}

fn route(name: &str) -> Route {
    match name {
        "http" => Route::Http,
        "reject" => Route::Reject,
        "tls" => Route::Tls,
        "wait" => Route::Wait,
        other => panic!("unknown route {other}"),
    }
}
