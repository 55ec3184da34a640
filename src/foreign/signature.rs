//! Protocols known by fixed bytes at fixed places.

use super::Foreign;

/// What a prefix says about the signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// The whole of one signature is there.
    Full(Foreign),
    /// No signature fits, nor will with more bytes.
    Impossible,
    /// What is there fits the beginning of a signature.
    Possible,
}

/// The signatures against the beginning of a connection.
pub(crate) fn find(prefix: &[u8]) -> Match {
    let mut found = Match::Impossible;
    for &(pattern, foreign) in SIGNATURES {
        let fits = core::iter::zip(pattern, prefix).all(|(&(lo, hi), b)| (lo..=hi).contains(b));
        match fits {
            true if prefix.len() >= pattern.len() => return Match::Full(foreign),
            true => found = Match::Possible,
            false => {}
        }
    }
    found
}

/// The first bytes for which [`find`] is worth its while.
pub(crate) static STARTS: [bool; 256] = {
    let mut table = [false; 256];
    let mut row = 0;
    while row < SIGNATURES.len() {
        let (lo, hi) = SIGNATURES[row].0[0];
        let mut byte = lo as usize;
        while byte <= hi as usize {
            table[byte] = true;
            byte += 1;
        }
        row += 1;
    }
    table
};

/// The lowest and the highest value that a byte may have.
type Span = (u8, u8);

/// A byte of any value.
const ANY: Span = (0, 255);
/// The lower byte of a TLS record version: SSL 3.0 to TLS 1.3.
const MINOR: Span = (0, 4);
/// A lower-case letter.
const LETTER: Span = (b'a', b'z');

const fn is(byte: u8) -> Span {
    (byte, byte)
}

const fn text<const N: usize>(bytes: &[u8; N]) -> [Span; N] {
    let mut spans = [ANY; N];
    let mut at = 0;
    while at < N {
        spans[at] = is(bytes[at]);
        at += 1;
    }
    spans
}

