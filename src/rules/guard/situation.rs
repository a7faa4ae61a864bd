//! What the guards look at besides the store's facts, and their numbers.

use crate::model::{Repeat, Stop, Target, Timestamp};
use std::time::Duration;

/// The guards' numbers: `[guards]` in the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardConfig {
    /// Guard 2: calls only while `0 < start - now <= critical_window`. Default 180 s.
    pub critical_window: Duration,
    /// Guard 1: calls per person and meeting within `max_calls_per`. Default 2.
    pub max_calls: u32,
    /// Default 10 min.
    pub max_calls_per: Duration,
    /// The same for messages, within the same time. Default 2.
    pub max_sms: u32,
    /// Guard 7: calls of one person in the last 24 hours. Default 20.
    pub daily_cap_per_person: u32,
    /// Guard 7: calls of all people in the last 24 hours. Default 200.
    pub daily_cap: u32,
    /// Guard 8: time between two calls to one number. Default 60 s.
    pub number_gap: Duration,
    /// Guard 0: allowed country prefixes such as `+1`; empty allows all.
    pub allowed_prefixes: Vec<String>,
}

impl Default for GuardConfig {
    fn default() -> Self {
        Self {
            critical_window: Duration::from_secs(180),
            max_calls: 2,
            max_calls_per: Duration::from_secs(600),
            max_sms: 2,
            daily_cap_per_person: 20,
            daily_cap: 200,
            number_gap: Duration::from_secs(60),
            allowed_prefixes: Vec::new(),
        }
    }
}

/// What the guards look at besides the store's facts.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// Where it would go.
    pub to: &'a Target,
    /// Is there anything to say?
    pub has_message: bool,
    /// The STOP file.
    pub stop: Stop,
    /// Id of the person, for the words of a refusal.
    pub person: &'a str,
    /// Calendar UID of the meeting, for the words of a refusal.
    pub event: &'a str,
    /// The numbers.
    pub guards: &'a GuardConfig,
    /// How long a phone rings.
    pub ring_timeout: Duration,
    /// What stops rungs that run only while nobody has answered.
    pub repeat: Repeat,
    /// Until then, as far as is known, nothing went out to who would place it, so steps waited without being tried.
    pub unreachable_at: Option<Timestamp>,
    /// Until then, as far as is known, nobody could say whether there was a STOP file, so steps waited.
    pub stop_unknown_at: Option<Timestamp>,
}

/// `10 min`, `45 s`.
pub(super) fn span(length: Duration) -> String {
    let s = length.as_secs();
    if s >= 60 && s.is_multiple_of(60) { format!("{} min", s / 60) } else { format!("{s} s") }
}
