//! What the error of somebody else's client says, down its chain of sources.

use std::error::Error;
use std::fmt::{self, Write};

use super::diagnosis::Diagnosis;
use super::{refusal, words};
use crate::mismatch::Mismatch;

/// `client::diagnose` for all errors but those of this crate's own client.
#[must_use]
pub(crate) fn diagnose(error: &(dyn Error + 'static)) -> Option<Diagnosis> {
    let connecting = chain(error).any(|link| words::is_connecting(&shown(link)));
    let used = chain(error).find_map(|link| mode(&shown(link)));
    let mut best: Option<Diagnosis> = None;
    for link in chain(error) {
        if let Some(diagnosis) = link.downcast_ref::<Diagnosis>() {
            return Some(diagnosis.clone());
        }
        let text = shown(link);
        let found = refusal::read(&text, link).or_else(|| words::read(&text, connecting));
        let found = found.filter(|found| !contradicts(found, used));
        // The first of several that are equally certain: it knows most.
        let better = |found: &Diagnosis| match &best {
            Some(best) => found.certainty() > best.certainty(),
            None => true,
        };
        best = found.filter(better).or(best);
    }
    best
}

/// The mode of the URL that an error names, as reqwest's do.
fn mode(text: &str) -> Option<Mode> {
    let (_, url) = text.split_once(" for url (")?;
    let begins = |with: [&str; 2]| with.iter().any(|scheme| url.starts_with(scheme));
    match () {
        () if begins(["https:", "wss:"]) => Some(Mode::Tls),
        () if begins(["http:", "ws:"]) => Some(Mode::Plaintext),
        () => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Plaintext,
    Tls,
}

/// A URL is not wrong about its mode in the way of the other: a proxy's port is, or
/// the server behind a proxy, or what both mean by HTTP.
fn contradicts(found: &Diagnosis, used: Option<Mode>) -> bool {
    matches!(
        (found.mismatch(), used),
        (Some(Mismatch::PlaintextToTls), Some(Mode::Tls))
            | (Some(Mismatch::TlsToPlaintext), Some(Mode::Plaintext))
    )
}

/// An error and its sources, no deeper than anybody nests them.
pub(crate) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = Link<'a>> {
    std::iter::successors(Some(error), |link| inner(*link)).take(LINKS)
}

pub(crate) type Link<'a> = &'a (dyn Error + 'static);

/// The source, or what an I/O error wraps, which is not among its sources.
fn inner(link: Link<'_>) -> Option<Link<'_>> {
    let wrapped = link.downcast_ref::<std::io::Error>();
    match wrapped.and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => link.source(),
    }
}

/// Whoever goes round in circles is deeper.
const LINKS: usize = 32;

/// Bytes of an error's words that are looked at.
const DISPLAY: usize = 4 * 1024;

fn shown(error: &dyn Error) -> String {
    limited(DISPLAY, format_args!("{error}"))
}

/// The beginning of a text, without making the rest of it.
pub(super) fn limited(most: usize, text: fmt::Arguments<'_>) -> String {
    struct Limited {
        text: String,
        left: usize,
    }
    impl Write for Limited {
        fn write_str(&mut self, part: &str) -> fmt::Result {
            let end = boundary(part, self.left);
            self.text.push_str(&part[..end]);
            self.left -= end;
            match end == part.len() {
                true => Ok(()),
                false => Err(fmt::Error),
            }
        }
    }
    let mut limited = Limited {
        text: String::new(),
        left: most,
    };
    // An error says that there was more, or that it has no words.
    let _ = limited.write_fmt(text);
    limited.text
}

/// `str::floor_char_boundary`, which is younger than this crate's oldest Rust.
fn boundary(text: &str, most: usize) -> usize {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::diagnose::Certainty;

    #[derive(Debug)]
    struct Wrapper(&'static str, Option<Box<dyn Error>>);

    impl fmt::Display for Wrapper {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Wrapper {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref()
        }
    }

    fn nested(depth: usize, inmost: impl Error + 'static) -> Wrapper {
        let wrap = |inner, _| Wrapper("outer", Some(Box::new(inner)));
        (1..depth).fold(Wrapper("outer", Some(Box::new(inmost))), wrap)
    }

    #[test]
    fn a_diagnosis_in_the_chain_is_taken_as_it_is() {
        let own = Diagnosis::new(Mismatch::ProxyHeaderMissing, Certainty::Possible).quoting("why");
        assert_eq!(diagnose(&own), Some(own.clone()));
        // Behind the I/O error that `source` leaves out, and before other words.
        let error = nested(3, io::Error::other(io::Error::other(own.clone())));
        assert_eq!(diagnose(&error), Some(own.clone()));
        let error = Wrapper(
            "received fatal alert: UnknownCA",
            Some(Box::new(own.clone())),
        );
        assert_eq!(diagnose(&error), Some(own));
    }

    #[test]
    fn the_most_certain_cause_is_taken() {
        let inner = Wrapper("received fatal alert: CertificateRequired", None);
        let error = Wrapper(
            "connection error detected: frame with invalid size",
            Some(Box::new(inner)),
        );
        let found = diagnose(&error).expect("a diagnosis");
        assert_eq!(found.cause().slug(), "client-certificate-missing");
    }

    /// A TLS server that answers in HTTP/2 without ALPN leads to the same words as
    /// one that was asked in plaintext.
    #[test]
    fn the_mode_of_the_url_is_not_contradicted() {
        let words = "invalid HTTP version parsed";
        let at = |outer| diagnose(&Wrapper(outer, Some(Box::new(Wrapper(words, None)))));
        for (outer, tls) in [
            ("error sending request for url (https://h/)", None),
            ("error sending request for url (wss://h/)", None),
            (
                "error sending request for url (http://h/)",
                Some(Mismatch::PlaintextToTls),
            ),
            ("error sending request", Some(Mismatch::PlaintextToTls)),
        ] {
            assert_eq!(at(outer).and_then(|it| it.mismatch()), tls, "{outer}");
        }
        let tls = "received corrupt message of type InvalidContentType";
        let proxy = Wrapper(
            "error sending request for url (http://h/)",
            Some(Box::new(Wrapper(tls, None))),
        );
        assert_eq!(diagnose(&proxy), None);
    }

    #[test]
    fn a_chain_has_an_end() {
        let deep = |depth| diagnose(&nested(depth, Wrapper("tls handshake eof", None)));
        assert!(deep(LINKS - 1).is_some());
        assert_eq!(deep(LINKS), None);

        /// Its own source.
        #[derive(Debug)]
        struct Circle;
        impl fmt::Display for Circle {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("circle")
            }
        }
        impl Error for Circle {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&Circle)
            }
        }
        assert_eq!(diagnose(&Circle), None);
        // It looks for an error of its own first.
        assert_eq!(crate::client::diagnose(&Circle), None);
    }

    #[test]
    fn only_the_beginning_of_a_text_is_made() {
        assert_eq!(limited(5, format_args!("{}", "abc")), "abc");
        assert_eq!(limited(5, format_args!("{}{}", "abc", "def")), "abcde");
        // Not half a character.
        assert_eq!(limited(2, format_args!("aäb")), "a");
    }
}
