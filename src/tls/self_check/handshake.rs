//! Handshakes in memory.

use std::fmt;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::NoServerSessionStorage;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, Error, NoKeyLog, PeerIncompatible,
    ProtocolVersion, ServerConfig, ServerConnection, SupportedProtocolVersion, version,
};

use super::witness::Witness;

/// How a handshake in one TLS version went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Handshake {
    /// TLS 1.3 or 1.2.
    pub version: ProtocolVersion,
    /// How far it came.
    pub outcome: Outcome,
}

impl Handshake {
    /// `TLS 1.3` or `TLS 1.2`.
    #[must_use]
    pub fn version_name(&self) -> &'static str {
        match self.version {
            ProtocolVersion::TLSv1_2 => "TLS 1.2",
            _ => "TLS 1.3",
        }
    }
}

/// How far a handshake came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// To where the client needs a certificate of its own: as far as it can.
    ClientCertificate,
    /// To its end.
    Completed,
    /// It broke off; the text says why.
    Failed(String),
    /// There is no certificate for clients that ask for this name, or for none.
    NameRefused,
}

impl Outcome {
    /// A word for machines that does not change, such as `name_refused`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ClientCertificate => "client_certificate",
            Self::Completed => "completed",
            Self::Failed(_) => "failed",
            Self::NameRefused => "name_refused",
        }
    }
}

/// `needs a client certificate`, `works`, ..
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientCertificate => f.write_str("needs a client certificate"),
            Self::Completed => f.write_str("works"),
            Self::Failed(why) => write!(f, "fails: {why}"),
            Self::NameRefused => f.write_str("is refused for want of a certificate"),
        }
    }
}

/// What a client's ALPN offer (RFC 7301) came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alpn {
    /// The server chose this one.
    Chosen(String),
    /// The server did not answer it, or the handshake did not get that far.
    #[default]
    Ignored,
    /// The server refuses the handshake for it (alert 120).
    Refused,
}

impl Alpn {
    /// The protocol, if the server chose one.
    #[must_use]
    pub fn chosen(&self) -> Option<&str> {
        match self {
            Self::Chosen(name) => Some(name),
            Self::Ignored | Self::Refused => None,
        }
    }
}

/// What came of all handshakes for one name.
#[derive(Default)]
pub(super) struct Tries {
    /// One for each version that the configuration has, the newest first.
    pub(super) handshakes: Vec<Handshake>,
    /// For clients that offer `h2` and `http/1.1`.
    pub(super) alpn: Alpn,
    /// For clients that offer `http/1.1` alone.
    pub(super) alpn_http1: Alpn,
    pub(super) chain: Vec<CertificateDer<'static>>,
}

/// The same configuration, but a check leaves nothing behind in it.
pub(super) fn without_traces(config: &Arc<ServerConfig>) -> Arc<ServerConfig> {
    let mut config = ServerConfig::clone(config);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_tls13_tickets = 0;
    config.key_log = Arc::new(NoKeyLog {});
    Arc::new(config)
}

pub(super) fn all(config: &Arc<ServerConfig>, name: &ServerName<'static>) -> Tries {
    let mut tries = Tries::default();
    for version in [&version::TLS13, &version::TLS12] {
        let mut tried = once(config, name, version, &[b"h2", b"http/1.1"]);
        let alpn = tried.alpn();
        if alpn == Alpn::Refused {
            // That is a fault of the list. What else is there?
            tried = once(config, name, version, &[]);
        }
        let outcome = match tried.end {
            End::VersionDisabled => continue,
            End::AlpnRefused => Outcome::Failed(Error::NoApplicationProtocol.to_string()),
            End::Outcome(outcome) => outcome,
        };
        tries.handshakes.push(Handshake {
            version: version.version,
            outcome,
        });
        if tries.chain.is_empty() && !tried.chain.is_empty() {
            tries.chain = tried.chain;
            tries.alpn = alpn;
            tries.alpn_http1 = once(config, name, version, &[b"http/1.1"]).alpn();
        }
    }
    tries
}

struct Try {
    end: End,
    chosen: Option<String>,
    chain: Vec<CertificateDer<'static>>,
}

