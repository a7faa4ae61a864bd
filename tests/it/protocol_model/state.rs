//! What the model remembers: the rows of the store, the two processes, the requests under way, the calls.

use super::numbers::{BYTES_LEAVE_WITHIN, ENDS_WITHIN, LAST_LOOK, NUMBER_GAP, RINGS, SETTLE, START};
use savehub::model::{AttemptState, FenceReason, HangUpState, Reason, StepState};

/// Everything. Times are whole units since the first rung fell due.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) now: u8,
    /// The incident has ended: by check-in, or because its meeting started.
    pub(crate) ended: bool,
    pub(crate) steps: Vec<Step>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) ticks: [Tick; 2],
    /// In a kind world: how many misfortunes may still come, and whether the list was read in this unit of time.
    pub(crate) misfortunes_left: u8,
    pub(crate) listed: bool,
}

/// A row of `steps`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    pub(crate) state: StepState,
    pub(crate) reason: Option<Reason>,
    /// 0 once it has passed.
    pub(crate) ready_at: u8,
    pub(crate) tries: u8,
    /// Its last attempt was refused for the provider's capacity.
    pub(crate) capacity: bool,
}

/// A row of `attempts`, and the one request it can become.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Attempt {
    pub(crate) step: u8,
    pub(crate) state: AttemptState,
    /// Which of the two processes wrote it; `None` when that one is gone. Kept while it matters.
    pub(crate) owner: Option<u8>,
    pub(crate) intent: u8,
    pub(crate) hang_up: HangUpState,
    /// Its call by the store's belief: the attempt whose request made that call.
    pub(crate) sid: Option<u8>,
    /// The truth about its own request.
    pub(crate) wire: Wire,
    /// Its process is gone and has left the proof that the fence was never passed. Kept while it matters.
    pub(crate) never_began: bool,
    /// Its request passed the fence after the incident had ended.
    pub(crate) too_late: bool,
}

/// A request, and the call it may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Wire {
    /// No byte has left.
    Home,
    /// The provider may make its call as long as it is earlier than `until`.
    InFlight { until: u8 },
    /// The provider made its call `at`; its list may lack it until `until`.
    Call { at: u8, until: u8, over: bool },
    /// No call can come of it any more.
    Gone,
}

/// One process running a tick, or about to be started: a crash and the start of the next tick are one move.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tick {
    pub(crate) worker: Worker,
    pub(crate) list: Option<List>,
    /// The provider was asked for its list (or could not be): attempts may be given up.
    pub(crate) asked: bool,
}

/// The thread that places the call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Worker {
    #[default]
    Idle,
    Claimed(u8),
    /// The fence was passed `at`; no byte of the body has left.
    Fenced(u8, u8),
    /// Waits for the answer.
    Sent(u8),
    /// It knows what came of it, which is not written down yet.
    Heard(u8, Heard),
}

/// What comes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Heard {
    Accepted,
    Unknown,
    Fenced(FenceReason),
    NoConnection,
    Capacity,
}

/// A list of calls as it was when it was asked for, and the attempts it was asked for (bit sets).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct List {
    pub(crate) asked: u8,
    pub(crate) shows: u8,
    pub(crate) unknown: u8,
    pub(crate) given_up: u8,
}

/// What must not be forgotten although it could be in the protocol as it is.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own")]
pub(crate) struct Keep {
    /// When a list was asked for, and that it was.
    pub(crate) lists: bool,
    /// Workers that find their attempt closed.
    pub(crate) late_workers: bool,
    /// The time of a state in which time changes nothing.
    pub(crate) time: bool,
    /// Which of the two processes is which.
    pub(crate) names: bool,
}

impl Worker {
    pub(crate) fn attempt(self) -> Option<u8> {
        match self {
            Self::Idle => None,
            Self::Claimed(a) | Self::Fenced(a, _) | Self::Sent(a) | Self::Heard(a, _) => Some(a),
        }
    }

    fn renumber(&mut self, to: impl Fn(u8) -> u8) {
        match self {
            Self::Idle => {}
            Self::Claimed(a) | Self::Fenced(a, _) | Self::Sent(a) | Self::Heard(a, _) => *a = to(*a),
        }
    }
}

impl Step {
    pub(crate) fn is_final(&self) -> bool {
        !matches!(self.state, StepState::Pending | StepState::Running)
    }
}

