//! One TCP port for TLS and plaintext HTTP.

mod foreign;
mod peer;
mod sniff;
pub mod tls;

pub use foreign::Foreign;
pub use peer::Peer;
pub use sniff::{MAX_PREFIX, Protocol, Status, sniff};
