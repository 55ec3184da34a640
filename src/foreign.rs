//! Names for what is neither TLS nor HTTP.
//!
//! A name is given with certainty only: a client that is told "you speak
//! Redis" must be speaking Redis. All else is [`Foreign::Text`] or
//! [`Foreign::Unknown`].

use core::fmt;

pub(crate) mod line;
mod sentence;
pub(crate) mod signature;

pub(crate) use signature::Match;

/// A protocol that is neither TLS nor HTTP/1 or HTTP/2.
///
/// Protocols whose server speaks first (MySQL, for one) are not here: their
/// clients are silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Foreign {
    /// An AMQP protocol header, 0-8 to 1.0.
    Amqp,
    /// A DTLS record: TLS for datagrams, here in a TCP stream.
    Dtls,
    /// An FTP command.
    Ftp,
    /// `GET /` without a version: HTTP/0.9.
    Http09,
    /// A line that ends in `HTTP/1.x` and is no request line, as by a space
    /// in the target.
    HttpMalformed,
    /// A request line with a version other than `HTTP/1.x`, or in lower case.
    HttpVersion,
    /// An ICAP request line.
    Icap,
    /// An IMAP command.
    Imap,
    /// An IRC command.
    Irc,
    /// An LDAP bind, search or extended request (StartTLS is one).
    Ldap,
    /// An MQTT CONNECT packet, 3.1 to 5.0.
    Mqtt,
    /// A libp2p multistream-select header.
    Multistream,
    /// A POP3 command.
    Pop3,
    /// A PostgreSQL SSLRequest: the client would speak TLS if asked to.
    PostgresSsl,
    /// Any other first message of a PostgreSQL client: a StartupMessage, a
    /// CancelRequest or a GSSENCRequest.
    PostgresStartup,
    /// A PROXY protocol header of version 1, which is text.
    ProxyV1,
    /// A PROXY protocol header of version 2, which is binary.
    ProxyV2,
    /// An RDP connection request.
    Rdp,
    /// A Redis command, or an inline `PING`.
    Redis,
    /// An RTSP request line.
    Rtsp,
    /// A SIP request line.
    Sip,
    /// An SMB message, any version.
    Smb,
    /// An SMTP or LMTP greeting.
    Smtp,
    /// A SOCKS4 request.
    Socks4,
    /// A SOCKS5 greeting.
    Socks5,
    /// An SSH identification string.
    Ssh,
    /// A ClientHello in the format of SSL 2.0, whatever version it offers.
    /// RFC 6176 3 lets servers refuse it; rustls does.
    Sslv2,
    /// A Telnet negotiation.
    Telnet,
    /// Text that is no HTTP request.
    Text,
    /// A TLS alert where a ClientHello was due.
    TlsAlert,
    /// TLS application data where a ClientHello was due.
    TlsApplicationData,
    /// Any other TLS record that does not begin a ClientHello.
    TlsOther,
    /// Bytes that nothing here has a name for.
    Unknown,
}

impl Foreign {
    /// What to call it in a sentence: "the client sent ...", "... was sent".
    ///
    /// Also what `Display` shows. The words may change between versions; match
    /// on the variant instead.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Amqp => "AMQP",
            Self::Dtls => "DTLS",
            Self::Ftp => "FTP",
            Self::Http09 => "an HTTP/0.9 request",
            Self::HttpMalformed => "a malformed HTTP request line",
            Self::HttpVersion => "an HTTP request line of an unknown version",
            Self::Icap => "ICAP",
            Self::Imap => "IMAP",
            Self::Irc => "IRC",
            Self::Ldap => "LDAP",
            Self::Mqtt => "MQTT",
            Self::Multistream => "libp2p multistream-select",
            Self::Pop3 => "POP3",
            Self::PostgresSsl => "a PostgreSQL SSLRequest",
            Self::PostgresStartup => "PostgreSQL",
            Self::ProxyV1 => "a PROXY protocol header (v1)",
            Self::ProxyV2 => "a PROXY protocol header (v2)",
            Self::Rdp => "RDP",
            Self::Redis => "Redis",
            Self::Rtsp => "RTSP",
            Self::Sip => "SIP",
            Self::Smb => "SMB",
            Self::Smtp => "SMTP",
            Self::Socks4 => "SOCKS4",
            Self::Socks5 => "SOCKS5",
            Self::Ssh => "SSH",
            Self::Sslv2 => "an SSLv2 ClientHello",
            Self::Telnet => "Telnet",
            Self::Text => "text that is not an HTTP request",
            Self::TlsAlert => "a TLS alert",
            Self::TlsApplicationData => "TLS application data",
            Self::TlsOther => "a TLS record that is not a ClientHello",
            Self::Unknown => "an unknown protocol",
        }
    }
}

/// Shows the [`name`](Foreign::name).
impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
