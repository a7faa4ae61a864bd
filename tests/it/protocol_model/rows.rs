//! What the store does with the rows, and every question the engine puts to the real rules of `savehub::rules`.

use super::numbers::{
    ENDS_WITHIN, LEASE, Protocol, RING_TIMEOUT, SETTLE, START, Without, boot, engine, span, unit_of, wall,
};
use super::state::{Attempt, Heard, List, State, Wire, Worker};
use savehub::model::{
    Accepted, AfterFacts, AttemptId, AttemptState, CallStatus, Doubt, Facts, FenceFacts, FenceReason, Finding,
    HangUpState, IncidentState, LaterRungs, ListedCall, NotSent, NotSentCause, NumberFacts, OpenAttempt, Outcome,
    Reason, Rejection, RejectionClass, Repeat, RungKind, Settle, StepFacts, StepNext, StepState, Stop, Verdict, When,
};
use savehub::owner::Owner;
use savehub::rules::reconcile::Search;
use savehub::rules::settle::{LookupStatus, OwnerSeen};
use savehub::rules::{after, fence, guard, reconcile, settle};

fn owner(slot: Option<u8>) -> Owner {
    Owner::new("boot", slot.map_or(99, u32::from), 1)
}

fn incident(s: &State) -> IncidentState {
    if s.ended { IncidentState::Resolved } else { IncidentState::Escalating }
}

fn after_facts(s: &State, step: usize) -> AfterFacts {
    AfterFacts {
        kind: RungKind::Call,
        incident_open: !s.ended,
        deadline_at: wall(START),
        tries: u32::from(s.steps[step].tries),
        unsent: 1,
        merged: false,
    }
}

impl Protocol {
    /// What the guards say of a pending step that is ready.
    pub(super) fn verdict(&self, s: &State, step: usize) -> Verdict {
        let newest = |of: &dyn Fn(usize, &Attempt) -> bool| {
            s.attempts.iter().enumerate().filter(|(i, a)| of(*i, a)).map(|(_, a)| wall(a.intent)).max()
        };
        let due = || {
            let rungs = s.steps.iter().zip(&self.rungs).skip(step + 1);
            rungs.filter(|(later, due)| later.state == StepState::Pending && **due <= s.now)
        };
        let of_later = || s.attempts.iter().filter(|a| usize::from(a.step) > step && a.counts());
        let later = LaterRungs {
            called: of_later().next().is_some(),
            due: due().next().map(|_| When::Unanswered),
            ready: due().any(|(later, _)| later.ready_at <= s.now),
        };
        let counted = u32::try_from(s.attempts.iter().filter(|a| a.counts()).count()).unwrap();
        let doubted = [AttemptState::Unknown, AttemptState::Absent, AttemptState::Abandoned];
        let untaken = s.attempts.iter().filter(|a| a.counts() && doubted.contains(&a.state));
        let untaken = u32::try_from(untaken.count()).unwrap();
        let facts = Facts {
            step: Some(StepFacts {
                incident_state: incident(s),
                current: true,
                starts_at: wall(START),
                due_at: wall(self.rungs[step]),
                first_due_at: wall(self.rungs[0]),
                deadline_at: wall(START),
                when: When::Unanswered,
                recent_calls: counted,
                recent_untaken: untaken,
                later,
                refused_for_capacity: s.steps[step].capacity,
                unsent: None,
            }),
            number: NumberFacts {
                open_attempt: s.open_attempts() > 0,
                live_since: newest(&|i, _| s.live_call(i).is_some()),
                last_rang_at: newest(&|_, a| a.counts() && a.state != AttemptState::Absent),
                listed: Vec::new(),
            },
            pause: None,
            calls_of_person_today: counted,
            calls_today: counted,
            untaken_of_person_today: untaken,
            untaken_today: untaken,
        };
        let situation = guard::Situation {
            now: wall(s.now),
            to: &self.phone,
            has_message: true,
            stop: Stop::Absent,
            person: "ana",
            event: "standup",
            guards: &self.guards,
            ring_timeout: span(RING_TIMEOUT),
            repeat: Repeat::UntilAnswered,
            unreachable_at: None,
            stop_unknown_at: None,
        };
        guard::decide(&facts, &situation)
    }

