//! What was done is taken back, once, and what is still to come is planned again.

use crate::build::{Bench, at, secs, watch};
use crate::looking::{copy, seen, skipping};
use savehub::model::{
    ActHow, ActKind, Answer, HangUpState, Heard, HeardEffect, HeardHow, IncidentState, MeetingId, MeetingState, Phone,
    PlannedStep, Reason, SkipWhy, StepState,
};
use savehub::store::{CheckIn, Plan, StoreError, UndoFacts, UndoScope, Undone, UndoneLeft};

facts! {
    a_check_in_is_taken_back_once_and_what_is_still_to_come_is_planned_again,
    no_call_no_ended_step_and_no_wish_to_hang_up_is_revived_and_the_count_stays,
    a_check_in_ahead_of_time_is_taken_back,
    nothing_comes_again_for_a_meeting_that_has_begun,
    a_resolve_a_call_off_and_a_move_are_taken_back,
    what_a_calendar_or_nobody_did_is_not_taken_back,
    each_person_takes_back_their_own_last_act_and_nothing_old,
    one_act_for_several_meetings_is_taken_back_as_one,
    what_was_heard_is_taken_back_by_whatever_way_it_came,
    what_has_moved_since_rings_for_its_new_start,
    what_has_moved_a_little_since_comes_again_with_the_rungs_that_rang_for_its_old_start,
    a_move_that_is_not_the_last_word_is_not_taken_back,
    what_was_done_goes_with_its_meeting,
}

/// Takes back the last act of a person in the last hour.
fn undo_of(b: &Bench, person: &str, now: i64) -> Result<Option<Undone>, StoreError> {
    let rule = |facts: &UndoFacts<'_>| {
        let Plan::Watch(ladder) = watch(facts.meeting) else { return Vec::new() };
        let steps: Vec<PlannedStep> = facts.cancelled.map_or(ladder, <[_]>::to_vec);
        steps.into_iter().filter(|step| step.due_at > at(now)).collect()
    };
    b.undo(&UndoScope { person, since: at(now - 3600), until: at(now + 1000), now: at(now) }, &rule)
}

fn undo(b: &Bench, now: i64) -> Undone {
    undo_of(b, "ana", now).unwrap().expect("an act")
}

/// The rungs that come again for the only meeting.
fn rungs(undone: &Undone) -> Vec<u32> {
    assert_eq!((undone.meetings.len(), undone.meetings[0].left), (1, None));
    undone.meetings[0].again.iter().map(|step| step.rung).collect()
}

fn state(b: &Bench, meeting: MeetingId, generation: u32) -> (IncidentState, Option<Reason>) {
    let incident = b.incident(meeting, generation);
    (incident.state, incident.reason)
}

const UNDONE: (IncidentState, Option<Reason>) = (IncidentState::Cancelled, Some(Reason::Undone));
const OPEN: (IncidentState, Option<Reason>) = (IncidentState::Open, None);

fn a_check_in_is_taken_back_once_and_what_is_still_to_come_is_planned_again(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    for how in [CheckIn::Joined, CheckIn::Missed] {
        let generation = b.read(meeting.id).generation;
        b.check_in(meeting.id, how, at(430)).unwrap();
        let undone = undo(b, 440);
        assert_eq!((undone.how, undone.at, rungs(&undone)), (ActHow::Command, at(430), vec![1]));
        assert_eq!(state(b, meeting.id, generation), UNDONE);
        assert_eq!((state(b, meeting.id, generation + 1), b.due(539)), (OPEN, vec![]));
        assert_eq!((b.due(540), b.open(441, 1500).opened), (vec![("talk".into(), 1)], vec![]));
        assert_eq!(undo_of(b, "ana", 450).unwrap(), None);
    }
}

fn no_call_no_ended_step_and_no_wish_to_hang_up_is_revived_and_the_count_stays(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 420);
    assert_eq!(b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap().hang_ups, 1);
    assert_eq!(rungs(&undo(b, 435)), [1]);
    assert_eq!(b.attempt(call).hang_up, HangUpState::Wanted);
    let ended: Vec<_> = b.incident(meeting.id, 1).steps.iter().map(|s| s.state).collect();
    assert_eq!(ended, [StepState::Executed, StepState::Cancelled]);
    assert_eq!(b.recent_calls("talk", 541), 1, "the call before counts");
}

