//! An upload of 8 MiB over HTTP/2 that is refused. An answer ahead of the end
//! of the body has RST_STREAM behind it, and GOAWAY soon after: curl 7.88 said
//! "Stream error in the HTTP/2 framing layer" (0 of 15 saw the answer), Java's
//! HttpClient "GOAWAY received" (0 of 5), httpx LocalProtocolError (0 of 10).
//! 64 KiB were read before the answer, as in the lingering close such a cap in
//! bytes loses answers; with 16 MiB, bounded by time as before, all of them saw
//! it.
#![allow(clippy::unwrap_used)] // a test

mod support;

use oneport::Mode;
use oneport::layer::RequireTls;
use support::{Pki, Server, hello, output_of, told};
use tower::{Layer, service_fn};

async fn upload(pki: &Pki, url: &str, options: &[&str]) {
    let body = pki.directory.path().join("body");
    std::fs::write(&body, vec![b'x'; 8 * 1024 * 1024]).unwrap();
    let body = format!("@{}", body.display());
    let data = ["-sS", "-H", "Expect:", "--data-binary", &body, url];
    for _ in 0..10 {
        let answer = output_of("curl", &[options, &data].concat()).await;
        assert!(answer.starts_with("This port "), "{answer}");
    }
}

#[tokio::test]
async fn to_a_tls_only_port() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let url = format!("http://{}/", server.addr);
    upload(&pki, &url, &["--http2-prior-knowledge"]).await;
}

/// Where HTTP/2 is what curl, Java and browsers choose by themselves.
#[tokio::test]
async fn inside_tls() {
    let pki = Pki::new();
    let server = Server::answering_tls(&pki).await;
    let ca = pki.ca_path();
    let url = format!("https://localhost:{}/", server.addr.port());
    upload(&pki, &url, &["--cacert", ca.to_str().unwrap()]).await;
}

#[tokio::test]
async fn to_a_layer() {
    let pki = Pki::new();
    let tls = pki.tls();
    let app = RequireTls::new().layer(service_fn(hello));
    let server = Server::start(|listener, signal| {
        oneport::serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let url = format!("http://{}/", server.addr);
    upload(&pki, &url, &["--http2-prior-knowledge"]).await;
}
