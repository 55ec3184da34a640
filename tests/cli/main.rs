//! The real binary, started on a free port and talked to from outside.
#![allow(clippy::print_stdout, clippy::unwrap_used)] // tests, and what they found

#[path = "../support/mod.rs"]
mod support;

mod acme;
mod answers;
mod cert_ca;
mod cert_clients;
mod cert_crl;
mod cert_files;
mod cert_make;
mod cert_problems;
mod cert_show;
mod cert_show_port;
mod certificates;
mod certs;
mod check;
mod clock;
mod disk;
mod endpoints;
mod files;
mod guide;
mod mutual_tls;
mod page;
mod process;
mod refusals;
mod reload;
mod replaced;
mod report;
mod self_check;
mod shutdown;
mod stdio;
mod under_load;
mod websocket;
mod who;
mod workers;
mod wrapped;
