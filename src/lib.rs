//! One TCP port for TLS and plaintext HTTP.

mod accept;
mod answer;
mod foreign;
mod io;
mod lifecycle;
mod limits;
mod mismatch;
mod peer;
mod policy;
#[cfg(feature = "serve")]
pub mod serve;
mod sniff;
pub mod tls;

pub use accept::{AcceptError, Accepted, Acceptor, ConnInfo, Stage, Stream, TlsInfo, Transport};
pub use foreign::Foreign;
pub use limits::Limits;
pub use mismatch::Mismatch;
pub use peer::Peer;
pub use policy::{AllowPlaintext, Inbound, Mode, Policy, Route};
#[cfg(feature = "serve")]
pub use serve::{Drained, Listener, Serve, serve_dual, serve_plaintext};
pub use sniff::{MAX_PREFIX, Protocol, Status, sniff};
