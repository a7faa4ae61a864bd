//! What is deleted when it is old, and what never is.

use crate::build::{Bench, accepted, always, at, attempt, executed, report, stay};
use crate::checked::everything;
use savehub::model::{CallStatus, MeetingId, Timestamp};
use savehub::store::{CallScope, CheckIn, Forgotten, NewPause};

facts! {
    what_ended_before_goes_with_its_meeting_in_batches,
    what_would_go_is_counted_without_deleting,
    what_is_open_or_to_be_hung_up_stays,
    a_meeting_with_a_younger_incident_stays,
    a_shared_call_goes_with_the_last_of_its_incidents,
    a_shared_call_goes_with_all_its_incidents_at_once,
    more_than_one_set_goes_until_nothing_is_left,
    old_test_calls_and_pauses_go_too,
    a_pause_that_ended_by_itself_goes_too,
}

const DAY: i64 = 86_400;

/// A meeting at second `start` that is over, with one call that has ended.
fn over(b: &Bench, person: &str, uid: &str, start: i64) -> MeetingId {
    let meeting = b.add(person, uid, start);
    b.open(start - 200, start + 1);
    let call = b.call(uid, &format!("CA-{uid}"), start - 180);
    assert!(b.report(call, CallStatus::Completed, start - 100));
    b.check_in(meeting.id, CheckIn::Joined, at(start - 90)).unwrap();
    meeting.id
}

fn meetings(b: &Bench) -> usize {
    b.meetings(Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX / 4)).unwrap().len()
}

fn forgotten(incidents: u32, meetings: u32) -> Forgotten {
    Forgotten { incidents, meetings, ..Forgotten::default() }
}

fn what_ended_before_goes_with_its_meeting_in_batches(b: &Bench) {
    for n in 0..5 {
        over(b, "ana", &format!("e{n}"), 1000 + n * 1000);
    }
    let until = at(4800);
    assert_eq!(b.forget(until, 3).unwrap(), forgotten(3, 3));
    assert_eq!(b.forget(until, 3).unwrap(), forgotten(1, 1));
    assert_eq!(b.forget(until, 3).unwrap(), Forgotten::default());
    assert_eq!((everything(&**b).incidents.len(), meetings(b)), (1, 1));
}

fn what_would_go_is_counted_without_deleting(b: &Bench) {
    for n in 0..3 {
        over(b, "ana", &format!("e{n}"), 1000 + n * 1000);
    }
    b.add("bo", "never watched", 500);
    let until = at(2500);
    let expected = forgotten(2, 3);
    assert_eq!(b.forgettable(until).unwrap(), expected);
    assert_eq!((everything(&**b).incidents.len(), meetings(b)), (3, 4));
    assert_eq!(b.forget(until, 100).unwrap(), expected);
    assert_eq!(b.forgettable(until).unwrap(), Forgotten::default());
}

fn what_is_open_or_to_be_hung_up_stays(b: &Bench) {
    let open = b.watched("ana", "open", 600);
    let _unanswered = b.place("open", 420);
    let ringing = b.watched("bo", "ringing", 700);
    b.call("ringing", "CA1", 520);
    b.check_in(ringing.id, CheckIn::Joined, at(530)).unwrap();
    let unknown = b.watched("cy", "unknown", 800);
    let attempt = b.place("unknown", 620);
    let _ = b.record(attempt, &crate::build::unknown(), at(621), &stay).unwrap();
    b.check_in(unknown.id, CheckIn::Joined, at(630)).unwrap();
    assert_eq!(b.forget(at(90 * DAY), 100).unwrap(), Forgotten::default());
    let left: Vec<_> = everything(&**b).incidents.iter().map(|i| i.meeting).collect();
    assert_eq!(left, [unknown.id, ringing.id, open.id]);
    let call = b.live_calls(CallScope::All, at(540)).unwrap().remove(0);
    b.record_report(call.attempt, &report(CallStatus::Canceled), crate::build::next(at(541)), None).unwrap();
    assert_eq!(b.forget(at(90 * DAY), 100).unwrap(), forgotten(1, 1));
}

fn a_meeting_with_a_younger_incident_stays(b: &Bench) {
    let meeting = b.watched("ana", "moved", 600);
    b.move_meeting(meeting.id, at(5000), None, at(300)).unwrap();
    b.open(4000, 5001);
    b.check_in(meeting.id, CheckIn::Joined, at(4900)).unwrap();
    assert_eq!(b.forget(at(1000), 100).unwrap(), forgotten(1, 0));
    assert_eq!(b.incident(meeting.id, 2).meeting, meeting.id);
    assert_eq!(b.forget(at(6000), 100).unwrap(), forgotten(1, 1));
}

