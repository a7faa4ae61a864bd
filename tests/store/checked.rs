//! A store around a store that looks at everything after each change.

use crate::forward::{Forward, Hook};
use savehub::model::{
    AttemptId, AttemptState, IncidentId, IncidentState, Reason, RungKind, StepId, StepState, Timestamp,
};
use savehub::store::{AttemptView, IncidentView, Snapshot, StepView, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Beginning and end of time, for reading everything.
const ALWAYS: (Timestamp, Timestamp) = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX / 4));

/// Passes every call on, then checks what may never be.
pub(crate) type Checked = Forward<Mutex<Last>>;

/// What the last look showed, to see that nothing final is reopened.
#[derive(Default)]
pub(crate) struct Last {
    incidents: BTreeMap<IncidentId, (IncidentState, Option<Reason>)>,
    steps: BTreeMap<StepId, (IncidentId, StepState, Option<Reason>)>,
    attempts: BTreeMap<AttemptId, AttemptState>,
}

impl Checked {
    pub(crate) fn new(inner: Box<dyn Store>) -> Self {
        Self { inner: inner.into(), hook: Mutex::default() }
    }
}

impl Hook for Mutex<Last> {
    fn changed(&self, store: &dyn Store) {
        let mut last = self.lock().unwrap();
        let all = everything(store);
        check(&all);
        last.compare(&all);
    }

    fn rehearsed(&self, copy: Box<dyn Store>) -> Box<dyn Store> {
        Box::new(Checked::new(copy))
    }
}

/// A snapshot of all there is.
pub(crate) fn everything(store: &dyn Store) -> Snapshot {
    store.snapshot(ALWAYS.0, ALWAYS.0, ALWAYS.1).unwrap()
}

fn check(all: &Snapshot) {
    let mut open_by_phone: BTreeMap<(RungKind, &str), BTreeSet<AttemptId>> = BTreeMap::new();
    let mut watched = BTreeSet::new();
    let mut generations = BTreeSet::new();
    for incident in &all.incidents {
        check_incident(incident);
        assert!(generations.insert((incident.meeting, incident.generation)), "two incidents of one generation");
        if !incident.state.is_final() {
            assert!(watched.insert(incident.meeting), "two live incidents of {}", incident.meeting);
        }
        for step in &incident.steps {
            check_step(incident, step);
            let to_a_phone = matches!(step.kind, RungKind::Call | RungKind::Sms);
            for attempt in step.attempts.iter().filter(|a| to_a_phone && a.state.is_open()) {
                open_by_phone.entry((step.kind, &attempt.to)).or_default().insert(attempt.id);
            }
        }
    }
    for (phone, attempts) in open_by_phone {
        assert!(attempts.len() <= 1, "{phone:?} has open attempts {attempts:?}");
    }
}

fn check_incident(incident: &IncidentView) {
    let IncidentView { id, state, .. } = incident;
    assert_eq!(incident.ended_at.is_some(), state.is_final(), "{id} is {state} and ended at {:?}", incident.ended_at);
    assert_eq!(incident.reason.is_some(), state.is_final(), "{id} is {state} because {:?}", incident.reason);
    let answered = incident.acknowledged.is_some();
    assert!(answered || *state != IncidentState::Acknowledged, "{id} is {state} and nobody knows by whom");
    let waits = matches!(state, IncidentState::Open | IncidentState::Escalating);
    assert!(!(answered && waits), "{id} was answered and is {state}");
    assert!(incident.steps.is_sorted_by(|a, b| a.rung < b.rung), "steps of {id} out of order");
}

