//! The command line: what can be asked for, and what contradicts itself.

mod answers;

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};
use oneport::{Mode, ProxyProtocol};

use crate::cert::{self, CertArgs};
use crate::exit;
use crate::listen_addr::ListenAddr;
use crate::log::LogFormat;
use crate::port_policy::{PortPolicy, proxies};
use answers::AnswerArgs;

/// One TCP port that speaks TLS (HTTPS, WSS, HTTP/2) and, where it is allowed,
/// plaintext (HTTP, WS, h2c), and explains itself to the wrong client.
#[derive(Debug, Parser)]
#[command(name = "oneport", version, after_help = exit::HELP, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make, revoke and show certificates
    #[command(after_help = cert::HELP)]
    Cert(CertArgs),
    /// Serve a port. The default: `oneport --listen ..` is `oneport serve --listen ..`
    #[command(after_help = exit::HELP)]
    Serve(ServeArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where to listen: an address or host name, and a port (0 takes any free one).
    /// [::]:3000 is every network, over IPv4 and IPv6
    #[arg(
        short,
        long,
        visible_alias = "listen-addr",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:3000",
        env = "ONEPORT_LISTEN"
    )]
    pub(crate) listen: ListenAddr,

    /// Speak TLS. This is the default; the flag is for scripts that want to say so
    #[arg(long, visible_aliases = ["ssl", "https", "secure"], conflicts_with = "plaintext_only")]
    tls: bool,

    /// The certificate chain to serve with (PEM), the server's own first.
    /// Without it a development certificate is made, kept and used again
    #[arg(
        long,
        value_name = "FILE",
        visible_aliases = ["server-cert", "server-public-cert"],
        env = "ONEPORT_CERT"
    )]
    cert: Option<PathBuf>,

    /// The certificate's private key (PEM: PKCS#8, PKCS#1 or SEC1).
    /// If it is in the same file as the certificate, name that file twice
    #[arg(
        long,
        value_name = "FILE",
        visible_aliases = ["private-key", "server-key", "server-private-key"],
        env = "ONEPORT_KEY"
    )]
    key: Option<PathBuf>,

    /// A host name or address that the development certificate is for, besides
    /// localhost, 127.0.0.1, ::1 and the one of --listen. May be repeated
    #[arg(
        long = "name",
        value_name = "NAME",
        action = ArgAction::Append,
        conflicts_with_all = ["cert", "key"]
    )]
    names: Vec<String>,

    /// Serve only clients with a certificate that was signed by a CA in this file
    /// (PEM; mutual TLS). May be repeated
    #[arg(
        long,
        value_name = "FILE",
        action = ArgAction::Append,
        conflicts_with = "plaintext_only",
        env = "ONEPORT_CLIENT_CA"
    )]
    client_ca: Vec<PathBuf>,

    /// Where the development certificate is kept [default: oneport/dev-certs in the
    /// user's data directory]
    #[arg(long, value_name = "DIR", env = "ONEPORT_DATA_DIR")]
    data_dir: Option<PathBuf>,

    /// Serve plaintext on the same port as well: to everybody (`all`, or no value),
    /// or only to some: a comma separated list of `loopback`, `private`
    /// (RFC 1918, RFC 4193 and loopback), networks and addresses.
    /// Without this flag plaintext clients are told to use TLS
    #[arg(
        long,
        value_name = "WHO",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all",
        conflicts_with = "plaintext_only",
        env = "ONEPORT_ALLOW_PLAINTEXT"
    )]
    allow_plaintext: Option<PortPolicy>,

    /// Expect the PROXY protocol (v1 or v2) from these load balancers: a comma
    /// separated list of `loopback`, `private`, networks and addresses. From them
    /// it is required, from others it is refused
    #[arg(
        long,
        value_name = "FROM",
        value_parser = proxies,
        env = "ONEPORT_PROXY_PROTOCOL"
    )]
    pub(crate) proxy_protocol: Option<ProxyProtocol>,

    /// Serve plaintext only, without any certificate; TLS clients are told so
    #[arg(long)]
    plaintext_only: bool,

    /// Serve the files in this directory (index.html for a directory; names
    /// that begin with a dot are not served) instead of the built-in pages
    #[arg(long, value_name = "DIR", env = "ONEPORT_ROOT")]
    pub(crate) root: Option<PathBuf>,

    /// How long open connections may go on after SIGINT or SIGTERM
    #[arg(
        long,
        value_name = "SECS",
        default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(0..=86_400),
        env = "ONEPORT_DRAIN"
    )]
    drain: u64,

    /// How the log on stderr is written, and with json the start-up report on
    /// stdout too. RUST_LOG chooses what is in the log, such as oneport=debug
    #[arg(long, value_enum, default_value = "text", env = "ONEPORT_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,

    #[command(flatten)]
    pub(crate) answers: AnswerArgs,
}

