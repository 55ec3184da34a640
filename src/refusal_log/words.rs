//! A line's words as a key of the map.

use std::fmt;

/// As many bytes are told apart. The longest of our own texts has 117.
const MOST: usize = 160;

/// A text in place: one that is only looked up costs no allocation. What is longer
/// is cut off.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Words {
    /// Zeros behind its end.
    bytes: [u8; MOST],
    length: usize,
}

impl Words {
    pub(super) fn of(text: impl fmt::Display) -> Self {
        let mut words = Self {
            bytes: [0; MOST],
            length: 0,
        };
        // It ends early where there is no more room.
        let _ = fmt::write(&mut words, format_args!("{text}"));
        words
    }
}

impl fmt::Write for Words {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = MOST - self.length;
        let cut = (0..=room.min(text.len())).rfind(|&at| text.is_char_boundary(at));
        let fits = &text[..cut.unwrap_or_default()];
        self.bytes[self.length..][..fits.len()].copy_from_slice(fits.as_bytes());
        self.length += fits.len();
        match fits.len() == text.len() {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whole characters were put in.
        let text = std::str::from_utf8(&self.bytes[..self.length]);
        f.write_str(text.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_as_it_is() {
        for text in ["", "no request came", &"x".repeat(MOST)] {
            assert_eq!(Words::of(text).to_string(), text);
        }
    }

    #[test]
    fn a_longer_one_is_cut_between_characters() {
        let text = format!("{}é, and more", "x".repeat(MOST - 1));
        let words = Words::of(format_args!("{text} {}", 1));
        assert_eq!(words.to_string(), "x".repeat(MOST - 1));
    }
}
