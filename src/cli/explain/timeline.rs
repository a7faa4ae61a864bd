//! The story in the order in which it happened.

use super::context::{self, IncidentContext};
use crate::cli::undo;
use crate::cli::words::{
    Outcome, ack_words, because, clean, detailed, exact, hang_up_words, heard_words, outcome_words, price,
    status_words, step_name, title, verb,
};
use crate::model::{AttemptId, AttemptState, HeardHow, ProviderKind, Reason, StepId, StepState, Timestamp, printable};
use crate::store::{AttemptHistory, AttemptView, HeardView, StepHistory};
use crate::when;
use serde::Serialize;

/// One thing that happened, or is to happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Event {
    /// When; `None`: nobody wrote that down, it was after the event before.
    pub at: Option<Timestamp>,
    /// What it is, in a word.
    pub what: &'static str,
    /// The step it is about.
    pub step: Option<StepId>,
    /// The attempt it is about.
    pub attempt: Option<AttemptId>,
    /// What happened.
    pub text: String,
    /// Its place in time, and among what happened at the same time.
    #[serde(skip)]
    pub(super) place: (Timestamp, u8),
}

impl Event {
    /// Something at a known time.
    pub(super) fn at(at: Timestamp, rank: u8, what: &'static str, text: String) -> Self {
        Self { at: Some(at), what, step: None, attempt: None, text, place: (at, rank) }
    }

    fn of(self, step: &StepHistory) -> Self {
        Self { step: Some(step.view.id), ..self }
    }

    fn by(self, attempt: &AttemptHistory) -> Self {
        Self { attempt: Some(attempt.view.id), ..self }
    }
}

/// Ranks of what happens at the same time.
pub(super) const ADDED: u8 = 0;
const OPENED: u8 = 1;
const DUE: u8 = 2;
const STEP: u8 = 3;
const HEARD: u8 = 4;
const ENDED: u8 = 5;
const CANCELLED: u8 = 6;
const EXPLAINED: u8 = 7;
/// Before what is opened again by it.
const UNDONE: u8 = 0;

/// Everything that is known, earliest first.
pub(super) fn events(ctx: &IncidentContext<'_>) -> Vec<Event> {
    let mut events = vec![added(ctx), opened(ctx)];
    for step in &ctx.incident.steps {
        events.extend(due(ctx, step));
        for attempt in &step.attempts {
            events.extend(attempted(ctx, step, attempt));
        }
        events.extend(step_ended(ctx, step));
    }
    events.extend(ctx.incident.heard.iter().map(|words| said(ctx, words)));
    events.extend(ctx.incident.explained.iter().flat_map(explained));
    events.extend(ctx.incident.found.iter().flat_map(found));
    events.extend(acknowledged(ctx));
    events.extend(away(ctx));
    events.extend(taken_back(ctx));
    events.extend(ended(ctx));
    events.sort_by_key(|event| event.place);
    events
}

fn added(ctx: &IncidentContext<'_>) -> Event {
    Event::at(ctx.history.added_at, ADDED, "added", source(ctx.history))
}

/// `m3 came from the calendar work`, `m3 was added by hand`.
pub(super) fn source(history: &crate::store::History) -> String {
    let (id, source) = (history.meeting.id, title(&history.meeting.source));
    match (history.in_calendar, source.as_str()) {
        (true, name) => format!("{id} was seen in the calendar {name}"),
        (false, "manual") => format!("{id} was added by hand"),
        (false, name) => format!("{id} came from {name}, and stands in no calendar now"),
    }
}

fn opened(ctx: &IncidentContext<'_>) -> Event {
    let view = &ctx.incident.view;
    let before = ctx.history.incidents.iter().rfind(|i| i.view.generation < view.generation);
    let again = match before.map(|i| (i.view.id, i.view.reason)) {
        Some((id, Some(reason))) => format!(" again, after {id} ended: {}", because(reason, &ctx.person())),
        Some((id, None)) => format!(" again, after {id}"),
        None => String::new(),
    };
    let start = ctx.clock(view.starts_at);
    let text = match ctx.incident.steps.len() {
        0 => format!("{} was opened{again} and ended at once: no steps were planned for {start}", view.id),
        1 => format!("{} was opened{again}: 1 step for the start at {start}", view.id),
        n => format!("{} was opened{again}: {n} steps for the start at {start}", view.id),
    };
    Event::at(view.opened_at, OPENED, "opened", text)
}

