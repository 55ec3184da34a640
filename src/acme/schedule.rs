//! When to renew, when to ask, how long to wait after a failure. Pure: the time
//! and the chance are arguments.

use std::time::{Duration, SystemTime};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// For one attempt, from the first request to the certificate. Each request has
/// a limit of its own.
pub(super) const MOST_TIME: Duration = Duration::from_secs(10 * 60);

/// Another process that orders is mostly done within seconds.
pub(super) const WHILE_BUSY: Duration = Duration::from_secs(5);

/// Longer sleeps would be wrong by what a machine was suspended, or by what its
/// clock was set.
const LONGEST_NAP: Duration = HOUR;

/// Without a word of the CA: after two thirds of the lifetime, give or take this
/// part of it, so that certificates of one day are not renewed in one hour.
const SPREAD: f64 = 1.0 / 30.0;

/// The part of the lifetime after which a certificate is renewed, whatever the
/// CA suggests.
const LATEST: f64 = 0.9;

/// Where the CA says nothing of it: the long-term errors of RFC 9773 4.3.3.
const ASK_AGAIN: Duration = Duration::from_secs(6 * 60 * 60);

/// A CA that knows nothing of renewal information may learn it.
const ASK_WHO_CANNOT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// When to renew one certificate, and when to ask the CA about it next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plan {
    due: SystemTime,
    ask: SystemTime,
    /// Whatever the CA suggests: later would be too late.
    latest: SystemTime,
    /// From 0 to 1, drawn once for each certificate: asking again must not
    /// shift the moment within an unchanged window (RFC 9773 4.2).
    chance: f64,
}

/// How long to wait after failures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    pub(super) first: Duration,
    pub(super) most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: MINUTE,
            most: 6 * HOUR,
        }
    }
}

impl Plan {
    /// For a certificate with this validity. The CA is asked within the hour,
    /// not at once: a server that is started again and again need not ask each
    /// time.
    pub(super) fn new(
        (not_before, not_after): (SystemTime, SystemTime),
        now: SystemTime,
        chance: f64,
    ) -> Self {
        let lifetime = not_after.duration_since(not_before).unwrap_or_default();
        let part = 2.0 / 3.0 + SPREAD * (2.0 * chance - 1.0);
        Self {
            due: not_before + lifetime.mul_f64(part),
            ask: now + MINUTE + HOUR.mul_f64(chance),
            latest: not_before + lifetime.mul_f64(LATEST),
            chance,
        }
    }

    pub(super) fn due(&self) -> SystemTime {
        self.due
    }

    pub(super) fn is_due(&self, now: SystemTime) -> bool {
        now >= self.due
    }

    pub(super) fn is_to_be_asked(&self, now: SystemTime) -> bool {
        now >= self.ask
    }

    /// How long to sleep, before looking at the clock again.
    pub(super) fn nap(&self, now: SystemTime) -> Duration {
        let until = |then: SystemTime| then.duration_since(now).unwrap_or_default();
        // Never so short that it spins.
        let least = Duration::from_millis(10);
        until(self.due)
            .min(until(self.ask))
            .clamp(least, LONGEST_NAP)
    }

    /// The CA suggests a window (RFC 9773 4.2), and when to ask again, which is
    /// kept within reason (4.3.2).
    pub(super) fn suggested(
        &mut self,
        (start, end): (SystemTime, SystemTime),
        again: Duration,
        now: SystemTime,
    ) {
        let window = end.duration_since(start).unwrap_or_default();
        self.due = (start + window.mul_f64(self.chance)).min(self.latest);
        self.ask = now + again.clamp(MINUTE, DAY);
    }

    /// The CA could not be asked.
    pub(super) fn not_answered(&mut self, now: SystemTime) {
        self.ask = now + ASK_AGAIN;
    }

    /// The CA has no renewal information.
    pub(super) fn not_supported(&mut self, now: SystemTime) {
        self.ask = now + ASK_WHO_CANNOT;
    }
}

