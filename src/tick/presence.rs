//! Who may be in the meeting already is asked about just before a step of theirs is claimed.
//!
//! A worker runs the program; the person's due steps wait for its answer, everybody else's do not. Each person is asked
//! about once in a tick, for the earliest of their meetings with a due step, and the answer is about that meeting alone:
//! nobody is in two. An answer that comes after the steps went on still counts. A program that cannot say is a fault, told
//! quietly, and no more: the ladder goes on.

use super::Run;
use super::summary::PresentSeen;
use crate::model::{IncidentId, MeetingWords, RequestFacts, printable};
use crate::provider::Presence;
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
pub(super) struct Whether {
    person: String,
    incident: IncidentId,
    facts: RequestFacts,
}

/// People asked about in this tick.
#[derive(Default)]
pub(super) struct Asking {
    /// Until when their steps wait; `None`: the answer is there.
    people: HashMap<String, Option<Instant>>,
    /// Questions that wait for a worker.
    queue: VecDeque<Whether>,
}

impl Asking {
    fn is_over(&self, person: &str) -> bool {
        self.people.get(person).copied().flatten().is_none_or(|until| until <= Instant::now())
    }

    /// How long until the next steps go on without an answer.
    pub(super) fn hold_ends_in(&self) -> Option<Duration> {
        let now = Instant::now();
        let ends = self.people.values().flatten().filter(|until| **until > now);
        ends.min().map(|until| until.saturating_duration_since(now))
    }
}

impl Run<'_> {
    /// Asks about the person of a due step, once in a tick. `true`: the step is to wait for the answer.
    pub(super) fn presence_is_awaited(&mut self, claim: &Claim) -> bool {
        let world = self.world;
        if let Some(until) = self.asking.people.get(&claim.person) {
            return until.is_some() && !self.asking.is_over(&claim.person);
        }
        // What is too late or stopped is not done, whoever is where.
        let idle = claim.deadline_at <= world.clock.now() || world.config.stopped();
        let Some(presence) = world.providers.presence().filter(|p| !idle && p.knows(&claim.person)) else {
            return false;
        };
        let question = self.question(claim);
        self.asking.people.insert(claim.person.clone(), Some(Instant::now() + LIMIT));
        self.asking.queue.push_back(question);
        self.ask_whether_queued(&presence);
        true
    }

    /// About the earliest meeting of the person that a step is due for.
    fn question(&self, claim: &Claim) -> Whether {
        let now = self.world.clock.now();
        let others = self.due.iter().filter(|other| other.person == claim.person && other.deadline_at > now);
        let first = others.fold(claim, |first, other| {
            let at = |c: &Claim| (c.words.starts_at, c.incident);
            if at(other) < at(first) { other } else { first }
        });
        let name = self.world.config.person(&claim.person).map(|person| person.name.clone()).unwrap_or_default();
        let meetings: Vec<MeetingWords> = vec![first.words.clone()];
        let facts = RequestFacts { incident: Some(first.incident), step: Some(first.step), name, meetings };
        Whether { person: claim.person.clone(), incident: first.incident, facts }
    }

    fn ask_whether_queued(&mut self, presence: &Arc<dyn Presence>) {
        while self.jobs.has_question_room() {
            let Some(question) = self.asking.queue.pop_front() else { return };
            // Nobody waits for this one any more.
            if self.asking.is_over(&question.person) {
                continue;
            }
            let (presence, clock, asked) = (Arc::clone(presence), Arc::clone(&self.world.clock), question.clone());
            let work = move || presence.is_there(&asked.person, &asked.facts, clock.now());
            self.jobs.ask_whether(question, work, LIMIT + SLACK);
        }
    }

    /// A program said whether the person is there, or could not.
    pub(super) fn answered(&mut self, question: &Whether, there: &Result<bool, String>) -> Result<(), StoreError> {
        self.asking.people.insert(question.person.clone(), None);
        if let Some(presence) = self.world.providers.presence() {
            self.ask_whether_queued(&presence);
        }
        let why = there.as_ref().err();
        let person = printable(&question.person);
        self.fault(&format!("{FAULT}{}", question.person), why.is_some(), || {
            let why = why.map(String::as_str).unwrap_or_default();
            format!("the presence_command of {person} cannot say who is there, and does not count: {why}")
        })?;
        if *there == Ok(true) { self.is_present(question) } else { Ok(()) }
    }

    fn is_present(&mut self, question: &Whether) -> Result<(), StoreError> {
        let incident = question.incident;
        let ended = match self.world.store.present(incident, self.world.clock.now()) {
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
        log::info!("[CALL] incident {incident}: {} is in the meeting already", printable(&question.person));
        if ended.hang_ups > 0 {
            self.follow(CallScope::HangUpsOf(incident))?;
        }
        let title = question.facts.meetings.first().map(|m| m.title.clone()).unwrap_or_default();
        self.summary.present.push(PresentSeen { incident, person: question.person.clone(), title });
        Ok(())
    }

    /// Faults of people nobody is asked about any more are over.
    pub(super) fn forget_questions(&mut self, faults: &[String]) -> Result<(), StoreError> {
        let Some(presence) = self.world.providers.presence() else { return Ok(()) };
        let gone = |person: &&str| !presence.knows(person);
        for person in faults.iter().filter_map(|key| key.strip_prefix(FAULT)).filter(gone) {
            self.fault(&format!("{FAULT}{person}"), false, String::new)?;
        }
        Ok(())
    }
}
