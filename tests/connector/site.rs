//! A CA, a server, clients, and a connector that trusts the CA.

use std::net::SocketAddr;

use oneport::Mode;
use oneport::client::{ClientStream, ConnectError, Connector, ConnectorBuilder, Diagnosis, Roots};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::authority::{Authority, Folder};
use crate::caller::{REQUEST, serve};
use crate::support::{Server, within};

pub(crate) struct Site {
    pub(crate) ca: Authority,
    pub(crate) clients: Authority,
    pub(crate) folder: Folder,
}

impl Site {
    /// `ca.crt`, `server.*`; `clients.crt`, `client.*`.
    pub(crate) fn new() -> Self {
        let (ca, clients) = (Authority::new("servers"), Authority::new("clients"));
        let folder = Folder::new();
        folder.write("ca.crt", &ca.pem);
        folder.put("server", &ca.issue(1, &["localhost", "127.0.0.1", "::1"]));
        folder.write("clients.crt", &clients.pem);
        folder.put("client", &clients.issue(2, &["client"]));
        Self {
            ca,
            clients,
            folder,
        }
    }

    pub(crate) async fn serve(&self, mode: Mode) -> Server {
        serve(&self.folder.server_files().load().unwrap(), mode).await
    }

    /// TLS only; clients need a certificate.
    pub(crate) async fn serve_mutual(&self) -> Server {
        let files = self.folder.server_files();
        let files = files.client_ca(self.folder.path("clients.crt"));
        serve(&files.load().unwrap(), Mode::TlsOnly).await
    }

    /// Trusts the server's CA and no other.
    pub(crate) fn builder(&self) -> ConnectorBuilder {
        let builder = Connector::builder().ca(self.folder.path("ca.crt"));
        builder.roots(Roots::None)
    }

    pub(crate) fn connector(&self) -> Connector {
        self.builder().build().unwrap()
    }
}

pub(crate) fn url(scheme: &str, addr: SocketAddr) -> String {
    format!("{scheme}://localhost:{}/", addr.port())
}

/// A server's answer to a request over HTTP/1.
pub(crate) async fn ask(stream: &mut ClientStream) -> String {
    stream.write_all(REQUEST).await.unwrap();
    let mut answer = Vec::new();
    within(stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8(answer).unwrap()
}

/// What is wrong with a connection that is not made.
pub(crate) async fn fault(connector: &Connector, url: &str) -> ConnectError {
    match within(connector.connect(url)).await {
        Ok(stream) => panic!("{url}: {stream:?}"),
        Err(error) => error,
    }
}

pub(crate) fn diagnosis(error: &ConnectError) -> &Diagnosis {
    let found = error.diagnosis();
    found.unwrap_or_else(|| panic!("no diagnosis: {error}: {error:?}"))
}
