//! What a refused client is told, in the protocol that it speaks.
//!
//! HTTP answers are served by hyper over the version that the client chose.
//! The only bytes written by hand are the literal answers in `tls` and
//! `foreign`.

mod bad_request;
mod explain;
mod explanation;
mod foreign;
mod format;
#[cfg(feature = "serve")]
mod full;
mod gate;
mod head;
mod http1;
mod http2;
mod late;
mod literal;
mod page;
mod refusal;
mod response;
mod tls;
mod websocket;

pub use explain::Explain;
#[cfg(feature = "serve")]
pub(crate) use explain::Explained;
pub use explanation::Explanation;
pub(crate) use foreign::foreign;
#[cfg(feature = "serve")]
pub(crate) use full::full;
pub(crate) use head::without_body;
pub(crate) use http1::http1;
pub(crate) use http2::http2;
pub(crate) use late::{Late, late};
pub(crate) use refusal::{Explainer, Refusal};
pub(crate) use tls::tls;

/// What hyper and tower call any error.
pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How far the close has got when the answer is written.
#[derive(Debug)]
#[must_use]
pub(crate) enum Sent {
    /// FIN is sent.
    HalfClosed,
    /// FIN is not sent yet.
    Open,
}

pub(crate) type Result = std::result::Result<Sent, BoxError>;
