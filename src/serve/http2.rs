//! One HTTP/2 connection, driven by hyper to its end.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::select;
use tokio::time::Instant;

use super::accept_loop::Slotted;
use super::app::Answers;
use super::connection::{Shared, Stage};
use super::ended::Ended;
use super::requests::Requests;
use super::upgrade::{Linger, Upgradable};
use super::watch::{Late, Watch};
use crate::accept::Accepted;
use crate::count;
use crate::lifecycle::Phase;

/// Until the connection ends. When the server drains, or nothing has been asked
/// for too long, hyper says so (GOAWAY), and finishes what is in flight.
pub(super) async fn serve<I, S>(
    shared: Arc<Shared>,
    accepted: Accepted<Slotted<I>>,
    app: S,
) -> Option<Stage>
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    S: Answers,
{
    let Accepted { stream, info } = accepted;
    let limits = shared.acceptor.limits_kept();
    let linger = Linger::new(limits.linger, limits.linger_bytes);
    let io = TokioIo::new(Upgradable::new(stream, Some(linger)));
    let requests = Requests::new(app, info.clone());
    let mut connection = pin!(shared.http.http2.serve_connection(io, requests));
    let mut watch = Watch::new(&info);
    let mut draining = false;
    let mut goaway = None;
    let ended = loop {
        // hyper first, as in HTTP/1.
        select! {
            biased;
            ended = connection.as_mut() => break Ended::ByHyper(ended),
            () = shared.observer.reached(Phase::Draining), if !draining => draining = true,
            late = poll_fn(|cx| watch.poll_http2(info.pace(), limits, goaway, cx)) => match late {
                Late::Idle if goaway.is_none() => {
                    count::limit(Late::Idle.limit());
                    goaway = Some(Instant::now());
                }
                // It was told, and counted.
                Late::Idle => break Ended::ByHyper(Ok(())),
                late => break Ended::Late(late),
            },
        }
        connection.as_mut().graceful_shutdown();
    };
    ended.log(&info, limits);
    None
}
