//! A cause, and how certain it is.

use std::fmt;

use super::cause::Cause;
use crate::mismatch::Mismatch;

/// What is wrong with a connection, for the client's user: a [`Cause`], how
/// certain it is, and what the server said about it.
///
/// Its `Display` is one sentence with cause and remedy. It is an error itself,
/// so that one can be made of it, or carry it as its source.
///
/// ```
/// use oneport::Mismatch;
/// use oneport::client::{Cause, Certainty, Diagnosis};
///
/// let diagnosis = Diagnosis::new(Mismatch::PlaintextToTls, Certainty::MostLikely);
/// assert_eq!(
///     diagnosis.to_string(),
///     "Most likely: This port requires TLS: use https:// (or wss://) instead of http:// (or ws://)."
/// );
/// assert_eq!(diagnosis.mismatch(), Some(Mismatch::PlaintextToTls));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnosis {
    cause: Cause,
    certainty: Certainty,
    quote: Option<Box<str>>,
}

/// How certain a [`Diagnosis`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Certainty {
    /// Several other causes look the same.
    Possible,
    /// Other causes look the same, but are rare.
    MostLikely,
    /// The bytes, the alert or the server's own words leave no other cause.
    Certain,
}

impl Diagnosis {
    /// A cause, and how certain it is.
    #[must_use]
    pub fn new(cause: impl Into<Cause>, certainty: Certainty) -> Self {
        Self {
            cause: cause.into(),
            certainty,
            quote: None,
        }
    }

    /// The same, no more certain than that.
    pub(super) fn at_most(mut self, most: Certainty) -> Self {
        self.certainty = self.certainty.min(most);
        self
    }

    /// Adds what the server itself said: kept to one line of at most 300
    /// characters without control characters, and without those that nobody sees
    /// or that turn the direction of what follows. `Display` shows it in quotes.
    #[must_use]
    pub fn quoting(mut self, words: &str) -> Self {
        let line: String = words
            .split(|c: char| c.is_whitespace() || c.is_control() || is_unseen(c))
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(QUOTE)
            .collect();
        self.quote = (!line.is_empty()).then(|| line.into());
        self
    }

    /// Why the connection did not come about.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// How certain the cause is.
    #[must_use]
    pub fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// The cause, where it is one that a oneport server would name too.
    #[must_use]
    pub fn mismatch(&self) -> Option<Mismatch> {
        match self.cause {
            Cause::Mismatch(mismatch) => Some(mismatch),
            _ => None,
        }
    }

    /// What the server itself said, in one line.
    #[must_use]
    pub fn quote(&self) -> Option<&str> {
        self.quote.as_deref()
    }
}

/// Of Unicode's format characters: soft hyphen, zero-width ones, marks and overrides
/// of direction, fillers, tags. A terminal or a browser that obeys them shows
/// something else than what is there.
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Characters of the server's own words that are kept.
const QUOTE: usize = 300;

/// The cause's [`sentence`](Cause::sentence), with "Most likely:" or
/// "Possibly:" before it unless it is certain.
impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.certainty {
            Certainty::Certain => {}
            Certainty::MostLikely => f.write_str("Most likely: ")?,
            Certainty::Possible => f.write_str("Possibly: ")?,
        }
        f.write_str(self.cause.sentence())?;
        match &self.quote {
            Some(quote) => write!(f, " The server says: \"{quote}\"."),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnosis {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server can say what it likes; it cannot make a terminal show something
    /// else.
    #[test]
    fn a_quote_is_one_line_of_what_can_be_seen() {
        let quote = |words: &str| {
            let diagnosis = Diagnosis::new(Cause::ClosedAtOnce, Certainty::Possible);
            diagnosis.quoting(words).quote().map(str::to_owned)
        };
        assert_eq!(quote("a\x1b[2Jb\r\n\u{9b}c").as_deref(), Some("a [2Jb c"));
        let turned = "220 \u{202e}ecived\u{2066}\u{200b}\u{feff} ok\u{2028}x";
        assert_eq!(quote(turned).as_deref(), Some("220 ecived ok x"));
        assert_eq!(quote("\u{200f}\u{e0041}"), None);
        assert_eq!(
            quote(&"ä".repeat(5000)).map(|it| it.chars().count()),
            Some(QUOTE)
        );
    }
}
