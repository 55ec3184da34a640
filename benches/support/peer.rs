//! The two processes that `benches/syscalls` runs: a server on a
//! current-thread runtime, and a client with one operation in flight.
//!
//! `bench-peer serve SERVER CA_FILE` writes its certificate to CA_FILE, its
//! address to the standard output, and ends with its standard input.
//! `bench-peer load WORKLOAD ADDRESS CA_FILE COUNT` does COUNT operations.
#![allow(unreachable_pub, clippy::print_stdout)] // a program's, whose output is read by the script

#[allow(dead_code)] // shared with the criterion bench
mod client;
mod servers;

use std::error::Error;
use std::io::{self, Read};
use std::path::Path;
use std::process::exit;

use client::{Client, Close};
use servers::Server;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", server, ca] => serve(server.parse()?, ca.as_ref()),
        ["load", workload, server, ca, count] => {
            load(workload, server.parse()?, ca.as_ref(), count.parse()?)
        }
        _ => Err("serve SERVER CA_FILE, or load WORKLOAD ADDRESS CA_FILE COUNT".into()),
    }
}

fn serve(server: Server, ca: &Path) -> Result {
    let (certificate, tls) = servers::tls();
    std::fs::write(ca, &certificate)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = servers::listen().await;
        println!("{}", listener.local_addr()?);
        std::thread::spawn(|| {
            // Its one read ends when the script closes the pipe.
            let ended = io::stdin().read(&mut [0]);
            exit(i32::from(ended.is_err()));
        });
        Ok(server.run(listener, tls).await?)
    })
}

fn load(workload: &str, server: std::net::SocketAddr, ca: &Path, count: usize) -> Result {
    let plaintext = Client::plaintext(server);
    let tls = Client::tls(server, std::fs::read(ca)?.into())?;
    let (client, other) = match workload.split_once('-') {
        Some(("plaintext", _)) => (&plaintext, &tls),
        Some(("tls", _)) => (&tls, &plaintext),
        _ => return Err(format!("{workload}: unknown workload").into()),
    };
    // Open throughout, as on any server in use: while no deadline at all is
    // pending, tokio wakes itself (a write to its eventfd) for the next one.
    let welcome = if workload.ends_with("mismatch") {
        other
    } else {
        client
    };
    let mut idle = welcome.connect()?;
    idle.request()?;
    match workload {
        "plaintext-connection" | "tls-connection" => {
            (0..count).try_for_each(|_| client.once(Close::Client))?;
        }
        "tls-connection-notify" => {
            (0..count).try_for_each(|_| client.once(Close::ClientNotifies))?;
        }
        "plaintext-connection-close" | "tls-connection-close" => {
            (0..count).try_for_each(|_| client.once(Close::Server))?;
        }
        "plaintext-request" | "tls-request" => {
            let mut connection = client.connect()?;
            (0..count).try_for_each(|_| connection.request())?;
        }
        "plaintext-mismatch" | "tls-mismatch" => {
            for _ in 0..count {
                if client.mismatch()?.is_empty() {
                    return Err("refused without an answer".into());
                }
            }
        }
        _ => return Err(format!("{workload}: unknown workload").into()),
    }
    Ok(())
}
