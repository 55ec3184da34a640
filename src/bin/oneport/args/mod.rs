//! The command line: what can be asked for, and what contradicts itself.

mod acme;
mod answers;
mod clients;
mod limits;
mod tls;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use oneport::{Limits, Mode, ProxyProtocol};

use crate::cert::{self, CertArgs};
use crate::check::{self, CheckArgs};
use crate::exit;
use crate::listen_addr::ListenAddr;
use crate::log::LogFormat;
use crate::port_policy::{PortPolicy, proxies};
use crate::workers::Workers;
pub(crate) use acme::AcmeArgs;
use answers::AnswerArgs;
pub(crate) use clients::ClientArgs;
use limits::LimitArgs;
pub(crate) use tls::{OwnCertificate, TlsArgs, TlsMin};

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
    /// Ask a port what it speaks, whether a URL works there, and what to change if not
    #[command(after_help = check::HELP)]
    Check(CheckArgs),
    /// Serve a port. The default: `oneport --listen ..` is `oneport serve --listen ..`
    #[command(after_help = exit::HELP)]
    Serve(Box<ServeArgs>),
}

#[derive(Args, Debug)]
pub(crate) struct ServeArgs {
    /// Where to listen: an address or host name, and a port (0 takes any free one).
    /// [::]:3000 is every network, over IPv4 and IPv6
    #[arg(
        short,
        long,
        visible_alias = "listen-addr",
        alias = "gateway-address",
        value_name = "HOST:PORT",
        default_value = "127.0.0.1:3000",
        env = "ONEPORT_LISTEN"
    )]
    pub(crate) listen: ListenAddr,

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

    /// So many threads (`auto`: one per core), each with a listener and an event loop
    /// of its own, instead of one listener and a pool that shares all work: new
    /// connections cost less, but each stays with its thread, and waits if that one is
    /// busy. More than 1 on Linux only
    #[arg(long, value_name = "N", env = "ONEPORT_WORKERS")]
    pub(crate) workers: Option<Workers>,

    /// How the log on stderr is written, and with json the start-up report on
    /// stdout too. RUST_LOG chooses what is in the log, such as oneport=debug
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "text",
        env = "ONEPORT_LOG_FORMAT"
    )]
    pub(crate) log_format: LogFormat,

    #[command(flatten)]
    pub(crate) tls: TlsArgs,

    #[command(flatten)]
    pub(crate) acme: AcmeArgs,

    #[command(flatten)]
    pub(crate) clients: ClientArgs,

    #[command(flatten)]
    pub(crate) answers: AnswerArgs,

    #[command(flatten)]
    limits: LimitArgs,
}

impl ServeArgs {
    pub(crate) fn policy(&self) -> PortPolicy {
        match &self.allow_plaintext {
            _ if self.plaintext_only => PortPolicy::Everybody(Mode::PlaintextOnly),
            Some(policy) => policy.clone(),
            None => PortPolicy::Everybody(Mode::TlsOnly),
        }
    }

    /// Whether TLS is spoken at all: not with `--plaintext-only`, unless TLS
    /// clients are answered in TLS.
    pub(crate) fn speaks_tls(&self) -> bool {
        !self.plaintext_only || self.answers.answer_tls_with_http
    }

    pub(crate) fn limits(&self) -> Limits {
        let mut limits = self.limits.limits();
        limits.drain = Duration::from_secs(self.drain);
        limits
    }

    /// The first of the files that is a pipe or a device.
    pub(crate) fn read_once(&self) -> Option<&Path> {
        let (tls, clients) = (&self.tls, &self.clients);
        let all = [&tls.cert, &tls.key, &clients.client_ca, &clients.client_crl];
        let mut all = all.into_iter().flatten().chain(&tls.ticket_secrets);
        let special = all.find(|path| path.metadata().is_ok_and(|found| !found.is_file()));
        special.map(PathBuf::as_path)
    }

    /// What clap's own rules cannot say in a sentence that helps.
    fn contradiction(&self) -> Option<String> {
        if !self.speaks_tls()
            && let Some(flag) = self.tls.given()
        {
            return Some(format!(
                "{flag} cannot be used with --plaintext-only, which needs no certificate: leave one \
                 of them out, or add --answer-tls-with-http"
            ));
        }
        let way_around = self.clients.are_required() && self.allow_plaintext.is_some();
        if way_around && !self.clients.plaintext_without_client_cert {
            return Some(
                "client certificates are required, and --allow-plaintext would be a way around \
                 them: whoever speaks plaintext is served without any. Leave --allow-plaintext out, \
                 or say with --plaintext-without-client-cert that this is meant"
                    .to_owned(),
            );
        }
        let workers = self.workers.and_then(Workers::contradiction);
        workers.or_else(|| self.tls.contradiction())
    }
}

/// The arguments, or what clap has to say instead (`--help` included).
pub(crate) fn parse() -> Result<Command, clap::Error> {
    let cli = Cli::try_parse()?;
    let args = match cli.command {
        Some(Command::Serve(args)) => args,
        Some(command) => return Ok(command),
        None => Box::new(cli.serve),
    };
    match args.contradiction() {
        Some(sentence) => Err(Cli::command().error(ErrorKind::ArgumentConflict, sentence)),
        None => Ok(Command::Serve(args)),
    }
}

#[cfg(test)]
mod tests;