/// The certificate that was asked for, and the clients'.
#[derive(Debug)]
pub(crate) struct CertificateArgs {
    pub(crate) own: OwnCertificate,
    pub(crate) client_cas: Vec<PathBuf>,
    pub(crate) explain_client_cert: bool,
}

/// Where the server's own certificate comes from.
#[derive(Debug)]
pub(crate) enum OwnCertificate {
    /// Made here, for these names besides the usual ones.
    Development {
        dir: Option<PathBuf>,
        names: Vec<String>,
    },
    /// The user's own.
    Files { cert: PathBuf, key: PathBuf },
}

impl ServeArgs {
    pub(crate) fn policy(&self) -> PortPolicy {
        match &self.allow_plaintext {
            _ if self.plaintext_only => PortPolicy::Everybody(Mode::PlaintextOnly),
            Some(policy) => policy.clone(),
            None => PortPolicy::Everybody(Mode::TlsOnly),
        }
    }

    /// None with `--plaintext-only`, unless TLS clients are answered in TLS.
    pub(crate) fn certificate(&self) -> Option<CertificateArgs> {
        if self.plaintext_only && !self.answers.answer_tls_with_http {
            return None;
        }
        let own = match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => OwnCertificate::Files {
                cert: cert.clone(),
                key: key.clone(),
            },
            // One alone was refused by `parse`.
            _ => OwnCertificate::Development {
                dir: self.data_dir.clone(),
                names: self.names.clone(),
            },
        };
        Some(CertificateArgs {
            own,
            client_cas: self.client_ca.clone(),
            explain_client_cert: self.answers.explain_client_cert,
        })
    }

    pub(crate) fn requires_client_cert(&self) -> bool {
        !self.client_ca.is_empty()
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain)
    }

    /// What clap's own rules cannot say in a sentence that helps.
    fn contradiction(&self) -> Option<String> {
        let one_alone = |given: &str, missing: &str, what: &str| {
            format!(
                "{given} was given without {missing}: a server needs the certificate and its key. \
                 Add {missing} FILE (the same file if {what}), or leave both out for a \
                 development certificate"
            )
        };
        if self.plaintext_only && !self.answers.answer_tls_with_http {
            let given = [
                (self.cert.is_some(), "--cert"),
                (self.key.is_some(), "--key"),
                (!self.names.is_empty(), "--name"),
            ];
            if let Some((_, flag)) = given.into_iter().find(|(given, _)| *given) {
                return Some(format!(
                    "{flag} cannot be used with --plaintext-only, which needs no certificate: \
                     leave one of them out, or add --answer-tls-with-http"
                ));
            }
        }
        if !self.client_ca.is_empty() && self.allow_plaintext.is_some() {
            return Some(
                "--client-ca and --allow-plaintext contradict each other: whoever speaks plaintext \
                 would be served without any certificate. Leave one of them out"
                    .to_owned(),
            );
        }
        match (&self.cert, &self.key) {
            (Some(_), None) => Some(one_alone("--cert", "--key", "it holds the key too")),
            (None, Some(_)) => Some(one_alone("--key", "--cert", "it holds the certificate too")),
            _ => None,
        }
    }
}

/// The arguments, or what clap has to say instead (`--help` included).
pub(crate) fn parse() -> Result<Command, clap::Error> {
    let cli = Cli::try_parse()?;
    let args = match cli.command {
        Some(Command::Serve(args)) => args,
        Some(command) => return Ok(command),
        None => cli.serve,
    };
    match args.contradiction() {
        Some(sentence) => Err(Cli::command().error(ErrorKind::ArgumentConflict, sentence)),
        None => Ok(Command::Serve(args)),
    }
}

#[cfg(test)]
mod tests;
