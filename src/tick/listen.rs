//! Inbound answers (replies, calls back, keys), asked for while their person has an open incident.
//!
//! Each tick reads the lists of what came in once, page by page. A few people are asked about one by one; for many, the
//! lists of what came to our numbers cost less, and each entry is given to whom it came from. What a page brings is used
//! at once, so that one that fails loses nothing of those before it. A due step to a number waits for all lists that may
//! show its answer, so that nobody is rung who has just answered; other steps do not wait. A failure to ask is a fault
//! and no more: the ladder goes on.

use super::context::Context;
use super::jobs::{Jobs, Lost};
use super::part::{OtherParts, Part, each};
use super::summary::HeardSeen;
use super::text::Text;
use crate::clock::Clock;
use crate::config::HearConfig;
use crate::model::{Heard, HeardEffect, HeardHow, Inbound, Phone, Target, Timestamp, Told, Waiting};
use crate::provider::{Ask, Hearing, ListPage, ProviderError};
use crate::rules::hear;
use crate::store::{CallScope, Claim, HeardOutcome, StoreError};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The fault "what people say cannot be asked for".
const FAULT: &str = "hearing";

/// Questions that are asked at once.
const PARALLEL: usize = 8;

/// Pages of the longest list about one number. The list of what came to one of our numbers, or of all keys, may go on for
/// longer, but never costs more than the questions it stands for.
const PAGES_MAX: usize = 10;

/// So many answers at most are used in one transaction, which holds up nobody for long.
const AT_ONCE: usize = 32;

/// Somebody who may have answered.
#[derive(Debug)]
struct Respondent {
    /// Nothing earlier is an answer.
    since: Timestamp,
    /// Calls of ours in which a key may have been pressed.
    calls: Vec<String>,
    /// Our numbers that something was sent from.
    numbers: Vec<Phone>,
    /// Ids of the people whose own number it is.
    owners: Vec<String>,
}

impl Respondent {
    /// Something else was sent to the same number.
    fn add(&mut self, other: Self) {
        self.since = self.since.min(other.since);
        self.calls.extend(other.calls);
        self.calls.sort();
        self.calls.dedup();
        self.numbers.extend(other.numbers);
    }
}

/// Everybody who may have answered.
#[derive(Debug, Default)]
struct Respondents {
    /// The numbers of the config, to which everybody may answer.
    ours: Vec<Phone>,
    by_number: HashMap<Phone, Respondent>,
    /// Whom each call went to.
    by_call: HashMap<String, Phone>,
    /// Their numbers; whose meeting starts first comes first.
    order: Vec<Phone>,
}

impl Respondents {
    fn add(&mut self, from: Phone, new: Respondent) {
        self.by_call.extend(new.calls.iter().map(|call| (call.clone(), from.clone())));
        match self.by_number.entry(from) {
            Entry::Occupied(mut known) => known.get_mut().add(new),
            Entry::Vacant(place) => {
                self.order.push(place.key().clone());
                place.insert(new);
            }
        }
    }

    /// What came in as an answer. `None`: it is from somebody else, came before anything was sent, or to a number that
    /// nothing was sent from.
    fn heard(&self, how: HeardHow, said: Inbound) -> Option<Heard> {
        let Inbound { sid, from, to, body: text, created_at: at, provider_at } = said;
        let known = self.by_number.get(&from)?;
        let to_us = self.ours.contains(&to) || known.numbers.contains(&to);
        // Our clock may have been turned since something was sent.
        let in_time = at >= known.since || provider_at >= known.since;
        let owners = known.owners.clone();
        (to_us && in_time).then_some(Heard { sid, how, from, owners, at, provider_at, text, call: None })
    }

