//! How a served connection ended, and what is said of it, and to whom.

use std::error::Error as _;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Shared, Stage};
use super::watch::Late;
use crate::answer::Late as Unfinished;
use crate::conn_info::ConnInfo;
use crate::count;
use crate::limits::Limits;

/// How a connection ended.
pub(super) enum Ended {
    ByHyper(hyper::Result<()>),
    Late(Late),
}

impl Ended {
    /// A head that has begun is no idleness, and a stray line end is no head.
    /// (hyper's timer, where somebody has set it, does not tell the two apart.)
    /// `behind`: a request with a body.
    pub(super) fn with_unread(self, rest: &[u8], behind: bool) -> Self {
        match self {
            Self::ByHyper(Ok(())) | Self::Late(Late::Body) => self,
            _ if rest.is_empty() => Self::Late(Late::Idle),
            _ if behind => Self::Late(Late::Behind),
            _ => Self::Late(Late::Head),
        }
    }

    pub(super) fn log(self, info: &ConnInfo, limits: &Limits) {
        let (id, peer) = (info.id(), info.peer());
        match self {
            Self::ByHyper(Ok(())) => tracing::debug!(id, %peer, "connection ended"),
            Self::ByHyper(Err(error)) => {
                if let Some((limit, what)) = excess(&error) {
                    info.note_excess(limit, what);
                }
                let error = &error as &dyn std::error::Error;
                tracing::debug!(id, %peer, error, "connection failed");
            }
            // The way of all connections.
            Self::Late(Late::Idle) => {
                count::limit(Late::Idle.limit());
                tracing::debug!(id, %peer, limit = Late::Idle.limit(), "idle connection closed");
            }
            Self::Late(late) => {
                info.note_limit(late.limit(), late.after(limits), late.sentence());
            }
        }
    }
}

/// Which of the limits that hyper and h2 see to ended a connection, and of what
/// there was too much. h2 tells the client which of its own it was, and us that it
/// was one (RFC 9113 7, ENHANCE_YOUR_CALM), by `Debug`.
fn excess(error: &hyper::Error) -> Option<(&'static str, &'static str)> {
    if error.is_parse_too_large() {
        let what = "a request's head was too large (Limits::request_head_bytes, request_headers)";
        return Some(("request_head_bytes", what));
    }
    let source = format!("{:?}", error.source()?);
    let what = "too many resets, or parts of a head, over HTTP/2 (Limits::http2_pending_resets, http2_local_resets, http2_head_bytes)";
    source
        .contains("ENHANCE_YOUR_CALM, Library")
        .then_some(("http2_flood", what))
}

/// What a client is told, or given time for, when hyper is done with it.
pub(super) async fn part<I>(
    shared: Arc<Shared>,
    io: I,
    info: ConnInfo,
    ended: Ended,
) -> Option<Stage>
where
    I: AsyncRead + AsyncWrite + Unpin,
{
    let acceptor = &shared.acceptor;
    let limits = acceptor.limits_kept();
    let say = match ended {
        Ended::Late(Late::Body) => Some(Unfinished::Body(limits.body_idle)),
        // hyper may hold the answer to another request, which this would be taken for.
        Ended::Late(Late::Head) if shared.http.pipelines => None,
        Ended::Late(Late::Head) => Some(Unfinished::Head(limits.request_head)),
        _ => None,
    };
    let explained = matches!(ended, Ended::ByHyper(_));
    ended.log(&info, limits);
    match say {
        Some(late) => acceptor.say_late(io, late).await,
        // hyper has sent FIN, and read of an upload what was there.
        None if explained => acceptor.linger(io).await,
        // It could take an answer for that to its next request.
        None => acceptor.say_goodbye(io).await,
    }
    None
}

/// The end of a connection between requests.
pub(super) async fn say_goodbye<I: AsyncWrite + Unpin>(
    shared: Arc<Shared>,
    io: I,
) -> Option<Stage> {
    shared.acceptor.say_goodbye(io).await;
    None
}