    /// May this process's bytes leave?
    pub(super) fn fence(&self, s: &State, slot: u8, attempt: u8) -> Result<(), FenceReason> {
        if self.lacks(Without::Fence) {
            return Ok(());
        }
        let a = &s.attempts[usize::from(attempt)];
        let facts = FenceFacts {
            state: a.state,
            owner: owner(a.owner),
            hang_up: a.hang_up,
            incidents_open: Some(!s.ended),
            acknowledged: false,
            pause: None,
            kind: RungKind::Call,
            due: Some((wall(self.rungs[usize::from(a.step)]), wall(START))),
        };
        let limit = if self.lacks(Without::SendBy) { span(LEASE) / 2 } else { engine().send_within() };
        let moment = fence::Moment {
            now: wall(s.now),
            provider_now: None,
            boottime_ms: boot(s.now),
            send_by_boot_ms: boot(a.intent) + i64::try_from(limit.as_millis()).unwrap(),
            window: span(START),
            repeat: Repeat::UntilAnswered,
            stop: &Stop::Absent,
            me: &owner(Some(slot)),
        };
        fence::pass(&facts, &moment)
    }

    /// Lets time pass over the open attempts.
    pub(super) fn settle(&self, s: &mut State, asked: bool) {
        let moment = settle::Moment {
            now: wall(s.now),
            boottime_ms: boot(s.now),
            settle: span(SETTLE),
            on_unknown: self.on_unknown,
        };
        let asked = match asked {
            false => LookupStatus::NotYet,
            true if self.is_kind() => LookupStatus::Read,
            true => LookupStatus::Unreadable,
        };
        for id in 0..s.attempts.len() {
            let a = &s.attempts[id];
            if !a.state.is_open() {
                continue;
            }
            let pending = s.steps.iter().filter(|step| step.state == StepState::Pending);
            let open = OpenAttempt {
                id: AttemptId(i64::try_from(id).unwrap()),
                state: a.state,
                owner: owner(a.owner),
                lease_until_boot_ms: boot(a.intent + LEASE),
                request_deadline_at: wall(a.intent + ENDS_WITHIN),
                deadline_boot_ms: boot(a.intent + ENDS_WITHIN),
                tries: u32::from(s.steps[usize::from(a.step)].tries),
                in_doubt: 1,
                to: self.phone.clone(),
                deadline_at: Some(wall(START)),
                next_rung_due: pending.map(|step| wall(step.ready_at)).min(),
                server: None,
                token: String::new(),
                armed: None,
            };
            let owner = OwnerSeen { same_boot: true, alive: Some(a.owner.is_some()), never_began: a.never_began };
            match settle::settle(&open, owner, asked, &moment) {
                Settle::Keep => {}
                Settle::NeverBegan => Self::never_began(s, id),
                Settle::Unknown => s.attempts[id].state = AttemptState::Unknown,
                Settle::Abandon => abandon(s, id, false),
                Settle::AbandonAndCall => abandon(s, id, true),
            }
        }
    }

