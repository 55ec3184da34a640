//! What a refused client gets, and how it is closed.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::Acceptor;
use super::error::AcceptError;
use super::sniffed::Sniffed;
use crate::answer;
use crate::io::Rewind;
use crate::mismatch::Mismatch;
use crate::sniff::Protocol;

/// Answers in the protocol that the client speaks, then closes so that the
/// answer survives. The answer has its own budget: a first flight that took
/// the whole sniff deadline still gets its explanation.
pub(super) async fn refuse<I>(
    acceptor: &Acceptor,
    sniffed: Sniffed<I>,
    mismatch: Mismatch,
) -> AcceptError
where
    I: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Sniffed {
        io,
        prefix,
        protocol,
        origin,
    } = sniffed;
    tracing::info!(
        peer = %origin.peer,
        spoke = %protocol,
        remedy = mismatch.remedy(),
        "refused: {mismatch}",
    );
    let budget = acceptor.settings().limits.refusal;
    let mut io = Rewind::new(prefix, io);
    let answered = match protocol {
        Protocol::Foreign(foreign) => timeout(budget, answer::foreign(&mut io, foreign)).await,
        Protocol::Http1 => timeout(budget, answer::http1(&mut io, mismatch, budget)).await,
        Protocol::Http2 => timeout(budget, answer::http2(&mut io, mismatch, budget)).await,
        Protocol::Tls => timeout(budget, answer::tls(&mut io, mismatch)).await,
    };
    match answered {
        Ok(Ok(answer::Sent::Open)) => acceptor.settings().linger.close(io).await,
        Ok(Ok(answer::Sent::HalfClosed)) => acceptor.settings().linger.drain(io).await,
        Ok(Err(error)) => {
            tracing::debug!(peer = %origin.peer, error = &*error, "the explanation was not delivered");
        }
        Err(_) => {
            tracing::debug!(peer = %origin.peer, ?budget, "the explanation was not delivered in time");
        }
    }
    AcceptError::Refused(mismatch)
}