fn a_shared_call_goes_with_the_last_of_its_incidents(b: &Bench) {
    let (first, second) = (b.watched("ana", "board", 600), b.watched("ana", "lunch", 600));
    let call = b.place("board", 430);
    let id = call.id;
    let _ = b.record(call, &accepted("CA1"), at(431), &executed).unwrap();
    assert!(b.report(id, CallStatus::Completed, 440));
    b.check_in(first.id, CheckIn::Joined, at(450)).unwrap();
    b.check_in(second.id, CheckIn::Joined, at(5000)).unwrap();
    assert_eq!(b.forget(at(1000), 100).unwrap(), forgotten(1, 1));
    assert_eq!(b.attempt(id).call_id.as_deref(), Some("CA1"));
    assert_eq!(b.forget(at(6000), 100).unwrap(), forgotten(1, 1));
    assert_eq!(everything(&**b).incidents, []);
}

fn a_shared_call_goes_with_all_its_incidents_at_once(b: &Bench) {
    let (first, second) = (b.watched("ana", "board", 600), b.watched("ana", "lunch", 600));
    let call = b.place("board", 430);
    let id = call.id;
    let _ = b.record(call, &accepted("CA1"), at(431), &executed).unwrap();
    assert!(b.report(id, CallStatus::Completed, 440));
    b.check_in_all(&[first.id, second.id], CheckIn::Joined, at(450)).unwrap();
    assert_eq!(b.forget(at(1000), 100).unwrap(), forgotten(2, 2));
    assert_eq!((everything(&**b).incidents.len(), meetings(b)), (0, 0));
}

fn more_than_one_set_goes_until_nothing_is_left(b: &Bench) {
    for n in 0..40 {
        b.add("ana", &format!("e{n}"), 1000 + n);
    }
    b.open(800, 1100);
    let all: Vec<_> = b.meetings(at(0), at(2000)).unwrap().iter().map(|meeting| meeting.id).collect();
    b.check_in_all(&all, CheckIn::Joined, at(850)).unwrap();
    for n in 0..50 {
        b.add("bo", &format!("never watched {n}"), 1000 + n);
    }
    let mut gone = Forgotten::default();
    loop {
        let some = b.forget(at(2000), 1000).unwrap();
        gone = gone.and(some);
        if some.is_nothing() {
            break;
        }
    }
    assert_eq!(gone, forgotten(40, 90));
    assert_eq!((everything(&**b).incidents.len(), meetings(b)), (0, 0));
}

fn old_test_calls_and_pauses_go_too(b: &Bench) {
    let call = attempt(b.begin_test_call(&b.draft("ana", 10), at(10), &always).unwrap());
    let id = call.id;
    let _ = b.record(call, &accepted("CA1"), at(11), &executed).unwrap();
    b.pause(&NewPause { person: None, until: None, reason: None }, at(10)).unwrap();
    b.pause(&NewPause { person: Some("ana".into()), until: None, reason: None }, at(10)).unwrap();
    b.resume(None, at(20)).unwrap();
    let pause = Forgotten { pauses: 1, ..Forgotten::default() };
    assert_eq!(b.forgettable(at(DAY)).unwrap(), pause, "the call is still followed");
    assert_eq!(b.forget(at(DAY), 100).unwrap(), pause);
    assert_eq!(b.pauses(at(DAY)).unwrap().len(), 1, "what lasts stays");
    b.record_report(
        id,
        &report(CallStatus::Completed),
        savehub::store::NextLook { now: at(DAY), live: None, price: None },
        None,
    )
    .unwrap();
    let test_call = Forgotten { test_calls: 1, ..Forgotten::default() };
    assert_eq!(b.forgettable(at(DAY)).unwrap(), test_call);
    assert_eq!(b.forget(at(DAY), 100).unwrap(), test_call);
}

fn a_pause_that_ended_by_itself_goes_too(b: &Bench) {
    let pause = |person: &str, until| {
        b.pause(&NewPause { person: Some(person.into()), until: Some(until), reason: None }, at(10)).unwrap();
    };
    pause("ana", at(20));
    pause("bo", at(DAY));
    pause("cy", at(2 * DAY));
    let gone = Forgotten { pauses: 1, ..Forgotten::default() };
    assert_eq!(b.forgettable(at(DAY)).unwrap(), gone, "bo's was not over before that");
    assert_eq!(b.forget(at(DAY), 100).unwrap(), gone);
    assert_eq!(b.forgettable(at(DAY)).unwrap(), Forgotten::default());
    assert_eq!(b.pauses(at(20)).unwrap().len(), 2, "what lasts stays");
}