impl Attempt {
    /// Counts for the limits (a row of the call tracker).
    pub(crate) fn counts(&self) -> bool {
        !matches!(self.state, AttemptState::NotSent | AttemptState::Rejected)
    }

    pub(crate) fn is_given_up(&self) -> bool {
        matches!(self.state, AttemptState::Absent | AttemptState::Abandoned)
    }

    pub(crate) fn made_a_call(&self) -> bool {
        matches!(self.wire, Wire::Call { .. })
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.wire, Wire::Call { over: false, .. })
    }
}

impl State {
    pub(crate) fn open_attempts(&self) -> usize {
        self.attempts.iter().filter(|a| a.state.is_open()).count()
    }

    /// Nothing tells the two processes apart.
    pub(crate) fn ticks_are_alike(&self) -> bool {
        self.ticks[0] == self.ticks[1] && self.attempts.iter().all(|a| a.owner.is_none())
    }

    /// So many requests are lost when time passes now.
    pub(crate) fn lost_with_time(&self) -> u8 {
        let lost = |a: &&Attempt| matches!(a.wire, Wire::InFlight { until } if until <= self.now + 1);
        u8::try_from(self.attempts.iter().filter(lost).count()).unwrap()
    }

    /// The attempts of which this is so, as a bit set.
    pub(crate) fn bits(&self, is: impl Fn(&Attempt) -> bool) -> u8 {
        let mut bits = 0;
        for (id, attempt) in self.attempts.iter().enumerate() {
            bits |= u8::from(is(attempt)) << id;
        }
        bits
    }

    /// The calls that some attempt is believed to have, as a bit set.
    pub(crate) fn known(&self) -> u8 {
        let mut bits = 0;
        for call in self.attempts.iter().filter_map(|a| a.sid) {
            bits |= 1 << call;
        }
        bits
    }

    /// The live call this attempt is believed to have.
    pub(crate) fn live_call(&self, attempt: usize) -> Option<usize> {
        let call = usize::from(self.attempts[attempt].sid?);
        self.attempts[call].is_live().then_some(call)
    }

    /// One form for all states that can do the same: what cannot matter any more is forgotten, and the two processes,
    /// which are alike, stand in one order.
    pub(crate) fn canonical(mut self, keep: Keep) -> Self {
        self.forget_workers(keep);
        self.forget_ended_attempts();
        self.forget_times();
        if !keep.time {
            self.forget_now();
            self.forget_times();
        }
        for slot in 0..2 {
            self.forget_list(slot, keep.lists);
        }
        let owned = |slot: u8| self.bits(|a| a.owner == Some(slot));
        if !keep.names && (&self.ticks[0], owned(0)) > (&self.ticks[1], owned(1)) {
            self.swap_ticks();
        }
        self
    }

    /// The two processes change their numbers.
    pub(crate) fn swap_ticks(&mut self) {
        self.ticks.swap(0, 1);
        for attempt in &mut self.attempts {
            attempt.owner = attempt.owner.map(|slot| 1 - slot);
        }
    }

    /// Workers whose news the store would not take (its closed table of moves has no move for it), or whose fence will
    /// refuse because their attempt is closed.
    fn forget_workers(&mut self, keep: Keep) {
        use AttemptState as A;
        for tick in &mut self.ticks {
            let Some(id) = tick.worker.attempt() else { continue };
            let a = &self.attempts[usize::from(id)];
            let may_ring = matches!(a.wire, Wire::InFlight { .. } | Wire::Call { .. });
            let useless = match (tick.worker, a.state) {
                (_, A::Sending)
                | (Worker::Sent(_) | Worker::Heard(_, Heard::Accepted | Heard::Capacity), A::Unknown)
                | (Worker::Heard(_, Heard::Accepted), A::Absent | A::Abandoned) => false,
                (Worker::Sent(_), A::Absent | A::Abandoned) => !may_ring,
                (Worker::Claimed(_), state) => !keep.late_workers && !state.is_open(),
                (Worker::Fenced(_, at), state) => {
                    !keep.late_workers && !state.is_open() && at + BYTES_LEAVE_WITHIN < self.now
                }
                (_, state) => !state.is_open(),
            };
            if useless {
                tick.worker = Worker::Idle;
            }
        }
    }

