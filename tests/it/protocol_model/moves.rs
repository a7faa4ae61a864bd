//! What can happen next, and what must never have happened.

use super::numbers::{BYTES_LEAVE_WITHIN, ENDS_WITHIN, LAST_LOOK, NEVER, Protocol, SETTLE, START, Watch, Without};
use super::rows;
use super::search::Model;
use super::state::{Attempt, Heard, Keep, List, State, Step, Tick, Wire, Worker};
use savehub::model::{AttemptState, HangUpState, Reason, StepState, Verdict};
use savehub::rules::settle::OnUnknown;

/// What must never be seen before all else.
pub(crate) const TWO_CALLS: &str = "two calls for one step";

pub(crate) const AFTER_CHECK_IN: &str = "a call whose request passed the fence after check-in";
pub(crate) const ANOTHERS_CALL: &str = "a call is taken for another attempt's";
pub(crate) const NOT_HUNG_UP: &str = "a call goes on after check-in and is not marked to be hung up";

/// One move. The number is the process, or the attempt whose call or request it is. A process has its number until the
/// next move only: the two are alike, and `State::canonical` puts them in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Move {
    Time,
    CheckIn,
    /// The meeting has started: a tick closes the incident.
    Close,
    Settle(u8),
    AskList {
        tick: u8,
        shows: u8,
    },
    ReadList(u8),
    Claim {
        tick: u8,
        step: u8,
    },
    Refuse(u8),
    Fence(u8),
    Send(u8),
    ProviderMakesCall(u8),
    /// The request never arrives.
    Lose(u8),
    Hear(u8, Heard),
    Record(u8),
    /// The waiting thread goes on without an answer; its worker does not know.
    GiveUpWaiting(u8),
    Crash(u8),
    HangUp(u8),
}

/// Moves out of one state.
struct Out<'a> {
    from: &'a State,
    to: &'a mut Vec<(Move, State)>,
    /// There is something a tick would do at once.
    busy: bool,
    keep: Keep,
}

impl Out<'_> {
    /// Something a tick does at once when nothing holds it up.
    fn eager(&mut self, by: Move, change: impl FnOnce(&mut State)) {
        let changed = self.may(by, change);
        self.busy |= changed;
    }

    fn may(&mut self, by: Move, change: impl FnOnce(&mut State)) -> bool {
        let mut next = self.from.clone();
        change(&mut next);
        let next = next.canonical(self.keep);
        let changed = next != *self.from;
        if changed {
            self.to.push((by, next));
        }
        changed
    }

    /// Like `may`, but it costs a misfortune where those are counted.
    fn may_by_misfortune(&mut self, kind: bool, by: Move, change: impl FnOnce(&mut State)) {
        if !kind || self.from.misfortunes_left > 0 {
            self.may(by, |s| {
                change(s);
                s.misfortunes_left -= u8::from(kind);
            });
        }
    }
}

fn worker(s: &mut State, slot: u8) -> &mut Worker {
    &mut s.ticks[usize::from(slot)].worker
}

fn record(s: &mut State, slot: u8, attempt: u8, heard: Heard) {
    Protocol::record_heard(s, usize::from(attempt), heard);
    *worker(s, slot) = Worker::Idle;
}

impl Model for Protocol {
    type State = State;
    type Move = Move;

    fn first(&self) -> State {
        let step =
            |due: &u8| Step { state: StepState::Pending, reason: None, ready_at: *due, tries: 0, capacity: false };
        State {
            now: 0,
            ended: false,
            steps: self.rungs.iter().map(step).collect(),
            attempts: Vec::new(),
            ticks: [Tick::default(), Tick::default()],
            misfortunes_left: self.misfortunes.unwrap_or(0),
            listed: false,
        }
    }

    fn moves(&self, from: &State, to: &mut Vec<(Move, State)>) {
        let busy = self.at_once(from, to, from.ticks_are_alike());
        self.world(&mut Out { from, to, busy, keep: self.keep() });
    }

