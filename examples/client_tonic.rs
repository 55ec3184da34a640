//! tonic on `client::Connector`: what a gRPC client says at a port of the wrong
//! mode, and that it works at the right one.
//!
//! ```sh
//! cargo run --example client_tonic --features client,generate,ring
//! ```
#![allow(clippy::print_stdout)] // an example talks to its user

mod two_ports;

use hyper_util::rt::TokioIo;
use oneport::client::{Connector, diagnose};
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tower::BoxError;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let (_, health) = tonic_health::server::health_reporter();
    let ports = two_ports::start(Routes::new(health)).await?;
    // gRPC is HTTP/2 always: nothing else is offered.
    let connector = Connector::builder().ca(&ports.ca).alpn(["h2"]).build()?;

    for (scheme, port) in [
        ("https", ports.plaintext),
        ("http", ports.tls),
        ("https", ports.tls),
        ("http", ports.plaintext),
    ] {
        let url = format!("{scheme}://localhost:{port}");
        match check(&connector, &url).await {
            Ok(status) => println!("{url}\n  works: {status}"),
            Err(error) => match diagnose(&*error) {
                Some(diagnosis) => println!("{url}\n  {diagnosis}"),
                None => println!("{url}\n  {error}"),
            },
        }
    }
    Ok(())
}

async fn check(connector: &Connector, url: &str) -> Result<String, BoxError> {
    let channel = channel(connector.clone(), url).await?;
    let request = HealthCheckRequest::default();
    let response = HealthClient::new(channel).check(request).await?;
    Ok(response.into_inner().status().as_str_name().to_owned())
}

/// tonic does TLS itself for `https` URLs and wants its own settings for it. So
/// it is given the URL as the origin only, and the connector the whole of it.
async fn channel(connector: Connector, url: &str) -> Result<Channel, BoxError> {
    let endpoint = Endpoint::from_static("http://connector").origin(url.parse()?);
    let url = url.to_owned();
    let connect = tower::service_fn(move |_| {
        let (connector, url) = (connector.clone(), url.clone());
        async move { connector.connect(url).await.map(TokioIo::new) }
    });
    Ok(endpoint.connect_with_connector(connect).await?)
}
