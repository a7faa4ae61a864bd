//! What people say, asked for while something of theirs is open: replies, calls back, keys.
//!
//! Each number is asked about once in a tick, beside the calls and with workers of its own. A due step of that number
//! waits for the answer as it waits for the calls under way (at most [`super::FOLLOW_FIRST`]), so that nobody is rung who
//! has just answered; all others do not wait. What cannot be asked for is a fault, told quietly, and no more: the ladder
//! goes on.

use super::Run;
use super::summary::HeardSeen;
use crate::clock::Clock;
use crate::config::HearConfig;
use crate::model::{Heard, HeardEffect, HeardHow, Phone, Target, Timestamp, Waiting};
use crate::provider::{Ask, Hearing, ProviderError};
use crate::rules::hear;
use crate::store::{CallScope, StoreError};
use std::sync::Arc;

/// The fault "what people say cannot be asked for".
const DEAF: &str = "hearing";

/// What is listened for at one number.
#[derive(Debug, Clone)]
pub(super) struct Ear {
    /// The person's number.
    pub(super) from: Phone,
    /// Nothing earlier is an answer.
    since: Timestamp,
    /// Calls of ours in which a key may have been pressed.
    calls: Vec<String>,
    /// The numbers what was sent came from; those of the config are listened to besides.
    numbers: Vec<Phone>,
}

/// What was heard there, and the first thing that could not be asked for.
pub(super) struct Sounds {
    heard: Vec<Heard>,
    failed: Option<ProviderError>,
}

impl Sounds {
    pub(super) const fn failed(error: ProviderError) -> Self {
        Self { heard: Vec::new(), failed: Some(error) }
    }

    fn add<T>(&mut self, answer: Result<Vec<T>, ProviderError>, heard: impl Fn(T) -> Heard) {
        match answer {
            Ok(list) => self.heard.extend(list.into_iter().map(heard)),
            Err(error) => _ = self.failed.get_or_insert(error),
        }
    }
}

impl Ear {
    /// What is sent there.
    fn targets(&self) -> [Target; 2] {
        [Target::call(self.from.clone()), Target::sms(self.from.clone())]
    }

    fn ask(&self, clock: &dyn Clock) -> Ask<'_> {
        Ask { from: &self.from, also: &self.numbers, since: self.since, now: clock.now() }
    }

    /// Runs in a worker.
    pub(super) fn listen(&self, hearing: &dyn Hearing, config: &HearConfig, clock: &dyn Clock) -> Sounds {
        let mut sounds = Sounds { heard: Vec::new(), failed: None };
        let heard = |sid, how, at, text| Heard { sid, how, from: self.from.clone(), at, text, call: None };
        if config.replies {
            let messages = hearing.messages(&self.ask(clock));
            sounds.add(messages, |m| heard(m.sid, HeardHow::Message, m.created_at, m.body));
        }
        if config.call_back {
            let calls = hearing.calls_back(&self.ask(clock));
            sounds.add(calls, |c| heard(c.sid, HeardHow::Call, c.created_at, String::new()));
        }
        for call in self.calls.iter().filter(|_| config.key_bin.is_some()) {
            let key = hearing.keys(call, clock.now()).map(|key| key.into_iter().collect::<Vec<_>>());
            // When it was pressed nobody says; it was in a call that was made for what is open.
            sounds.add(key, |key| Heard {
                call: Some(call.clone()),
                ..heard(format!("{call}-key"), HeardHow::Key, clock.now(), key.to_string())
            });
        }
        sounds
    }
}

impl Run<'_> {
    /// Queues a question for every number that may have answered.
    pub(super) fn listen(&mut self) -> Result<(), StoreError> {
        let config = &self.world.config;
        let Some(hearing) = self.world.providers.hearing().filter(|_| config.hear.anything()) else { return Ok(()) };
        for waiting in self.world.store.waiting()? {
            let Some(person) = config.person(&waiting.person) else { continue };
            match self.to_hear.iter_mut().find(|ear| ear.from == person.phone) {
                Some(ear) => {
                    ear.since = ear.since.min(waiting.since);
                    ear.calls.extend(waiting.calls);
                    ear.calls.sort();
                    ear.calls.dedup();
                    ear.numbers.extend(waiting.numbers);
                }
                None => self.to_hear.push_back(Ear {
                    from: person.phone.clone(),
                    since: waiting.since,
                    calls: waiting.calls,
                    numbers: waiting.numbers,
                }),
            }
        }
        for target in self.to_hear.iter().flat_map(Ear::targets) {
            *self.looked_at_first.entry(target).or_default() += 1;
        }
        self.hearing = Some(hearing);
        Ok(())
    }

    /// Sends queued questions on their way, as long as there is room.
    pub(super) fn hear_queued(&mut self) {
        let Some(hearing) = self.hearing.clone() else { return };
        while self.jobs.has_ear_room() && !self.time_is_over() {
            let Some(ear) = self.to_hear.pop_front() else { return };
            let (hearing, world, asked) = (Arc::clone(&hearing), self.world.clone(), ear.clone());
            let work = move || asked.listen(hearing.as_ref(), &world.config.hear, world.clock.as_ref());
            self.jobs.hear(ear, work, self.look_limit());
        }
    }

    /// A number was listened to.
    pub(super) fn overheard(&mut self, ear: &Ear, sounds: Sounds) -> Result<(), StoreError> {
        for target in ear.targets() {
            self.no_longer_first(&target);
        }
        if let Some(error) = &sounds.failed {
            log::debug!("[CALL] what {} said cannot be asked for: {error}", ear.from);
        }
        self.listened = true;
        self.deaf = self.deaf.take().or(sounds.failed.map(|error| error.to_string()));
        sounds.heard.iter().try_for_each(|heard| self.heed(heard))
    }

    /// Uses one thing that was said, unless it was used before.
    fn heed(&mut self, heard: &Heard) -> Result<(), StoreError> {
        let config = &self.world.config;
        // Number by number, sign by sign: a stranger's words are nobody's.
        let owns = |id: &str| config.person(id).is_some_and(|person| person.phone == heard.from);
        let rule = |waiting: &[Waiting]| hear::answer(heard, waiting, &owns, &config.hear.words);
        let heeded = match self.world.store.hear(heard, self.world.clock.now(), &rule) {
            // One message that cannot be used must not stop the others.
            Err(error @ StoreError::Statement { .. }) => {
                log::error!("[CALL] what {} said cannot be used: {error}", heard.from);
                return Ok(());
            }
            other => other?,
        };
        let Some(heeded) = heeded else { return Ok(()) };
        log::info!("[CALL] Heard {} from {}: {}", heard.how, heard.from, heeded.effect);
        for incident in heeded.incidents.iter().filter(|_| heeded.hang_ups > 0) {
            self.follow(CallScope::HangUpsOf(*incident))?;
        }
        if heeded.effect == HeardEffect::Acknowledged {
            self.summary.acknowledged.extend(&heeded.incidents);
        }
        self.summary.heard.push(HeardSeen {
            how: heard.how,
            from: heard.from.masked(),
            effect: heeded.effect,
            incidents: heeded.incidents,
        });
        Ok(())
    }

    /// Keeps the fault up to date; a tick that asked for nothing says nothing about it.
    pub(super) fn tell_deafness(&mut self) -> Result<(), StoreError> {
        if !self.listened {
            return Ok(());
        }
        let why = self.deaf.take();
        self.fault(DEAF, why.is_some(), || {
            let why = why.as_deref().unwrap_or_default();
            format!("replies and calls back cannot be asked for and do not count: {why}")
        })
    }
}
