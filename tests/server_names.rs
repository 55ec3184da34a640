//! Which certificate a client gets that asks for a server name (SNI), and what
//! becomes of names that nobody knows.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod log_capture;
mod support;

use authority::{Authority, Folder, params};
use caller::{Setup, VERSIONS, s_client, serve};
use log_capture::Log;
use oneport::Mode;
use oneport::tls::{Files, UnknownNames};
use rustls::{AlertDescription, Error};
use support::output_of;

struct Site {
    folder: Folder,
    ca: Authority,
}

impl Site {
    /// Certificate 1 is for localhost, 2 for `a.test`, 3 for `*.b.test`.
    fn new() -> Self {
        let (folder, ca) = (Folder::new(), Authority::new("servers"));
        folder.write("ca.crt", &ca.pem);
        folder.put("server", &ca.server(1));
        folder.put("a", &ca.issue(2, &["a.test", "also.a.test"]));
        folder.put("b", &ca.issue(3, &["*.b.test"]));
        Self { folder, ca }
    }

    fn files(&self) -> Files {
        let path = |name: &str| self.folder.path(name);
        let files = self.folder.server_files();
        let files = files.and(path("a.crt"), path("a.key"));
        files.and(path("b.crt"), path("b.key"))
    }
}

/// What `openssl s_client` got for this name; it does not check names by itself.
async fn serial_for(addr: std::net::SocketAddr, name: &str) -> String {
    let name = match name {
        "" => vec!["-noservername"],
        name => vec!["-servername", name],
    };
    let printed = s_client(addr, &name).await;
    let begin = printed.find("-----BEGIN CERTIFICATE").expect(&printed);
    let end = begin + printed[begin..].find("-----END").unwrap();
    let pem = format!("{}-----END CERTIFICATE-----\n", &printed[begin..end]);
    let folder = Folder::new();
    folder.write("leaf.pem", pem);
    let file = folder.argument("leaf.pem");
    let serial = output_of("openssl", &["x509", "-noout", "-serial", "-in", &file]).await;
    serial.trim().trim_start_matches("serial=").to_owned()
}

#[tokio::test]
async fn the_name_chooses_the_certificate() {
    let site = Site::new();
    let server = serve(&site.files().load().unwrap(), Mode::Dual).await;
    for (name, serial) in [
        ("localhost", "01"),
        ("a.test", "02"),
        ("A.Test", "02"),
        ("also.a.test", "02"),
        ("x.b.test", "03"),
        ("y.b.test", "03"),
        // The first one is for everybody else.
        ("b.test", "01"),
        ("x.y.b.test", "01"),
        ("c.test", "01"),
        ("", "01"),
    ] {
        assert_eq!(serial_for(server.addr, name).await, serial, "{name:?}");
    }
    // And a client that checks: each name, in both versions; an address is no
    // server name (RFC 6066 3).
    for version in VERSIONS {
        for (name, serial) in [
            ("localhost", "01"),
            ("127.0.0.1", "01"),
            ("a.test", "02"),
            ("x.b.test", "03"),
        ] {
            let caller = Setup::trusting(&site.ca).speaking(version).caller();
            let call = caller.call_as(name, server.addr).await.unwrap();
            assert_eq!(call.served().serial, serial, "{name}");
            let again = caller.call_as(name, server.addr).await.unwrap();
            assert!(again.served().resumed, "{name}");
        }
    }
}

#[tokio::test]
async fn unknown_names_are_refused_where_that_was_asked() {
    let (log, _guard) = Log::capture();
    let site = Site::new();
    let files = site.files().unknown_names(UnknownNames::Refuse);
    let server = serve(&files.load().unwrap(), Mode::Dual).await;
    for version in VERSIONS {
        let caller = Setup::trusting(&site.ca).speaking(version).caller();
        for name in ["c.test", "b.test", "x.y.b.test"] {
            let refused = caller.connect(name, server.addr).await.unwrap_err();
            let refused = refused.get_ref().unwrap().downcast_ref::<Error>();
            let alert = Error::AlertReceived(AlertDescription::UnrecognisedName);
            assert_eq!(refused, Some(&alert), "{name}");
        }
        for name in ["localhost", "127.0.0.1", "a.test", "x.b.test"] {
            let call = caller.call_as(name, server.addr).await.unwrap();
            call.served();
        }
    }
    for version in ["-tls1_2", "-tls1_3"] {
        let options = [version, "-servername", "nobody.test"];
        let printed = s_client(server.addr, &options).await;
        assert!(printed.contains("unrecognized name"), "{printed}");
        assert!(printed.contains("no peer certificate"), "{printed}");
    }
    assert_eq!(serial_for(server.addr, "").await, "01");

    // Whatever the names: a client has as many of them as it likes.
    let lines = log.lines_with("no certificate here is for this server name");
    assert_eq!(lines.len(), 1, "repeated ones are folded: {lines:#?}");
    assert!(lines[0].contains("the TLS handshake for \"c.test\" failed: "));
    assert!(lines[0].contains("remedy=\"let the client ask for a name"));
}

