//! The extractors for axum 0.8: who is at the other end, without a word about
//! extensions.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a test

mod authority;
mod caller;
mod support;

use authority::{Authority, Folder, Issued};
use axum::Router;
use axum::routing::get;
use caller::Setup;
use oneport::ConnInfo;
use oneport::tls::{ClientAuth, ClientIdentity};
use support::{Server, output_of, told};

fn app() -> Router {
    Router::new()
        .route(
            "/who",
            get(|client: ClientIdentity| async move { client.subject().to_owned() }),
        )
        .route(
            "/greet",
            get(|client: Option<ClientIdentity>| async move {
                client.map_or("nobody".to_owned(), |client| client.serial().to_owned())
            }),
        )
        .route(
            "/info",
            get(|info: ConnInfo| async move {
                let scheme = if info.is_tls() { "https" } else { "http" };
                format!("{scheme} {}", info.peer())
            }),
        )
}

struct Site {
    folder: Folder,
    ca: Authority,
    client: Issued,
    server: Server,
}

impl Site {
    async fn new() -> Self {
        let (folder, ca) = (Folder::new(), Authority::new("servers"));
        let clients = Authority::new("clients");
        let client = clients.issue(7, &["client1"]);
        folder.write("ca.crt", &ca.pem);
        folder.write("clients.crt", &clients.pem);
        folder.put("server", &ca.server(1));
        folder.put("client1", &client);
        let files = folder.server_files();
        let files = files.client_ca(folder.path("clients.crt"));
        let files = files.client_auth(ClientAuth::Optional);
        let tls = files.load().unwrap();
        let server = Server::start(|listener, signal| {
            oneport::serve_dual(listener, tls, app())
                .with_graceful_shutdown(told(signal))
                .into_future()
        })
        .await;
        Self {
            folder,
            ca,
            client,
            server,
        }
    }

    /// Head and body, as `curl -i` prints them.
    async fn get(&self, scheme: &str, path: &str, options: &[&str]) -> String {
        let ca = self.folder.argument("ca.crt");
        let url = format!("{scheme}://localhost:{}{path}", self.server.addr.port());
        let all = [&["-sSi", "-4", "--cacert", &ca], options, &[&url]].concat();
        output_of("curl", &all).await
    }
}

#[tokio::test]
async fn a_client_with_a_certificate_gets_to_every_handler() {
    let site = Site::new().await;
    let [cert, key] = ["client1.crt", "client1.key"].map(|name| site.folder.argument(name));
    let client = ["--cert", &cert, "--key", &key];
    for version in ["--http1.1", "--http2"] {
        let options = [&client[..], &[version]].concat();
        for (path, body) in [
            ("/who", "CN=client1"),
            ("/greet", "07"),
            ("/info", "https 127.0.0.1:"),
        ] {
            let answer = site.get("https", path, &options).await;
            let (head, said) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.contains(" 200"), "{answer}");
            assert!(said.starts_with(body), "{answer}");
        }
    }
    // And one that resumes.
    let caller = Setup::trusting(&site.ca).showing(&site.client).caller();
    for resumed in [false, true] {
        let call = caller.call(site.server.addr).await.unwrap();
        assert_eq!(call.resumed, resumed);
    }
}

#[tokio::test]
async fn a_client_without_one_is_told_what_to_do() {
    let site = Site::new().await;
    for (scheme, version) in [
        ("https", "--http1.1"),
        ("https", "--http2"),
        ("http", "--http1.1"),
        ("http", "--http2-prior-knowledge"),
    ] {
        let answer = site.get(scheme, "/who", &[version]).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 403"), "{answer}");
        let sentence = "This port requires a client certificate from a CA that it trusts: ";
        assert!(body.starts_with(sentence), "{answer}");
        let answer = site.get(scheme, "/greet", &[version]).await;
        assert!(answer.ends_with("\r\n\r\nnobody"), "{answer}");
        let answer = site.get(scheme, "/info", &[version]).await;
        let info = format!("\r\n\r\n{scheme} 127.0.0.1:");
        assert!(answer.contains(&info), "{answer}");
    }
}

/// `axum::serve` puts nothing into its requests: that is the server's mistake,
/// not the client's, and no reason to let anybody in.
#[tokio::test]
async fn elsewhere_it_is_the_servers_mistake() {
    let listener = support::listen().await;
    let addr = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, app()).into_future());
    for path in ["/who", "/greet", "/info"] {
        let url = format!("http://{addr}{path}");
        let answer = output_of("curl", &["-sSi", &url]).await;
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert!(answer.contains("oneport::serve_dual"), "{answer}");
    }
    serving.abort();
}
