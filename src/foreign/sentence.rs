//! What is said of each stranger: to its user, to machines, to the operator.

use super::Foreign;

/// One wording for all that have a port of their own.
macro_rules! not {
    ($name:literal) => {
        concat!(
            "This port speaks HTTP (or WebSocket, or gRPC), not ",
            $name,
            ": use the port that serves ",
            $name,
            "."
        )
    };
}

impl Foreign {
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Amqp => not!("AMQP"),
            Self::Dtls => not!("DTLS"),
            Self::Ftp => not!("FTP"),
            Self::Http09 => {
                "This port speaks HTTP/1.0 and newer: the request line must end in a version, such as HTTP/1.1."
            }
            Self::HttpMalformed => {
                "This request line is malformed: it must be a method, a target without spaces and a version, such as HTTP/1.1."
            }
            Self::HttpVersion => {
                "This request line names a version that this port does not speak: write HTTP/1.1, in capitals."
            }
            Self::Icap => not!("ICAP"),
            Self::Imap => not!("IMAP"),
            Self::Irc => not!("IRC"),
            Self::Ldap => not!("LDAP"),
            Self::Mqtt => not!("MQTT"),
            Self::Multistream => not!("libp2p"),
            Self::Pop3 => not!("POP3"),
            Self::PostgresSsl | Self::PostgresStartup => not!("PostgreSQL"),
            Self::ProxyV1 | Self::ProxyV2 => {
                "A proxy sends the PROXY protocol to this port, which does not expect it: switch it off at the proxy."
            }
            Self::Rdp => not!("RDP"),
            Self::Redis => not!("Redis"),
            Self::Rtsp => not!("RTSP"),
            Self::Sip => not!("SIP"),
            Self::Smb => not!("SMB"),
            Self::Smtp => not!("SMTP"),
            Self::Socks4 | Self::Socks5 => not!("SOCKS"),
            Self::Ssh => not!("SSH"),
            Self::Sslv2 => {
                "This ClientHello has the format of SSL 2.0, which is obsolete: send one of TLS 1.2 or 1.3."
            }
            Self::Telnet => not!("Telnet"),
            Self::Text | Self::Unknown => {
                "This port speaks HTTP (or WebSocket, or gRPC): what arrived is neither HTTP nor TLS."
            }
            Self::TlsAlert | Self::TlsApplicationData | Self::TlsOther => {
                "What arrived is TLS, but no ClientHello: a TLS connection must begin with one."
            }
        }
    }

    pub(crate) const fn slug(self) -> &'static str {
        match self {
            Self::ProxyV1 | Self::ProxyV2 => "proxy-header-unexpected",
            _ => "foreign",
        }
    }

    pub(crate) const fn remedy(self) -> &'static str {
        match self {
            Self::Http09 | Self::HttpMalformed | Self::HttpVersion => {
                "let the client send HTTP/1.1 or HTTP/2 requests"
            }
            Self::ProxyV1 | Self::ProxyV2 => {
                "switch the PROXY protocol off at the proxy, or enable it here (--proxy-protocol)"
            }
            Self::Sslv2 | Self::TlsAlert | Self::TlsApplicationData | Self::TlsOther => {
                "let the client begin with a ClientHello of TLS 1.2 or 1.3"
            }
            _ => "point the client at the port of its own protocol",
        }
    }
}