/// One certificate is enough to refuse other names.
#[tokio::test]
async fn one_certificate_refuses_other_names_too() {
    let site = Site::new();
    let files = site.folder.server_files();
    let files = files.unknown_names(UnknownNames::Refuse);
    let server = serve(&files.load().unwrap(), Mode::Dual).await;
    let caller = Setup::trusting(&site.ca).caller();
    caller.call(server.addr).await.unwrap().served();
    let refused = caller.connect("a.test", server.addr).await;
    assert!(refused.is_err());
}

/// A reload may bring names and take them.
#[tokio::test]
async fn a_reload_changes_the_names() {
    let site = Site::new();
    let files = site.files().unknown_names(UnknownNames::Refuse);
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let caller = Setup::trusting(&site.ca).caller();
    for (then, now) in [("a.test", "new.test"), ("new.test", "a.test")] {
        let call = caller.call_as(then, server.addr).await.unwrap();
        call.served();
        site.folder.put("a", &site.ca.issue(4, &[now]));
        files.reload(&tls).unwrap();
        // Its session would resume; but the name is not served any more.
        assert!(caller.connect(then, server.addr).await.is_err());
        let call = caller.call_as(now, server.addr).await.unwrap();
        call.served();
    }
}

/// RSA and ECDSA for one name, as for clients of two generations.
#[tokio::test]
async fn a_client_gets_the_certificate_whose_signature_it_understands() {
    let site = Site::new();
    let (key, cert) = (site.folder.argument("rsa.key"), site.folder.path("rsa.crt"));
    let bits = ["genpkey", "-quiet", "-algorithm", "RSA", "-out", &key];
    output_of("openssl", &bits).await;
    let rsa = rcgen::KeyPair::from_pem(&std::fs::read_to_string(&key).unwrap()).unwrap();
    let rsa = site.ca.issue_for(rsa, params(9, &["localhost"]));
    std::fs::write(&cert, &rsa.pem).unwrap();

    let ecdsa_first = site.folder.server_files().and(&cert, &key);
    let server_crt = (
        site.folder.path("server.crt"),
        site.folder.path("server.key"),
    );
    let rsa_first = Files::new(&cert, &key).and(server_crt.0, server_crt.1);
    for (files, default) in [(ecdsa_first, "ECDSA"), (rsa_first, "RSA")] {
        let server = serve(&files.load().unwrap(), Mode::Dual).await;
        let ca = site.folder.argument("ca.crt");
        for (options, signature) in [
            (&["-tls1_2", "-sigalgs", "RSA+SHA256"][..], "RSA"),
            (&["-tls1_2", "-sigalgs", "RSA-PSS+SHA256"], "RSA"),
            (&["-tls1_3", "-sigalgs", "RSA-PSS+SHA256"], "RSA"),
            (&["-tls1_2", "-sigalgs", "ECDSA+SHA256"], "ECDSA"),
            (&["-tls1_3", "-sigalgs", "ECDSA+SHA256"], "ECDSA"),
            // Those that know both get what stands first.
            (&["-tls1_2"], default),
            (&["-tls1_3"], default),
        ] {
            let mut all = vec!["-servername", "localhost", "-CAfile", &ca];
            all.extend(options);
            // The CA signs by ECDSA, which a client that knows only RSA says no
            // to; whose certificate it is is seen all the same.
            let printed = s_client(server.addr, &all).await;
            let line = printed
                .lines()
                .find(|it| it.starts_with("Peer signature type:"));
            let kind = line
                .expect(&printed)
                .trim_start_matches("Peer signature type: ");
            assert!(kind.starts_with(signature), "{options:?}: {kind}");
        }
    }
}
