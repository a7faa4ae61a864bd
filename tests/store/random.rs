//! Long random histories on a store and on the model, compared after each event.

use crate::build::{Bench, accepted, at, close_rule, end, next, not_sent, rejected, report, unknown, watch};
use crate::checked::everything;
use crate::model::{Begins, Ends, Fate, Meeting, Model, Records, StepKey};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use savehub::model::{
    AckHow, AttemptId, AttemptState, CallStatus, HangUpState, IncidentId, MeetingId, Outcome, Reason, RejectionClass,
    Reply, StepId, StepState,
};
use savehub::store::{
    Acknowledgement, AfterFacts, Attempt, Begun, CallScope, CheckIn, Claim, Ended, Facts, Plan, Recorded, Refusal,
    Settle, StepNext, StepResult, Verdict,
};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: [&str; 3] = ["ana", "bo", "cy"];

/// One event. Numbers choose among what is there.
#[derive(Debug, Clone)]
enum Event {
    Add { person: usize, start_in: i64 },
    Move { pick: usize, start_in: i64 },
    Cancel { pick: usize },
    Open { reach: i64, removed: Option<usize> },
    Claim,
    Begin { pick: usize, guard: u8 },
    Record { pick: usize, reply: u8 },
    Late { pick: usize, reply: u8 },
    Settle { abandon: bool },
    CheckIn { pick: usize, missed: bool },
    Resolve { pick: usize },
    Acknowledge { pick: usize },
    Report { pick: usize, status: usize },
    HangUp { pick: usize },
    Close,
    Pass { seconds: i64 },
}

fn event() -> impl Strategy<Value = Event> {
    let pick = 0..64_usize;
    let soon = 100..300_i64;
    prop_oneof![
        6 => (0..3_usize, soon.clone()).prop_map(|(person, start_in)| Event::Add { person, start_in }),
        1 => (pick.clone(), soon).prop_map(|(pick, start_in)| Event::Move { pick, start_in }),
        1 => pick.clone().prop_map(|pick| Event::Cancel { pick }),
        8 => (200..600_i64, prop::option::weighted(0.03, 0..3_usize))
            .prop_map(|(reach, removed)| Event::Open { reach, removed }),
        4 => Just(Event::Claim),
        20 => (pick.clone(), 0..10_u8).prop_map(|(pick, guard)| Event::Begin { pick, guard }),
        16 => (pick.clone(), 0..8_u8).prop_map(|(pick, reply)| Event::Record { pick, reply }),
        4 => (pick.clone(), 0..8_u8).prop_map(|(pick, reply)| Event::Late { pick, reply }),
        9 => any::<bool>().prop_map(|abandon| Event::Settle { abandon }),
        1 => (pick.clone(), any::<bool>()).prop_map(|(pick, missed)| Event::CheckIn { pick, missed }),
        1 => pick.clone().prop_map(|pick| Event::Resolve { pick }),
        2 => pick.clone().prop_map(|pick| Event::Acknowledge { pick }),
        8 => (pick.clone(), 0..6_usize).prop_map(|(pick, status)| Event::Report { pick, status }),
        2 => pick.prop_map(|pick| Event::HangUp { pick }),
        2 => Just(Event::Close),
        12 => (1..40_i64).prop_map(|seconds| Event::Pass { seconds }),
    ]
}

/// Everything, in the words of the model.
type Shown = BTreeMap<(usize, u32), (String, Vec<(StepState, Option<Reason>, Vec<String>)>)>;

/// A store and its model, with the ids of the one for the indices of the other.
struct Pair {
    bench: Bench,
    model: Model,
    now: i64,
    meetings: Vec<MeetingId>,
    attempts: Vec<AttemptId>,
    incidents: BTreeMap<IncidentId, usize>,
    steps: BTreeMap<StepId, StepKey>,
    claims: Vec<Claim>,
    in_flight: Vec<Attempt>,
}

