//! Client certificates that are missing or bad: an alert, or an explanation inside
//! TLS, and never the application.
#![allow(clippy::unwrap_used)] // a test

mod support;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use oneport::Mode;
use oneport::tls::TlsConfig;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use support::{Pki, Server, curl_over_tls, output_of, run, told};
use tower::service_fn;

/// A client CA, and certificates for clients.
struct Clients {
    pki: Pki,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    ca: rcgen::Certificate,
}

impl Clients {
    fn new() -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = params.self_signed(&key).unwrap();
        let issuer = rcgen::Issuer::new(params, key);
        let pki = Pki::new();
        Self { pki, issuer, ca }
    }

    /// A certificate and its key in one file.
    fn certificate(&self, name: &str, until: i32) -> PathBuf {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let path = self.pki.directory.path().join(format!("{name}.pem"));
        std::fs::write(&path, certificate.pem() + &key.serialize_pem()).unwrap();
        path
    }

    /// The server's configuration: strict, or explaining.
    fn tls(&self, explain: bool) -> TlsConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .unwrap();
        let build = |verifier| {
            let key = rustls::pki_types::PrivateKeyDer::try_from(self.pki.key.clone()).unwrap();
            rustls::ServerConfig::builder_with_provider(provider.clone())
                .with_safe_default_protocol_versions()?
                .with_client_cert_verifier(verifier)
                .with_single_cert(self.pki.chain.clone(), key)
        };
        match explain {
            true => TlsConfig::explaining_client_auth(verifier, build).unwrap(),
            false => build(verifier as Arc<_>).unwrap().into(),
        }
    }

    /// A server, and how often its application was reached.
    async fn server(&self, tls: TlsConfig) -> (Server, Arc<AtomicUsize>) {
        let reached = Arc::new(AtomicUsize::new(0));
        let count = reached.clone();
        let app = service_fn(move |request| {
            count.fetch_add(1, Ordering::SeqCst);
            support::hello(request)
        });
        let server = Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, app)
                .mode(Mode::TlsOnly)
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        (server, reached)
    }
}

#[tokio::test]
async fn a_client_certificate_that_is_missing_or_bad_is_explained() {
    let clients = Clients::new();
    let (server, reached) = clients.server(clients.tls(true)).await;
    let good = clients.certificate("good", 2100);
    let expired = clients.certificate("expired", 2021);
    let strangers = Clients::new();
    let strange = strangers.certificate("strange", 2100);
    let cases = [
        (
            None,
            "This port requires a client certificate from a CA that it trusts: ",
            "client-certificate-missing",
        ),
        (Some(&expired), "has expired", "client-certificate-expired"),
        (
            Some(&strange),
            "is from another CA",
            "client-certificate-unknown-issuer",
        ),
    ];
    for (certificate, says, slug) in cases {
        let certificate: Vec<_> = certificate
            .iter()
            .flat_map(|path| ["--cert", path.to_str().unwrap()])
            .collect();
        for (version, status) in [
            ("--http1.1", "HTTP/1.1 403 This port"),
            ("--http2", "HTTP/2 403"),
        ] {
            for tls in ["1.2", "1.3"] {
                let mut options = vec![version, "--tls-max", tls];
                options.extend(&certificate);
                let answer = curl_over_tls(&clients.pki, &server, &options).await;
                assert!(answer.starts_with(status), "{answer}");
                assert!(answer.contains(says), "{answer}");
                assert!(
                    answer.contains(&format!("oneport-mismatch: {slug}\r\n")),
                    "{answer}"
                );
            }
        }
        let mut grpc = vec!["--http2", "-H", "content-type: application/grpc", "-d", "x"];
        grpc.extend(&certificate);
        let answer = curl_over_tls(&clients.pki, &server, &grpc).await;
        assert!(answer.contains("grpc-status: 16"), "{answer}");
        assert!(answer.contains(says), "{answer}");
    }
    assert_eq!(reached.load(Ordering::SeqCst), 0, "fail closed");
    let answer = curl_over_tls(&clients.pki, &server, &["--cert", good.to_str().unwrap()]).await;
    assert!(answer.ends_with("tls HTTP/2.0 GET \n"), "{answer}");
    assert_eq!(reached.load(Ordering::SeqCst), 1);
}

/// An identity is one that the verifier has accepted: an explainer, perhaps with
/// the extractors and the access list of the application, was told of others
/// too.
#[tokio::test]
async fn a_certificate_that_is_refused_is_nobodys_identity() {
    let clients = Clients::new();
    let strangers = Clients::new();
    let strange = strangers.certificate("admin", 2100);
    let (tls, told_whom) = (clients.tls(true), Arc::new(AtomicUsize::new(0)));
    let known = told_whom.clone();
    let explain = service_fn(move |request: http::Request<hyper::body::Incoming>| {
        let info = request.extensions().get::<oneport::ConnInfo>().unwrap();
        let identity = info.tls().unwrap().client_identity.as_ref();
        known.fetch_add(identity.iter().count(), Ordering::SeqCst);
        support::hello(request)
    });
    for mode in [Mode::TlsOnly, Mode::PlaintextOnly] {
        let (tls, explain) = (tls.clone(), explain.clone());
        let server = Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, service_fn(support::hello))
                .mode(mode)
                .answer_tls_with_http()
                .explain(explain)
                .with_graceful_shutdown(told(signal))
                .into_future()
        });
        let server = server.await;
        let certificate = ["--cert", strange.to_str().unwrap()];
        let answer = curl_over_tls(&clients.pki, &server, &certificate).await;
        assert!(answer.contains("oneport-mismatch: "), "{answer}");
        assert_eq!(told_whom.load(Ordering::SeqCst), 0, "{mode:?}");
    }
}