fn due(ctx: &IncidentContext<'_>, step: &StepHistory) -> Option<Event> {
    let view = &step.view;
    let ended = !matches!(view.state, StepState::Pending | StepState::Running);
    let ended_before = ended && step.changed_at < view.due_at;
    let (name, opened_at) = (step_name(view), ctx.incident.view.opened_at);
    if view.due_at < opened_at && !ended_before {
        let text = format!("{name} had been due at {}", exact(view.due_at, ctx.now, ctx.zone));
        return Some(Event::at(opened_at, DUE, "due", text).of(step));
    }
    let text = match (view.state, view.due_at > ctx.now) {
        _ if ended_before => return None,
        (StepState::Pending, true) => format!("{name} is due then, {}", when::relative(view.due_at, ctx.now)),
        _ if view.due_at < step.planned_at => {
            format!(
                "{name} was due, earlier than {}, since a rung before it reached nobody",
                ctx.clock(step.planned_at)
            )
        }
        _ => format!("{name} was due"),
    };
    Some(Event::at(view.due_at, DUE, "due", text).of(step))
}

/// What was decided, sent, answered and followed.
fn attempted(ctx: &IncidentContext<'_>, step: &StepHistory, attempt: &AttemptHistory) -> Vec<Event> {
    let (view, id) = (&attempt.view, attempt.view.id);
    let name = step.view.id;
    let event = |at: Timestamp, what, text| Event::at(at, STEP, what, text).of(step).by(attempt);
    let mut events = Vec::new();
    if let Some(guards) = clean(attempt.guards.as_deref()) {
        events.push(event(view.intent_at, "allowed", format!("{name}: the guards allowed it: {guards}")));
    }
    let first = step.attempts.first().is_some_and(|first| first.view.id == id);
    let again = if first { "" } else { ", to try again" };
    let written = format!("{name}: {id} was written down{again}: {}", what_is_sent(step, attempt));
    let came = context::outcome(step, attempt);
    // What was found too late was written down by nobody before it left.
    if came != Outcome::Lost {
        events.push(event(view.intent_at, "attempt", written));
    }
    let at = attempt.finished_at.unwrap_or(view.intent_at);
    if let Some(code) = attempt.callback_refused {
        let without =
            format!("{name}: {id}: the provider refuses the address of webhook_url ({code}): tried without it");
        events.push(event(at, "outcome", without));
    }
    events.push(event(at, "outcome", format!("{name}: {id}: {}", outcome_words(came, view))));
    for (what, text) in later(attempt) {
        events.push(Event { at: None, ..event(at, what, format!("{name}: {id}: {text}")) });
    }
    if view.state == AttemptState::Sending && at < ctx.now {
        let since = when::span(ctx.now.since(at).unsigned_abs());
        events.push(Event { at: None, ..event(at, "outcome", format!("{name}: {id}: that was {since} ago")) });
    }
    events
}

fn what_is_sent(step: &StepHistory, attempt: &AttemptHistory) -> String {
    let view = &attempt.view;
    let who = placed_by(view);
    let words = printable(&attempt.message);
    let with = match &attempt.shared[..] {
        [] => String::new(),
        shared => {
            let others: Vec<String> = shared.iter().map(|s| format!("{} {}", s.incident, title(&s.title))).collect();
            let whose = if attempt.first_step == Some(step.view.id) { "shared with" } else { "made for" };
            format!(", {whose} {}", others.join(", "))
        }
    };
    format!("{who} {} {}: \"{words}\"{with}", verb(step.view.kind).does, printable(&view.to))
}

fn placed_by(attempt: &AttemptView) -> &'static str {
    match attempt.provider {
        ProviderKind::Mock => "the mock phone",
        ProviderKind::Test => "test mode",
        other => other.as_str(),
    }
}

/// What is known of it since, without a time.
fn later(attempt: &AttemptHistory) -> Vec<(&'static str, String)> {
    let view = &attempt.view;
    let mut later = Vec::new();
    if let Some(now) = view.call_status {
        let cost = price(view).map_or_else(String::new, |price| format!("; it cost {price}"));
        later.push(("status", format!("{}{cost}", status_words(now, view).sentence)));
    }
    later.extend(hang_up_words(view).map(|words| ("hang_up", words.to_owned())));
    later
}

