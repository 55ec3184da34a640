//! Who a client is: what the application finds in `ConnInfo` is what the
//! certificate says, over every HTTP and on resumed sessions too.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use authority::{Authority, Folder, Issued, params};
use bytes::Bytes;
use caller::{Setup, VERSIONS};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use oneport::ConnInfo;
use oneport::tls::{AltName, ClientAuth, ClientIdentity, Files};
use rcgen::{DnType, SanType};
use support::{Server, exchange, output_of, told};
use tower::service_fn;

struct Site {
    folder: Folder,
    ca: Authority,
    clients: Authority,
    client: Issued,
}

impl Site {
    fn new() -> Self {
        let (folder, ca) = (Folder::new(), Authority::new("servers"));
        let clients = Authority::new("clients");
        let mut params = params(0xF00D, &["client1.test", "192.0.2.7", "2001:db8::7"]);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::OrganizationName, "Acme");
        params
            .distinguished_name
            .push(DnType::CommonName, "client1");
        params.subject_alt_names.extend([
            SanType::Rfc822Name("who@client1.test".try_into().unwrap()),
            SanType::URI("spiffe://acme.test/billing".try_into().unwrap()),
        ]);
        let client = clients.issue_as(params);
        folder.write("ca.crt", &ca.pem);
        folder.write("clients.crt", &clients.pem);
        folder.put("server", &ca.server(1));
        folder.put("client1", &client);
        Self {
            folder,
            ca,
            clients,
            client,
        }
    }

    fn files(&self) -> Files {
        let files = self.folder.server_files();
        files.client_ca(self.folder.path("clients.crt"))
    }

    fn setup(&self) -> Setup {
        Setup::trusting(&self.ca).showing(&self.client)
    }
}

/// The connections that the application has seen.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<ConnInfo>>>);

impl Seen {
    /// The only one since the last time.
    #[track_caller]
    fn take(&self) -> ConnInfo {
        let mut seen = self.0.lock().unwrap();
        assert_eq!(seen.len(), 1);
        seen.pop().unwrap()
    }
}

async fn serve(files: Files) -> (Server, Seen) {
    let (tls, seen) = (files.load().unwrap(), Seen::default());
    let note = seen.clone();
    let app = service_fn(move |request: Request<Incoming>| {
        let info = request.extensions().get::<ConnInfo>().unwrap();
        note.0.lock().unwrap().push(info.clone());
        async { Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("seen\n"))) }
    });
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    (server, seen)
}

fn identity(info: &ConnInfo) -> Option<ClientIdentity> {
    info.tls().unwrap().client_identity.clone()
}

#[tokio::test]
async fn it_says_what_openssl_says() {
    let site = Site::new();
    let (server, seen) = serve(site.files()).await;
    let call = site.setup().caller().call(server.addr).await;
    call.unwrap().served();
    let client = identity(&seen.take()).unwrap();

    let file = site.folder.argument("client1.crt");
    let openssl = async |options: &[&str]| {
        let options = [&["x509", "-in", &file, "-noout"], options].concat();
        output_of("openssl", &options).await.trim().to_owned()
    };
    let serial = openssl(&["-serial"]).await;
    assert_eq!(serial, format!("serial={}", client.serial()));
    let fingerprint = openssl(&["-fingerprint", "-sha256"]).await;
    let (_, fingerprint) = fingerprint.split_once('=').unwrap();
    assert_eq!(fingerprint, client.sha256());
    let subject = openssl(&["-subject", "-nameopt", "sep_comma_plus_space"]).await;
    assert_eq!(subject, format!("subject={}", client.subject()));
    assert_eq!(client.subject(), "O=Acme, CN=client1");

    assert_eq!(
        client.alt_names(),
        [
            AltName::Dns("client1.test".into()),
            AltName::Ip("192.0.2.7".parse().unwrap()),
            AltName::Ip("2001:db8::7".parse().unwrap()),
            AltName::Email("who@client1.test".into()),
            AltName::Uri("spiffe://acme.test/billing".into()),
        ]
    );
    let printed = openssl(&["-ext", "subjectAltName"]).await;
    for name in client.alt_names() {
        let name = match name {
            // openssl prints it in its own form.
            AltName::Ip(address) => match address.is_ipv4() {
                true => format!("IP Address:{address}"),
                false => "IP Address:2001:DB8:0:0:0:0:0:7".to_owned(),
            },
            name => name.to_string(),
        };
        assert!(printed.contains(&name), "{name}: {printed}");
    }
    assert_eq!(*client.leaf(), site.client.der);
    assert_eq!(client.chain(), std::slice::from_ref(&site.client.der));
    let summary = client.summary().unwrap();
    assert_eq!(summary.issuer, "CN=clients");
    assert!(!format!("{client:?}").contains("CERTIFICATE"));
}

