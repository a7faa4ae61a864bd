//! The store as plain values: what DESIGN says happens, without a database.

use crate::build::{LADDER, at};
use savehub::model::{
    AttemptState, CallStatus, HangUpState, IncidentState, Outcome, Reason, RejectionClass, RungKind, StepState, Unsent,
    When,
};
use savehub::model::{Reply, Timestamp};
use savehub::store::{AfterFacts, CheckIn, Facts, LaterRungs, NumberFacts, StepFacts, StepNext, Verdict};
use std::collections::BTreeSet;

/// Incident and rung.
pub(crate) type StepKey = (usize, usize);
/// A step that ended, with its state and reason.
pub(crate) type Fate = (StepKey, StepState, Reason);

pub(crate) struct Meeting {
    pub(crate) person: usize,
    pub(crate) start: i64,
    pub(crate) cancelled: bool,
    pub(crate) generation: u32,
}

pub(crate) struct Incident {
    pub(crate) meeting: usize,
    pub(crate) generation: u32,
    pub(crate) start: i64,
    pub(crate) state: IncidentState,
    pub(crate) reason: Option<Reason>,
    pub(crate) steps: Vec<Step>,
}

#[derive(Clone)]
pub(crate) struct Step {
    due: i64,
    ready: i64,
    pub(crate) state: StepState,
    pub(crate) reason: Option<Reason>,
    tries: u32,
}

pub(crate) struct Attempt {
    person: usize,
    pub(crate) steps: Vec<StepKey>,
    pub(crate) state: AttemptState,
    intent: i64,
    pub(crate) status: Option<CallStatus>,
    pub(crate) hang_up: HangUpState,
    /// Did the provider refuse it for want of capacity?
    crowded: bool,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) meetings: Vec<Meeting>,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) attempts: Vec<Attempt>,
}

/// What the claim transaction is expected to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Begins {
    Gone,
    Waits(Reason),
    Refused(Reason),
    Attempt(BTreeSet<StepKey>),
}

/// What recording is expected to say.
#[derive(Debug, PartialEq)]
pub(crate) struct Records {
    pub(crate) state: AttemptState,
    pub(crate) steps: BTreeSet<Fate>,
    pub(crate) again_at: Option<Timestamp>,
    pub(crate) hang_up: bool,
}

/// What ending is expected to say.
#[derive(Debug, PartialEq)]
pub(crate) struct Ends {
    pub(crate) state: IncidentState,
    pub(crate) changed: bool,
    pub(crate) cancelled: usize,
    pub(crate) hang_ups: usize,
}

impl Model {
    fn step(&mut self, key: StepKey) -> &mut Step {
        &mut self.incidents[key.0].steps[key.1]
    }

    fn person_of(&self, incident: usize) -> usize {
        self.meetings[self.incidents[incident].meeting].person
    }

    pub(crate) fn current(&self, meeting: usize) -> Option<usize> {
        let generation = self.meetings[meeting].generation;
        self.incidents.iter().position(|i| (i.meeting, i.generation) == (meeting, generation))
    }

    fn insert(&mut self, meeting: usize, state: IncidentState, reason: Option<Reason>) -> usize {
        let Meeting { start, generation, .. } = self.meetings[meeting];
        let pending = |before: &i64| {
            let due = start - before;
            Step { due, ready: due, state: StepState::Pending, reason: None, tries: 0 }
        };
        let steps = if state == IncidentState::Open { LADDER.iter().map(pending).collect() } else { Vec::new() };
        self.incidents.push(Incident { meeting, generation, start, state, reason, steps });
        self.incidents.len() - 1
    }

    /// How many are opened and refused when `removed` has left the config.
    pub(crate) fn open(&mut self, until: i64, removed: Option<usize>) -> (usize, usize) {
        let (mut opened, mut refused) = (0, 0);
        let reason = Reason::PersonRemoved;
        for incident in 0..self.incidents.len() {
            if !self.incidents[incident].state.is_final() && Some(self.person_of(incident)) == removed {
                self.end(incident, IncidentState::Cancelled, reason);
                refused += 1;
            }
        }
        for meeting in 0..self.meetings.len() {
            let Meeting { person, start, cancelled, .. } = self.meetings[meeting];
            if cancelled || start >= until || self.current(meeting).is_some() {
                continue;
            }
            if Some(person) == removed {
                self.insert(meeting, IncidentState::Cancelled, Some(reason));
                refused += 1;
            } else {
                self.insert(meeting, IncidentState::Open, None);
                opened += 1;
            }
        }
        (opened, refused)
    }

