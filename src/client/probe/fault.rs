//! Why a target does not work.

use std::fmt;

use http::StatusCode;

use crate::diagnose::Diagnosis;

/// Why a target does not work as it was given.
///
/// ```
/// use oneport::client::probe::Fault;
///
/// assert_eq!(Fault::ConnectionRefused.slug(), "connection-refused");
/// assert!(Fault::Silent.to_string().contains("says nothing"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The port closes the connection without a word, whatever it is asked.
    Closed,
    /// Nothing listens on the port.
    ConnectionRefused,
    /// The two do not fit, and it is known why.
    Diagnosed(Diagnosis),
    /// It speaks HTTP/2 with prior knowledge (h2c), and no HTTP/1.
    Http2Only,
    /// What answered is not HTTP; its first line.
    NotHttp(String),
    /// A redirect leads back to where it came from.
    RedirectLoop,
    /// Connections are taken, and nothing is said.
    Silent,
    /// The answer has a status of 400 or above.
    Status(StatusCode),
    /// The port speaks HTTP, or TLS where TLS was asked for, and the request has
    /// no answer: the connection is closed, or nothing comes.
    Unanswered,
    /// The host has no address.
    UnknownHost,
    /// No way leads to the host, or something on it swallows everything.
    Unreachable,
    /// The server speaks HTTP, and opens no WebSocket here.
    WebSocketRefused(StatusCode),
}

impl Fault {
    /// The name of the fault for machines.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::ConnectionRefused => "connection-refused",
            Self::Diagnosed(diagnosis) => diagnosis.cause().slug(),
            Self::Http2Only => "http2-only",
            Self::NotHttp(_) => "not-http",
            Self::RedirectLoop => "redirect-loop",
            Self::Silent => "silent",
            Self::Status(_) => "status",
            Self::Unanswered => "unanswered",
            Self::UnknownHost => "unknown-host",
            Self::Unreachable => "unreachable",
            Self::WebSocketRefused(_) => "websocket-refused",
        }
    }
}

/// What is wrong and what to change, in one sentence or two.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str(
                "This port closes every connection without a word: it may speak another protocol, \
                 expect a proxy in front of it, or be busy.",
            ),
            Self::ConnectionRefused => f.write_str(
                "Nothing listens on this port (connection refused): start the server, or name its \
                 port.",
            ),
            Self::Diagnosed(diagnosis) => diagnosis.fmt(f),
            Self::Http2Only => f.write_str(
                "This port speaks HTTP/2 only, without TLS (h2c), as gRPC servers do: clients \
                 have to begin with it (prior knowledge).",
            ),
            Self::NotHttp(line) => write!(
                f,
                "This port answers, but not in HTTP: \"{line}\". Check the port."
            ),
            Self::RedirectLoop => f.write_str(
                "This URL is redirected in a circle: clients that follow redirects never arrive.",
            ),
            Self::Silent => f.write_str(
                "This port takes connections and says nothing: it may speak another protocol, or \
                 hang.",
            ),
            Self::Status(status) => write!(f, "The server answers with status {status}."),
            Self::Unanswered => f.write_str(
                "This port speaks HTTP or TLS, and leaves this request without an answer: the \
                 server hangs, something behind it does, or it hangs up on such requests.",
            ),
            Self::UnknownHost => f.write_str("This host name has no address: check the name."),
            Self::Unreachable => f.write_str(
                "This host cannot be reached: the address may be wrong, or a firewall may drop \
                 what is sent there.",
            ),
            Self::WebSocketRefused(status) => write!(
                f,
                "The server speaks HTTP, but opens no WebSocket at this path: it answers with \
                 status {status} where 101 was due."
            ),
        }
    }
}
