//! Peers that vanish without a word, behind upgraded connections.

use std::any::Any;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// An upgraded connection may be silent for as long as it likes, so it has no
/// deadline; the kernel finds out whether there is anybody (RFC 9293 3.8.4):
/// after a minute without a segment it asks, up to six times, ten seconds apart.
///
/// For sockets only. It costs four system calls for each upgraded connection,
/// and none for others: a listener's own setting would be inherited for free,
/// but its options are its owner's.
pub(super) fn keep_alive<I: 'static>(io: &I) {
    let Some(tcp) = (io as &dyn Any).downcast_ref::<TcpStream>() else {
        return;
    };
    let probes = TcpKeepalive::new().with_time(Duration::from_secs(60));
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
    let probes = probes
        .with_interval(Duration::from_secs(10))
        .with_retries(6);
    if let Err(error) = SockRef::from(tcp).set_tcp_keepalive(&probes) {
        tracing::debug!(%error, "an upgraded connection has no TCP keepalive");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn what_the_kernel_is_told() -> std::io::Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let client = TcpStream::connect(listener.local_addr()?).await?;
        assert!(!SockRef::from(&client).keepalive()?);
        keep_alive(&client);
        let socket = SockRef::from(&client);
        assert!(socket.keepalive()?);
        #[cfg(target_os = "linux")]
        {
            assert_eq!(socket.tcp_keepalive_time()?, Duration::from_secs(60));
            assert_eq!(socket.tcp_keepalive_interval()?, Duration::from_secs(10));
            assert_eq!(socket.tcp_keepalive_retries()?, 6);
        }
        Ok(())
    }
}
