//! Whom a connector trusts.

use oneport::Mode;
use oneport::client::{
    Cause, Certainty, Connector, ConnectorBuilder, ConnectorError, Roots, ServerCertificateFault,
};
use oneport::tls::{Role, TlsConfigError};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use crate::authority::params;
use crate::caller::serve;
use crate::site::{Site, diagnosis, fault, url};
use crate::support::Server;

/// Only what it is told to.
fn nobody() -> ConnectorBuilder {
    Connector::builder().roots(Roots::None)
}

async fn refuses(connector: &Connector, url: &str, expected: ServerCertificateFault) {
    let error = fault(connector, url).await;
    let found = diagnosis(&error);
    assert_eq!(
        found.cause(),
        Cause::ServerCertificate(expected),
        "{error:?}"
    );
    assert_eq!(found.certainty(), Certainty::Certain);
    let source = std::error::Error::source(&error).unwrap();
    assert!(
        source.to_string().starts_with("invalid peer certificate"),
        "{source}"
    );
}

/// With this certificate, valid or not.
async fn serve_as(site: &Site, name: &str) -> Server {
    let path = |ending| site.folder.path(&format!("{name}.{ending}"));
    let files = oneport::tls::Files::new(path("crt"), path("key")).accept_expired();
    serve(&files.load().unwrap(), Mode::TlsOnly).await
}

#[tokio::test]
async fn another_ca() {
    let site = Site::new();
    let server = site.serve(Mode::TlsOnly).await;
    let connector = nobody()
        .ca(site.folder.path("clients.crt"))
        .build()
        .unwrap();
    let url = url("https", server.addr);
    refuses(&connector, &url, ServerCertificateFault::UnknownIssuer).await;
    let said = fault(&connector, &url).await.to_string();
    assert!(said.contains("Connector::builder().ca(path)"), "{said}");
}

#[tokio::test]
async fn several_cas_in_one_file_and_in_several() {
    let site = Site::new();
    let server = site.serve(Mode::TlsOnly).await;
    let folder = &site.folder;
    folder.write("bundle.crt", format!("{}{}", site.clients.pem, site.ca.pem));
    folder.write("ca.der", &site.ca.der);
    let url = url("https", server.addr);
    for files in [&["bundle.crt"][..], &["ca.der"], &["clients.crt", "ca.crt"]] {
        let mut builder = nobody();
        for file in files {
            builder = builder.ca(folder.path(file));
        }
        builder.build().unwrap().connect(&*url).await.unwrap();
    }
}

#[tokio::test]
async fn days_and_names() {
    let site = Site::new();
    let folder = &site.folder;
    let dated = |from, to| {
        let mut params = params(9, &["localhost"]);
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        site.ca.issue_as(params)
    };
    folder.put("expired", &dated(2020, 2021));
    folder.put("early", &dated(2090, 2091));
    folder.put("other", &site.ca.issue(10, &["example.org"]));
    let wrong = Cause::ServerCertificate(ServerCertificateFault::WrongName);
    for (name, expected) in [
        ("expired", ServerCertificateFault::Expired),
        ("early", ServerCertificateFault::NotYetValid),
        ("other", ServerCertificateFault::WrongName),
    ] {
        let server = serve_as(&site, name).await;
        let url = url("https", server.addr);
        refuses(&site.connector(), &url, expected).await;
        // The certificate itself is no better.
        let pinned = nobody().ca(folder.path(&format!("{name}.crt"))).build();
        refuses(&pinned.unwrap(), &url, expected).await;

        let any_name = site.builder().danger_accept_invalid_hostnames().build();
        let any_name = any_name.unwrap().connect(&*url).await;
        assert_eq!(
            any_name.is_ok(),
            Cause::ServerCertificate(expected) == wrong
        );
        let any = nobody().danger_accept_invalid_certs().build().unwrap();
        any.connect(&*url).await.unwrap();
    }
}

