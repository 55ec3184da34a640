//! How an input is divided into bytes for the code and choices of the harness.

/// The bytes, and the choices behind them.
///
/// The last byte says how many choices there are: `0xe0 | n`, which ends neither
/// text nor most flights. So every first flight of the corpus is an input by
/// itself, with all choices at their defaults.
pub fn split(data: &[u8]) -> (&[u8], Choices<'_>) {
    match data {
        [rest @ .., last @ 0xe0..=0xff] => {
            let count = usize::from(last & 0x1f).min(rest.len());
            let (bytes, choices) = rest.split_at(rest.len() - count);
            (bytes, Choices(choices))
        }
        _ => (data, Choices(&[])),
    }
}

/// Small numbers; zeros when they are used up.
pub struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    pub fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    pub fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    /// All that is left.
    pub fn rest(self) -> &'a [u8] {
        self.0
    }
}