    /// When nothing can be claimed any more and no time can run out, time does not matter.
    fn forget_now(&mut self) {
        let idle = |t: &Tick| matches!(t.worker, Worker::Idle | Worker::Sent(_));
        let quiet = |a: &Attempt| {
            let settled = a.intent + ENDS_WITHIN + SETTLE <= self.now;
            let arrived = match a.wire {
                Wire::InFlight { .. } => false,
                Wire::Call { until, .. } => until <= self.now,
                Wire::Home | Wire::Gone => true,
            };
            arrived && a.owner.is_none() && (settled || !a.state.is_open())
        };
        let over = self.ended || self.now >= START;
        if over && self.ticks.iter().all(idle) && self.attempts.iter().all(quiet) {
            self.now = LAST_LOOK;
        }
    }

    /// Times that nothing is compared with any more.
    fn forget_times(&mut self) {
        let now = self.now;
        for step in &mut self.steps {
            if step.ready_at <= now || step.state != StepState::Pending {
                step.ready_at = 0;
            }
            if step.is_final() {
                (step.tries, step.capacity) = (0, false);
            }
        }
        let known = self.known();
        for (id, attempt) in self.attempts.iter_mut().enumerate() {
            if attempt.state != AttemptState::Sending {
                attempt.owner = None;
            }
            attempt.never_began &= attempt.state.is_open();
            if attempt.state == AttemptState::Accepted && attempt.intent + NUMBER_GAP.max(RINGS) <= now {
                attempt.intent = 0;
            }
            let is_known = known & (1 << id) != 0;
            match &mut attempt.wire {
                Wire::InFlight { until } if *until <= now => attempt.wire = Wire::Gone,
                Wire::Call { at, until, .. } if is_known => (*at, *until) = (0, 0),
                Wire::Call { until, .. } if *until <= now => *until = 0,
                _ => {}
            }
        }
    }

    /// What a list cannot say any more: of its calls those that are known by now, of its attempts those that are not
    /// doubtful. When it was asked for matters only as before or after the doubtful attempt had settled.
    fn forget_list(&mut self, slot: usize, keep: bool) {
        let Some(mut list) = self.ticks[slot].list.take() else { return };
        for (id, attempt) in self.attempts.iter().enumerate() {
            let bit = 1u8 << id;
            if !(attempt.is_given_up() || attempt.state == AttemptState::Unknown) {
                list.unknown &= !bit;
                list.given_up &= !bit;
            }
            if let Some(call) = attempt.sid {
                list.shows &= !(1 << call);
            }
        }
        let is_open = |(id, a): &(usize, &Attempt)| a.state.is_open() && list.unknown & (1 << id) != 0;
        let doubtful = self.attempts.iter().enumerate().find(is_open);
        let settled = doubtful.map(|(_, a)| a.intent + ENDS_WITHIN + SETTLE).filter(|at| list.asked >= *at);
        if keep {
            self.ticks[slot].list = Some(list);
            return;
        }
        let newest = self.attempts.iter().enumerate().filter(|(id, _)| (list.unknown | list.given_up) & (1 << id) != 0);
        list.asked = settled.unwrap_or(newest.map(|(_, a)| a.intent).max().unwrap_or(0));
        if list.shows != 0 || settled.is_some() {
            self.ticks[slot].list = Some(list);
        }
    }

    /// Attempts that count for nothing, have no call and no worker.
    fn forget_ended_attempts(&mut self) {
        let mut at = 0;
        while at < self.attempts.len() {
            let attempt = &self.attempts[at];
            let id = u8::try_from(at).unwrap();
            let used = self.ticks.iter().any(|t| t.worker.attempt() == Some(id));
            let alive = matches!(attempt.wire, Wire::InFlight { .. } | Wire::Call { .. });
            if used || alive || attempt.counts() {
                at += 1;
                continue;
            }
            self.attempts.remove(at);
            let moved = |a: u8| if a > id { a - 1 } else { a };
            let squeeze = |bits: u8| (bits & ((1 << id) - 1)) | ((bits >> (id + 1)) << id);
            for attempt in &mut self.attempts {
                attempt.sid = attempt.sid.map(moved);
            }
            for tick in &mut self.ticks {
                tick.worker.renumber(moved);
                if let Some(list) = &mut tick.list {
                    list.shows = squeeze(list.shows);
                    list.unknown = squeeze(list.unknown);
                    list.given_up = squeeze(list.given_up);
                }
            }
        }
    }
}
