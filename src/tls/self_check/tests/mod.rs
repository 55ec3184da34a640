//! Each finding, by a configuration that has it.
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod pki;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, IsCa, date_time_ymd};
use rustls::ServerConfig;
use rustls::server::{ResolvesServerCertUsingSni, StoresServerSessions, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;

use self::pki::{ca, good, params, self_signed, server, signed};
use super::{Alpn, Outcome, Problem, Report, Severity, run, run_at};
use crate::tls::{TlsConfig, provider};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn found(report: &Report) -> Vec<(Severity, Problem)> {
    let findings = report.findings().iter();
    findings.map(|it| (it.severity, it.problem)).collect()
}

fn found_in(certified: CertifiedKey) -> Vec<(Severity, Problem)> {
    found(&run(&server(certified).into(), &["localhost"]))
}

#[test]
fn a_good_one_has_no_findings() {
    let targets = ["localhost", "*.example.com", "127.0.0.1"];
    let config = server(good()).into();
    let now = SystemTime::now();
    let report = run_at(&config, &targets, now);
    let days = report.names()[0].leaf.as_ref().unwrap().days_left(now);
    let line = format!("TLS 1.3, TLS 1.2; h2; http/1.1; CN=leaf ({days} days left)");
    assert_eq!(
        report.to_string(),
        format!("localhost      {line}\n*.example.com  {line}\n127.0.0.1      {line}\n")
    );
    assert!(report.names().iter().all(|name| name.covered));
}

#[test]
fn dates() {
    let ca = ca("root");
    let mut leaf = params(&["localhost", "127.0.0.1"]);
    leaf.not_before = date_time_ymd(2030, 1, 1);
    leaf.not_after = date_time_ymd(2030, 3, 1);
    let (from, to) = (leaf.not_before.into(), SystemTime::from(leaf.not_after));
    let config = server(signed(leaf, &ca, &[ca.der().clone()])).into();
    for (now, expected) in [
        (from - DAY, Some((Severity::Failure, Problem::NotYetValid))),
        (from, None),
        (to - 14 * DAY, None),
        (
            to - 13 * DAY,
            Some((Severity::Warning, Problem::ExpiresSoon)),
        ),
        (to, Some((Severity::Warning, Problem::ExpiresSoon))),
        (to + DAY, Some((Severity::Failure, Problem::Expired))),
    ] {
        let report = run_at(&config, &["localhost", "127.0.0.1"], now);
        // Once, not for each name.
        assert_eq!(found(&report), Vec::from_iter(expected), "{report}");
    }
}

/// What clients have under the same name may be newer.
#[test]
fn an_expired_issuer_is_no_failure() {
    let mut old = params(&[]);
    old.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    old.not_after = date_time_ymd(2020, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let old = rcgen::CertifiedIssuer::self_signed(old, key).unwrap();
    let certified = signed(params(&["localhost"]), &old, &[old.der().clone()]);
    let report = run(&server(certified).into(), &["localhost"]);
    assert_eq!(found(&report), [(Severity::Warning, Problem::Expired)]);
    let said = &report.findings()[0].sentence;
    assert!(said.contains("certificate 2 of the chain"), "{said}");
}

#[test]
fn self_signed_ones() {
    assert_eq!(found_in(self_signed(params(&["localhost"]))), []);
    let mut ca = params(&["localhost"]);
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(
        found_in(self_signed(ca)),
        [(Severity::Warning, Problem::CaAsLeaf)]
    );
}

#[test]
fn a_leaf_without_its_issuer() {
    let ca = ca("issuer");
    let alone = signed(params(&["localhost"]), &ca, &[]);
    let missing = Problem::MissingIntermediates;
    assert_eq!(found_in(alone), [(Severity::Note, missing)]);

    let mut public = params(&["localhost"]);
    // SEQUENCE { SEQUENCE { OID caIssuers, [6] URI } }
    let mut aia = b"\x30\x18\x30\x16\x06\x08\x2b\x06\x01\x05\x05\x07\x30\x02\x86\x0a".to_vec();
    aia.extend(b"http://x.y");
    let oid = [1, 3, 6, 1, 5, 5, 7, 1, 1];
    public
        .custom_extensions
        .push(CustomExtension::from_oid_content(&oid, aia));
    let report = run(
        &server(signed(public, &ca, &[])).into(),
        &["localhost", "localhost"],
    );
    assert_eq!(found(&report), [(Severity::Warning, missing)]);
    let said = report.findings()[0].to_string();
    assert!(
        said.contains("fullchain.pem") && said.contains("http://x.y"),
        "{said}"
    );
}

#[test]
fn chains_that_do_not_hold() {
    let (right, wrong) = (ca("right"), ca("wrong"));
    let stranger = signed(params(&["localhost"]), &right, &[wrong.der().clone()]);
    assert_eq!(found_in(stranger), [(Severity::Warning, Problem::Chain)]);

    let mut client = params(&["localhost"]);
    client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = signed(client, &right, &[right.der().clone()]);
    assert_eq!(found_in(client), [(Severity::Warning, Problem::Purpose)]);
}

#[test]
fn names() {
    let ca = ca("root");
    let chain = [ca.der().clone()];
    let check = |names: &[&str], target: &str| {
        let config = server(signed(params(names), &ca, &chain)).into();
        found(&run(&config, &[target])).pop()
    };
    let (warning, note) = (Severity::Warning, Severity::Note);
    let uncovered = |severity| Some((severity, Problem::NameNotCovered));
    for (names, target, expected) in [
        (&["a.test", "*.b.test"][..], "A.test", None),
        (&["*.b.test"], "x.b.test", None),
        (&["*.b.test"], "x.y.b.test", uncovered(warning)),
        (&["a.test"], "b.test", uncovered(warning)),
        (&["192.0.2.1"], "192.0.2.1", None),
        (&["2001:db8::1"], "2001:db8:0::1", None),
        // Its clients use the name.
        (&["a.test"], "192.0.2.1", uncovered(note)),
        (&["localhost", "127.0.0.1"], "192.0.2.1", uncovered(warning)),
        (&[], "a.test", uncovered(warning)),
        (
            &["a.test"],
            "https://a.test",
            Some((warning, Problem::InvalidName)),
        ),
        (&["a.test"], "[::1]", Some((warning, Problem::InvalidName))),
        (&["a.test"], "", Some((warning, Problem::InvalidName))),
    ] {
        assert_eq!(check(names, target), expected, "{names:?} {target}");
    }
}

#[test]
fn names_that_are_refused() {
    let mut by_name = ResolvesServerCertUsingSni::new();
    let ca = ca("root");
    let certified = signed(params(&["a.test"]), &ca, &[ca.der().clone()]);
    by_name.add("a.test", certified).unwrap();
    let mut config = server(good());
    config.cert_resolver = Arc::new(by_name);
    let report = run(&config.into(), &["a.test", "127.0.0.1", "b.test"]);
    let refused = Problem::NameRefused;
    assert_eq!(
        found(&report),
        [(Severity::Warning, refused), (Severity::Note, refused)]
    );
    assert!(report.findings()[0].sentence.contains("b.test"));
    assert!(
        report.to_string().contains("b.test     refused\n"),
        "{report}"
    );
}

#[test]
fn client_certificates() {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca("clients").der().clone()).unwrap();
    let roots = Arc::new(roots);
    for (optional, outcome) in [
        (false, Outcome::ClientCertificate),
        (true, Outcome::Completed),
    ] {
        let mut verifier = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider());
        if optional {
            verifier = verifier.allow_unauthenticated();
        }
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(good())));
        let report = run(&config.into(), &["localhost"]);
        let name = &report.names()[0];
        assert_eq!(name.handshakes.len(), 2);
        assert!(
            name.handshakes.iter().all(|it| it.outcome == outcome),
            "{report}"
        );
        assert_eq!(name.alpn, Alpn::Chosen("h2".into()));
        assert_eq!(found(&report), []);
    }
}