/// How a step ended, when its last attempt does not say it.
fn step_ended(ctx: &IncidentContext<'_>, step: &StepHistory) -> Option<Event> {
    let view = &step.view;
    let name = step_name(view);
    let rank = if view.state == StepState::Cancelled { CANCELLED } else { STEP };
    let person = ctx.person();
    let because = view.reason.map(|reason| because(reason, &person));
    let detailed = |words: &str| detailed(words, view.detail.as_deref());
    let text = match (view.state, because) {
        (StepState::Executed, Some(words)) => format!("{name} is done: {words}"),
        (StepState::Pending, _) if step.ready_at > view.due_at && step.ready_at > ctx.now => {
            let at = exact(step.ready_at, ctx.now, ctx.zone);
            format!("{name} is to be tried again, not before {at}")
        }
        (StepState::Pending | StepState::Running, _) | (_, None) => return None,
        (StepState::Failed, Some(words)) => format!("{name} failed: {}", detailed(&words)),
        (StepState::Skipped, Some(words)) => format!("{name} was left out: {}", detailed(&words)),
        (StepState::Cancelled, Some(words)) => {
            let due = if step.changed_at < view.due_at {
                format!(", due at {},", ctx.clock(view.due_at))
            } else {
                String::new()
            };
            format!("{name}{due} was cancelled: {}", detailed(&words))
        }
    };
    Some(Event::at(step.changed_at, rank, "step", text).of(step))
}

fn said(ctx: &IncidentContext<'_>, words: &HeardView) -> Event {
    let text = printable(&words.message);
    let how = match words.how {
        HeardHow::Message => format!("replied \"{text}\""),
        HeardHow::Call => "called back".into(),
        HeardHow::Key => format!("pressed {text}"),
    };
    let heard_at = exact(words.heard_at, ctx.now, ctx.zone);
    let line =
        format!("{} {how}: {} (heard at {heard_at})", printable(&words.from), heard_words(words.effect).sentence);
    // The provider gives whole seconds. The skew made them uneven, so they are rounded again.
    let at = Timestamp::from_ms(words.at.ms().saturating_add(500).div_euclid(1000).saturating_mul(1000));
    Event::at(at, HEARD, "heard", line)
}

/// The text that was written back.
fn explained(text: &AttemptHistory) -> [Event; 2] {
    let (view, id, words) = (&text.view, text.view.id, printable(&text.message));
    let written = format!("{id} was written down: {} texts {}: \"{words}\"", placed_by(view), printable(&view.to));
    let came = format!("{id}: {}", outcome_words(context::outcome_without_step(text), view));
    let at = text.finished_at.unwrap_or(view.intent_at);
    [
        Event::at(view.intent_at, EXPLAINED, "attempt", written).by(text),
        Event::at(at, EXPLAINED, "outcome", came).by(text),
    ]
}

/// A call that rang on when the incident had ended, and what became of it.
fn found(call: &AttemptHistory) -> Vec<Event> {
    let (view, id) = (&call.view, call.view.id);
    let event =
        |text: String| Event::at(call.finished_at.unwrap_or(view.intent_at), EXPLAINED, "outcome", text).by(call);
    let since = later(call).into_iter().map(|(what, text)| Event { at: None, what, ..event(format!("{id}: {text}")) });
    [event(format!("{id}: {}", outcome_words(Outcome::Lost, view)))].into_iter().chain(since).collect()
}

fn acknowledged(ctx: &IncidentContext<'_>) -> Option<Event> {
    let ack = ctx.incident.view.acknowledged.as_ref()?;
    let text = format!("{} {}: acknowledged, which is no check-in", printable(&ack.by), ack_words(ack.how));
    Some(Event::at(ack.at, HEARD, "acknowledged", text))
}

/// It was cancelled since its person had left the config, and opened again since they were back.
fn away(ctx: &IncidentContext<'_>) -> Vec<Event> {
    let Some((left, back)) = ctx.incident.away else { return Vec::new() };
    let (id, person) = (ctx.incident.view.id, ctx.person());
    let ended = format!("{id} ended as CANCELLED: {}", because(Reason::PersonRemoved, &person));
    let opened = format!("{id} was opened again, since {person} was back in the config: what had not run is to come");
    vec![Event::at(left, ENDED, "ended", ended), Event::at(back, UNDONE, "opened", opened)]
}

/// What was done to the meeting and taken back again.
fn taken_back<'a>(ctx: &'a IncidentContext<'_>) -> impl Iterator<Item = Event> + 'a {
    ctx.history.acts.iter().filter_map(|act| {
        let what = format!("{}{}", undo::what_words(act.what), undo::how_words(act.how));
        let text = format!("{what} of {} was taken back", exact(act.at, ctx.now, ctx.zone));
        Some(Event::at(act.undone_at?, UNDONE, "undone", text))
    })
}

fn ended(ctx: &IncidentContext<'_>) -> Option<Event> {
    let view = &ctx.incident.view;
    let (reason, at) = (view.reason?, view.ended_at?);
    let note = clean(view.note.as_deref()).map_or_else(String::new, |note| format!(", with the note: {note}"));
    let text = format!("{} ended as {}: {}{note}", view.id, view.state, because(reason, &ctx.person()));
    Some(Event::at(at, ENDED, "ended", text))
}