fn guard(kind: u8) -> impl Fn(&Facts) -> Verdict {
    let refuse = |reason| Verdict::Refuse(Refusal::new(StepState::Skipped, reason, "as the guard says"));
    move |facts| {
        let step = facts.step.as_ref().unwrap();
        match kind {
            0 => Verdict::Wait(Reason::Paused),
            1 => refuse(Reason::DailyCap),
            _ if step.later.called || step.later.ready => refuse(Reason::Superseded),
            2..=4 => Verdict::Place,
            _ if facts.number.live_since.is_some() => Verdict::Wait(Reason::NumberBusy),
            _ if step.recent_calls >= 2 => refuse(Reason::MaxCallsExceeded),
            _ => Verdict::Place,
        }
    }
}

fn after(reply: &Reply, now: i64) -> impl Fn(&AfterFacts) -> StepNext {
    move |facts| match &reply.outcome {
        Outcome::Accepted(_) => crate::build::executed(facts),
        Outcome::Rejected(r) if r.class == RejectionClass::Capacity => {
            StepNext::Again { not_before: at(now + 5), spends_try: false }
        }
        Outcome::Rejected(_) => end(StepState::Failed, Reason::Rejected),
        Outcome::NotSent(_) if facts.tries == 0 => StepNext::Again { not_before: at(now + 1), spends_try: true },
        Outcome::NotSent(_) => end(StepState::Failed, Reason::NotSent),
        Outcome::Unknown(_) => StepNext::Stay,
    }
}

impl Pair {
    fn new(bench: Bench) -> Self {
        Self {
            bench,
            model: Model::default(),
            now: 0,
            meetings: Vec::new(),
            attempts: Vec::new(),
            incidents: BTreeMap::new(),
            steps: BTreeMap::new(),
            claims: Vec::new(),
            in_flight: Vec::new(),
        }
    }

    fn run(&mut self, event: &Event) {
        match *event {
            Event::Add { person, start_in } => self.add(person, start_in),
            Event::Move { pick, start_in } => self.reschedule(pick, start_in),
            Event::Cancel { pick } => self.cancel(pick),
            Event::Open { reach, removed } => self.open(reach, removed),
            Event::Claim => self.claim(),
            Event::Begin { pick, guard } => self.begin(pick, guard),
            Event::Record { pick, reply } => self.record(pick, reply),
            Event::Late { pick, reply } => self.late(pick, reply),
            Event::Settle { abandon } => self.settle(abandon),
            Event::CheckIn { pick, missed } => self.check_in(pick, missed),
            Event::Resolve { pick } => self.resolve(pick),
            Event::Acknowledge { pick } => self.acknowledge(pick),
            Event::Report { pick, status } => self.report(pick, status),
            Event::HangUp { pick } => self.hang_up(pick),
            Event::Close => self.close(),
            Event::Pass { seconds } => self.now += seconds,
        }
        assert_eq!(self.shown(), self.expected());
        self.compare_calls();
    }

    /// A meeting that takes place.
    fn planned(&self, pick: usize) -> Option<usize> {
        let planned: Vec<_> = (0..self.meetings.len()).filter(|m| !self.model.meetings[*m].cancelled).collect();
        (!planned.is_empty()).then(|| planned[pick % planned.len()])
    }

    /// An attempt the model says this of.
    fn some_attempt(&self, pick: usize, filter: impl Fn(AttemptState) -> bool) -> Option<usize> {
        let some: Vec<_> = (0..self.attempts.len()).filter(|a| filter(self.model.attempts[*a].state)).collect();
        (!some.is_empty()).then(|| some[pick % some.len()])
    }

    fn add(&mut self, person: usize, start_in: i64) {
        let start = self.now + start_in;
        let meeting = self.bench.add(PEOPLE[person], &format!("e{}", self.meetings.len()), start);
        self.meetings.push(meeting.id);
        self.model.meetings.push(Meeting { person, start, cancelled: false, generation: 1 });
    }

    fn reschedule(&mut self, pick: usize, start_in: i64) {
        let Some(meeting) = self.planned(pick) else { return };
        let start = self.now + start_in;
        let changed = self.bench.move_meeting(self.meetings[meeting], at(start), None, at(self.now)).unwrap();
        assert_eq!(changed.ended.as_ref().map(ends), self.model.reschedule(meeting, start));
        assert_eq!(changed.meeting.generation, self.model.meetings[meeting].generation);
    }