    pub(crate) fn end(&mut self, incident: usize, state: IncidentState, reason: Reason) -> Ends {
        let ended = &mut self.incidents[incident];
        if ended.state.is_final() {
            return Ends { state: ended.state, changed: false, cancelled: 0, hang_ups: 0 };
        }
        (ended.state, ended.reason) = (state, Some(reason));
        let mut cancelled = 0;
        for step in ended.steps.iter_mut().filter(|s| s.state == StepState::Pending) {
            (step.state, step.reason) = (StepState::Cancelled, Some(reason));
            cancelled += 1;
        }
        let mut hang_ups = 0;
        for index in 0..self.attempts.len() {
            let attempt = &self.attempts[index];
            let serves = attempt.steps.iter().any(|s| s.0 == incident);
            let alive = attempt.state.is_open() || attempt.status.is_some_and(|s| !s.is_final());
            // A shared call goes on for the meetings that are still open.
            if serves && alive && attempt.hang_up == HangUpState::None && self.all_ended(index) {
                self.attempts[index].hang_up = HangUpState::Wanted;
                hang_ups += 1;
            }
        }
        Ends { state, changed: true, cancelled, hang_ups }
    }

    fn all_ended(&self, attempt: usize) -> bool {
        self.attempts[attempt].steps.iter().all(|s| self.incidents[s.0].state.is_final())
    }

    pub(crate) fn reschedule(&mut self, meeting: usize, start: i64) -> Option<Ends> {
        if self.meetings[meeting].start == start {
            return None;
        }
        let ends = self.current(meeting).map(|i| self.end(i, IncidentState::Cancelled, Reason::MeetingMoved));
        self.meetings[meeting].start = start;
        let known = self.incidents.iter().filter(|i| i.meeting == meeting);
        let highest = known.clone().map(|i| i.generation).max().unwrap_or(0);
        let promised = known.filter(|i| match i.reason {
            Some(Reason::Joined | Reason::SaidMissed) => (i.start - start).abs() < 600,
            _ => i.start == start && matches!(i.state, IncidentState::Resolved | IncidentState::Missed),
        });
        let promised = promised.map(|i| i.generation).max();
        self.meetings[meeting].generation = promised.unwrap_or(1 + highest.max(self.meetings[meeting].generation));
        ends.filter(|e| e.changed)
    }

    pub(crate) fn cancel(&mut self, meeting: usize) -> Option<Ends> {
        let ends = self.current(meeting).map(|i| self.end(i, IncidentState::Cancelled, Reason::MeetingCancelled));
        self.meetings[meeting].cancelled = true;
        ends.filter(|e| e.changed)
    }

    pub(crate) fn check_in(&mut self, meeting: usize, how: CheckIn) -> Ends {
        let (state, reason) = match how {
            CheckIn::Joined => (IncidentState::Resolved, Reason::Joined),
            CheckIn::Missed => (IncidentState::Missed, Reason::SaidMissed),
        };
        if let Some(incident) = self.current(meeting) {
            return self.end(incident, state, reason);
        }
        self.insert(meeting, state, Some(reason));
        Ends { state, changed: true, cancelled: 0, hang_ups: 0 }
    }

    fn is_due(step: &Step, now: i64) -> bool {
        step.state == StepState::Pending && step.ready <= now
    }

    fn was_due(step: &Step, now: i64) -> bool {
        step.state == StepState::Pending && step.due <= now
    }

