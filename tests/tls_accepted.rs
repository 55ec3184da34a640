//! Certificate files that look wrong and are not: what is loaded, and that
//! clients take it.
#![cfg(all(
    unix,
    feature = "tls-files",
    any(feature = "aws-lc-rs", feature = "ring")
))]
#![allow(clippy::unwrap_used)] // A panic is how a test fails.

mod handshake;
mod pem_files;

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use oneport::tls::{self, TlsConfig, describe};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
};
use rustls::ServerConnection;
use rustls::version::{TLS12, TLS13};

use handshake::{client, handshake};
use pem_files::{Files, named};

fn server() -> CertificateParams {
    let mut params = named("localhost");
    params.subject_alt_names = vec![SanType::DnsName("localhost".try_into().unwrap())];
    params
}

fn ca(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
}

/// `ca.key`, and `server.key`.
fn key(files: &Files, name: &str) -> KeyPair {
    KeyPair::from_pem(&files.text(name)).unwrap()
}

/// rustls' clients and OpenSSL's, which trust `ca.crt`, take the chain.
#[track_caller]
fn clients_take(files: &Files, cert: &str) {
    let config = files
        .load(cert, "server.key")
        .unwrap_or_else(|error| panic!("{cert}: {error}"));
    for version in [&TLS13, &TLS12] {
        let client = client(&files.read("ca.crt"), &[version]);
        handshake(&client, config.current(), "localhost")
            .unwrap_or_else(|error| panic!("{cert}: {error}"));
        openssl_takes(files, &config);
    }
}