    fn cancel(&mut self, pick: usize) {
        let Some(meeting) = self.planned(pick) else { return };
        let changed = self.bench.cancel_meeting(self.meetings[meeting], at(self.now)).unwrap();
        assert_eq!(changed.ended.as_ref().map(ends), self.model.cancel(meeting));
    }

    fn open(&mut self, reach: i64, removed: Option<usize>) {
        let until = self.now + reach;
        let plan = |meeting: &savehub::store::Meeting| {
            let gone = removed.is_some_and(|person| PEOPLE[person] == meeting.person);
            if gone { Plan::Refuse(Reason::PersonRemoved) } else { watch(meeting) }
        };
        let opened = self.bench.open_incidents(at(self.now), at(until), &plan).unwrap();
        assert_eq!((opened.opened.len(), opened.refused.len()), self.model.open(until, removed));
    }

    fn claim(&mut self) {
        let due = self.bench.due_steps(at(self.now), 1000).unwrap();
        // Those that can still ring come first, each part by its deadline.
        assert!(due.is_sorted_by_key(|c| (c.words.starts_at <= at(self.now), c.words.starts_at)));
        let keys: BTreeSet<_> = due.iter().map(|c| self.steps[&c.step]).collect();
        assert_eq!((keys.len(), &keys), (due.len(), &self.model.due(self.now)));
        self.claims.extend(due);
    }

    fn begin(&mut self, pick: usize, kind: u8) {
        if self.claims.is_empty() {
            self.claim();
        }
        if self.claims.is_empty() {
            return;
        }
        let claim = self.claims.swap_remove(pick % self.claims.len());
        let key = self.steps[&claim.step];
        let mut draft = self.bench.draft(&claim.person, self.now);
        draft.merge_until = savehub::model::Timestamp::from_ms(at(self.now).ms() + 1);
        let seen = RefCell::new(Vec::new());
        let rule = guard(kind);
        let begun = self.bench.begin_attempt(claim, &draft, at(self.now), &|facts| {
            seen.borrow_mut().push(facts.clone());
            rule(facts)
        });
        let facts = self.model.facts(key, self.now);
        let expected = self.model.begin(key, self.now, &rule);
        let begun = match begun.unwrap() {
            Begun::Attempt(attempt) => {
                let steps = attempt.steps.iter().map(|s| self.steps[s]).collect();
                self.attempts.push(attempt.id);
                self.in_flight.push(attempt);
                Begins::Attempt(steps)
            }
            Begun::Waits(reason) => Begins::Waits(reason),
            Begun::Refused(result) => Begins::Refused(result.reason),
            // Its drafts keep no pace.
            Begun::NoSlot { .. } => panic!("a turn was waited for"),
            Begun::Gone => Begins::Gone,
        };
        assert_eq!(begun, expected);
        assert!(expected == Begins::Gone || seen.into_inner().contains(&facts), "the rule never saw {facts:?}");
    }

    fn reply(&self, index: usize, kind: u8) -> Reply {
        // What is given up is not refused any more; only a call that exists can still turn up.
        let given_up = !self.model.attempts[index].state.is_open();
        match kind {
            0..=3 => accepted(&format!("CA{index}")),
            4 => unknown(),
            _ if given_up => unknown(),
            5 => rejected(RejectionClass::Callee),
            6 => rejected(RejectionClass::Capacity),
            _ => not_sent(),
        }
    }

    fn record(&mut self, pick: usize, kind: u8) {
        if self.in_flight.is_empty() {
            return;
        }
        let attempt = self.in_flight.swap_remove(pick % self.in_flight.len());
        let index = self.attempts.iter().position(|id| *id == attempt.id).unwrap();
        if matches!(self.model.attempts[index].state, AttemptState::Accepted | AttemptState::Rejected) {
            return;
        }
        let reply = self.reply(index, kind);
        let rule = after(&reply, self.now);
        let recorded = self.bench.record(attempt, &reply, at(self.now), &rule).unwrap();
        assert_eq!(self.records(&recorded), self.model.record(index, &reply, &rule));
    }

