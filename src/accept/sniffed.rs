//! From a silent stream to a verdict.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use super::Acceptor;
use super::error::{AcceptError, Stage};
use super::info::Origin;
use crate::io::read_some;
#[cfg(feature = "serve")]
use crate::peer::Peer;
use crate::policy::{self, Inbound, Route};
use crate::sniff::{Protocol, Status, sniff};

/// A connection of which it is known what the client speaks.
#[derive(Debug)]
pub(crate) struct Sniffed<I> {
    pub(super) io: I,
    /// What was read from `io`: never lost, only handed on.
    pub(super) prefix: Vec<u8>,
    pub(super) protocol: Protocol,
    pub(super) origin: Origin,
}

impl<I: AsyncRead + AsyncWrite + Unpin> Sniffed<I> {
    /// Reads until there is a verdict, or the deadline has passed. A silent
    /// connection holds no read buffer.
    pub(crate) async fn read(
        acceptor: &Acceptor,
        mut io: I,
        origin: Origin,
    ) -> Result<Self, AcceptError> {
        let limit = acceptor.settings().limits.sniff;
        let mut prefix = Vec::new();
        let reading = async {
            loop {
                if read_some(&mut io, &mut prefix)
                    .await
                    .map_err(AcceptError::Io)?
                    == 0
                {
                    let received = prefix.len();
                    return Err(AcceptError::Closed { received });
                }
                if let Status::Complete(protocol) = sniff(&prefix) {
                    return Ok(protocol);
                }
            }
        };
        let protocol = match timeout(limit, reading).await {
            Ok(verdict) => verdict?,
            Err(_) => {
                return Err(AcceptError::Deadline {
                    stage: Stage::Sniff,
                    after: limit,
                });
            }
        };
        Ok(Self {
            io,
            prefix,
            protocol,
            origin,
        })
    }

    #[cfg(feature = "serve")]
    pub(crate) fn peer(&self) -> Peer {
        self.origin.peer
    }

    pub(crate) fn route(&self, acceptor: &Acceptor) -> Route {
        let tls_available = acceptor.settings().tls.is_some();
        let inbound = Inbound::new(self.protocol, self.origin.peer, tls_available);
        policy::route(&*acceptor.settings().policy, &inbound)
    }
}