/// No two of these fit the same bytes (there is a test), so that the order
/// does not matter and a match stays the match when more bytes arrive.
#[rustfmt::skip]
static SIGNATURES: &[(&[Span], Foreign)] = &[
    // RFC 8446 5.1. A handshake record (22) is the sniffer's own affair.
    (&[is(20), is(3), MINOR], Foreign::TlsOther), // change_cipher_spec
    (&[is(21), is(3), MINOR], Foreign::TlsAlert),
    (&[is(23), is(3), MINOR], Foreign::TlsApplicationData),
    (&[is(24), is(3), MINOR], Foreign::TlsOther), // heartbeat, RFC 6520
    // RFC 9147 4: versions are one's complement: fe ff, fe fd, fe fc.
    (&[(20, 23), is(0xfe), (0xfc, 0xff)], Foreign::Dtls),
    // RFC 5246 E.2: a length with the top bit set, type 1, the version offered.
    (&[(0x80, 0x8f), ANY, is(1), is(3), MINOR], Foreign::Sslv2),
    (&[(0x80, 0x8f), ANY, is(1), is(0), is(2)], Foreign::Sslv2),

    // AMQP 0-9-1 4.2.2, AMQP 1.0 2.2: the protocol id follows the name.
    (&[is(b'A'), is(b'M'), is(b'Q'), is(b'P'), (0, 3)], Foreign::Amqp),

    // RFC 4511 4.1.1: SEQUENCE { INTEGER of one byte, [APPLICATION n] .. },
    // n = 0 bind, 3 search, 23 extended; lengths in short form, and in the
    // four-byte form that Windows uses.
    (&[is(0x30), (0, 0x7f), is(2), is(1), ANY, is(0x60)], Foreign::Ldap),
    (&[is(0x30), (0, 0x7f), is(2), is(1), ANY, is(0x63)], Foreign::Ldap),
    (&[is(0x30), (0, 0x7f), is(2), is(1), ANY, is(0x77)], Foreign::Ldap),
    (&[is(0x30), is(0x84), is(0), is(0), ANY, ANY, is(2), is(1), ANY, is(0x60)], Foreign::Ldap),
    (&[is(0x30), is(0x84), is(0), is(0), ANY, ANY, is(2), is(1), ANY, is(0x63)], Foreign::Ldap),
    (&[is(0x30), is(0x84), is(0), is(0), ANY, ANY, is(2), is(1), ANY, is(0x77)], Foreign::Ldap),

    // MQTT 3.1.1 3.1: CONNECT, a remaining length of one or two bytes, a name.
    (&[is(0x10), (0, 0x7f), is(0), is(4), is(b'M'), is(b'Q'), is(b'T'), is(b'T')], Foreign::Mqtt),
    (&[is(0x10), (0x80, 0xff), (0, 0x7f), is(0), is(4), is(b'M'), is(b'Q'), is(b'T'), is(b'T')], Foreign::Mqtt),
    (&[is(0x10), (0, 0x7f), is(0), is(6), is(b'M'), is(b'Q'), is(b'I'), is(b's'), is(b'd'), is(b'p')], Foreign::Mqtt),
    (&[is(0x10), (0x80, 0xff), (0, 0x7f), is(0), is(6), is(b'M'), is(b'Q'), is(b'I'), is(b's'), is(b'd'), is(b'p')], Foreign::Mqtt),

    // multistream-select 1.0: a length of 19, the name, a line feed.
    (&text(b"\x13/multistream/1.0.0\n"), Foreign::Multistream),

    // PostgreSQL, "Message Formats": a length, then a code or version 3.x and
    // the name of a parameter. Without the name, a Kafka request would fit.
    (&[is(0), is(0), is(0), is(8), is(0x04), is(0xd2), is(0x16), is(0x2f)], Foreign::PostgresSsl),
    (&[is(0), is(0), is(0), is(8), is(0x04), is(0xd2), is(0x16), is(0x30)], Foreign::PostgresStartup),
    (&[is(0), is(0), ANY, ANY, is(0x04), is(0xd2), is(0x16), is(0x2e)], Foreign::PostgresStartup),
    (&[is(0), is(0), ANY, ANY, is(0), is(3), is(0), (0, 15), LETTER, LETTER], Foreign::PostgresStartup),

    // PROXY protocol 2.2.
    (&text(b"\r\n\r\n\0\r\nQUIT\n"), Foreign::ProxyV2),

    // MS-RDPBCGR 2.2.1.1: TPKT version 3, a length, X.224 Connection Request.
    (&[is(3), is(0), ANY, ANY, ANY, is(0xe0)], Foreign::Rdp),

    // MS-SMB2 2.1: a length; ff SMB 1, fe SMB 2 and 3, fd encrypted, fc packed.
    (&[is(0), ANY, ANY, ANY, (0xfc, 0xff), is(b'S'), is(b'M'), is(b'B')], Foreign::Smb),

    // SOCKS 4: CONNECT or BIND, port, address, then a user or its end.
    (&[is(4), (1, 2), ANY, ANY, ANY, ANY, ANY, ANY, is(0)], Foreign::Socks4),
    (&[is(4), (1, 2), ANY, ANY, ANY, ANY, ANY, ANY, (b' ', b'~')], Foreign::Socks4),
    // RFC 1928 3: the number of methods, and the first: none, GSSAPI, password, CHAP.
    (&[is(5), (1, 8), (0, 3)], Foreign::Socks5),

    // RFC 854: IAC, then WILL, WON'T, DO, DON'T (or SB) and an option.
    (&[is(0xff), (0xfa, 0xfe), ANY], Foreign::Telnet),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_signatures_fit_the_same_bytes() {
        for (i, (a, _)) in SIGNATURES.iter().enumerate() {
            for (b, _) in &SIGNATURES[i + 1..] {
                let apart = core::iter::zip(*a, *b).any(|(x, y)| x.1 < y.0 || y.1 < x.0);
                assert!(apart, "{a:?} and {b:?}");
            }
        }
    }

    /// Else a method could be taken for a signature, and a request be refused.
    #[test]
    fn no_signature_is_a_token_and_a_space() {
        for (pattern, foreign) in SIGNATURES {
            let text = |&&(lo, hi): &&Span| hi >= b' ' && lo <= b'~';
            assert!(
                pattern.iter().filter(text).count() < pattern.len(),
                "{foreign:?} could be printable"
            );
        }
    }

    #[test]
    fn a_match_is_possible_at_every_length_before_it_is_full() {
        for (pattern, foreign) in SIGNATURES {
            for pick in [|s: &Span| s.0, |s: &Span| s.1] {
                let bytes: Vec<u8> = pattern.iter().map(pick).collect();
                assert!(STARTS[usize::from(bytes[0])]);
                for len in 1..bytes.len() {
                    assert_eq!(find(&bytes[..len]), Match::Possible, "{foreign:?} {len}");
                }
                assert_eq!(find(&bytes), Match::Full(*foreign));
            }
        }
    }
}
