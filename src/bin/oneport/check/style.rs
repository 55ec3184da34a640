//! Colours, where somebody sees them.

use std::io::{self, IsTerminal};

use crate::log::no_color;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Colours,
    Plain,
}

impl Style {
    pub(super) fn of_stdout() -> Self {
        match io::stdout().is_terminal() && !no_color() {
            true => Self::Colours,
            false => Self::Plain,
        }
    }

    pub(super) fn good(self, text: &str) -> String {
        self.painted("32", text)
    }

    pub(super) fn bad(self, text: &str) -> String {
        self.painted("1;31", text)
    }

    pub(super) fn doubtful(self, text: &str) -> String {
        self.painted("33", text)
    }

    pub(super) fn strong(self, text: &str) -> String {
        self.painted("1", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.painted("2", text)
    }

    /// ECMA-48 8.3.117.
    fn painted(self, how: &str, text: &str) -> String {
        match self {
            Self::Colours => format!("\x1b[{how}m{text}\x1b[0m"),
            Self::Plain => text.to_owned(),
        }
    }
}
