//! Certificates from a CA by ACME.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use oneport::acme::{Challenge, LETS_ENCRYPT, LETS_ENCRYPT_STAGING};

#[derive(Args, Debug)]
#[command(next_help_heading = "Certificates from a CA (ACME)")]
pub(crate) struct AcmeArgs {
    /// Obtain a certificate for this domain from Let's Encrypt (or --acme-directory)
    /// and renew it. The CA comes and looks: port 443 of the domain (or 80, see
    /// --acme-challenge) has to lead here. May be repeated, or a comma separated
    /// list: one certificate for all of them. With this flag you agree to the CA's
    /// terms of service
    #[arg(
        long = "acme",
        value_name = "DOMAIN",
        action = ArgAction::Append,
        value_delimiter = ',',
        conflicts_with_all = ["cert", "key", "names", "data_dir", "unknown_names", "plaintext_only"],
        env = "ONEPORT_ACME"
    )]
    pub(crate) acme: Vec<String>,

    /// Where the CA may write to about your account. May be repeated
    #[arg(
        long,
        value_name = "ADDRESS",
        action = ArgAction::Append,
        value_delimiter = ',',
        requires = "acme",
        env = "ONEPORT_ACME_EMAIL"
    )]
    pub(crate) acme_email: Vec<String>,

    /// The URL of the CA's ACME directory, or `staging` for Let's Encrypt's staging
    /// environment: for a first try, its certificates are trusted by nobody
    /// [default: Let's Encrypt]
    #[arg(
        long,
        value_name = "URL",
        requires = "acme",
        env = "ONEPORT_ACME_DIRECTORY"
    )]
    acme_directory: Option<String>,

    /// Where the account and the certificates are kept [default: oneport/acme in the
    /// user's data directory]
    #[arg(
        long,
        value_name = "DIR",
        requires = "acme",
        env = "ONEPORT_ACME_CACHE"
    )]
    pub(crate) acme_cache: Option<PathBuf>,

    /// Trust the CA's own HTTPS server by the certificates in this file (PEM), for a
    /// CA of your own [default: the system's store]
    #[arg(
        long,
        value_name = "FILE",
        requires = "acme",
        env = "ONEPORT_ACME_ROOT"
    )]
    pub(crate) acme_root: Option<PathBuf>,

    /// How the CA validates the domains. Public CAs come to port 443 for tls-alpn-01
    /// and to port 80 for http-01
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        default_value = "tls-alpn-01",
        env = "ONEPORT_ACME_CHALLENGE"
    )]
    pub(crate) acme_challenge: ChallengeArg,
}

impl AcmeArgs {
    pub(crate) fn directory(&self) -> &str {
        match self.acme_directory.as_deref() {
            None => LETS_ENCRYPT,
            Some("staging") => LETS_ENCRYPT_STAGING,
            Some(url) => url,
        }
    }
}

/// The value of `--acme-challenge`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ChallengeArg {
    /// A request over plaintext HTTP
    #[value(name = "http-01")]
    Http01,
    /// A TLS handshake
    #[value(name = "tls-alpn-01")]
    TlsAlpn01,
}

impl From<ChallengeArg> for Challenge {
    fn from(arg: ChallengeArg) -> Self {
        match arg {
            ChallengeArg::Http01 => Self::Http01,
            ChallengeArg::TlsAlpn01 => Self::TlsAlpn01,
        }
    }
}
