//! A row of a newer savehub, or one changed by hand, stops nothing but itself.

use crate::build::{Bench, at, close_rule, next, owner, report};
use crate::checked::everything;
use crate::looking::{copy, news, seen};
use savehub::model::{
    AttemptState, CallStatus, IncidentState, MeetingState, Reason, Refusal, StepState, Timestamp, Verdict,
};
use savehub::store::{CallReported, MeetingNews, Plan, Queued, Settle, StoreError, TickEnd, TickStart};

kept! {
    a_due_step_that_cannot_be_read_keeps_no_other_waiting,
    a_step_that_cannot_be_read_shares_no_call,
    a_step_that_cannot_be_read_is_not_turned_away,
    an_open_attempt_that_cannot_be_read_is_left_alone,
    a_meeting_that_cannot_be_read_keeps_no_other_from_being_watched,
    a_meeting_that_cannot_be_read_keeps_no_incident_of_another_open,
    a_calendar_goes_on_beside_a_meeting_that_cannot_be_read,
    a_calendar_that_goes_leaves_a_meeting_that_cannot_be_read,
    a_tick_begins_after_one_that_cannot_be_read,
    an_incident_closes_with_a_step_that_cannot_be_read,
    an_attempt_is_given_up_though_why_its_incident_ended_cannot_be_read,
    what_can_be_read_is_shown,
    a_report_about_a_call_that_cannot_be_read_leaves_nothing_of_its_set_behind,
}

