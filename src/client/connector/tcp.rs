//! The TCP connection, by hyper-util.

use std::error::Error;
use std::future::poll_fn;
use std::io;
use std::time::Duration;

use hyper_util::client::legacy::connect::HttpConnector;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tower_service::Service;

use super::error::{ConnectError, ConnectStage};
use super::target::Target;

pub(super) fn connector(limit: Duration) -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    // Divided among the addresses: a dead one leaves time for the others.
    tcp.set_connect_timeout(Some(limit));
    tcp
}

/// The connection, and how long it took.
pub(super) async fn connect(
    mut tcp: HttpConnector,
    target: &Target,
    limit: Duration,
) -> Result<(TcpStream, Duration), ConnectError> {
    let url = target.tcp()?;
    let began = Instant::now();
    let connecting = async {
        poll_fn(|cx| tcp.poll_ready(cx)).await?;
        tcp.call(url).await
    };
    let late = || ConnectError::timeout(target, ConnectStage::Connect, limit);
    // Around all of it: addresses are looked up without a limit.
    let connected = timeout(limit, connecting).await.map_err(|_| late())?;
    let io = connected.map_err(|error| {
        if error.to_string() == NO_ADDRESS {
            ConnectError::resolve(target, error.into())
        } else if is_timeout(&error) {
            late()
        } else {
            ConnectError::connect(target, error.into())
        }
    })?;
    Ok((io.into_inner(), began.elapsed()))
}

/// hyper-util's error says so by its text only.
const NO_ADDRESS: &str = "dns error";

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    let io = error.source().and_then(|it| it.downcast_ref::<io::Error>());
    io.is_some_and(|io| io.kind() == io::ErrorKind::TimedOut)
}
