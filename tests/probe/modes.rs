//! oneport in each of its modes.

use oneport::client::probe::{Answer, ClientCertificate, ProxyHeader, Spoken};
use oneport::client::{Cause, Certainty};
use oneport::{Mismatch, Mode, ProxyProtocol, serve_dual};
use tower::service_fn;

use super::{found, probe, report, verdict};
use crate::support::{Pki, Server, hello, told};

#[tokio::test]
async fn which_urls_work_in_which_mode() {
    let pki = Pki::new();
    for (mode, works, wrong, slug) in [
        (Mode::Dual, &["http", "https", ""][..], &[][..], ""),
        (
            Mode::TlsOnly,
            &["https", ""],
            &["http", "ws"],
            "plaintext-to-tls",
        ),
        (
            Mode::PlaintextOnly,
            &["http", ""],
            &["https", "wss"],
            "tls-to-plaintext",
        ),
    ] {
        let server = Server::with_mode(&pki, mode).await;
        for brief in [false, true] {
            let ask = |scheme: &str| {
                let probe = probe(scheme, server.addr).ca(pki.ca_path());
                report(if brief { probe.brief() } else { probe })
            };
            for scheme in works {
                let report = ask(scheme).await;
                assert_eq!(verdict(&report), "works", "{mode:?} {scheme}: {report:#?}");
                assert!(
                    report.findings.is_empty(),
                    "{mode:?}: {:?}",
                    report.findings
                );
            }
            for scheme in wrong {
                let report = ask(scheme).await;
                assert_eq!(verdict(&report), slug, "{mode:?} {scheme}: {report:#?}");
                assert_eq!(report.findings[0].slug, slug);
            }
        }
    }
}

#[tokio::test]
async fn everything_that_a_dual_port_speaks() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let report = report(probe("", server.addr).ca(pki.ca_path())).await;
    let port = server.addr.port();
    assert_eq!(
        report.urls,
        ["https", "http"].map(|scheme| format!("{scheme}://127.0.0.1:{port}/"))
    );
    let (plaintext, tls) = (&report.plaintext, &report.tls);
    for answer in [&plaintext.http1, &plaintext.h2c, &tls.http, &tls.http1] {
        assert_eq!(answer.http().unwrap().status, 200, "{report:#?}");
    }
    assert_eq!(plaintext.h2c.http().unwrap().version, http::Version::HTTP_2);
    assert_eq!(tls.http.http().unwrap().version, http::Version::HTTP_2);
    assert_eq!(tls.http1.http().unwrap().version, http::Version::HTTP_11);
    for spoken in [tls.tls12, tls.tls13, tls.alpn_h2, tls.alpn_http1] {
        assert_eq!(spoken, Spoken::Yes);
    }
    assert_eq!(tls.client_certificate, ClientCertificate::NotRequested);
    assert_eq!(tls.certificates.len(), 1);
    assert!(tls.certificate_faults.is_empty());
    assert!(!plaintext.websocket.opened_websocket());
    assert_eq!(report.proxy_protocol, ProxyHeader::NotAsked);
    assert_eq!(report.address, Some(server.addr));
}

#[tokio::test]
async fn the_wrong_scheme_and_what_to_use_instead() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let port = server.addr.port();
    let url = format!("ws://localhost:{port}/a?b");
    let probe = oneport::client::Probe::new(&url).unwrap().ca(pki.ca_path());
    let report = report(probe).await;
    let finding = found(&report, "plaintext-to-tls");
    let expected = format!("use wss://localhost:{port}/a?b");
    assert_eq!(finding.client.as_deref(), Some(&expected[..]));
    assert!(
        finding
            .server
            .as_ref()
            .unwrap()
            .contains("--allow-plaintext")
    );
    assert!(
        finding
            .sentence
            .starts_with("This port requires TLS: use https://")
    );
    assert!(
        matches!(&report.plaintext.h2c, Answer::Refused(_)),
        "{report:#?}"
    );
}

/// A brief probe is one connection: health checks are not to fill a log.
#[tokio::test]
async fn a_brief_probe_asks_one_question() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    for scheme in ["http", "https"] {
        let brief = report(probe(scheme, server.addr).ca(pki.ca_path()).brief()).await;
        assert!(brief.works());
        assert_eq!(brief.plaintext.h2c, Answer::NotAsked);
        assert_eq!(brief.plaintext.http1 == Answer::NotAsked, scheme == "https");
        assert_eq!(brief.tls.http == Answer::NotAsked, scheme == "http");
        assert_eq!(brief.tls.http1, Answer::NotAsked);
    }
}

#[tokio::test]
async fn a_proxy_header_is_missing() {
    let pki = Pki::new();
    let tls = pki.tls();
    let server = Server::start(|listener, signal| {
        serve_dual(listener, tls, service_fn(hello))
            .proxy_protocol(ProxyProtocol::loopback())
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    for scheme in ["http", "https", ""] {
        let report = report(probe(scheme, server.addr).ca(pki.ca_path())).await;
        assert_eq!(verdict(&report), "proxy-header-missing", "{report:#?}");
        assert_eq!(report.proxy_protocol, ProxyHeader::Required);
    }
}

/// nginx and HAProxy hang up on whoever sends no header, and say nothing.
#[tokio::test]
async fn a_port_that_hangs_up_without_a_proxy_header() {
    let addr = super::raw::serve(|mut tcp| async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut first = vec![0; 6];
        if tcp.read_exact(&mut first).await.is_err() || first != b"PROXY " {
            return;
        }
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            if tcp.read_buf(&mut read).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = tcp.write_all(answer).await;
    })
    .await;
    let report = report(probe("http", addr)).await;
    assert_eq!(report.proxy_protocol, ProxyHeader::Required, "{report:#?}");
    assert_eq!(verdict(&report), "proxy-header-missing");
    let Some(oneport::client::probe::Fault::Diagnosed(diagnosis)) = &report.fault else {
        panic!("{report:#?}");
    };
    assert_eq!(
        diagnosis.cause(),
        Cause::Mismatch(Mismatch::ProxyHeaderMissing)
    );
    assert_eq!(diagnosis.certainty(), Certainty::MostLikely);
}