#[tokio::test]
async fn it_is_there_over_every_http_and_after_resumption() {
    let site = Site::new();
    for files in [site.files(), site.files().explain_client_auth()] {
        let (server, seen) = serve(files).await;
        for version in VERSIONS {
            let caller = site.setup().speaking(version).caller();
            for resumed in [false, true, true] {
                caller.call(server.addr).await.unwrap().served();
                let info = seen.take();
                assert_eq!(info.tls().unwrap().resumed, resumed);
                assert_eq!(info.tls().unwrap().version, version.version);
                let client = identity(&info).unwrap();
                assert_eq!(*client.leaf(), site.client.der);
                assert_eq!(client.serial(), "F00D");
            }
        }
        let [ca, cert, key] =
            ["ca.crt", "client1.crt", "client1.key"].map(|name| site.folder.argument(name));
        let url = format!("https://localhost:{}/", server.addr.port());
        for (option, version) in [
            ("--http1.1", http::Version::HTTP_11),
            ("--http2", http::Version::HTTP_2),
        ] {
            let options = [
                "-sS", option, "--cacert", &ca, "--cert", &cert, "--key", &key, &url,
            ];
            assert_eq!(output_of("curl", &options).await, "seen\n");
            let info = seen.take();
            assert_eq!(info.http_version(), version);
            assert_eq!(*identity(&info).unwrap().leaf(), site.client.der);
        }
    }
}

/// Of a chain, the client's own certificate is the identity.
#[tokio::test]
async fn a_client_behind_an_intermediate() {
    let site = Site::new();
    let department = site.clients.authority("department");
    let client = department.issue(5, &["client5"]);
    let setup = Setup::trusting(&site.ca).showing_chain(&client, &[&department]);
    let (server, seen) = serve(site.files()).await;
    setup.caller().call(server.addr).await.unwrap().served();
    let identity = identity(&seen.take()).unwrap();
    assert_eq!(*identity.leaf(), client.der);
    assert_eq!(identity.chain(), [client.der, department.der]);
    assert_eq!(identity.subject(), "CN=client5");
}

#[tokio::test]
async fn nobody_is_nobody() {
    let site = Site::new();
    let optional = site.files().client_auth(ClientAuth::Optional);
    let nobody = Setup::trusting(&site.ca);
    // Who shows one unasked is not asked about it.
    for (files, setup) in [
        (optional.clone(), nobody.clone()),
        (optional.clone().explain_client_auth(), nobody),
        (site.folder.server_files(), site.setup()),
    ] {
        let (server, seen) = serve(files).await;
        let caller = setup.caller();
        for resumed in [false, true] {
            caller.call(server.addr).await.unwrap().served();
            let info = seen.take();
            assert_eq!(info.tls().unwrap().resumed, resumed);
            assert_eq!(identity(&info), None);
        }
    }
    let (server, seen) = serve(optional).await;
    let answer = exchange(server.addr, caller::REQUEST).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    assert!(seen.take().tls().is_none());
}

/// Two clients that share nothing but the server, and its ticket keys.
#[tokio::test]
async fn sessions_belong_to_one_client_each() {
    let site = Site::new();
    let other = site.clients.issue(2, &["client2"]);
    let (server, seen) = serve(site.files()).await;
    let one = site.setup().caller();
    let two = Setup::trusting(&site.ca).showing(&other).caller();
    for _ in 0..3 {
        one.call(server.addr).await.unwrap().served();
        assert_eq!(*identity(&seen.take()).unwrap().leaf(), site.client.der);
        two.call(server.addr).await.unwrap().served();
        assert_eq!(*identity(&seen.take()).unwrap().leaf(), other.der);
    }
}
