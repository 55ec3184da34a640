//! The clients' certificates (mutual TLS).

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, ValueEnum};
use oneport::tls::ClientAuth;

#[derive(Args, Debug)]
#[command(
    next_help_heading = "Client certificates (mutual TLS)",
    group(ArgGroup::new("client_trust").multiple(true).args(["client_ca", "client_trust_system_root_store"]))
)]
pub(crate) struct ClientArgs {
    /// Ask clients for a certificate, and accept those that a CA in this file has
    /// signed (PEM). May be repeated, and hold several
    #[arg(
        long,
        value_name = "FILE",
        action = ArgAction::Append,
        visible_alias = "client-trust-cert",
        aliases = SPELLINGS,
        conflicts_with = "plaintext_only",
        env = "ONEPORT_CLIENT_CA"
    )]
    pub(crate) client_ca: Vec<PathBuf>,

    /// Ask clients for a certificate, and accept those that a CA in the system's
    /// store has signed (SSL_CERT_FILE and SSL_CERT_DIR are honoured). Everybody
    /// can get one from them: it is for applications that look at who it is for
    #[arg(
        long,
        conflicts_with_all = ["plaintext_only", "client_no_trust_system_root_store"]
    )]
    pub(crate) client_trust_system_root_store: bool,

    /// Accept client certificates from no CA in the system's store. This is the
    /// default; the flag is for scripts that want to say so
    #[arg(
        long,
        visible_alias = "client-empty-trust-store",
        requires = "client_ca"
    )]
    client_no_trust_system_root_store: bool,

    /// Whether clients need a certificate where they are asked for one [default: required]
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        requires = "client_trust",
        env = "ONEPORT_CLIENT_AUTH"
    )]
    pub(crate) client_auth: Option<ClientAuthArg>,

    /// Refuse the client certificates that this list says are revoked (CRL; PEM or
    /// DER). May be repeated; each CA of --client-ca needs a list then
    #[arg(
        long,
        value_name = "FILE",
        action = ArgAction::Append,
        requires = "client_trust",
        env = "ONEPORT_CLIENT_CRL"
    )]
    pub(crate) client_crl: Vec<PathBuf>,

    /// With --client-ca: complete the handshake with clients that have no
    /// certificate, or a bad one, and tell them in HTTP (403, gRPC status 16)
    /// what is wrong. Off by default, where they get a TLS alert that many do not
    /// show. The application is not reached either way. Risk: strangers get as far
    /// as sending a request
    #[arg(long, requires = "client_trust")]
    pub(crate) explain_client_cert: bool,

    /// With --client-ca and --allow-plaintext: serve plaintext to clients that have
    /// no certificate, although TLS clients need one. Off by default, where the two
    /// contradict each other. Risk: plaintext is a way around client certificates
    #[arg(long, requires = "allow_plaintext")]
    pub(crate) plaintext_without_client_cert: bool,
}

/// How others call `--client-ca`.
const SPELLINGS: [&str; 19] = [
    "client-cert",
    "client-certs",
    "client-cert-bundle",
    "client-certs-bundle",
    "client-ca-cert",
    "client-ca-certs",
    "client-ca-cert-bundle",
    "client-ca-certs-bundle",
    "client-CA-cert",
    "client-CA-certs",
    "client-CA-cert-bundle",
    "client-CA-certs-bundle",
    "client-root-cert",
    "client-root-certs",
    "client-root-cert-bundle",
    "client-root-certs-bundle",
    "client-trust-certs",
    "client-trust-cert-bundle",
    "client-trust-certs-bundle",
];

impl ClientArgs {
    /// Whether TLS clients are asked for a certificate.
    pub(crate) fn are_asked(&self) -> bool {
        !self.client_ca.is_empty() || self.client_trust_system_root_store
    }

    /// Whether only TLS clients with a certificate are served.
    pub(crate) fn are_required(&self) -> bool {
        self.are_asked() && self.client_auth != Some(ClientAuthArg::Optional)
    }
}

/// The value of `--client-auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ClientAuthArg {
    /// Clients without one are served too, but not those with a bad one
    Optional,
    /// Only clients with a certificate are served
    Required,
}

impl From<ClientAuthArg> for ClientAuth {
    fn from(arg: ClientAuthArg) -> Self {
        match arg {
            ClientAuthArg::Optional => Self::Optional,
            ClientAuthArg::Required => Self::Required,
        }
    }
}
