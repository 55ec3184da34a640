//! From a silent stream to a verdict.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::Acceptor;
use super::error::{AcceptError, Stage};
use super::handshake::late;
use crate::answer::Late;
use crate::conn_info::{ConnInfo, Origin, TlsInfo, Transport};
use crate::io::read_some;
use crate::mismatch::Mismatch;
#[cfg(feature = "serve")]
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

/// The bytes that decided, and their verdict.
#[derive(Debug)]
pub(crate) struct FirstFlight {
    prefix: Vec<u8>,
    protocol: Protocol,
    proxy: Proxy,
}

/// Whether a connection comes from a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proxy {
    /// It should have begun with a header, and did not.
    HeaderMissing,
    /// It has to begin with a header.
    HeaderDue,
    /// It needs no header, or had one.
    None,
}

/// Takes the PROXY protocol header off the prefix.
fn take_header(prefix: &mut Vec<u8>, origin: &mut Origin) -> Proxy {
    match proxy::header(prefix) {
        Header::Missing => Proxy::HeaderMissing,
        Header::Partial => Proxy::HeaderDue,
        Header::Whole { length, client } => {
            prefix.drain(..length);
            if let Some(client) = client {
                origin.proxy = Some(Box::new(origin.peer));
                origin.peer = client.into();
            }
            Proxy::None
        }
    }
}

impl FirstFlight {
    /// Reads until there is a verdict, or the deadline has passed. A silent
    /// connection holds no read buffer.
    ///
    /// The stream is borrowed: a future that owned it would hold it twice, as
    /// its argument and where it uses it.
    ///
    /// Where the peer is a proxy, its PROXY protocol header comes first, and
    /// says whose connection this is.
    pub(crate) async fn read<I>(
        acceptor: &Acceptor,
        io: &mut I,
        origin: &mut Origin,
    ) -> Result<Self, AcceptError>
    where
        I: AsyncRead + AsyncWrite + Unpin,
    {
        let limit = acceptor.settings().limits.sniff;
        let proxies = acceptor.settings().proxies.as_ref();
        let mut proxy = match proxies.is_some_and(|it| it.expected_from(origin.peer)) {
            true => Proxy::HeaderDue,
            false => Proxy::None,
        };
        let mut prefix = Vec::new();
        let reading = async {
            loop {
                match read_some(io, &mut prefix).await {
                    Ok(0) => break Ok(None),
                    Ok(_) => {}
                    Err(error) => break Err(error),
                }
                if proxy == Proxy::HeaderDue {
                    proxy = take_header(&mut prefix, origin);
                    if proxy == Proxy::HeaderDue {
                        continue;
                    }
                }
                if let Status::Complete(protocol) = sniff(&prefix) {
                    break Ok(Some(protocol));
                }
            }
        };
        match timeout(limit, reading).await {
            Ok(Ok(Some(protocol))) => Ok(Self {
                prefix,
                protocol,
                proxy,
            }),
            Ok(Ok(None)) => Err(AcceptError::Closed {
                received: prefix.len(),
            }),
            Ok(Err(error)) => Err(AcceptError::Io(error)),
            Err(_) => {
                if proxy != Proxy::HeaderDue && is_request_begun(&prefix) {
                    // Boxed: silent connections, of which there are more, are
                    // not to be as large.
                    Box::pin(acceptor.say_late(io, Late::Head(limit))).await;
                }
                Err(late(Stage::Sniff, limit))
            }
        }
    }
}

impl<I> Sniffed<I> {
    pub(crate) fn new(io: I, first: FirstFlight, origin: Origin) -> Self {
        let FirstFlight {
            prefix,
            protocol,
            proxy,
        } = first;
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
            .map_or(Transport::Plaintext, Transport::Tls);
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
