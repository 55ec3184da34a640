//! The server's own certificates, and how TLS is spoken.

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};
use oneport::tls::{MinimumVersion, UnknownNames};

#[derive(Args, Debug)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsArgs {
    /// Speak TLS. This is the default; the flag is for scripts that want to say so
    #[arg(long, visible_aliases = ["ssl", "https", "secure"], conflicts_with = "plaintext_only")]
    tls: bool,

    /// The certificate chain to serve with (PEM), the server's own first.
    /// Without it a development certificate is made, kept and used again.
    /// May be repeated, each with its --key: clients get the one for the name
    /// that they ask for (SNI)
    #[arg(
        long,
        value_name = "FILE",
        action = ArgAction::Append,
        visible_aliases = ["server-cert", "server-public-cert", "tls-certificate-pem-path"],
        env = "ONEPORT_CERT"
    )]
    cert: Vec<PathBuf>,

    /// The certificate's private key (PEM: PKCS#8, PKCS#1 or SEC1).
    /// If it is in the same file as the certificate, name that file twice
    #[arg(
        long,
        value_name = "FILE",
        action = ArgAction::Append,
        visible_aliases = ["private-key", "server-key", "server-private-key", "tls-certificate-key-pem-path"],
        env = "ONEPORT_KEY"
    )]
    key: Vec<PathBuf>,

    /// What clients get that ask for a name of none of the certificates: the first
    /// one, or none at all
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        default_value = "default",
        env = "ONEPORT_UNKNOWN_NAMES"
    )]
    pub(crate) unknown_names: UnknownNamesArg,

    /// A host name or address that the development certificate is for, besides
    /// localhost, 127.0.0.1, ::1 and the one of --listen. May be repeated
    #[arg(
        long = "name",
        value_name = "NAME",
        action = ArgAction::Append,
        conflicts_with_all = ["cert", "key"]
    )]
    names: Vec<String>,

    /// Where the development certificate is kept [default: oneport/dev-certs in the
    /// user's data directory]
    #[arg(long, value_name = "DIR", env = "ONEPORT_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// The oldest version of TLS that is spoken
    #[arg(
        long,
        value_enum,
        value_name = "VERSION",
        default_value = "1.2",
        env = "ONEPORT_TLS_MIN"
    )]
    pub(crate) tls_min: TlsMin,

    /// Secrets that session tickets are made with, one per line, newest first; the
    /// same file on several machines lets clients resume their sessions on any of
    /// them. `openssl rand -hex 32` makes one. Without it the secrets are this
    /// process's own
    #[arg(long, value_name = "FILE", env = "ONEPORT_TICKET_SECRETS")]
    pub(crate) ticket_secrets: Option<PathBuf>,

    /// Do not reload certificates when their files change, but only on SIGHUP
    #[arg(long)]
    pub(crate) no_watch: bool,

    /// Start with a certificate that has expired, or is not valid yet, too
    #[arg(long)]
    pub(crate) accept_expired_cert: bool,

    /// Read certificates and keys from pipes and devices as well, such as
    /// --key <(vault read ..). They are read once, and cannot be reloaded
    #[arg(long)]
    pub(crate) allow_special_files: bool,
}

/// Where the server's own certificates come from.
#[derive(Debug)]
pub(crate) enum OwnCertificate {
    /// Made here, for these names besides the usual ones.
    Development {
        dir: Option<PathBuf>,
        names: Vec<String>,
    },
    /// The user's own: certificate and key; at least one pair.
    Files(Vec<(PathBuf, PathBuf)>),
}

impl TlsArgs {
    pub(crate) fn own(&self) -> OwnCertificate {
        let pairs = self.cert.iter().cloned().zip(self.key.iter().cloned());
        let pairs: Vec<_> = pairs.collect();
        match pairs.is_empty() {
            true => OwnCertificate::Development {
                dir: self.data_dir.clone(),
                names: self.names.clone(),
            },
            false => OwnCertificate::Files(pairs),
        }
    }

    /// A flag that says which certificate to serve with.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            (!self.cert.is_empty(), "--cert"),
            (!self.key.is_empty(), "--key"),
            (!self.names.is_empty(), "--name"),
        ];
        let flag = given.into_iter().find(|(given, _)| *given);
        flag.map(|(_, flag)| flag)
    }

    pub(super) fn contradiction(&self) -> Option<String> {
        let one_alone = |given: &str, missing: &str, what: &str| {
            format!(
                "{given} was given without {missing}: a server needs the certificate and its key. \
                 Add {missing} FILE (the same file if {what}), or leave both out for a \
                 development certificate"
            )
        };
        match (self.cert.len(), self.key.len()) {
            (certs, keys) if certs == keys => None,
            (_, 0) => Some(one_alone("--cert", "--key", "it holds the key too")),
            (0, _) => Some(one_alone("--key", "--cert", "it holds the certificate too")),
            (certs, keys) => Some(format!(
                "--cert was given {certs} times and --key {keys} times: each certificate needs its \
                 key, in the same order (the same file twice if it holds both)"
            )),
        }
    }
}

/// The value of `--tls-min`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum TlsMin {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

impl From<TlsMin> for MinimumVersion {
    fn from(min: TlsMin) -> Self {
        match min {
            TlsMin::Tls12 => Self::Tls12,
            TlsMin::Tls13 => Self::Tls13,
        }
    }
}

/// The value of `--unknown-names`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum UnknownNamesArg {
    /// The first certificate
    Default,
    /// The TLS alert unrecognized_name
    Refuse,
}

impl From<UnknownNamesArg> for UnknownNames {
    fn from(arg: UnknownNamesArg) -> Self {
        match arg {
            UnknownNamesArg::Default => Self::Default,
            UnknownNamesArg::Refuse => Self::Refuse,
        }
    }
}
