//! Mutual TLS.

use oneport::Mode;
use oneport::client::probe::{ClientCertificate, Probe};
use oneport::tls::{ClientAuth, Files};

use super::{found, probe, report, serve, verdict};
use crate::authority::{Authority, Folder};
use crate::support::Server;

struct Site {
    folder: Folder,
}

impl Site {
    fn new() -> Self {
        let folder = Folder::new();
        let (ca, clients) = (Authority::new("servers"), Authority::new("clients"));
        folder.write("ca.crt", &ca.pem);
        folder.write("clients.crt", &clients.pem);
        folder.put("server", &ca.server(1));
        folder.put("client1", &clients.issue(2, &["client1.test"]));
        folder.put("stranger", &Authority::new("others").issue(3, &["x.test"]));
        Self { folder }
    }

    async fn serve(&self, change: impl FnOnce(Files) -> Files) -> Server {
        let files = self.folder.server_files();
        let files = files.client_ca(self.folder.path("clients.crt"));
        serve(change(files).load().unwrap(), Mode::TlsOnly).await
    }

    fn probe(&self, server: &Server, client: Option<&str>) -> Probe {
        let probe = probe("https", server.addr)
            .ca(self.folder.path("ca.crt"))
            .server_name("localhost");
        let path = |client: &str, end: &str| self.folder.path(&format!("{client}.{end}"));
        match client {
            Some(client) => probe.identity(path(client, "crt"), path(client, "key")),
            None => probe,
        }
    }
}

/// rustls tells TLS 1.3 clients after they are done; the answer must not get
/// lost between a write and a reset. Many runs: it is a race.
#[tokio::test]
async fn a_required_certificate_is_named_every_time() {
    let site = Site::new();
    let server = site.serve(|files| files).await;
    for run in 0..50 {
        let report = report(site.probe(&server, None).brief()).await;
        assert_eq!(
            verdict(&report),
            "client-certificate-missing",
            "{run}: {report:#?}"
        );
    }
    let report = report(site.probe(&server, None)).await;
    assert_eq!(
        verdict(&report),
        "client-certificate-missing",
        "{report:#?}"
    );
    let asked = &report.tls.client_certificate;
    assert!(matches!(asked, ClientCertificate::Required(_)), "{asked:?}");
    let finding = found(&report, "client-certificate-missing");
    assert!(finding.client.as_ref().unwrap().contains("--cert"));
    assert!(finding.server.as_ref().unwrap().contains("--client-ca"));
}

#[tokio::test]
async fn each_certificate_at_each_server() {
    let site = Site::new();
    let required = site.serve(|files| files).await;
    let optional = site
        .serve(|files| files.client_auth(ClientAuth::Optional))
        .await;
    let explained = site.serve(Files::explain_client_auth).await;
    for (server, client, expected) in [
        (&required, Some("client1"), "works"),
        (
            &required,
            Some("stranger"),
            "client-certificate-unknown-issuer",
        ),
        (&optional, None, "works"),
        (&optional, Some("client1"), "works"),
        (
            &optional,
            Some("stranger"),
            "client-certificate-unknown-issuer",
        ),
        (&explained, None, "client-certificate-missing"),
        (&explained, Some("client1"), "works"),
    ] {
        let report = report(site.probe(server, client)).await;
        assert_eq!(verdict(&report), expected, "{client:?}: {report:#?}");
        let asked = &report.tls.client_certificate;
        match (expected, client) {
            ("works", None) => assert_eq!(*asked, ClientCertificate::Requested),
            ("works", Some(_)) => assert_eq!(*asked, ClientCertificate::Accepted),
            _ => assert!(matches!(asked, ClientCertificate::Required(_)), "{asked:?}"),
        }
    }
}

/// OpenSSL's TLS 1.2 has one alert for "no certificate" and "no cipher suite".
#[tokio::test]
async fn tls12_has_no_word_for_it() {
    let site = Site::new();
    let provider = oneport::tls::provider();
    let mut roots = rustls::RootCertStore::empty();
    let ca = std::fs::read(site.folder.path("clients.crt")).unwrap();
    let ca =
        <rustls::pki_types::CertificateDer as rustls::pki_types::pem::PemObject>::from_pem_slice(
            &ca,
        );
    roots.add(ca.unwrap()).unwrap();
    let verifier =
        rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .unwrap();
    let shown = Authority::new("servers").server(1);
    site.folder.write("own.crt", &shown.pem);
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![shown.der.clone()], shown.private_key())
        .unwrap();
    let server = serve(config.into(), Mode::TlsOnly).await;
    let probe = probe("https", server.addr)
        .ca(site.folder.path("own.crt"))
        .server_name("localhost");
    let report = report(probe).await;
    assert_eq!(
        verdict(&report),
        "client-certificate-missing",
        "{report:#?}"
    );
    found(&report, "tls12-only");
}
