//! What the wrong client is answered: the choices that are the operator's.

use std::str::FromStr;

use clap::Args;
use oneport::RedirectStatus;

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What the wrong client is answered")]
pub(crate) struct AnswerArgs {
    /// With --plaintext-only: shake hands with TLS clients and tell them in HTTP
    /// (421) that this port is plaintext only. Most then show their user the
    /// sentence. Off by default, where the answer is a plaintext 400 that few of
    /// them show. Risk: it needs a certificate that clients trust (--cert and
    /// --key, or the development certificate); with another one browsers show a
    /// warning, and people learn to click it away
    #[arg(long, requires = "plaintext_only")]
    pub(crate) answer_tls_with_http: bool,

    /// Redirect plaintext GET and HEAD requests to https://, if they are for a name
    /// of the certificate: with 308 (the default value) or 307, and, if it says
    /// `browsers`, only those that browsers mark as going to a page; to the port that they
    /// came to, or to `port=N` behind a port mapping. Off by default,
    /// where they are told to use TLS. Requests with credentials, a body or an
    /// upgrade are never redirected. With --allow-plaintext to everybody, what would
    /// be served is redirected too. Risk: clients follow silently, and go on sending
    /// their requests in the clear first; 308,browsers keeps that to people
    #[arg(
        long,
        value_name = "308|307[,browsers][,port=N]",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "308",
        conflicts_with = "plaintext_only",
        env = "ONEPORT_REDIRECT"
    )]
    pub(crate) redirect: Option<RedirectArg>,

    /// Accept the handshakes of refused WebSocket clients, and close the WebSocket at
    /// once with code 1008 and the sentence, which is all that a page's script can
    /// read of it. Off by default, where they get 426. Risk: most other clients take
    /// the handshake for success, and report a WebSocket that was closed
    #[arg(long, conflicts_with = "plaintext_only")]
    pub(crate) close_websockets: bool,

    /// Send Strict-Transport-Security over TLS: for so many seconds browsers will
    /// not speak plaintext to this host; 0 takes it back. Off by default. Risk: it
    /// is for all ports of the host, and while it lasts plaintext cannot come back
    #[arg(
        long,
        value_name = "MAX_AGE",
        conflicts_with = "plaintext_only",
        env = "ONEPORT_HSTS"
    )]
    pub(crate) hsts: Option<u64>,

    /// With --allow-plaintext: find out who still uses plaintext, before it is turned
    /// off. Plaintext is served, with Deprecation and Oneport-Warning headers, and
    /// counted by address and user agent; the report is logged on shutdown and on
    /// SIGUSR1. Off by default. Risk: none for clients, except for those that choke
    /// on new headers
    #[arg(long, requires = "allow_plaintext")]
    pub(crate) report_plaintext: bool,
}

/// The value of `--redirect`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RedirectArg {
    pub(crate) status: RedirectStatus,
    pub(crate) browsers_only: bool,
    /// Where the world sees another port than the listener's.
    pub(crate) port: Option<u16>,
}

impl FromStr for RedirectArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut arg = Self::default();
        for word in text.split(',').map(str::trim) {
            match word {
                "307" => arg.status = RedirectStatus::Temporary307,
                "308" => arg.status = RedirectStatus::Permanent308,
                "browsers" => arg.browsers_only = true,
                _ => {
                    let port = word
                        .strip_prefix("port=")
                        .and_then(|port| port.parse().ok());
                    arg.port = Some(port.filter(|port| *port != 0).ok_or_else(|| {
                        format!(
                            "`{word}` is none of 308, 307 (301 and 302 turn a POST into a GET), \
                             browsers and port=443"
                        )
                    })?);
                }
            }
        }
        Ok(arg)
    }
}