/// Makes the steps of this person's meeting unreadable.
fn spoil(b: &Bench, uid: &str) {
    b.by_hand(&format!(
        "update steps set condition = 'if it rains' where incident_id in \
           (select i.id from incidents i join meetings m on m.id = i.meeting_id where m.uid = '{uid}')"
    ));
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_due_step_that_cannot_be_read_keeps_no_other_waiting(b: Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "review", 600);
    spoil(&b, "talk");
    assert_eq!(b.due(420), [("review".to_owned(), 0)]);
    let _call = b.place("review", 420);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_step_that_cannot_be_read_shares_no_call(b: Bench) {
    b.watched("ana", "board", 600);
    b.watched("ana", "lunch", 600);
    b.watched("ana", "tea", 600);
    spoil(&b, "lunch");
    let call = b.place("board", 430);
    assert_eq!(call.message, "About board and About tea");
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_step_that_cannot_be_read_is_not_turned_away(b: Bench) {
    let people = [("ana", "talk"), ("bo", "review")];
    let queue = people.map(|(person, uid)| {
        b.watched(person, uid, 600);
        Queued { step: b.claim(uid, 420).step, draft: b.draft(person, 420) }
    });
    spoil(&b, "talk");
    let no = Refusal::new(StepState::Skipped, Reason::Capacity, "too many");
    let turned = b
        .shed(&queue, at(420), &|_, _| Verdict::Place, &|_, waiting| {
            waiting.iter().map(|(place, _)| (*place, no.clone())).collect()
        })
        .unwrap();
    assert_eq!(turned.results.iter().map(|r| r.step).collect::<Vec<_>>(), [Some(queue[1].step)]);
    assert_eq!(turned.claimable, []);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn an_open_attempt_that_cannot_be_read_is_left_alone(b: Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "review", 600);
    let (hers, his) = (b.place("talk", 420).id, b.place("review", 420).id);
    b.by_hand(&format!("update attempts set owner = 'somebody' where id = {}", hers.0));
    assert_eq!(b.settle_all(430, Settle::Unknown), []);
    assert_eq!((b.attempt(hers).state, b.attempt(his).state), (AttemptState::Sending, AttemptState::Unknown));
    b.by_hand(&format!("update attempts set state = 'UNKNOWN', finished_at = 0 where id = {}", hers.0));
    let doubtful = b.doubtful(Timestamp::from_ms(0)).unwrap();
    assert_eq!(doubtful.iter().map(|d| d.attempt).collect::<Vec<_>>(), [his]);
}

/// Makes this meeting unreadable.
fn spoil_meeting(b: &Bench, uid: &str) {
    b.by_hand(&format!("update meetings set generation = 5000000000 where uid = '{uid}'"));
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_meeting_that_cannot_be_read_keeps_no_other_from_being_watched(b: Bench) {
    b.add("ana", "talk", 600);
    b.add("bo", "review", 600);
    spoil_meeting(&b, "talk");
    assert_eq!(b.open(0, 601).opened.len(), 1);
    assert_eq!(b.due(420), [("review".to_owned(), 0)]);
    assert_eq!(b.open(30, 601).opened, []);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_meeting_that_cannot_be_read_keeps_no_incident_of_another_open(b: Bench) {
    b.watched("ana", "talk", 600);
    let review = b.watched("bo", "review", 600);
    spoil_meeting(&b, "talk");
    let opened = b.open_incidents(at(30), at(601), &|_| Plan::Refuse(Reason::PersonRemoved)).unwrap();
    let incident = b.incident(review.id, 1);
    assert_eq!(opened.refused, [(incident.id, Reason::PersonRemoved)]);
    assert_eq!(incident.state, IncidentState::Cancelled);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_calendar_goes_on_beside_a_meeting_that_cannot_be_read(b: Bench) {
    let id = b.one_file();
    let both = [copy("talk", 600), copy("review", 900)];
    let [_, review] = &b.sees(id, seen(1, &both), 1)[..] else { panic!("two meetings") };
    spoil_meeting(&b, "talk");
    let moved = b.sees(id, seen(2, &[copy("talk", 700), copy("review", 1000), copy("lunch", 1200)]), 2);
    let lunch = moved.iter().find(|change| change.how == MeetingNews::Added).unwrap().meeting.id;
    let mut expected = [(MeetingNews::Moved, review.meeting.id), (MeetingNews::Added, lunch)];
    let mut found = news(&moved);
    found.sort_by_key(|(_, meeting)| *meeting);
    expected.sort_by_key(|(_, meeting)| *meeting);
    assert_eq!(found, expected);
    b.by_hand("update meetings set generation = 1 where uid = 'talk'");
    assert_eq!(b.sees(id, seen(3, &[copy("talk", 700), copy("review", 1000), copy("lunch", 1200)]), 3).len(), 1);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_calendar_that_goes_leaves_a_meeting_that_cannot_be_read(b: Bench) {
    let id = b.one_file();
    b.sees(id, seen(1, &[copy("talk", 600), copy("review", 900)]), 1);
    spoil_meeting(&b, "talk");
    let gone = b.subscribe(&[], 2);
    assert_eq!(gone.changed.iter().map(|change| &change.meeting.uid[..]).collect::<Vec<_>>(), ["review"]);
    b.by_hand("update meetings set generation = 1 where uid = 'talk'");
    let left = b.meetings(at(0), at(1000)).unwrap();
    let states: Vec<_> = left.iter().map(|meeting| (&meeting.uid[..], meeting.state)).collect();
    assert_eq!(states, [("talk", MeetingState::Scheduled), ("review", MeetingState::Cancelled)]);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_tick_begins_after_one_that_cannot_be_read(b: Bench) {
    let start =
        |now| TickStart { now: at(now), boottime_ms: now * 1000, owner: owner(), host: "bench".into(), turned: false };
    for (now, skew_ms) in [(0, 7), (30, 8)] {
        let tick = b.begin_tick(&start(now)).unwrap().id;
        b.end_tick(tick, &TickEnd { now: at(now + 1), exit: 0, skew_ms: Some(skew_ms), placed: 0, not_placed: 0 })
            .unwrap();
    }
    b.by_hand("update ticks set owner = 'somebody' where skew_ms = 8");
    assert_eq!(b.begin_tick(&start(60)).unwrap().skews.iter().map(|skew| skew.skew_ms).collect::<Vec<_>>(), [7]);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn an_incident_closes_with_a_step_that_cannot_be_read(b: Bench) {
    let talk = b.watched("ana", "talk", 600);
    let review = b.watched("bo", "review", 600);
    b.by_hand(&format!(
        "update steps set kind = 'pigeon' where incident_id in (select id from incidents where meeting_id = {})",
        talk.id.0
    ));
    let closed = b.close(at(901), &close_rule()).unwrap();
    assert_eq!((closed.missed.len(), closed.steps.len()), (2, 2));
    for meeting in [talk, review] {
        assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Missed);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn an_attempt_is_given_up_though_why_its_incident_ended_cannot_be_read(b: Bench) {
    let talk = b.watched("ana", "talk", 600);
    b.watched("bo", "review", 600);
    let (hers, his) = (b.place("talk", 420).id, b.place("review", 420).id);
    b.resolve(b.incident(talk.id, 1).id, None, at(425)).unwrap();
    b.by_hand("update incidents set reason = 'rained_off' where ended_at is not null");
    b.abandon_all(430);
    b.by_hand("update incidents set reason = 'operator' where ended_at is not null");
    assert_eq!((b.attempt(hers).state, b.attempt(his).state), (AttemptState::Abandoned, AttemptState::Abandoned));
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn what_can_be_read_is_shown(b: Bench) {
    let talk = b.watched("ana", "talk", 600);
    b.watched("bo", "review", 600);
    b.add("cy", "tea", 900);
    b.add("cy", "cake", 900);
    spoil_meeting(&b, "cake");
    let shown = |b: &Bench| -> Vec<usize> { everything(&**b).incidents.iter().map(|i| i.steps.len()).collect() };
    assert_eq!((everything(&*b).next_meetings.len(), shown(&b)), (3, vec![2, 2]));
    b.by_hand(&format!("update steps set kind = 'pigeon' where rung = 0 and incident_id in (select id from incidents where meeting_id = {})", talk.id.0));
    assert_eq!(shown(&b), [2, 1]);
    b.by_hand(&format!("update incidents set acknowledged_how = 'in a dream' where meeting_id = {}", talk.id.0));
    assert_eq!(shown(&b), [2]);
    assert_eq!(b.meetings(at(0), at(1000)).unwrap().len(), 3);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn a_report_about_a_call_that_cannot_be_read_leaves_nothing_of_its_set_behind(b: Bench) {
    let [good, bad] = [("ana", "talk", "CA1"), ("bo", "review", "CA2")].map(|(person, uid, sid)| {
        b.watched(person, uid, 600);
        b.call(uid, sid, 420)
    });
    b.by_hand(&format!("update attempts set hang_up_how = 'politely' where id = {}", bad.0));
    let said = report(CallStatus::Ringing);
    let set = [good, bad].map(|attempt| CallReported {
        attempt,
        report: &said,
        next: next(at(450)),
        answered_at: None,
        wish_over: false,
    });
    let done = b.record_reports(&set);
    assert!(matches!(done, Err(StoreError::Statement { .. })), "{done:?}");
    assert_eq!(b.attempt(good).call_status, Some(CallStatus::Queued));
    assert!(b.record_reports(&set[..1]).unwrap()[0].news, "alone it is written");
}
