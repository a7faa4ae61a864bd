//! What becomes of a step when its attempt has an outcome: guard 4 (retries) and guard 5 (graceful failure).
//!
//! What certainly did not leave this machine uses no try. The step goes back to `PENDING`; a tick tries it twice, a
//! second apart, and leaves the rest to the next one. It ends when its time is over (the guards) or would be over.

use crate::model::{
    Accepted, CallStatus, FenceReason, NotSent, NotSentCause, Outcome, Reason, Rejection, RejectionClass, Reply,
    RungKind, StepState, Timestamp,
};
use crate::model::{AfterFacts, Refusal, StepNext, Unsent};
use crate::rules::skew::ALARM_MS;
use std::time::Duration;

/// Guard 4: retries a step has after attempts that are proved absent. A command that cannot be started has as many: no
/// time mends that.
pub const RETRIES: u32 = 1;

/// A retry waits this long.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A step that went back is ready from its due time on: the clock itself may be what is wrong.
const FROM_ITS_DUE_TIME: Timestamp = Timestamp::from_ms(0);

/// A provider at its limit that names no time is asked again after this long.
const CAPACITY_WAIT: Duration = Duration::from_secs(2);

/// What becomes of the step, by the provider's whole answer. A call that it would dial only after the start is
/// cancelled (`Store::record`), so it did not ring.
pub fn of_reply(reply: &Reply, facts: &AfterFacts, now: Timestamp) -> StepNext {
    let wait = reply.meta.queued_for.filter(|wait| now.plus(*wait) >= facts.deadline_at);
    match (&reply.outcome, wait) {
        (Outcome::Accepted(call), Some(wait)) if facts.kind == RungKind::Call && call.status == CallStatus::Queued => {
            let words = format!("the provider would have dialled it in {} s, after the start", wait.as_secs());
            end(StepState::Failed, Reason::Capacity, words)
        }
        _ => next(&reply.outcome, facts, now),
    }
}

/// What becomes of a step whose sender was refused, while there are others: certain that nothing was processed, it goes
/// out from one of those.
pub const fn from_another_sender(now: Timestamp) -> StepNext {
    StepNext::Again { not_before: now, spends_try: false }
}

/// What becomes of the step, by the outcome alone.
pub fn next(outcome: &Outcome, facts: &AfterFacts, now: Timestamp) -> StepNext {
    match outcome {
        Outcome::Accepted(call) => accepted(call, facts),
        Outcome::Rejected(rejection) => rejected(rejection, facts, now),
        Outcome::NotSent(not_sent) => again_or_fail(not_sent, facts, now),
        // Whether it rang is not known: only reconciliation or time moves it on.
        Outcome::Unknown(_) => StepNext::Stay,
    }
}

fn end(state: StepState, reason: Reason, detail: impl Into<String>) -> StepNext {
    StepNext::End(Refusal::new(state, reason, detail))
}

fn accepted(call: &Accepted, facts: &AfterFacts) -> StepNext {
    let reason = match call.status {
        _ if facts.merged => Reason::Merged,
        CallStatus::Simulated => Reason::TestMode,
        _ => Reason::Initiated,
    };
    end(StepState::Executed, reason, "")
}

fn rejected(rejection: &Rejection, facts: &AfterFacts, now: Timestamp) -> StepNext {
    let words = rejection.code.map_or_else(|| rejection.message.clone(), |c| format!("{c} {}", rejection.message));
    match rejection.class {
        RejectionClass::Capacity => {
            let not_before = now.plus(rejection.retry_after.unwrap_or(CAPACITY_WAIT));
            if not_before >= facts.deadline_at {
                return end(StepState::Failed, Reason::Capacity, words);
            }
            // Certain that nothing was processed, so this does not spend the retry.
            StepNext::Again { not_before, spends_try: false }
        }
        RejectionClass::Callee => end(StepState::Failed, Reason::InvalidNumber, words),
        RejectionClass::Ours => end(StepState::Failed, Reason::ProviderSetup, words),
        RejectionClass::Other => end(StepState::Failed, Reason::Rejected, words),
    }
}

/// What becomes of a step whose call was found in the provider's list.
pub fn adopted(facts: &AfterFacts) -> StepNext {
    let reason = if facts.merged { Reason::Merged } else { Reason::Initiated };
    end(StepState::Executed, reason, "the answer was lost; the call was found at the provider")
}

