//! The arguments of `oneport check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    /// A URL (http, https, ws or wss), or HOST:PORT for whatever is spoken there.
    /// A host without a port is http://HOST/, as for curl; :PORT is of this machine
    pub(super) target: String,

    /// Print one JSON object
    #[arg(long)]
    pub(super) json: bool,

    /// Try again until it works, for so long
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 0,
        value_parser = clap::value_parser!(u64).range(0..=86_400)
    )]
    wait: u64,

    /// How long each question may take
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "3",
        value_parser = seconds
    )]
    pub(super) timeout: Duration,

    /// Trust the certificates in this file in place of the system's CAs: of the
    /// server's CA, or the server's own. May be given several times
    #[arg(long, visible_alias = "cacert", value_name = "FILE")]
    pub(super) ca: Vec<PathBuf>,

    /// Show this certificate to a server that asks for one
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) cert: Option<PathBuf>,

    /// The private key of --cert
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub(super) key: Option<PathBuf>,

    /// The name to ask the server for: in TLS (SNI), of its certificate, and in
    /// the Host header [default: the target's host]
    #[arg(long, value_name = "NAME")]
    pub(super) server_name: Option<String>,

    /// Ask only whether the target works, and print nothing if it does
    #[arg(short, long, conflicts_with = "json")]
    pub(super) quiet: bool,
}

impl CheckArgs {
    pub(super) fn wait(&self) -> Duration {
        Duration::from_secs(self.wait)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok();
    let range = 0.01..=3600.0;
    match seconds.filter(|seconds| range.contains(seconds)) {
        Some(seconds) => Ok(Duration::from_secs_f64(seconds)),
        None => Err("a number of seconds from 0.01 to 3600 is needed".to_owned()),
    }
}