    /// Looks one attempt up in a list, as it was when the list was asked for.
    pub(super) fn reconcile(&self, s: &mut State, id: usize, was: AttemptState, list: &List) {
        let state = s.attempts[id].state;
        let given_up = s.attempts[id].is_given_up();
        if !(state == AttemptState::Unknown || (given_up && s.open_attempts() == 0)) {
            return;
        }
        // A later attempt without an answer has the better claim to a call that was made after it was written.
        let later = s.attempts.iter().skip(id + 1).filter(|b| b.sid.is_none() && b.counts());
        let later = later.filter(|b| b.state != AttemptState::Absent).map(|b| b.intent).min();
        let mut calls = Vec::new();
        for (call, a) in s.attempts.iter().enumerate() {
            let known = s.known() & (1 << call) != 0;
            if let (Wire::Call { at, over, .. }, false) = (a.wire, known || list.shows & (1 << call) == 0) {
                let status = if over { CallStatus::Completed } else { CallStatus::Ringing };
                calls.push((
                    call,
                    ListedCall {
                        sid: call.to_string(),
                        from: savehub::model::Address::Named("ours".into()),
                        status,
                        created_at: wall(at),
                        tag: None,
                    },
                ));
            }
        }
        let intent = s.attempts[id].intent;
        let (deadline, patience) =
            if self.lacks(Without::Patience) { (intent, 0) } else { (intent + ENDS_WITHIN, SETTLE) };
        let search = Search {
            tag: None,
            state: was,
            same_boot: true,
            server: None,
            intent: (wall(intent), boot(intent)),
            deadline: (wall(deadline), boot(deadline)),
            asked: (wall(list.asked), boot(list.asked)),
            answered_boot_ms: boot(list.asked),
            server_now: wall(list.asked),
            settle: span(patience),
            later: later.map(|intent| reconcile::Written {
                same_boot: true,
                intent: (wall(intent), boot(intent)),
                server: None,
            }),
        };
        let listed: Vec<ListedCall> = calls.iter().map(|(_, call)| call.clone()).collect();
        match reconcile::find(&search, &listed) {
            Finding::Adopt(index) => Self::record(s, id, Some(calls[index].0), &accepted(), after::adopted),
            Finding::Absent if state == AttemptState::Unknown => {
                let now = wall(s.now);
                s.attempts[id].state = AttemptState::Absent;
                move_step(s, id, |facts| after::absent(facts, now));
            }
            Finding::Absent | Finding::Nothing => {}
        }
    }

    /// Writes the outcome a worker heard.
    pub(super) fn record_heard(s: &mut State, id: usize, heard: Heard) {
        let not_sent = |cause| Outcome::NotSent(NotSent { cause, detail: String::new() });
        let outcome = match heard {
            Heard::Accepted => accepted(),
            Heard::Unknown => Outcome::Unknown(Doubt { detail: String::new() }),
            Heard::Fenced(reason) => not_sent(NotSentCause::Fenced(reason)),
            Heard::NoConnection => not_sent(NotSentCause::Connect),
            Heard::Capacity => Outcome::Rejected(Rejection {
                class: RejectionClass::Capacity,
                code: None,
                message: String::new(),
                retry_after: None,
            }),
        };
        let now = wall(s.now);
        Self::record(s, id, Some(id), &outcome, |facts| after::next(&outcome, facts, now));
    }

    /// The store's `never_began`.
    fn never_began(s: &mut State, id: usize) {
        let not_sent = NotSent { cause: NotSentCause::Other, detail: String::new() };
        let again = StepNext::Again { not_before: wall(s.now), spends_try: false };
        Self::record(s, id, None, &Outcome::NotSent(not_sent), |_| again.clone());
    }

    /// The store's `record`: the closed table of moves, the step with it, and the wish to hang up.
    fn record(
        s: &mut State,
        id: usize,
        call: Option<usize>,
        outcome: &Outcome,
        rule: impl Fn(&AfterFacts) -> StepNext,
    ) {
        use AttemptState as A;
        let before = s.attempts[id].state;
        let to = match (before, outcome) {
            (A::Sending | A::Unknown | A::Absent | A::Abandoned, Outcome::Accepted(_)) => A::Accepted,
            (A::Sending | A::Unknown, Outcome::Rejected(_)) => A::Rejected,
            (A::Sending | A::Unknown, Outcome::NotSent(_)) => A::NotSent,
            (A::Sending, Outcome::Unknown(_)) => A::Unknown,
            _ => return,
        };
        if to == A::Accepted {
            let sid = call.and_then(|c| u8::try_from(c).ok());
            if s.attempts.iter().any(|a| a.sid == sid) {
                // `sid unique`: the transaction fails and changes nothing.
                return;
            }
            s.attempts[id].sid = sid;
        }
        s.attempts[id].state = to;
        let rang_nobody = matches!(to, A::NotSent | A::Rejected);
        let over = to == A::Accepted && s.live_call(id).is_none();
        if s.attempts[id].hang_up == HangUpState::Wanted && (rang_nobody || over) {
            s.attempts[id].hang_up = HangUpState::Moot;
        }
        if before.is_open() && !to.is_open() {
            s.steps[usize::from(s.attempts[id].step)].capacity = to == A::Rejected;
            move_step(s, id, rule);
        }
        let unwished = s.attempts[id].hang_up == HangUpState::None;
        if to == A::Accepted && !before.is_open() && unwished && !over {
            let later = s.attempts[id + 1..].iter().any(|b| b.counts() && b.state != A::Absent);
            if before == A::Absent || s.ended || later {
                s.attempts[id].hang_up = HangUpState::Wanted;
            }
        }
    }
}