    fn wrong(&self, s: &State) -> Option<&'static str> {
        match self.watch {
            Watch::TwoCalls => self.two_calls(s),
            Watch::Limit => self.above_limit(s),
            Watch::HangUps => Self::not_hung_up(s),
            Watch::Owners => Self::taken_for_anothers(s),
            Watch::Everything => {
                let two_calls = if self.on_unknown == OnUnknown::Hold { self.two_calls(s) } else { None };
                let taken = Self::taken_for_anothers(s);
                let rest = || self.above_limit(s).or_else(|| Self::not_hung_up(s)).or_else(|| self.untrue(s));
                two_calls.or(taken).or_else(rest)
            }
        }
    }

    fn finished(&self, s: &State) -> bool {
        s.ended
            && s.steps.iter().all(Step::is_final)
            && s.open_attempts() == 0
            && s.attempts.iter().all(|a| !a.is_live() && !matches!(a.wire, Wire::InFlight { .. }))
    }
}

impl Protocol {
    /// Every move that takes no time, of one tick or of both. `true`: there is something a tick would do at once.
    pub(super) fn at_once(&self, from: &State, to: &mut Vec<(Move, State)>, one_tick: bool) -> bool {
        let mut out = Out { from, to, busy: false, keep: self.keep() };
        for slot in if one_tick { 0..1 } else { 0..2 } {
            self.tick(&mut out, slot);
            self.list(&mut out, slot);
            self.place(&mut out, slot);
        }
        self.provider(&mut out);
        if !from.ended && from.now >= START {
            let how = (StepState::Skipped, Reason::OutsideCriticalWindow);
            out.eager(Move::Close, |s| rows::end_incident(s, how));
        }
        out.busy
    }

    pub(super) fn keep(&self) -> Keep {
        Keep {
            names: self.in_sets,
            lists: self.is_kind() || self.lacks(Without::Patience),
            late_workers: matches!(self.without, Some(Without::Fence | Without::PromptBytes | Without::SendBy)),
            time: self.is_kind(),
        }
    }

