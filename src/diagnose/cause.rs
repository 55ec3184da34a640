//! Why a connection did not come about.

use std::fmt;

use crate::foreign::Foreign;
use crate::mismatch::Mismatch;

/// Why a client and a server did not come together.
///
/// ```
/// use oneport::Mismatch;
/// use oneport::client::Cause;
///
/// let cause = Cause::Mismatch(Mismatch::TlsToPlaintext);
/// assert!(cause.sentence().contains("use http://"));
/// assert_eq!(cause.slug(), "tls-to-plaintext");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The server sent fewer than five bytes in answer to a ClientHello, which
    /// is no TLS record, and closed.
    ClosedAtOnce,
    /// The connection ended during the TLS handshake, by an end of file or a
    /// reset. Firewalls and overloaded servers do that too.
    ClosedInHandshake,
    /// The two speak different modes, or the client has to prove who it is.
    Mismatch(Mismatch),
    /// Client and server have no TLS version or cipher suite in common: alerts
    /// 40, 70 and 71 (RFC 8446 6.2).
    NoCommonParameters,
    /// Client and server have no application protocol in common: alert 120
    /// (RFC 7301 3.2).
    NoCommonProtocol,
    /// The server answered an HTTP request with something that is neither HTTP
    /// nor TLS.
    NotHttp(Foreign),
    /// The server answered a ClientHello with something that is neither TLS
    /// nor HTTP.
    NotTls(Foreign),
    /// The client does not accept the server's certificate.
    ServerCertificate(ServerCertificateFault),
    /// The server has nothing for the name that the client asked for: alert
    /// 112 (RFC 6066 3).
    UnknownServerName,
}

/// Why a client does not accept a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerCertificateFault {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// The TLS stack refuses it for another reason, which it says itself.
    Refused,
    /// It is on a certificate revocation list.
    Revoked,
    /// No CA that the client trusts issued it.
    UnknownIssuer,
    /// It is for other names than the one that the client asked for.
    WrongName,
}

impl Cause {
    /// What is wrong and what to change, in one sentence for the client's
    /// user. For a [`Mismatch`] it is the sentence that the server uses too.
    #[must_use]
    pub fn sentence(&self) -> &'static str {
        match self {
            Self::ClosedAtOnce => {
                "This port closed the connection without an answer in TLS: it is no TLS server; use http:// (or ws://) instead of https:// (or wss://), or check the port."
            }
            Self::ClosedInHandshake => {
                "The connection was closed during the TLS handshake: the port may not speak TLS, or a firewall may stand in between."
            }
            Self::Mismatch(mismatch) => mismatch.sentence(),
            Self::NoCommonParameters => {
                "The server refused every TLS version and cipher suite that this client offers: update the older one of the two, or lower the minimum TLS version."
            }
            Self::NoCommonProtocol => {
                "The server speaks none of the application protocols (ALPN) that this client offers: offer http/1.1 or h2."
            }
            Self::NotHttp(foreign) | Self::NotTls(foreign) => another_server(*foreign),
            Self::ServerCertificate(fault) => fault.sentence(),
            Self::UnknownServerName => {
                "The server has no certificate for the host name in the URL: use a name that the server knows."
            }
        }
    }

    /// The name of the cause for machines.
    #[must_use]
    pub fn slug(&self) -> &'static str {
        match self {
            Self::ClosedAtOnce => "closed-at-once",
            Self::ClosedInHandshake => "closed-in-handshake",
            Self::Mismatch(mismatch) => mismatch.slug(),
            Self::NoCommonParameters => "no-common-tls-parameters",
            Self::NoCommonProtocol => "no-common-protocol",
            Self::NotHttp(_) => "not-http",
            Self::NotTls(_) => "not-tls",
            Self::ServerCertificate(fault) => fault.slug(),
            Self::UnknownServerName => "unknown-server-name",
        }
    }
}

/// The [`sentence`](Cause::sentence).
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl From<Mismatch> for Cause {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(mismatch)
    }
}

impl ServerCertificateFault {
    fn sentence(self) -> &'static str {
        match self {
            Self::Expired => "The server's certificate has expired: its operator has to renew it.",
            Self::NotYetValid => {
                "The server's certificate is not valid yet: check the clocks of both machines."
            }
            Self::Refused => {
                "The server's certificate was refused: the TLS library's own words say why."
            }
            Self::Revoked => {
                "The server's certificate has been revoked: its operator has to replace it."
            }
            Self::UnknownIssuer => {
                "The server's certificate is from a CA that this client does not trust: add that CA's certificate to the trusted ones."
            }
            Self::WrongName => {
                "The server's certificate is for other names than the host in the URL: use one of its names, or let the operator add this one."
            }
        }
    }

    fn slug(self) -> &'static str {
        match self {
            Self::Expired => "server-certificate-expired",
            Self::NotYetValid => "server-certificate-not-yet-valid",
            Self::Refused => "server-certificate-refused",
            Self::Revoked => "server-certificate-revoked",
            Self::UnknownIssuer => "server-certificate-unknown-issuer",
            Self::WrongName => "server-certificate-wrong-name",
        }
    }
}

/// One wording for all that have a name.
macro_rules! another {
    ($server:literal) => {
        concat!(
            "This port is that of ",
            $server,
            ", which speaks neither HTTP nor HTTPS: check the port."
        )
    };
}

fn another_server(foreign: Foreign) -> &'static str {
    match foreign {
        Foreign::Amqp => another!("an AMQP server"),
        Foreign::Ftp => another!("an FTP server"),
        Foreign::Icap => another!("an ICAP server"),
        Foreign::Imap => another!("an IMAP server"),
        Foreign::Multistream => another!("a libp2p node"),
        Foreign::Pop3 => another!("a POP3 server"),
        Foreign::PostgresSsl | Foreign::PostgresStartup => another!("a PostgreSQL server"),
        Foreign::Redis => another!("a Redis server"),
        Foreign::Rtsp => another!("an RTSP server"),
        Foreign::Sip => another!("a SIP server"),
        Foreign::Smtp => another!("an SMTP server"),
        Foreign::Ssh => another!("an SSH server"),
        Foreign::Telnet => another!("a Telnet server"),
        _ => "This port answers with something that is neither HTTP nor TLS: check the port.",
    }
}
