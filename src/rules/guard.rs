//! The guards: an ordered list of rules, each of which may refuse a step and then says why, with its numbers.
//!
//! Each guard says for which kinds of rungs it holds. A call has the critical window, the call limit and a phone that
//! may be busy. The other kinds may run from their due time until their deadline.
//!
//! They are asked inside the store's claim transaction (`Store::begin_attempt`), so nothing can slip between the facts
//! and the attempt that is written because of them. Guard 3 (time-out) lives in the tick's workers, guard 4 (one retry)
//! and 5 (graceful failure) in [`super::after`]; guards 2, 6 and 7 are asked once more at the [`super::fence`].

mod account;
mod situation;

pub use account::account;
pub use situation::{GuardConfig, Situation};

use super::reconcile;
use super::window::{self, WindowPosition};
use crate::model::{
    Facts, IncidentState, LaterRungs, NumberFacts, Reason, Refusal, Repeat, RungKind, StepFacts, StepState, Stop,
    Timestamp, Unsent, Verdict, When,
};
use situation::span;
use std::time::Duration;

/// A call that is not final blocks its number for the ring time-out and this much longer: Twilio may add 5 s for some
/// call flows (docs/voice/api/call-resource, `Timeout`), the rest is for dialling.
const RING_SLACK: Duration = Duration::from_secs(15);

