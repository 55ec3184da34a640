//! The rules, tried on sources that break them and on some that only seem to.

use std::collections::BTreeMap;

use super::LONGEST_FILE;
use super::rules::{exports, faults};

#[test]
fn faults_are_found() {
    let exports = exports("mod accept; pub use accept::{Accepted, Acceptor, error::Stage};");
    let long = "\n".repeat(LONGEST_FILE + 1);
    let table = [
        // Arrows upwards.
        (
            "sniff.rs",
            "use crate::policy::Mode;",
            "src/sniff.rs:1: sniff names policy",
        ),
        (
            "sniff.rs",
            "\n\nfn a(x: crate::Acceptor) {}",
            "src/sniff.rs:3: sniff names accept",
        ),
        ("sniff.rs", "use crate::Stage;", "names accept"),
        ("sniff.rs", "fn a() { crate::Stage(b) }", "names accept"),
        (
            "io/read.rs",
            "use crate::{io::x, sniff::{self}};",
            "io names sniff",
        ),
        ("io/read.rs", "use super::super::serve;", "names serve"),
        ("io/mod.rs", "use super::serve;", "names serve"),
        ("peer.rs", "use super::tls as t;", "names tls"),
        (
            "io/read.rs",
            "pub(in crate::serve) fn a() {}",
            "names serve",
        ),
        ("new.rs", "", "src/new.rs:1: module new is not in MODULES"),
        (
            "tls/mod.rs",
            "use hyper::body::Body;",
            "only accept and acme and answer and client and nursery and serve may",
        ),
        (
            "serve/mod.rs",
            "use tokio_rustls::TlsAcceptor;",
            "only accept and acme and client may",
        ),
        // Impure.
        ("foreign/line.rs", "use tokio::sync;", "`tokio` in foreign"),
        ("policy.rs", "async fn a() {}", "`async` in policy"),
        ("policy.rs", "use std::{fmt, io};", "`std::io` in policy"),
        (
            "policy.rs",
            "use std::io::{Error, Read};",
            "`std::io` in policy",
        ),
        (
            "limits.rs",
            "use std::time::{Duration, Instant};",
            "`Instant`",
        ),
        (
            "limits.rs",
            "fn a() { std::time::SystemTime::now(); }",
            "`SystemTime`",
        ),
        ("peer.rs", "use std::net::TcpStream;", "`TcpStream`"),
        // Done by the wrong one.
        (
            "accept/mod.rs",
            "fn a() { tokio::spawn(b) }",
            "only serve spawns",
        ),
        (
            "accept/mod.rs",
            "fn a() { handle.spawn(b) }",
            "only serve spawns",
        ),
        (
            "tls/mod.rs",
            "fn a() { println!(\"a\") }",
            "only the binary",
        ),
        (
            "serve/mod.rs",
            "fn a() { std::process::exit(1) }",
            "only the binary",
        ),
        (
            "serve/mod.rs",
            "use std::env; fn a() { env::args() }",
            "only the binary",
        ),
        // Done by nobody.
        ("io/read.rs", "fn a() { stream.peek(&mut b) }", "io::Rewind"),
        (
            "io/read.rs",
            "fn a() { TcpStream::peek(a, b) }",
            "io::Rewind",
        ),
        (
            "bin/oneport/main.rs",
            "fn a() { unsafe { b() } }",
            "forbids unsafe",
        ),
        ("bin/oneport/main.rs", "fn a() { todo!() }", "finish it"),
        (
            "tls/load.rs",
            "use rustls_pemfile::certs;",
            "RUSTSEC-2025-0134",
        ),
        (
            "accept/agree.rs",
            "fn a() { tls.complete_io(&mut io) }",
            "RUSTSEC-2024-0336",
        ),
        (
            "tls/load.rs",
            &long,
            "src/tls/load.rs:321: longer than 320 lines",
        ),
        // Behind something that a reader may stumble over.
        ("sniff.rs", "const Q: char = '\\''; use tokio::a;", "tokio"),
        (
            "sniff.rs",
            "const Q: &str = r#\"a\"b\"#; use tokio::a;",
            "tokio",
        ),
        (
            "sniff.rs",
            "const Q: &[u8] = b\"\\\"\"; use tokio::a;",
            "tokio",
        ),
        (
            "sniff.rs",
            "/* /* */ */ fn a<'a>(b: &'a tokio::B) {}",
            "tokio",
        ),
        (
            "sniff.rs",
            "#[cfg(test)] mod tests { fn a() {} } use tokio::a;",
            "tokio",
        ),
        ("sniff.rs", "#[cfg(test)] use a::b; use tokio::a;", "tokio"),
        ("sniff.rs", "#[cfg(not(test))] use tokio::a;", "tokio"),
    ];
    for (file, text, expected) in table {
        let found = faults(file, text, &exports).join("\n");
        assert!(
            found.contains(expected),
            "{file}: {text}: {found:?}, not {expected:?}"
        );
    }
}

#[test]
fn what_only_seems_a_fault_is_none() {
    let table = [
        (
            "sniff.rs",
            "//! tokio::io\n/// unsafe\n/* todo!() */ use crate::foreign::{self, line};",
        ),
        (
            "sniff.rs",
            r##"const A: &[u8] = b"todo!() \" unsafe"; const B: &str = r#"" tokio"#;"##,
        ),
        (
            "sniff.rs",
            "#[cfg(test)]\nmod tests { use crate::serve; fn a() { tokio::spawn(b) } }",
        ),
        (
            "sniff.rs",
            "#[cfg(all(test, unix))] #[x] mod tests { async fn a() {} }",
        ),
        (
            "sniff.rs",
            "use super::foreign; fn a() { self::b(); bytes.iter().peekable().peek(); }",
        ),
        (
            "limits.rs",
            "use std::time::Duration; const A: char = '\"'; fn b<'io>(c: &'io u8) {}",
        ),
        (
            "serve/mod.rs",
            "use super::accept::Accepted; fn a() { tokio::spawn(b); }",
        ),
        ("policy.rs", "fn a(b: std::io::Error) {}"),
        ("serve/http.rs", "use super::app; #![forbid(unsafe_code)]"),
        (
            "tls/file.rs",
            "fn a(hyper: u8, args: u8, exit: u8) { exit(hyper, args) }",
        ),
        (
            "bin/oneport/main.rs",
            "use crate::args; fn main() { println!(\"a\"); }",
        ),
    ];
    for (file, text) in table {
        let found = faults(file, text, &BTreeMap::new());
        assert!(found.is_empty(), "{file}: {text}: {found:?}");
    }
}
