use std::convert::Infallible;
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use tokio::time::timeout;
use tower::limit::ConcurrencyLimit;
use tower::{Layer, ServiceExt};
use tower_service::Service;

use super::Upgrade;
use crate::diagnose::{Certainty, Diagnosis};
use crate::mismatch::Mismatch;

type Asked = Arc<Mutex<Vec<String>>>;
type BoxError = Box<dyn Error + Send + Sync>;

/// Answers as a oneport server does whose ports speak `https` only.
fn tls_only(
    asked: &Asked,
) -> impl Service<Request<Full<Bytes>>, Response = Response<()>, Error = Infallible, Future: Send>
+ Clone
+ use<> {
    let asked = Arc::clone(asked);
    tower::service_fn(move |request: Request<Full<Bytes>>| {
        asked.lock().unwrap().push(shown(&request));
        let response = match request.uri().scheme_str() {
            Some("https") => Response::new(()),
            _ => refused(),
        };
        std::future::ready(Ok(response))
    })
}

fn refused() -> Response<()> {
    Response::builder()
        .status(StatusCode::UPGRADE_REQUIRED)
        .header("Oneport-Mismatch", "plaintext-to-tls")
        .body(())
        .unwrap()
}

/// Fails as a connector does whose servers speak `http` only.
fn plaintext_only(
    asked: &Asked,
) -> impl Service<Request<Full<Bytes>>, Response = Response<()>, Error = BoxError, Future: Send>
+ Clone
+ use<> {
    let asked = Arc::clone(asked);
    tower::service_fn(move |request: Request<Full<Bytes>>| {
        asked.lock().unwrap().push(shown(&request));
        let result = match request.uri().scheme_str() {
            Some("http") => Ok(Response::new(())),
            _ => {
                let diagnosis = Diagnosis::new(Mismatch::TlsToPlaintext, Certainty::Certain);
                Err(BoxError::from(std::io::Error::other(diagnosis)))
            }
        };
        std::future::ready(result)
    })
}

fn shown(request: &Request<Full<Bytes>>) -> String {
    format!("{} {}", request.method(), request.uri())
}

fn request(method: Method, url: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(url);
    request.body(Full::default()).unwrap()
}

fn asked(asked: &Asked) -> Vec<String> {
    std::mem::take(&mut *asked.lock().unwrap())
}

#[tokio::test]
async fn a_safe_request_is_repeated_over_tls_and_the_server_remembered() {
    let log = Asked::default();
    let client = Upgrade::new().layer(tls_only(&log));

    let get = request(Method::GET, "http://h/a?b");
    let response = client.clone().oneshot(get).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(asked(&log), ["GET http://h/a?b", "GET https://h:80/a?b"]);

    // A POST to the same server: at once over TLS, in a clone too.
    let post = request(Method::POST, "http://h/c");
    let response = client.clone().oneshot(post).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(asked(&log), ["POST https://h:80/c"]);

    // Another port is another server.
    let post = request(Method::POST, "http://h:81/c");
    let response = client.oneshot(post).await.unwrap();
    assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(asked(&log), ["POST http://h:81/c"]);
}

#[tokio::test]
async fn what_is_not_safe_to_repeat_is_not_repeated() {
    let log = Asked::default();
    let client = Upgrade::new().layer(tls_only(&log));

    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let once = request(method, "http://h/");
        let response = client.clone().oneshot(once).await.unwrap();
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(asked(&log).len(), 1);
    }
    let with_body = Request::get("http://h/").body(Full::from("x")).unwrap();
    let response = client.oneshot(with_body).await.unwrap();
    assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(asked(&log).len(), 1);
}

/// A permit is given back when the first response's future is dropped, which the
/// second request waits for.
#[tokio::test]
async fn one_request_at_a_time_is_enough() {
    let log = Asked::default();
    let one = ConcurrencyLimit::new(tls_only(&log), 1);
    let client = Upgrade::new().layer(one);
    let asking = client.oneshot(request(Method::GET, "http://h/"));
    let response = timeout(Duration::from_secs(10), asking).await;
    let response = response.expect("no deadlock").unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(asked(&log).len(), 2);
}

