//! The numbers that the guards saw when they let a step through, written beside the attempt for `explain`.

use super::situation::{Situation, span};
use crate::model::{Facts, NumberFacts, RungKind, StepFacts};
use crate::rules::reconcile;

/// `window: 178 s before the start, 180 s allowed; calls: 0 of 2 in 10 min; …`: one part for each guard that has
/// numbers.
pub fn account(facts: &Facts, s: &Situation<'_>) -> String {
    let facts = &reconcile::seen(facts, s.now);
    let (call, message) = (s.to.kind == RungKind::Call, s.to.kind == RungKind::Sms);
    let mut parts = Vec::new();
    if !s.guards.allowed_prefixes.is_empty() && s.to.address.phone().is_some() {
        parts.push(format!("country: one of {}", s.guards.allowed_prefixes.join(", ")));
    }
    if let Some(step) = &facts.step {
        parts.push(if call { window(step, s) } else { in_time(step, s) });
        let per = span(s.guards.max_calls_per);
        match (call, message) {
            (true, _) => parts.push(format!("calls: {} of {} in {per}", step.recent_calls, s.guards.max_calls)),
            (_, true) => parts.push(format!("messages: {} of {} in {per}", step.recent_calls, s.guards.max_sms)),
            _ => {}
        }
    }
    if call {
        let (own, all) = (facts.calls_of_person_today, facts.calls_today);
        parts.push(format!("{} today: {own} of {}", s.person, s.guards.daily_cap_per_person));
        parts.push(format!("all: {all} of {}", s.guards.daily_cap));
        parts.push(number(&facts.number, s));
    } else if message {
        parts.push("number free".into());
    }
    parts.join("; ")
}

fn window(step: &StepFacts, s: &Situation<'_>) -> String {
    let left_s = step.starts_at.since(s.now) / 1000;
    format!("window: {left_s} s before the start, {} s allowed", s.guards.critical_window.as_secs())
}

fn in_time(step: &StepFacts, s: &Situation<'_>) -> String {
    let (since_s, left_s) = (s.now.since(step.due_at) / 1000, step.deadline_at.since(s.now) / 1000);
    format!("in time: {since_s} s after it was due, {left_s} s before it is too late")
}

fn number(number: &NumberFacts, s: &Situation<'_>) -> String {
    let last = number.last_rang_at.map(|at| s.now.since(at) / 1000);
    last.map_or_else(|| "number free".into(), |ago_s| format!("number free, called {ago_s} s ago"))
}
