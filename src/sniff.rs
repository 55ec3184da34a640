//! First bytes to [`Protocol`].

use crate::foreign::Foreign;

/// What a client speaks, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Neither TLS nor HTTP.
    Foreign(Foreign),
    /// HTTP/1.x.
    Http1,
    /// HTTP/2 with prior knowledge.
    Http2,
    /// A TLS ClientHello.
    Tls,
}

/// What [`sniff`] can say of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Status {
    /// More bytes are needed.
    Partial,
    /// Decided: more bytes never change it.
    Complete(Protocol),
}

/// So many bytes always suffice for a verdict.
pub const MAX_PREFIX: usize = 16 * 1024;

/// Judges the first bytes of a connection.
pub fn sniff(prefix: &[u8]) -> Status {
    match prefix.first() {
        None => Status::Partial,
        Some(0x16) => Status::Complete(Protocol::Tls),
        Some(_) => Status::Complete(Protocol::Http1),
    }
}