/// What one switch lets in, and the other does not.
#[tokio::test]
async fn the_dangerous_switches() {
    let site = Site::new();
    let server = site.serve(Mode::TlsOnly).await;
    let url = url("wss", server.addr);
    let stranger = || nobody().ca(site.folder.path("clients.crt"));
    let any_name = stranger()
        .danger_accept_invalid_hostnames()
        .build()
        .unwrap();
    refuses(&any_name, &url, ServerCertificateFault::UnknownIssuer).await;
    for builder in [
        stranger().danger_accept_invalid_certs(),
        stranger()
            .danger_accept_invalid_certs()
            .danger_accept_invalid_hostnames(),
    ] {
        let any = builder.build().unwrap();
        any.connect(&*url).await.unwrap();
        assert!(format!("{any:?}").contains("danger_accept_invalid_certs: true"));
    }
    let shown = format!("{any_name:?}");
    assert!(
        shown.contains("danger_accept_invalid_hostnames: true"),
        "{shown}"
    );
    assert!(!format!("{:?}", site.connector()).contains("danger"));
}

/// A leaf is trusted as itself, for its names, and for nothing that it signs.
#[tokio::test]
async fn a_leaf_is_trusted_as_itself() {
    let site = Site::new();
    let server = site.serve(Mode::TlsOnly).await;
    let folder = &site.folder;
    let pinned = nobody().ca(folder.path("server.crt")).build().unwrap();
    pinned.connect(url("https", server.addr)).await.unwrap();

    // The same CA's, for the same names, is another one.
    folder.put("second", &site.ca.server(11));
    let second = serve_as(&site, "second").await;
    refuses(
        &pinned,
        &url("https", second.addr),
        ServerCertificateFault::UnknownIssuer,
    )
    .await;

    // A leaf that signs.
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = params(12, &["leaf"]).self_signed(&leaf_key).unwrap();
    folder.write("leaf.crt", leaf.pem());
    let signer = rcgen::Issuer::new(params(12, &["leaf"]), leaf_key);
    let key = KeyPair::generate().unwrap();
    let signed = params(13, &["localhost"]).signed_by(&key, &signer).unwrap();
    folder.write("signed.crt", signed.pem());
    folder.write("signed.key", key.serialize_pem());
    let server = serve_as(&site, "signed").await;
    let pinned = nobody().ca(folder.path("leaf.crt")).build().unwrap();
    refuses(
        &pinned,
        &url("https", server.addr),
        ServerCertificateFault::UnknownIssuer,
    )
    .await;
}

/// `serverSS.crt`, and what `openssl req -x509` makes: a CA for itself.
#[tokio::test]
async fn self_signed_certificates() {
    let site = Site::new();
    for (name, is_ca) in [
        ("leaf", IsCa::ExplicitNoCa),
        ("unsaid", IsCa::NoCa),
        ("ca", IsCa::Ca(BasicConstraints::Unconstrained)),
    ] {
        let name = format!("self-{name}");
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = is_ca;
        let own = params.self_signed(&key).unwrap();
        site.folder.write(&format!("{name}.crt"), own.pem());
        site.folder
            .write(&format!("{name}.key"), key.serialize_pem());
        let server = serve_as(&site, &name).await;
        let connector = nobody()
            .ca(site.folder.path(&format!("{name}.crt")))
            .build();
        let connector = connector.unwrap();
        connector.connect(url("https", server.addr)).await.unwrap();
        let by_address = format!("https://{}/", server.addr);
        refuses(&connector, &by_address, ServerCertificateFault::WrongName).await;
        refuses(
            &site.connector(),
            &url("https", server.addr),
            ServerCertificateFault::UnknownIssuer,
        )
        .await;
    }
}

#[test]
fn files_that_are_no_cas() {
    let site = Site::new();
    site.folder.write("empty.crt", "");
    site.folder.write("text.crt", "hello");
    for (file, words) in [
        ("none.crt", "does not exist"),
        ("empty.crt", "is empty"),
        (
            "text.crt",
            "expected the PEM certificates of the CAs that sign server",
        ),
        ("server.key", "holds a private key and no certificate"),
    ] {
        let path = site.folder.path(file);
        let error = nobody().ca(&path).build().unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with(&format!("CA file {}", path.display())),
            "{said}"
        );
        assert!(said.contains(words), "{said}");
        let ConnectorError::File(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.path(), path);
        if let TlsConfigError::NotFound { role, .. } = error {
            assert_eq!(role, Role::ServerCa);
        }
    }
    let error = nobody().build().unwrap_err();
    assert!(matches!(
        error,
        ConnectorError::NothingTrusted { path: None }
    ));
}
