//! `client::Upgrade` around hyper-util's client, at ports of the other mode.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use oneport::client::{ConnectError, Connector, Upgrade, Upgraded};
use oneport::{Mismatch, Mode};
use tower::{BoxError, Layer, ServiceExt};

use crate::site::{Site, url};
use crate::support::within;

type Http = Client<Connector, Full<Bytes>>;

fn client(site: &Site, policy: &Upgrade) -> Upgraded<Http> {
    policy.layer(Client::builder(TokioExecutor::new()).build(site.connector()))
}

async fn ask(
    client: &Upgraded<Http>,
    method: Method,
    url: &str,
) -> Result<Response<Incoming>, BoxError> {
    let request = Request::builder()
        .method(method)
        .uri(url.parse::<Uri>().unwrap());
    let request = request.body(Full::default()).unwrap();
    within(client.clone().oneshot(request)).await
}

#[tokio::test]
async fn http_becomes_https_where_the_port_requires_it() {
    let site = Site::new();
    let server = site.serve(Mode::TlsOnly).await;
    let client = client(&site, &Upgrade::new());
    let http = url("http", server.addr);

    let refused = ask(&client, Method::POST, &http).await.unwrap();
    assert_eq!(refused.status(), StatusCode::UPGRADE_REQUIRED);
    let got = ask(&client, Method::GET, &http).await.unwrap();
    assert_eq!(got.status(), StatusCode::OK);
    // By now it is known.
    let posted = ask(&client, Method::POST, &http).await.unwrap();
    assert_eq!(posted.status(), StatusCode::OK);
}

#[tokio::test]
async fn https_becomes_http_for_named_hosts_alone() {
    let site = Site::new();
    let server = site.serve(Mode::PlaintextOnly).await;
    let https = url("https", server.addr);

    for policy in [
        Upgrade::new(),
        Upgrade::new().allow_plaintext_for(["127.0.0.1", "host"]),
    ] {
        let error = ask(&client(&site, &policy), Method::GET, &https).await;
        let error = error.unwrap_err();
        let why = ConnectError::find_in(&*error).unwrap();
        assert_eq!(why.mismatch(), Some(Mismatch::TlsToPlaintext));
    }

    let named = client(&site, &Upgrade::new().allow_plaintext_for(["localhost"]));
    let got = ask(&named, Method::GET, &https).await.unwrap();
    assert_eq!(got.status(), StatusCode::OK);
    assert!(ask(&named, Method::POST, &https).await.is_err());
}
