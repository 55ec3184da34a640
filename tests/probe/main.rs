//! `client::probe` against servers of every kind.
#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![allow(clippy::unwrap_used)] // a panic is how a test fails

#[path = "../authority/mod.rs"]
mod authority;
#[path = "../support/mod.rs"]
mod support;

mod certificates;
mod clients;
mod modes;
mod others;
mod python;
mod raw;
mod redirects;
mod strangers;

use std::net::SocketAddr;
use std::time::Duration;

use oneport::client::Probe;
use oneport::client::probe::{Fault, Finding, Report};
use oneport::tls::TlsConfig;
use oneport::{Mode, serve_dual};
use support::{Server, hello, told, within};
use tower::service_fn;

/// `scheme://localhost:PORT/`, or with an empty scheme `localhost:PORT`.
fn target(scheme: &str, addr: SocketAddr) -> String {
    match scheme {
        "" => format!("127.0.0.1:{}", addr.port()),
        scheme => format!("{scheme}://127.0.0.1:{}/", addr.port()),
    }
}

fn probe(scheme: &str, addr: SocketAddr) -> Probe {
    Probe::new(&target(scheme, addr)).unwrap()
}

async fn report(probe: Probe) -> Report {
    within(probe.run()).await.unwrap()
}

/// The word for what is wrong, or `works`.
fn verdict(report: &Report) -> &str {
    report.fault.as_ref().map_or("works", Fault::slug)
}

#[track_caller]
fn found<'a>(report: &'a Report, slug: &str) -> &'a Finding {
    let found = report.findings.iter().find(|finding| finding.slug == slug);
    found.unwrap_or_else(|| panic!("{slug} is not in {:?}", report.findings))
}

/// [`hello`] with this configuration, in this mode.
async fn serve(tls: TlsConfig, mode: Mode) -> Server {
    Server::start(|listener, signal| {
        serve_dual(listener, tls, service_fn(hello))
            .mode(mode)
            .with_graceful_shutdown(told(signal))
            .into_future()
    })
    .await
}

/// Short, for ports that say nothing.
const SHORT: Duration = Duration::from_millis(300);
