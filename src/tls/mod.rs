//! TLS configuration: a handle that can be reloaded, files that explain what
//! is wrong with them, and a development certificate.
//!
//! # What do I need to serve TLS?
//!
//! A [`TlsConfig`]. It is made from
//! * a `rustls::ServerConfig` that you built yourself: [`TlsConfig::from`],
//! * a certificate file and a key file: `tls::load` (feature `tls-files`),
//! * nothing at all, for development: `tls::generate::DevelopmentCertificate`
//!   (feature `generate`) makes a CA and a certificate for localhost, keeps
//!   them, and uses them again on the next start.
//!
//! # Which files, in which format?
//!
//! The certificate file holds the server's own certificate first and after it
//! the certificates of the CAs between it and the root, in order. That is what
//! certbot calls `fullchain.pem`. The key file holds exactly one private key,
//! without a passphrase: `BEGIN PRIVATE KEY` (PKCS#8), `BEGIN EC PRIVATE KEY`
//! (SEC1) or `BEGIN RSA PRIVATE KEY` (PKCS#1). Both may be the same file.
//! PEM is the usual form; a file with a single certificate or key in DER is
//! read as well. Symbolic links are followed. Anything that is not a regular
//! file is refused, unless that is asked for, and so are certificate files over
//! 1 MiB and key files over 64 KiB: pointing the server at `/dev/zero` is an
//! error, not a full memory.
//!
//! What is wrong with a file is a `TlsConfigError`, whose text names the file,
//! what was found in it, what was expected and what to do. Files that can be
//! read are looked at as clients would: a certificate that has expired, is for no
//! name or is a CA's, a chain out of order, a weak key or signature is an error
//! before the port opens. `tls::self_check` shakes hands for each name besides.
//!
//! # How do I ask clients for a certificate?
//!
//! `tls::Files::client_ca` names the CAs that sign them (mutual TLS), and
//! [`TlsInfo::client_identity`](crate::TlsInfo::client_identity) says of each
//! request who sent it. Plaintext on the same port is refused then to all whom the
//! policy would serve TLS too, unless
//! [`plaintext_beside_client_auth`](crate::Acceptor::plaintext_beside_client_auth)
//! says otherwise: it would be a way around. rustls looks at a client's
//! certificate in a full handshake only, and sessions are resumed for hours; an
//! [`Acceptor`](crate::Acceptor) with a configuration from `tls::Files` looks
//! again at each resumption, so that what has expired or was revoked meanwhile
//! does not get in.
//!
//! # How does reload work?
//!
//! A [`TlsConfig`] is a handle; its clones share one configuration.
//! [`TlsConfig::reload`] replaces it for every clone. Each new handshake takes
//! the configuration that is current when it starts. Connections that are open
//! keep theirs until they end. `tls::Files` validates first and replaces then, by
//! `tls::Files::reload` when you say so, by `tls::Files::watch` (feature `watch`)
//! when a file changes:
//!
#![cfg_attr(
    all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")),
    doc = "```no_run"
)]
#![cfg_attr(
    not(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring"))),
    doc = "```ignore"
)]
//! use oneport::tls;
//!
//! let files = tls::Files::new("fullchain.pem", "privkey.pem");
//! let tls = files.load()?;
//! // Hand `tls.clone()` to the server. Later, when the files were renewed:
//! if let Err(error) = files.reload(&tls) {
//!     eprintln!("the old certificate stays in use: {error}");
//! }
//! # Ok::<(), tls::TlsConfigError>(())
//! ```
//!
//! # Which sessions are resumed after a reload?
//!
//! Where both configurations are from `tls::Files`: all of them, unless anything
//! changed by which client certificates are judged (CAs, lists of revoked ones,
//! whether they are required); then none. A renewed certificate costs clients
//! nothing. Where you built a `ServerConfig` yourself: none, unless it shares the
//! session storage or the ticketer of the old one. Do not share them between
//! configurations that differ in client authentication: a session that began
//! without a client certificate would resume into the configuration that demands
//! one. Several machines resume each other's sessions by
//! `tls::Files::ticket_secrets`.
//!
//! # Is it safe against quantum computers?
//!
//! The key exchange is, with feature `aws-lc-rs` and a client that offers
//! X25519MLKEM768, as browsers do: what is recorded today is not read later.
//! *ring* has no such key exchange.
//!
//! # Why does my configuration suddenly have ALPN?
//!
//! A `ServerConfig` without ALPN makes every browser and most clients speak
//! HTTP/1.1, because over TLS they use HTTP/2 only when ALPN says so. As this
//! crate serves both, `h2`, `http/1.1` and `http/1.0` are filled in when the list is empty.
//! A list that is not empty is left alone. If your application speaks neither,
//! or only HTTP/1.1 (a WebSocket server on the bare `Acceptor`), set the list
//! yourself, or build the handle by [`TlsConfig::keep_alpn`].
//!
//! # Why is there no default crypto provider?
//!
//! rustls can run on several crypto libraries, and its own
//! `ServerConfig::builder()` panics when two of them are compiled in and the
//! process has not chosen one. A library that brings a provider by default
//! would do that to its users. So `aws-lc-rs` and `ring` are features, both
//! off; nothing in here reads or sets the process-wide default. The functions
//! that need a provider (`provider`, `load`, `generate`) exist only when one of
//! the two features is on. With both, aws-lc-rs is used.

#[cfg(feature = "tls-files")]
mod alt_name;
mod client_auth;
mod client_identity;
mod config;
#[cfg(feature = "tls-files")]
mod crl;
#[cfg(feature = "tls-files")]
pub mod describe;
#[cfg(feature = "tls-files")]
mod distinguished_name;
#[cfg(feature = "tls-files")]
mod error;
#[cfg(feature = "tls-files")]
mod file;
#[cfg(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")))]
mod files;
#[cfg(feature = "tls-files")]
mod found;
#[cfg(all(feature = "generate", any(feature = "aws-lc-rs", feature = "ring")))]
pub mod generate;
mod hello;
#[cfg(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")))]
mod inspect;
#[cfg(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")))]
mod key_kind;
mod loaded;
#[cfg(feature = "tls-files")]
mod pem;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod provider;
#[cfg(feature = "tls-files")]
pub mod self_check;
#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
mod server_trust;
#[cfg(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")))]
mod ticket_secrets;
#[cfg(feature = "tls-files")]
mod ticket_secrets_error;
#[cfg(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")))]
mod ticketer;

#[cfg(feature = "tls-files")]
pub use alt_name::AltName;
pub use client_identity::ClientIdentity;
pub use config::TlsConfig;
#[cfg(feature = "tls-files")]
pub use error::TlsConfigError;
#[cfg(feature = "tls-files")]
pub use file::{FileKind, Role};
#[cfg(all(feature = "watch", any(feature = "aws-lc-rs", feature = "ring")))]
pub use files::Watch;
#[cfg(all(feature = "tls-files", any(feature = "aws-lc-rs", feature = "ring")))]
pub use files::{ClientAuth, Files, MinimumVersion, UnknownNames, load};
#[cfg(feature = "tls-files")]
pub use found::Found;
pub(crate) use hello::{Hello, NoHello, read_hello};
pub(crate) use loaded::Loaded;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use provider::provider;
#[cfg(feature = "acme")]
pub(crate) use provider::random;
#[cfg(all(feature = "client", any(feature = "aws-lc-rs", feature = "ring")))]
pub(crate) use server_trust::{ServerTrust, identity, system_redirected};
#[cfg(feature = "tls-files")]
pub use ticket_secrets_error::TicketSecretsError;