    fn late(&mut self, pick: usize, kind: u8) {
        let given_up = |state| matches!(state, AttemptState::Unknown | AttemptState::Abandoned);
        let Some(index) = self.some_attempt(pick, given_up) else { return };
        let reply = self.reply(index, kind);
        let rule = after(&reply, self.now);
        let recorded = self.bench.record_late(self.attempts[index], &reply, at(self.now), &rule).unwrap();
        assert_eq!(self.records(&recorded), self.model.record(index, &reply, &rule));
        self.in_flight.retain(|attempt| attempt.id != self.attempts[index]);
    }

    fn settle(&mut self, abandon: bool) {
        let results = self.bench.settle(at(self.now), &|open| match (open.state, abandon) {
            (AttemptState::Sending, false) => Settle::Unknown,
            (AttemptState::Unknown, true) => Settle::Abandon,
            _ => Settle::Keep,
        });
        assert_eq!(self.fates(&results.unwrap()), self.model.settle(self.now, abandon));
    }

    fn check_in(&mut self, pick: usize, missed: bool) {
        let Some(meeting) = self.planned(pick) else { return };
        let how = if missed { CheckIn::Missed } else { CheckIn::Joined };
        let ended = self.bench.check_in(self.meetings[meeting], how, at(self.now)).unwrap();
        assert_eq!(ends(&ended), self.model.check_in(meeting, how));
    }

    fn resolve(&mut self, pick: usize) {
        let Some((id, incident)) = self.incidents.iter().nth(pick % self.incidents.len().max(1)) else { return };
        let ended = self.bench.resolve(*id, None, at(self.now)).unwrap();
        let state = savehub::model::IncidentState::Resolved;
        assert_eq!(ends(&ended), self.model.end(*incident, state, Reason::Operator));
    }

    fn acknowledge(&mut self, pick: usize) {
        let Some((id, incident)) = self.incidents.iter().nth(pick % self.incidents.len().max(1)) else { return };
        let by = savehub::model::Address::Phone(crate::build::phone_of("ana"));
        let reply = Acknowledgement { how: AckHow::Reply, by };
        let changed = self.bench.acknowledge(*id, &reply, at(self.now)).unwrap();
        assert_eq!(changed, self.model.acknowledge(*incident));
    }

    fn report(&mut self, pick: usize, status: usize) {
        let Some(index) = self.some_attempt(pick, |state| state == AttemptState::Accepted) else { return };
        let status = CallStatus::ALL[status];
        let (id, now) = (self.attempts[index], at(self.now));
        let new = self.bench.record_report(id, &report(status), next(now), None).unwrap().news;
        assert_eq!(new, self.model.report(index, status), "{status}");
    }

    fn hang_up(&mut self, pick: usize) {
        let Some(index) = self.some_attempt(pick, |state| state == AttemptState::Accepted) else { return };
        let done = self.bench.record_hang_up(self.attempts[index], HangUpState::Done).unwrap();
        let wish = &mut self.model.attempts[index].hang_up;
        assert_eq!(done, *wish == HangUpState::Wanted);
        if done {
            *wish = HangUpState::Done;
        }
    }

    fn close(&mut self) {
        let closed = self.bench.close(at(self.now), &close_rule()).unwrap();
        let missed = closed.missed.iter().map(|id| self.incidents[id]).collect();
        assert_eq!((missed, self.fates(&closed.steps)), self.model.close(self.now));
    }

    fn fates(&self, results: &[StepResult]) -> BTreeSet<Fate> {
        let ended = results.iter().filter(|r| r.state != StepState::Cancelled);
        ended.map(|r| (self.steps[&r.step.unwrap()], r.state, r.reason)).collect()
    }

    fn records(&self, recorded: &Recorded) -> Records {
        let Recorded { state, again_at, .. } = *recorded;
        Records { state, steps: self.fates(&recorded.steps), again_at, hang_up: recorded.hang_up.is_some() }
    }

