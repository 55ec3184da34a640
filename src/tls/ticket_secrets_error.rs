//! What is wrong with a ticket secrets file, and what to do about it.

use std::error::Error;
use std::fmt;

/// In bytes. A secret makes AES-256 keys, so it has to be as hard to guess.
pub(super) const LEAST_BYTES: usize = 32;

/// The one in use and the one before are enough; a few more help a roll-out
/// that takes days. A longer list is one from which nothing is ever dropped,
/// and each secret in it opens, to whoever gets hold of it, all tickets that
/// were made under it.
pub(super) const MOST_SECRETS: usize = 8;

/// What is wrong with the lines of a ticket secrets file.
///
/// The text names the line and never shows any of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TicketSecretsError {
    /// The same secret stands there twice.
    Duplicate {
        /// The line of the second one, from 1.
        line: usize,
        /// The line of the first one.
        first: usize,
    },
    /// There are only comments and blank lines.
    NoSecret,
    /// A line is neither hexadecimal nor base64.
    NotEncoded {
        /// The line, from 1.
        line: usize,
    },
    /// There are more secrets than a rotation needs.
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A secret could be guessed.
    TooShort {
        /// The line, from 1.
        line: usize,
        /// How many bytes it has.
        bytes: usize,
    },
}

impl fmt::Display for TicketSecretsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { line, first } => write!(
                f,
                "line {line} repeats the secret of line {first}; remove it, and begin a rotation \
                 with a new one: {COMMAND}"
            ),
            Self::NoSecret => write!(f, "it holds no secret; make one: {COMMAND}"),
            Self::NotEncoded { line } => write!(
                f,
                "line {line} is neither hexadecimal nor base64; expected one secret per line: \
                 {COMMAND}"
            ),
            Self::TooMany { count } => write!(
                f,
                "it holds {count} secrets; expected {MOST_SECRETS} at most: the one in use first, \
                 then those whose tickets are still to be accepted; remove the last ones"
            ),
            Self::TooShort { line, bytes } => write!(
                f,
                "the secret in line {line} has {bytes} bytes; expected {LEAST_BYTES} or more, by \
                 chance: {COMMAND}"
            ),
        }
    }
}

impl Error for TicketSecretsError {}

/// How to make a secret.
const COMMAND: &str = "`openssl rand -hex 32`";
