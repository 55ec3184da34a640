//! `serve_dual` around a plain function: no framework.
//!
//! ```sh
//! cargo run --example hyper --features generate,ring
//! curl http://localhost:3000/
//! curl --insecure https://localhost:3000/
//! ```
#![allow(clippy::print_stdout)] // an example talks to its user

use std::convert::Infallible;
use std::error::Error;

use http::{Request, Response};
use hyper::body::Incoming;
use oneport::ConnInfo;
use oneport::tls::generate::DevelopmentCertificate;
use tokio::net::TcpListener;

async fn hello(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let transport = match request
        .extensions()
        .get::<ConnInfo>()
        .and_then(ConnInfo::tls)
    {
        Some(tls) => format!("{:?}", tls.version),
        None => "plaintext".to_owned(),
    };
    let version = request.version();
    Ok(Response::new(format!(
        "hello over {version:?} and {transport}\n"
    )))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let addr = std::env::args()
        .nth(1)
        .unwrap_or("127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(addr).await?;
    socket2::SockRef::from(&listener).set_tcp_nodelay(true)?;
    println!("listening on {}", listener.local_addr()?);

    let certificate = DevelopmentCertificate::load_or_create(None, &[])?;
    oneport::serve_dual(
        listener,
        certificate.tls_config()?,
        tower::service_fn(hello),
    )
    .http1(|http1| http1.title_case_headers(true))
    .await?;
    Ok(())
}
