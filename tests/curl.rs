//! curl over everything it speaks.
#![allow(clippy::unwrap_used)] // a test

mod support;

use oneport::Mode;
use support::{Pki, Server, output_of, run};

#[tokio::test]
async fn one_port_serves_every_version_over_both_transports() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let ca = pki.ca_path();
    let ca = ["--cacert", ca.to_str().unwrap()];
    let port = server.addr.port();
    let table: [(&[&str], &str, &str); 8] = [
        (&[], "http", "plaintext HTTP/1.1 GET \n"),
        (&["--http1.0"], "http", "plaintext HTTP/1.0 GET \n"),
        (
            &["--http2-prior-knowledge"],
            "http",
            "plaintext HTTP/2.0 GET \n",
        ),
        (&["--http1.1"], "https", "tls HTTP/1.1 GET \n"),
        (&["--http1.0"], "https", "tls HTTP/1.0 GET \n"),
        (&["--http2"], "https", "tls HTTP/2.0 GET \n"),
        (&["--tls-max", "1.2"], "https", "tls HTTP/2.0 GET \n"),
        (&["--no-alpn"], "https", "tls HTTP/1.1 GET \n"),
    ];
    for (options, scheme, expected) in table {
        let url = format!("{scheme}://localhost:{port}/");
        let arguments = [&["-sS", "-4"], &ca[..], options, &[&url]].concat();
        assert_eq!(output_of("curl", &arguments).await, expected, "{options:?}");
    }
    assert_eq!(server.shut_down().await.unwrap(), oneport::Drained::Clean);
}

#[tokio::test]
async fn bodies_arrive_with_and_without_expect_continue() {
    let pki = Pki::new();
    let server = Server::dual(&pki).await;
    let ca = pki.ca_path();
    let ca = ["--cacert", ca.to_str().unwrap()];
    let port = server.addr.port();
    for scheme in ["http", "https"] {
        for options in [
            &["--http1.1"][..],
            &["--http1.1", "-H", "Expect: 100-continue"],
        ] {
            let url = format!("{scheme}://localhost:{port}/");
            let data = ["-d", "a body"];
            let arguments = [&["-sS", "-4"], &ca[..], options, &data, &[&url]].concat();
            let answer = output_of("curl", &arguments).await;
            assert!(
                answer.ends_with(" POST a body\n"),
                "{scheme} {options:?}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn plaintext_on_a_tls_only_port_is_told_what_to_do() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::TlsOnly).await;
    let url = format!("http://{}/", server.addr);
    let sentence =
        "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://).";

    let answer = output_of("curl", &["-sS", "-i", &url]).await;
    assert!(
        answer.starts_with(&format!("HTTP/1.1 426 {sentence}\r\n")),
        "{answer}"
    );
    let lower = answer.to_lowercase();
    for header in [
        "\r\nconnection: upgrade, close\r\n",
        "\r\nupgrade: tls/1.2, http/1.1\r\n",
        "\r\noneport-mismatch: plaintext-to-tls\r\n",
        "\r\naccess-control-allow-origin: *\r\n",
        "\r\ncache-control: no-store\r\n",
        "\r\ncontent-type: text/plain; charset=utf-8\r\n",
        &format!("\r\nx-error: {}\r\n", sentence.to_lowercase()),
    ] {
        assert!(lower.contains(header), "{header:?} in {answer}");
    }
    assert!(
        answer.ends_with(&format!(
            "\r\n\r\n{sentence}\nClient sent an HTTP request to an HTTPS server.\n"
        )),
        "{answer}"
    );

    let head = output_of("curl", &["-sS", "-I", &url]).await;
    assert!(head.starts_with("HTTP/1.1 426 "), "{head}");
    assert!(head.ends_with("\r\n\r\n"), "{head}");

    let old = output_of("curl", &["-sS", "-i", "--http1.0", &url]).await;
    assert!(old.starts_with("HTTP/1.0 426 "), "{old}");
    assert!(!old.to_lowercase().contains("\r\nupgrade:"), "{old}");

    let h2 = output_of("curl", &["-sS", "-i", "--http2-prior-knowledge", &url]).await;
    assert!(h2.starts_with("HTTP/2 421 "), "{h2}");
    assert!(h2.contains(sentence), "{h2}");

    let h2 = ["-sS", "-i", "--http2-prior-knowledge", "-d", "a=b", &url];
    let h2 = output_of("curl", &h2).await;
    assert!(h2.starts_with("HTTP/2 421 "), "{h2}");
}

#[tokio::test]
async fn tls_on_a_plaintext_only_port_is_told_in_http() {
    let pki = Pki::new();
    let server = Server::with_mode(&pki, Mode::PlaintextOnly).await;
    let url = format!("https://{}/", server.addr);
    let output = run("curl", &["-sS", &url]).await;
    assert_eq!(output.status.code(), Some(35), "{output:?}");
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("wrong version number"), "{words}");
}
