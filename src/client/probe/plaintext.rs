//! The questions in plaintext.

use std::io;
use std::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answer::Answer;
use super::exchange::{BoxError, Question, Said, by_http1, by_http2};
use super::setting::Setting;
use super::wire::{Heard, Recorder};
use crate::diagnose::{End, Spoke, diagnose_first_bytes};

/// In which form HTTP is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Http1,
    /// HTTP/1 behind a PROXY protocol header.
    Proxied,
    H2c,
    WebSocket,
}

/// On a connection of its own, unless one is there.
pub(super) async fn ask(setting: &Setting, tcp: Option<TcpStream>, form: Form) -> Answer {
    let heard = Heard::default();
    let question = Question {
        authority: setting.authority(false),
        path: setting.path(false, false),
        is_tls: false,
        is_websocket: form == Form::WebSocket,
    };
    let asked = async {
        let tcp = match form {
            Form::Proxied => proxied(setting).await,
            _ => setting.connection(tcp).await,
        };
        let tcp = tcp.map_err(BoxError::from)?;
        let io = Recorder::new(tcp, &heard);
        match form {
            Form::H2c => by_http2(io, &question).await,
            _ => by_http1(io, &question).await,
        }
    };
    match timeout(setting.limit, asked).await {
        Ok(Ok(said)) => said.into(),
        Ok(Err(_)) => failure(&heard, false),
        Err(_) => failure(&heard, true),
    }
}

impl From<Said> for Answer {
    fn from(said: Said) -> Self {
        match said.diagnosis {
            Some(diagnosis) => Self::Refused(diagnosis),
            None => Self::Http(said.answer),
        }
    }
}

/// What to make of a question that got no answer in HTTP.
fn failure(heard: &Heard, late: bool) -> Answer {
    let bytes = heard.bytes();
    let end = match (late, heard.end()) {
        (true, _) => End::TimedOut,
        // hyper has seen enough of it.
        (false, End::Open) => End::Eof,
        (false, end) => end,
    };
    match diagnose_first_bytes(Spoke::Plaintext, &bytes, end) {
        Some(diagnosis) => Answer::Refused(diagnosis),
        None if bytes.is_empty() && late => Answer::Silent,
        None if bytes.is_empty() => Answer::Closed,
        None => Answer::Other(first_line(&bytes)),
    }
}

/// What [`first_line`] calls the frames of HTTP/2.
pub(super) const HTTP2: &str = "HTTP/2 frames";

/// For people: without control characters, and not too long.
pub(super) fn first_line(bytes: &[u8]) -> String {
    const MOST: usize = 120;
    // The SETTINGS that every server begins with (RFC 9113 3.4, 4.1).
    if matches!(bytes, [0, 0, _, 4, _, 0, 0, 0, 0, ..]) {
        return HTTP2.to_owned();
    }
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next();
    let line = line.unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(MOST)]);
    line.escape_debug().to_string()
}

/// A connection that begins with a PROXY protocol header.
pub(super) async fn proxied(setting: &Setting) -> io::Result<TcpStream> {
    let mut tcp = setting.connection(None).await?;
    let header = proxy_header(tcp.local_addr()?, tcp.peer_addr()?);
    tcp.write_all(header.as_bytes()).await?;
    Ok(tcp)
}

/// Version 1 of the PROXY protocol, section 2.1: of the connection itself, as a
/// proxy's own health check.
fn proxy_header(from: SocketAddr, to: SocketAddr) -> String {
    let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
    let (source, target) = (from.ip(), to.ip());
    format!(
        "PROXY {family} {source} {target} {} {}\r\n",
        from.port(),
        to.port()
    )
}

impl Setting {
    /// The connection that is there, or another.
    pub(super) async fn connection(&self, tcp: Option<TcpStream>) -> io::Result<TcpStream> {
        let tcp = match tcp {
            Some(tcp) => tcp,
            None => TcpStream::connect(self.address).await?,
        };
        let _ = tcp.set_nodelay(true);
        Ok(tcp)
    }
}