/// What becomes of a step whose attempt is proved absent. It is certain that nothing rang, so the step has its one
/// retry.
pub fn absent(facts: &AfterFacts, now: Timestamp) -> StepNext {
    if facts.tries >= RETRIES || now >= facts.deadline_at {
        return end(StepState::Failed, Reason::NotSent, "the provider has no such call, and no try is left");
    }
    StepNext::Again { not_before: now, spends_try: true }
}

fn again_or_fail(not_sent: &NotSent, facts: &AfterFacts, now: Timestamp) -> StepNext {
    let NotSentCause::Fenced(reason) = not_sent.cause else { return unsent(not_sent, facts, now) };
    match reason {
        FenceReason::TooLate | FenceReason::StoreFailed | FenceReason::StopUnknown => unsent(not_sent, facts, now),
        FenceReason::WindowClosed if now >= facts.deadline_at => {
            end(StepState::Skipped, late(facts.kind), "the time was over before the request left")
        }
        FenceReason::Stopped => end(StepState::Skipped, Reason::Paused, "the STOP file exists"),
        // The next tick knows the clock's error better. Also when its time is over then by this clock: until every clock
        // says so it waits.
        FenceReason::ClockDoubt => StepNext::Again { not_before: FROM_ITS_DUE_TIME, spends_try: false },
        // An ended incident cancels its steps in the store; the guards say what is too early or paused. A shared call
        // goes on for the meeting that has neither ended nor started.
        FenceReason::IncidentEnded
        | FenceReason::Acknowledged
        | FenceReason::NotOurs
        | FenceReason::Paused
        | FenceReason::WindowClosed
        | FenceReason::TooEarly => StepNext::Again { not_before: now, spends_try: false },
    }
}

/// Nothing ends for lateness before the witness says so, too; `None`: there is none. Until then the guards decide. And
/// nothing waits for a moment of a clock that the witness does not confirm.
pub fn late_by_both(next: StepNext, facts: &AfterFacts, now: Timestamp, witness_now: Option<Timestamp>) -> StepNext {
    let by_time = |ended: &Refusal| match ended.reason {
        Reason::OutsideCriticalWindow | Reason::TooLate => true,
        Reason::NotSent => now.plus(RETRY_AFTER) >= facts.deadline_at,
        _ => false,
    };
    let contradicted = witness_now.is_none_or(|at| at.plus(RETRY_AFTER) < facts.deadline_at);
    let confirmed = witness_now.is_some_and(|at| at.since(now).abs() <= ALARM_MS);
    match next {
        StepNext::Again { not_before, spends_try: false } if !confirmed && not_before <= now.plus(RETRY_AFTER) => {
            StepNext::Again { not_before: FROM_ITS_DUE_TIME, spends_try: false }
        }
        StepNext::End(ended) if contradicted && by_time(&ended) => {
            StepNext::Again { not_before: FROM_ITS_DUE_TIME, spends_try: false }
        }
        next => next,
    }
}

/// Nothing left, and no rule had said so.
fn unsent(not_sent: &NotSent, facts: &AfterFacts, now: Timestamp) -> StepNext {
    let not_before = now.plus(RETRY_AFTER);
    let cannot_start = facts.kind == RungKind::Command && !matches!(not_sent.cause, NotSentCause::Fenced(_));
    if not_before >= facts.deadline_at || (cannot_start && facts.tries >= RETRIES) {
        return end(StepState::Failed, Reason::NotSent, Unsent::new(facts.unsent, &not_sent.detail).words());
    }
    StepNext::Again { not_before, spends_try: cannot_start }
}