    fn later(&self, key: StepKey, now: i64) -> LaterRungs {
        let is_later = |other: &StepKey| other.0 == key.0 && other.1 > key.1;
        let due = || self.incidents[key.0].steps[key.1 + 1..].iter().filter(|s| Self::was_due(s, now));
        LaterRungs {
            called: self.attempts.iter().any(|a| Self::counts(a) && a.steps.iter().any(is_later)),
            due: due().next().map(|_| When::Unanswered),
            ready: due().any(|s| s.ready <= now),
        }
    }

    const fn counts(attempt: &Attempt) -> bool {
        !matches!(attempt.state, AttemptState::NotSent | AttemptState::Rejected)
    }

    pub(crate) fn due(&self, now: i64) -> BTreeSet<StepKey> {
        let steps = |i: usize| (0..self.incidents[i].steps.len()).map(move |rung| (i, rung));
        let all = (0..self.incidents.len()).flat_map(steps);
        all.filter(|key| Self::is_due(&self.incidents[key.0].steps[key.1], now)).collect()
    }

    pub(crate) fn acknowledge(&mut self, incident: usize) -> bool {
        let state = &mut self.incidents[incident].state;
        let waits = matches!(state, IncidentState::Open | IncidentState::Escalating);
        if waits {
            *state = IncidentState::Acknowledged;
        }
        waits
    }

    fn last_attempt(&self, key: StepKey) -> Option<&Attempt> {
        self.attempts.iter().rfind(|a| a.steps.contains(&key))
    }

    fn not_sent(&self, key: StepKey) -> u32 {
        let of_step = self.attempts.iter().filter(|a| a.steps.contains(&key));
        u32::try_from(of_step.filter(|a| a.state == AttemptState::NotSent).count()).unwrap()
    }

    fn unsent(&self, key: StepKey) -> Option<Unsent> {
        self.last_attempt(key).filter(|a| a.state == AttemptState::NotSent)?;
        Some(Unsent { times: self.not_sent(key), why: "no such host".into() })
    }

    pub(crate) fn facts(&self, key: StepKey, now: i64) -> Facts {
        let incident = &self.incidents[key.0];
        let meeting = &self.meetings[incident.meeting];
        let counted = || self.attempts.iter().filter(|a| Self::counts(a));
        let calls = |filter: &dyn Fn(&&Attempt) -> bool| u32::try_from(counted().filter(filter).count()).unwrap();
        let of_meeting = |a: &&Attempt| a.steps.iter().any(|s| self.incidents[s.0].meeting == incident.meeting);
        let rang = || counted().filter(|a| a.person == meeting.person);
        let untaken =
            |a: &&Attempt| matches!(a.state, AttemptState::Unknown | AttemptState::Absent | AttemptState::Abandoned);
        let live = |a: &&Attempt| a.status.is_some_and(|s| !s.is_final());
        Facts {
            step: Some(StepFacts {
                incident_state: incident.state,
                current: incident.generation == meeting.generation && !meeting.cancelled,
                starts_at: at(incident.start),
                due_at: at(incident.steps[key.1].due),
                first_due_at: at(incident.steps.iter().map(|step| step.due).min().unwrap()),
                deadline_at: at(incident.start),
                when: When::Unanswered,
                recent_calls: calls(&|a| of_meeting(a) && a.intent >= now - 599),
                recent_untaken: calls(&|a| of_meeting(a) && a.intent >= now - 599 && untaken(a)),
                later: self.later(key, now),
                refused_for_capacity: self.last_attempt(key).is_some_and(|a| a.crowded),
                unsent: self.unsent(key),
            }),
            number: NumberFacts {
                open_attempt: rang().any(|a| a.state.is_open()),
                live_since: rang().filter(live).map(|a| at(a.intent)).max(),
                last_rang_at: rang().map(|a| at(a.intent)).max(),
                listed: Vec::new(),
            },
            pause: None,
            calls_of_person_today: calls(&|a| a.person == meeting.person),
            calls_today: calls(&|_| true),
            untaken_of_person_today: calls(&|a| a.person == meeting.person && untaken(a)),
            untaken_today: calls(&|a| untaken(a)),
        }
    }

