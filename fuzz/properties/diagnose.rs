//! A client's diagnosis of anything that a server sends and of any chain of
//! errors: no panic, and what is quoted is one short line of what can be seen.

use std::error::Error;
use std::fmt;
use std::io;

use http::{HeaderName, HeaderValue, Response, StatusCode};
use oneport::client::{
    Certainty, Diagnosis, End, Spoke, diagnose, diagnose_alert, diagnose_body,
    diagnose_first_bytes, diagnose_response,
};

use super::input;

pub fn check(data: &[u8]) {
    let (bytes, mut choices) = input::split(data);
    let which = choices.byte();
    for spoke in [Spoke::Plaintext, Spoke::Tls] {
        first_bytes(spoke, bytes);
    }
    let status = StatusCode::from_u16([400, 403, 421, 426, 497, 200, 502][usize::from(which % 7)]);
    let status = status.unwrap();
    body(status, bytes);
    head(status, bytes);
    errors(bytes, choices.byte(), choices.rest());
    shown(diagnose_alert(which));
}

fn first_bytes(spoke: Spoke, bytes: &[u8]) {
    for end in [End::Eof, End::Open, End::Reset, End::TimedOut] {
        shown(diagnose_first_bytes(spoke, bytes, end));
    }
    // What was said of a part is said of the whole.
    let mut said: Option<Diagnosis> = None;
    let near = bytes.len().min(64);
    let lengths = (0..near)
        .chain((near..bytes.len()).step_by(61))
        .chain([bytes.len()]);
    for length in lengths {
        let now = diagnose_first_bytes(spoke, &bytes[..length], End::Open);
        if let Some(before) = &said {
            let now = now.as_ref().expect("a diagnosis that was there before");
            assert_eq!(before.cause(), now.cause(), "{spoke:?} at {length}");
        }
        said = now.or(said);
    }
}

fn body(status: StatusCode, bytes: &[u8]) {
    let found = diagnose_body(status, bytes);
    assert!(found.is_none() || status.is_client_error());
    shown(found);
}

/// Lines `name: value`, as far as they can be headers.
fn head(status: StatusCode, bytes: &[u8]) {
    let mut response = Response::new(());
    *response.status_mut() = status;
    for line in bytes.split(|&b| b == b'\n').take(50) {
        let Some(colon) = line.iter().position(|&b| b == b':') else {
            continue;
        };
        let name = HeaderName::from_bytes(&line[..colon]);
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    shown(diagnose_response(&response));
}

/// A chain of errors with these lines as their words, outermost first.
fn errors(bytes: &[u8], round: u8, kinds: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut inner: Option<Box<dyn Error + Send + Sync>> = match round {
        1 => Some(Box::new(Circle)),
        2 => Some(Box::new(Diagnosis::new(
            oneport::Mismatch::PlaintextToTls,
            Certainty::Possible,
        ))),
        _ => None,
    };
    let own = inner.is_some() && round == 2;
    // An I/O error around each: no deeper than it is looked at.
    let lines: Vec<&str> = text.split('\n').take(15).collect();
    for (index, line) in lines.iter().enumerate().rev() {
        let kind = kinds.get(index % kinds.len().max(1)).copied().unwrap_or(0);
        let (words, debug) = line.split_once('\t').unwrap_or((line, line));
        let link = Link {
            words: words.into(),
            debug: debug.into(),
            inner,
        };
        inner = Some(match kind % 3 {
            0 => Box::new(link),
            1 => Box::new(io::Error::other(link)),
            _ => Box::new(io::Error::new(io::ErrorKind::InvalidData, link)),
        });
    }
    let outermost = inner.unwrap();
    let found = diagnose(&*outermost);
    if own {
        // A diagnosis in the chain is taken as it is.
        assert_eq!(found.as_ref().unwrap().certainty(), Certainty::Possible);
    }
    shown(found);
}

struct Link {
    words: String,
    debug: String,
    inner: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.debug)
    }
}

impl Error for Link {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.inner {
            Some(inner) => Some(&**inner),
            None => None,
        }
    }
}

/// An error that is its own source, and whose words have no end.
#[derive(Debug)]
struct Circle;

impl fmt::Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        loop {
            f.write_str("round and round ")?;
        }
    }
}

impl Error for Circle {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&Circle)
    }
}

/// What is shown of it to a person, in a terminal or in a log.
fn shown(diagnosis: Option<Diagnosis>) {
    let Some(diagnosis) = diagnosis else {
        return;
    };
    let text = diagnosis.to_string();
    let sentence = diagnosis.cause().sentence();
    assert!(text.contains(sentence));
    assert!(!text.chars().any(unseen), "{text:?}");
    if let Some(quote) = diagnosis.quote() {
        assert!(!quote.is_empty() && quote.chars().count() <= 300);
        assert!(text.ends_with(&format!("The server says: \"{quote}\".")));
    }
    assert!(text.chars().count() <= sentence.len() + 300 + 50, "{text}");
}

/// Control characters, other spaces than the one, and what turns the direction
/// of the text that follows.
fn unseen(c: char) -> bool {
    let turns =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    c.is_control() || (c.is_whitespace() && c != ' ') || turns || c == '\u{feff}'
}