    /// A key as an answer. `None`: it was pressed in another call.
    fn pressed(&self, call: String, key: char, now: Timestamp) -> Option<Heard> {
        let from = self.by_call.get(&call)?.clone();
        // Nobody says when it was pressed; the call was made for an incident that is open.
        let (how, at, provider_at) = (HeardHow::Key, now, now);
        let owners = self.by_number.get(&from)?.owners.clone();
        let (sid, text, call) = (format!("{call}-key"), key.to_string(), Some(call));
        Some(Heard { sid, how, from, owners, at, provider_at, text, call })
    }

    /// The keys that were pressed in calls to this number, one question for each.
    fn keys_of(&self, from: &Phone, hearing: &dyn Hearing, clock: &dyn Clock) -> PageResult {
        let mut result = PageResult::default();
        for call in self.by_number.get(from).into_iter().flat_map(|one| &one.calls) {
            match hearing.keys(call, clock.now()) {
                Ok(key) => result.heard.extend(key.and_then(|key| self.pressed(call.clone(), key, clock.now()))),
                Err(error) => _ = result.failed.get_or_insert(error),
            }
        }
        result
    }

    /// The lists that show all answers.
    fn lists(&self, config: &HearConfig) -> Vec<List> {
        let Some(since) = self.by_number.values().map(|one| one.since).min() else { return Vec::new() };
        let ours = self.numbers(self.by_number.values());
        // Even the longest lists of what came to our numbers cost no more than a question about each person.
        let together = self.order.len() > PAGES_MAX.saturating_mul(ours.len()) && !ours.is_empty();
        let keys_together = self.by_call.len() > PAGES_MAX;
        let wanted = [(Question::Messages, config.replies), (Question::CallsBack, config.call_back)];
        let inbound = wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(question, _)| question);
        let mut lists = Vec::new();
        if together {
            let pages_left = self.order.len() / ours.len();
            for (question, to) in inbound.clone().flat_map(|question| ours.iter().map(move |to| (question, *to))) {
                lists.push(List { question, from: None, to: Some(to.clone()), since, page: None, pages_left });
            }
        }
        if config.key_bin.is_some() && keys_together {
            let (question, pages_left) = (Question::Keys, self.by_call.len());
            lists.push(List { question, from: None, to: None, since, page: None, pages_left });
        }
        for (from, one) in self.order.iter().filter_map(|from| self.by_number.get_key_value(from)) {
            let keys = config.key_bin.is_some() && !keys_together && !one.calls.is_empty();
            // A list can be asked for by one of our numbers or by none.
            let to = if let [only] = self.numbers([one])[..] { Some(only.clone()) } else { None };
            for question in inbound.clone().filter(|_| !together).chain(keys.then_some(Question::Keys)) {
                let (from, to, pages_left) = (Some(from.clone()), to.clone(), PAGES_MAX);
                lists.push(List { question, from, to, since: one.since, page: None, pages_left });
            }
        }
        lists
    }

    /// The numbers of the config, and those that something was sent to them from, each once.
    fn numbers<'a>(&'a self, to: impl IntoIterator<Item = &'a Respondent>) -> Vec<&'a Phone> {
        let mut numbers: Vec<&Phone> = self.ours.iter().collect();
        for number in to.into_iter().flat_map(|one| &one.numbers) {
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        numbers
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Messages,
    CallsBack,
    Keys,
}

/// One list, as far as it is still to be read.
#[derive(Debug, Clone)]
struct List {
    question: Question,
    /// From this number; `None`: from everybody.
    from: Option<Phone>,
    /// To this number of ours; `None`: to any.
    to: Option<Phone>,
    /// Nothing of an earlier day.
    since: Timestamp,
    /// The page to go on with; `None`: the first.
    page: Option<String>,
    /// So many pages more are read at most.
    pages_left: usize,
}

/// What a page brings, and the first failure.
#[derive(Default)]
struct PageResult {
    heard: Vec<Heard>,
    next: Option<String>,
    failed: Option<ProviderError>,
}

impl PageResult {
    /// What counts as an answer on this page.
    fn of<T>(page: Result<ListPage<T>, ProviderError>, heard: impl Fn(T) -> Option<Heard>) -> Self {
        match page {
            Ok(ListPage { entries, flaw: failed, next }) => {
                Self { heard: entries.into_iter().filter_map(heard).collect(), next, failed }
            }
            Err(error) => Self { failed: Some(error), ..Self::default() },
        }
    }
}

impl List {
    /// Reads the page. Runs in a worker.
    fn read(&self, people: &Respondents, hearing: &dyn Hearing, clock: &dyn Clock) -> PageResult {
        let (from, to, page, now) = (self.from.as_ref(), self.to.as_ref(), self.page.as_deref(), clock.now());
        let ask = Ask { from, to, since: self.since, page, now };
        match (self.question, from) {
            (Question::Messages, _) => {
                PageResult::of(hearing.messages(&ask), |said| people.heard(HeardHow::Message, said))
            }
            (Question::CallsBack, _) => {
                PageResult::of(hearing.calls_back(&ask), |said| people.heard(HeardHow::Call, said))
            }
            (Question::Keys, None) => {
                PageResult::of(hearing.all_keys(&ask), |(call, key)| people.pressed(call, key, now))
            }
            (Question::Keys, Some(from)) => people.keys_of(from, hearing, clock),
        }
    }
}

/// The part that asks for inbound answers.
#[derive(Default)]
pub(super) struct Listening {
    /// Who is asked.
    hearing: Option<Arc<dyn Hearing>>,
    /// Who may have answered.
    people: Arc<Respondents>,
    queue: VecDeque<List>,
    jobs: Jobs<List, PageResult>,
    /// Answers that have come and are not used yet. What a tick has no time for is listed to the next one again.
    unused: VecDeque<Heard>,
    /// How many lists from this number are still to come, and how many answers are not used; `None`: lists from everybody.
    /// Due steps wait for them.
    awaited: HashMap<Option<Phone>, usize>,
    /// Was any list asked for, and what was the first failure?
    polled: bool,
    poll_error: Option<String>,
}

impl Part for Listening {
    /// Queues the lists of what may have been answered.
    fn begin(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let config = &cx.world.config;
        let Some(hearing) = cx.world.providers.hearing().filter(|_| config.hear.anything()) else { return Ok(()) };
        let mut people = Respondents { ours: hearing.numbers().to_vec(), ..Respondents::default() };
        for waiting in cx.world.store.waiting()? {
            let Waiting { person, contact, since, calls, numbers, .. } = waiting;
            let Some(number) = contact.or_else(|| Some(config.person(&person)?.phone.clone())) else { continue };
            people.add(number, Respondent { since, calls, numbers, owners: Vec::new() });
        }
        for person in &config.people {
            if let Some(known) = people.by_number.get_mut(&person.phone) {
                known.owners.push(person.id.clone());
            }
        }
        self.queue = people.lists(&config.hear).into();
        for list in &self.queue {
            *self.awaited.entry(list.from.clone()).or_default() += 1;
        }
        (self.hearing, self.people) = (Some(hearing), Arc::new(people));
        Ok(())
    }

    /// Asks for queued pages while there is room.
    fn start(&mut self, cx: &mut Context<'_>, _: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        let Some(hearing) = &self.hearing else { return Ok(()) };
        while self.jobs.running().len() < PARALLEL && !cx.time.is_over() {
            let Some(list) = self.queue.pop_front() else { break };
            let (hearing, clock, people) = (Arc::clone(hearing), Arc::clone(&cx.world.clock), Arc::clone(&self.people));
            let asked = list.clone();
            let work = move || asked.read(&people, hearing.as_ref(), clock.as_ref());
            self.jobs.start(&mut cx.workers, list, cx.time.question_limit, work);
        }
        Ok(())
    }

    fn holds(&mut self, _: &Claim, target: &Target, cx: &mut Context<'_>) -> bool {
        let Some(phone) = target.address.phone() else { return false };
        let about_all = self.awaited.contains_key(&None) && self.people.by_number.contains_key(phone);
        let about_them = || self.awaited.contains_key(&Some(phone.clone()));
        (about_all || about_them()) && cx.time.follow_first_left().is_some()
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        for (list, result) in self.jobs.take(&mut cx.workers) {
            let failed = |lost: Lost| Some(ProviderError::Transient(lost.words("listening")));
            let lost = |lost| PageResult { failed: failed(lost), ..PageResult::default() };
            self.on_answer(list, result.unwrap_or_else(lost));
        }
        let set: Vec<Heard> = self.unused.drain(..self.unused.len().min(AT_ONCE)).collect();
        if set.is_empty() {
            return Ok(());
        }
        apply(cx, &set)?;
        for heard in set {
            self.waits_no_longer(Some(heard.from));
        }
        Ok(())
    }

    fn wakes_in(&self, cx: &Context<'_>) -> Option<Duration> {
        let held = cx.time.follow_first_left().filter(|_| self.jobs.running().len() > 0);
        if self.unused.is_empty() { held } else { Some(Duration::ZERO) }
    }

    /// Keeps the fault up to date; a tick that asked for nothing says nothing about it.
    fn end(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        if !self.polled {
            return Ok(());
        }
        if self.queue.iter().any(|list| list.page.is_some()) {
            self.poll_error.get_or_insert_with(|| "the tick ended before a list did".into());
        }
        cx.fault(FAULT, self.poll_error.is_some(), || {
            let why = self.poll_error.as_deref().unwrap_or_default();
            format!("replies and calls back cannot be asked for and do not count: {why}")
        })
    }
}

impl Listening {
    /// A page has come, or will not.
    fn on_answer(&mut self, list: List, result: PageResult) {
        let PageResult { heard, next, mut failed } = result;
        for heard in &heard {
            *self.awaited.entry(Some(heard.from.clone())).or_default() += 1;
        }
        self.unused.extend(heard);
        match list.pages_left.saturating_sub(1) {
            pages_left @ 1.. if next.is_some() => {
                self.queue.push_front(List { page: next, pages_left, ..list });
            }
            _ => {
                if next.is_some() {
                    let too_long = "the provider's list of what came in does not end";
                    failed.get_or_insert_with(|| ProviderError::Transient(too_long.into()));
                }
                self.waits_no_longer(list.from);
            }
        }
        if let Some(error) = &failed {
            log::debug!("[CALL] what people said cannot be asked for: {error}");
        }
        self.polled = true;
        self.poll_error = self.poll_error.take().or(failed.map(|error| error.to_string()));
    }

    /// One list or answer less is awaited.
    fn waits_no_longer(&mut self, from: Option<Phone>) {
        if let Entry::Occupied(mut left) = self.awaited.entry(from) {
            *left.get_mut() = left.get().saturating_sub(1);
            if *left.get() == 0 {
                left.remove();
            }
        }
    }
}

/// Uses answers that were not used before.
fn apply(cx: &mut Context<'_>, set: &[Heard]) -> Result<(), StoreError> {
    let words = &cx.world.config.hear.words;
    let rule = |heard: &Heard, told: &[Told]| hear::answer(heard, told, words);
    match cx.world.store.hear(set, cx.time.now(), &rule) {
        // One message that cannot be used must not stop the others.
        Err(StoreError::Statement { .. }) if set.len() > 1 => each(set.chunks(1), |one| apply(cx, one)),
        Err(error @ StoreError::Statement { .. }) => {
            log::error!("[CALL] what {} said cannot be used: {error}", set[0].from);
            Ok(())
        }
        Err(error) => Err(error),
        Ok(outcomes) => each(set.iter().zip(outcomes), |(heard, outcome)| {
            outcome.map_or(Ok(()), |outcome| used(cx, heard, outcome))
        }),
    }
}

/// Does what follows from an answer, and says so.
fn used(cx: &mut Context<'_>, heard: &Heard, outcome: HeardOutcome) -> Result<(), StoreError> {
    cx.texts.extend(Text::about(&cx.world.config, heard, &outcome));
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
