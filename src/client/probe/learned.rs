//! What handshakes say of a port's TLS.

use rustls::{AlertDescription, ProtocolVersion};

use super::answer::{Answer, ClientCertificate, Spoken};
use super::report::TlsReport;
use super::tls::{H2, HTTP1, Seen};
use crate::mismatch::Mismatch;

/// Of a version that no handshake came to, by the one that offered nothing else.
pub(super) fn not_spoken(seen: &Seen) -> Spoken {
    match (seen.alert, &seen.answer) {
        // RFC 8446 6.2; some say the one, some the other.
        (Some(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure), _) => {
            Spoken::No
        }
        (Some(_), _) | (None, Answer::NotAsked | Answer::Silent) => Spoken::Unknown,
        (None, _) => Spoken::No,
    }
}

/// Who is offered two takes one, which says nothing of the other.
fn learn_protocol(known: &mut Spoken, seen: &Seen, chosen: bool) {
    let another = !chosen && seen.alpn.is_some();
    match (chosen, another) {
        (true, _) => *known = Spoken::Yes,
        (false, false) if *known == Spoken::Unknown => *known = Spoken::No,
        _ => {}
    }
}

impl TlsReport {
    /// What handshakes have shown; nothing is taken back.
    pub(super) fn learn(&mut self, all: &[&Seen]) {
        for seen in all {
            self.learn_version(seen);
            let alpn = seen.alpn.as_deref();
            let refused = seen.alert == Some(AlertDescription::NoApplicationProtocol);
            if seen.version.is_none() && !refused {
                continue;
            }
            learn_protocol(&mut self.alpn_h2, seen, alpn == Some(H2));
            learn_protocol(&mut self.alpn_http1, seen, alpn == Some(HTTP1));
        }
        self.learn_client_certificate(all);
    }

    fn learn_version(&mut self, seen: &Seen) {
        match seen.version {
            Some(ProtocolVersion::TLSv1_3) => self.tls13 = Spoken::Yes,
            Some(ProtocolVersion::TLSv1_2) => self.tls12 = Spoken::Yes,
            _ => {}
        }
        // It came as far as the certificate, or the protocol.
        let refused = seen.alert == Some(AlertDescription::NoApplicationProtocol);
        let far = seen.is_asked || !seen.chain.is_empty() || refused;
        if far && seen.version.is_none() {
            match seen.offer.versions {
                [one] if one.version == ProtocolVersion::TLSv1_3 => self.tls13 = Spoken::Yes,
                [one] if one.version == ProtocolVersion::TLSv1_2 => self.tls12 = Spoken::Yes,
                _ => {}
            }
        }
    }

    fn learn_client_certificate(&mut self, all: &[&Seen]) {
        let refused = all.iter().find_map(|seen| match &seen.answer {
            Answer::Refused(diagnosis) => match diagnosis.mismatch() {
                Some(Mismatch::ClientCertificate(_)) => Some(diagnosis.clone()),
                _ => None,
            },
            _ => None,
        });
        let is_asked = all.iter().any(|seen| seen.is_asked);
        let has_shown = all.iter().any(|seen| seen.is_asked && seen.has_identity);
        self.client_certificate = match refused {
            Some(diagnosis) => ClientCertificate::Required(diagnosis),
            None if has_shown => ClientCertificate::Accepted,
            None if is_asked => ClientCertificate::Requested,
            None if all.iter().any(|seen| seen.version.is_some()) => {
                ClientCertificate::NotRequested
            }
            None => return,
        };
    }
}
