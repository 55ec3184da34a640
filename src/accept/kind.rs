//! What sort of failure it was, for what tells failures apart.

use std::fmt::{self, Display as _};
use std::io;

use super::agree::UnknownName;
use super::error::AcceptError;
use rustls::{CertificateError, Error};

/// The words of an error without what the client or the moment put into it: no
/// server name, no text of a certificate's, no number of seconds. So there are only
/// so many of them.
pub(crate) struct Kind<'a>(pub(super) &'a AcceptError);

impl fmt::Display for Kind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            AcceptError::Closed { .. } => f.write_str("the client closed"),
            AcceptError::Handshake { source, .. } => {
                f.write_str("the TLS handshake failed: ")?;
                write_source(source, f)
            }
            AcceptError::AcmeChallenge
            | AcceptError::AlpnMismatch
            | AcceptError::Deadline { .. }
            | AcceptError::Io(_)
            | AcceptError::Refused(_) => self.0.fmt(f),
        }
    }
}

fn write_source(source: &io::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let inner = source.get_ref();
    if let Some(unknown) = inner.and_then(|it| it.downcast_ref::<UnknownName>()) {
        return unknown.fmt(f);
    }
    match inner.and_then(|it| it.downcast_ref()) {
        Some(error) => write_error(error, f),
        // A stream may say what it likes.
        None => source.kind().fmt(f),
    }
}

/// In rustls' own words, as far as they are the same each time.
fn write_error(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const CERTIFICATE: &str = "invalid peer certificate: ";
    let (what, which): (_, &dyn fmt::Debug) = match error {
        Error::AlertReceived(alert) => ("received fatal alert: ", alert),
        Error::DecryptError
        | Error::NoApplicationProtocol
        | Error::NoCertificatesPresented
        | Error::PeerSentOversizedRecord => return error.fmt(f),
        Error::General(text) if text == "no server certificate chain resolved" => {
            return error.fmt(f);
        }
        Error::InappropriateHandshakeMessage { got_type, .. } => {
            ("received unexpected handshake message: got ", got_type)
        }
        Error::InappropriateMessage { got_type, .. } => {
            ("received unexpected message: got ", got_type)
        }
        Error::InvalidCertificate(why) => match why {
            CertificateError::ExpiredContext { .. } => (CERTIFICATE, &CertificateError::Expired),
            CertificateError::InvalidPurposeContext { .. } => {
                (CERTIFICATE, &CertificateError::InvalidPurpose)
            }
            CertificateError::NotValidYetContext { .. } => {
                (CERTIFICATE, &CertificateError::NotValidYet)
            }
            _ => (CERTIFICATE, why),
        },
        Error::InvalidMessage(why) => ("received corrupt message of type ", why),
        Error::PeerIncompatible(why) => ("peer is incompatible: ", why),
        Error::PeerMisbehaved(why) => ("peer misbehaved: ", why),
        _ => ("rustls error: ", error),
    };
    f.write_str(what)?;
    // It ends early, behind the name.
    let _ = fmt::write(&mut Name(f), format_args!("{which:?}"));
    Ok(())
}

/// Of what `Debug` shows of a variant only its name: what follows is the client's.
struct Name<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Name<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = text.find(|c: char| !c.is_ascii_alphanumeric());
        self.0.write_str(&text[..end.unwrap_or(text.len())])?;
        match end {
            None => Ok(()),
            Some(_) => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::UnixTime;
    use rustls::{
        AlertDescription, CertificateError, ContentType, InvalidMessage, OtherError,
        PeerIncompatible,
    };

    use super::*;

    fn kind(source: io::Error, name: usize) -> String {
        let server_name = Some(format!("{name}.test"));
        let error = AcceptError::Handshake {
            source,
            server_name,
        };
        error.kind().to_string()
    }

    fn of_rustls(error: Error) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }

    /// What a client can choose is not in it, whichever way it gets into rustls' error.
    #[test]
    fn there_are_only_so_many() {
        let other = |n: usize| OtherError(std::sync::Arc::new(io::Error::other(n.to_string())));
        let at = |n: usize| UnixTime::since_unix_epoch(Duration::from_secs(n as u64));
        let expired = |n| CertificateError::ExpiredContext {
            time: at(n),
            not_after: at(0),
        };
        type Made<'a> = (&'a dyn Fn(usize) -> Error, &'a str);
        let table: [Made<'_>; 9] = [
            (
                &|n| Error::InappropriateMessage {
                    expect_types: vec![ContentType::Handshake; n],
                    got_type: ContentType::Unknown(200 + n as u8),
                },
                "received unexpected message: got ContentType",
            ),
            (
                &|_| PeerIncompatible::NoCipherSuitesInCommon.into(),
                "peer is incompatible: NoCipherSuitesInCommon",
            ),
            (
                &|n| InvalidMessage::DuplicateExtension(n as u16).into(),
                "received corrupt message of type DuplicateExtension",
            ),
            (
                &|n| Error::AlertReceived(AlertDescription::Unknown(200 + n as u8)),
                "received fatal alert: AlertDescription",
            ),
            (&|n| expired(n).into(), "invalid peer certificate: Expired"),
            (
                &|n| CertificateError::Other(other(n)).into(),
                "invalid peer certificate: Other",
            ),
            (&|n| Error::General(n.to_string()), "rustls error: General"),
            (&|n| Error::Other(other(n)), "rustls error: Other"),
            (
                &|_| Error::NoCertificatesPresented,
                "peer sent no certificates",
            ),
        ];
        for (make, expected) in table {
            for n in 0..5 {
                let kind = kind(of_rustls(make(n)), n);
                assert_eq!(kind, format!("the TLS handshake failed: {expected}"));
            }
        }
    }

    #[test]
    fn a_stream_of_the_applications_own_says_what_it_likes() {
        let kinds = [1, 2].map(|n| kind(io::Error::other(n.to_string()), n));
        assert_eq!(kinds, ["the TLS handshake failed: other error"; 2]);
    }

    #[test]
    fn a_name_that_is_not_served() {
        let source = io::Error::new(io::ErrorKind::InvalidData, UnknownName);
        let expected = "the TLS handshake failed: no certificate here is for this server name";
        assert_eq!(kind(source, 1), expected);
    }
}
