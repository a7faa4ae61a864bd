//! A row of a newer savehub, or one changed by hand, stops nothing but itself.

use crate::build::{Bench, at};
use savehub::model::{AttemptState, Reason, Refusal, StepState, Timestamp, Verdict};
use savehub::store::{Queued, Settle};

kept! {
    a_due_step_that_cannot_be_read_keeps_no_other_waiting,
    a_step_that_cannot_be_read_shares_no_call,
    a_step_that_cannot_be_read_is_not_turned_away,
    an_open_attempt_that_cannot_be_read_is_left_alone,
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
    let no = Refusal { state: StepState::Skipped, reason: Reason::Capacity, detail: "too many".into() };
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
