//! Which client certificates are accepted, what the others are told in the
//! handshake, and what plaintext gets beside that.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod support;

use authority::{Authority, Folder, Issued, params};
use caller::{Setup, VERSIONS, serve};
use oneport::Mode;
use oneport::tls::{ClientAuth, Files};
use rustls::AlertDescription;
use support::{exchange, output_of, run};

/// A server's certificate, two CAs for clients, and one that nobody trusts.
struct Site {
    folder: Folder,
    ca: Authority,
    first: Authority,
    second: Authority,
    stranger: Authority,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: Folder::new(),
            ca: Authority::new("servers"),
            first: Authority::new("MyLocalCA4Clients"),
            second: Authority::new("second"),
            stranger: Authority::new("stranger"),
        };
        site.folder.write("ca.crt", &site.ca.pem);
        site.folder.put("server", &site.ca.server(1));
        site.folder.write("ca4clients.crt", &site.first.pem);
        site.folder.write("second.crt", &site.second.pem);
        let both = format!("{}{}", site.first.pem, site.second.pem);
        site.folder.write("bundle.crt", both);
        site
    }

    /// Client certificates from these files.
    fn files(&self, cas: &[&str]) -> Files {
        let files = self.folder.server_files();
        cas.iter()
            .fold(files, |files, ca| files.client_ca(self.folder.path(ca)))
    }

    fn nobody(&self) -> Setup {
        Setup::trusting(&self.ca)
    }

    fn client(&self, client: &Issued) -> Setup {
        self.nobody().showing(client)
    }
}

fn expired(ca: &Authority) -> Issued {
    let mut params = params(3, &["client1"]);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    ca.issue_as(params)
}

fn not_yet_valid(ca: &Authority) -> Issued {
    let mut params = params(4, &["client1"]);
    params.not_before = rcgen::date_time_ymd(2090, 1, 1);
    params.not_after = rcgen::date_time_ymd(2091, 1, 1);
    ca.issue_as(params)
}

#[tokio::test]
async fn required_refuses_with_the_alert_that_says_why() {
    let site = Site::new();
    let tls = site.files(&["ca4clients.crt"]).load().unwrap();
    let server = serve(&tls, Mode::TlsOnly).await;
    for version in VERSIONS {
        let cases = [
            // 116, which is TLS 1.3's (RFC 8446 6.2): rustls sends it in TLS 1.2
            // too, and clients name it there.
            (site.nobody(), AlertDescription::CertificateRequired),
            (
                site.client(&site.stranger.issue(1, &["client1"])),
                AlertDescription::UnknownCA,
            ),
            (
                site.client(&expired(&site.first)),
                AlertDescription::CertificateExpired,
            ),
            (
                site.client(&not_yet_valid(&site.first)),
                AlertDescription::CertificateExpired,
            ),
        ];
        for (setup, alert) in cases {
            let caller = setup.speaking(version).caller();
            assert_eq!(caller.refused(server.addr).await, alert, "{version:?}");
            // A client that was refused has nothing to resume.
            assert_eq!(caller.refused(server.addr).await, alert, "{version:?}");
        }
        let good = site.client(&site.first.issue(1, &["client1"]));
        let call = good.speaking(version).caller().call(server.addr).await;
        call.unwrap().served();
    }
}

#[tokio::test]
async fn optional_serves_who_has_none_and_refuses_who_has_a_bad_one() {
    let site = Site::new();
    let files = site.files(&["ca4clients.crt"]);
    let files = files.client_auth(ClientAuth::Optional);
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    for version in VERSIONS {
        let nobody = site.nobody().speaking(version).caller();
        nobody.call(server.addr).await.unwrap().served();
        let good = site.client(&site.first.issue(1, &["client1"]));
        let good = good.speaking(version).caller();
        good.call(server.addr).await.unwrap().served();
        for (bad, alert) in [
            (
                site.stranger.issue(1, &["client1"]),
                AlertDescription::UnknownCA,
            ),
            (expired(&site.first), AlertDescription::CertificateExpired),
        ] {
            let bad = site.client(&bad).speaking(version).caller();
            assert_eq!(bad.refused(server.addr).await, alert);
        }
    }
    // Who needs no certificate does not need TLS for it.
    let answer = exchange(server.addr, caller::REQUEST).await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.ends_with("plaintext HTTP/1.1 GET \n"), "{answer}");
}

