//! The first line: why did it ring, or why not?

use super::context::{IncidentContext, Ring, ring, times};
use crate::cli::words::{
    PickedUpBy, ack_words, advice, because, detailed, ended_by_itself, picked_up_by, status_words, title,
};
use crate::model::{CallStatus, ProviderKind, Reason, RungKind, SAME_PROMISE, StepState, printable};
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
pub(super) fn answer(ctx: &IncidentContext<'_>) -> Answer {
    let called: Vec<Called<'_>> =
        ctx.calls().flat_map(|step| step.attempts.iter().map(move |a| (step, a, ring(a)))).collect();
    let rang: Vec<&Called<'_>> = called.iter().filter(|(_, _, ring)| *ring == Ring::Rang).collect();
    let mut more = Vec::new();
    let line = if rang.is_empty() {
        let (line, reason, next) = not_rung(ctx, &called);
        more.extend(next);
        let code = called.last().and_then(|(_, attempt, _)| attempt.view.error_code);
        let advice = reason.and_then(advice).or_else(|| code.and_then(remedy));
        more.extend(advice.filter(|advice| !line.contains(advice.trim_end_matches('.'))).map(str::to_owned));
        line
    } else {
        more.extend(ctx.calls().filter_map(|step| not_made(ctx, step)));
        more.extend(end(ctx));
        rung(ctx, &rang)
    };
    more.extend(same_promise(ctx));
    more.extend(messages(ctx));
    Answer { line, more }
}

/// `It rang twice: nobody answered at 08:57, and nobody answered at 08:58.`
fn rung(ctx: &IncidentContext<'_>, rang: &[&Called<'_>]) -> String {
    let each: Vec<String> = rang.iter().map(|(_, attempt, _)| call_words(ctx, attempt)).collect();
    let mock = rang.iter().all(|(_, attempt, _)| attempt.view.provider == ProviderKind::Mock);
    let where_to = if mock { " on the mock phone, and no real phone did" } else { "" };
    format!("It rang {}{where_to}: {}.", times(rang.len()), each.join(", then "))
}

fn call_words(ctx: &IncidentContext<'_>, attempt: &AttemptHistory) -> String {
    let at = ctx.clock(attempt.view.intent_at);
    let who = match picked_up_by(&attempt.view) {
        PickedUpBy::Human => "a human",
        PickedUpBy::Fax => "a fax machine",
        PickedUpBy::Machine(_) => "a voicemail box",
        PickedUpBy::Unknown => "somebody",
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

fn not_rung(ctx: &IncidentContext<'_>, called: &[Called<'_>]) -> NotRung {
    let find = |wanted| called.iter().rfind(|(_, _, ring)| *ring == wanted);
    let at = |(_, attempt, _): &Called<'_>| ctx.clock(attempt.view.intent_at);
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
    nobody_called(ctx, verb)
}

fn nobody_called(ctx: &IncidentContext<'_>, verb: &str) -> NotRung {
    let view = &ctx.incident.view;
    let Some(first) = ctx.calls().next() else {
        let (line, reason) = no_call(ctx);
        return (line, reason, None);
    };
    let own: Vec<(Reason, String)> =
        ctx.calls().filter_map(|step| Some((step.view.reason?, why(ctx, step)?))).collect();
    // That a later step ran instead says nothing about why that one did not ring; and one of a kind is enough.
    let told = |(at, (reason, _)): &(usize, &(Reason, String))| {
        let first = own[..*at].iter().all(|(before, _)| before != reason);
        first && (own.len() == 1 || *reason != Reason::Superseded)
    };
    let mut whys: Vec<String> = own.iter().enumerate().filter(told).map(|(_, (_, why))| why.clone()).collect();
    let reason = own.iter().map(|(reason, _)| *reason).rfind(|reason| *reason != Reason::Superseded);
    let pending = ctx.calls().find(|step| matches!(step.view.state, StepState::Pending | StepState::Running));
    if let (Some(reason), Some(at)) = (view.reason, view.ended_at) {
        if whys.is_empty() || ctx.calls().any(|step| step.view.state == StepState::Cancelled) {
            let when = if reason == Reason::NoCheckIn { String::new() } else { format!(" at {}", ctx.clock(at)) };
            let early = whys.is_empty() && at < first.view.due_at;
            let early = if early { ", before the first call was due" } else { "" };
            whys.push(format!("{}{when}{early}", because(reason, &ctx.person())));
        }
    } else if let Some(step) = pending.filter(|_| whys.is_empty()) {
        return (format!("Nobody has been called yet: {}.", ctx.next_call(step)), None, None);
    }
    let next = pending.filter(|_| view.ended_at.is_none()).map(|step| first_up(&ctx.next_call(step)));
    (format!("{verb}: {}.", whys.join("; then ")), reason.or(view.reason), next)
}

/// As a sentence of its own.
fn first_up(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_uppercase(), letters.as_str()))
}