#[derive(PartialEq)]
enum End {
    AlpnRefused,
    Outcome(Outcome),
    VersionDisabled,
}

impl Try {
    fn alpn(&self) -> Alpn {
        match (&self.end, &self.chosen) {
            (End::AlpnRefused, _) => Alpn::Refused,
            (_, Some(chosen)) => Alpn::Chosen(chosen.clone()),
            (_, None) => Alpn::Ignored,
        }
    }
}

fn once(
    server: &Arc<ServerConfig>,
    name: &ServerName<'static>,
    version: &'static SupportedProtocolVersion,
    alpn: &[&[u8]],
) -> Try {
    let witness = Arc::new(Witness::new(server.crypto_provider()));
    let mut tried = Try {
        end: End::VersionDisabled,
        chosen: None,
        chain: Vec::new(),
    };
    // It has the server's algorithms, for those that it lacks are no fault of
    // the server's; without one for this version, the version is disabled.
    let Ok(client) = client_config(witness.clone(), version, alpn) else {
        return tried;
    };
    let failed = |error: Error| End::Outcome(Outcome::Failed(error.to_string()));
    let connections = ClientConnection::new(Arc::new(client), name.clone())
        .and_then(|client| Ok((client, ServerConnection::new(server.clone())?)));
    tried.end = match connections {
        Ok((mut client, mut server)) => {
            let end = converse(&mut client, &mut server);
            let protocol = client.alpn_protocol();
            tried.chosen = protocol.map(|name| String::from_utf8_lossy(name).into_owned());
            end
        }
        Err(error) => failed(error),
    };
    tried.chain = witness.chain();
    tried
}

fn client_config(
    witness: Arc<Witness>,
    version: &'static SupportedProtocolVersion,
    alpn: &[&[u8]],
) -> Result<ClientConfig, Error> {
    let mut config = ClientConfig::builder_with_provider(witness.provider().clone())
        .with_protocol_versions(&[version])?
        .dangerous()
        .with_custom_certificate_verifier(witness)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Flights in both directions. A handshake has two, three after a
/// HelloRetryRequest; more is a loop.
const MOST_ROUNDS: usize = 8;

fn converse(client: &mut ClientConnection, server: &mut ServerConnection) -> End {
    for _ in 0..MOST_ROUNDS {
        if let Err(error) = deliver(client, server) {
            // The client hears of it by the alert.
            return end_of(error, deliver(server, client).err());
        }
        if let Err(error) = deliver(server, client) {
            return End::Outcome(Outcome::Failed(error.to_string()));
        }
        if !client.wants_write() && !server.wants_write() {
            break;
        }
    }
    End::Outcome(match client.is_handshaking() || server.is_handshaking() {
        true => Outcome::Failed("both ends wait for the other".into()),
        false => Outcome::Completed,
    })
}

/// What the server's error means, and what the client was told of it.
fn end_of(error: Error, told: Option<Error>) -> End {
    match (error, told) {
        (Error::NoApplicationProtocol, _) => End::AlpnRefused,
        (Error::NoCertificatesPresented, _) => End::Outcome(Outcome::ClientCertificate),
        (
            Error::PeerIncompatible(
                PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled,
            ),
            _,
        ) => End::VersionDisabled,
        // What rustls says when the resolver has no certificate.
        (
            _,
            Some(Error::AlertReceived(
                AlertDescription::AccessDenied | AlertDescription::UnrecognisedName,
            )),
        ) => End::Outcome(Outcome::NameRefused),
        (error, _) => End::Outcome(Outcome::Failed(error.to_string())),
    }
}

/// Everything that `from` has to say.
fn deliver<S, T>(
    from: &mut rustls::ConnectionCommon<S>,
    to: &mut rustls::ConnectionCommon<T>,
) -> Result<(), Error> {
    let failed = |error: std::io::Error| Error::General(error.to_string());
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).map_err(failed)?;
    }
    let mut unread = &bytes[..];
    while !unread.is_empty() {
        to.read_tls(&mut unread).map_err(failed)?;
        to.process_new_packets()?;
    }
    Ok(())
}
