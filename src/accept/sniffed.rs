//! From a silent stream to a verdict.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};

use super::Acceptor;
use super::error::{AcceptError, Stage};
use super::handshake::late;
use crate::answer::Late;
use crate::conn_info::{ConnInfo, Home, Origin, TlsInfo, Transport};
use crate::io::poll_read_some;
use crate::mismatch::Mismatch;
use crate::peer::Peer;
use crate::policy::{self, Inbound, Route};
use crate::proxy::{self, Header};
use crate::sniff::{Protocol, Status, is_request_begun, sniff};

/// A connection of which it is known what the client speaks.
#[derive(Debug)]
pub(crate) struct Sniffed<I> {
    pub(super) io: I,
    /// What was read from `io`: never lost, only handed on.
    pub(super) prefix: Vec<u8>,
    pub(super) protocol: Protocol,
    pub(super) origin: Origin,
    /// What was agreed on, if `io` is a TLS stream.
    pub(super) tls: Option<TlsInfo>,
    pub(super) proxy: Proxy,
}

/// What a client has sent so far.
#[derive(Debug, Default)]
pub(crate) struct FirstFlight {
    prefix: Vec<u8>,
    proxy: Proxy,
    /// Whom the proxy speaks for. Boxed: silent connections hold this too.
    client: Option<Box<Peer>>,
}

/// Whether a connection comes from a proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Proxy {
    /// It should have begun with a header, and did not.
    HeaderMissing,
    /// It has to begin with a header.
    HeaderDue,
    /// It needs no header, or had one.
    #[default]
    None,
}

impl FirstFlight {
    /// Where the peer is a proxy, its PROXY protocol header comes first, and
    /// says whose connection this is.
    pub(crate) fn new(acceptor: &Acceptor, peer: Peer) -> Self {
        let proxies = acceptor.settings().proxies.as_ref();
        let proxy = match proxies.is_some_and(|it| it.expected_from(peer)) {
            true => Proxy::HeaderDue,
            false => Proxy::None,
        };
        Self {
            prefix: Vec::new(),
            proxy,
            client: None,
        }
    }

    /// Reads until there is a verdict. A silent connection holds no read
    /// buffer.
    pub(crate) fn poll<I>(
        &mut self,
        io: &mut I,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Protocol, AcceptError>>
    where
        I: AsyncRead + Unpin,
    {
        loop {
            match ready!(poll_read_some(Pin::new(io), cx, &mut self.prefix)) {
                Ok(0) => {
                    let received = self.prefix.len();
                    return Poll::Ready(Err(AcceptError::Closed { received }));
                }
                Ok(_) => {}
                Err(error) => return Poll::Ready(Err(AcceptError::Io(error))),
            }
            if self.proxy == Proxy::HeaderDue {
                self.take_header();
                if self.proxy == Proxy::HeaderDue {
                    continue;
                }
            }
            if let Status::Complete(protocol) = sniff(&self.prefix) {
                return Poll::Ready(Ok(protocol));
            }
        }
    }

    /// The client, where the socket's peer is a proxy that has said so.
    #[cfg(feature = "serve")]
    pub(crate) fn peer(&self, socket: Peer) -> Peer {
        self.client.as_deref().copied().unwrap_or(socket)
    }

    /// Takes the PROXY protocol header off the prefix.
    fn take_header(&mut self) {
        match proxy::header(&self.prefix) {
            Header::Missing => self.proxy = Proxy::HeaderMissing,
            Header::Partial => {}
            Header::Whole { length, client } => {
                self.prefix.drain(..length);
                self.proxy = Proxy::None;
                self.client = client.map(|client| Box::new(client.into()));
            }
        }
    }

    /// What the client hears, and the log, when its time is over.
    pub(crate) async fn late<I>(self, acceptor: &Acceptor, io: I) -> AcceptError
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let limit = acceptor.settings().limits.sniff;
        if self.proxy != Proxy::HeaderDue && is_request_begun(&self.prefix) {
            acceptor.say_late(io, Late::Head(limit)).await;
        }
        late(Stage::Sniff, limit)
    }
}

impl<I> Sniffed<I> {
    pub(crate) fn new(
        io: I,
        first: FirstFlight,
        protocol: Protocol,
        peer: Peer,
        home: Arc<Home>,
    ) -> Self {
        let FirstFlight {
            prefix,
            proxy,
            client,
        } = first;
        let origin = match client {
            Some(mut through) => {
                let client = std::mem::replace(&mut *through, peer);
                Origin {
                    peer: client,
                    proxy: Some(through),
                    home,
                }
            }
            None => Origin {
                peer,
                proxy: None,
                home,
            },
        };
        Self {
            io,
            prefix,
            protocol,
            origin,
            tls: None,
            proxy,
        }
    }

    #[cfg(feature = "serve")]
    pub(crate) fn peer(&self) -> Peer {
        self.origin.peer
    }

    /// What an application or an explanation is told of the connection.
    pub(super) fn info(&self) -> ConnInfo {
        let transport = self
            .tls
            .clone()
            .map_or(Transport::Plaintext, |tls| Transport::Tls(Box::new(tls)));
        let http_version = match self.protocol {
            Protocol::Http2 => http::Version::HTTP_2,
            _ => http::Version::HTTP_11,
        };
        ConnInfo::new(self.origin.clone(), transport, http_version)
    }

    pub(crate) fn route(&self, acceptor: &Acceptor) -> Route {
        if self.proxy == Proxy::HeaderMissing {
            return Route::Refuse(Mismatch::ProxyHeaderMissing);
        }
        let tls_available = acceptor.settings().tls.is_some();
        let inbound = Inbound::new(self.protocol, self.origin.peer, tls_available);
        let settings = acceptor.settings();
        match policy::route(&*settings.policy, &inbound) {
            Route::Plaintext if settings.plaintext_is_a_way_around(&inbound) => {
                Route::Refuse(Mismatch::PlaintextToTls)
            }
            route => route,
        }
    }
}
