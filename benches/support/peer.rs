//! The two processes that the scripts run: a server on a current-thread runtime,
//! and a client with one operation in flight.
//!
//! `bench-peer serve SERVER CA_FILE` writes its certificate to CA_FILE, its
//! address to the standard output, and ends with its standard input.
//! `bench-peer load WORKLOAD ADDRESS CA_FILE COUNT` does COUNT operations.
//! `bench-peer hold WORKLOAD ADDRESS CA_FILE COUNT` opens so many connections,
//! says so, and holds them until its standard input ends; then each is asked
//! whether it is still there.
#![allow(unreachable_pub, clippy::print_stdout)] // a program's, whose output is read by the script

#[allow(dead_code)] // shared with the criterion bench
mod client;
mod servers;

use std::error::Error;
use std::io::{self, Read};
use std::net::SocketAddr;

use client::{Client, Close, Connection};
use servers::Server;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", server, ca] => {
            let server: Server = server.parse()?;
            server.run_with_stdin(ca.as_ref(), || ())
        }
        ["load", workload, server, ca, count] => {
            let clients = Clients::new(server.parse()?, ca)?;
            load(workload, &clients, count.parse()?)
        }
        ["hold", workload, server, ca, count] => {
            let clients = Clients::new(server.parse()?, ca)?;
            hold(workload, &clients, count.parse()?)
        }
        _ => Err("serve SERVER CA_FILE, or load|hold WORKLOAD ADDRESS CA_FILE COUNT".into()),
    }
}

struct Clients {
    plaintext: Client,
    tls: Client,
}

impl Clients {
    fn new(server: SocketAddr, ca: &str) -> Result<Self> {
        Ok(Self {
            plaintext: Client::plaintext(server),
            tls: Client::tls(server, std::fs::read(ca)?.into())?,
        })
    }
}

fn load(workload: &str, Clients { plaintext, tls }: &Clients, count: usize) -> Result {
    let (client, other) = match workload.split_once('-') {
        Some(("plaintext", _)) => (plaintext, tls),
        Some(("tls", _)) => (tls, plaintext),
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

fn hold(workload: &str, Clients { plaintext, tls }: &Clients, count: usize) -> Result {
    let client = match workload {
        "silent" | "plaintext" => plaintext,
        "tls" => tls,
        _ => return Err(format!("{workload}: unknown workload").into()),
    };
    let open = |_| {
        let mut connection = client.connect()?;
        if workload != "silent" {
            connection.request()?;
        }
        Ok(connection)
    };
    let mut held = (0..count)
        .map(open)
        .collect::<io::Result<Vec<Connection>>>()?;
    println!("open");
    io::stdin().read_to_end(&mut Vec::new())?;
    held.iter_mut().try_for_each(Connection::request)?;
    Ok(())
}
