//! The loop that accepts, and what it makes of errors.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep};

use super::app::App;
use super::connection::{Shared, Task};
use super::listener::Listener;
use super::per_address::{Crowd, Share};
use super::sniffing::{Connection, Sniffing};
use crate::io::Tracked;
use crate::peer::Peer;

/// A connection that holds its slot for as long as it is open.
pub(super) type Slotted<I> = Tracked<I, Slot>;

/// What a connection takes of the server's limits.
pub(super) struct Slot {
    _permit: OwnedSemaphorePermit,
    /// Where that is limited; behind a proxy, from its header on. Boxed: it seldom
    /// is, and silent connections hold this.
    pub(super) share: Option<Box<Share>>,
}

/// Accepts until `signal`, one task per connection.
///
/// # Errors
///
/// When the listener is broken for good.
pub(super) async fn accept_until<L, A, K, F>(
    listener: &mut L,
    app: A,
    shared: &Arc<Shared>,
    slots: &Arc<Semaphore>,
    mut signal: Pin<&mut F>,
) -> io::Result<()>
where
    L: Listener,
    A: App<L::Addr, K>,
    K: 'static,
    F: Future<Output = ()>,
{
    let mut pauses = Pauses::default();
    loop {
        let accepted = select! {
            biased;
            () = signal.as_mut() => break,
            accepted = accept(listener, slots) => accepted,
        };
        match accepted {
            Ok(accepted) => start(accepted, &app, shared),
            Err(error) => match Failure::of(&error) {
                Failure::Fatal => return Err(error),
                Failure::OfOneConnection => {
                    tracing::debug!(%error, "a connection broke before it was accepted");
                }
                Failure::OutOfResources => {
                    pauses.log(&error);
                    select! {
                        () = signal.as_mut() => break,
                        () = sleep(PAUSE) => {}
                    }
                }
            },
        }
    }
    accept_the_rest(listener, app, shared, slots).await;
    Ok(())
}

/// The backlog: the kernel has shaken hands with these, and when the listener is
/// closed it resets them, those with a request on its way as well. Who has sent one
/// is answered, the others are let go.
async fn accept_the_rest<L, A, K>(
    listener: &mut L,
    app: A,
    shared: &Arc<Shared>,
    slots: &Arc<Semaphore>,
) where
    L: Listener,
    A: App<L::Addr, K>,
    K: 'static,
{
    // A round of the runtime, which hears of them meanwhile.
    tokio::task::yield_now().await;
    // No more than a backlog holds: others go on coming.
    for _ in 0..4096 {
        // tokio would call the backlog empty when its budget for one poll is used up,
        // which is behind 64 of them.
        let mut next = pin!(unconstrained(accept(listener, slots)));
        let next = poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await;
        let Poll::Ready(Ok(accepted)) = next else {
            return;
        };
        start(accepted, &app, shared);
    }
}

/// In a task of its own.
fn start<I, A, Addr, K>(
    (io, addr, permit): (I, Addr, OwnedSemaphorePermit),
    app: &A,
    shared: &Arc<Shared>,
) where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: App<Addr, K>,
    Addr: Clone + Into<Peer> + Send + 'static,
    K: 'static,
{
    let share = shared.share_of_socket(addr.clone().into());
    if share.as_ref().is_some_and(|it| it.crowd() == Crowd::Flood) {
        shared.note_full(addr.into());
        return;
    }
    let slot = Slot {
        _permit: permit,
        share: share.map(Box::new),
    };
    let connection = Connection {
        io: Slotted::new(io, slot),
        app: app.clone(),
        addr,
    };
    let sniffing = Sniffing::new(shared.clone(), connection);
    tokio::spawn(Task::Sniffing(sniffing));
}

/// A connection, and then a slot for it: above the limit one connection more is
/// accepted, not read from, and the kernel's backlog absorbs the rest. (A slot
/// first would be one that a loop without clients keeps from the other workers'.)
async fn accept<L: Listener>(
    listener: &mut L,
    slots: &Arc<Semaphore>,
) -> io::Result<(L::Io, L::Addr, OwnedSemaphorePermit)> {
    let (io, addr) = listener.accept().await?;
    let slot = slots.clone().acquire_owned().await;
    let slot = slot.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
    Ok((io, addr, slot))
}

/// How long to wait for descriptors to come back: they do when connections
/// end; retrying at once would spin.
const PAUSE: Duration = Duration::from_millis(75);

/// What an accept error means for the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// It will not accept again.
    Fatal,
    /// It was about one connection: the next may be fine.
    OfOneConnection,
    /// The process or the system is out of descriptors or memory.
    OutOfResources,
}

impl Failure {
    /// accept(2): errors of the new connection come out of `accept` on Linux.
    fn of(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionAborted
            | Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::HostUnreachable
            | Kind::Interrupted
            | Kind::NetworkDown
            | Kind::NetworkUnreachable
            | Kind::PermissionDenied
            | Kind::TimedOut
            | Kind::WouldBlock => return Self::OfOneConnection,
            Kind::OutOfMemory => return Self::OutOfResources,
            _ => {}
        }
        #[cfg(unix)]
        {
            use rustix::io::Errno;
            match error.raw_os_error().map(Errno::from_raw_os_error) {
                Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => {
                    return Self::OutOfResources;
                }
                Some(Errno::PROTO | Errno::NOPROTOOPT | Errno::HOSTDOWN) => {
                    return Self::OfOneConnection;
                }
                _ => {}
            }
        }
        Self::Fatal
    }
}

/// Logs the first pause, then at most one a second.
#[derive(Debug, Default)]
struct Pauses {
    logged: Option<Instant>,
}

impl Pauses {
    fn log(&mut self, error: &io::Error) {
        let now = Instant::now();
        let due = |logged: Instant| now - logged >= Duration::from_secs(1);
        if self.logged.is_none_or(due) {
            self.logged = Some(now);
            tracing::warn!(%error, "cannot accept now, trying again: raise the file descriptor limit (ulimit -n) or lower Limits::connections");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[cfg(unix)]
    #[test]
    fn what_errors_mean() {
        let table = [
            (Errno::CONNABORTED, Failure::OfOneConnection),
            (Errno::INTR, Failure::OfOneConnection),
            (Errno::PROTO, Failure::OfOneConnection),
            (Errno::PERM, Failure::OfOneConnection),
            (Errno::NETDOWN, Failure::OfOneConnection),
            (Errno::MFILE, Failure::OutOfResources),
            (Errno::NFILE, Failure::OutOfResources),
            (Errno::NOBUFS, Failure::OutOfResources),
            (Errno::NOMEM, Failure::OutOfResources),
            (Errno::BADF, Failure::Fatal),
            (Errno::INVAL, Failure::Fatal),
            (Errno::NOTSOCK, Failure::Fatal),
        ];
        for (errno, expected) in table {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(Failure::of(&error), expected, "{error}");
        }
    }
}
