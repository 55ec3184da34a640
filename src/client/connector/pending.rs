//! What a server has said that nobody has read.

use std::io::{self, Read};

use socket2::SockRef;

use super::handshake::Tls;
use super::verdict::feed;

/// The alert that stands unread in the socket, after a write has failed: a server
/// that refuses a client sends it, then closes, and whatever the client sends
/// meanwhile makes the connection reset.
///
/// Asks the socket itself: the runtime may not have heard of it yet.
pub(super) fn unread_alert(tls: &mut Tls) -> Option<io::Error> {
    let (io, session) = tls.get_mut();
    let socket = SockRef::from(io.get_ref());
    let mut chunk = [0; 4096];
    for _ in 0..MOST {
        match (&*socket).read(&mut chunk) {
            Ok(0) => return None,
            Ok(n) => {
                if let Err(error) = feed(session, &chunk[..n]) {
                    return Some(error);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    None
}

/// A receive buffer of 64 KiB: an alert is the last thing in it.
const MOST: usize = 16;