    fn two_calls(&self, s: &State) -> Option<&'static str> {
        let calls = |step: usize| s.attempts.iter().filter(|a| usize::from(a.step) == step && a.made_a_call()).count();
        (0..self.rungs.len()).any(|step| calls(step) > 1).then_some(TWO_CALLS)
    }

    fn above_limit(&self, s: &State) -> Option<&'static str> {
        let calls = s.attempts.iter().filter(|a| a.made_a_call()).count();
        (calls > self.max_calls as usize).then_some("more calls than the limit")
    }

    fn taken_for_anothers(s: &State) -> Option<&'static str> {
        let taken = |(id, a): (usize, &Attempt)| a.sid.is_some_and(|call| usize::from(call) != id);
        s.attempts.iter().enumerate().any(taken).then_some(ANOTHERS_CALL)
    }

    fn not_hung_up(s: &State) -> Option<&'static str> {
        let unmarked = |a: &Attempt| a.state.is_open() && a.hang_up == HangUpState::None;
        if s.ended && s.attempts.iter().any(unmarked) {
            return Some("a request is under way after check-in and is not marked to be hung up");
        }
        let left_alone = |id: usize| {
            let a = &s.attempts[id];
            a.state == AttemptState::Accepted && s.live_call(id).is_some() && a.hang_up != HangUpState::Wanted
        };
        (s.ended && (0..s.attempts.len()).any(left_alone)).then_some(NOT_HUNG_UP)
    }

    /// What the rows say that is not so.
    fn untrue(&self, s: &State) -> Option<&'static str> {
        if s.attempts.iter().any(|a| a.too_late && a.made_a_call()) {
            return Some(AFTER_CHECK_IN);
        }
        if s.open_attempts() > 1 {
            return Some("two open attempts to one number");
        }
        for (id, step) in s.steps.iter().enumerate() {
            let own = || s.attempts.iter().filter(|a| usize::from(a.step) == id);
            if (step.state == StepState::Running) != (own().filter(|a| a.state.is_open()).count() == 1) {
                return Some("a step is running without its one open attempt, or has one and is not running");
            }
            if step.is_final() != step.reason.is_some() {
                return Some("a step is final without a reason, or has one and is not");
            }
            let said_silent = match step.state {
                StepState::Skipped => true,
                StepState::Failed => step.reason != Some(Reason::Unknown),
                _ => false,
            };
            if said_silent && own().any(Attempt::made_a_call) && self.on_unknown == OnUnknown::Hold {
                return Some("a step says that nothing rang, and its phone rang");
            }
            if step.reason == Some(Reason::Initiated) && !s.attempts.iter().any(Attempt::made_a_call) {
                return Some("a step says that it rang, and nothing did");
            }
        }
        None
    }

    /// The thread that owns a tick's decisions, but for the list.
    fn tick(&self, out: &mut Out<'_>, slot: u8) {
        let from = out.from;
        let me = &from.ticks[usize::from(slot)];
        out.eager(Move::Settle(slot), |s| self.settle(s, me.asked || !self.is_kind()));
        if let Some(id) = me.worker.attempt() {
            let waits = !matches!(me.worker, Worker::Heard(..));
            if waits && from.attempts[usize::from(id)].state == AttemptState::Sending {
                let over = from.now >= from.attempts[usize::from(id)].intent + ENDS_WITHIN;
                if over || !self.in_sets {
                    out.may(Move::GiveUpWaiting(slot), |s| Self::record_heard(s, usize::from(id), Heard::Unknown));
                }
                out.busy |= over;
            }
        } else {
            for step in 0..from.steps.len() {
                let row = &from.steps[step];
                if row.state != StepState::Pending || row.ready_at > from.now {
                    continue;
                }
                let id = u8::try_from(step).unwrap();
                match self.verdict(from, step) {
                    Verdict::Wait(_) => {}
                    Verdict::Refuse(refusal) => out.eager(Move::Refuse(id), |s| {
                        (s.steps[step].state, s.steps[step].reason) = (refusal.state, Some(refusal.reason));
                    }),
                    // The partial unique index holds even where the guards do not ask.
                    Verdict::Place if from.open_attempts() > 0 => {}
                    Verdict::Place => out.eager(Move::Claim { tick: slot, step: id }, |s| {
                        let attempt = rows::claim(s, slot, step);
                        *worker(s, slot) = Worker::Claimed(attempt);
                    }),
                }
            }
        }
        let kind = self.is_kind();
        out.may_by_misfortune(kind, Move::Crash(slot), |s| rows::crash(s, slot));
    }

    /// Asking the provider for its list, and reading what it says about doubtful attempts.
    fn list(&self, out: &mut Out<'_>, slot: u8) {
        let from = out.from;
        let me = &from.ticks[usize::from(slot)];
        if let Some(list) = &me.list {
            out.eager(Move::ReadList(slot), |s| {
                for (was, wanted) in [(AttemptState::Unknown, list.unknown), (AttemptState::Absent, list.given_up)] {
                    for id in (0..s.attempts.len()).filter(|id| wanted & (1 << id) != 0) {
                        self.reconcile(s, id, was, list);
                    }
                }
                s.listed |= self.is_kind() && list.asked == s.now;
                s.ticks[usize::from(slot)].list = None;
                s.ticks[usize::from(slot)].asked = self.is_kind();
            });
            return;
        }
        let unknown = from.bits(|a| a.state == AttemptState::Unknown);
        let given_up = from.bits(Attempt::is_given_up);
        if unknown | given_up == 0 || (self.smaller && from.ticks.iter().any(|t| t.list.is_some())) {
            return;
        }
        // What belongs to no attempt yet; the rest of the list says nothing.
        let may = from.bits(Attempt::made_a_call) & !from.known();
        let settled = from.bits(|a| matches!(a.wire, Wire::Call { until, .. } if until <= from.now));
        let must = if self.lacks(Without::WholeList) { 0 } else { may & settled };
        for shows in (0..=may).filter(|shows| shows & !may == 0 && shows & must == must) {
            out.may(Move::AskList { tick: slot, shows }, |s| {
                s.ticks[usize::from(slot)].list = Some(List { asked: from.now, shows, unknown, given_up });
            });
        }
        out.busy |= !from.listed;
    }

    /// The thread that places a call: fence, bytes, answer, record.
    fn place(&self, out: &mut Out<'_>, slot: u8) {
        let from = out.from;
        let kind = self.is_kind();
        match from.ticks[usize::from(slot)].worker {
            Worker::Idle => {}
            Worker::Claimed(a) => {
                out.eager(Move::Fence(slot), |s| match self.fence(s, slot, a) {
                    Ok(()) => {
                        *worker(s, slot) = Worker::Fenced(a, s.now);
                        s.attempts[usize::from(a)].too_late = s.ended;
                    }
                    Err(reason) => *worker(s, slot) = Worker::Heard(a, Heard::Fenced(reason)),
                });
            }
            Worker::Fenced(a, at) => {
                let prompt = from.now <= at + BYTES_LEAVE_WITHIN || self.lacks(Without::PromptBytes);
                if prompt {
                    out.eager(Move::Send(slot), |s| {
                        let deadline = s.now.max(s.attempts[usize::from(a)].intent + ENDS_WITHIN);
                        let late = self.lacks(Without::SettledProvider);
                        let until = if late { NEVER } else { deadline + SETTLE };
                        s.attempts[usize::from(a)].wire = Wire::InFlight { until };
                        *worker(s, slot) = Worker::Sent(a);
                    });
                }
                let none = Heard::NoConnection;
                if self.smaller {
                    return;
                }
                out.may_by_misfortune(kind, Move::Hear(slot, none), |s| self.hear(s, slot, a, none));
            }
            Worker::Sent(a) if self.in_sets => {
                let (wire, unknown) = (from.attempts[usize::from(a)].wire, Heard::Unknown);
                if matches!(wire, Wire::Call { .. }) {
                    out.eager(Move::Hear(slot, Heard::Accepted), |s| self.hear(s, slot, a, Heard::Accepted));
                }
                if wire == Wire::Gone {
                    out.eager(Move::Hear(slot, unknown), |s| self.hear(s, slot, a, unknown));
                } else {
                    out.may_by_misfortune(kind, Move::Hear(slot, unknown), |s| self.hear(s, slot, a, unknown));
                }
            }
            Worker::Sent(a) => {
                let mut may = |heard| out.may(Move::Hear(slot, heard), |s| self.hear(s, slot, a, heard));
                may(Heard::Unknown);
                match from.attempts[usize::from(a)].wire {
                    Wire::Call { .. } => may(Heard::Accepted),
                    // A request that never became a call may have been refused.
                    Wire::InFlight { .. } | Wire::Gone if !kind && !self.smaller => may(Heard::Capacity),
                    _ => false,
                };
            }
            Worker::Heard(a, heard) => {
                out.eager(Move::Record(slot), |s| record(s, slot, a, heard));
            }
        }
    }

    /// The outcome arrives and is written down. That is one move: writing it down later is hearing it later, and a
    /// process killed between the two is one killed before. Where outcomes are written in sets, it waits for others.
    fn hear(&self, s: &mut State, slot: u8, attempt: u8, heard: Heard) {
        if heard == Heard::Capacity {
            s.attempts[usize::from(attempt)].wire = Wire::Gone;
        }
        if self.in_sets {
            *worker(s, slot) = Worker::Heard(attempt, heard);
        } else {
            record(s, slot, attempt, heard);
        }
    }

    /// The provider makes calls of requests, and ends calls when a tick asks it to.
    fn provider(&self, out: &mut Out<'_>) {
        let from = out.from;
        for (id, attempt) in from.attempts.iter().enumerate() {
            let name = u8::try_from(id).unwrap();
            if let Wire::InFlight { until } = attempt.wire {
                // A provider that is late shows its call at once.
                let until = if until == NEVER { attempt.intent + ENDS_WITHIN + SETTLE } else { until };
                let made = out.may(Move::ProviderMakesCall(name), |s| {
                    s.attempts[id].wire = Wire::Call { at: s.now, until, over: false };
                });
                if self.in_sets {
                    out.busy |= made;
                    out.may_by_misfortune(true, Move::Lose(name), |s| s.attempts[id].wire = Wire::Gone);
                }
            }
            if attempt.state == AttemptState::Accepted && attempt.hang_up == HangUpState::Wanted {
                out.eager(Move::HangUp(name), |s| {
                    if let Some(Wire::Call { over, .. }) =
                        attempt.sid.map(|call| &mut s.attempts[usize::from(call)].wire)
                    {
                        *over = true;
                    }
                    s.attempts[id].hang_up = HangUpState::Done;
                });
            }
        }
    }

    /// Time, and the person.
    fn world(&self, out: &mut Out<'_>) {
        let from = out.from;
        let kind = self.is_kind();
        if !from.ended && !kind {
            let how = (StepState::Cancelled, Reason::Joined);
            out.may(Move::CheckIn, |s| rows::end_incident(s, how));
        }
        if from.now >= LAST_LOOK || (kind && out.busy) {
            return;
        }
        let lost = from.lost_with_time();
        if !kind || lost <= from.misfortunes_left {
            out.may(Move::Time, |s| {
                s.now += 1;
                s.listed = false;
                s.misfortunes_left = s.misfortunes_left.saturating_sub(lost);
            });
        }
    }
}
