//! What a server has said that nobody has read.

use std::io;

use socket2::SockRef;

use super::handshake::Tls;
use super::verdict::invalid;

/// The alert that stands unread in the socket, after a write has failed: a server
/// that refuses a client sends it, then closes, and whatever the client sends
/// meanwhile makes the connection reset.
///
/// Asks the socket itself: the runtime may not have heard of it yet. What stands
/// there before the alert stays for whoever reads next.
pub(super) fn unread_alert(tls: &mut Tls) -> Option<io::Error> {
    let (io, session) = tls.get_mut();
    let socket = SockRef::from(io.get_ref());
    for _ in 0..MOST {
        match session.read_tls(&mut &*socket) {
            Ok(0) => return None,
            Ok(_) => {
                if let Err(error) = session.process_new_packets() {
                    return Some(invalid(error));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Nothing more, or as much data before it as rustls holds.
            Err(_) => return None,
        }
    }
    None
}

/// A receive buffer of 64 KiB, of which rustls takes 4 at once: an alert is the
/// last thing in it.
const MOST: usize = 16;
