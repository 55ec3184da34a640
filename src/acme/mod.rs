//! x
pub use crate::challenge::{ChallengeError, Challenges, Expected};
