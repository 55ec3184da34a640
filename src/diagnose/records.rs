//! TLS records in what a client received.

/// The content type of alerts, RFC 8446 5.1.
pub(super) const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
/// The `msg_type` of a ClientHello, RFC 8446 4.
const CLIENT_HELLO: u8 = 1;
/// The level of an alert that ends the connection, RFC 5246 7.2.
const FATAL: u8 = 2;

/// What there is to be seen in the records that are not encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A fatal alert, by its description.
    Alert(u8),
    /// A ClientHello, where a server's answer was due.
    ClientHello,
    /// Neither, or not yet.
    Other,
}

/// If `received` is the beginning of a TLS record: a content type, 3 and the
/// minor version. Also of none at all.
pub(super) fn fits(received: &[u8]) -> bool {
    match received {
        [] => true,
        [kind] => is_content_type(*kind),
        [kind, major] => is_content_type(*kind) && *major == 3,
        [kind, major, minor, ..] => is_content_type(*kind) && *major == 3 && *minor <= 4,
    }
}

/// The first thing of note in a row of records.
pub(super) fn read(mut received: &[u8]) -> Seen {
    let mut first = true;
    while let [kind, _, _, high, low, rest @ ..] = received {
        if !fits(received) {
            return Seen::Other;
        }
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        match (*kind, rest) {
            // Longer ones are encrypted.
            (ALERT, [FATAL, description, ..]) if length == 2 => return Seen::Alert(*description),
            (HANDSHAKE, [CLIENT_HELLO, ..]) if first => return Seen::ClientHello,
            _ => {}
        }
        first = false;
        received = rest.get(length..).unwrap_or_default();
    }
    Seen::Other
}

fn is_content_type(byte: u8) -> bool {
    (20..=24).contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALERT_48: &[u8] = b"\x15\x03\x03\x00\x02\x02\x30";

    #[test]
    fn an_alert_is_found_behind_other_records() {
        assert_eq!(read(ALERT_48), Seen::Alert(48));
        let flight = [b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", ALERT_48].concat();
        assert_eq!(read(&flight), Seen::Alert(48));
        // Part of a record, a warning, an encrypted alert.
        for other in [
            &ALERT_48[..6],
            b"\x15\x03\x03\x00\x02\x01\x70",
            b"\x15\x03\x03\x00\x1a\x02\x30",
            b"\x16\x03\x03\x00\x04\x02\x00",
            b"",
        ] {
            assert_eq!(read(other), Seen::Other, "{other:?}");
        }
        let warned = [b"\x15\x03\x03\x00\x02\x01\x70".as_slice(), ALERT_48].concat();
        assert_eq!(read(&warned), Seen::Alert(48));
    }

    #[test]
    fn records_begin_with_a_type_and_a_version() {
        for fit in ["", "\x15", "\x16\x03", "\x17\x03\x04", "\x16\x03\x01\x7f"] {
            assert!(fits(fit.as_bytes()), "{fit:?}");
        }
        for other in ["H", "\x15\x02", "\x16\x03\x05", "\x13\x03\x03"] {
            assert!(!fits(other.as_bytes()), "{other:?}");
        }
    }
}