/// What `current` hands out is for anybody's acceptor, and judges by itself.
#[tokio::test]
async fn the_configuration_in_the_handle_refuses_by_itself() {
    let clients = Clients::new();
    let handle = clients.tls(true);
    let strict = TlsConfig::from(handle.current());
    let (server, reached) = clients.server(strict).await;
    let url = format!("https://localhost:{}/", server.addr.port());
    let ca = clients.pki.ca_path();
    let output = run("curl", &["-sS", "--cacert", ca.to_str().unwrap(), &url]).await;
    assert!(!output.status.success());
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("certificate required"), "{error}");
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

/// The alert that says "certificate required" comes after the client believes
/// the handshake done. Without a lingering close curl named it 6 times in 36.
#[tokio::test]
async fn the_alert_for_a_missing_certificate_arrives() {
    let clients = Clients::new();
    let (server, _) = clients.server(clients.tls(false)).await;
    let url = format!("https://localhost:{}/", server.addr.port());
    let ca = clients.pki.ca_path();
    for _ in 0..36 {
        let output = run("curl", &["-sS", "--cacert", ca.to_str().unwrap(), &url]).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains("certificate required"), "{error}");
    }
}

/// A session that began with a certificate which is no longer accepted does not
/// resume past the judgement.
#[tokio::test]
async fn a_resumed_session_is_judged_again() {
    let clients = Clients::new();
    let handle = clients.tls(true);
    let (server, reached) = clients.server(handle.clone()).await;
    let good = clients.certificate("good", 2100);
    let session = clients.pki.directory.path().join("session");
    let connect = |option: &'static str| {
        let arguments = [
            "s_client".to_owned(),
            "-connect".to_owned(),
            server.addr.to_string(),
            "-cert".to_owned(),
            good.display().to_string(),
            option.to_owned(),
            session.display().to_string(),
        ];
        async move {
            use tokio::io::AsyncWriteExt;
            let mut child = tokio::process::Command::new("openssl")
                .args(arguments)
                .arg("-quiet")
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
            stdin.write_all(request).await.unwrap();
            let output = support::within(child.wait_with_output()).await.unwrap();
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
    };
    let first = connect("-sess_out").await;
    assert!(first.ends_with("tls HTTP/1.1 GET \n"), "{first}");
    let resumed = connect("-sess_in").await;
    assert!(resumed.ends_with("tls HTTP/1.1 GET \n"), "{resumed}");
    assert_eq!(reached.load(Ordering::SeqCst), 2);
    // Another CA from now on, the same session storage would be a mistake; the
    // handle brings its own.
    handle.reload(Clients::new().tls(true));
    let _ = connect("-sess_in").await;
    assert_eq!(reached.load(Ordering::SeqCst), 2, "fail closed");
}

/// Mutual TLS and plaintext on one port: whoever spoke plaintext came in without
/// a certificate, in the mode that is the default.
#[tokio::test]
async fn plaintext_is_no_way_around_client_certificates() {
    let clients = Clients::new();
    for explain in [true, false] {
        let tls = match explain {
            true => clients.tls(true),
            false => TlsConfig::requiring_client_auth(clients.tls(false).current()),
        };
        // A reload that does not say so changes nothing.
        tls.reload(clients.tls(false).current());
        let serve = |listener, signal| {
            oneport::serve_dual(listener, tls.clone(), service_fn(support::hello))
                .with_graceful_shutdown(told(signal))
        };
        let refusing = Server::start(|l, signal| serve(l, signal).into_future()).await;
        let url = format!("http://{}/", refusing.addr);
        for version in ["--http1.1", "--http2-prior-knowledge"] {
            let answer = output_of("curl", &["-sSi", version, &url]).await;
            assert!(answer.contains("This port requires TLS"), "{answer}");
        }
        let allowing = |l, signal| {
            serve(l, signal)
                .plaintext_beside_client_auth()
                .into_future()
        };
        let allowing = Server::start(allowing).await;
        let url = format!("http://{}/", allowing.addr);
        assert_eq!(
            output_of("curl", &["-sS", &url]).await,
            "plaintext HTTP/1.1 GET \n"
        );
        // Where TLS is not served, nobody is sent there.
        let only = |l, signal| serve(l, signal).mode(Mode::PlaintextOnly).into_future();
        let only = Server::start(only).await;
        let url = format!("http://{}/", only.addr);
        let answer = output_of("curl", &["-sS", &url]).await;
        assert_eq!(answer, "plaintext HTTP/1.1 GET \n");
    }
}
