//! New files under a running server: what new connections get, what open ones
//! keep, which sessions go on, and what becomes of bad files.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use authority::{Authority, Folder, Issued};
use bytes::Bytes;
use caller::{Setup, VERSIONS, s_client, serial, serve};
use http::{Request, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use oneport::Mode;
use oneport::tls::{ClientAuth, Files, TlsConfig, TlsConfigError};
use support::{exchange, within};

/// A CA for the server with the files of its first certificate, and a CA for
/// clients with one of those.
struct Site {
    folder: Folder,
    ca: Authority,
    clients: Authority,
    client: Issued,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: Folder::new(),
            ca: Authority::new("servers"),
            clients: Authority::new("clients"),
            client: Authority::new("nobody").server(1),
        };
        let client = site.clients.issue(7, &["client1"]);
        site.folder.write("ca.crt", &site.ca.pem);
        site.folder.write("clients.crt", &site.clients.pem);
        site.folder.put("client1", &client);
        site.renew(1);
        Self { client, ..site }
    }

    /// Another certificate and another key.
    fn renew(&self, serial: u64) {
        self.folder.put("server", &self.ca.server(serial));
    }

    fn files(&self) -> Files {
        self.folder.server_files()
    }

    fn mutual(&self) -> Files {
        self.files().client_ca(self.folder.path("clients.crt"))
    }

    fn setup(&self) -> Setup {
        Setup::trusting(&self.ca).showing(&self.client)
    }
}

/// A connection on which requests can be sent one after the other.
enum Open {
    Http1(hyper::client::conn::http1::SendRequest<Empty<Bytes>>),
    Http2(hyper::client::conn::http2::SendRequest<Empty<Bytes>>),
}

