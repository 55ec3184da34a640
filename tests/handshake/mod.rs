//! TLS between a rustls client and a rustls server, in memory.

use std::io::{Read, Write};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, Error, RootCertStore, ServerConfig,
    ServerConnection, SideData, SupportedProtocolVersion,
};

/// Both ends of a connection whose handshake is complete.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) client: ClientConnection,
    pub(super) server: ServerConnection,
}

/// A client that trusts the first certificate of a PEM file, with ALPN as
/// browsers offer it.
pub(super) fn client(
    ca: &[u8],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(oneport::tls::provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// A handshake in which the client asks for `name`.
pub(super) fn handshake(
    client: &Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    name: &str,
) -> Result<Pair, Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut pair = Pair {
        client: ClientConnection::new(client.clone(), name)?,
        server: ServerConnection::new(server)?,
    };
    while pair.client.is_handshaking() || pair.server.is_handshaking() {
        transfer(&mut pair.client, &mut pair.server)?;
        transfer(&mut pair.server, &mut pair.client)?;
    }
    // Whether data passes, which also delivers the session tickets.
    pair.echo();
    Ok(pair)
}

impl Pair {
    /// Sends a few bytes to the server and back.
    pub(super) fn echo(&mut self) {
        let Self { client, server } = self;
        client.writer().write_all(b"ping").unwrap();
        transfer(client, server).unwrap();
        let mut received = [0; 4];
        server.reader().read_exact(&mut received).unwrap();
        server.writer().write_all(&received).unwrap();
        transfer(server, client).unwrap();
        client.reader().read_exact(&mut received).unwrap();
        assert_eq!(&received, b"ping");
    }
}

fn transfer<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
) -> Result<(), Error> {
    let mut flight = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut flight).unwrap();
    }
    let mut flight = &flight[..];
    while !flight.is_empty() {
        to.read_tls(&mut flight).unwrap();
        to.process_new_packets()?;
    }
    Ok(())
}
