//! hyper-util's client on `client::Connector`: what it says at a port of the
//! wrong mode, and that it works at the right one.
//!
//! ```sh
//! cargo run --example client_hyper --features client,generate,ring
//! ```
#![allow(clippy::print_stdout)] // an example talks to its user

mod two_ports;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use oneport::client::{ConnectError, Connector, Upgrade, diagnose_response};
use tower::{BoxError, Layer, ServiceExt};

type Http = Client<Connector, Empty<Bytes>>;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let app = axum::Router::new().route("/", axum::routing::get(|| async { "hello\n" }));
    let ports = two_ports::start(app).await?;
    let connector = Connector::builder().ca(&ports.ca).build()?;
    let client: Http = Client::builder(TokioExecutor::new()).build(connector);

    for (scheme, port) in [
        ("https", ports.plaintext),
        ("http", ports.tls),
        ("https", ports.tls),
        ("http", ports.plaintext),
    ] {
        let url = format!("{scheme}://localhost:{port}/");
        match get(&client, &url).await {
            Ok(body) => println!("{url}\n  works: {}", body.trim()),
            Err(why) => println!("{url}\n  {why}"),
        }
    }

    // Opt-in: from http to https where the server asks for it.
    let upgrading = Upgrade::new().layer(client);
    let url = format!("http://localhost:{}/", ports.tls);
    let request = http::Request::get(&url).body(Empty::new())?;
    let response = upgrading.oneshot(request).await?;
    println!("{url}\n  with Upgrade: {}", response.status());
    Ok(())
}

async fn get(client: &Http, url: &str) -> Result<String, BoxError> {
    let response = match client.get(url.parse()?).await {
        Ok(response) => response,
        // hyper-util's own words are "client error (Connect)".
        Err(error) => match ConnectError::find_in(&error) {
            Some(why) => return Err(why.to_string().into()),
            None => return Err(error.into()),
        },
    };
    if let Some(diagnosis) = diagnose_response(&response) {
        return Err(diagnosis.into());
    }
    let body = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8_lossy(&body).into_owned())
}