/// The ladder has no call: what counts is what was sent.
fn no_call(ctx: &IncidentContext<'_>) -> (String, Option<Reason>) {
    let view = &ctx.incident.view;
    if let (true, Some(reason), Some(at)) = (ctx.incident.steps.is_empty(), view.reason, view.ended_at) {
        let words = because(reason, &ctx.person());
        return (
            format!("Nobody was called: {words} at {}, before anything was planned.", ctx.clock(at)),
            Some(reason),
        );
    }
    let whys: Vec<String> = ctx.incident.steps.iter().filter_map(|step| why(ctx, step)).collect();
    let reason = ctx.incident.steps.iter().rev().find_map(|step| ended_by_itself(&step.view));
    let whys = if whys.is_empty() { String::new() } else { format!(": {}", whys.join("; then ")) };
    (format!("Nobody was called, since the ladder has no call{whys}."), reason)
}

/// Why this step reached nobody; `None`: it did, or ended with its incident, or is still to come.
fn why(ctx: &IncidentContext<'_>, step: &StepHistory) -> Option<String> {
    let reason = ended_by_itself(&step.view)?;
    let last = step.attempts.last();
    if step.view.state == StepState::Executed {
        if step.view.kind != RungKind::Call {
            return None;
        }
        let call = last?;
        return Some(call.view.call_status.map_or_else(
            || because(reason, &ctx.person()),
            |words| {
                let words = status_words(words, &call.view).sentence;
                format!("at {} {}", ctx.clock(call.view.intent_at), words.trim_end_matches('.'))
            },
        ));
    }
    Some(detailed(&because(reason, &ctx.person()), step.view.detail.as_deref()))
}

/// A call that was not made, beside others that rang.
fn not_made(ctx: &IncidentContext<'_>, step: &StepHistory) -> Option<String> {
    let reason = ended_by_itself(&step.view).filter(|reason| *reason != Reason::Superseded)?;
    if step.attempts.iter().any(|attempt| ring(attempt) == Ring::Rang) {
        return None;
    }
    let made = if step.attempts.is_empty() { "was not made" } else { "did not ring" };
    let advice = advice(reason).map_or_else(String::new, |advice| format!(" {advice}"));
    Some(format!("The call due at {} {made}: {}.{advice}", ctx.clock(step.view.due_at), why(ctx, step)?))
}

/// How it ended, after it rang.
fn end(ctx: &IncidentContext<'_>) -> Option<String> {
    let view = &ctx.incident.view;
    if let (Some(reason), Some(at)) = (view.reason, view.ended_at) {
        return Some(format!("It ended at {}: {}.", ctx.clock(at), because(reason, &ctx.person())));
    }
    let ack = view.acknowledged.as_ref()?;
    let (by, how) = (printable(&ack.by), ack_words(ack.how));
    Some(format!("{by} {how} at {}; nobody has checked in yet.", ctx.clock(ack.at)))
}

/// The meeting moved after somebody had checked in for it, and is the same promise.
fn same_promise(ctx: &IncidentContext<'_>) -> Option<String> {
    let (view, meeting) = (&ctx.incident.view, &ctx.history.meeting);
    let moved = view.generation == meeting.generation && view.starts_at != meeting.starts_at;
    let minutes = SAME_PROMISE.as_secs() / 60;
    moved.then(|| {
        format!(
            "It starts at {} now, less than {minutes} minutes from the start that was checked in for, so it does not ring \
             again.",
            ctx.clock(meeting.starts_at)
        )
    })
}

/// `Also sent: sms at 08:55 (the message is on the phone), email at 08:48.`
fn messages(ctx: &IncidentContext<'_>) -> Option<String> {
    let sent = |step: &&StepHistory| step.view.kind != RungKind::Call && step.view.state == StepState::Executed;
    let words = |step: &StepHistory| {
        let to = step.view.contact.as_deref().map_or_else(String::new, |name| format!(" to {}", title(name)));
        let last = step.attempts.last().map(|attempt| &attempt.view);
        let at = ctx.clock(last.map_or(step.changed_at, |attempt| attempt.intent_at));
        let now = last
            .and_then(|attempt| Some(status_words(attempt.call_status.filter(|s| *s != CallStatus::Done)?, attempt)));
        let now = now.map_or_else(String::new, |words| format!(" ({})", words.sentence.trim_end_matches('.')));
        format!("{}{to} at {at}{now}", step.view.kind)
    };
    let sent: Vec<String> = ctx.incident.steps.iter().filter(sent).map(words).collect();
    (!sent.is_empty()).then(|| format!("Also sent: {}.", sent.join(", ")))
}
