//! From a due step to a recorded outcome: claim, place, record.

use super::aim::{self, Recipient, Words};
use super::faults::Service;
use super::gate::Fence;
use super::line::slot_of;
use super::{Run, Sending, World};
use crate::model::{
    AttemptId, MESSAGE_CUT, MeetingWords, Outcome, ProviderKind, Reason, RejectionClass, Reply, Request, RequestFacts,
    Slot, StepId, StepState, Target, Timestamp, cut, printable,
};
use crate::rules::after;
use crate::rules::guard::{self, Situation};
use crate::store::{Attempt, AttemptDraft, Begun, Claim, Facts, Line, Recorded, StepResult, StoreError, Verdict};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Call steps of one person that fall due within this time share one call.
const MERGE_WITHIN: Duration = Duration::from_secs(60);

/// The span of the daily caps.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// An outcome the store could not write down yet.
pub(super) struct Unrecorded {
    attempt: AttemptId,
    by: Service,
    reply: Reply,
    steps: Vec<StepId>,
    /// Why not.
    pub(super) error: StoreError,
}

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
        deadline_boot_ms: boottime_ms.saturating_add(ms(engine.ends_within())),
        calls_since: now.minus(world.config.guards.max_calls_per),
        day_since: now.minus(DAY),
        merge_until: now.plus(MERGE_WITHIN),
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
        stopped: world.config.stopped(),
        person: recipient.person,
        event,
        guards: &world.config.guards,
        ring_timeout: recipient.ring_timeout,
        repeat: world.config.repeat,
    }
}

/// When the fence of this attempt closes for good, in milliseconds of boot time.
pub(super) fn send_by(world: &World, draft: &AttemptDraft<'_>) -> i64 {
    draft.intent_boot_ms.saturating_add(ms(world.config.engine.send_within()))
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

impl Run<'_> {
    /// Guards and attempt in one transaction; then the request is on its way, or the refusal is told. A claim that is to wait
    /// for everybody's next turn comes back.
    pub(super) fn claim(&mut self, claim: Claim) -> Result<Option<Claim>, StoreError> {
        let world = self.world;
        // A person who left the config has no open incident any more after `open`.
        let Some(person) = world.config.person(&claim.person) else { return Ok(None) };
        let Some(recipient) = aim::recipient(world, &claim, person) else {
            return self.no_target(claim).map(|()| None);
        };
        let now = world.clock.now();
        let (first, words) = (claim.words.clone(), Words::of(&world.config, &claim, person, now));
        let say = |meetings: &[MeetingWords]| words.say(meetings);
        let slot = slot_of(recipient.provider.pace(), &person.id, now);
        let has_message = !say(std::slice::from_ref(&first)).trim().is_empty();
        let situation = situation(world, &recipient, now, &first.uid, has_message);
        let saw = |facts: &Facts| guard::account(facts, &situation);
        let draft = draft(world, &recipient, now, &say, &slot, &saw);
        let send_by_boot_ms = send_by(world, &draft);
        let machine_now = self.machine_now();
        let rule = |facts: &Facts| late_by_both(guard::decide(facts, &situation), facts, now, machine_now);
        match world.store.begin_attempt(claim, &draft, now, &rule)? {
            Begun::Attempt(attempt) => {
                let subject = words.subject(&attempt.words);
                self.turn_taken(attempt.next_slot);
                self.send(attempt, &recipient, subject, send_by_boot_ms);
            }
            Begun::Refused(result) => self.refused(result, &first, now),
            Begun::Waits(reason) => log::debug!("[CALL] {} waits: {reason}", printable(&first.uid)),
            Begun::NoSlot { until, all, claim } => {
                let by = Service::of(recipient.provider.kind(), recipient.to.kind);
                self.turn_refused(by, until, all);
                return Ok(claim.filter(|_| all).map(|claim| *claim));
            }
            Begun::Gone => {}
        }
        Ok(None)
    }

    /// Hands a written attempt to a worker.
    pub(super) fn send(
        &mut self,
        attempt: Attempt,
        recipient: &Recipient<'_>,
        subject: Option<String>,
        send_by_boot_ms: i64,
    ) {
        let provider = Arc::clone(&recipient.provider);
        log::info!("[CALL] Provider={}", provider.kind());
        log::info!("[CALL] Initiating {} to {}", attempt.to.kind, attempt.to);
        let machine_detection = self.world.config.machine_detection;
        let request = Request { subject, machine_detection, ..request(&attempt, recipient) };
        let skew_ms = Arc::clone(&self.skew_ms);
        let fence = Fence { world: self.world.clone(), attempt: attempt.id, send_by_boot_ms, skew_ms };
        let clock = Arc::clone(&self.world.clock);
        self.jobs.place(attempt, request, provider, Arc::new(fence), clock, self.world.config.engine.hard_timeout);
    }

    /// An outcome came, in time or late: tell, and write it down.
    pub(super) fn replied(
        &mut self,
        attempt: AttemptId,
        by: Service,
        reply: Reply,
        claimed: Option<Attempt>,
    ) -> Result<(), StoreError> {
        tell_outcome(by.provider, &reply, claimed.as_ref().map(|a| &a.to));
        // A gateway's error page may carry any date.
        if matches!(reply.meta.http_status, Some(200..=299 | 400..=499)) {
            self.note_skew(reply.meta.skew_ms);
        }
        let steps = claimed.as_ref().map(|a| a.steps.clone()).unwrap_or_default();
        let now = self.world.clock.now();
        let rule = |facts: &crate::store::AfterFacts| after::of_reply(&reply, facts, now);
        let recorded = match claimed {
            Some(attempt) => self.world.store.record(attempt, &reply, now, &rule),
            None => self.world.store.record_late(attempt, &reply, now, &rule),
        };
        match recorded {
            Ok(recorded) => self.recorded(by, &reply, steps, recorded),
            Err(error) => {
                // An accepted call's id stands in the log already; it is written down as soon as the store lets us.
                log::warn!("[CALL] attempt {attempt} is not written down yet: {error}");
                self.unrecorded.push(Unrecorded { attempt, by, reply, steps, error });
                Ok(())
            }
        }
    }

    /// Tries once more to write down what the store could not take.
    pub(super) fn write_down_again(&mut self) {
        for mut left in std::mem::take(&mut self.unrecorded) {
            self.writes_left = self.writes_left.saturating_sub(1);
            let now = self.world.clock.now();
            let rule = |facts: &crate::store::AfterFacts| after::of_reply(&left.reply, facts, now);
            let done = match self.world.store.record_late(left.attempt, &left.reply, now, &rule) {
                Ok(recorded) => self.recorded(left.by, &left.reply, left.steps.clone(), recorded),
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                left.error = error;
                self.unrecorded.push(left);
            }
        }
    }

    fn recorded(
        &mut self,
        by: Service,
        reply: &Reply,
        steps: Vec<StepId>,
        recorded: Recorded,
    ) -> Result<(), StoreError> {
        if is_capacity(&reply.outcome) {
            self.had_their_try.extend(steps);
        } else {
            self.again_at.extend(recorded.again_at.map(|at| (by, at)));
        }
        self.tell_recorded(recorded);
        self.account_answered(by, reply)
    }

    /// Notes how far the machine's clock is off, as the provider sees it.
    pub(super) fn note_skew(&mut self, skew_ms: Option<i64>) {
        if let Some(skew) = skew_ms {
            self.skew_ms.store(skew, Ordering::Relaxed);
        }
        self.summary.note_skew(skew_ms.map(|skew| skew.saturating_add(self.correction_ms)));
    }

    pub(super) fn tell_recorded(&mut self, recorded: Recorded) {
        for result in recorded.steps {
            self.summary.add(result);
        }
        // The incident ended while the request was under way, or a call turned up for an attempt that was given up.
        if let Some(call) = recorded.hang_up {
            self.look_at(call);
        }
    }

    /// Keeps the fault "this account is refused" up to date, and stops sending while it begins.
    fn account_answered(&mut self, by: Service, reply: &Reply) -> Result<(), StoreError> {
        let key = by.fault();
        match &reply.outcome {
            Outcome::Rejected(r) if r.class == RejectionClass::Ours => {
                self.sending.insert(by, Sending::Stopped);
                let words = r.message.clone();
                let what = if by.messages { "messages of this account" } else { "this account" };
                self.fault(&key, true, || format!("[CALL] the provider refuses {what}: {words}"))
            }
            Outcome::Accepted(_) => {
                // A refusal in this tick stands, whatever was still under way.
                if self.sending.get(&by) == Some(&Sending::OneAtATime) {
                    self.sending.remove(&by);
                }
                self.fault(&key, false, String::new)
            }
            _ => Ok(()),
        }
    }

    /// A guard said no.
    fn refused(&mut self, result: StepResult, words: &MeetingWords, now: Timestamp) {
        match result.reason {
            Reason::OutsideCriticalWindow => {
                let before_s = words.starts_at.since(now).div_euclid(1000);
                log::warn!("[CALL] HARD STOP - Outside critical window ({before_s}s before)");
            }
            Reason::MaxCallsExceeded => {
                // People look for this line, which ends with the event: the limit stands in the result.
                let detail = result.detail.rsplit_once(", at most ").map_or(result.detail.as_str(), |(calls, _)| calls);
                log::warn!("[CALL] RATE LIMITED - {}", printable(detail));
            }
            _ if result.state == StepState::Failed => {
                log::warn!("[CALL] Call failed - Reason={}: {}", result.reason, printable(&result.detail));
            }
            _ => log::info!("[CALL] Skipped - Reason={}: {}", result.reason, printable(&result.detail)),
        }
        self.summary.add(result);
    }
}

