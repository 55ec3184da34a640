//! What a certificate that is named, or a check that is switched off, does not let
//! in.

use std::process::Command;
use std::sync::Arc;

use oneport::Mode;
use oneport::client::{Connector, Roots};
use rcgen::KeyPair;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::authority::params;
use crate::caller::serve;
use crate::site::{Site, fault, url};
use crate::support::listen;

fn openssl(site: &Site, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split_whitespace());
    let done = command.current_dir(site.folder.root()).output().unwrap();
    assert!(done.status.success(), "{arguments}: {done:?}");
}

/// Version 1 has no field that tells CAs from others. One that another CA has issued
/// is no root, and what it signs is not trusted.
#[tokio::test]
async fn an_old_leaf_is_no_ca() {
    let site = Site::new();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    openssl(
        &site,
        &format!("req -x509 {key} -keyout root.key -out root.crt -subj /CN=root -days 9"),
    );
    site.folder.write("san.ext", "subjectAltName=DNS:localhost");
    for (name, signer, extra) in [("old", "root", ""), ("signed", "old", "-extfile san.ext")] {
        openssl(
            &site,
            &format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"),
        );
        openssl(
            &site,
            &format!(
                "x509 -req -in {name}.csr -CA {signer}.crt -CAkey {signer}.key -set_serial 2 -days 9 \
             -out {name}.crt {extra}"
            ),
        );
    }
    let path = |file: &str| site.folder.path(file);
    let files = oneport::tls::Files::new(path("signed.crt"), path("signed.key"));
    let server = serve(&files.load().unwrap(), Mode::TlsOnly).await;
    let pinned = Connector::builder().roots(Roots::None).ca(path("old.crt"));
    fault(&pinned.build().unwrap(), &url("https", server.addr)).await;
}

/// Names do not matter then, and all else does.
#[tokio::test]
async fn any_name_is_not_any_certificate() {
    let site = Site::new();
    let pinned = |name: &str| {
        let builder = Connector::builder().roots(Roots::None);
        let builder = builder.ca(site.folder.path(&format!("{name}.crt")));
        builder.danger_accept_invalid_hostnames().build().unwrap()
    };
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = params(12, &["leaf"]).self_signed(&leaf_key).unwrap();
    site.folder.write("leaf.crt", leaf.pem());
    let signer = rcgen::Issuer::new(params(12, &["leaf"]), leaf_key);
    let key = KeyPair::generate().unwrap();
    let signed = params(13, &["other"]).signed_by(&key, &signer).unwrap();
    site.folder.write("signed.crt", signed.pem());
    site.folder.write("signed.key", key.serialize_pem());
    let mut expired = params(14, &["other"]);
    expired.not_before = rcgen::date_time_ymd(2020, 1, 1);
    expired.not_after = rcgen::date_time_ymd(2021, 1, 1);
    site.folder.put("expired", &site.ca.issue_as(expired));

    for (shown, trusted) in [
        ("signed", "leaf"),
        ("expired", "expired"),
        ("expired", "ca"),
        ("server", "client"),
    ] {
        let path = |ending| site.folder.path(&format!("{shown}.{ending}"));
        let files = oneport::tls::Files::new(path("crt"), path("key")).accept_expired();
        let server = serve(&files.load().unwrap(), Mode::TlsOnly).await;
        fault(&pinned(trusted), &url("https", server.addr)).await;
    }
}

/// Shows a certificate whose key it does not have.
#[derive(Debug)]
struct Thief(Arc<CertifiedKey>);

impl ResolvesServerCert for Thief {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// Not even with every check off is the key not looked at.
#[tokio::test]
async fn a_certificate_without_its_key() {
    let site = Site::new();
    let provider = oneport::tls::provider();
    let own = site.ca.server(20);
    let stolen = site.ca.server(21);
    let key = provider.key_provider.load_private_key(own.private_key());
    let thief = Thief(CertifiedKey::new(vec![stolen.der.clone()], key.unwrap()).into());
    let thief = Arc::new(thief);
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(thief.clone());
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = listen().await;
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let _ = acceptor.accept(tcp).await;
            }
        });
        for builder in [
            site.builder(),
            site.builder().danger_accept_invalid_hostnames(),
            site.builder().danger_accept_invalid_certs(),
        ] {
            fault(&builder.build().unwrap(), &url("https", addr)).await;
        }
    }
}

/// rustls panics at a name that no ClientHello can hold.
#[test]
fn protocols_that_are_none() {
    let site = Site::new();
    for length in [0, 256] {
        let builder = site.builder().alpn([vec![b'x'; length]]);
        let error = builder.build().unwrap_err();
        assert!(error.to_string().contains("expected 1 to 255"), "{error}");
    }
    site.builder().alpn([[b'x'; 255]]).build().unwrap();
}
