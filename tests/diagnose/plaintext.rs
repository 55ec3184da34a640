//! Clients that speak plaintext.

use oneport::Mode;
use oneport::client::Certainty::{Certain, MostLikely, Possible};

use crate::clients::{ALL, Client, Verdict};
use crate::servers::{Speaks, bare_tls, certificate_for, says, trust_in};
use crate::support::{Pki, Server, listen};

/// Every client that speaks plaintext, at this port.
async fn all_say(port: u16, expected: impl Fn(Client) -> Verdict) {
    let trust = trust_in(&Pki::new());
    for client in ALL {
        let outcome = client.ask(false, port, &trust).await;
        assert_eq!(
            outcome.verdict(),
            expected(client),
            "{client:?}: {outcome:?}"
        );
    }
}

const TLS: &str = "plaintext-to-tls";

/// It explains itself to everybody.
#[tokio::test]
async fn at_a_oneport() {
    let server = Server::with_mode(&Pki::new(), Mode::TlsOnly).await;
    all_say(server.addr.port(), |_| Some((TLS, Certain))).await;
}

/// The story of this module: seven bytes of an alert, which hyper takes for
/// "invalid HTTP version parsed", and h2 for a "frame with invalid size".
#[tokio::test]
async fn at_a_bare_tls_server() {
    let (config, _) = certificate_for("localhost");
    let expected = |client| match client {
        Client::HyperH2 | Client::Tonic => Some((TLS, Possible)),
        _ => Some((TLS, MostLikely)),
    };
    all_say(bare_tls(config).await, expected).await;
}

#[tokio::test]
async fn at_servers_that_explain_themselves() {
    let nginx = b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 70\r\n\
        Connection: close\r\n\r\n\
        <title>400 The plain HTTP request was sent to HTTPS port</title><hr>\r\n";
    let expected = |client| match client {
        Client::HyperH2 | Client::Tonic => Some((TLS, Possible)),
        _ => Some((TLS, Certain)),
    };
    all_say(says(nginx, Speaks::Second).await, expected).await;

    let go = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    let expected = |client| match client {
        Client::HyperH2 | Client::Tonic => Some((TLS, Possible)),
        // "HTTP version must be 1.1 or higher", and nothing else is kept.
        Client::Tungstenite => None,
        _ => Some((TLS, Certain)),
    };
    all_say(says(go, Speaks::Second).await, expected).await;
}

/// There is nothing to be said of them, or not with these words.
#[tokio::test]
async fn other_failures_are_not_explained() {
    let closes = says(b"", Speaks::Second).await;
    all_say(closes, |_| None).await;

    let nobody = listen().await.local_addr().unwrap().port();
    all_say(nobody, |_| None).await;
    let trust = trust_in(&Pki::new());
    for client in ALL {
        let outcome = client.ask(true, nobody, &trust).await;
        assert_eq!(outcome.verdict(), None, "{client:?}: {outcome:?}");
    }

    let unwell = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
    let expected = |client| match client {
        // HTTP/1 where HTTP/2 was due: the same bytes as an alert's, to h2.
        Client::HyperH2 | Client::Tonic => Some((TLS, Possible)),
        _ => None,
    };
    all_say(says(unwell, Speaks::Second).await, expected).await;
}

/// A client's own deadline is no mismatch.
#[tokio::test]
async fn a_deadline_is_not_explained() {
    let listener = listen().await;
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured((*trust_in(&Pki::new()).config).clone())
        .timeout(std::time::Duration::from_millis(50))
        .build()
        .unwrap();
    let error = client.get(url).send().await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(oneport::client::diagnose(&error), None);
}
