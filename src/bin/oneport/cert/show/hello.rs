//! A TLS handshake with a server, for the certificates that it shows.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, ProtocolVersion, SignatureScheme,
};
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer, X509Name};

use super::wire::Wire;
use crate::cert::error::CertError;

/// For connecting, and again for the handshake.
const LIMIT: Duration = Duration::from_secs(5);

/// What was agreed upon.
#[derive(Debug)]
pub(super) struct Greeting {
    /// The server, for people.
    pub(super) name: String,
    pub(super) version: String,
    pub(super) alpn: Option<String>,
    /// The names of the CAs whose certificates it asks clients for, if it asks.
    pub(super) client_cas: Option<Vec<String>>,
    /// Why it ended the handshake after it had shown its certificate.
    pub(super) end: Option<String>,
}

/// Connects, and hangs up when the handshake is over. Nothing is sent besides.
pub(super) fn greet(
    host: &str,
    port: u16,
    asked: &str,
) -> Result<(Vec<CertificateDer<'static>>, Greeting), CertError> {
    let given = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let failed = |sentence: String| CertError::Port(format!("{given}: {sentence}"));
    let name = ServerName::try_from(asked.to_owned()).map_err(|_| {
        failed(format!(
            "{asked} is neither a host name nor an address; name what to ask for by --server-name"
        ))
    })?;
    let mut wire = Wire::connect(host, port, LIMIT).map_err(|error| failed(unreachable(&error)))?;

    let seen = Arc::new(Seen::default());
    let config = config(&seen).map_err(|error| failed(error.to_string()))?;
    let connection = ClientConnection::new(Arc::new(config), name);
    let mut connection = connection.map_err(|error| failed(error.to_string()))?;
    let outcome = handshake(&mut connection, &mut wire);
    let chain = seen.take_chain();
    let end = match outcome {
        Ok(()) => None,
        Err(error) if chain.is_empty() => return Err(failed(reason(&wire.first, &error))),
        Err(error) => Some(error.to_string()),
    };

    let alpn = connection.alpn_protocol();
    let greeting = Greeting {
        name: format!("{given} ({}), asked for {asked}", wire.peer),
        version: match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "1.3".to_owned(),
            Some(ProtocolVersion::TLSv1_2) => "1.2".to_owned(),
            other => format!("{other:?}"),
        },
        alpn: alpn.map(|alpn| String::from_utf8_lossy(alpn).escape_debug().to_string()),
        client_cas: seen.take_client_cas(),
        end,
    };
    Ok((chain, greeting))
}

impl Greeting {
    pub(super) fn json(&self) -> Value {
        json!({
            "tls": self.version,
            "alpn": self.alpn,
            "asks_for_client_certificate": self.client_cas.is_some(),
            "client_cas": self.client_cas,
            "ended": self.end,
        })
    }
}

fn config(seen: &Arc<Seen>) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(oneport::tls::provider())
        .with_safe_default_protocol_versions()?
        // It is to be shown, whatever it is.
        .dangerous()
        .with_custom_certificate_verifier(seen.clone())
        .with_client_cert_resolver(seen.clone());
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn handshake(connection: &mut ClientConnection, wire: &mut Wire) -> io::Result<()> {
    while connection.is_handshaking() {
        connection.complete_io(wire)?;
    }
    connection.send_close_notify();
    // Whether it still hears that changes nothing.
    let _ = connection.write_tls(wire);
    Ok(())
}

fn unreachable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            "nothing listens on this port (connection refused); start the server, or name its port"
                .to_owned()
        }
        io::ErrorKind::TimedOut => format!(
            "no answer within {} seconds; the address may be wrong, or a firewall drops what is \
             sent there",
            LIMIT.as_secs()
        ),
        _ => format!("cannot connect: {error}"),
    }
}

/// Why no certificate was shown, by how the answer began.
fn reason(first: &[u8], error: &io::Error) -> String {
    const NOT_TLS: &str = "this port speaks plaintext, not TLS";
    let line = first.split(|byte| *byte == b'\r' || *byte == b'\n').next();
    let line = String::from_utf8_lossy(line.unwrap_or_default());
    let line = line.escape_debug();
    match first {
        [0x14..=0x17, 3, ..] => format!("the TLS handshake failed: {error}"),
        [] if error.kind() == io::ErrorKind::TimedOut => format!(
            "it takes connections and is silent for {} seconds when TLS is spoken to it; most \
             likely it speaks another protocol, and waits for more of that",
            LIMIT.as_secs()
        ),
        [] => format!(
            "it closes the connection without a word when TLS is spoken to it ({error}); most \
             likely it speaks another protocol"
        ),
        _ if first.starts_with(b"HTTP/") || first.first() == Some(&b'<') => format!(
            "{NOT_TLS}: it answers \"{line}\". There is no certificate to show, and its URL begins \
             with http://"
        ),
        _ if first.starts_with(b"SSH-") => {
            format!("this port speaks SSH, not TLS: it answers \"{line}\"")
        }
        // The SETTINGS that every server begins with (RFC 9113 3.4, 4.1).
        [0, 0, _, 4, _, 0, 0, 0, 0, ..] => format!("{NOT_TLS}: it answers in HTTP/2 (h2c)"),
        _ => format!("{NOT_TLS}: it answers \"{line}\""),
    }
}

/// Accepts whatever the server shows, and keeps it.
#[derive(Debug, Default)]
struct Seen {
    chain: Mutex<Vec<CertificateDer<'static>>>,
    client_cas: Mutex<Option<Vec<String>>>,
}

impl Seen {
    fn take_chain(&self) -> Vec<CertificateDer<'static>> {
        std::mem::take(&mut *self.chain.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_client_cas(&self) -> Option<Vec<String>> {
        let mut cas = self.client_cas.lock();
        cas.as_mut().map_or(None, |cas| cas.take())
    }
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = [own].into_iter().chain(rest);
        let all = all.map(|certificate| certificate.clone().into_owned());
        *self.chain.lock().unwrap_or_else(PoisonError::into_inner) = all.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let provider = oneport::tls::provider();
        provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ResolvesClientCert for Seen {
    fn resolve(&self, cas: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let names = cas.iter().filter_map(|der| X509Name::from_der(der).ok());
        let names = names.map(|(_, name)| name.to_string().escape_debug().to_string());
        let mut known = self
            .client_cas
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some(names.collect());
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
