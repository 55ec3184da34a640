//! One request by a Rust client: `oneport-rust-clients NAME URL`.
//!
//! Prints what the client's user gets to see, and behind `kept: ` what an error
//! carries beside its message. Exits with 0 if the request was served, with 1
//! if not. The CA to trust is the file that ONEPORT_CA names, the client
//! certificate, if any, ONEPORT_CERT and ONEPORT_KEY.

mod grpc;
mod pki;
mod request;
mod websocket;

use std::error::Error;
use std::process::ExitCode;

/// What is served, or what is refused.
type Answer = Result<String, Box<dyn Error>>;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(url)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: oneport-rust-clients NAME URL");
        return ExitCode::FAILURE;
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match runtime.block_on(ask(&name, &url)) {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            report(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn ask(name: &str, url: &str) -> Answer {
    match name {
        "hyper" => request::hyper(url, false).await,
        "hyper-h2" => request::hyper(url, true).await,
        "reqwest-native" => request::reqwest(url, request::Tls::Native).await,
        "reqwest-rustls" => request::reqwest(url, request::Tls::Rustls).await,
        "reqwest-h2" => request::reqwest(url, request::Tls::RustlsH2).await,
        "tonic" => grpc::call(url).await,
        "tungstenite-native" => websocket::echo(url, pki::native_connector()?).await,
        "tungstenite-rustls" => websocket::echo(url, pki::rustls_connector()?).await,
        "ureq" => request::ureq(url),
        "ureq-upload" => request::ureq_upload(url),
        _ => Err(format!("no client {name}").into()),
    }
}

/// Display with its sources, as anyhow and eyre print it, and as what is kept
/// the Debug that `main() -> Result` and `unwrap` print.
fn report(error: &dyn Error) {
    let mut shown = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let words = error.to_string();
        // Many print their source themselves.
        if !shown.contains(&words) {
            shown = format!("{shown}: {words}");
        }
        source = error.source();
    }
    println!("{shown}\nkept: {error:?}");
}