fn a_check_in_ahead_of_time_is_taken_back(b: &Bench) {
    let meeting = b.add("ana", "talk", 600);
    b.check_in(meeting.id, CheckIn::Joined, at(10)).unwrap();
    // In reach: what is due already does not come.
    assert_eq!(rungs(&undo(b, 430)), [1]);
    assert_eq!((state(b, meeting.id, 1), state(b, meeting.id, 2), b.due(539)), (UNDONE, OPEN, vec![]));
    let far = b.add("ana", "far", 3000);
    b.check_in(far.id, CheckIn::Missed, at(500)).unwrap();
    assert_eq!(rungs(&undo(b, 510)), [0, 1]);
    assert_eq!(b.read(far.id).ended, None);
    assert_eq!(b.open(2500, 3500).opened.len(), 1, "a tick opens it when it is in reach");
}

fn nothing_comes_again_for_a_meeting_that_has_begun(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.check_in(meeting.id, CheckIn::Joined, at(610)).unwrap();
    assert_eq!(rungs(&undo(b, 620)), Vec::<u32>::new());
    assert_eq!((state(b, meeting.id, 2), b.due(700)), (OPEN, vec![]), "who does not check in has missed it");
}

fn a_resolve_a_call_off_and_a_move_are_taken_back(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let current = || b.incident(meeting.id, b.read(meeting.id).generation).id;
    b.resolve(current(), Some("by mistake"), at(425)).unwrap();
    let undone = undo(b, 430);
    assert_eq!((undone.what, rungs(&undone)), (ActKind::Resolved, vec![1]));
    b.cancel_meeting(meeting.id, at(440)).unwrap();
    let undone = undo(b, 445);
    assert_eq!((undone.what, rungs(&undone)), (ActKind::CalledOff, vec![1]));
    assert_eq!(b.read(meeting.id).state, MeetingState::Scheduled);
    b.move_meeting(meeting.id, at(900), Some(at(1000)), at(450)).unwrap();
    assert_eq!(b.open(451, 1400).opened.len(), 1);
    let undone = undo(b, 460);
    assert_eq!((undone.what, rungs(&undone)), (ActKind::Moved, vec![1]));
    assert!(undone.meetings[0].ended.as_ref().is_some_and(|ended| ended.changed), "the new time was watched");
    let back = b.read(meeting.id);
    assert_eq!((back.starts_at, back.ends_at, b.due(899)), (at(600), meeting.ends_at, vec![("talk".into(), 1)]));
}

fn what_a_calendar_or_nobody_did_is_not_taken_back(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.present(b.incident(meeting.id, 1).id, at(420)).unwrap();
    assert_eq!(undo_of(b, "ana", 430).unwrap(), None, "a program found them there");
    assert!(!b.check_in(meeting.id, CheckIn::Joined, at(431)).unwrap().changed);
    assert_eq!(undo_of(b, "ana", 432).unwrap(), None, "nothing was changed");
}

fn each_person_takes_back_their_own_last_act_and_nothing_old(b: &Bench) {
    let (hers, his) = (b.watched("ana", "hers", 600), b.watched("bo", "his", 600));
    b.check_in(hers.id, CheckIn::Joined, at(10)).unwrap();
    b.check_in(his.id, CheckIn::Joined, at(20)).unwrap();
    assert_eq!(undo(b, 30).meetings[0].meeting.id, hers.id);
    assert_eq!((undo_of(b, "ana", 31).unwrap(), state(b, his.id, 1).1), (None, Some(Reason::Joined)));
    assert_eq!(undo_of(b, "bo", 3621).unwrap(), None, "too long ago");
    assert!(undo_of(b, "bo", 3620).unwrap().is_some());
}

fn one_act_for_several_meetings_is_taken_back_as_one(b: &Bench) {
    let (first, second) = (b.watched("ana", "first", 600), b.watched("ana", "second", 600));
    let before = b.watched("ana", "before", 800);
    b.check_in(before.id, CheckIn::Joined, at(5)).unwrap();
    assert_eq!(b.check_in_all(&[first.id, second.id], CheckIn::Joined, at(10)).unwrap().len(), 2);
    let undone = undo(b, 20);
    assert_eq!(undone.meetings.iter().map(|m| m.meeting.id).collect::<Vec<_>>(), [first.id, second.id]);
    assert_eq!((state(b, first.id, 2), state(b, second.id, 2)), (OPEN, OPEN));
    assert_eq!(undo(b, 30).meetings[0].meeting.id, before.id, "the act before it");
}

