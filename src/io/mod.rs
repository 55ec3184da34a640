//! Streams: wrappers that keep bytes, guards and answers from getting lost.
//!
//! Every wrapper forwards vectored writes, so that hyper's gathered writes
//! reach the socket.

#[cfg(any(
    feature = "acme",
    all(feature = "probe", any(feature = "aws-lc-rs", feature = "ring"))
))]
mod alongside;
mod corked;
mod linger;
mod maybe_tls;
mod read;
#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
mod recorded;
mod rewind;
#[cfg(feature = "serve")]
mod tracked;

#[cfg(any(
    feature = "acme",
    all(feature = "probe", any(feature = "aws-lc-rs", feature = "ring"))
))]
pub(crate) use alongside::alongside;
pub(crate) use corked::Corked;
pub(crate) use linger::Linger;
pub(crate) use maybe_tls::MaybeTls;
pub(crate) use read::{poll_read_some, read_some};
#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
pub(crate) use recorded::{Record, Recorded};
pub(crate) use rewind::Rewind;
#[cfg(feature = "serve")]
pub(crate) use tracked::Tracked;
