//! What a refused client gets, and how it is closed.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::Acceptor;
use super::error::AcceptError;
use super::sniffed::Sniffed;
use crate::answer::{self, Refusal};
use crate::io::Rewind;
use crate::mismatch::Mismatch;
use crate::refusal_log::Spoke;
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
    let settings = acceptor.settings();
    let info = sniffed.info();
    let Sniffed {
        io,
        prefix,
        protocol,
        origin,
        tls,
        ..
    } = sniffed;
    let spoke = Spoke {
        protocol,
        in_tls: tls.is_some(),
    };
    settings.home.log.note(origin.peer, spoke, mismatch);
    let budget = settings.limits.refusal;
    let refusal = Refusal {
        mismatch,
        info,
        explainer: settings.explainer.clone(),
        budget,
        credentials: Arc::default(),
        #[cfg(feature = "acme")]
        challenges: settings.challenges.clone(),
    };
    let mut io = Rewind::new(prefix, io);
    let answered = match protocol {
        Protocol::Foreign(foreign) => {
            timeout(budget, answer::foreign(&mut io, foreign, mismatch)).await
        }
        Protocol::Http1 => timeout(budget, answer::http1(&mut io, &refusal)).await,
        Protocol::Http2 => timeout(budget, answer::http2(&mut io, &refusal)).await,
        Protocol::Tls => timeout(budget, answer::tls(&mut io, mismatch)).await,
    };
    match answered {
        Ok(Ok(answer::Sent::Open)) => settings.linger.close(io).await,
        Ok(Ok(answer::Sent::HalfClosed)) => settings.linger.drain(io).await,
        Ok(Err(error)) => {
            tracing::debug!(peer = %origin.peer, error = &*error, "the explanation was not delivered");
        }
        Err(_) => {
            tracing::debug!(peer = %origin.peer, ?budget, "the explanation was not delivered in time");
        }
    }
    if let Some(&credentials) = refusal.credentials.get() {
        settings.home.log.note_credentials(origin.peer, credentials);
    }
    AcceptError::Refused(mismatch)
}