fn what_was_heard_is_taken_back_by_whatever_way_it_came(b: &Bench) {
    use HeardEffect::{Acknowledged, Joined, Missed};
    let meeting = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    let say = |sid: &str, how, effect, now| {
        let from = Phone::parse("+12025550101").unwrap();
        let owners = vec!["ana".into()];
        let (at, provider_at, text) = (at(now), at(now), "1".into());
        let heard = Heard { sid: sid.into(), how, from, owners, at, provider_at, text, call: None };
        let incident = b.incident(meeting.id, b.read(meeting.id).generation).id;
        let answer = Answer { effect, incidents: vec![incident], choices: vec![] };
        let done = b.hear(&[heard], at, &|_, _| answer.clone()).unwrap().remove(0);
        assert_eq!(done.unwrap().incidents, [incident]);
    };
    say("CA9", HeardHow::Call, Acknowledged, 425);
    say("SM1", HeardHow::Message, Joined, 430);
    let undone = undo(b, 435);
    assert_eq!((undone.what, undone.how, rungs(&undone)), (ActKind::Joined, ActHow::Message, vec![1]));
    assert_eq!(state(b, meeting.id, 2).0, IncidentState::Acknowledged, "the call back stands");
    let undone = undo(b, 440);
    assert_eq!((undone.what, undone.how, rungs(&undone)), (ActKind::Acknowledged, ActHow::Call, vec![1]));
    assert_eq!((state(b, meeting.id, 2), b.due(540)), (OPEN, vec![("talk".into(), 1)]));
    say("CA8-key", HeardHow::Key, Missed, 450);
    let undone = undo(b, 455);
    assert_eq!((undone.what, undone.how, rungs(&undone)), (ActKind::Missed, ActHow::Key, vec![1]));
}

fn what_has_moved_since_rings_for_its_new_start(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    b.check_in(meeting.id, CheckIn::Joined, at(10)).unwrap();
    b.sees(id, seen(20, &[copy("talk", 1300)]), 20);
    assert_eq!(b.open(21, 2000).opened.len(), 1);
    let undone = undo(b, 30);
    assert_eq!(undone.meetings[0].left, Some(UndoneLeft::AsPlanned));
    assert_eq!((state(b, meeting.id, 1), state(b, meeting.id, 2)), (UNDONE, OPEN));
    b.check_in(meeting.id, CheckIn::Joined, at(40)).unwrap();
    b.sees(id, skipping(50, copy("talk", 1300), SkipWhy::Cancelled), 50);
    assert_eq!(undo(b, 60).meetings[0].left, Some(UndoneLeft::CalledOff), "a calendar did that");
    assert_eq!((b.read(meeting.id).state, b.due(2000)), (MeetingState::Cancelled, vec![]));
}

fn what_has_moved_a_little_since_comes_again_with_the_rungs_that_rang_for_its_old_start(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    b.call("talk", "CA1", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    b.sees(id, seen(440, &[copy("talk", 1080)]), 440);
    assert_eq!(b.open(441, 2000).opened, [], "who is there is there for the new start, too");
    assert_eq!(rungs(&undo(b, 450)), [0, 1]);
    assert_eq!((b.due(899), b.due(900)), (vec![], vec![("talk".into(), 0)]));
}

fn a_move_that_is_not_the_last_word_is_not_taken_back(b: &Bench) {
    let meeting = b.add("ana", "talk", 600);
    b.move_meeting(meeting.id, at(900), None, at(1)).unwrap();
    let id = b.one_file();
    b.sees(id, seen(2, &[copy("talk", 960)]), 2);
    let refused = undo_of(b, "ana", 3);
    assert!(matches!(&refused, Err(StoreError::Conflict(why)) if why.contains("calendar")), "{refused:?}");
    assert_eq!(b.read(meeting.id).starts_at, at(960));
}

fn what_was_done_goes_with_its_meeting(b: &Bench) {
    let meetings = ["one", "two"].map(|uid| b.watched("ana", uid, 600).id);
    b.check_in_all(&meetings, CheckIn::Joined, at(10)).unwrap();
    let acts = b.history(meetings[1]).unwrap().unwrap().acts;
    assert_eq!(acts.iter().map(|act| (act.what, act.undone_at)).collect::<Vec<_>>(), [(ActKind::Joined, None)]);
    assert_eq!(b.forget(at(0).plus(secs(5000)), 1).unwrap().incidents, 1);
    assert_eq!(b.forget(at(0).plus(secs(5000)), 9).unwrap().incidents, 1);
    assert_eq!(undo_of(b, "ana", 20).unwrap(), None);
}