    /// Steps of other incidents of the same person, due now, that the rule places too: the latest of each.
    pub(crate) fn begin(&mut self, key: StepKey, now: i64, rule: &dyn Fn(&Facts) -> Verdict) -> Begins {
        if !Self::is_due(&self.incidents[key.0].steps[key.1], now) {
            return Begins::Gone;
        }
        match rule(&self.facts(key, now)) {
            Verdict::Wait(reason) => return Begins::Waits(reason),
            Verdict::Refuse(refusal) => {
                let step = self.step(key);
                (step.state, step.reason) = (refusal.state, Some(refusal.reason));
                return Begins::Refused(refusal.reason);
            }
            Verdict::Place if self.facts(key, now).number.open_attempt => return Begins::Waits(Reason::NumberBusy),
            Verdict::Place => {}
        }
        let person = self.person_of(key.0);
        let mut steps = vec![key];
        for other in self.due(now).into_iter().rev() {
            let taken = steps.iter().any(|s| s.0 == other.0);
            if !taken && self.person_of(other.0) == person && rule(&self.facts(other, now)) == Verdict::Place {
                steps.push(other);
            }
        }
        for step in &steps {
            self.step(*step).state = StepState::Running;
            let state = &mut self.incidents[step.0].state;
            if *state != IncidentState::Acknowledged {
                *state = IncidentState::Escalating;
            }
        }
        let served = steps.iter().copied().collect();
        let (state, status, hang_up) = (AttemptState::Sending, None, HangUpState::None);
        self.attempts.push(Attempt { person, steps, state, intent: now, status, hang_up, crowded: false });
        Begins::Attempt(served)
    }

    pub(crate) fn record(&mut self, index: usize, reply: &Reply, rule: &dyn Fn(&AfterFacts) -> StepNext) -> Records {
        let before = self.attempts[index].state;
        let state = match &reply.outcome {
            Outcome::Accepted(_) => AttemptState::Accepted,
            Outcome::Unknown(_) if before == AttemptState::Sending => AttemptState::Unknown,
            Outcome::Rejected(_) if before.is_open() => AttemptState::Rejected,
            Outcome::NotSent(_) if before.is_open() => AttemptState::NotSent,
            _ => before,
        };
        self.attempts[index].state = state;
        let crowded = |r: &savehub::model::Rejection| r.class == RejectionClass::Capacity;
        self.attempts[index].crowded = matches!(&reply.outcome, Outcome::Rejected(r) if crowded(r));
        let mut records = Records { state, steps: BTreeSet::new(), again_at: None, hang_up: false };
        if before.is_open() && !state.is_open() {
            self.move_steps(index, rule, &mut records);
        }
        if matches!(&reply.outcome, Outcome::Rejected(r) if r.class == RejectionClass::Callee) {
            self.skip_rungs(index, &mut records);
        }
        if let Outcome::Accepted(accepted) = &reply.outcome {
            self.attempts[index].status = Some(accepted.status);
            if !before.is_open() && (self.all_ended(index) || self.tried_since(index)) {
                self.attempts[index].hang_up = HangUpState::Wanted;
            }
            records.hang_up = self.attempts[index].hang_up == HangUpState::Wanted;
        }
        records
    }

    fn move_steps(&mut self, index: usize, rule: &dyn Fn(&AfterFacts) -> StepNext, records: &mut Records) {
        let steps = self.attempts[index].steps.clone();
        for key in &steps {
            let incident = &self.incidents[key.0];
            let (incident_open, deadline_at) = (!incident.state.is_final(), at(incident.start));
            let unsent = self.not_sent(*key);
            let step = self.step(*key);
            let facts = AfterFacts {
                kind: RungKind::Call,
                incident_open,
                deadline_at,
                tries: step.tries,
                unsent,
                merged: *key != steps[0],
            };
            match rule(&facts) {
                StepNext::Again { not_before, spends_try } if incident_open => {
                    (step.state, step.ready) = (StepState::Pending, step.due.max(not_before.since(at(0)) / 1000));
                    step.tries += u32::from(spends_try);
                    records.again_at = Some(not_before);
                }
                StepNext::End(refusal) => {
                    (step.state, step.reason) = (refusal.state, Some(refusal.reason));
                    records.steps.insert((*key, refusal.state, refusal.reason));
                }
                _ => (step.state, step.reason) = (StepState::Cancelled, Some(Reason::IncidentResolved)),
            }
        }
    }

