//! The calls of a day, as the caps count them: each for 24 hours from when it was made.

use crate::build::{Bench, at, end, not_sent, rejected, stay, unknown};
use savehub::model::{
    AttemptState, CallStatus, ListedCall, Placed, Reason, Refusal, RejectionClass, StepState, Verdict,
};
use savehub::store::{AttemptDraft, Begun, Facts, Settle};

facts! {
    the_cap_is_reached_with_its_last_call_and_by_no_other,
    a_call_counts_for_24_hours_and_no_longer,
    what_comes_off_does_so_at_once_and_only_once,
    an_adopted_call_counts_from_when_it_was_made,
}

const DAY: i64 = 86_400;

/// How many calls of everybody, and of this person, a call of the next meeting sees.
fn counted(b: &Bench, person: &str, now: i64) -> (u32, u32) {
    let uid = format!("asks at {now} {person}");
    b.watched(person, &uid, now + 180);
    let facts = b.facts(&uid, now);
    (facts.calls_today, facts.calls_of_person_today)
}

fn the_cap_is_reached_with_its_last_call_and_by_no_other(b: &Bench) {
    let people = ["ana", "bo", "cy"];
    for (n, start) in (0..4).zip((600..).step_by(600)) {
        for person in people {
            b.watched(person, &format!("{person} {n}"), start);
        }
    }
    let at_most_seven = |facts: &Facts| {
        if facts.calls_today < 7 {
            Verdict::Place
        } else {
            Verdict::Refuse(Refusal::new(StepState::Skipped, Reason::DailyCap, "at most 7"))
        }
    };
    let mut placed = 0;
    for (n, start) in (0..4).zip((600..).step_by(600)) {
        let now = start - 180;
        let claims: Vec<_> = people.iter().map(|person| b.claim(&format!("{person} {n}"), now)).collect();
        let drafts: Vec<_> = people.iter().map(|person| b.draft(person, now)).collect();
        for begun in b.begin_attempts(claims, &drafts, at(now), &|_, facts| at_most_seven(facts)).unwrap() {
            if let Begun::Attempt(attempt) = begun {
                placed += 1;
                let recorded = b.accept(attempt, &format!("CA{placed}"), now + 1);
                assert_eq!(recorded.state, AttemptState::Accepted);
            }
        }
    }
    assert_eq!(placed, 7);
}

fn a_call_counts_for_24_hours_and_no_longer(b: &Bench) {
    // Two calls of one bucket, and one of the next.
    for (uid, start) in [("first", 600), ("second", 630), ("third", 900)] {
        b.watched("ana", uid, start);
        b.report(b.call(uid, &format!("CA {uid}"), start - 180), CallStatus::Completed, start - 170);
    }
    let seen = [420 + DAY - 1, 420 + DAY, 450 + DAY - 1, 450 + DAY, 720 + DAY - 1, 720 + DAY];
    let counts = seen.map(|now| counted(b, "bo", now).0);
    assert_eq!(counts, [3, 2, 2, 1, 1, 0]);
}

fn what_comes_off_does_so_at_once_and_only_once(b: &Bench) {
    let failed = |_: &_| end(StepState::Failed, Reason::NotSent);
    for (uid, start) in [("a", 600), ("b", 700), ("c", 800)] {
        b.watched("ana", uid, start);
    }
    let doubt = b.place("a", 420);
    let id = doubt.id;
    let _ = b.record(doubt, &unknown(), at(421), &stay).unwrap();
    assert_eq!(counted(b, "bo", 430), (1, 0));
    let _ = b.record_all(&[(id, &not_sent()), (id, &not_sent())], at(440), &|_, facts| failed(facts)).unwrap();
    assert_eq!(counted(b, "bo", 450), (0, 0));
    let _ = b.record(b.place("b", 520), &rejected(RejectionClass::Ours), at(521), &failed).unwrap();
    assert_eq!(counted(b, "bo", 530), (0, 0));
    let _ = b.record(b.place("c", 620), &unknown(), at(621), &stay).unwrap();
    b.settle_all(630, Settle::Abandon);
    assert_eq!((counted(b, "bo", 640), counted(b, "ana", 640)), ((1, 0), (1, 1)));
}

fn an_adopted_call_counts_from_when_it_was_made(b: &Bench) {
    b.watched("ana", "talk", 600);
    let call = ListedCall {
        sid: "CA1".into(),
        from: b.draft("ana", 500).senders[0].clone(),
        status: CallStatus::Completed,
        created_at: at(425),
        tag: None,
    };
    let draft = AttemptDraft { listed: vec![call], ..b.draft("ana", 500) };
    let oldest = |_: &Facts| Some(Placed { index: 0, created_at: at(425) });
    let _ = b.adopt(&b.claim("talk", 500), &draft, at(500), &oldest).unwrap().unwrap();
    assert_eq!([425 + DAY - 1, 425 + DAY].map(|now| counted(b, "ana", now)), [(1, 1), (0, 0)]);
}