impl Open {
    async fn new(site: &Site, server: &support::Server, alpn: &str) -> (Self, String) {
        let caller = site.setup().offering(&[alpn]).caller();
        let tls = caller.connect("localhost", server.addr).await.unwrap();
        let serial = serial(&tls.get_ref().1.peer_certificates().unwrap()[0]);
        let io = TokioIo::new(tls);
        let open = match alpn {
            "h2" => {
                let (sender, connection) =
                    hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                        .await
                        .unwrap();
                tokio::spawn(connection);
                Self::Http2(sender)
            }
            _ => {
                let (sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                Self::Http1(sender)
            }
        };
        (open, serial)
    }

    async fn ask(&mut self) -> String {
        let request = Request::get("https://localhost/").header("host", "localhost");
        let request = request.body(Empty::new()).unwrap();
        let response = match self {
            Self::Http1(sender) => within(sender.send_request(request)).await.unwrap(),
            Self::Http2(sender) => within(sender.send_request(request)).await.unwrap(),
        };
        let body = within(response.into_body().collect()).await.unwrap();
        String::from_utf8(body.to_bytes().to_vec()).unwrap()
    }
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_open_ones_live_on() {
    let site = Site::new();
    let tls = site.files().load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let (mut one, seen) = Open::new(&site, &server, "http/1.1").await;
    assert_eq!(seen, "01");
    let (mut two, seen) = Open::new(&site, &server, "h2").await;
    assert_eq!(seen, "01");
    let http1 = format!("tls {:?} GET \n", Version::HTTP_11);
    let http2 = format!("tls {:?} GET \n", Version::HTTP_2);
    assert_eq!((one.ask().await, two.ask().await), (http1, http2));

    site.renew(2);
    site.files().reload(&tls).unwrap();
    for alpn in ["http/1.1", "h2"] {
        let (mut new, seen) = Open::new(&site, &server, alpn).await;
        assert_eq!(seen, "02", "{alpn}");
        new.ask().await;
    }
    assert!(one.ask().await.starts_with("tls HTTP/1.1"));
    assert!(two.ask().await.starts_with("tls HTTP/2.0"));
}

/// What breaks a file.
type Breaking = fn(&Path);

#[tokio::test]
async fn bad_files_change_nothing() {
    let site = Site::new();
    let files = site.mutual();
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let kept = site.setup().caller();
    kept.call(server.addr).await.unwrap().served();

    let cases: [(&str, Breaking, fn(&TlsConfigError) -> bool); 6] = [
        (
            "server.crt",
            |path| {
                let whole = fs::read(path).unwrap();
                fs::write(path, &whole[..whole.len() / 2]).unwrap();
            },
            |error| matches!(error, TlsConfigError::MalformedPem { .. }),
        ),
        (
            "server.key",
            |path| {
                let other = rcgen::KeyPair::generate().unwrap();
                fs::write(path, other.serialize_pem()).unwrap();
            },
            |error| matches!(error, TlsConfigError::KeyMismatch { .. }),
        ),
        (
            "server.crt",
            |path| fs::remove_file(path).unwrap(),
            |error| matches!(error, TlsConfigError::NotFound { .. }),
        ),
        (
            "server.key",
            |path| fs::write(path, "").unwrap(),
            |error| matches!(error, TlsConfigError::Empty { .. }),
        ),
        (
            "clients.crt",
            |path| fs::remove_file(path).unwrap(),
            |error| matches!(error, TlsConfigError::NotFound { .. }),
        ),
        (
            "clients.crt",
            |path| fs::write(path, "no certificate").unwrap(),
            |error| matches!(error, TlsConfigError::NoCertificate { .. }),
        ),
    ];
    for (name, breaking, is_expected) in cases {
        let path = site.folder.path(name);
        let good = fs::read(&path).unwrap();
        breaking(&path);
        let before = tls.current();
        let error = files.reload(&tls).unwrap_err();
        assert!(is_expected(&error), "{name}: {error:?}");
        assert!(error.to_string().contains(name), "{error}");
        assert!(Arc::ptr_eq(&before, &tls.current()), "{name}");
        // Full and resumed, with a certificate and without.
        let call = site.setup().caller().call(server.addr).await.unwrap();
        assert_eq!(call.served().serial, "01", "{name}");
        let call = kept.call(server.addr).await.unwrap();
        assert!(call.served().resumed, "{name}");
        let nobody = Setup::trusting(&site.ca).caller();
        nobody.refused(server.addr).await;
        fs::write(&path, good).unwrap();
    }

    site.renew(2);
    files.reload(&tls).unwrap();
    let call = site.setup().caller().call(server.addr).await.unwrap();
    assert_eq!(call.served().serial, "02");
}

#[test]
fn an_error_names_the_file_it_is_about() {
    let site = Site::new();
    site.folder.put("second", &site.ca.server(2));
    let (cert, key) = (
        site.folder.path("second.crt"),
        site.folder.path("second.key"),
    );
    let files = site.files().and(&cert, &key);
    let tls = files.load().unwrap();

    fs::write(&cert, "").unwrap();
    let error = files.reload(&tls).unwrap_err();
    assert_eq!(error.path(), cert);
    assert!(error.to_string().contains("second.crt"), "{error}");

    site.folder.put("second", &site.ca.server(2));
    let other = rcgen::KeyPair::generate().unwrap();
    fs::write(&key, other.serialize_pem()).unwrap();
    let error = files.load().unwrap_err();
    assert_eq!(error.path(), cert);
    assert!(error.to_string().contains("second.key"), "{error}");
    assert!(!error.to_string().contains("server."), "{error}");

    fs::remove_file(&key).unwrap();
    let error = files.load().unwrap_err();
    assert_eq!(error.path(), key);
}

/// A renewal costs clients nothing, with client certificates and without.
#[tokio::test]
async fn a_renewed_certificate_keeps_sessions() {
    let site = Site::new();
    for files in [site.files(), site.mutual()] {
        for explain in [false, true] {
            for version in VERSIONS {
                let files = match explain {
                    true => files.clone().explain_client_auth(),
                    false => files.clone(),
                };
                site.renew(1);
                let tls = files.load().unwrap();
                let server = serve(&tls, Mode::Dual).await;
                let kept = site.setup().speaking(version).caller();
                assert!(!kept.call(server.addr).await.unwrap().served().resumed);
                assert!(kept.call(server.addr).await.unwrap().served().resumed);
                for renewed in [2, 3] {
                    site.renew(renewed);
                    files.reload(&tls).unwrap();
                    let call = kept.call(server.addr).await.unwrap().served();
                    assert!(call.resumed, "{explain}, {:?}", call.version);
                    let new = site.setup().speaking(version).caller();
                    let call = new.call(server.addr).await.unwrap().served();
                    assert_eq!(call.serial, format!("{renewed:02X}"));
                }
            }
        }
    }
}

#[tokio::test]
async fn openssl_resumes_after_a_renewal() {
    let site = Site::new();
    let files = site.mutual();
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let [ca, cert, key] =
        ["ca.crt", "client1.crt", "client1.key"].map(|name| site.folder.argument(name));
    for (renewed, version) in [(2, "-tls1_3"), (3, "-tls1_2")] {
        let session = site.folder.argument("session");
        let connect = async |option| {
            let options = [
                version,
                "-servername",
                "localhost",
                "-CAfile",
                &ca,
                "-verify_return_error",
                "-cert",
                &cert,
                "-key",
                &key,
                option,
                &session,
            ];
            let printed = s_client(server.addr, &options).await;
            assert!(printed.contains("tls HTTP/1.1 GET"), "{printed}");
            printed
        };
        let first = connect("-sess_out").await;
        assert!(first.contains("\nNew, TLSv1."), "{first}");
        site.renew(renewed);
        files.reload(&tls).unwrap();
        let second = connect("-sess_in").await;
        assert!(second.contains("\nReused, TLSv1."), "{second}");
        // Who is judged by other rules starts anew.
        let optional = files.clone().client_auth(ClientAuth::Optional);
        optional.reload(&tls).unwrap();
        let third = connect("-sess_in").await;
        assert!(third.contains("\nNew, TLSv1."), "{third}");
        files.reload(&tls).unwrap();
    }
}

/// A session that began under other rules does not resume, whichever rule it is
/// and in both directions: the client would be served unasked.
#[tokio::test]
async fn a_change_of_client_trust_starts_anew() {
    let site = Site::new();
    let others = Authority::new("other clients");
    site.folder.write("others.crt", &others.pem);
    site.folder.write("clients.crl", site.clients.crl(&[99]));
    site.folder.write("next.crl", site.clients.crl(&[98, 99]));
    let crl = |name| site.mutual().client_crl(site.folder.path(name));
    let changes = [
        (
            "another CA",
            site.mutual(),
            site.mutual().client_ca(site.folder.path("others.crt")),
        ),
        (
            "optional",
            site.mutual(),
            site.mutual().client_auth(ClientAuth::Optional),
        ),
        ("nobody is asked", site.files(), site.mutual()),
        ("a CRL", site.mutual(), crl("clients.crl")),
        ("another CRL", crl("clients.crl"), crl("next.crl")),
    ];
    for (what, one, other) in changes {
        for (from, to) in [(&one, &other), (&other, &one)] {
            for version in VERSIONS {
                for explain in [false, true] {
                    let also = |files: &Files| match explain {
                        true => files.clone().explain_client_auth(),
                        false => files.clone(),
                    };
                    let tls = also(from).load().unwrap();
                    let server = serve(&tls, Mode::Dual).await;
                    let kept = site.setup().speaking(version).caller();
                    kept.call(server.addr).await.unwrap().served();
                    assert!(kept.call(server.addr).await.unwrap().served().resumed);
                    also(to).reload(&tls).unwrap();
                    let call = kept.call(server.addr).await.unwrap().served();
                    assert!(!call.resumed, "{what}, {:?}, {explain}", call.version);
                    let new = site.setup().speaking(version).caller();
                    new.call(server.addr).await.unwrap().served();
                    let call = new.call(server.addr).await.unwrap().served();
                    assert!(call.resumed, "{what}, {:?}, {explain}", call.version);
                }
            }
        }
    }
}

/// Neither the order in a bundle nor how many files it is in is a rule.
#[tokio::test]
async fn the_same_trust_in_other_files_keeps_sessions() {
    let site = Site::new();
    let others = Authority::new("other clients");
    let (a, b) = (&site.clients.pem, &others.pem);
    site.folder.write("both.crt", format!("{a}{b}"));
    site.folder.write("turned.crt", format!("{b}{a}"));
    site.folder.write("others.crt", b);
    let tls = site.files().client_ca(site.folder.path("both.crt"));
    let tls = tls.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let kept = site.setup().caller();
    kept.call(server.addr).await.unwrap().served();
    for files in [
        site.files().client_ca(site.folder.path("turned.crt")),
        site.mutual().client_ca(site.folder.path("others.crt")),
    ] {
        files.reload(&tls).unwrap();
        assert!(kept.call(server.addr).await.unwrap().served().resumed);
    }
}

/// A `ServerConfig` does not tell whether it requires certificates; what is not
/// known must not open a way around the ones that were required.
#[tokio::test]
async fn plaintext_stays_refused_whatever_is_loaded() {
    let site = Site::new();
    for files in [site.mutual(), site.mutual().explain_client_auth()] {
        let tls = files.load().unwrap();
        let server = serve(&tls, Mode::Dual).await;
        let plain = || async {
            let answer = exchange(server.addr, caller::REQUEST).await;
            String::from_utf8(answer).unwrap()
        };
        assert!(plain().await.contains("requires TLS"));
        let leaf = site.ca.server(5);
        let raw = rustls::ServerConfig::builder_with_provider(oneport::tls::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der.clone()], leaf.private_key())
            .unwrap();
        for renewed in [TlsConfig::from(raw), site.files().load().unwrap()] {
            tls.reload(renewed);
            let answer = plain().await;
            assert!(answer.contains("requires TLS"), "{answer}");
        }
    }
}

/// Nobody fails when the certificate is swapped, as often as it may be: not in a
/// handshake, full or resumed, not in a request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_swaps_under_load() {
    const SWAPS: u64 = 20;
    let site = Arc::new(Site::new());
    let files = site.mutual();
    let tls = files.load().unwrap();
    let server = serve(&tls, Mode::Dual).await;
    let addr = server.addr;
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let stop = Arc::new(AtomicBool::new(false));
    let (full, resumed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));

    let clients: Vec<_> = (0..4)
        .map(|number| {
            let (site, seen, stop) = (site.clone(), seen.clone(), stop.clone());
            let (full, resumed) = (full.clone(), resumed.clone());
            tokio::spawn(async move {
                let setup = site.setup().speaking(VERSIONS[number % 2]);
                let kept = setup.caller();
                kept.call(addr).await.unwrap().served();
                while !stop.load(Ordering::SeqCst) {
                    let call = setup.caller().call(addr).await.unwrap().served();
                    assert!(!call.resumed);
                    seen.lock().unwrap().insert(call.serial);
                    full.fetch_add(1, Ordering::SeqCst);
                    let call = kept.call(addr).await.unwrap().served();
                    assert!(call.resumed, "a swap has cost a session");
                    resumed.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for serial in 2..2 + SWAPS {
        let (site, files, tls) = (site.clone(), files.clone(), tls.clone());
        let swap = move || {
            site.renew(serial);
            files.reload(&tls).unwrap();
        };
        tokio::task::spawn_blocking(swap).await.unwrap();
        let serial = format!("{serial:02X}");
        within(async {
            while !seen.lock().unwrap().contains(&serial) {
                assert!(clients.iter().all(|client| !client.is_finished()));
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        })
        .await;
    }
    stop.store(true, Ordering::SeqCst);
    for client in clients {
        within(client).await.unwrap();
    }
    assert!(full.load(Ordering::SeqCst) >= SWAPS as usize);
    assert!(resumed.load(Ordering::SeqCst) > 0);
}
