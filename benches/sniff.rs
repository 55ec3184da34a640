//! Time per verdict of `sniff`.
//!
//! `cargo bench --no-default-features --bench sniff`

// criterion's macros generate an undocumented function.
#![allow(missing_docs)]

#[path = "../tests/corpus/load.rs"]
mod load;

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use oneport::{MAX_PREFIX, Protocol, Status, sniff};

const CURL: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost:8443\r\nUser-Agent: curl/8.5.0\r\n\
    Accept: */*\r\n\r\n";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0";
const SSH: &[u8] = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10\r\n";

fn whole(c: &mut Criterion) {
    let hello = (load::load().into_iter())
        .find(|sample| sample.route == load::Route::Tls)
        .map(|sample| sample.bytes)
        .unwrap_or_default();
    assert_eq!(sniff(&hello), Status::Complete(Protocol::Tls));
    let browser = [b"GET /".as_slice(), &[b'a'; 200], b" HTTP/1.1\r\n"].concat();
    let mut group = c.benchmark_group("whole");
    for (name, bytes) in [
        ("client hello", hello.as_slice()),
        ("client hello, first byte", &hello[..1]),
        ("http/1 curl", CURL),
        ("http/1 first byte", &CURL[..1]),
        ("http/1 target of 200 bytes", &browser),
        ("http/2 preface", PREFACE),
        ("ssh", SSH),
        ("redis", b"*1\r\n$4\r\nping\r\n"),
        ("postgres ssl request", b"\x00\x00\x00\x08\x04\xd2\x16\x2f"),
        ("proxy v2", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"),
        ("unknown, first byte", b"\x01"),
    ] {
        group.bench_function(name, |b| b.iter(|| sniff(black_box(bytes))));
    }
    group.finish();
}

/// What the worst client can make one connection cost.
fn worst(c: &mut Criterion) {
    let target = [b"\r\n\r\n\r\n\r\nGET /".as_slice(), &[b'a'; MAX_PREFIX]].concat();
    let method = [b"\r\n\r\n\r\n\r\n".as_slice(), &[b'a'; MAX_PREFIX]].concat();
    let mut group = c.benchmark_group("8 KiB");
    group.sample_size(20);
    for (name, line) in [("target", &target), ("method", &method)] {
        let line = &line[..MAX_PREFIX];
        assert_ne!(sniff(line), Status::Partial);
        group.bench_function(format!("{name}, whole"), |b| {
            b.iter(|| sniff(black_box(line)));
        });
        // The sum of 8,200 verdicts: a client that sends byte by byte.
        group.bench_function(format!("{name}, byte by byte"), |b| {
            b.iter(|| {
                let undecided = |&len: &usize| sniff(black_box(&line[..len])) == Status::Partial;
                (0..=line.len()).take_while(undecided).count()
            });
        });
    }
    group.finish();
}

fn corpus(c: &mut Criterion) {
    let samples = load::load();
    let mut group = c.benchmark_group("corpus");
    group.throughput(Throughput::Elements(samples.len() as u64));
    group.bench_function("whole", |b| {
        b.iter_batched_ref(
            || {
                samples
                    .iter()
                    .map(|s| s.bytes.as_slice())
                    .collect::<Vec<_>>()
            },
            |flights| {
                for bytes in flights {
                    let _ = black_box(sniff(black_box(bytes)));
                }
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, whole, worst, corpus);
criterion_main!(benches);
