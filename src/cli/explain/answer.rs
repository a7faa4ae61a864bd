//! The first line: why did it ring, or why not?

use super::sentences::{advice, because, status};
use super::teller::{Ring, Teller, ended_by_itself, ring, times, title};
use crate::cli::status::ack_words;
use crate::model::{CallStatus, ProviderKind, Reason, RungKind, StepState, printable};
use crate::provider::remedy;
use crate::store::{AttemptHistory, StepHistory};

/// The answer: one sentence, and what else belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The first line.
    pub line: String,
    /// Further sentences.
    pub more: Vec<String>,
}

/// A call of the incident, and what is known about its ringing.
type Called<'a> = (&'a StepHistory, &'a AttemptHistory, Ring);

/// Answers for one incident.
pub(super) fn answer(t: &Teller<'_>) -> Answer {
    let called: Vec<Called<'_>> =
        t.calls().flat_map(|step| step.attempts.iter().map(move |a| (step, a, ring(a)))).collect();
    let rang: Vec<&Called<'_>> = called.iter().filter(|(_, _, ring)| *ring == Ring::Rang).collect();
    let mut more = Vec::new();
    let line = if rang.is_empty() {
        let (line, reason, next) = not_rung(t, &called);
        more.extend(next);
        let code = called.last().and_then(|(_, attempt, _)| attempt.view.error_code);
        let advice = reason.and_then(advice).or_else(|| code.and_then(remedy));
        more.extend(advice.filter(|advice| !line.contains(advice.trim_end_matches('.'))).map(str::to_owned));
        line
    } else {
        more.extend(t.calls().filter_map(|step| not_made(t, step)));
        more.extend(end(t));
        rung(t, &rang)
    };
    more.extend(messages(t));
    Answer { line, more }
}

/// `It rang twice: nobody answered at 08:57, and nobody answered at 08:58.`
fn rung(t: &Teller<'_>, rang: &[&Called<'_>]) -> String {
    let each: Vec<String> = rang.iter().map(|(_, attempt, _)| call_words(t, attempt)).collect();
    let mock = rang.iter().all(|(_, attempt, _)| attempt.view.provider == ProviderKind::Mock);
    let where_to = if mock { " on the mock phone, and no real phone did" } else { "" };
    format!("It rang {}{where_to}: {}.", times(rang.len()), each.join(", then "))
}

fn call_words(t: &Teller<'_>, attempt: &AttemptHistory) -> String {
    let at = t.clock(attempt.view.intent_at);
    let by = attempt.view.answered_by.as_deref().map(printable).unwrap_or_default();
    let who = match by.as_str() {
        "human" => "a human",
        "fax" => "a fax machine",
        by if by.starts_with("machine") => "a voicemail box",
        _ => "somebody",
    };
    match attempt.view.call_status {
        Some(CallStatus::Ringing) => format!("it rings since {at}"),
        Some(CallStatus::InProgress | CallStatus::Completed) => format!("{who} picked up at {at}"),
        Some(CallStatus::Canceled) => format!("the call of {at} was ended while it rang"),
        _ => format!("nobody answered at {at}"),
    }
}

/// Why nothing rang; the reason word, when one says it all; and what comes next.
type NotRung = (String, Option<Reason>, Option<String>);

fn not_rung(t: &Teller<'_>, called: &[Called<'_>]) -> NotRung {
    let find = |wanted| called.iter().rfind(|(_, _, ring)| *ring == wanted);
    let at = |(_, attempt, _): &Called<'_>| t.clock(attempt.view.intent_at);
    if let Some((step, attempt, _)) = find(Ring::Doubt) {
        let all: Vec<String> = called.iter().filter(|(_, _, ring)| *ring == Ring::Doubt).map(at).collect();
        let calls = if all.len() == 1 { "call" } else { "calls" };
        let calls = format!("the {calls} of {}", all.join(" and "));
        let line = match (attempt.view.call_status, attempt.view.state.is_open()) {
            (Some(_), _) => format!("It may have rung: {calls} ended before anybody picked up."),
            (None, true) => format!("Nobody knows yet whether it rang: {calls} got no usable answer."),
            (None, false) => {
                format!("Nobody knows whether it rang: {calls} got no usable answer, and that was never cleared up.")
            }
        };
        return (line, step.view.reason, None);
    }
    if let Some(call @ (_, attempt, _)) = find(Ring::Coming) {
        let queued = attempt.view.call_status.is_some();
        let what = if queued { "waits in the provider's queue" } else { "is on its way to the provider" };
        return (format!("It has not rung yet: the call of {} {what}.", at(call)), None, None);
    }
    if let Some(call) = find(Ring::Test) {
        return (format!("No phone rang: test mode recorded the call of {} and sent nothing.", at(call)), None, None);
    }
    if let Some(call) = find(Ring::Busy) {
        return (format!("It did not ring: the line was busy at {}.", at(call)), None, None);
    }
    let verb = if called.is_empty() { "Nobody was called" } else { "It did not ring" };
    nobody_called(t, verb)
}