#[tokio::test]
async fn several_cas_in_one_file_or_in_several() {
    let site = Site::new();
    let stranger = site.stranger.issue(1, &["client1"]);
    for cas in [&["bundle.crt"][..], &["ca4clients.crt", "second.crt"]] {
        let tls = site.files(cas).load().unwrap();
        let server = serve(&tls, Mode::TlsOnly).await;
        for ca in [&site.first, &site.second] {
            let client = site.client(&ca.issue(1, &["client1"])).caller();
            client.call(server.addr).await.unwrap().served();
        }
        let stranger = site.client(&stranger).caller();
        let alert = stranger.refused(server.addr).await;
        assert_eq!(alert, AlertDescription::UnknownCA, "{cas:?}");
    }
}

/// An intermediate that the client sends along, and one that it does not.
#[tokio::test]
async fn a_chain_leads_to_the_trusted_ca() {
    let site = Site::new();
    let tls = site.files(&["ca4clients.crt"]).load().unwrap();
    let server = serve(&tls, Mode::TlsOnly).await;
    let intermediate = site.first.authority("department");
    let client = intermediate.issue(1, &["client1"]);
    let whole = site.nobody().showing_chain(&client, &[&intermediate]);
    whole.caller().call(server.addr).await.unwrap().served();
    let alert = site.client(&client).caller().refused(server.addr).await;
    assert_eq!(alert, AlertDescription::UnknownCA);
}

/// `client_ca` says so: a client's own certificate, if it is self-signed, is that
/// one client's.
#[tokio::test]
async fn a_self_signed_client_is_trusted_by_its_own_certificate() {
    let site = Site::new();
    let own = |name: &str| {
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = params(1, &[name]).self_signed(&key).unwrap();
        Issued {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key,
        }
    };
    let (known, unknown) = (own("known"), own("unknown"));
    site.folder.write("known.crt", &known.pem);
    let tls = site.files(&["known.crt"]).load().unwrap();
    let server = serve(&tls, Mode::TlsOnly).await;
    let known = site.client(&known).caller();
    known.call(server.addr).await.unwrap().served();
    site.client(&unknown).caller().refused(server.addr).await;
}

/// What people see. `curl` as the mutual TLS of the field is tried out, with the
/// file names that its scripts make.
#[tokio::test]
async fn five_times_curl() {
    let site = Site::new();
    let tls = site.files(&["ca4clients.crt"]).load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let put = |name, issued| site.folder.put(name, &issued);
    put("client1", site.first.issue(1, &["client1"]));
    put("wrong", site.stranger.issue(1, &["client1"]));
    put("expired", expired(&site.first));
    let ca = site.folder.argument("ca.crt");
    let url = format!("https://localhost:{}/", server.addr.port());
    let curl = async |client: Option<&str>| {
        let [cert, key] = ["crt", "key"]
            .map(|kind| client.map(|name| site.folder.argument(&format!("{name}.{kind}"))));
        let mut options = vec!["-sS", "--max-time", "20", "--cacert", &ca];
        if let (Some(cert), Some(key)) = (&cert, &key) {
            options.extend(["--cert", cert, "--key", key]);
        }
        options.push(&url);
        run("curl", &options).await
    };
    for (client, says) in [
        (None, "certificate required"),
        (Some("wrong"), "unknown ca"),
        (Some("expired"), "certificate expired"),
    ] {
        let output = curl(client).await;
        assert!(!output.status.success(), "{output:?}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(says), "{client:?}: {error}");
    }
    let output = curl(Some("client1")).await;
    assert_eq!(output.stdout, b"tls HTTP/2.0 GET \n", "{output:?}");
    let plain = format!("http://localhost:{}/", server.addr.port());
    let answer = output_of("curl", &["-sSi", "--max-time", "20", &plain]).await;
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
}

#[tokio::test]
async fn plaintext_beside_required_certificates_is_told_so() {
    let site = Site::new();
    let files = site.files(&["ca4clients.crt"]);
    for files in [files.clone(), files.explain_client_auth()] {
        let server = serve(&files.load().unwrap(), Mode::Dual).await;
        let answer = exchange(server.addr, caller::REQUEST).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("This port requires TLS"), "{answer}");
    }
}
