//! Alerts by the words of TLS stacks.

/// The description of the alert that a text, in lower case and with spaces for
/// underscores, says was received.
pub(super) fn received(text: &str) -> Option<u8> {
    // OpenSSL's error data, from 1.0 on.
    if let Some((_, number)) = text.split_once("ssl alert number ") {
        let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
        return digits.parse().ok();
    }
    let mut alerts = ALERTS.iter();
    let found = match after(text, &RUSTLS) {
        Some(rest) => {
            let name = rest.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
            alerts.find(|(_, rustls, _)| *rustls == name)
        }
        None if text.contains("tlsv1 unrecognized name") => return Some(112),
        None => {
            let rest = after(text, &OPENSSL)?;
            alerts.find(|(_, _, openssl)| rest.starts_with(openssl))
        }
    };
    // Of no use here, and no other cause either.
    Some(found.map_or(OTHER, |(alert, _, _)| *alert))
}

/// Display and Debug of `rustls::Error::AlertReceived`.
const RUSTLS: [&str; 2] = ["received fatal alert: ", "alertreceived("];

/// Of 1.0 to 4.0; each names some alerts by one and some by another.
const OPENSSL: [&str; 5] = [
    "sslv3 alert ",
    "ssl/tls alert ",
    "tls alert ",
    "tlsv1 alert ",
    "tlsv13 alert ",
];

/// An alert that is not in IANA's registry.
const OTHER: u8 = 255;

/// The number, rustls' name, OpenSSL's reason.
#[rustfmt::skip]
const ALERTS: [(u8, &str, &str); 16] = [
    (0, "closenotify", "close notify"),
    (40, "handshakefailure", "handshake failure"),
    (42, "badcertificate", "bad certificate"),
    (43, "unsupportedcertificate", "unsupported certificate"),
    (44, "certificaterevoked", "certificate revoked"),
    (45, "certificateexpired", "certificate expired"),
    (46, "certificateunknown", "certificate unknown"),
    (48, "unknownca", "unknown ca"),
    (49, "accessdenied", "access denied"),
    (70, "protocolversion", "protocol version"),
    (71, "insufficientsecurity", "insufficient security"),
    (80, "internalerror", "internal error"),
    (90, "usercanceled", "user cancelled"),
    (112, "unrecognisedname", "unrecognized name"),
    (116, "certificaterequired", "certificate required"),
    (120, "noapplicationprotocol", "no application protocol"),
];

fn after<'a>(text: &'a str, begins: &[&str]) -> Option<&'a str> {
    let mut rests = begins.iter().filter_map(|begin| text.split_once(begin));
    rests.next().map(|(_, rest)| rest)
}
