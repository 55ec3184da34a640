//! The boundaries between the modules, kept by reading the sources.
//!
//! [`MODULES`] is the map: each module and what it may name, from the bottom
//! up. A new module, or a new arrow between two, is a line here first; a
//! failure says which line of which file is not on the map.
#![allow(clippy::unwrap_used)] // a source that cannot be read fails the test

#[path = "layers/examples.rs"]
mod examples;
#[path = "layers/rules.rs"]
mod rules;
#[path = "layers/source.rs"]
mod source;
#[path = "layers/tree.rs"]
mod tree;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rules::{exports, faults, module_of, modules_named};

/// Each module of the library, and those further up here that it names.
const MODULES: &[(&str, &str)] = &[
    ("foreign", ""),
    ("lifecycle", ""),
    ("limits", ""),
    ("network", ""),
    ("nursery", ""),
    ("pace", ""),
    ("peer", ""),
    ("peer_set", "network peer"),
    ("proxy", "network peer peer_set"),
    ("sniff", "foreign"),
    ("mismatch", "foreign"),
    ("diagnose", "foreign mismatch"),
    ("count", "mismatch"),
    ("policy", "mismatch network peer peer_set sniff"),
    ("credentials", ""),
    ("host", ""),
    ("redirect", "credentials host mismatch"),
    ("io", ""),
    ("tls", "io mismatch"),
    ("challenge", "tls"),
    ("refusal_log", "count credentials mismatch peer sniff"),
    (
        "conn_info",
        "count credentials lifecycle mismatch pace peer refusal_log sniff tls",
    ),
    ("extract", "conn_info mismatch tls"),
    (
        "answer",
        "challenge conn_info count credentials foreign mismatch nursery redirect tls",
    ),
    (
        "layer",
        "answer conn_info credentials host mismatch redirect",
    ),
    (
        "accept",
        "answer challenge conn_info count foreign io limits mismatch peer policy proxy refusal_log sniff tls",
    ),
    (
        "serve",
        "accept answer challenge conn_info count io lifecycle limits mismatch pace peer policy proxy refusal_log sniff tls",
    ),
    ("acme", "challenge io tls"),
    (
        "client",
        "credentials diagnose foreign io mismatch nursery tls",
    ),
];

/// These decide; they never wait, read, write or look at a clock.
const PURE: &str = "credentials diagnose foreign host limits mismatch network peer peer_set policy \
                    proxy redirect sniff";
const IMPURE: &str = "tokio async await Instant SystemTime std::env std::fs std::io std::process \
                      std::thread TcpListener TcpStream UdpSocket UnixListener UnixStream";
/// And yet may be named: a value, which does nothing.
const VALUES: &str = "std::io::Error";

/// Crates that only these modules name (`bin` is the command line).
const CRATES: &[(&str, &str)] = &[
    ("axum", "bin"),
    ("axum_core", "extract"),
    ("clap", "bin"),
    ("hyper", "accept acme answer client nursery serve"),
    ("hyper_util", "acme answer client serve"),
    ("instant_acme", "acme"),
    ("rcgen", "acme bin challenge tls"),
    ("rustls", "accept acme bin challenge client conn_info tls"),
    ("tokio_rustls", "accept acme client"),
    ("tower_http", "bin"),
    ("tracing_subscriber", "bin"),
];

/// What is not done: the words that give it away, the modules that may do it
/// all the same, and why or what to do instead.
const DEEDS: &[(&str, &str, &str)] = &[
    (
        "JoinSet spawn spawn_blocking spawn_local",
        "serve tls bin",
        "only serve spawns: one task per connection, each of them counted (and tls one thread, \
         which watches files)",
    ),
    (
        "env::args env::args_os process::exit ExitCode print! println! eprint! eprintln! dbg! \
         io::stdin io::stdout io::stderr",
        "bin",
        "only the binary reads arguments, prints or exits: return it, or log by tracing",
    ),
    (
        "MSG_PEEK RecvFlags::PEEK poll_peek peek(",
        "",
        "looking at the same partial prefix again and again spins: read, and replay by io::Rewind",
    ),
    (
        "rustls_pemfile",
        "",
        "it is archived (RUSTSEC-2025-0134): use rustls::pki_types::pem",
    ),
    (
        "complete_io",
        "bin",
        "it may loop for ever (RUSTSEC-2024-0336): read_tls, process_new_packets, write_tls \
         (`oneport cert show`, a client with a deadline, is not a server)",
    ),
    ("unsafe", "", "this crate forbids unsafe code"),
    ("todo! unimplemented!", "", "finish it, or leave it out"),
];

/// In lines. A file is read from top to bottom in one sitting.
const LONGEST_FILE: usize = 320;

#[test]
fn the_sources_keep_to_the_map() {
    let files = sources();
    // Reading nothing finds no fault.
    assert!(files.len() >= 30, "only {} files in src/", files.len());
    let exports = exports(&files["lib.rs"]);
    assert!(exports.len() >= 10, "lib.rs re-exports only {exports:?}");

    let mut found = Vec::new();
    let mut arrows = BTreeMap::<&str, Vec<String>>::new();
    for (file, text) in &files {
        found.extend(faults(file, text, &exports));
        let named = modules_named(file, text, &exports).into_iter();
        let known = arrows.entry(module_of(file)).or_default();
        known.extend(named.map(|(_, name)| name));
    }
    let here = file!();
    for (module, below) in MODULES {
        let Some(named) = arrows.get(module) else {
            found.push(format!("{here}: no module {module}: remove its line"));
            continue;
        };
        for name in below
            .split_whitespace()
            .filter(|below| !named.iter().any(|n| n == below))
        {
            found.push(format!(
                "{here}: {module} does not name {name}: remove it there"
            ));
        }
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_map_has_no_circle() {
    for (at, (module, below)) in MODULES.iter().enumerate() {
        for name in below.split_whitespace() {
            let above = MODULES[..at].iter().any(|(other, _)| *other == name);
            assert!(
                above,
                "{module} names {name}, which does not come before it"
            );
        }
    }
}

/// Every Rust file, by its path in `src/`.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut directories) = (BTreeMap::new(), vec![root.clone()]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().iter();
                let name: Vec<_> = name.map(|part| part.to_str().unwrap()).collect();
                files.insert(name.join("/"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}
