//! `call-test`: one call outside the ladder, through the same provider code, guards, record and log.

use super::attempt::{Ready, arm, draft, situation};
use super::call_queue::slot_of;
use super::calls::Calls;
use super::context::Context;
use super::part::{Part, drive};
use super::recipient::Recipient;
use super::time::{LONGEST_WAIT, Time, WORTH_WAITING};
use super::world::World;
use crate::model::{
    Accepted, CallStatus, FenceReason, MESSAGE_CUT, MeetingWords, NotSent, NotSentCause, Outcome, Phone, Reason,
    Refusal, RejectionClass, Reply, RungKind, StepState, Target, Timestamp, Voice, cut, printable,
};
use crate::rules::guard;
use crate::store::{Begun, Facts, Result, StepResult};
use std::time::Duration;

/// What to try.
#[derive(Debug, Clone)]
pub struct TestCall {
    /// Id of the person, or `call-test` for a bare number.
    pub person: String,
    /// Who is called.
    pub to: Phone,
    /// What is said.
    pub message: String,
    /// How it is said.
    pub voice: Voice,
}

/// Places one test call. It obeys guards 0, 3, 5, 7 and 8; neither window nor limit, and it is never tried again.
pub fn test_call(world: &World, test: &TestCall) -> Result<StepResult> {
    let mut result = result_of(test);
    let Some(provider) = world.providers.of(RungKind::Call) else {
        set(&mut result, StepState::Failed, Reason::ProviderSetup, "the config has nobody who places calls");
        return Ok(result);
    };
    result.provider = Some(provider.kind());
    let (to, ring_timeout) = (Target::call(test.to.clone()), world.config.engine.ring_timeout);
    let recipient =
        Recipient { person: &test.person, name: &test.person, to, voice: &test.voice, ring_timeout, provider };
    let mut cx = Context::new(world, Time::new(world));
    let patience = world.clock.now().plus(WORTH_WAITING);
    loop {
        let now = world.clock.now();
        let (begun, ready) = begin(&mut cx, test, &recipient, now)?;
        match begun {
            Begun::Attempt(attempt) => {
                result.attempted_at = Some(attempt.intent_at);
                // The request has a deadline of its own.
                cx.time = Time::new(world);
                cx.time.limit = Duration::MAX;
                let mut placed = Placed { calls: Calls::default(), result: &mut result };
                placed.calls.send(&mut cx, attempt, &recipient, None, ready);
                drive(&mut cx, &mut [&mut placed])?;
                cx.clear_armed_files(&[])?;
            }
            Begun::Refused(refused) => result = refused,
            Begun::Waits(Reason::StopUnknown) => {
                let words = world.config.stop().words();
                let detail = words.as_deref().unwrap_or("it can be looked at again now");
                set(&mut result, StepState::Failed, Reason::StopUnknown, detail);
            }
            Begun::Waits(reason) => {
                let detail = "another call to this number is under way or less than the gap ago";
                set(&mut result, StepState::Skipped, reason, detail);
            }
            Begun::NoSlot { until, .. } if now < patience => {
                ready.give_back(&mut cx.armory);
                let wait = u64::try_from(until.since(now)).unwrap_or(0);
                world.clock.sleep(Duration::from_millis(wait).min(LONGEST_WAIT));
                continue;
            }
            Begun::NoSlot { .. } => {
                let detail = "other calls took every turn (calls_per_second); try again";
                set(&mut result, StepState::Skipped, Reason::Capacity, detail);
            }
            Begun::Gone => {}
        }
        return Ok(result);
    }
}

/// Guards, turn and attempt; and what its fence needs.
fn begin(cx: &mut Context<'_>, test: &TestCall, recipient: &Recipient<'_>, now: Timestamp) -> Result<(Begun, Ready)> {
    let world = cx.world;
    let say = |_: &[MeetingWords]| test.message.clone();
    let slot = slot_of(recipient.pace(), &test.person, now, &[]);
    let situation = situation(world, recipient, now, "call-test", !test.message.trim().is_empty());
    let saw = |facts: &Facts| guard::account(facts, &situation);
    let mut draft = draft(world, recipient, now, &say, &slot, &saw);
    let ready = arm(&mut cx.armory, world, &mut draft);
    let rule = |facts: &Facts| guard::decide(facts, &situation);
    Ok((world.store.begin_test_call(&draft, now, &rule)?, ready))
}

/// The one call, until its outcome is written down.
struct Placed<'r> {
    calls: Calls,
    result: &'r mut StepResult,
}

impl Part for Placed<'_> {
    fn take(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let replies = self.calls.replies(cx);
        for replied in &replies {
            outcome(self.result, &replied.reply);
        }
        self.calls.record(cx, replies)
    }

    fn wakes_in(&self, _: &Context<'_>) -> Option<Duration> {
        self.calls.outbox.wakes_in()
    }
}

fn outcome(result: &mut StepResult, reply: &Reply) {
    match &reply.outcome {
        Outcome::Accepted(Accepted { sid, status }) => {
            result.call_id = Some(sid.clone());
            let reason = if *status == CallStatus::Simulated { Reason::TestMode } else { Reason::Initiated };
            set(result, StepState::Executed, reason, "");
        }
        Outcome::Rejected(r) => {
            let reason = match r.class {
                RejectionClass::Capacity => Reason::Capacity,
                RejectionClass::Callee => Reason::InvalidNumber,
                RejectionClass::Ours => Reason::ProviderSetup,
                RejectionClass::Other => Reason::Rejected,
            };
            let words = r.code.map_or_else(|| r.message.clone(), |code| format!("{code} {}", r.message));
            set(result, StepState::Failed, reason, &words);
        }
        Outcome::NotSent(NotSent {
            cause: NotSentCause::Fenced(FenceReason::Stopped | FenceReason::Paused), ..
        }) => {
            set(result, StepState::Skipped, Reason::Paused, "since the request was begun");
        }
        Outcome::NotSent(NotSent { cause: NotSentCause::Fenced(FenceReason::StopUnknown), .. }) => {
            set(result, StepState::Failed, Reason::StopUnknown, "since the request was begun");
        }
        Outcome::NotSent(n) => set(result, StepState::Failed, Reason::NotSent, &n.detail),
        Outcome::Unknown(d) => set(result, StepState::Failed, Reason::Unknown, &d.detail),
    }
}

fn set(result: &mut StepResult, state: StepState, reason: Reason, detail: &str) {
    result.state = state;
    result.reason = reason;
    result.status = Refusal::new(state, reason, "").status();
    detail.clone_into(&mut result.detail);
}

fn result_of(test: &TestCall) -> StepResult {
    StepResult {
        status: Reason::Unknown.status(),
        reason: Reason::Unknown,
        detail: String::new(),
        state: StepState::Failed,
        step: None,
        incident: None,
        kind: RungKind::Call,
        event: "call-test".into(),
        person: test.person.clone(),
        title: String::new(),
        provider: None,
        call_id: None,
        to: Some(test.to.masked()),
        message: Some(cut(&printable(&test.message), MESSAGE_CUT)),
        due_at: None,
        attempted_at: None,
        in_doubt: false,
    }
}
