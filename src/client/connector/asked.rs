//! Whether a server asked for a client certificate.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use super::info::ClientCertificate;

/// Notes that a certificate was asked for, and answers as the other one does.
///
/// rustls does not say it of a connection, and asks one and the same resolver for
/// all connections: with a resolver for each, it would resume no session. It asks
/// while the handshake is polled, on the same thread, which is where [`Noting`]
/// looks.
#[derive(Debug)]
pub(super) struct Asked(pub(super) Arc<dyn ResolvesClientCert>);

thread_local! {
    static ANSWER: Cell<ClientCertificate> = const { Cell::new(ClientCertificate::NotRequested) };
}

impl ResolvesClientCert for Asked {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let found = self.0.resolve(issuers, schemes);
        let fits = |found: &Arc<CertifiedKey>| found.key.choose_scheme(schemes).is_some();
        ANSWER.set(match &found {
            Some(found) if fits(found) => ClientCertificate::Sent,
            _ => ClientCertificate::NotSent,
        });
        found
    }

    fn only_raw_public_keys(&self) -> bool {
        self.0.only_raw_public_keys()
    }

    fn has_certs(&self) -> bool {
        self.0.has_certs()
    }
}

/// A handshake, with what [`Asked`] has noted of it.
#[derive(Debug)]
pub(super) struct Noting<F> {
    handshake: F,
    noted: ClientCertificate,
}

impl<F> Noting<F> {
    pub(super) fn new(handshake: F) -> Self {
        let noted = ClientCertificate::NotRequested;
        Self { handshake, noted }
    }
}

impl<F: Future + Unpin> Future for Noting<F> {
    type Output = (F::Output, ClientCertificate);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ANSWER.set(ClientCertificate::NotRequested);
        let poll = Pin::new(&mut self.handshake).poll(cx);
        let noted = ANSWER.take();
        if noted != ClientCertificate::NotRequested {
            self.noted = noted;
        }
        poll.map(|output| (output, self.noted))
    }
}