    fn skip_rungs(&mut self, index: usize, records: &mut Records) {
        let (state, reason) = (StepState::Skipped, Reason::InvalidNumber);
        for (incident, _) in self.attempts[index].steps.clone() {
            for (rung, step) in self.incidents[incident].steps.iter_mut().enumerate() {
                if step.state == StepState::Pending {
                    (step.state, step.reason) = (state, Some(reason));
                    records.steps.insert(((incident, rung), state, reason));
                }
            }
        }
    }

    /// Was another attempt that rang or may ring made for one of its incidents?
    fn tried_since(&self, index: usize) -> bool {
        let serves = |a: &Attempt| a.steps.iter().any(|s| self.attempts[index].steps.iter().any(|t| t.0 == s.0));
        let off = |a: &Attempt| matches!(a.state, AttemptState::NotSent | AttemptState::Rejected);
        self.attempts[index + 1..].iter().any(|a| serves(a) && !off(a))
    }

    /// Of an incident that has ended nothing was due any more.
    fn fate_of_abandoned(&self, incident: usize) -> (StepState, Reason) {
        let incident = &self.incidents[incident];
        match incident.reason {
            Some(reason) if incident.state.is_final() => (StepState::Cancelled, reason),
            _ => (StepState::Failed, Reason::Unknown),
        }
    }

    /// The steps that end when open attempts are given up, or none when they are only doubted.
    pub(crate) fn settle(&mut self, now: i64, abandon: bool) -> BTreeSet<Fate> {
        let mut fates = BTreeSet::new();
        for index in 0..self.attempts.len() {
            let attempt = &mut self.attempts[index];
            match (attempt.state, abandon) {
                (AttemptState::Sending, false) => attempt.state = AttemptState::Unknown,
                (AttemptState::Unknown, true) => {
                    attempt.state = AttemptState::Abandoned;
                    for key in self.attempts[index].steps.clone() {
                        let fate = self.fate_of_abandoned(key.0);
                        let step = self.step(key);
                        (step.state, step.reason) = (fate.0, Some(fate.1));
                        if fate.0 != StepState::Cancelled {
                            fates.insert((key, fate.0, fate.1));
                        }
                    }
                }
                _ => {}
            }
            let attempt = &self.attempts[index];
            let started = attempt.steps.iter().all(|s| self.incidents[s.0].start <= now);
            if attempt.status == Some(CallStatus::Queued) && attempt.hang_up == HangUpState::None && started {
                self.attempts[index].hang_up = HangUpState::Wanted;
            }
        }
        fates
    }

    /// Is it news? A call that is over needs no hang-up any more.
    pub(crate) fn report(&mut self, index: usize, status: CallStatus) -> bool {
        let attempt = &mut self.attempts[index];
        if attempt.status.is_none_or(|known| known.rank() >= status.rank()) {
            return false;
        }
        attempt.status = Some(status);
        if status.is_final() && attempt.hang_up == HangUpState::Wanted {
            attempt.hang_up = HangUpState::Moot;
        }
        true
    }

    /// Incidents missed five minutes after their start, and their steps that were skipped.
    pub(crate) fn close(&mut self, now: i64) -> (BTreeSet<usize>, BTreeSet<Fate>) {
        let (mut missed, mut fates) = (BTreeSet::new(), BTreeSet::new());
        for index in 0..self.incidents.len() {
            let incident = &mut self.incidents[index];
            if incident.state.is_final() || incident.start + 300 > now {
                continue;
            }
            let (state, reason) = (StepState::Skipped, Reason::OutsideCriticalWindow);
            for (rung, step) in incident.steps.iter_mut().enumerate().filter(|(_, s)| s.state == StepState::Pending) {
                (step.state, step.reason) = (state, Some(reason));
                fates.insert(((index, rung), state, reason));
            }
            self.end(index, IncidentState::Missed, Reason::NoCheckIn);
            missed.insert(index);
        }
        (missed, fates)
    }
}
