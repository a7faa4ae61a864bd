//! Inbound answers (replies, calls back, keys), asked for while their person has an open incident.
//!
//! Each number is asked about once in a tick: for messages, calls back and keys at the same time, each by a worker of its
//! own. A due step to that number waits for all of them, so that nobody is rung who has just answered; other steps do not
//! wait. A failure to ask is a fault and no more: the ladder goes on.

use super::context::Context;
use super::jobs::{Jobs, Lost};
use super::part::{OtherParts, Part, each};
use super::summary::HeardSeen;
use super::text::Text;
use crate::clock::Clock;
use crate::config::HearConfig;
use crate::model::{Heard, HeardCall, HeardEffect, HeardHow, HeardMessage, Phone, Target, Timestamp, Told, Waiting};
use crate::provider::{Ask, Hearing, ProviderError};
use crate::rules::hear;
use crate::store::{CallScope, Claim, StoreError};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The fault "what people say cannot be asked for".
const FAULT: &str = "hearing";

/// Questions that are asked at once: all about one number begin together.
const PARALLEL: usize = 8;

/// What is asked about one number.
#[derive(Debug, Clone)]
struct InboundPoll {
    /// The number of a person or contact.
    from: Phone,
    /// Nothing earlier is an answer.
    since: Timestamp,
    /// Calls of ours in which a key may have been pressed.
    calls: Vec<String>,
    /// Our numbers that something was sent from, besides those of the config.
    numbers: Vec<Phone>,
}

/// One list that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Messages,
    CallsBack,
    Keys,
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
    /// What there is to ask.
    fn questions(&self, config: &HearConfig) -> impl Iterator<Item = Question> + use<> {
        let keys = config.key_bin.is_some() && !self.calls.is_empty();
        let all =
            [(Question::Messages, config.replies), (Question::CallsBack, config.call_back), (Question::Keys, keys)];
        all.into_iter().filter(|(_, wanted)| *wanted).map(|(question, _)| question)
    }

    /// Runs in a worker.
    fn run(&self, question: Question, hearing: &dyn Hearing, clock: &dyn Clock) -> PollResult {
        let mut result = PollResult::default();
        let ask = Ask { from: &self.from, also: &self.numbers, since: self.since, now: clock.now() };
        let heard = |sid, how, (at, provider_at), text| {
            let from = self.from.clone();
            Heard { sid, how, from, at, provider_at, text, call: None }
        };
        match question {
            Question::Messages => {
                let say = |m: HeardMessage| heard(m.sid, HeardHow::Message, (m.created_at, m.provider_at), m.body);
                result.add(hearing.messages(&ask), say);
            }
            Question::CallsBack => {
                let say = |c: HeardCall| heard(c.sid, HeardHow::Call, (c.created_at, c.provider_at), String::new());
                result.add(hearing.calls_back(&ask), say);
            }
            Question::Keys => self.calls.iter().for_each(|call| {
                let key = hearing.keys(call, clock.now()).map(|key| key.into_iter().collect::<Vec<_>>());
                // Nobody says when it was pressed; the call was made for an incident that is open.
                let pressed = |key: char| Heard {
                    call: Some(call.clone()),
                    ..heard(format!("{call}-key"), HeardHow::Key, (clock.now(), clock.now()), key.to_string())
                };
                result.add(key, pressed);
            }),
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
    jobs: Jobs<Phone, PollResult>,
    /// Numbers whose due steps wait, and how many answers about them are still to come.
    awaited: HashMap<Phone, usize>,
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
            let Waiting { person, contact, since, calls, numbers, .. } = waiting;
            let Some(from) = contact.or_else(|| Some(config.person(&person)?.phone.clone())) else { continue };
            if self.awaited.insert(from.clone(), 0).is_none() {
                self.queue.push_back(InboundPoll { from, since, calls, numbers });
            } else if let Some(poll) = self.queue.iter_mut().find(|poll| poll.from == from) {
                poll.since = poll.since.min(since);
                poll.calls.extend(calls);
                poll.calls.sort();
                poll.calls.dedup();
                poll.numbers.extend(numbers);
            }
        }
        for poll in &self.queue {
            self.awaited.insert(poll.from.clone(), poll.questions(&config.hear).count());
        }
        self.awaited.retain(|_, questions| *questions > 0);
        Ok(())
    }

    /// Starts queued questions while there is room.
    fn start(&mut self, cx: &mut Context<'_>, _: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        let Some(hearing) = &self.hearing else { return Ok(()) };
        while self.jobs.running().len() < PARALLEL && !cx.time.is_over() {
            let Some(poll) = self.queue.pop_front() else { break };
            for question in poll.questions(&cx.world.config.hear) {
                let (hearing, clock, asked) = (Arc::clone(hearing), Arc::clone(&cx.world.clock), poll.clone());
                let work = move || asked.run(question, hearing.as_ref(), clock.as_ref());
                self.jobs.start(&mut cx.workers, poll.from.clone(), cx.time.question_limit, work);
            }
        }
        Ok(())
    }

    fn holds(&mut self, _: &Claim, target: &Target, cx: &mut Context<'_>) -> bool {
        let phone = target.address.phone();
        phone.is_some_and(|phone| self.awaited.contains_key(phone)) && cx.time.follow_first_left().is_some()
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        each(self.jobs.take(&mut cx.workers), |(number, result)| {
            let failed = |lost: Lost| Some(ProviderError::Transient(lost.words("listening")));
            let lost = |lost| PollResult { failed: failed(lost), ..PollResult::default() };
            self.on_answer(cx, &number, result.unwrap_or_else(lost))
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
    /// One list about this number has come.
    fn on_answer(&mut self, cx: &mut Context<'_>, number: &Phone, result: PollResult) -> Result<(), StoreError> {
        if let Some(error) = &result.failed {
            log::debug!("[CALL] what {number} said cannot be asked for: {error}");
        }
        if let Some(left) = self.awaited.get_mut(number) {
            *left = left.saturating_sub(1);
        }
        self.awaited.retain(|_, left| *left > 0);
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
    let rule = |told: &[Told]| hear::answer(heard, told, &owns, &config.hear.words);
    let outcome = match cx.world.store.hear(heard, cx.time.now(), &rule) {
        // One message that cannot be used must not stop the others.
        Err(error @ StoreError::Statement { .. }) => {
            log::error!("[CALL] what {} said cannot be used: {error}", heard.from);
            return Ok(());
        }
        other => other?,
    };
    let Some(outcome) = outcome else { return Ok(()) };
    cx.texts.extend(Text::about(config, heard, &outcome));
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
