//! reqwest, which has its own connector: one line in the error handler says what
//! is wrong at a port of the wrong mode.
//!
//! ```sh
//! cargo run --example client_reqwest --features client,generate,ring
//! ```
#![allow(clippy::print_stdout)] // an example talks to its user

mod two_ports;

use std::sync::Arc;

use oneport::client::{diagnose, diagnose_response};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tower::BoxError;

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let app = axum::Router::new().route("/", axum::routing::get(|| async { "hello\n" }));
    let ports = two_ports::start(app).await?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&ports.ca)?)?;
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(tls)
        .build()?;

    for (scheme, port) in [
        ("https", ports.plaintext),
        ("http", ports.tls),
        ("https", ports.tls),
        ("http", ports.plaintext),
    ] {
        let url = format!("{scheme}://localhost:{port}/");
        match client.get(&url).send().await {
            Ok(response) => {
                let response = http::Response::from(response);
                match diagnose_response(&response) {
                    Some(diagnosis) => println!("{url}\n  {diagnosis}"),
                    None => println!("{url}\n  works: {}", response.status()),
                }
            }
            // reqwest's own words are "error sending request for url".
            Err(error) => match diagnose(&error) {
                Some(diagnosis) => println!("{url}\n  {diagnosis}"),
                None => println!("{url}\n  {error}"),
            },
        }
    }
    Ok(())
}
