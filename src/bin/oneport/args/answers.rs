//! What the wrong client is answered: the choices that are the operator's.

use clap::Args;

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What the wrong client is answered")]
pub(crate) struct AnswerArgs {
    /// With --plaintext-only: shake hands with TLS clients and tell them in HTTP
    /// (421) that this port is plaintext only. Most then show their user the
    /// sentence. Off by default, where the answer is a plaintext 400 that few of
    /// them show. Risk: it needs a certificate that clients trust (--cert and
    /// --key, or the development certificate); with another one browsers show a
    /// warning, and people learn to click it away
    #[arg(
        long,
        requires = "plaintext_only",
        env = "ONEPORT_ANSWER_TLS_WITH_HTTP"
    )]
    pub(crate) answer_tls_with_http: bool,

    /// With --client-ca: complete the handshake with clients that have no
    /// certificate, or a bad one, and tell them in HTTP (403, gRPC status 16)
    /// what is wrong. Off by default, where they get a TLS alert that many do not
    /// show. The application is not reached either way. Risk: strangers get as far
    /// as sending a request
    #[arg(long, requires = "client_ca", env = "ONEPORT_EXPLAIN_CLIENT_CERT")]
    pub(crate) explain_client_cert: bool,
}
