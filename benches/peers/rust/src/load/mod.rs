//! The generator: one process, one thread, every answer checked.
//!
//! A line `WORKLOAD ADDRESS COUNT CONNECTIONS` prepares a workload: what is not
//! to be measured, such as opening connections that are kept. Then it prints
//! `ready`, waits for a line `go`, does COUNT operations, prints `done` with a
//! JSON object, and waits for the next workload. `error TEXT` instead of either
//! ends that workload only.

mod client;
mod fresh;
mod held;
mod http2;
mod kept;
mod mismatch;

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::time::timeout;

use crate::{Result, tls};
use client::Client;

/// No workload takes longer, whatever the server does.
const LONGEST: Duration = Duration::from_secs(20);

/// What is left to do once a workload is prepared.
type Run = Pin<Box<dyn Future<Output = Result<Outcome>> + Send>>;

#[derive(Default)]
struct Outcome {
    operations: usize,
    /// How long single operations took.
    samples: Vec<Duration>,
    /// What came back, and how it ended, where that is the result.
    came_back: Vec<u8>,
    ended: &'static str,
}

struct Workload {
    name: String,
    address: SocketAddr,
    count: usize,
    connections: usize,
    directory: PathBuf,
}

/// Until the standard input ends.
pub async fn run(directory: &Path) -> Result {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        match once(&line, directory, &mut lines).await {
            Ok(done) => println!("done {done}"),
            Err(error) => println!("error {line}: {error}"),
        }
    }
    Ok(())
}

async fn once(line: &str, directory: &Path, lines: &mut Lines<BufReader<Stdin>>) -> Result<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, address, count, connections] = words[..] else {
        return Err("WORKLOAD ADDRESS COUNT CONNECTIONS".into());
    };
    let workload = Workload {
        name: name.to_owned(),
        address: address.parse()?,
        count: count.parse()?,
        connections: connections.parse()?,
        directory: directory.to_owned(),
    };
    let run = timeout(LONGEST, workload.prepare())
        .await
        .map_err(|_| "not prepared in time")??;
    println!("ready");
    if lines.next_line().await?.as_deref() != Some("go") {
        return Err("neither go".into());
    }
    let start = Instant::now();
    let outcome = timeout(LONGEST, run)
        .await
        .map_err(|_| "not done in time")??;
    Ok(outcome.json(start.elapsed()))
}

impl Workload {
    async fn prepare(self) -> Result<Run> {
        match self.name.as_str() {
            "plaintext-request" => kept::small(self.plaintext(), &self).await,
            "tls-request" => kept::small(self.tls()?, &self).await,
            "plaintext-large" => kept::large(self.plaintext(), &self).await,
            "tls-large" => kept::large(self.tls()?, &self).await,
            "plaintext-connection" => fresh::many(vec![self.plaintext(); self.connections], &self),
            "tls-connection" => fresh::many(vec![self.tls()?; self.connections], &self),
            "tls-resumed" => fresh::resumed(&self).await,
            "plaintext-first-byte" => fresh::first_byte(self.plaintext(), &self),
            "tls-first-byte" => fresh::first_byte(self.tls()?, &self),
            "h2c-request" => http2::requests(self.plaintext(), &self).await,
            "h2-request" => http2::requests(self.tls_with(b"h2", false)?, &self).await,
            "silent-held" => held::silent(self.plaintext(), &self).await,
            "tls-silent-held" => held::silent(self.tls()?, &self).await,
            "plaintext-held" => held::idle(self.plaintext(), &self).await,
            "tls-held" => held::idle(self.tls()?, &self).await,
            "plaintext-mismatch" | "tls-mismatch" => mismatch::refused(&self),
            _ => Err("unknown workload".into()),
        }
    }

    fn plaintext(&self) -> Client {
        Client::new(self.address, None)
    }

    /// Shakes hands in full on every connection.
    fn tls(&self) -> Result<Client> {
        self.tls_with(b"http/1.1", false)
    }

    fn tls_with(&self, alpn: &[u8], resumes: bool) -> Result<Client> {
        let resumption = match resumes {
            true => Resumption::in_memory_sessions(8),
            false => Resumption::disabled(),
        };
        let config = tls::client(&self.directory, alpn, resumption)?;
        Ok(Client::new(self.address, Some(config)))
    }

    /// How many operations each connection does.
    fn each(&self) -> usize {
        self.count.div_ceil(self.connections).max(1)
    }
}

impl Outcome {
    fn of(operations: usize) -> Self {
        Self {
            operations,
            ..Self::default()
        }
    }

    fn json(&self, took: Duration) -> String {
        let samples: Vec<String> = self
            .samples
            .iter()
            .map(|sample| format!("{:.1}", sample.as_secs_f64() * 1e6))
            .collect();
        let came_back: String = self.came_back.iter().map(|b| format!("{b:02x}")).collect();
        format!(
            r#"{{"operations":{},"seconds":{:.6},"microseconds":[{}],"came_back":"{came_back}","ended":"{}"}}"#,
            self.operations,
            took.as_secs_f64(),
            samples.join(","),
            self.ended,
        )
    }
}
