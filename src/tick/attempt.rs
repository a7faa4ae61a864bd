//! The attempt that a step would have, what the guards look at, and the request it becomes.

use super::recipient::Recipient;
use super::world::World;
use crate::model::{MeetingWords, Request, RequestFacts, Slot, Timestamp};
use crate::owner::{Armory, Entry};
use crate::rules::guard::Situation;
use crate::store::{Attempt, AttemptDraft, Facts, Line};
use std::time::Duration;

/// Call steps of one person that fall due within this time share one call.
const MERGE_WITHIN: Duration = Duration::from_secs(60);

/// The span of the daily caps.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// The attempt that would be written now.
pub(super) fn draft<'a>(
    world: &World,
    recipient: &Recipient<'_>,
    now: Timestamp,
    say: &'a dyn Fn(&[MeetingWords]) -> String,
    slot: &'a dyn Fn(&Line) -> Slot,
    saw: &'a dyn Fn(&Facts) -> String,
) -> AttemptDraft<'a> {
    let (provider, engine) = (&recipient.provider, &world.config.engine);
    let boottime_ms = world.clock.boottime_ms();
    AttemptDraft {
        token: token(world, now),
        person: recipient.person.to_owned(),
        to: recipient.to.clone(),
        senders: provider.senders(),
        provider: provider.kind(),
        account: provider.account().to_owned(),
        owner: world.me.clone(),
        lease_until_boot_ms: boottime_ms.saturating_add(ms(engine.lease)),
        intent_boot_ms: boottime_ms,
        request_deadline_at: now.plus(engine.ends_within()),
        armed: None,
        deadline_boot_ms: boottime_ms.saturating_add(ms(engine.ends_within())),
        calls_since: now.minus(world.config.guards.max_calls_per),
        day_since: now.minus(DAY),
        listed: Vec::new(),
        merge_until: now.plus(MERGE_WITHIN),
        window: world.config.guards.critical_window,
        say,
        slot,
        saw,
    }
}

/// What the guards look at besides the facts.
pub(super) fn situation<'a>(
    world: &'a World,
    recipient: &'a Recipient<'_>,
    now: Timestamp,
    event: &'a str,
    has_message: bool,
) -> Situation<'a> {
    Situation {
        now,
        to: &recipient.to,
        has_message,
        stop: world.config.stop(),
        person: recipient.person,
        event,
        guards: &world.config.guards,
        ring_timeout: recipient.ring_timeout,
        repeat: world.config.repeat,
        unreachable_at: None,
        stop_unknown_at: None,
    }
}

/// What the fence of an attempt gets from its claim.
pub(super) struct Ready {
    /// A request may begin until then, in milliseconds of boot time.
    pub(super) send_by_boot_ms: i64,
    /// Where it is written that the request has begun.
    pub(super) entry: Option<Entry>,
}

impl Ready {
    /// No attempt was written down.
    pub(super) fn give_back(&self, armory: &mut Armory) {
        if let Some(entry) = &self.entry {
            armory.give_back(entry);
        }
    }
}

/// Arms an entry for the attempt of this draft, before it is written down.
pub(super) fn arm(armory: &mut Armory, world: &World, draft: &mut AttemptDraft<'_>) -> Ready {
    let entry = armory.arm(&draft.token);
    draft.armed = entry.as_ref().map(|entry| entry.mark().clone());
    let send_by_boot_ms = draft.intent_boot_ms.saturating_add(ms(world.config.engine.send_within()));
    Ready { send_by_boot_ms, entry }
}

fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Unique per attempt: the owner's process and its count. Mock and test ids are made of it.
fn token(world: &World, now: Timestamp) -> String {
    use std::hash::{BuildHasher, Hasher};
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // The hasher's keys are random per process: two hosts or a restored database do not repeat a token.
    let mut hasher = std::hash::RandomState::new().build_hasher();
    hasher.write(world.me.to_string().as_bytes());
    hasher.write_i64(now.ms());
    hasher.write_u64(COUNT.fetch_add(1, Ordering::Relaxed));
    format!("{:016x}", hasher.finish())
}

/// What the provider gets.
pub(super) fn request(attempt: &Attempt, recipient: &Recipient<'_>) -> Request {
    Request {
        token: attempt.token.clone(),
        key: attempt.key.clone(),
        event: attempt.words.first().map_or_else(|| "call-test".to_owned(), |m| m.uid.clone()),
        user: recipient.person.to_owned(),
        to: attempt.to.clone(),
        from: attempt.from.clone(),
        message: attempt.message.clone(),
        subject: None,
        voice: recipient.voice.clone(),
        ring_timeout: recipient.ring_timeout,
        machine_detection: false,
        facts: RequestFacts {
            incident: attempt.incident,
            step: attempt.step,
            name: recipient.name.to_owned(),
            meetings: attempt.words.clone(),
        },
        intent_at: attempt.intent_at,
    }
}