/// What the provider gets.
fn request(attempt: &Attempt, recipient: &Recipient<'_>) -> Request {
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

fn tell_outcome(kind: ProviderKind, reply: &Reply, to: Option<&Target>) {
    match &reply.outcome {
        Outcome::Accepted(call) => {
            let status = if kind == ProviderKind::Test { Reason::TestMode } else { Reason::Initiated };
            log::info!("[CALL] Call SID={}", call.sid);
            if let Some(to) = to {
                log::info!("[CALL] To={to}");
            }
            log::info!("[CALL] Status={status}");
            log::info!("[CALL] Call completed - Status={status}, Provider={kind}");
        }
        Outcome::Rejected(r) => log::warn!("[CALL] Call failed - Reason={}", r.message),
        Outcome::NotSent(n) => log::warn!("[CALL] Call failed - Reason={}", n.detail),
        Outcome::Unknown(d) => {
            log::warn!("[CALL] Call failed - Reason=unknown: {}, Elapsed={}ms", d.detail, reply.meta.elapsed_ms);
        }
    }
}

/// A step is late, and so lost, only when the machine's clock says so as well as the corrected one.
fn late_by_both(verdict: Verdict, facts: &Facts, now: Timestamp, machine_now: Timestamp) -> Verdict {
    let late = |at: Timestamp| facts.step.as_ref().is_some_and(|step| step.deadline_at <= at);
    match verdict {
        Verdict::Refuse(refusal) if late(now) && !late(machine_now) => Verdict::Wait(refusal.reason),
        other => other,
    }
}

fn is_capacity(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected(r) if r.class == RejectionClass::Capacity)
}

/// The message as it may be shown.
pub(super) fn shown(message: &str) -> String {
    cut(&printable(message), MESSAGE_CUT)
}
