//! `serve_dual` with nothing but hyper's types: a plain function.
//!
//! `cargo run --example hyper --features ring,generate`, then
//! `curl http://127.0.0.1:3000/` and `curl -k https://127.0.0.1:3000/`.

use http::{Request, Response};
use hyper::body::Incoming;
use oneport::ConnInfo;
use std::convert::Infallible;

async fn hello(request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    let info = request.extensions().get::<ConnInfo>();
    Ok(Response::new(format!("{info:?}\n")))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .init();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    let _ = oneport::serve_plaintext(listener, tower::service_fn(hello)).await?;
    Ok(())
}