fn nobody_called(t: &Teller<'_>, verb: &str) -> NotRung {
    let view = &t.incident.view;
    let Some(first) = t.calls().next() else {
        let (line, reason) = no_call(t);
        return (line, reason, None);
    };
    let own: Vec<(Reason, String)> = t.calls().filter_map(|step| Some((step.view.reason?, why(t, step)?))).collect();
    // That a later step ran instead says nothing about why that one did not ring; and one of a kind is enough.
    let told = |(at, (reason, _)): &(usize, &(Reason, String))| {
        let first = own[..*at].iter().all(|(before, _)| before != reason);
        first && (own.len() == 1 || *reason != Reason::Superseded)
    };
    let mut whys: Vec<String> = own.iter().enumerate().filter(told).map(|(_, (_, why))| why.clone()).collect();
    let reason = own.iter().map(|(reason, _)| *reason).rfind(|reason| *reason != Reason::Superseded);
    let pending = t.calls().find(|step| matches!(step.view.state, StepState::Pending | StepState::Running));
    if let (Some(reason), Some(at)) = (view.reason, view.ended_at) {
        if whys.is_empty() || t.calls().any(|step| step.view.state == StepState::Cancelled) {
            let when = if reason == Reason::NoCheckIn { String::new() } else { format!(" at {}", t.clock(at)) };
            let early = whys.is_empty() && at < first.view.due_at;
            let early = if early { ", before the first call was due" } else { "" };
            whys.push(format!("{}{when}{early}", because(reason, &t.person())));
        }
    } else if let Some(step) = pending.filter(|_| whys.is_empty()) {
        return (format!("Nobody has been called yet: {}.", t.next_call(step)), None, None);
    }
    let next = pending.filter(|_| view.ended_at.is_none()).map(|step| first_up(&t.next_call(step)));
    (format!("{verb}: {}.", whys.join("; then ")), reason.or(view.reason), next)
}

/// As a sentence of its own.
fn first_up(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// The ladder has no call: what counts is what was sent.
fn no_call(t: &Teller<'_>) -> (String, Option<Reason>) {
    let view = &t.incident.view;
    if let (true, Some(reason), Some(at)) = (t.incident.steps.is_empty(), view.reason, view.ended_at) {
        let words = because(reason, &t.person());
        return (format!("Nobody was called: {words} at {}, before anything was planned.", t.clock(at)), Some(reason));
    }
    let whys: Vec<String> = t.incident.steps.iter().filter_map(|step| why(t, step)).collect();
    let reason = t.incident.steps.iter().rev().find_map(|step| ended_by_itself(&step.view));
    let whys = if whys.is_empty() { String::new() } else { format!(": {}", whys.join("; then ")) };
    (format!("Nobody was called, since the ladder has no call{whys}."), reason)
}

/// Why this step reached nobody; `None`: it did, or ended with its incident, or is still to come.
fn why(t: &Teller<'_>, step: &StepHistory) -> Option<String> {
    let reason = ended_by_itself(&step.view)?;
    let last = step.attempts.last();
    if step.view.state == StepState::Executed {
        if step.view.kind != RungKind::Call {
            return None;
        }
        let call = last?;
        return Some(call.view.call_status.map_or_else(
            || because(reason, &t.person()),
            |words| {
                let words = status(words, &call.view);
                format!("at {} {}", t.clock(call.view.intent_at), words.trim_end_matches('.'))
            },
        ));
    }
    let detail = step.view.detail.as_deref().map(printable).filter(|detail| !detail.is_empty());
    let because = because(reason, &t.person());
    Some(detail.map_or_else(|| because.clone(), |detail| format!("{because} ({detail})")))
}

/// A call that was not made, beside others that rang.
fn not_made(t: &Teller<'_>, step: &StepHistory) -> Option<String> {
    let reason = ended_by_itself(&step.view).filter(|reason| *reason != Reason::Superseded)?;
    if step.attempts.iter().any(|attempt| ring(attempt) == Ring::Rang) {
        return None;
    }
    let made = if step.attempts.is_empty() { "was not made" } else { "did not ring" };
    let advice = advice(reason).map_or_else(String::new, |advice| format!(" {advice}"));
    Some(format!("The call due at {} {made}: {}.{advice}", t.clock(step.view.due_at), why(t, step)?))
}

/// How it ended, after it rang.
fn end(t: &Teller<'_>) -> Option<String> {
    let view = &t.incident.view;
    if let (Some(reason), Some(at)) = (view.reason, view.ended_at) {
        return Some(format!("It ended at {}: {}.", t.clock(at), because(reason, &t.person())));
    }
    let ack = view.acknowledged.as_ref()?;
    let (by, how) = (printable(&ack.by), ack_words(ack.how));
    Some(format!("{by} {how} at {}; nobody has checked in yet.", t.clock(ack.at)))
}

/// `Also sent: sms at 08:55 (the message is on the phone), email at 08:48.`
fn messages(t: &Teller<'_>) -> Option<String> {
    let sent = |step: &&StepHistory| step.view.kind != RungKind::Call && step.view.state == StepState::Executed;
    let words = |step: &StepHistory| {
        let to = step.view.contact.as_deref().map_or_else(String::new, |name| format!(" to {}", title(name)));
        let last = step.attempts.last().map(|attempt| &attempt.view);
        let at = t.clock(last.map_or(step.changed_at, |attempt| attempt.intent_at));
        let now =
            last.and_then(|attempt| Some(status(attempt.call_status.filter(|s| *s != CallStatus::Done)?, attempt)));
        let now = now.map_or_else(String::new, |words| format!(" ({})", words.trim_end_matches('.')));
        format!("{}{to} at {at}{now}", step.view.kind)
    };
    let sent: Vec<String> = t.incident.steps.iter().filter(sent).map(words).collect();
    (!sent.is_empty()).then(|| format!("Also sent: {}.", sent.join(", ")))
}
