//! ACME challenges are answered to the CA, whoever else is served on the port,
//! and nobody else gets to see anything of them.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use oneport::acme::Challenges;
use oneport::{AcceptError, Acceptor, Explain, Mode, Redirect};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use support::{Pki, Server, exchange, hello, listen, told, within};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const DOMAIN: &str = "a.example.test";
const KEY_AUTHORIZATION: &str = "tok-EN_1.thumb";
const REQUEST: &[u8] = b"GET /.well-known/acme-challenge/tok-EN_1 HTTP/1.1\r\nHost: a.example.test\r\nConnection: close\r\n\r\n";

/// How a server is set up beside ACME.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Case {
    Dual,
    ClientCertificates,
    ExplainedClientCertificates,
    PlaintextOnly,
    Redirecting,
    TlsOnly,
}

async fn server(pki: &Pki, case: Case, challenges: &Challenges) -> Server {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(pki.ca.clone()).unwrap();
    let provider = Arc::new(ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    let verifier = verifier.unwrap();
    let mutual = |verifier| {
        let key = pki.key.clone().try_into().unwrap();
        rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(pki.chain.clone(), key)
    };
    let tls: oneport::tls::TlsConfig = match case {
        Case::ClientCertificates => {
            oneport::tls::TlsConfig::requiring_client_auth(mutual(verifier).unwrap())
        }
        Case::ExplainedClientCertificates => {
            oneport::tls::TlsConfig::explaining_client_auth(verifier, mutual).unwrap()
        }
        _ => pki.tls().into(),
    };
    let mode = match case {
        Case::Dual => Mode::Dual,
        Case::PlaintextOnly => Mode::PlaintextOnly,
        _ => Mode::TlsOnly,
    };
    let explain = match case {
        Case::Redirecting => Explain::new().redirect(Redirect::to_matching([DOMAIN]).unwrap()),
        _ => Explain::new(),
    };
    Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, tower::service_fn(hello))
            .mode(mode)
            .explain(explain)
            .acme(challenges)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// Sees every certificate, as a CA's validation does, and keeps it.
#[derive(Debug, Default)]
struct Curious(std::sync::Mutex<Option<CertificateDer<'static>>>);

impl ServerCertVerifier for Curious {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = Some(own.clone().into_owned());
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // rustls' own cannot: it takes no critical extension it does not know.
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // rustls' own cannot: it takes no critical extension it does not know.
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// What a handshake led to: the certificate, the protocol, and what could be
/// read after a request was written.
type Validation = (CertificateDer<'static>, Option<Vec<u8>>, Vec<u8>);

async fn validate(
    addr: SocketAddr,
    name: &str,
    alpn: &[&[u8]],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> std::io::Result<Validation> {
    let curious = Arc::new(Curious::default());
    let mut config =
        rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(curious.clone())
            .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let tcp = TcpStream::connect(addr).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut tls = within(connector.connect(name, tcp)).await?;
    let chosen = tls.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
    let _ = tls
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    let mut read = Vec::new();
    // An error here would be a truncation: close_notify was missing.
    within(tls.read_to_end(&mut read)).await?;
    let seen = curious.0.lock().unwrap().take().unwrap();
    Ok((seen, chosen, read))
}

const BOTH: &[&rustls::SupportedProtocolVersion] =
    &[&rustls::version::TLS13, &rustls::version::TLS12];

/// RFC 8737 3: one name, which is the domain; the critical extension
/// id-pe-acmeIdentifier with the digest of the key authorization; self-signed.
fn assert_is_the_challenges(certificate: &CertificateDer<'_>) {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate).unwrap();
    let names = parsed.subject_alternative_name().unwrap().unwrap();
    let names = format!("{:?}", names.value.general_names);
    assert_eq!(names, format!("[DNSName({DOMAIN:?})]"));
    let oid = "1.3.6.1.5.5.7.1.31";
    let identifier = parsed
        .extensions()
        .iter()
        .find(|it| it.oid.to_id_string() == oid);
    let identifier = identifier.expect("id-pe-acmeIdentifier");
    assert!(identifier.critical);
    let mut octets = vec![4, 32];
    octets.extend(Sha256::digest(KEY_AUTHORIZATION));
    assert_eq!(identifier.value, octets);
    assert_eq!(parsed.subject(), parsed.issuer());
}

#[tokio::test]
async fn a_tls_alpn_01_validation_is_answered_and_goes_no_further() {
    let (pki, challenges) = (Pki::new(), Challenges::new());
    let _expected = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    for case in [
        Case::Dual,
        Case::TlsOnly,
        Case::Redirecting,
        Case::ClientCertificates,
        Case::ExplainedClientCertificates,
    ] {
        let server = server(&pki, case, &challenges).await;
        for versions in [BOTH, &BOTH[..1], &BOTH[1..]] {
            let done = validate(server.addr, "A.example.test", &[b"acme-tls/1"], versions).await;
            let (certificate, chosen, read) = done.unwrap_or_else(|e| panic!("{case:?}: {e}"));
            assert_is_the_challenges(&certificate);
            assert_eq!(chosen.as_deref(), Some(&b"acme-tls/1"[..]), "{case:?}");
            assert!(read.is_empty(), "{case:?}: the application was reached");
        }
    }
}

#[tokio::test]
async fn whatever_is_no_expected_validation_is_treated_as_ever() {
    let (pki, challenges) = (Pki::new(), Challenges::new());
    let expected = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    let server = server(&pki, Case::Dual, &challenges).await;
    let refused = |done: std::io::Result<Validation>| {
        let error = done.unwrap_err().to_string();
        assert!(error.contains("NoApplicationProtocol"), "{error}");
    };
    // Another domain.
    refused(validate(server.addr, "b.example.test", &[b"acme-tls/1"], BOTH).await);
    // A client that would also speak HTTP gets HTTP.
    let both: &[&[u8]] = &[b"acme-tls/1", b"http/1.1"];
    let (certificate, chosen, read) = validate(server.addr, DOMAIN, both, BOTH).await.unwrap();
    assert_eq!(certificate, pki.chain[0]);
    assert_eq!(chosen.as_deref(), Some(&b"http/1.1"[..]));
    assert!(read.starts_with(b"HTTP/1.1 200"));
    // It is over.
    drop(expected);
    refused(validate(server.addr, DOMAIN, &[b"acme-tls/1"], BOTH).await);
}

#[tokio::test]
async fn where_there_is_no_tls_there_is_no_tls_alpn_01() {
    let (pki, challenges) = (Pki::new(), Challenges::new());
    let _expected = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    let server = server(&pki, Case::PlaintextOnly, &challenges).await;
    let done = validate(server.addr, DOMAIN, &[b"acme-tls/1"], BOTH).await;
    assert!(done.is_err());
}

#[tokio::test]
async fn an_http_01_validation_is_answered_whether_plaintext_is_served_or_refused() {
    let (pki, challenges) = (Pki::new(), Challenges::new());
    let _expected = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    for case in [
        Case::Dual,
        Case::TlsOnly,
        Case::Redirecting,
        Case::ClientCertificates,
        Case::ExplainedClientCertificates,
        Case::PlaintextOnly,
    ] {
        let server = server(&pki, case, &challenges).await;
        let answer = exchange(server.addr, REQUEST).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{case:?}: {head}");
        let head = head.to_ascii_lowercase();
        assert!(
            head.contains("\r\ncontent-type: application/octet-stream"),
            "{case:?}: {head}"
        );
        assert!(!head.contains("oneport-"), "{case:?}: {head}");
        assert_eq!(body, KEY_AUTHORIZATION, "{case:?}");
    }
}

#[tokio::test]
async fn only_the_expected_token_is_answered() {
    let (pki, challenges) = (Pki::new(), Challenges::new());
    let expected = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    let (dual, refusing) = (
        server(&pki, Case::Dual, &challenges).await,
        server(&pki, Case::TlsOnly, &challenges).await,
    );
    let (dual_addr, refusing_addr) = (dual.addr, refusing.addr);
    let ask = |request: &'static str| async move {
        let request = format!("{request} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let texts = [
            exchange(dual_addr, request.as_bytes()).await,
            exchange(refusing_addr, request.as_bytes()).await,
        ];
        texts.map(|text| String::from_utf8(text).unwrap())
    };
    for request in [
        "GET /.well-known/acme-challenge/another",
        "GET /.well-known/acme-challenge/",
        "GET /.well-known/acme-challenge/tok-EN_1.thumb",
        "POST /.well-known/acme-challenge/tok-EN_1",
        "GET /",
    ] {
        let [served, refused] = ask(request).await;
        assert!(served.contains("plaintext HTTP/1.1"), "{request}: {served}");
        assert!(refused.starts_with("HTTP/1.1 426"), "{request}: {refused}");
        assert!(!served.contains("thumb") && !refused.contains("thumb"));
    }
    drop(expected);
    let [served, refused] = ask("GET /.well-known/acme-challenge/tok-EN_1").await;
    assert!(served.contains("plaintext HTTP/1.1"), "{served}");
    assert!(refused.starts_with("HTTP/1.1 426"), "{refused}");
}

/// A validation follows redirects to https, and accepts any certificate there.
#[tokio::test]
async fn http_01_is_answered_inside_tls_and_over_http2_too() {
    let (pki, challenges) = (Pki::new(), Challenges::new());
    let _expected = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    let server = server(&pki, Case::TlsOnly, &challenges).await;
    let mut tls = pki.connect(server.addr, &["http/1.1"]).await.unwrap();
    tls.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    within(tls.read_to_end(&mut answer)).await.unwrap();
    assert!(answer.ends_with(KEY_AUTHORIZATION.as_bytes()));

    let url = format!(
        "http://127.0.0.1:{}/.well-known/acme-challenge/tok-EN_1",
        server.addr.port()
    );
    let arguments = ["-sS", "--http2-prior-knowledge", "--noproxy", "*", &url];
    let answer = support::output_of("curl", &arguments);
    assert_eq!(answer.await, KEY_AUTHORIZATION);
}

/// The bare acceptor, without a server: the caller hears what it was.
#[tokio::test]
async fn an_acceptor_says_that_it_was_a_validation() {
    let (pki, challenges) = (Pki::new(), Challenges::new());
    let _expected = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    let acceptor = Acceptor::new(pki.tls()).acme(&challenges);
    let listener = listen().await;
    let addr = listener.local_addr().unwrap();
    let validating =
        tokio::spawn(async move { validate(addr, DOMAIN, &[b"acme-tls/1"], BOTH).await });
    let (tcp, peer) = listener.accept().await.unwrap();
    let error = within(acceptor.accept(tcp, peer)).await.unwrap_err();
    assert!(matches!(error, AcceptError::AcmeChallenge), "{error}");
    assert_is_the_challenges(&validating.await.unwrap().unwrap().0);
}

/// Two orders for one domain at once, or one again before the other is given up.
#[tokio::test]
async fn the_latest_of_two_challenges_for_a_domain_is_shown_and_both_tokens_answered() {
    let (pki, challenges) = (Pki::new(), Challenges::new());
    let _old = challenges.expect(DOMAIN, "old.thumb").unwrap();
    let new = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    let server = server(&pki, Case::TlsOnly, &challenges).await;
    let shown = validate(server.addr, DOMAIN, &[b"acme-tls/1"], BOTH).await;
    assert_is_the_challenges(&shown.unwrap().0);
    let path = |token| format!("/.well-known/acme-challenge/{token}");
    assert_eq!(challenges.answer_at(&path("old")).unwrap(), "old.thumb");
    assert_eq!(
        challenges.answer_at(&path("tok-EN_1")).unwrap(),
        KEY_AUTHORIZATION
    );
    drop(new);
    assert_eq!(challenges.answer_at(&path("old")).unwrap(), "old.thumb");
    assert_eq!(challenges.answer_at(&path("tok-EN_1")), None);
}

#[test]
fn what_shows_challenges_shows_no_tokens() {
    let challenges = Challenges::new();
    let expected = challenges.expect(DOMAIN, KEY_AUTHORIZATION).unwrap();
    let shown = format!("{challenges:?} {expected:?}");
    assert!(shown.contains(DOMAIN) && !shown.contains("tok"), "{shown}");
    assert!(challenges.expect(DOMAIN, "no dot").is_err());
    assert!(challenges.expect("bücher.example", "a.b").is_err());
}