impl Backoff {
    /// After so many failures in a row, the first of them being 1. With the
    /// default, five attempts fall into the first hour: as many failed
    /// validations as Let's Encrypt allows for one name. What the CA asks for
    /// is the least, but no more than a day.
    pub(super) fn pause(
        &self,
        failures: u32,
        asked_for: Option<Duration>,
        chance: f64,
    ) -> Duration {
        let factor = 3_u32.saturating_pow(failures.saturating_sub(1).min(16));
        // Forever would be more than a `Duration` holds, with the share of chance.
        let pause = self
            .first
            .saturating_mul(factor)
            .min(self.most)
            .min(7 * DAY);
        let pause = pause.mul_f64(0.9 + 0.2 * chance);
        pause.max(asked_for.unwrap_or_default().min(DAY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn after(days: f64) -> SystemTime {
        NOW + DAY.mul_f64(days)
    }

    #[test]
    fn two_thirds_give_or_take() {
        for (chance, least, most) in [(0.0, 56.9, 57.1), (0.5, 59.9, 60.1), (1.0, 62.9, 63.1)] {
            let plan = Plan::new((NOW, after(90.0)), NOW, chance);
            assert!(!plan.is_due(after(least)), "{chance}");
            assert!(plan.is_due(after(most)), "{chance}");
        }
        // Backwards: at once.
        assert!(Plan::new((NOW, NOW - DAY), NOW, 0.5).is_due(NOW));
    }

    #[test]
    fn the_suggested_window_comes_first_and_a_second_answer_does_not_shift_it() {
        let mut plan = Plan::new((NOW, after(90.0)), NOW, 0.25);
        assert!(!plan.is_to_be_asked(NOW));
        assert!(plan.is_to_be_asked(NOW + 2 * HOUR));
        plan.suggested((after(70.0), after(74.0)), 6 * HOUR, NOW);
        assert_eq!(plan.due(), after(71.0));
        assert!(!plan.is_to_be_asked(NOW + 5 * HOUR));
        assert!(plan.is_to_be_asked(NOW + 6 * HOUR));
        plan.suggested((after(70.0), after(74.0)), 6 * HOUR, after(1.0));
        assert_eq!(plan.due(), after(71.0));
        // A window after the end.
        plan.suggested((after(91.0), after(92.0)), 6 * HOUR, after(1.0));
        assert_eq!(plan.due(), after(81.0));
        // Revoked: a window in the past.
        plan.suggested((NOW - 2 * DAY, NOW - DAY), 6 * HOUR, after(1.0));
        assert!(plan.is_due(after(1.0)));
    }

    #[test]
    fn how_often_to_ask_is_kept_within_reason() {
        let mut plan = Plan::new((NOW, after(90.0)), NOW, 0.5);
        let window = (after(60.0), after(61.0));
        plan.suggested(window, Duration::ZERO, NOW);
        assert!(!plan.is_to_be_asked(NOW + Duration::from_secs(59)));
        plan.suggested(window, 1000 * DAY, NOW);
        assert!(plan.is_to_be_asked(NOW + DAY));
        plan.not_answered(NOW);
        assert!(plan.is_to_be_asked(NOW + 6 * HOUR));
        plan.not_supported(NOW);
        assert!(!plan.is_to_be_asked(NOW + DAY));
    }

    #[test]
    fn naps_are_neither_long_nor_none() {
        let plan = Plan::new((NOW, after(90.0)), NOW, 1.0);
        assert_eq!(plan.nap(NOW), HOUR);
        assert_eq!(plan.nap(plan.due - MINUTE), Duration::from_millis(10));
        let short = Plan::new((NOW, NOW + MINUTE), NOW, 0.5);
        assert!(short.nap(NOW) <= Duration::from_secs(40));
        assert!(!short.nap(after(1.0)).is_zero());
    }

    #[test]
    fn five_attempts_in_the_first_hour_then_every_six() {
        let backoff = Backoff::default();
        let mut attempts = 0;
        let mut at = Duration::ZERO;
        while at < HOUR {
            attempts += 1;
            at += backoff.pause(attempts, None, 0.0);
        }
        assert_eq!(attempts, 5);
        for chance in [0.0, 1.0] {
            let pause = backoff.pause(u32::MAX, None, chance);
            assert!(pause >= 5 * HOUR && pause <= 7 * HOUR, "{pause:?}");
        }
    }

    #[test]
    fn what_the_ca_asks_for_is_the_least_and_at_most_a_day() {
        let forever = Backoff {
            first: Duration::MAX,
            most: Duration::MAX,
        };
        assert!(forever.pause(1, None, 1.0) < 8 * DAY);
        let backoff = Backoff::default();
        assert_eq!(backoff.pause(1, Some(2 * HOUR), 0.5), 2 * HOUR);
        assert_eq!(backoff.pause(1, Some(Duration::from_secs(1)), 0.5), MINUTE);
        assert_eq!(backoff.pause(1, Some(1000 * DAY), 0.5), DAY);
    }
}
