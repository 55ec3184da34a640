//! Certificates from a CA by ACME (RFC 8555), obtained and renewed through the
//! port that they are for.
//!
//! # What do I need?
//!
//! A domain that leads to this server, a CA (Let's Encrypt, unless you name
//! another), and one port of two to be reached by the CA: 443 or 80. Then:
//! [`Acme::new`], [`start`](Acme::start), and let [`Driver::run`] run beside the
//! server.
//!
//! # Which challenge is taken?
//!
//! tls-alpn-01 (RFC 8737), which comes to port 443, or http-01 (RFC 8555 8.3),
//! which comes to port 80; a public CA tries no other ports. Which of the two
//! leads here cannot be seen from here, as a router or a load balancer may
//! forward them; so the listener answers both, and [`Acme::challenge`] says
//! which one to ask the CA for. The default is tls-alpn-01: a port that serves
//! TLS is mostly reached by 443. A load balancer that ends TLS itself needs
//! http-01.
//!
//! # Does it work on a TLS-only port, with client certificates, with redirects?
//!
//! Yes. An http-01 validation is answered before a policy, a layer, a redirect or
//! the application is asked. A tls-alpn-01 validation is answered wherever the
//! policy lets TLS clients shake hands, without a client certificate and whatever
//! names are refused; it never reaches the application, and shows no other
//! certificate than the challenge's. A policy that admits some addresses only has
//! to admit the CA's, which are not known in advance: take http-01 there.
//!
//! # What if my application answers http-01 by itself?
//!
//! It goes on doing so: only tokens that the [`Driver`] waits for are answered
//! here, and only while it does.
//!
//! # What do clients get before the first certificate is there?
//!
//! A TLS handshake that fails; it takes a few seconds. A self-signed certificate
//! in its place would teach people to click warnings away. Plaintext, where it is
//! allowed, works. On the next start the kept certificate is served at once, and
//! no CA is asked.
//!
//! # When is it renewed?
//!
//! When the CA says so (ARI, RFC 9773): it is asked within the hour after a
//! start, then as often as it wants. A CA without ARI: after two thirds of the
//! lifetime. Both with a share of chance, so that not all the world comes at once.
//!
//! # What if renewal fails?
//!
//! The old certificate stays in use, a warning in the log says why and what to
//! do, and it is tried again: after one minute, then three times as long after
//! each failure, up to six hours; later if the CA asks for it.
//!
//! # Are connections disturbed by a renewal?
//!
//! No. New handshakes get the new certificate, open connections go on, and
//! sessions are resumed.
//!
//! # What is kept where?
//!
//! In [`Acme::cache`], one directory for each CA:
//!
//! | file | what |
//! |---|---|
//! | `account.json` | the account's key and address (mode 0600) |
//! | `DOMAIN-xxxxxxxx.pem` | key and certificate chain, in one file (mode 0600) for each set of domains |
//! | `*.unusable` | what was damaged or for other domains, and has been made anew |
//! | `.lock` | held by the process that is ordering |
//!
//! Processes may share the directory: one orders, the others take what is there
//! when their own turn comes. Another set of domains is another certificate.
//!
//! # How do I try it without running into limits?
//!
//! With [`LETS_ENCRYPT_STAGING`], or a CA on your own machine (Pebble, step-ca;
//! [`Acme::root`] names the certificate that its HTTPS server is known by).
//!
//! # What is not done?
//!
//! dns-01, and so wildcards; IP addresses; accounts that have to be made
//! elsewhere first (external account binding); certificates on the first
//! handshake for a name that was not configured.

mod account;
mod builder;
mod cache;
mod certificate;
mod client;
mod driver;
mod error;
mod failure;
mod input;
mod log;
mod order;
mod renewal_info;
mod resolver;
mod schedule;

use std::fmt;

use instant_acme::ChallengeType;

pub use self::builder::Acme;
pub use self::driver::Driver;
pub use self::error::AcmeError;
pub use crate::challenge::{ChallengeError, Challenges, Expected};

/// The directory of Let's Encrypt.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// The directory of Let's Encrypt's staging environment, for trying things out:
/// its limits are generous, and nobody trusts its certificates.
pub const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

/// How a domain is validated. Displays as its name in ACME.
///
/// ```
/// use oneport::acme::Challenge;
///
/// assert_eq!(Challenge::default().to_string(), "tls-alpn-01");
/// assert_eq!(Challenge::Http01.port(), 80);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Challenge {
    /// The CA asks for a path over plaintext HTTP (RFC 8555 8.3).
    Http01,
    /// The CA shakes hands (RFC 8737).
    #[default]
    TlsAlpn01,
}

impl Challenge {
    /// The port of the domain that a public CA comes to.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            Self::Http01 => 80,
            Self::TlsAlpn01 => 443,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Http01 => Self::TlsAlpn01,
            Self::TlsAlpn01 => Self::Http01,
        }
    }

    fn kind(self) -> ChallengeType {
        match self {
            Self::Http01 => ChallengeType::Http01,
            Self::TlsAlpn01 => ChallengeType::TlsAlpn01,
        }
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http01 => "http-01",
            Self::TlsAlpn01 => "tls-alpn-01",
        })
    }
}