/// The reason word of what came too late.
const fn late(kind: RungKind) -> Reason {
    if matches!(kind, RungKind::Call) { Reason::OutsideCriticalWindow } else { Reason::TooLate }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ReplyMeta;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn facts(tries: u32) -> AfterFacts {
        AfterFacts {
            kind: RungKind::Call,
            incident_open: true,
            deadline_at: NOW.plus(Duration::from_secs(60)),
            tries,
            unsent: 1,
            merged: false,
        }
    }

    fn rejection(class: RejectionClass, retry_after: Option<u64>) -> Outcome {
        let retry_after = retry_after.map(Duration::from_secs);
        Outcome::Rejected(Rejection { class, code: Some(20429), message: "Too many".into(), retry_after })
    }

    fn not_sent(cause: NotSentCause) -> Outcome {
        Outcome::NotSent(NotSent { cause, detail: "connection refused".into() })
    }

    #[test]
    fn a_call_that_would_be_dialled_at_the_start_or_later_has_failed_for_capacity() {
        let reply = |status, seconds: u64| Reply {
            outcome: Outcome::Accepted(Accepted { sid: "CA1".into(), status }),
            meta: ReplyMeta { queued_for: Some(Duration::from_secs(seconds)), ..ReplyMeta::default() },
        };
        let of = |reply: &Reply| ended(of_reply(reply, &facts(0), NOW));
        assert_eq!(of(&reply(CallStatus::Queued, 59)), (StepState::Executed, Reason::Initiated));
        assert_eq!(of(&reply(CallStatus::Queued, 60)), (StepState::Failed, Reason::Capacity));
        assert_eq!(of(&reply(CallStatus::Ringing, 60)), (StepState::Executed, Reason::Initiated), "it rings already");
        let message = AfterFacts { kind: RungKind::Sms, ..facts(0) };
        assert_eq!(ended(of_reply(&reply(CallStatus::Queued, 60), &message, NOW)).0, StepState::Executed);
    }

    fn ended(next: StepNext) -> (StepState, Reason) {
        match next {
            StepNext::End(r) => (r.state, r.reason),
            other => panic!("goes on: {other:?}"),
        }
    }

    #[test]
    fn what_did_not_leave_uses_no_try_and_is_tried_again_while_a_second_is_left() {
        let refused = |kind, seconds| {
            let deadline_at = NOW.plus(Duration::from_secs(seconds));
            let facts = AfterFacts { kind, deadline_at, unsent: 9, ..facts(RETRIES) };
            next(&not_sent(NotSentCause::Connect), &facts, NOW)
        };
        let again = StepNext::Again { not_before: NOW.plus(RETRY_AFTER), spends_try: false };
        let over = "tried 9 times and nothing left this machine: connection refused";
        for kind in [RungKind::Call, RungKind::Sms, RungKind::Email, RungKind::Webhook] {
            assert_eq!(refused(kind, 2), again, "{kind}");
            assert_eq!(refused(kind, 1), end(StepState::Failed, Reason::NotSent, over), "{kind}");
        }
        assert_eq!(refused(RungKind::Command, 600), end(StepState::Failed, Reason::NotSent, over), "cannot be started");
        let first = next(&not_sent(NotSentCause::Other), &AfterFacts { kind: RungKind::Command, ..facts(0) }, NOW);
        assert_eq!(first, StepNext::Again { not_before: NOW.plus(RETRY_AFTER), spends_try: true });
    }

    #[test]
    fn capacity_waits_as_asked_without_spending_the_retry_and_fails_at_the_start() {
        let wait = next(&rejection(RejectionClass::Capacity, Some(7)), &facts(1), NOW);
        assert_eq!(wait, StepNext::Again { not_before: NOW.plus(Duration::from_secs(7)), spends_try: false });
        let late = next(&rejection(RejectionClass::Capacity, Some(60)), &facts(0), NOW);
        assert_eq!(ended(late), (StepState::Failed, Reason::Capacity));
    }

    #[test]
    fn other_refusals_are_final() {
        for (class, reason) in [
            (RejectionClass::Callee, Reason::InvalidNumber),
            (RejectionClass::Ours, Reason::ProviderSetup),
            (RejectionClass::Other, Reason::Rejected),
        ] {
            assert_eq!(ended(next(&rejection(class, None), &facts(0), NOW)), (StepState::Failed, reason));
        }
    }

    #[test]
    fn an_unknown_outcome_never_retries_by_itself() {
        let doubt = Outcome::Unknown(crate::model::Doubt { detail: "silence".into() });
        assert_eq!(next(&doubt, &facts(0), NOW), StepNext::Stay);
    }

    #[test]
    fn a_proven_absence_gives_the_step_its_one_retry() {
        assert_eq!(absent(&facts(0), NOW), StepNext::Again { not_before: NOW, spends_try: true });
        assert_eq!(ended(absent(&facts(1), NOW)), (StepState::Failed, Reason::NotSent));
        let late = AfterFacts { deadline_at: NOW, ..facts(0) };
        assert_eq!(ended(absent(&late, NOW)), (StepState::Failed, Reason::NotSent));
    }

    #[test]
    fn the_fence_ends_a_step_with_its_own_reason() {
        let fenced = |r| next(&not_sent(NotSentCause::Fenced(r)), &facts(0), NOW);
        let started = AfterFacts { deadline_at: NOW, ..facts(0) };
        let late = next(&not_sent(NotSentCause::Fenced(FenceReason::WindowClosed)), &started, NOW);
        assert_eq!(ended(late), (StepState::Skipped, Reason::OutsideCriticalWindow));
        assert_eq!(ended(fenced(FenceReason::Stopped)), (StepState::Skipped, Reason::Paused));
        let again = StepNext::Again { not_before: NOW, spends_try: false };
        for reason in
            [FenceReason::IncidentEnded, FenceReason::TooEarly, FenceReason::WindowClosed, FenceReason::Paused]
        {
            assert_eq!(fenced(reason), again, "{reason}");
        }
        let later = StepNext::Again { not_before: NOW.plus(RETRY_AFTER), spends_try: false };
        assert!(FenceReason::NO_RULES.iter().all(|reason| fenced(*reason) == later));
        let doubt = StepNext::Again { not_before: FROM_ITS_DUE_TIME, spends_try: false };
        assert_eq!(fenced(FenceReason::ClockDoubt), doubt);
    }

    #[test]
    fn nothing_ends_for_lateness_while_the_witness_contradicts() {
        let late = AfterFacts { deadline_at: NOW, ..facts(0) };
        let by = |next: &StepNext, witness| late_by_both(next.clone(), &late, NOW, witness);
        let again = StepNext::Again { not_before: Timestamp::from_ms(0), spends_try: false };
        let closed = next(&not_sent(NotSentCause::Fenced(FenceReason::WindowClosed)), &late, NOW);
        let unsent = next(&not_sent(NotSentCause::Connect), &late, NOW);
        for next in [closed, unsent] {
            assert_eq!((by(&next, Some(NOW)), by(&next, Some(NOW.plus(RETRY_AFTER)))), (next.clone(), next.clone()));
            let before = NOW.minus(Duration::from_secs(31));
            assert_eq!((by(&next, None), by(&next, Some(before))), (again.clone(), again.clone()));
        }
        // What has another reason than the time ends.
        let spent = AfterFacts { kind: RungKind::Command, ..facts(RETRIES) };
        let cannot_start = next(&not_sent(NotSentCause::Other), &spent, NOW);
        assert_eq!(late_by_both(cannot_start.clone(), &spent, NOW, None), cannot_start);
        let stopped = next(&not_sent(NotSentCause::Fenced(FenceReason::Stopped)), &late, NOW);
        assert_eq!(by(&stopped, None), stopped);
    }

    #[test]
    fn a_retry_waits_for_no_moment_of_a_clock_that_nobody_confirms() {
        let unsent = next(&not_sent(NotSentCause::Connect), &facts(0), NOW);
        let by = |next: &StepNext, witness| late_by_both(next.clone(), &facts(0), NOW, witness);
        let confirmed = NOW.minus(Duration::from_secs(30));
        assert_eq!((by(&unsent, Some(NOW)), by(&unsent, Some(confirmed))), (unsent.clone(), unsent.clone()));
        let again = StepNext::Again { not_before: FROM_ITS_DUE_TIME, spends_try: false };
        let hour = Duration::from_secs(3600);
        for witness in [None, Some(NOW.plus(hour)), Some(NOW.minus(hour))] {
            assert_eq!(by(&unsent, witness), again);
        }
        // The provider says how long it wants to be left alone.
        let asked = StepNext::Again { not_before: NOW.plus(CAPACITY_WAIT), spends_try: false };
        assert_eq!(by(&asked, None), asked);
    }

    #[test]
    fn an_accepted_call_says_whether_it_was_real_simulated_or_shared() {
        let accepted = |status| Outcome::Accepted(Accepted { sid: "CA1".into(), status });
        assert_eq!(
            ended(next(&accepted(CallStatus::Queued), &facts(0), NOW)),
            (StepState::Executed, Reason::Initiated)
        );
        assert_eq!(
            ended(next(&accepted(CallStatus::Simulated), &facts(0), NOW)),
            (StepState::Executed, Reason::TestMode)
        );
        let shared = AfterFacts { merged: true, ..facts(0) };
        assert_eq!(ended(next(&accepted(CallStatus::Queued), &shared, NOW)), (StepState::Executed, Reason::Merged));
    }
}
