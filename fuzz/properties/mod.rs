//! What must hold for any input: one function for each fuzz target.
//!
//! They stand apart from the targets so that a plain `cargo test` can replay
//! inputs (`tests/fuzz_regressions.rs`), without a fuzzer and without nightly.
#![allow(
    dead_code,
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used
)] // a panic is how a property fails

mod accept;
mod answer;
mod diagnose;
mod input;
mod pem;
mod redirect;
mod response;
mod rewind;
mod runtime;
mod serve;
mod sniff;
mod tls;
mod wire;

/// A property: panics if it does not hold for this input.
pub type Property = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: [(&str, Property); 8] = [
    ("accept", accept::check),
    ("answer", answer::check),
    ("diagnose", diagnose::check),
    ("pem", pem::check),
    ("redirect", redirect::check),
    ("rewind", rewind::check),
    ("serve", serve::check),
    ("sniff", sniff::check),
];

/// The property of the target with this name.
///
/// # Panics
///
/// If there is none.
pub fn check(target: &str, data: &[u8]) {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, property) = found.expect("a target of this name");
    property(data);
}
