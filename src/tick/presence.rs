//! Before a step is claimed, `presence_command` is asked whether its person is in the meeting already.
//!
//! A worker runs the program; the person's due steps wait for its answer, everybody else's do not. Each person is asked
//! about once in a tick, for the earliest of their meetings with a due step, and the answer is about that meeting
//! alone: nobody is in two. An answer that comes after the steps went on still counts. A program that fails is a fault
//! and no more: the ladder goes on.

use super::context::Context;
use super::jobs::Jobs;
use super::part::{OtherParts, Part, each};
use super::summary::PresentSeen;
use crate::model::{IncidentId, MeetingWords, RequestFacts, Target, printable};
use crate::provider::presence::LIMIT;
use crate::store::{CallScope, Claim, StoreError};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a program that was told to end may take to do so.
const SLACK: Duration = Duration::from_secs(1);

/// The fault "the program of this person cannot say", without the person.
const FAULT: &str = "presence_command of ";

/// Is this person in this meeting?
#[derive(Debug, Clone)]
struct PresenceQuery {
    person: String,
    incident: IncidentId,
    facts: RequestFacts,
}

/// People asked about in this tick.
#[derive(Default)]
pub(super) struct PresenceChecks {
    /// Until when their steps wait; `None`: the answer is there.
    people: HashMap<String, Option<Instant>>,
    /// Questions that wait for a worker.
    queue: VecDeque<PresenceQuery>,
    jobs: Jobs<PresenceQuery, Result<bool, String>>,
}

impl Part for PresenceChecks {
    /// Ends the faults of people whose presence is no longer asked for.
    fn begin(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let Some(presence) = cx.world.providers.presence() else { return Ok(()) };
        let asked_about = cx.faults.iter().filter_map(|key| key.strip_prefix(FAULT));
        let mut gone = asked_about.filter(|person| !presence.knows(person));
        gone.try_for_each(|person| cx.fault(&format!("{FAULT}{person}"), false, String::new))
    }

    fn start(&mut self, cx: &mut Context<'_>, _: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        self.ask_queued(cx);
        Ok(())
    }

    /// Asks about the person of a due step, once in a tick. `true`: the step is to wait for the answer.
    fn holds(&mut self, claim: &Claim, _: &Target, cx: &mut Context<'_>) -> bool {
        if self.people.contains_key(&claim.person) {
            return !self.is_over(&claim.person);
        }
        let is_known = cx.world.providers.presence().is_some_and(|presence| presence.knows(&claim.person));
        // A step that is too late or stopped is not run anyway.
        if !is_known || claim.deadline_at <= cx.time.now() || cx.world.config.stop().holds() {
            return false;
        }
        self.people.insert(claim.person.clone(), Some(Instant::now() + LIMIT));
        self.queue.push_back(query(claim, cx));
        self.ask_queued(cx);
        true
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        each(self.jobs.take(&mut cx.workers), |(query, there)| {
            self.people.insert(query.person.clone(), None);
            answered(cx, &query, &there.unwrap_or_else(|lost| Err(lost.words("asking"))))
        })
    }

    /// When the next steps stop waiting for an answer.
    fn wakes_in(&self, _: &Context<'_>) -> Option<Duration> {
        let now = Instant::now();
        let ends = self.people.values().flatten().filter(|until| **until > now && self.jobs.running().len() > 0);
        ends.min().map(|until| until.saturating_duration_since(now))
    }
}

impl PresenceChecks {
    /// Does no step of this person wait any more?
    fn is_over(&self, person: &str) -> bool {
        self.people.get(person).copied().flatten().is_none_or(|until| until <= Instant::now())
    }

    fn ask_queued(&mut self, cx: &mut Context<'_>) {
        let Some(presence) = cx.world.providers.presence() else { return };
        while self.jobs.running().len() < cx.world.config.engine.parallel {
            let Some(query) = self.queue.pop_front() else { return };
            // Nobody waits for this one any more.
            if self.is_over(&query.person) {
                continue;
            }
            let (presence, clock, asked) = (Arc::clone(&presence), Arc::clone(&cx.world.clock), query.clone());
            let work = move || presence.is_there(&asked.person, &asked.facts, clock.now());
            self.jobs.start(&mut cx.workers, query, LIMIT + SLACK, work);
        }
    }
}

/// Asks about the person's earliest meeting that has a due step.
fn query(claim: &Claim, cx: &Context<'_>) -> PresenceQuery {
    let now = cx.time.now();
    let others = cx.due.steps.iter().filter(|other| other.person == claim.person && other.deadline_at > now);
    let first = others.fold(claim, |first, other| {
        let at = |c: &Claim| (c.words.starts_at, c.incident);
        if at(other) < at(first) { other } else { first }
    });
    let name = cx.world.config.person(&claim.person).map(|person| person.name.clone()).unwrap_or_default();
    let meetings: Vec<MeetingWords> = vec![first.words.clone()];
    let facts = RequestFacts { incident: Some(first.incident), step: Some(first.step), name, meetings };
    PresenceQuery { person: claim.person.clone(), incident: first.incident, facts }
}

/// A program said whether the person is there, or could not.
fn answered(cx: &mut Context<'_>, query: &PresenceQuery, there: &Result<bool, String>) -> Result<(), StoreError> {
    let why = there.as_ref().err();
    let person = printable(&query.person);
    cx.fault(&format!("{FAULT}{}", query.person), why.is_some(), || {
        let why = why.map(String::as_str).unwrap_or_default();
        format!("the presence_command of {person} cannot say who is there, and does not count: {why}")
    })?;
    if *there == Ok(true) { is_present(cx, query) } else { Ok(()) }
}

/// The person is in the meeting: nobody has to call.
fn is_present(cx: &mut Context<'_>, query: &PresenceQuery) -> Result<(), StoreError> {
    let incident = query.incident;
    let ended = match cx.world.store.present(incident, cx.time.now()) {
        // One incident that cannot be ended must not stop the others.
        Err(error @ (StoreError::Statement { .. } | StoreError::NotFound(_))) => {
            log::error!("[CALL] incident {incident} cannot be ended: {error}");
            return Ok(());
        }
        other => other?,
    };
    if !ended.changed {
        return Ok(());
    }
    log::info!("[CALL] incident {incident}: {} is in the meeting already", printable(&query.person));
    if ended.hang_ups > 0 {
        cx.follow(CallScope::HangUpsOf(incident))?;
    }
    let title = query.facts.meetings.first().map(|m| m.title.clone()).unwrap_or_default();
    cx.summary.present.push(PresentSeen { incident, person: query.person.clone(), title });
    Ok(())
}
