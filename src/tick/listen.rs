//! Inbound answers (replies, calls back, keys), asked for while their person has an open incident.
//!
//! Each number is asked about once in a tick, by workers of its own. A due step to that number waits for the result, so
//! that nobody is rung who has just answered; other steps do not wait. A failure to ask is a fault and no more: the
//! ladder goes on.

use super::context::Context;
use super::jobs::{Jobs, Lost};
use super::part::{OtherParts, Part, each};
use super::summary::HeardSeen;
use crate::clock::Clock;
use crate::config::HearConfig;
use crate::model::{Heard, HeardEffect, HeardHow, Phone, Target, Timestamp, Waiting};
use crate::provider::{Ask, Hearing, ProviderError};
use crate::rules::hear;
use crate::store::{CallScope, Claim, StoreError};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The fault "what people say cannot be asked for".
const FAULT: &str = "hearing";

/// Numbers that are asked about at once.
const PARALLEL: usize = 4;

/// What is asked about one number.
#[derive(Debug, Clone)]
struct InboundPoll {
    /// The person's number.
    from: Phone,
    /// Nothing earlier is an answer.
    since: Timestamp,
    /// Calls of ours in which a key may have been pressed.
    calls: Vec<String>,
    /// Our numbers that something was sent from, besides those of the config.
    numbers: Vec<Phone>,
}

/// What came from that number, and the first failure.
#[derive(Default)]
struct PollResult {
    heard: Vec<Heard>,
    failed: Option<ProviderError>,
}

impl PollResult {
    fn add<T>(&mut self, answer: Result<Vec<T>, ProviderError>, heard: impl Fn(T) -> Heard) {
        match answer {
            Ok(list) => self.heard.extend(list.into_iter().map(heard)),
            Err(error) => _ = self.failed.get_or_insert(error),
        }
    }
}

impl InboundPoll {
    fn ask(&self, clock: &dyn Clock) -> Ask<'_> {
        Ask { from: &self.from, also: &self.numbers, since: self.since, now: clock.now() }
    }

    /// Runs in a worker.
    fn run(&self, hearing: &dyn Hearing, config: &HearConfig, clock: &dyn Clock) -> PollResult {
        let mut result = PollResult::default();
        let heard = |sid, how, at, text| Heard { sid, how, from: self.from.clone(), at, text, call: None };
        if config.replies {
            let messages = hearing.messages(&self.ask(clock));
            result.add(messages, |m| heard(m.sid, HeardHow::Message, m.created_at, m.body));
        }
        if config.call_back {
            let calls = hearing.calls_back(&self.ask(clock));
            result.add(calls, |c| heard(c.sid, HeardHow::Call, c.created_at, String::new()));
        }
        for call in self.calls.iter().filter(|_| config.key_bin.is_some()) {
            let key = hearing.keys(call, clock.now()).map(|key| key.into_iter().collect::<Vec<_>>());
            // Nobody says when it was pressed; the call was made for an incident that is open.
            result.add(key, |key| Heard {
                call: Some(call.clone()),
                ..heard(format!("{call}-key"), HeardHow::Key, clock.now(), key.to_string())
            });
        }
        result
    }
}

/// The part that asks for inbound answers.
#[derive(Default)]
pub(super) struct Listening {
    /// Who is asked.
    hearing: Option<Arc<dyn Hearing>>,
    queue: VecDeque<InboundPoll>,
    jobs: Jobs<InboundPoll, PollResult>,
    /// Numbers whose due steps wait for the answer.
    awaited: HashSet<Phone>,
    /// Was any number asked about, and what was the first failure?
    polled: bool,
    poll_error: Option<String>,
}

impl Part for Listening {
    /// Queues a question for every number that may have answered.
    fn begin(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let config = &cx.world.config;
        self.hearing = cx.world.providers.hearing().filter(|_| config.hear.anything());
        if self.hearing.is_none() {
            return Ok(());
        }
        for waiting in cx.world.store.waiting()? {
            let Some(person) = config.person(&waiting.person) else { continue };
            let Waiting { since, calls, numbers, .. } = waiting;
            if self.awaited.insert(person.phone.clone()) {
                self.queue.push_back(InboundPoll { from: person.phone.clone(), since, calls, numbers });
            } else if let Some(poll) = self.queue.iter_mut().find(|poll| poll.from == person.phone) {
                poll.since = poll.since.min(since);
                poll.calls.extend(calls);
                poll.calls.sort();
                poll.calls.dedup();
                poll.numbers.extend(numbers);
            }
        }
        Ok(())
    }

