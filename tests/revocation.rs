//! A client certificate that was good is revoked, or expires: the next handshake
//! is refused, whether it is full or resumes a session from before.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use authority::{Authority, Folder, Issued, params};
use caller::{Caller, Setup, VERSIONS, serve};
use oneport::Mode;
use oneport::tls::{Files, TlsConfig};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    AlertDescription, CertificateError, DigitallySignedStruct, DistinguishedName, Error,
    RootCertStore, SignatureScheme, SupportedProtocolVersion,
};
use support::within;

struct Site {
    folder: Folder,
    ca: Authority,
    clients: Authority,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: Folder::new(),
            ca: Authority::new("servers"),
            clients: Authority::new("clients"),
        };
        site.folder.put("server", &site.ca.server(1));
        site.folder.write("clients.crt", &site.clients.pem);
        site
    }

    fn files(&self) -> Files {
        let files = self.folder.server_files();
        files.client_ca(self.folder.path("clients.crt"))
    }

    fn client(&self, client: &Issued) -> Setup {
        Setup::trusting(&self.ca).showing(client)
    }

    /// A caller that is known to resume.
    async fn regular(
        &self,
        server: &support::Server,
        client: &Issued,
        version: &'static SupportedProtocolVersion,
    ) -> Caller {
        let caller = self.client(client).speaking(version).caller();
        assert!(!caller.call(server.addr).await.unwrap().served().resumed);
        assert!(caller.call(server.addr).await.unwrap().served().resumed);
        caller
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_from_the_next_handshake_on() {
    let site = Site::new();
    let (one, two) = (
        site.clients.issue(1, &["client1"]),
        site.clients.issue(2, &["client2"]),
    );
    site.folder.write("now.crl", site.clients.crl(&[]));
    let with_list = site.files().client_crl(site.folder.path("now.crl"));
    // The first list there is, and one that has changed.
    for before in [site.files(), with_list.clone()] {
        for version in VERSIONS {
            site.folder.write("now.crl", site.clients.crl(&[]));
            let tls = before.load().unwrap();
            let server = serve(&tls, Mode::TlsOnly).await;
            let revoked = site.regular(&server, &one, version).await;
            let good = site.regular(&server, &two, version).await;

            site.folder.write("now.crl", site.clients.crl(&[1]));
            with_list.reload(&tls).unwrap();
            let new = site.client(&one).speaking(version).caller();
            for caller in [&revoked, &new, &revoked, &new] {
                let alert = caller.refused(server.addr).await;
                assert_eq!(alert, AlertDescription::CertificateRevoked);
            }
            good.call(server.addr).await.unwrap().served();
            good.call(server.addr).await.unwrap().served();
        }
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_explained() {
    let site = Site::new();
    let (one, two) = (
        site.clients.issue(1, &["client1"]),
        site.clients.issue(2, &["client2"]),
    );
    let files = site.files().explain_client_auth();
    for version in VERSIONS {
        let tls = files.load().unwrap();
        let server = serve(&tls, Mode::TlsOnly).await;
        let revoked = site.regular(&server, &one, version).await;
        let good = site.regular(&server, &two, version).await;

        site.folder.write("now.crl", site.clients.crl(&[1]));
        let with_list = files.clone().client_crl(site.folder.path("now.crl"));
        with_list.reload(&tls).unwrap();
        let new = site.client(&one).speaking(version).caller();
        // The third time, the session is one that began after the revocation.
        for caller in [&revoked, &new, &revoked, &new] {
            let answer = caller.call(server.addr).await.unwrap().answer;
            assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
            assert!(answer.contains("has been revoked"), "{answer}");
        }
        good.call(server.addr).await.unwrap().served();
        good.call(server.addr).await.unwrap().served();
    }
}

/// With one list, every CA on the way has to have one: an authority of which
/// nothing is known could have revoked anybody.
#[tokio::test]
async fn a_ca_without_a_list_is_refused_where_there_are_lists() {
    let site = Site::new();
    let other = Authority::new("other");
    let department = site.clients.authority("department");
    site.folder.write("other.crt", &other.pem);
    let lists = [
        ("clients.crl", site.clients.crl(&[])),
        ("other.crl", other.crl(&[])),
        ("department.crl", department.crl(&[])),
    ];
    for (name, list) in lists {
        site.folder.write(name, list);
    }
    let files = site.files().client_ca(site.folder.path("other.crt"));
    let files = files.client_crl(site.folder.path("clients.crl"));
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::TlsOnly).await;

    let listed = site.client(&site.clients.issue(1, &["a"])).caller();
    let unlisted = site.client(&other.issue(1, &["b"])).caller();
    let below = department.issue(1, &["c"]);
    let below = Setup::trusting(&site.ca).showing_chain(&below, &[&department]);
    let below = below.caller();
    listed.call(server.addr).await.unwrap().served();
    for caller in [&unlisted, &below] {
        let alert = caller.refused(server.addr).await;
        assert_eq!(alert, AlertDescription::UnknownCA);
    }
    let files = files
        .client_crl(site.folder.path("other.crl"))
        .client_crl(site.folder.path("department.crl"));
    files.reload(&tls).unwrap();
    for caller in [&listed, &unlisted, &below] {
        caller.call(server.addr).await.unwrap().served();
    }
}

/// `client_crl` takes several lists in one file, and DER.
#[tokio::test]
async fn lists_come_in_bundles_and_in_der() {
    let site = Site::new();
    let other = Authority::new("other");
    site.folder.write("other.crt", &other.pem);
    let bundle = format!("{}{}", site.clients.crl(&[1]), other.crl(&[2]));
    site.folder.write("bundle.crl", bundle);
    for (name, list) in [
        ("clients", site.clients.crl(&[1])),
        ("other", other.crl(&[2])),
    ] {
        site.folder.write(&format!("{name}.pem"), list);
        let (from, to) = (format!("{name}.pem"), format!("{name}.der"));
        let (from, to) = (site.folder.argument(&from), site.folder.argument(&to));
        let convert = ["crl", "-in", &from, "-outform", "DER", "-out", &to];
        support::output_of("openssl", &convert).await;
    }
    let files = site.files().client_ca(site.folder.path("other.crt"));
    let list = |files: &Files, name: &str| files.clone().client_crl(site.folder.path(name));
    let (bundled, der) = (
        list(&files, "bundle.crl"),
        list(&list(&files, "clients.der"), "other.der"),
    );
    for files in [bundled, der] {
        let server = serve(&files.load().unwrap(), Mode::TlsOnly).await;
        for (ca, serial, revoked) in [
            (&site.clients, 1, true),
            (&site.clients, 2, false),
            (&other, 1, false),
            (&other, 2, true),
        ] {
            let caller = site.client(&ca.issue(serial, &["client"])).caller();
            match revoked {
                true => assert_eq!(
                    caller.refused(server.addr).await,
                    AlertDescription::CertificateRevoked
                ),
                false => drop(caller.call(server.addr).await.unwrap().served()),
            }
        }
    }
}

/// rustls does not look at a client's certificate when a session is resumed, and
/// sessions live for hours: this one expires between two handshakes.
#[tokio::test]
async fn a_certificate_that_expires_is_refused_on_resumption() {
    let site = Site::new();
    let tls = site.files().load().unwrap();
    let server = serve(&tls, Mode::TlsOnly).await;
    for version in VERSIONS {
        let (setup, caller) = short_lived(&site, &server, version).await;
        let refused = within(async {
            loop {
                let call = caller.call(server.addr).await.unwrap();
                assert!(call.resumed);
                if !call.answer.starts_with("HTTP/1.1 200 ") {
                    return call.answer;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
        assert!(refused.contains("has expired"), "{refused}");
        // It stays so, and whoever starts anew gets the alert.
        let call = caller.call(server.addr).await.unwrap();
        assert!(call.answer.starts_with("HTTP/1.1 403 "), "{call:?}");
        let alert = setup.caller().refused(server.addr).await;
        assert_eq!(alert, AlertDescription::CertificateExpired);
    }
}

/// A caller with a session and a certificate that is about to expire.
async fn short_lived(
    site: &Site,
    server: &support::Server,
    version: &'static SupportedProtocolVersion,
) -> (Setup, Caller) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    // Longer, where a machine was too busy for the handshake.
    for life in [2, 4, 8, 16] {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut params = params(1, &["client1"]);
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = epoch + Duration::from_secs(now.as_secs() + life);
        let setup = site.client(&site.clients.issue_as(params));
        let setup = setup.speaking(version);
        let caller = setup.caller();
        if caller.call(server.addr).await.is_ok() {
            return (setup, caller);
        }
    }
    panic!("no handshake within 16 s");
}

/// The same where the application brought its own verifier.
#[tokio::test]
async fn a_verifier_that_changes_its_mind_is_asked_on_resumption() {
    let site = Site::new();
    let mut roots = RootCertStore::empty();
    roots.add(site.clients.der.clone()).unwrap();
    let provider = oneport::tls::provider();
    let inner = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let moody = Arc::new(Moody {
        inner: inner.build().unwrap(),
        expired: AtomicBool::new(false),
    });
    let leaf = site.ca.server(1);
    let tls = TlsConfig::explaining_client_auth(moody.clone(), |verifier| {
        rustls::ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![leaf.der.clone()], leaf.private_key())
    });
    let server = serve(&tls.unwrap(), Mode::TlsOnly).await;
    let client = site.clients.issue(1, &["client1"]);
    for version in VERSIONS {
        moody.expired.store(false, Ordering::SeqCst);
        let caller = site.regular(&server, &client, version).await;
        moody.expired.store(true, Ordering::SeqCst);
        let call = caller.call(server.addr).await.unwrap();
        assert!(call.resumed, "otherwise it proves nothing");
        assert!(call.answer.starts_with("HTTP/1.1 403 "), "{call:?}");
        assert!(call.answer.contains("has expired"), "{call:?}");
        moody.expired.store(false, Ordering::SeqCst);
        let call = caller.call(server.addr).await.unwrap().served();
        assert!(call.resumed);
    }
}

#[derive(Debug)]
struct Moody {
    inner: Arc<dyn ClientCertVerifier>,
    expired: AtomicBool,
}

impl ClientCertVerifier for Moody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.expired.load(Ordering::SeqCst) {
            return Err(CertificateError::Expired.into());
        }
        self.inner.verify_client_cert(leaf, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