/// Who they are to the URL does not matter, and what the port is called neither.
#[tokio::test]
async fn a_server_is_remembered_under_all_its_spellings() {
    let log = Asked::default();
    let client = Upgrade::new().layer(tls_only(&log));
    let get = request(Method::GET, "http://user:secret@h/");
    client.clone().oneshot(get).await.unwrap();
    asked(&log);
    for (url, instead) in [
        ("http://h/", "https://h:80/"),
        ("http://H/", "https://H:80/"),
        ("http://h:/", "https://h:80/"),
        ("http://h:80/", "https://h:80/"),
        ("http://other@h:80/", "https://other@h:80/"),
    ] {
        let post = request(Method::POST, url);
        client.clone().oneshot(post).await.unwrap();
        assert_eq!(asked(&log), [format!("POST {instead}")], "{url}");
    }
    // And without their secrets.
    let known = format!("{:?}", client.known);
    assert!(
        known.contains("\"h\"") && !known.contains("secret"),
        "{known}"
    );
}

#[tokio::test]
async fn it_is_repeated_once_only() {
    let log = Asked::default();
    let inner = Arc::clone(&log);
    let stubborn = tower::service_fn(move |request: Request<Full<Bytes>>| {
        inner.lock().unwrap().push(shown(&request));
        std::future::ready(Ok::<_, Infallible>(refused()))
    });
    let client = Upgrade::new().layer(stubborn);
    let response = client.oneshot(request(Method::GET, "http://h:1/")).await;
    assert_eq!(response.unwrap().status(), StatusCode::UPGRADE_REQUIRED);
    assert_eq!(asked(&log), ["GET http://h:1/", "GET https://h:1/"]);
}

#[tokio::test]
async fn never_to_plaintext_but_for_named_hosts() {
    let log = Asked::default();
    let policy = Upgrade::new().allow_plaintext_for(["Localhost", "[::1]", "127.0.0.1"]);
    let client = policy.layer(plaintext_only(&log));

    for (url, instead) in [
        ("https://localhost:1/", Some("http://localhost:1/")),
        ("https://[::1]:1/x", Some("http://[::1]:1/x")),
        ("https://127.0.0.1/", Some("http://127.0.0.1:443/")),
        ("https://127.0.0.2:1/", None),
        ("https://localhost.evil:1/", None),
        ("https://sub.localhost:1/", None),
        // Secrets do not go into the clear.
        ("https://localhost:1/?token=x", None),
        ("https://user:password@localhost:1/", None),
    ] {
        let result = client.clone().oneshot(request(Method::GET, url)).await;
        let asked = asked(&log);
        match instead {
            Some(instead) => {
                assert!(result.is_ok(), "{url}");
                assert_eq!(asked, [format!("GET {url}"), format!("GET {instead}")]);
            }
            None => {
                let error = result.unwrap_err();
                assert!(error.to_string().contains("plaintext only"), "{error}");
                assert_eq!(asked.len(), 1, "{url}");
            }
        }
    }
    for header in ["authorization", "cookie"] {
        let mut secret = request(Method::GET, "https://localhost:1/");
        secret.headers_mut().insert(header, "x".parse().unwrap());
        assert!(client.clone().oneshot(secret).await.is_err());
        assert_eq!(asked(&log).len(), 1);
    }
    let post = request(Method::POST, "https://localhost:1/");
    assert!(client.oneshot(post).await.is_err());
    assert_eq!(asked(&log).len(), 1);
}

#[tokio::test]
async fn other_ends_pass() {
    let ordinary = tower::service_fn(|_: Request<Full<Bytes>>| {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::NOT_FOUND;
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let client = Upgrade::new().layer(ordinary);
    let response = client.oneshot(request(Method::GET, "http://h/")).await;
    assert_eq!(response.unwrap().status(), StatusCode::NOT_FOUND);

    let broken = tower::service_fn(|_: Request<Full<Bytes>>| {
        std::future::ready(Err::<Response<()>, _>(BoxError::from("out of luck")))
    });
    let client = Upgrade::new().layer(broken);
    let error = client.oneshot(request(Method::GET, "http://h/")).await;
    assert_eq!(error.unwrap_err().to_string(), "out of luck");
}
