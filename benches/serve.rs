//! The dual port beside bare hyper and bare tokio-rustls + hyper, in one run:
//! a new connection with one request, and a request on a kept connection.
//!
//! Prints the ratios as a Markdown table at the end. The limit is in it twice:
//! how far its two figures are apart is what the machine does to equals.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use criterion::Criterion;
use rustls::pki_types::CertificateDer;

mod support;

use support::client::{Client, Close};
use support::servers::{self, Server};

/// Each group with what it compares: first the limit, then ours, then the
/// limit again.
const GROUPS: [(&str, Server); 4] = [
    ("plaintext connection", Server::Hyper),
    ("plaintext request", Server::Hyper),
    ("tls connection", Server::Rustls),
    ("tls request", Server::Rustls),
];
const LIMIT: &str = "bare";
const OURS: &str = "oneport";
const CONTROL: &str = "bare again";

fn main() {
    let began = SystemTime::now();
    let mut criterion = Criterion::default()
        .sample_size(50)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(4))
        .configure_from_args();
    for (group, bare) in GROUPS {
        compare(&mut criterion, group, bare);
    }
    criterion.final_summary();
    print_ratios(began);
}

fn compare(criterion: &mut Criterion, name: &str, bare: Server) {
    let mut group = criterion.benchmark_group(name);
    for (id, server) in [(LIMIT, bare), (OURS, Server::Dual), (CONTROL, bare)] {
        group.bench_function(id, |bencher| {
            let (address, certificate) = start(server);
            let client = match bare {
                Server::Rustls => Client::tls(address, certificate).expect("a certificate"),
                _ => Client::plaintext(address),
            };
            // Every operation checks its answer: this one before any timing.
            client.once(Close::Client).expect("the right answer");
            if name.ends_with("connection") {
                bencher.iter(|| client.once(Close::Client).expect("the right answer"));
            } else {
                let mut connection = client.connect().expect("a connection");
                connection.request().expect("the right answer");
                bencher.iter(|| connection.request().expect("the right answer"));
            }
        });
    }
    group.finish();
}

/// A server on a current-thread runtime in its own thread; it ends with the
/// process.
fn start(server: Server) -> (SocketAddr, CertificateDer<'static>) {
    let (certificate, tls) = servers::tls();
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let listener = servers::listen().await;
            let _ = tell.send(listener.local_addr()?);
            server.run(listener, tls).await
        })
    });
    (told.recv().expect("a listener"), certificate)
}

/// From criterion's own estimates of the run that has just ended.
#[allow(clippy::print_stdout)] // a report
fn print_ratios(began: SystemTime) {
    let mut table = String::new();
    for (group, _) in GROUPS {
        let all = [LIMIT, OURS, CONTROL].map(|id| Estimate::read(group, id, began));
        let [Some(limit), Some(ours), Some(control)] = all else {
            // Filtered out, or criterion only tested.
            continue;
        };
        table += &format!(
            "| {group} | {:.1} | {} | {} |\n",
            limit.median / 1000.0,
            ours.over(&limit),
            control.over(&limit),
        );
    }
    if !table.is_empty() {
        println!(
            "| | bare, µs (median) | oneport / bare | bare again / bare (control) |\n|---|---|---|---|\n{table}\n\
             In brackets: the extremes that the 95 % intervals of both medians allow."
        );
    }
}

/// Nanoseconds per operation.
struct Estimate {
    median: f64,
    lower: f64,
    upper: f64,
}

impl Estimate {
    /// None where this run, which `began` then, has made none.
    fn read(group: &str, id: &str, began: SystemTime) -> Option<Self> {
        let path = directory().join(group).join(id).join("new/estimates.json");
        if fs::metadata(&path).ok()?.modified().ok()? < began {
            return None;
        }
        let json: serde_json::Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let median = &json["median"];
        let interval = &median["confidence_interval"];
        Some(Self {
            median: median["point_estimate"].as_f64()?,
            lower: interval["lower_bound"].as_f64()?,
            upper: interval["upper_bound"].as_f64()?,
        })
    }

    fn over(&self, limit: &Self) -> String {
        format!(
            "{:.3} ({:.3} to {:.3})",
            self.median / limit.median,
            self.lower / limit.upper,
            self.upper / limit.lower,
        )
    }
}

/// Where criterion keeps its results.
fn directory() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"))
        .join("criterion")
}