fn abandon(s: &mut State, id: usize, call_again: bool) {
    s.attempts[id].state = AttemptState::Abandoned;
    let again = StepNext::Again { not_before: wall(s.now), spends_try: true };
    let failed = end(StepState::Failed, Reason::Unknown);
    move_step(s, id, |facts| if call_again || !facts.incident_open { again } else { failed });
}

fn end(state: StepState, reason: Reason) -> StepNext {
    StepNext::End(savehub::model::Refusal::new(state, reason, ""))
}

fn accepted() -> Outcome {
    Outcome::Accepted(Accepted { sid: "CA".into(), status: CallStatus::Ringing })
}

/// The store's `move_steps`, for the one step of an attempt.
fn move_step(s: &mut State, id: usize, rule: impl FnOnce(&AfterFacts) -> StepNext) {
    let step = usize::from(s.attempts[id].step);
    if s.steps[step].state != StepState::Running {
        return;
    }
    let next = match rule(&after_facts(s, step)) {
        StepNext::Stay => end(StepState::Failed, Reason::Unknown),
        StepNext::Again { .. } if s.ended => end(StepState::Cancelled, Reason::IncidentResolved),
        next => next,
    };
    let row = &mut s.steps[step];
    match next {
        StepNext::End(refusal) => (row.state, row.reason) = (refusal.state, Some(refusal.reason)),
        StepNext::Again { not_before, spends_try } => {
            row.state = StepState::Pending;
            row.ready_at = unit_of(not_before);
            row.tries += u8::from(spends_try);
        }
        StepNext::Stay => {}
    }
}

/// The store's `end` of an incident: pending steps end, and whatever rings or may still ring is to be hung up.
pub(super) fn end_incident(s: &mut State, pending: (StepState, Reason)) {
    s.ended = true;
    for step in s.steps.iter_mut().filter(|step| step.state == StepState::Pending) {
        (step.state, step.reason) = (pending.0, Some(pending.1));
    }
    for id in 0..s.attempts.len() {
        let open = s.attempts[id].state.is_open();
        let live = s.attempts[id].state == AttemptState::Accepted && s.live_call(id).is_some();
        if (open || live) && s.attempts[id].hang_up == HangUpState::None {
            s.attempts[id].hang_up = HangUpState::Wanted;
        }
    }
}

/// The claim: `PENDING` -> `RUNNING`, and an attempt in `SENDING`, in one transaction.
pub(super) fn claim(s: &mut State, slot: u8, step: usize) -> u8 {
    s.steps[step].state = StepState::Running;
    s.attempts.push(Attempt {
        step: u8::try_from(step).unwrap(),
        state: AttemptState::Sending,
        owner: Some(slot),
        intent: s.now,
        hang_up: HangUpState::None,
        sid: None,
        wire: Wire::Home,
        never_began: false,
        too_late: false,
    });
    u8::try_from(s.attempts.len() - 1).unwrap()
}

/// A process ends, however: its requests under way go on, its attempts have no owner any more.
pub(super) fn crash(s: &mut State, slot: u8) {
    let tick = std::mem::take(&mut s.ticks[usize::from(slot)]);
    if let Worker::Claimed(id) | Worker::Heard(id, Heard::Fenced(_)) = tick.worker {
        s.attempts[usize::from(id)].never_began = true;
    }
    for attempt in s.attempts.iter_mut().filter(|a| a.owner == Some(slot)) {
        attempt.owner = None;
    }
}
