//! Redirects: followed on the port, reported elsewhere.

use std::convert::Infallible;

use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use oneport::client::Probe;
use oneport::client::probe::{Next, Report};
use oneport::{Mode, Redirect, serve_dual};
use tower::service_fn;

use super::{found, report, verdict};
use crate::support::{Pki, Server, hello, told};

/// Redirects by path.
async fn lead(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let (status, location) = match request.uri().path() {
        "/loop" => (302, "/back"),
        "/back" => (302, "/loop"),
        "/self" => (301, "/self"),
        "/once" => (307, "ok"),
        "/away" => (302, "https://example.test/"),
        "/down" => (302, "http://127.0.0.1:1/"),
        "/gone" => (302, "/missing"),
        "/missing" => (404, ""),
        path if path.starts_with("/more") => (302, "x"),
        _ => (200, ""),
    };
    let more = format!("{}x", request.uri().path());
    let location = if location == "x" { &more } else { location };
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    if !location.is_empty() {
        let headers = response.headers_mut();
        headers.insert("location", location.parse().unwrap());
        headers.insert("strict-transport-security", "max-age=60".parse().unwrap());
    }
    Ok(response)
}

async fn server(pki: &Pki) -> Server {
    let tls = pki.tls();
    Server::start(|listener, signal| {
        serve_dual(listener, tls, service_fn(lead))
            .mode(Mode::Dual)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

async fn asked(pki: &Pki, server: &Server, scheme: &str, path: &str) -> Report {
    let url = format!("{scheme}://127.0.0.1:{}{path}", server.addr.port());
    report(Probe::new(&url).unwrap().ca(pki.ca_path())).await
}

#[tokio::test]
async fn where_they_lead() {
    let pki = Pki::new();
    let server = server(&pki).await;
    for scheme in ["http", "https"] {
        for (path, expected, next) in [
            ("/loop", "redirect-loop", &[Next::Here, Next::Loop][..]),
            ("/self", "redirect-loop", &[Next::Loop]),
            ("/once", "works", &[Next::Here]),
            ("/away", "works", &[Next::Elsewhere]),
            ("/gone", "status", &[Next::Here]),
            (
                "/more",
                "works",
                &[
                    Next::Here,
                    Next::Here,
                    Next::Here,
                    Next::Here,
                    Next::Here,
                    Next::TooMany,
                ],
            ),
        ] {
            let report = asked(&pki, &server, scheme, path).await;
            assert_eq!(verdict(&report), expected, "{scheme} {path}: {report:#?}");
            let led: Vec<_> = report.redirects.iter().map(|hop| hop.next).collect();
            assert_eq!(led, next, "{scheme} {path}");
        }
    }
    found(
        &asked(&pki, &server, "https", "/down").await,
        "redirect-to-plaintext",
    );
    found(
        &asked(&pki, &server, "http", "/away").await,
        "redirect-elsewhere",
    );
    found(
        &asked(&pki, &server, "http", "/away").await,
        "hsts-on-plaintext",
    );
    let over_tls = asked(&pki, &server, "https", "/away").await;
    let hsts = over_tls.tls.http.http().unwrap().hsts.as_deref();
    assert_eq!(hsts, Some("max-age=60"));
}

/// From http to https on the same port, whose certificate counts then.
#[tokio::test]
async fn from_plaintext_to_tls_on_one_port() {
    let pki = Pki::new();
    let tls = pki.tls();
    let redirect = Redirect::to_matching(["localhost", "127.0.0.1"]).unwrap();
    let server = Server::start(|listener, signal| {
        let app = tower::ServiceBuilder::new()
            .layer(redirect)
            .service(service_fn(hello));
        serve_dual(listener, tls, app)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await;
    let url = format!("http://127.0.0.1:{}/", server.addr.port());
    let trusting = report(Probe::new(&url).unwrap().ca(pki.ca_path())).await;
    assert_eq!(verdict(&trusting), "works", "{trusting:#?}");
    assert_eq!(trusting.redirects[0].next, Next::Here);
    assert_eq!(trusting.plaintext.http1.http().unwrap().status, 308);
    for probe in [Probe::new(&url).unwrap(), Probe::new(&url).unwrap().brief()] {
        let stranger = report(probe).await;
        assert_eq!(
            verdict(&stranger),
            "server-certificate-unknown-issuer",
            "{stranger:#?}"
        );
    }
}
