//! The story of a meeting, and what comes next.

use crate::build::{Bench, at, end, rejected};
use savehub::model::{CancelledBy, HangUp, IncidentId, Marks, MeetingId, Reason, RejectionClass, StepId, StepState};
use savehub::store::{StepHistory, StepOutline};

facts!(
    a_history_holds_every_generation_its_steps_and_what_the_guards_saw_of_each,
    a_history_tells_refusals_wishes_and_who_called_it_off,
    what_is_not_there_has_no_history,
    an_outline_says_of_a_step_what_its_history_does,
    what_comes_next_is_the_next_step_the_next_meeting_and_the_earliest_open_incident,
);

fn a_history_holds_every_generation_its_steps_and_what_the_guards_saw_of_each(b: &Bench) {
    let (first, second) = (b.watched("ana", "a", 600), b.watched("ana", "b", 600));
    let id = b.call("a", "CA1", 420);
    let history = b.history(second.id).unwrap().unwrap();
    assert_eq!((history.meeting.id, history.added_at, history.in_calendar), (second.id, at(0), false));
    let told = &history.incidents[0];
    let attempt = &told.steps[0].attempts[0];
    assert_eq!((told.view.meeting, attempt.view.id, attempt.finished_at), (second.id, id, Some(at(420))));
    assert_eq!((attempt.guards.as_deref(), attempt.message.as_str()), (Some("calls: 0"), "About a and About b"));
    let other = b.history(first.id).unwrap().unwrap();
    let shared = &other.incidents[0].steps[0].attempts[0];
    assert_eq!(
        (shared.first_step, shared.guards.as_deref()),
        (Some(other.incidents[0].steps[0].view.id), Some("calls: 0"))
    );
    assert_eq!((attempt.first_step, attempt.shared[0].incident), (shared.first_step, other.incidents[0].view.id));
    assert_eq!(attempt.shared[0].title, "About a");
    b.move_meeting(second.id, at(900), None, at(430)).unwrap();
    b.open(430, 901);
    let both = b.history(second.id).unwrap().unwrap();
    assert_eq!(both.incidents.iter().map(|i| i.view.generation).collect::<Vec<_>>(), [1, 2]);
    let newest: IncidentId = both.incidents[1].view.id;
    assert_eq!(b.meeting_of(newest).unwrap(), Some(second.id));
    let steps: Vec<StepId> = both.incidents[1].steps.iter().map(|step| step.view.id).collect();
    assert_eq!(steps, both.incidents[1].view.steps.iter().map(|step| step.id).collect::<Vec<_>>());
}

fn a_history_tells_refusals_wishes_and_who_called_it_off(b: &Bench) {
    let meeting = b.watched("ana", "a", 600);
    let refused = |_: &_| end(StepState::Failed, Reason::Rejected);
    let _ = b.record(b.place("a", 420), &rejected(RejectionClass::Ours), at(421), &refused).unwrap();
    b.call("a", "CA1", 540);
    b.cancel_meeting(meeting.id, at(550)).unwrap();
    let history = b.history(meeting.id).unwrap().unwrap();
    assert_eq!((history.cancelled_by, history.changed_at), (Some(CancelledBy::Person), at(550)));
    let steps = &history.incidents[0].steps;
    let told: Vec<_> = steps.iter().map(|s| (s.ready_at, s.changed_at)).collect();
    assert_eq!(told, [(at(420), at(421)), (at(540), at(540))]);
    let told: Vec<_> = steps.iter().map(|s| &s.attempts[0]).map(|a| (a.class, a.hang_up_how)).collect();
    assert_eq!(told, [(Some(RejectionClass::Ours), None), (None, Some(HangUp::Completed))]);
}

fn what_is_not_there_has_no_history(b: &Bench) {
    assert_eq!((b.history(MeetingId(9)).unwrap(), b.meeting_of(IncidentId(9)).unwrap()), (None, None));
}

fn an_outline_says_of_a_step_what_its_history_does(b: &Bench) {
    let (first, second) = (b.watched("ana", "a", 600), b.watched("ana", "b", 600));
    b.call("a", "CA1", 420);
    let steps = |meeting| b.history(meeting).unwrap().unwrap().incidents.remove(0).steps;
    let (first, second) = (steps(first.id), steps(second.id));
    let asked: Vec<StepId> = [&second[0], &first[1], &first[0]].map(|step| step.view.id).to_vec();
    let outlines = b.outlines(&[asked.as_slice(), &[StepId(99)]].concat()).unwrap();
    let told = |step: &StepHistory| {
        let guards = step.attempts.last().and_then(|attempt| attempt.guards.clone());
        Some(StepOutline {
            marks: Marks::default(),
            changed_at: step.changed_at,
            starts_at: at(600),
            contact: step.view.contact.clone(),
            guards,
        })
    };
    assert_eq!(outlines, [told(&second[0]), told(&first[1]), told(&first[0]), None]);
    assert_eq!(outlines[0].as_ref().unwrap().guards.as_deref(), Some("calls: 0"), "of a shared call");
}

fn what_comes_next_is_the_next_step_the_next_meeting_and_the_earliest_open_incident(b: &Bench) {
    assert_eq!(b.ahead(at(0)).unwrap(), savehub::store::Ahead::default());
    let watched = b.watched("ana", "a", 600);
    b.add("bo", "b", 5000);
    b.add("bo", "c", 4000);
    let ahead = b.ahead(at(0)).unwrap();
    let first = b.history(watched.id).unwrap().unwrap().incidents[0].steps[0].view.due_at;
    assert_eq!((ahead.step, ahead.meeting, ahead.incident), (Some(first), Some(at(4000)), Some(at(600))));
    assert_eq!(b.ahead(at(601)).unwrap().incident, None, "its meeting started before that");
}
