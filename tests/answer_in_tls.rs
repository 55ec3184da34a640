//! A TLS client of a plaintext-only port is answered inside TLS.
#![allow(clippy::unwrap_used)] // a test

mod support;

use oneport::Mismatch;
use support::{Pki, Server, curl_over_tls, output_of};

/// Without it, 4 of 39 TLS clients name the problem; with it, 32.
#[tokio::test]
async fn tls_to_a_plaintext_only_port_is_told_in_http() {
    let pki = Pki::new();
    let server = Server::answering_tls(&pki).await;
    let sentence = Mismatch::TlsToPlaintext.sentence();
    let answer = curl_over_tls(&pki, &server, &["--http1.1"]).await;
    assert!(
        answer.starts_with(&format!("HTTP/1.1 421 {sentence}\r\n")),
        "{answer}"
    );
    for header in [
        format!("\r\nx-error: {sentence}\r\n"),
        "\r\noneport-mismatch: tls-to-plaintext\r\n".to_owned(),
        "\r\nconnection: close\r\n".to_owned(),
        format!("\r\ncontent-length: {}\r\n", sentence.len() + 1),
    ] {
        assert!(answer.contains(&header), "{header}: {answer}");
    }
    assert!(
        answer.ends_with(&format!("\r\n\r\n{sentence}\n")),
        "{answer}"
    );
    // Never a redirect: most clients follow one from https to http silently.
    assert!(!answer.to_lowercase().contains("\r\nlocation:"), "{answer}");
    let answer = curl_over_tls(&pki, &server, &["--http2"]).await;
    assert!(answer.starts_with("HTTP/2 421"), "{answer}");
    assert!(answer.ends_with(&format!("{sentence}\n")), "{answer}");
    let grpc = ["--http2", "-H", "content-type: application/grpc", "-d", "x"];
    let answer = curl_over_tls(&pki, &server, &grpc).await;
    assert!(answer.contains("grpc-status: 9"), "{answer}");
    assert!(
        answer.contains(&format!("grpc-message: {sentence}")),
        "{answer}"
    );
}

#[tokio::test]
async fn plaintext_is_served_beside_it() {
    let pki = Pki::new();
    let server = Server::answering_tls(&pki).await;
    let url = format!("http://{}/", server.addr);
    assert_eq!(
        output_of("curl", &["-sS", &url]).await,
        "plaintext HTTP/1.1 GET \n"
    );
}

/// A large upload inside TLS: the answer is read all the same.
#[tokio::test]
async fn an_upload_inside_tls_is_answered() {
    let pki = Pki::new();
    let server = Server::answering_tls(&pki).await;
    let body = pki.directory.path().join("body");
    std::fs::write(&body, vec![b'x'; 8 * 1024 * 1024]).unwrap();
    let body = format!("@{}", body.display());
    for _ in 0..10 {
        let upload = ["--http1.1", "-H", "Expect:", "--data-binary", &body];
        let answer = curl_over_tls(&pki, &server, &upload).await;
        assert!(answer.starts_with("HTTP/1.1 421 "), "{answer}");
    }
}
