//! What a port says to a client that speaks what it does not serve.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConnection;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::client::REQUEST;
use super::{Outcome, Run, Workload};
use crate::{Result, tls};

/// A port that has said nothing for so long is left.
const PATIENCE: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(1);

/// Connections one after the other, each read to its end; the time of each, and
/// what the last one got.
pub fn refused(workload: &Workload) -> Result<Run> {
    let (address, count) = (workload.address, workload.count);
    let first = match workload.name.as_str() {
        "plaintext-mismatch" => REQUEST.to_vec(),
        _ => client_hello(tls::client(
            &workload.directory,
            b"http/1.1",
            Resumption::disabled(),
        )?)?,
    };
    Ok(Box::pin(async move {
        let begun = Instant::now();
        let mut outcome = Outcome::default();
        while outcome.operations == 0 || outcome.operations < count && begun.elapsed() < LONGEST {
            let start = Instant::now();
            let mut tcp = TcpStream::connect(address).await?;
            tcp.write_all(&first).await?;
            outcome.came_back.clear();
            let read = tcp.read_to_end(&mut outcome.came_back);
            outcome.ended = match timeout(PATIENCE, read).await {
                Err(_) => "still open after 2 s",
                Ok(Ok(_)) => "closed",
                Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => "reset",
                Ok(Err(error)) => return Err(error.into()),
            };
            outcome.samples.push(start.elapsed());
            outcome.operations += 1;
        }
        Ok(outcome)
    }))
}

fn client_hello(config: Arc<rustls::ClientConfig>) -> Result<Vec<u8>> {
    let mut hello = Vec::new();
    let name = ServerName::try_from("localhost")?;
    ClientConnection::new(config, name)?.write_tls(&mut hello)?;
    Ok(hello)
}
