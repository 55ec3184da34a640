//! Certificates that clients do not accept, and those that they soon will not.

use oneport::Mode;
use oneport::client::ServerCertificateFault as Fault;
use oneport::client::probe::{Report, Severity};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::{found, probe, report, serve, verdict};
use crate::authority::{Authority, Folder, Issued, params};
use crate::support::Server;

/// With one's own chain, behind one's own checks: it is the client that is tested.
async fn showing(chain: &[&Issued], intermediates: &[&Authority]) -> Server {
    let certificates = chain.iter().map(|issued| issued.der.clone());
    let certificates = certificates.chain(intermediates.iter().map(|ca| ca.der.clone()));
    let provider = oneport::tls::provider();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates.collect(), chain[0].private_key())
        .unwrap();
    serve(config.into(), Mode::TlsOnly).await
}

async fn asked(server: &Server, folder: &Folder, ca: &str) -> Report {
    report(probe("https", server.addr).ca(folder.path(ca))).await
}

fn dated(from: i32, to: i32) -> CertificateParams {
    let mut params = params(1, &["localhost", "127.0.0.1"]);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params
}

#[tokio::test]
async fn what_is_wrong_with_a_certificate() {
    let folder = Folder::new();
    let ca = Authority::new("CA");
    folder.write("ca.crt", &ca.pem);
    for (params, fault, slug, words) in [
        (
            dated(2001, 2002),
            Fault::Expired,
            "server-certificate-expired",
            "2002-01-01",
        ),
        (
            dated(2101, 2102),
            Fault::NotYetValid,
            "server-certificate-not-yet-valid",
            "not valid yet",
        ),
        (
            params(1, &["other.test"]),
            Fault::WrongName,
            "server-certificate-wrong-name",
            "not valid for 127.0.0.1, only for other.test",
        ),
    ] {
        let server = showing(&[&ca.issue_as(params)], &[]).await;
        let report = asked(&server, &folder, "ca.crt").await;
        assert_eq!(report.tls.certificate_faults, [fault], "{report:#?}");
        assert_eq!(verdict(&report), slug);
        let finding = found(&report, slug);
        assert_eq!(finding.severity, Severity::Failure);
        assert!(finding.sentence.contains(words), "{finding:?}");
        // The port itself is asked for nothing but what it speaks.
        assert_eq!(
            verdict(&super::report(probe("", server.addr)).await),
            "works"
        );
    }
}

/// The seeds' own self-signed certificate, and CAs that nobody was given.
#[tokio::test]
async fn whom_to_trust() {
    let folder = Folder::new();
    let (ca, other) = (Authority::new("CA"), Authority::new("another CA"));
    folder.write("ca.crt", &ca.pem);
    folder.write("other.crt", &other.pem);
    let slug = "server-certificate-unknown-issuer";

    let server = showing(&[&ca.server(1)], &[]).await;
    assert_eq!(verdict(&asked(&server, &folder, "ca.crt").await), "works");
    let stranger = asked(&server, &folder, "other.crt").await;
    assert_eq!(verdict(&stranger), slug);
    assert!(
        found(&stranger, slug)
            .client
            .as_ref()
            .unwrap()
            .contains("--cacert")
    );
    // Whoever was given both has both.
    let both = probe("https", server.addr)
        .ca(folder.path("other.crt"))
        .ca(folder.path("ca.crt"));
    assert_eq!(verdict(&report(both).await), "works");
    // None of this machine's CAs.
    let system = report(probe("https", server.addr)).await;
    assert_eq!(verdict(&system), slug);
    assert!(
        found(&system, slug)
            .sentence
            .contains("this machine does not trust")
    );

    let key = KeyPair::generate().unwrap();
    let own = params(1, &["127.0.0.1"]).self_signed(&key).unwrap();
    folder.write("own.crt", own.pem());
    let own = Issued {
        der: own.der().clone(),
        pem: own.pem(),
        key,
    };
    let server = showing(&[&own], &[]).await;
    let stranger = asked(&server, &folder, "other.crt").await;
    assert!(
        found(&stranger, slug).sentence.contains("is self-signed"),
        "{stranger:#?}"
    );
    assert_eq!(verdict(&asked(&server, &folder, "own.crt").await), "works");
}

#[tokio::test]
async fn an_intermediate_is_missing() {
    let folder = Folder::new();
    let root = Authority::new("root");
    let middle = root.authority("middle");
    folder.write("ca.crt", &root.pem);
    let leaf = middle.server(1);
    let whole = showing(&[&leaf], &[&middle]).await;
    assert_eq!(verdict(&asked(&whole, &folder, "ca.crt").await), "works");
    let alone = showing(&[&leaf], &[]).await;
    let report = asked(&alone, &folder, "ca.crt").await;
    let slug = "server-certificate-unknown-issuer";
    assert_eq!(verdict(&report), slug);
    let finding = found(&report, slug);
    assert!(
        finding.sentence.contains("lead to CN=middle"),
        "{finding:?}"
    );
    assert!(finding.server.as_ref().unwrap().contains("fullchain.pem"));
}

#[tokio::test]
async fn it_expires_soon() {
    let folder = Folder::new();
    let ca = Authority::new("CA");
    folder.write("ca.crt", &ca.pem);
    let mut params = params(1, &["127.0.0.1"]);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1)
        + std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
        + std::time::Duration::from_secs(5 * 24 * 60 * 60 + 60);
    let server = showing(&[&ca.issue_as(params)], &[]).await;
    let report = asked(&server, &folder, "ca.crt").await;
    assert_eq!(verdict(&report), "works");
    let finding = found(&report, "server-certificate-expires-soon");
    assert_eq!(finding.severity, Severity::Warning);
}

/// A check from inside the container, of the certificate for the outside.
#[tokio::test]
async fn another_server_name() {
    let folder = Folder::new();
    let ca = Authority::new("CA");
    folder.write("ca.crt", &ca.pem);
    let server = showing(&[&ca.issue(1, &["example.test"])], &[]).await;
    let probe = || probe("https", server.addr).ca(folder.path("ca.crt"));
    assert_eq!(
        verdict(&report(probe()).await),
        "server-certificate-wrong-name"
    );
    let named = report(probe().server_name("example.test")).await;
    assert_eq!(verdict(&named), "works");
    assert_eq!(named.server_name, "example.test");
    let error = probe().server_name("no name").run().await.unwrap_err();
    assert!(
        error.to_string().contains("neither a host name nor"),
        "{error}"
    );
}

/// What cannot be read is said before anybody is asked.
#[tokio::test]
async fn files_that_cannot_be_used() {
    let folder = Folder::new();
    folder.write("empty.crt", "");
    folder.put("server", &Authority::new("CA").server(1));
    let addr = "127.0.0.1:1".parse().unwrap();
    for (file, words) in [("missing.crt", "missing.crt"), ("empty.crt", "empty")] {
        let error = probe("https", addr)
            .ca(folder.path(file))
            .run()
            .await
            .unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
    let probe = probe("https", addr).identity(folder.path("server.key"), folder.path("server.key"));
    let error = probe.run().await.unwrap_err();
    assert!(error.to_string().contains("server.key"), "{error}");
}
