//! What the crate depends on without any feature.

use std::process::Command;

/// What reads, writes, waits or encrypts: crates whose names begin so.
const HEAVY: [&str; 7] = [
    "aws-lc", "hyper", "mio", "ring", "rustls", "socket2", "tokio",
];

/// Whoever wants `sniff` in a proxy of his own, or in a browser, gets it
/// without a runtime, a TLS library and a C compiler.
#[test]
fn the_core_has_no_runtime_in_its_tree() {
    let tree = tree(&["--no-default-features"]);
    // An empty tree has nothing in it either.
    assert!(
        tree.iter().any(|line| line.starts_with("http v")),
        "{tree:?}"
    );
    let heavy: Vec<_> = tree.iter().filter(|line| is_heavy(line)).collect();
    assert!(
        heavy.is_empty(),
        "without features this crate depends on {heavy:?}: make what brings that optional in \
         Cargo.toml, and name it in the feature `accept`; to see what does, run \
         `cargo tree --no-default-features -e normal --target all`"
    );
}

#[test]
fn what_is_heavy_is_found() {
    let tree = tree(&["--no-default-features", "--features", "ring,serve"]);
    for name in HEAVY.iter().filter(|name| **name != "aws-lc") {
        let found = tree.iter().any(|line| line.starts_with(name));
        assert!(found, "no {name} in the tree of an Acceptor: {tree:?}");
    }
}

fn is_heavy(line: &str) -> bool {
    HEAVY.iter().any(|name| line.starts_with(name))
}

/// `name vVERSION` of each crate, for every target; nothing is downloaded.
fn tree(features: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--target", "all"])
        .args(["-e", "normal", "--prefix", "none"])
        .args(features)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree failed: {errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(str::to_owned).collect()
}