#[track_caller]
fn openssl_takes(files: &Files, config: &TlsConfig) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut connection = ServerConnection::new(config.current()).unwrap();
    let serving = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let patience = Some(Duration::from_secs(10));
        socket.set_read_timeout(patience).unwrap();
        // s_client says why it failed.
        let _ = connection.complete_io(&mut socket);
        connection.send_close_notify();
        let _ = connection.complete_io(&mut socket);
    });
    let mut client = Command::new("openssl")
        .args(["s_client", "-connect", &address, "-CAfile", "ca.crt"])
        .args(["-verify_return_error", "-verify_hostname", "localhost"])
        .current_dir(files.dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the openssl command is needed for this test");
    let _ = client.stdin.take().unwrap().write_all(b"Q\n");
    let output = client.wait_with_output().unwrap();
    serving.join().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.contains("Verify return code: 0 (ok)"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// `cat server.crt fullchain.pem` and the like.
#[test]
fn a_certificate_twice() {
    let files = Files::new();
    files.join("twice.pem", &["server.crt", "server.crt", "ca.crt"]);
    clients_take(&files, "twice.pem");
    files.join("root-twice.pem", &["server.crt", "ca.crt", "ca.crt"]);
    clients_take(&files, "root-twice.pem");
}

/// A CA whose key two roots have signed sends both certificates, so that a
/// client finds whichever root it has.
#[test]
fn a_cross_certificate() {
    let files = Files::new();
    let (root, old_root) = (ca("Test CA"), ca("Old root"));
    let (root_key, old_key) = (key(&files, "ca.key"), KeyPair::generate().unwrap());
    let (middle, middle_key) = (ca("Intermediate"), KeyPair::generate().unwrap());
    let leaf = server()
        .signed_by(
            &key(&files, "server.key"),
            &Issuer::from_params(&middle, &middle_key),
        )
        .unwrap();
    let by = |params: &CertificateParams, key: &KeyPair| {
        let issuer = Issuer::from_params(params, key);
        middle.signed_by(&middle_key, &issuer).unwrap().pem()
    };
    files.write("leaf.crt", leaf.pem());
    files.write("new.crt", by(&root, &root_key));
    files.write("old.crt", by(&old_root, &old_key));
    files.join("cross.pem", &["leaf.crt", "new.crt", "old.crt", "ca.crt"]);
    clients_take(&files, "cross.pem");
    // OpenSSL tries the first one only; rustls finds the other.
    files.join("cross.pem", &["leaf.crt", "old.crt", "new.crt"]);
    let config = files.load("cross.pem", "server.key").unwrap();
    let client = client(&files.read("ca.crt"), &[&TLS13]);
    handshake(&client, config.current(), "localhost").unwrap();
    files.join("short.pem", &["leaf.crt", "new.crt"]);
    clients_take(&files, "short.pem");
}

/// What `openssl req -x509` makes is a CA. rustls' clients refuse it, and the
/// rest of the world does not.
#[test]
fn a_self_signed_certificate_that_is_a_ca_and_has_names() {
    let files = Files::new();
    files.openssl(
        "req -x509 -key server.key -subj /CN=localhost -days 30 \
         -addext subjectAltName=DNS:localhost -out ca.crt",
    );
    assert!(describe::leaf(files.path("ca.crt")).unwrap().is_ca);
    openssl_takes(&files, &files.load("ca.crt", "server.key").unwrap());
}

#[test]
fn purposes_and_names_that_some_client_accepts() {
    let files = Files::new();
    let (ca_key, server_key) = (key(&files, "ca.key"), key(&files, "server.key"));
    let issuer = Issuer::new(ca("Test CA"), ca_key);
    let write = |params: &CertificateParams| {
        let certificate = params.signed_by(&server_key, &issuer).unwrap();
        files.write("made.crt", certificate.pem());
    };
    // OpenSSL looks for serverAuth, rustls too.
    let mut any = server();
    any.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::ServerAuth,
    ];
    write(&any);
    clients_take(&files, "made.crt");
    any.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    write(&any);
    files.load("made.crt", "server.key").unwrap();

    let mut spiffe = named("workload");
    let uri = "spiffe://example.org/api".try_into().unwrap();
    spiffe.subject_alt_names = vec![SanType::URI(uri)];
    write(&spiffe);
    files.load("made.crt", "server.key").unwrap();
}

/// An old root may follow its chain: clients look at no signature of a root.
#[test]
fn a_trailing_root_signed_with_sha1() {
    let files = Files::new();
    files.openssl("req -x509 -sha1 -key ca.key -subj /CN=Test_CA -days 30 -out root.crt");
    files.openssl("req -new -key server.key -subj /CN=localhost -out server.csr");
    files.write("san.ext", "subjectAltName=DNS:localhost\n");
    files.openssl(
        "x509 -req -in server.csr -CA root.crt -CAkey ca.key -set_serial 7 -days 30 \
         -extfile san.ext -out leaf.crt",
    );
    files.join("sha1-root.pem", &["leaf.crt", "root.crt"]);
    files.load("sha1-root.pem", "server.key").unwrap();
}

/// aws-lc-rs signs with it, ring does not.
#[cfg(feature = "aws-lc-rs")]
#[test]
fn p521() {
    let files = Files::new();
    files.openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.key");
    files.certify("p521.key", "p521.crt");
    let config = files.load("p521.crt", "p521.key").unwrap();
    openssl_takes(&files, &config);
}

/// Where the operator knows better.
#[test]
fn expired_certificates_and_pipes_on_request() {
    let files = Files::new();
    let mut expired = server();
    expired.not_after = rcgen::date_time_ymd(2020, 3, 31);
    let issuer = Issuer::new(ca("Test CA"), key(&files, "ca.key"));
    let expired = expired
        .signed_by(&key(&files, "server.key"), &issuer)
        .unwrap();
    let (cert, key) = (files.path("pipe.pem"), files.path("server.key"));
    let made = Command::new("mkfifo").arg(&cert).status();
    assert!(made.unwrap().success());
    let writer = {
        let cert = cert.clone();
        std::thread::spawn(move || std::fs::write(cert, expired.pem()))
    };
    tls::Files::new(cert, key)
        .accept_expired()
        .allow_special_files()
        .load()
        .unwrap();
    writer.join().unwrap().unwrap();
}

/// Pinning: the only client that is trusted has exactly this certificate.
#[test]
fn a_self_signed_leaf_as_client_ca() {
    let files = Files::new();
    let mine = named("client").self_signed(&KeyPair::generate().unwrap());
    files.write("client1.crt", mine.unwrap().pem());
    tls::Files::new(files.path("server.crt"), files.path("server.key"))
        .client_ca(files.path("client1.crt"))
        .load()
        .unwrap();
}

#[test]
fn revocation_lists_in_pem_and_der() {
    let files = Files::new();
    files.write(
        "index.txt",
        "R\t300101000000Z\t250101000000Z\t1234\tunknown\t/CN=client1\n",
    );
    files.write(
        "ca.cnf",
        "[ca]\ndefault_ca=this\n[this]\ndatabase=index.txt\n\
         default_md=sha256\n[whole]\nauthorityKeyIdentifier=keyid\n",
    );
    files.openssl(
        "ca -gencrl -config ca.cnf -keyfile ca.key -cert ca.crt -crldays 30 -crlexts whole \
         -out ca.crl",
    );
    files.openssl("crl -in ca.crl -outform DER -out der.crl");
    files.join("two.crl", &["ca.crl", "ca.crl"]);
    for (file, count) in [("ca.crl", 1), ("der.crl", 1), ("two.crl", 2)] {
        let crls = describe::crls(files.path(file)).unwrap();
        assert_eq!(crls.len(), count, "{file}");
        tls::Files::new(files.path("server.crt"), files.path("server.key"))
            .client_ca(files.path("ca.crt"))
            .client_crl(files.path(file))
            .load()
            .unwrap();
    }

    let crl = describe::crls(files.path("ca.crl")).unwrap().remove(0);
    assert_eq!(crl.issuer, "CN=Test CA");
    assert_eq!(crl.revoked, 1);
    let next = crl.next_update.unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    assert_eq!(next.duration_since(crl.this_update).unwrap(), 30 * day);
    assert!(!crl.is_outdated(SystemTime::now()));
    assert!(crl.is_outdated(next + day));
    let openssl = files.openssl("crl -in ca.crl -noout -nextupdate -lastupdate -dateopt iso_8601");
    let days: Vec<_> = openssl
        .lines()
        .map(|line| &line.split_once('=').unwrap().1[..10])
        .collect();
    assert_eq!(crl.next_update_on(), Some(days[0]));
    assert_eq!(
        crl.to_string(),
        format!(
            "1 revoked by CN=Test CA, made on {}, next list by {}",
            days[1], days[0]
        )
    );
}