#[test]
fn alpn() {
    let (warning, note) = (Severity::Warning, Severity::Note);
    for (list, severity, h2, http1) in [
        (&["h2"][..], Some(warning), "h2", "refused"),
        (&["http/1.1"], Some(note), "http/1.1", "http/1.1"),
        (&["acme-tls/1"], Some(warning), "refused", "refused"),
        (&[], Some(note), "ignored", "ignored"),
        (&["http/1.1", "h2"], None, "http/1.1", "http/1.1"),
    ] {
        let mut config = server(good());
        config.alpn_protocols = list.iter().map(|name| name.as_bytes().to_vec()).collect();
        let report = run(&TlsConfig::keep_alpn(config), &["localhost"]);
        let expected = severity.map(|severity| (severity, Problem::Alpn));
        assert_eq!(found(&report), Vec::from_iter(expected), "{list:?}");
        let name = &report.names()[0];
        let word = |alpn: &Alpn| match alpn {
            Alpn::Chosen(name) => name.clone(),
            Alpn::Ignored => "ignored".into(),
            Alpn::Refused => "refused".into(),
        };
        assert_eq!(
            (word(&name.alpn), word(&name.alpn_http1)),
            (h2.into(), http1.into())
        );
        let works = |it: &super::Handshake| it.outcome == Outcome::Completed;
        assert!(name.handshakes.iter().all(works), "{report}");
    }
}

#[test]
fn one_version() {
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(good())));
    let report = run(&config.into(), &["localhost"]);
    assert_eq!(found(&report), []);
    assert!(report.to_string().contains("  TLS 1.3; h2"), "{report}");
}

#[test]
fn a_key_of_another_certificate() {
    let (one, other) = (good(), good());
    let report = run(
        &server(CertifiedKey::new(one.cert.clone(), other.key.clone())).into(),
        &["localhost"],
    );
    let failure = (Severity::Failure, Problem::Handshake);
    assert_eq!(found(&report), [failure, failure], "{report}");
    assert!(report.to_string().contains("fails: "), "{report}");
}

#[test]
fn nothing_is_left_behind() {
    #[derive(Debug)]
    struct Untouched;
    impl StoresServerSessions for Untouched {
        fn put(&self, _: Vec<u8>, _: Vec<u8>) -> bool {
            panic!("a session was stored");
        }
        fn get(&self, _: &[u8]) -> Option<Vec<u8>> {
            None
        }
        fn take(&self, _: &[u8]) -> Option<Vec<u8>> {
            None
        }
        fn can_cache(&self) -> bool {
            true
        }
    }
    let mut config = server(good());
    config.session_storage = Arc::new(Untouched);
    assert_eq!(found(&run(&config.into(), &["localhost"])), []);
}