type Guard = fn(&Facts, &Situation<'_>) -> Option<Verdict>;

const ALL: &[RungKind] = RungKind::ALL;
const CALLS: &[RungKind] = &[RungKind::Call];
const MESSAGES: &[RungKind] = &[RungKind::Sms];
const PHONES: &[RungKind] = &[RungKind::Call, RungKind::Sms];
const NO_CALLS: &[RungKind] = &[RungKind::Sms, RungKind::Email, RungKind::Webhook, RungKind::Command];

/// In the order they are asked, each with the kinds it holds for. The first that objects gives the reason. So the
/// guards for what has ended come first, then those for what cannot work, then those for what must wait.
const GUARDS: &[(&[RungKind], Guard)] = &[
    (ALL, incident_open),
    (ALL, brakes),
    (ALL, unanswered),
    (ALL, something_to_say),
    (PHONES, allowed_country),
    (CALLS, superseded),
    (CALLS, critical_window),
    (NO_CALLS, in_time),
    (CALLS, rate_limit),
    (MESSAGES, message_limit),
    (CALLS, daily_cap),
    (CALLS, busy),
    (MESSAGES, one_at_a_time),
];

/// Asks every guard that holds for this kind of rung.
pub fn decide(facts: &Facts, situation: &Situation<'_>) -> Verdict {
    let facts = &reconcile::seen(facts, situation.now);
    let holding = GUARDS.iter().filter(|(kinds, _)| kinds.contains(&situation.to.kind));
    holding.map(|(_, guard)| guard).find_map(|guard| guard(facts, situation)).unwrap_or(Verdict::Place)
}

/// The same for a text that explains an answer. Its incident may be over, and it has no time of its own. It counts as a
/// message: `sent` were sent lately for the meeting that had the most.
pub fn decide_text(facts: &Facts, situation: &Situation<'_>, sent: u32) -> Verdict {
    let limit = Limit { reason: Reason::MaxSmsExceeded, max: situation.guards.max_sms, counted: sent, untaken: 0 };
    too_many(limit, situation, "messages", "").unwrap_or_else(|| decide(facts, situation))
}

fn refuse(state: StepState, reason: Reason, detail: impl Into<String>) -> Verdict {
    Verdict::Refuse(Refusal::new(state, reason, detail))
}

fn skip(reason: Reason, detail: impl Into<String>) -> Verdict {
    refuse(StepState::Skipped, reason, detail)
}

/// Guard 6.
fn incident_open(facts: &Facts, _: &Situation<'_>) -> Option<Verdict> {
    let step = facts.step.as_ref()?;
    if !step.incident_state.is_final() && step.current {
        return None;
    }
    Some(skip(Reason::IncidentResolved, format!("the incident is {}", step.incident_state)))
}

/// An answer is no check-in, but it stops steps that run only while nobody has answered.
fn unanswered(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let step = facts.step.as_ref()?;
    let answered = step.incident_state == IncidentState::Acknowledged && s.repeat == Repeat::UntilAnswered;
    let words = "this step runs only while nobody has answered";
    (answered && step.when == When::Unanswered).then(|| skip(Reason::Acknowledged, words))
}

/// Guard 7, the STOP file and `pause`.
fn brakes(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    match s.stop {
        Stop::There(_) => return Some(skip(Reason::Paused, "the STOP file exists")),
        // Nothing goes out, and nothing ends because of it, while there is time.
        Stop::Unreadable { .. } if facts.step.as_ref().is_none_or(|step| s.now < step.deadline_at) => {
            return Some(Verdict::Wait(Reason::StopUnknown));
        }
        Stop::Unreadable { .. } | Stop::Absent => {}
    }
    let pause = facts.pause.as_ref().filter(|pause| pause.holds_at(s.now))?;
    Some(skip(Reason::Paused, pause.words()))
}

/// Guard 0, the words.
fn something_to_say(_: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    (!s.has_message).then(|| refuse(StepState::Failed, Reason::EmptyMessage, "the message comes out empty"))
}

/// Guard 0, the number.
fn allowed_country(_: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let (allowed, phone) = (&s.guards.allowed_prefixes, s.to.address.phone()?);
    if allowed.is_empty() || allowed.iter().any(|prefix| phone.expose().starts_with(prefix.as_str())) {
        return None;
    }
    let detail = format!("{} is in no allowed country ({})", s.to, allowed.join(", "));
    Some(refuse(StepState::Failed, Reason::InvalidNumber, detail))
}

/// Guard 8, second half: of two rungs of an incident that are due at once (a retry and a later rung, or a meeting that
/// was added late), the later one runs. It must be able to: one that is merely due, and that a guard keeps back, must
/// not take the earlier one along. If nothing of the earlier one could be sent, that is its reason.
fn superseded(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let step = facts.step.as_ref()?;
    let taken_over = |words| not_sent(step, s).unwrap_or_else(|| skip(Reason::Superseded, words));
    if step.later.called {
        return Some(taken_over("a later rung of the ladder ran already"));
    }
    let when = step.later.due?;
    let later = StepFacts { when, later: LaterRungs::default(), ..step.clone() };
    if decide(&Facts { step: Some(later), ..facts.clone() }, s) != Verdict::Place {
        return None;
    }
    // Certain that it did not ring, the later one is tried again in a moment: until then nothing is decided.
    let due_too = || taken_over("a later rung of the ladder is due too");
    Some(if step.later.ready { due_too() } else { Verdict::Wait(Reason::NotDue) })
}

/// The reason of a step whose time is over, if nothing of it could be sent: nobody knew whether it might, it was tried, or
/// it waited behind others while nothing went out.
fn not_sent(step: &StepFacts, s: &Situation<'_>) -> Option<Verdict> {
    if s.stop_unknown_at.is_some_and(|at| step.due_at <= at) {
        let why = s.stop.words().filter(|_| s.stop.is_unknown());
        let why = why.unwrap_or_else(|| "it can be looked at again, too late".to_owned());
        let tried = step.unsent.as_ref().map_or_else(String::new, |unsent| format!("; {}", unsent.words()));
        return Some(refuse(StepState::Failed, Reason::StopUnknown, why + &tried));
    }
    let waited = || s.unreachable_at.is_some_and(|at| step.due_at < at);
    let untried = || "not tried: nothing of what was due before it could be sent either".to_owned();
    let detail = step.unsent.as_ref().map(Unsent::words).or_else(|| waited().then(untried))?;
    Some(refuse(StepState::Failed, Reason::NotSent, detail))
}

/// Guard 2.
fn critical_window(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let step = facts.step.as_ref()?;
    let left_s = step.starts_at.since(s.now) / 1000;
    match window::position(step.starts_at, s.now, s.guards.critical_window) {
        WindowPosition::Inside => None,
        WindowPosition::Early => {
            let limit = s.guards.critical_window.as_secs();
            Some(skip(
                Reason::OutsideCriticalWindow,
                format!("{left_s} s before the start, at most {limit} s are allowed"),
            ))
        }
        WindowPosition::Over => Some(over(facts, step, s)),
    }
}

/// The window is over. If something kept the step waiting until then, that is the better reason.
fn over(facts: &Facts, step: &StepFacts, s: &Situation<'_>) -> Verdict {
    if step.refused_for_capacity {
        return refuse(StepState::Failed, Reason::Capacity, "the provider was at its limit until the meeting started");
    }
    if let Some(verdict) = not_sent(step, s) {
        return verdict;
    }
    let last_moment = Timestamp::from_ms(step.starts_at.ms().saturating_sub(1));
    let opened = step.starts_at.minus(s.guards.critical_window);
    // Only a call made after this step fell due, and before its time was over, can have kept it waiting.
    let since = opened.max(step.due_at);
    let blocked = facts.number.last_rang_at.is_some_and(|at| (since..=last_moment).contains(&at));
    if blocked && busy_at(&facts.number, s, last_moment) {
        return skip(Reason::NumberBusy, busy_until_the_start(facts, step, s));
    }
    let late_s = s.now.since(step.due_at) / 1000;
    let after_s = s.now.since(step.starts_at) / 1000;
    let detail = format!("found {late_s} s after it was due, {after_s} s after the start");
    skip(Reason::OutsideCriticalWindow, detail)
}

/// What kept the number busy.
fn busy_until_the_start(facts: &Facts, step: &StepFacts, s: &Situation<'_>) -> String {
    let words = "another call to this number was under way until the meeting started";
    let before_s = facts.number.last_rang_at.map(|at| step.starts_at.since(at) / 1000);
    let gap = span(s.guards.number_gap);
    before_s.map_or_else(|| words.into(), |last| format!("{words}: the last one {last} s before it, {gap} between two"))
}

/// Guard 2 of the other kinds: they may run from their due time until their deadline.
fn in_time(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let step = facts.step.as_ref()?;
    match window::position(step.deadline_at, s.now, window::between(step.due_at, step.deadline_at)) {
        WindowPosition::Inside => None,
        WindowPosition::Early => Some(Verdict::Wait(Reason::NotDue)),
        WindowPosition::Over if step.refused_for_capacity => {
            Some(refuse(StepState::Failed, Reason::Capacity, "the provider was at its limit until it was too late"))
        }
        WindowPosition::Over => Some(not_sent(step, s).unwrap_or_else(|| {
            let (late_s, over_s) = (s.now.since(step.due_at) / 1000, s.now.since(step.deadline_at) / 1000);
            let detail = format!("found {late_s} s after it was due, {over_s} s after it made no sense any more");
            skip(Reason::TooLate, detail)
        })),
    }
}

/// A limit and what fills it: attempts that count, and how many of them the provider is not known to have taken.
#[derive(Clone, Copy)]
struct Limit {
    reason: Reason,
    max: u32,
    counted: u32,
    untaken: u32,
}

impl Limit {
    const fn is_reached(self) -> bool {
        self.counted >= self.max
    }

    /// Would what the provider took leave room? Then the step is lost because of what may not have happened.
    fn refuse(self, detail: String) -> Verdict {
        let in_doubt = self.counted.saturating_sub(self.untaken) < self.max && self.untaken > 0;
        let what = if self.reason == Reason::MaxSmsExceeded { "been sent" } else { "rung" };
        let doubt = if in_doubt { format!("; {} of them may not have {what}", self.untaken) } else { String::new() };
        Verdict::Refuse(Refusal { in_doubt, ..Refusal::new(StepState::Skipped, self.reason, detail + &doubt) })
    }
}

/// Guard 1.
fn rate_limit(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    of_meeting(facts, s, (Reason::MaxCallsExceeded, s.guards.max_calls), "calls")
}

/// Guard 1, for messages.
fn message_limit(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    of_meeting(facts, s, (Reason::MaxSmsExceeded, s.guards.max_sms), "messages")
}

fn of_meeting(facts: &Facts, s: &Situation<'_>, (reason, max): (Reason, u32), what: &str) -> Option<Verdict> {
    let step = facts.step.as_ref()?;
    let limit = Limit { reason, max, counted: step.recent_calls, untaken: step.recent_untaken };
    too_many(limit, s, what, &unknown_among(facts, s))
}

fn too_many(limit: Limit, s: &Situation<'_>, what: &str, more: &str) -> Option<Verdict> {
    let (Limit { max, counted, .. }, per) = (limit, span(s.guards.max_calls_per));
    let words = || format!("{} already has {counted} {what} for event {}, at most {max} in {per}", s.person, s.event);
    limit.is_reached().then(|| limit.refuse(words() + more))
}

/// What the provider's list alone shows of them.
fn unknown_among(facts: &Facts, s: &Situation<'_>) -> String {
    match reconcile::counted(facts, s.now) {
        0 => String::new(),
        n => format!("; {n} of them stand in the provider's list alone, not in this database"),
    }
}

/// Guard 7, the caps.
fn daily_cap(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    let of = |max, counted, untaken| Limit { reason: Reason::DailyCap, max, counted, untaken };
    let own = of(s.guards.daily_cap_per_person, facts.calls_of_person_today, facts.untaken_of_person_today);
    let all = of(s.guards.daily_cap, facts.calls_today, facts.untaken_today);
    let words = |limit: Limit, whose: &str| {
        format!("{} calls{whose} in the last 24 hours, at most {}", limit.counted, limit.max)
    };
    let own = own.is_reached().then(|| own.refuse(words(own, &format!(" to {}", s.person))));
    own.or_else(|| all.is_reached().then(|| all.refuse(words(all, ""))))
}

/// Guard 8.
fn busy(facts: &Facts, s: &Situation<'_>) -> Option<Verdict> {
    busy_at(&facts.number, s, s.now).then_some(Verdict::Wait(Reason::NumberBusy))
}

/// A message disturbs nobody. But one whose outcome is unknown must be settled before the next one goes out.
fn one_at_a_time(facts: &Facts, _: &Situation<'_>) -> Option<Verdict> {
    facts.number.open_attempt.then_some(Verdict::Wait(Reason::NumberBusy))
}

fn busy_at(number: &NumberFacts, s: &Situation<'_>, at: Timestamp) -> bool {
    let ring = s.ring_timeout.saturating_add(RING_SLACK);
    let within = |since: Option<Timestamp>, span: Duration| since.is_some_and(|since| since.plus(span) > at);
    number.open_attempt || within(number.live_since, ring) || within(number.last_rang_at, s.guards.number_gap)
}

#[cfg(test)]
mod tests;
