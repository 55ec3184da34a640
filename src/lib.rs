//! One TCP port for TLS (HTTPS, WSS, gRPC) and plaintext (HTTP, WS, h2c); a
//! client that speaks the wrong one is told, in words its user sees, what to do
//! instead.
//!
//! Each connection's first bytes are read, judged by a pure function
//! ([`sniff`]), and given back: to rustls if they are a ClientHello, to hyper
//! if they are plaintext HTTP. A [`Policy`] says which of the two a peer may
//! use; whoever may not is answered in the protocol that it speaks.
//!
//! # Where do I start?
//!
//! * With an axum Router, tonic Routes or any other tower Service:
//!   `serve_dual(listener, tls, app)`, in place of `axum::serve(listener, app)`.
//! * With something that wants a stream (tungstenite, actix): [`Acceptor`].
//! * With neither: the `oneport` binary (feature `cli`).
//!
//! ```no_run
//! # #[cfg(all(feature = "serve", feature = "tls-files", any(feature = "ring", feature = "aws-lc-rs")))]
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let app = axum::Router::new().route("/", axum::routing::get(|| async { "hello\n" }));
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! let tls = oneport::tls::load("fullchain.pem", "privkey.pem")?;
//!
//! oneport::serve_dual(listener, tls, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Where does the certificate come from?
//!
//! From files ([`tls`]), or from Let's Encrypt and other CAs through the same
//! port (`acme`, a feature). For development it is made here (`tls::generate`).
//!
//! # How does a handler know over which transport a request came?
//!
//! By the [`ConnInfo`] in the request's extensions.
//!
//! # Is plaintext on by default?
//!
//! In `serve_dual` and [`Acceptor::new`], yes: both modes are what they are
//! for. [`Mode::TlsOnly`] refuses and explains plaintext, [`AllowPlaintext`]
//! admits it from some networks. In the binary it is off.
//!
//! # Why is http not redirected to https?
//!
//! A redirect makes a client look fine that has just sent its cookies over the
//! network in the clear, and turns a POST into a GET in most clients. The
//! refusal says what to change instead. [`Redirect`] is there for those who
//! want it all the same, with rules that avoid the worst.
//!
//! # And what depends on paths, methods or headers?
//!
//! Is in [`layer`]: TLS for some routes only, HSTS, `Forwarded` headers, secure
//! cookies, a report of who still uses plaintext.
//!
//! # Why may a refusal take two seconds?
//!
//! A socket that is closed while the client is still sending makes the kernel
//! send RST, which destroys the answer before the client has read it. So the
//! answer is followed by FIN, and what still arrives is drained for up to
//! [`Limits::linger`].
//!
//! # Why not `MSG_PEEK`?
//!
//! While a prefix is too short for a verdict, a peeking server spins: the
//! socket stays readable. And it works on sockets only; an [`Acceptor`] takes
//! any stream.
//!
//! # Why must I choose a crypto provider feature?
//!
//! Two providers in one dependency tree make rustls' own builders panic in
//! somebody else's code. So none is in `default`: pick `ring` or `aws-lc-rs`,
//! whichever the rest of your tree uses. See [`tls`].
//!
//! # What is left without any feature?
//!
//! The pure core: [`sniff`], [`Policy`], [`Mismatch`], [`client::Diagnosis`] and
//! the types that they need. It reads nothing, writes nothing and waits for
//! nothing, has neither tokio nor rustls nor hyper in its dependency tree, and
//! builds for any target, `wasm32-unknown-unknown` included. The feature
//! `accept` adds [`Acceptor`], [`Explain`], [`layer`] and [`tls`]; every other
//! feature implies it.
//!
//! # Which types of other crates are in the public API?
//!
//! Those of bytes, http, http-body, hyper 1, rustls 0.23, tokio, tower-layer,
//! tower-service and std.

// In the core's documentation, links to what is not there lead to the words
// that say so.
#![cfg_attr(
    not(feature = "accept"),
    doc = "

[`Acceptor`]: #what-is-left-without-any-feature
[`Acceptor::new`]: #what-is-left-without-any-feature
[`ConnInfo`]: #what-is-left-without-any-feature
[`Explain`]: #what-is-left-without-any-feature
[`layer`]: #what-is-left-without-any-feature
[`tls`]: #what-is-left-without-any-feature"
)]

#[cfg(feature = "accept")]
mod accept;
#[cfg(feature = "acme")]
pub mod acme;
#[cfg(feature = "accept")]
mod answer;
#[cfg(feature = "acme")]
mod challenge;
pub mod client;
#[cfg(feature = "accept")]
mod conn_info;
#[cfg(feature = "accept")]
mod count;
mod credentials;
mod diagnose;
#[cfg(feature = "axum08")]
mod extract;
mod foreign;
mod host;
#[cfg(feature = "accept")]
mod io;
#[cfg(feature = "accept")]
pub mod layer;
#[cfg(feature = "accept")]
mod lifecycle;
mod limits;
mod mismatch;
mod network;
#[cfg(feature = "accept")]
mod nursery;
#[cfg(feature = "serve")]
mod pace;
mod peer;
mod peer_set;
mod policy;
#[cfg(feature = "accept")]
mod proxy;
// Made here, followed by the layer and the answers, which come with `accept`.
#[cfg_attr(not(any(feature = "accept", test)), expect(dead_code))]
mod redirect;
#[cfg(feature = "accept")]
mod refusal_log;
#[cfg(feature = "serve")]
pub mod serve;
mod sniff;
#[cfg(feature = "accept")]
pub mod tls;

#[cfg(feature = "accept")]
pub use accept::{AcceptError, Accepted, Acceptor, Stage, Stream};
#[cfg(feature = "accept")]
pub use answer::{Explain, Explanation};
#[cfg(feature = "accept")]
pub use conn_info::{ConnInfo, TlsInfo, Transport};
#[cfg(feature = "axum08")]
pub use extract::{ClientIdentityRejection, ConnInfoRejection};
pub use foreign::Foreign;
pub use limits::Limits;
pub use mismatch::{CertificateFault, Mismatch};
pub use network::{Network, NetworkError};
pub use peer::Peer;
pub use policy::{AllowPlaintext, Inbound, Mode, Policy, Route};
#[cfg(feature = "accept")]
pub use proxy::ProxyProtocol;
pub use redirect::{Redirect, RedirectError, RedirectStatus};
#[cfg(feature = "serve")]
pub use serve::{Drained, Listener, Serve, serve_dual, serve_plaintext};
pub use sniff::{MAX_PREFIX, Protocol, Status, sniff};

/// The README's examples are compiled.
#[cfg(all(
    doctest,
    feature = "client",
    feature = "serve",
    feature = "tls-files",
    any(feature = "aws-lc-rs", feature = "ring")
))]
#[doc = include_str!("../README.md")]
pub struct Readme;