    /// Starts queued questions while there is room.
    fn start(&mut self, cx: &mut Context<'_>, _: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        let Some(hearing) = &self.hearing else { return Ok(()) };
        while self.jobs.running().len() < PARALLEL && !cx.time.is_over() {
            let Some(poll) = self.queue.pop_front() else { break };
            let (hearing, world, asked) = (Arc::clone(hearing), cx.world.clone(), poll.clone());
            let work = move || asked.run(hearing.as_ref(), &world.config.hear, world.clock.as_ref());
            self.jobs.start(&mut cx.workers, poll, cx.time.question_limit, work);
        }
        Ok(())
    }

    fn holds(&mut self, _: &Claim, target: &Target, cx: &mut Context<'_>) -> bool {
        let phone = target.address.phone();
        phone.is_some_and(|phone| self.awaited.contains(phone)) && cx.time.follow_first_left().is_some()
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        each(self.jobs.take(&mut cx.workers), |(poll, result)| {
            let failed = |lost: Lost| Some(ProviderError::Transient(lost.words("listening")));
            let lost = |lost| PollResult { failed: failed(lost), ..PollResult::default() };
            self.on_poll(cx, &poll, result.unwrap_or_else(lost))
        })
    }

    fn wakes_in(&self, cx: &Context<'_>) -> Option<Duration> {
        cx.time.follow_first_left().filter(|_| self.jobs.running().len() > 0)
    }

    /// Keeps the fault up to date; a tick that asked for nothing says nothing about it.
    fn end(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        if !self.polled {
            return Ok(());
        }
        cx.fault(FAULT, self.poll_error.is_some(), || {
            let why = self.poll_error.as_deref().unwrap_or_default();
            format!("replies and calls back cannot be asked for and do not count: {why}")
        })
    }
}

impl Listening {
    /// A number was asked about.
    fn on_poll(&mut self, cx: &mut Context<'_>, poll: &InboundPoll, result: PollResult) -> Result<(), StoreError> {
        if let Some(error) = &result.failed {
            log::debug!("[CALL] what {} said cannot be asked for: {error}", poll.from);
        }
        self.awaited.remove(&poll.from);
        self.polled = true;
        self.poll_error = self.poll_error.take().or(result.failed.map(|error| error.to_string()));
        result.heard.iter().try_for_each(|heard| apply(cx, heard))
    }
}

/// Applies one answer, unless it was used before.
fn apply(cx: &mut Context<'_>, heard: &Heard) -> Result<(), StoreError> {
    let config = &cx.world.config;
    // The whole number must be the person's own: a stranger's words are nobody's.
    let owns = |id: &str| config.person(id).is_some_and(|person| person.phone == heard.from);
    let rule = |waiting: &[Waiting]| hear::answer(heard, waiting, &owns, &config.hear.words);
    let outcome = match cx.world.store.hear(heard, cx.time.now(), &rule) {
        // One message that cannot be used must not stop the others.
        Err(error @ StoreError::Statement { .. }) => {
            log::error!("[CALL] what {} said cannot be used: {error}", heard.from);
            return Ok(());
        }
        other => other?,
    };
    let Some(outcome) = outcome else { return Ok(()) };
    log::info!("[CALL] Heard {} from {}: {}", heard.how, heard.from, outcome.effect);
    for incident in outcome.incidents.iter().filter(|_| outcome.hang_ups > 0) {
        cx.follow(CallScope::HangUpsOf(*incident))?;
    }
    if outcome.effect == HeardEffect::Acknowledged {
        cx.summary.acknowledged.extend(&outcome.incidents);
    }
    cx.summary.heard.push(HeardSeen {
        how: heard.how,
        from: heard.from.masked(),
        effect: outcome.effect,
        incidents: outcome.incidents,
    });
    Ok(())
}
