//! Every first flight of the corpus gets its verdict, however it is cut.

#![allow(clippy::unwrap_used)] // a test may panic

#[path = "corpus/load.rs"]
mod load;

use std::collections::BTreeMap;

use load::{Route, Sample, load};
use oneport::{Foreign, MAX_PREFIX, Protocol, Status, sniff};

fn route_of(status: Status) -> Route {
    match status {
        Status::Partial => Route::Wait,
        Status::Complete(Protocol::Http1 | Protocol::Http2) => Route::Http,
        Status::Complete(Protocol::Tls) => Route::Tls,
        Status::Complete(_) => Route::Reject,
    }
}

#[test]
fn every_flight_gets_its_route() {
    let mut wrong = Vec::new();
    for sample in load() {
        let got = route_of(sniff(&sample.bytes));
        if got != sample.route && !sample.also_ok.contains(&got) {
            wrong.push((sample.id, sample.route, got));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// `also_ok` must not hide that a route got worse: these are all of them.
#[test]
fn flights_that_take_another_acceptable_route() {
    let other: Vec<_> = (load().into_iter())
        .filter(|s| route_of(sniff(&s.bytes)) != s.route)
        .map(|s| s.id)
        .collect();
    let expected = [
        "synth-011-tls-record-version-0399", // no client sends it; LIMIT: 03 00..04
        "synth-122-http-leading-crlf-100",   // four empty lines are enough
        "synth-128-http-double-space",       // hyper would answer 400 without a word
    ];
    assert_eq!(other, expected);
}

/// A verdict depends on the bytes, not on how they were cut; a cut is a series
/// of prefixes, so it suffices to try each of those.
#[test]
fn every_prefix_is_partial_or_has_the_final_verdict() {
    for sample in load() {
        let verdict = sniff(&sample.bytes);
        let mut decided = false;
        // Beyond `MAX_PREFIX` no verdict may be open, and every one is final.
        let lengths = (0..=sample.bytes.len()).take(MAX_PREFIX + 2);
        for len in lengths {
            let status = sniff(&sample.bytes[..len]);
            if decided || status != Status::Partial {
                decided = true;
                assert_eq!(status, verdict, "{} at {len}", sample.id);
            }
        }
        assert_eq!(decided, verdict != Status::Partial, "{}", sample.id);
    }
}

/// How many bytes a verdict takes is a promise, too: TLS and HTTP/2 do not
/// wait for more than their fixed beginnings.
#[test]
fn verdicts_come_early() {
    for sample in load() {
        let Some(needed) = (0..=sample.bytes.len().min(MAX_PREFIX))
            .find(|&len| sniff(&sample.bytes[..len]) != Status::Partial)
        else {
            assert_eq!(sample.route, Route::Wait, "{}", sample.id);
            continue;
        };
        let Status::Complete(protocol) = sniff(&sample.bytes) else {
            panic!("{}", sample.id);
        };
        match protocol {
            Protocol::Tls => assert_eq!(needed, 6, "{}", sample.id),
            Protocol::Http2 => assert_eq!(needed, 24, "{}", sample.id),
            Protocol::Http1 => {
                let text = sample.bytes.iter().skip_while(|b| b"\r\n".contains(b));
                let line = 1 + text.take_while(|&&b| b != b'\n').count();
                assert!(needed <= line + 8, "{}: {needed}", sample.id);
            }
            _ => assert!(needed <= MAX_PREFIX),
        }
    }
}

/// The names that real clients of other protocols get.
#[test]
fn foreign_flights_are_named() {
    let names: BTreeMap<String, Foreign> = (load().into_iter())
        .filter_map(|sample| match sniff(&sample.bytes) {
            Status::Complete(Protocol::Foreign(foreign)) => Some((sample.id, foreign)),
            _ => None,
        })
        .collect();
    for (id, name) in [
        ("real-045-gnutls3.7-cli-ssl3", Foreign::Dtls),
        ("real-178-java17-sslv2hello", Foreign::Sslv2),
        ("real-207-sslyze", Foreign::Sslv2),
        ("real-227-curl7.88-plain-haproxy-v1", Foreign::ProxyV1),
        ("real-240-curl7.88-plain-socks5h-auth", Foreign::Socks5),
        ("real-241-curl7.88-plain-gopher", Foreign::Text),
        ("real-245-curl7.88-plain-rtsp", Foreign::Rtsp),
        ("real-246-curl7.88-plain-rtmp", Foreign::Unknown),
        ("real-247-curl7.88-plain-smb", Foreign::Smb),
        ("real-248-curl7.88-plain-scp", Foreign::Ssh),
        ("real-266-py-paramiko-ssh", Foreign::Ssh),
        ("real-276-node20-ioredis", Foreign::Redis),
        ("real-301-git-daemon", Foreign::Unknown),
        ("real-316-openssh-client", Foreign::Ssh),
        ("real-317-redis-cli", Foreign::Redis),
        ("real-318-psql-disable", Foreign::PostgresStartup),
        ("real-319-mosquitto_pub-mqtt", Foreign::Mqtt),
        ("real-321-mosquitto_pub-mqtt31", Foreign::Mqtt),
        ("real-322-swaks-smtp-silent", Foreign::Text),
        ("real-324-smbclient", Foreign::Smb),
        ("real-325-rsync-daemon", Foreign::Text),
        ("real-326-telnet-client", Foreign::Text),
        ("real-327-sipsak", Foreign::Sip),
        ("real-345-nmap-version-scan", Foreign::Ldap),
        ("real-348-nmap-version-scan", Foreign::Rdp),
        ("real-355-haproxy-sendproxy-v2", Foreign::ProxyV2),
        ("synth-013-tlcp-gmt-0101", Foreign::Unknown),
        ("synth-033-tls-hs-type-cke", Foreign::TlsOther),
        (
            "synth-037-tls-first-record-appdata",
            Foreign::TlsApplicationData,
        ),
        ("synth-039-tls-heartbleed-probe", Foreign::TlsOther),
        ("synth-042-dtls1.0-clienthello", Foreign::Dtls),
        ("synth-131-http-2.0-line", Foreign::HttpVersion),
        ("synth-133-http-lower-version", Foreign::HttpVersion),
        ("synth-191-other-postgres-cancel", Foreign::PostgresStartup),
        ("synth-194-other-redis-inline-ping", Foreign::Redis),
        ("synth-197-other-multistream-select", Foreign::Multistream),
        ("synth-200-other-amqp-091", Foreign::Amqp),
        ("synth-203-other-smtp-ehlo", Foreign::Smtp),
        ("synth-205-other-imap", Foreign::Imap),
        ("synth-206-other-pop3-capa", Foreign::Pop3),
        ("synth-208-other-irc", Foreign::Irc),
        ("synth-212-other-icap", Foreign::Icap),
        // A Kafka request is no PostgreSQL StartupMessage.
        ("synth-223-other-kafka", Foreign::Unknown),
        ("synth-237-other-eicar-like-script", Foreign::Text),
        ("synth-242-other-ansi-escape", Foreign::Unknown),
    ] {
        assert_eq!(names.get(id), Some(&name), "{id}");
    }
}

/// The sniffers that this one replaces, each wrong about some real flight: if
/// one of them passed, the corpus would prove nothing.
mod oracles_known_to_be_bad {
    use super::*;

    fn wrong(judge: impl Fn(&[u8]) -> Route) -> Vec<Sample> {
        let mut samples = load();
        samples.retain(|s| {
            let got = judge(&s.bytes);
            got != s.route && !s.also_ok.contains(&got)
        });
        samples
    }

    #[test]
    fn one_byte() {
        let wrong = wrong(|bytes| match bytes.first() {
            Some(0x16) => Route::Tls,
            Some(_) => Route::Http,
            None => Route::Wait,
        });
        for proto in ["dtls", "ssh", "not-tls-0x16", "smtp", "tls-partial"] {
            assert!(wrong.iter().any(|s| s.proto == proto), "{proto}");
        }
    }

    #[test]
    fn a_fixed_slice_of_twenty_bytes() {
        let short = |s: &&Sample| std::panic::catch_unwind(|| s.bytes[..20].len()).is_err();
        let samples = load();
        let panics = samples.iter().filter(short).count();
        assert!(panics >= 30, "{panics}");
        for sample in &samples {
            let _ = sniff(&sample.bytes[..sample.bytes.len().min(19)]);
        }
    }

    #[test]
    fn five_methods() {
        let methods: [&[u8]; 5] = [b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIONS "];
        let wrong = wrong(|bytes| {
            if methods.iter().any(|m| bytes.starts_with(m)) {
                Route::Http
            } else if bytes.first() == Some(&0x16) {
                Route::Tls
            } else {
                Route::Reject
            }
        });
        for method in ["PATCH", "DELETE", "CONNECT", "PROPFIND", "PRI *", "get"] {
            let lost =
                |s: &Sample| s.route == Route::Http && s.bytes.starts_with(method.as_bytes());
            assert!(wrong.iter().any(lost), "{method}");
        }
        // .. and what it takes for HTTP is not all HTTP.
        assert!(wrong.iter().any(|s| s.proto == "httplike:rtsp"));
    }

    #[test]
    fn a_token_and_a_space() {
        let wrong = wrong(|bytes| {
            let token = bytes
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric() || **b == b'-');
            match bytes.get(token.count()) {
                Some(b' ') => Route::Http,
                _ if bytes.first() == Some(&0x16) => Route::Tls,
                _ => Route::Reject,
            }
        });
        for proto in ["smtp", "proxy-v1", "httplike:sip"] {
            assert!(wrong.iter().any(|s| s.proto == proto), "{proto}");
        }
    }
}
