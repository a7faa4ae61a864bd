//! The guards: an ordered list of rules, each of which may refuse a step and then says why, with its numbers.
//!
//! They are asked inside the store's claim transaction (`Store::begin_attempt`), so nothing can slip
//! between the facts and the attempt that is written because of them. Guard 3 (time-out) lives in the tick's workers,
//! guard 4 (one retry) and 5 (graceful failure) in [`super::after`]; guards 2, 6 and 7 are asked once more at the
//! [`super::fence`].

use super::window::{self, Place};
use crate::model::{Facts, NumberFacts, Refusal, StepFacts, Verdict};
use crate::model::{Reason, StepState, Target, Timestamp};
use std::time::Duration;

/// A call that is not final blocks its number for the ring time-out and this much longer: Twilio may add 5 s for some
/// call flows (docs/voice/api/call-resource, `Timeout`), the rest is for dialling.
const RING_SLACK: Duration = Duration::from_secs(15);

/// The guards' numbers: `[guards]` in the config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardConfig {
    /// Guard 2: calls only while `0 < start - now <= critical_window`. Default 180 s.
    pub critical_window: Duration,
    /// Guard 1: calls per person and meeting within `max_calls_per`. Default 2.
    pub max_calls: u32,
    /// Default 10 min.
    pub max_calls_per: Duration,
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
            daily_cap_per_person: 20,
            daily_cap: 200,
            number_gap: Duration::from_secs(60),
            allowed_prefixes: Vec::new(),
        }
    }
}

/// What the guards look at besides the store's facts.
#[derive(Debug)]
pub struct Situation<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// Where it would go.
    pub to: &'a Target,
    /// Is there anything to say?
    pub has_message: bool,
    /// A STOP file exists.
    pub stopped: bool,
    /// Id of the person, for the words of a refusal.
    pub person: &'a str,
    /// Calendar UID of the meeting, for the words of a refusal.
    pub event: &'a str,
    /// The numbers.
    pub guards: &'a GuardConfig,
    /// How long a phone rings.
    pub ring_timeout: Duration,
}

type Guard = fn(&Facts, &Situation<'_>) -> Option<Verdict>;

/// In the order they are asked. The first that objects gives the reason: what ended comes before what cannot work, and
/// that before what must wait.
const GUARDS: &[Guard] =
    &[incident_open, brakes, valid_target, superseded, critical_window, rate_limit, daily_cap, busy];

/// Asks every guard.
pub fn decide(facts: &Facts, situation: &Situation<'_>) -> Verdict {
    GUARDS.iter().find_map(|guard| guard(facts, situation)).unwrap_or(Verdict::Place)
}

fn refuse(state: StepState, reason: Reason, detail: impl Into<String>) -> Verdict {
    Verdict::Refuse(Refusal { state, reason, detail: detail.into() })
}

fn skip(reason: Reason, detail: impl Into<String>) -> Verdict {
    refuse(StepState::Skipped, reason, detail)
}

/// Guard 6.
fn incident_open(facts: &Facts, _: &Situation<'_>) -> Option<Verdict> {
    let step = facts.step.as_ref()?;
    if step.incident_state.may_ring() && step.current {
        return None;
    }
    Some(skip(Reason::IncidentResolved, format!("the incident is {}", step.incident_state)))
}

/// Guard 7, the STOP file.
fn brakes(_: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    if !s.stopped {
        return None;
    }
    Some(skip(Reason::Paused, "the STOP file exists, or cannot be looked at"))
}

/// Guard 0.
fn valid_target(_: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    if !s.has_message {
        return Some(refuse(StepState::Failed, Reason::EmptyMessage, "there is nothing to say"));
    }
    let (allowed, phone) = (&s.guards.allowed_prefixes, s.to.address.phone()?);
    if allowed.is_empty() || allowed.iter().any(|prefix| phone.expose().starts_with(prefix.as_str())) {
        return None;
    }
    let detail = format!("{} is in no allowed country ({})", s.to, allowed.join(", "));
    Some(refuse(StepState::Failed, Reason::InvalidNumber, detail))
}

/// Guard 8, second half: when two rungs of an incident are due at once (a retry and a later rung, or a meeting that was
/// added late), the later one runs.
fn superseded(facts: &Facts, _: &Situation<'_>) -> Option<Verdict> {
    facts.step.as_ref().filter(|step| step.later_rung_due)?;
    Some(skip(Reason::Superseded, "a later rung of the ladder is due too"))
}

/// Guard 2.
fn critical_window(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let step = facts.step.as_ref()?;
    let left_s = step.starts_at.since(s.now) / 1000;
    match window::place(step.starts_at, s.now, s.guards.critical_window) {
        Place::Inside => None,
        Place::Early => {
            let limit = s.guards.critical_window.as_secs();
            Some(skip(
                Reason::OutsideCriticalWindow,
                format!("{left_s} s before the start, at most {limit} s are allowed"),
            ))
        }
        Place::Over => Some(over(facts, step, s)),
    }
}

/// The window is over. What kept the step waiting until then is the better reason.
fn over(facts: &Facts, step: &StepFacts, s: &Situation<'_>) -> Verdict {
    if step.refused_for_capacity {
        return refuse(StepState::Failed, Reason::Capacity, "the provider was at its limit until the meeting started");
    }
    let last_moment = Timestamp::from_ms(step.starts_at.ms().saturating_sub(1));
    let opened = step.starts_at.minus(s.guards.critical_window);
    // Only a call of after this step fell due can have kept it waiting.
    let since = opened.max(step.due_at);
    let blocked = facts.number.last_rang_at.is_some_and(|at| at >= since);
    if blocked && busy_at(&facts.number, s, last_moment) {
        return skip(Reason::NumberBusy, "another call to this number was under way until the meeting started");
    }
    let late_s = s.now.since(step.due_at) / 1000;
    let after_s = s.now.since(step.starts_at) / 1000;
    let detail = format!("found {late_s} s after it was due, {after_s} s after the start");
    skip(Reason::OutsideCriticalWindow, detail)
}

/// Guard 1.
fn rate_limit(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let calls = facts.step.as_ref()?.recent_calls;
    if calls < s.guards.max_calls {
        return None;
    }
    Some(skip(Reason::MaxCallsExceeded, format!("{} already has {calls} calls for event {}", s.person, s.event)))
}

/// Guard 7, the caps.
fn daily_cap(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let (own, all) = (facts.calls_of_person_today, facts.calls_today);
    if own >= s.guards.daily_cap_per_person {
        return Some(skip(Reason::DailyCap, format!("{own} calls to {} in the last 24 hours", s.person)));
    }
    if all >= s.guards.daily_cap {
        return Some(skip(Reason::DailyCap, format!("{all} calls in the last 24 hours")));
    }
    None
}

/// Guard 8.
fn busy(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    busy_at(&facts.number, s, s.now).then_some(Verdict::Wait(Reason::NumberBusy))
}

fn busy_at(number: &NumberFacts, s: &Situation<'_>, at: Timestamp) -> bool {
    let ring = s.ring_timeout.saturating_add(RING_SLACK);
    let within = |since: Option<Timestamp>, span: Duration| since.is_some_and(|since| since.plus(span) > at);
    number.open_attempt || within(number.live_since, ring) || within(number.last_rang_at, s.guards.number_gap)
}

#[cfg(test)]
mod tests;
