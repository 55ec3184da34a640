//! `sniff` against the parsers that its verdicts lead to.

use oneport::{MAX_PREFIX, Protocol, Status, sniff};

pub fn check(data: &[u8]) {
    let verdict = sniff(data);
    bounded(data, verdict);
    monotone(data, verdict);
    if rustls_accepts(data) {
        assert_eq!(
            verdict,
            Status::Complete(Protocol::Tls),
            "rustls reads a ClientHello"
        );
    }
    if httparse_accepts(data) {
        assert_eq!(
            verdict,
            Status::Complete(Protocol::Http1),
            "httparse reads a request"
        );
    }
}

fn bounded(data: &[u8], verdict: Status) {
    if data.len() >= MAX_PREFIX {
        assert_ne!(verdict, Status::Partial, "MAX_PREFIX bytes must suffice");
        assert_eq!(sniff(&data[..MAX_PREFIX]), verdict);
    }
}

/// A prefix has no verdict, or the final one.
fn monotone(data: &[u8], verdict: Status) {
    // Every prefix of the beginning, where nearly all decisions are, and every
    // 61st of the rest: all of 8 KiB would be most of the fuzzer's time.
    let lengths =
        (0..data.len().min(256)).chain((256..data.len().min(MAX_PREFIX + 64)).step_by(61));
    let mut decided = false;
    for len in lengths {
        let status = sniff(&data[..len]);
        if decided || status != Status::Partial {
            decided = true;
            assert_eq!(status, verdict, "at {len} of {}", data.len());
        }
    }
    assert!(!decided || verdict != Status::Partial);
}

/// Whether httparse gets a request out of this, within the bounds that `sniff`
/// documents: four empty lines, a method shorter than 8 KiB.
fn httparse_accepts(data: &[u8]) -> bool {
    let blank = data.iter().take_while(|b| b"\r\n".contains(b)).count();
    let empty_lines = data[..blank].iter().filter(|&&b| b == b'\n').count();
    let method = data[blank..].iter().take_while(|&&b| b != b' ').count();
    if empty_lines > 4 || method > 8000 {
        return false;
    }
    let mut headers = [httparse::EMPTY_HEADER; 100];
    matches!(
        httparse::Request::new(&mut headers).parse(data),
        Ok(httparse::Status::Complete(_))
    )
}

/// Whether rustls gets a ClientHello out of this, in a first record of a
/// version and a length that `sniff` documents.
fn rustls_accepts(mut data: &[u8]) -> bool {
    match *data {
        [_, _, 0..=4, hi, lo, ..] if u16::from_be_bytes([hi, lo]) <= 16_640 => {}
        _ => return false,
    }
    let mut acceptor = rustls::server::Acceptor::default();
    while !data.is_empty() {
        if acceptor.read_tls(&mut data).is_err() {
            return false;
        }
        match acceptor.accept() {
            Ok(Some(_)) => return true,
            Ok(None) => {}
            Err(_) => return false,
        }
    }
    false
}