fn check_step(incident: &IncidentView, step: &StepView) {
    let StepView { id, state, .. } = step;
    let open = step.attempts.iter().filter(|a| a.state.is_open()).count();
    assert_eq!(open, usize::from(*state == StepState::Running), "{id} is {state} with {open} open attempts");
    assert!(!(incident.state.is_final() && *state == StepState::Pending), "{id} pends in {}", incident.state);
    if matches!(state, StepState::Executed | StepState::Failed | StepState::Skipped) {
        assert!(step.reason.is_some(), "{id} is {state} without a reason");
    }
    if *state == StepState::Executed {
        assert!(step.attempts.iter().any(|a| a.state == AttemptState::Accepted), "{id} is EXECUTED without a call");
    }
    assert!(step.attempts.is_sorted_by_key(|a| a.intent_at), "attempts of {id} out of order");
    step.attempts.iter().for_each(|attempt| check_attempt(step.kind, attempt));
}

fn check_attempt(kind: RungKind, attempt: &AttemptView) {
    let AttemptView { id, state, call_id, .. } = attempt;
    assert_eq!(*state == AttemptState::Accepted, call_id.is_some(), "{id} is {state} with call {call_id:?}");
    assert_eq!(call_id.is_some(), attempt.call_status.is_some(), "{id} has status {:?}", attempt.call_status);
    let masked = match kind {
        RungKind::Call | RungKind::Sms => attempt.to.starts_with("****") && attempt.to.len() == 8,
        RungKind::Email => attempt.to.split_once("***@").is_some_and(|(name, _)| name.len() == 1),
        RungKind::Webhook | RungKind::Command => true,
    };
    assert!(masked, "{id} shows {}", attempt.to);
}

impl Last {
    fn compare(&mut self, all: &Snapshot) {
        let now = Self::of(all);
        // Whoever is back in the config gets back what ended since they had left it, and what a clock that was ahead
        // closed is open again.
        let stays = |reason: &Option<Reason>| *reason != Some(Reason::PersonRemoved);
        let reopened = |id: &IncidentId| {
            let missed = self.incidents.get(id) == Some(&(IncidentState::Missed, Some(Reason::NoCheckIn)));
            missed && now.incidents.get(id).is_some_and(|(state, _)| !state.is_final())
        };
        let ended = self.incidents.iter().filter(|(_, (state, reason))| state.is_final() && stays(reason));
        for (id, then) in ended.filter(|(id, _)| !reopened(id)) {
            // What ended it may be taken back, once: nothing is revived with that.
            let undone = (IncidentState::Cancelled, Some(Reason::Undone));
            let may_be = |new: &(IncidentState, Option<Reason>)| {
                new == then || (*new == undone && then.0 != IncidentState::Cancelled)
            };
            assert!(now.incidents.get(id).is_none_or(may_be), "{id} was {then:?}: {:?}", now.incidents[id]);
        }
        for (id, then) in &self.steps {
            let (incident, state, reason) = then;
            let again = reopened(incident) && *state != StepState::Executed;
            if !matches!(state, StepState::Pending | StepState::Running) && stays(reason) && !again {
                assert!(now.steps.get(id).is_none_or(|new| new == then), "{id} was {then:?}: {:?}", now.steps[id]);
            }
        }
        for (id, then) in &self.attempts {
            let new = now.attempts.get(id).copied().unwrap_or(*then);
            assert!(may_follow(*then, new), "{id} went from {then} to {new}");
        }
        *self = now;
    }

    fn of(all: &Snapshot) -> Self {
        let mut last = Self::default();
        for incident in &all.incidents {
            last.incidents.insert(incident.id, (incident.state, incident.reason));
            for step in &incident.steps {
                last.steps.insert(step.id, (incident.id, step.state, step.reason));
                last.attempts.extend(step.attempts.iter().map(|a| (a.id, a.state)));
            }
        }
        last
    }
}

/// The arrows of DESIGN, section 2; a settled attempt may pass through `UNKNOWN` unseen.
fn may_follow(then: AttemptState, new: AttemptState) -> bool {
    use AttemptState::{Abandoned, Absent, Accepted, Rejected, Sending, Unknown};
    then == new
        || match then {
            Sending => true,
            Unknown => new != Sending,
            Absent | Abandoned => new == Accepted,
            Accepted | Rejected | AttemptState::NotSent => false,
        }
}