    /// What the store shows; learns the ids of what is new on the way.
    fn shown(&mut self) -> Shown {
        let mut shown = Shown::new();
        for view in everything(&*self.bench).incidents {
            let meeting = self.meetings.iter().position(|id| *id == view.meeting).unwrap();
            let key = (meeting, view.generation);
            let mut incidents = self.model.incidents.iter();
            let index = incidents.position(|i| (i.meeting, i.generation) == key).expect("one the model knows");
            self.incidents.insert(view.id, index);
            let mut steps = Vec::new();
            for (rung, step) in view.steps.into_iter().enumerate() {
                self.steps.insert(step.id, (index, rung));
                let attempts = step.attempts.iter().map(|a| {
                    let index = self.attempts.iter().position(|id| *id == a.id).unwrap();
                    attempt_line(index, a.state, a.call_status, a.hang_up)
                });
                steps.push((step.state, worth_a_look(step.state, step.reason), attempts.collect()));
            }
            shown.insert(key, (incident_line(view.state, view.reason, view.starts_at), steps));
        }
        shown
    }

    fn expected(&self) -> Shown {
        let model = &self.model;
        let incident = |(index, incident): (usize, &crate::model::Incident)| {
            let step = |(rung, step): (usize, &crate::model::Step)| {
                let served = model.attempts.iter().enumerate().filter(|(_, a)| a.steps.contains(&(index, rung)));
                let attempts = served.map(|(index, a)| attempt_line(index, a.state, a.status, a.hang_up)).collect();
                (step.state, worth_a_look(step.state, step.reason), attempts)
            };
            let line = incident_line(incident.state, incident.reason, at(incident.start));
            ((incident.meeting, incident.generation), (line, incident.steps.iter().enumerate().map(step).collect()))
        };
        model.incidents.iter().enumerate().map(incident).collect()
    }

    fn compare_calls(&self) {
        let live = self.bench.live_calls(CallScope::All, at(self.now)).unwrap();
        let live: BTreeMap<_, _> = live.iter().map(|c| (c.attempt, c.hang_up.is_some())).collect();
        let calls = self.attempts.iter().zip(&self.model.attempts).filter(|(_, a)| a.status.is_some());
        let calls = calls.map(|(id, a)| (*id, a.hang_up == HangUpState::Wanted, a.status.unwrap().is_final()));
        let expected = calls.filter(|(_, wanted, over)| *wanted || !over).map(|(id, wanted, _)| (id, wanted)).collect();
        assert_eq!(live, expected);
    }
}

fn ends(ended: &Ended) -> Ends {
    let Ended { state, changed, cancelled_steps, hang_ups, .. } = *ended;
    Ends { state, changed, cancelled: cancelled_steps as usize, hang_ups: hang_ups as usize }
}

/// Why a step was cancelled stands with its incident.
fn worth_a_look(state: StepState, reason: Option<Reason>) -> Option<Reason> {
    reason.filter(|_| state != StepState::Cancelled)
}

fn incident_line(
    state: savehub::model::IncidentState,
    reason: Option<Reason>,
    start: savehub::model::Timestamp,
) -> String {
    format!("{state} {reason:?} for {start:?}")
}

fn attempt_line(index: usize, state: AttemptState, status: Option<CallStatus>, wish: HangUpState) -> String {
    let wanted = wish == HangUpState::Wanted && (state.is_open() || state == AttemptState::Accepted);
    format!("#{index} {state} {status:?}{}", if wanted { " to be hung up" } else { "" })
}

fn histories(cases: u32, make: fn() -> Bench) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&prop::collection::vec(event(), 40..160), |events| {
        let mut pair = Pair::new(make());
        for event in &events {
            pair.run(event);
        }
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn random_histories_in_memory_go_as_the_model_says() {
    histories(64, Bench::in_memory);
}

#[cfg(feature = "postgres")]
#[test]
fn random_histories_on_postgres_go_as_the_model_says() {
    if crate::postgres::cluster().is_some() {
        histories(4, || Bench::on_postgres().expect("a server"));
    }
}

#[test]
fn random_histories_on_disk_go_as_the_model_says() {
    histories(8, Bench::on_disk);
}
