//! `call-test`: one call outside the ladder, through the same provider code, guards, record and log.

use super::aim::Recipient;
use super::calls::{draft, send_by, shown, situation};
use super::jobs::Event;
use super::line::slot_of;
use super::{Run, World};
use crate::model::{
    FenceReason, MeetingWords, NotSent, NotSentCause, Outcome, Phone, Reason, Refusal, RejectionClass, Reply, RungKind,
    StepState, Target, Timestamp, Voice,
};
use crate::rules::guard;
use crate::store::{Begun, StepResult, StoreError};

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
pub fn test_call(world: &World, test: &TestCall) -> Result<StepResult, StoreError> {
    let mut run = Run::new(world, std::time::Instant::now());
    let mut result = result_of(test);
    let Some(recipient) = recipient(world, test) else {
        set(&mut result, StepState::Failed, Reason::ProviderSetup, "the config has nobody who places calls");
        return Ok(result);
    };
    result.provider = Some(recipient.provider.kind());
    let patience = world.clock.now().plus(super::WORTH_WAITING);
    loop {
        let now = world.clock.now();
        let (begun, send_by_boot_ms) = begin(world, test, &recipient, now)?;
        match begun {
            Begun::Attempt(attempt) => {
                result.attempted_at = Some(attempt.intent_at);
                run.send(attempt, &recipient, None, send_by_boot_ms);
                finish(&mut run, &mut result)?;
            }
            Begun::Refused(refused) => result = refused,
            Begun::Waits(reason) => {
                let detail = "another call to this number is under way or less than the gap ago";
                set(&mut result, StepState::Skipped, reason, detail);
            }
            Begun::NoSlot { until, .. } if now < patience => {
                let wait = u64::try_from(until.since(now)).unwrap_or(0);
                world.clock.sleep(std::time::Duration::from_millis(wait).min(super::LONGEST_WAIT));
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

/// Guards, turn and attempt; and when its fence closes.
fn begin(
    world: &World,
    test: &TestCall,
    recipient: &Recipient<'_>,
    now: Timestamp,
) -> Result<(Begun, i64), StoreError> {
    let say = |_: &[MeetingWords]| test.message.clone();
    let slot = slot_of(recipient.provider.pace(), &test.person, now);
    let situation = situation(world, recipient, now, "call-test", !test.message.trim().is_empty());
    let saw = |facts: &crate::store::Facts| guard::account(facts, &situation);
    let draft = draft(world, recipient, now, &say, &slot, &saw);
    let rule = |facts: &crate::store::Facts| guard::decide(facts, &situation);
    Ok((world.store.begin_test_call(&draft, now, &rule)?, send_by(world, &draft)))
}

/// Waits for the outcome and writes it down.
fn finish(run: &mut Run<'_>, result: &mut StepResult) -> Result<(), StoreError> {
    while run.jobs.any() {
        for event in run.jobs.wait(run.world.config.engine.tick_limit) {
            if let Event::Replied { attempt, by, reply, claimed } = event {
                outcome(result, &reply);
                run.replied(attempt, by, reply, claimed)?;
            }
        }
    }
    // Like a tick: what the store cannot take at once is tried again.
    for _ in 0..super::WRITE_AGAIN.1 {
        if run.unrecorded.is_empty() {
            break;
        }
        run.world.clock.sleep(super::WRITE_AGAIN.0);
        run.write_down_again();
    }
    run.unrecorded.pop().map_or(Ok(()), |left| Err(left.error))
}

fn outcome(result: &mut StepResult, reply: &Reply) {
    match &reply.outcome {
        Outcome::Accepted(call) => {
            result.call_id = Some(call.sid.clone());
            let simulated = call.status == crate::model::CallStatus::Simulated;
            let reason = if simulated { Reason::TestMode } else { Reason::Initiated };
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
        Outcome::NotSent(n) => set(result, StepState::Failed, Reason::NotSent, &n.detail),
        Outcome::Unknown(d) => set(result, StepState::Failed, Reason::Unknown, &d.detail),
    }
}

fn set(result: &mut StepResult, state: StepState, reason: Reason, detail: &str) {
    result.state = state;
    result.reason = reason;
    result.status = Refusal { state, reason, detail: String::new() }.status();
    detail.clone_into(&mut result.detail);
}

fn recipient<'t>(world: &World, test: &'t TestCall) -> Option<Recipient<'t>> {
    let (to, provider) = (Target::call(test.to.clone()), world.providers.of(RungKind::Call)?);
    let ring_timeout = world.config.engine.ring_timeout;
    Some(Recipient { person: &test.person, name: &test.person, to, voice: &test.voice, ring_timeout, provider })
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
        message: Some(shown(&test.message)),
        due_at: None,
        attempted_at: None,
    }
}
