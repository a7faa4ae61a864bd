//! Claims and replies in sets: one transaction, and each is decided as if those before it in the set had been written
//! alone.

use crate::build::{Bench, accepted, always, at, end, executed, not_sent, rejected, unknown};
use savehub::model::{
    AttemptId, AttemptState, MeetingId, NextSlot, Reason, Refusal, RejectionClass, Slot, StepState, Timestamp, Verdict,
};
use savehub::store::{AfterFacts, AttemptDraft, Begun, Claim, Facts, Line, QueueRule, StepNext, StoreError};

facts! {
    a_set_writes_each_attempt_as_it_would_be_written_alone,
    refusals_and_attempts_of_a_set_are_written_together,
    an_earlier_claim_of_the_set_counts_for_the_calls_of_the_day,
    an_earlier_claim_of_the_set_counts_for_the_limit_of_its_meeting,
    of_two_claims_to_one_number_the_second_waits,
    an_earlier_claim_of_the_set_counts_for_the_pace,
    what_shares_the_call_of_an_earlier_claim_is_gone,
    a_claim_that_comes_twice_begins_once,
    a_set_with_one_that_cannot_be_written_leaves_nothing_behind,
    replies_of_a_set_do_what_each_would_do_alone,
    of_two_replies_with_one_id_the_second_is_in_doubt,
    two_replies_to_one_attempt_are_taken_one_after_the_other,
    a_reply_to_no_attempt_keeps_its_set_from_being_written,
}

/// Claims what is due of these meetings, in this order.
fn begin(b: &Bench, uids: &[&str], now: i64, rule: QueueRule<'_>) -> Vec<Begun> {
    begin_with(b, uids, now, rule, &|draft| draft)
}

fn begin_with<'a>(
    b: &Bench,
    uids: &[&str],
    now: i64,
    rule: QueueRule<'_>,
    change: &dyn Fn(AttemptDraft<'static>) -> AttemptDraft<'a>,
) -> Vec<Begun> {
    let claims: Vec<Claim> = uids.iter().map(|uid| b.claim(uid, now)).collect();
    let drafts: Vec<AttemptDraft<'_>> = claims.iter().map(|claim| change(b.draft(&claim.person, now))).collect();
    b.begin_attempts(claims, &drafts, at(now), rule).unwrap()
}

/// What came of each, in a word.
fn words(begun: &[Begun]) -> Vec<&'static str> {
    let word = |begun: &Begun| match begun {
        Begun::Attempt(_) => "attempt",
        Begun::Waits(_) => "waits",
        Begun::NoSlot { .. } => "no slot",
        Begun::Refused(_) => "refused",
        Begun::Gone => "gone",
    };
    begun.iter().map(word).collect()
}

fn no(reason: Reason) -> Verdict {
    Verdict::Refuse(Refusal::new(StepState::Skipped, reason, "no"))
}

fn a_set_writes_each_attempt_as_it_would_be_written_alone(b: &Bench) {
    let meetings = [("ana", "a"), ("bo", "b"), ("cy", "c")].map(|(person, uid)| b.watched(person, uid, 600));
    let begun = begin(b, &["b", "a", "c"], 420, &|_, _| Verdict::Place);
    let attempts: Vec<_> = begun
        .into_iter()
        .map(|begun| if let Begun::Attempt(attempt) = begun { attempt } else { panic!("{begun:?}") })
        .collect();
    let about: Vec<&str> = attempts.iter().map(|attempt| attempt.message.as_str()).collect();
    assert_eq!(about, ["About b", "About a", "About c"]);
    for (attempt, meeting) in attempts.into_iter().zip([1, 0, 2].map(|place: usize| &meetings[place])) {
        let step = b.step(meeting.id, 0);
        assert_eq!((step.state, step.attempts[0].id), (StepState::Running, attempt.id));
        assert_eq!((attempt.step, attempt.key.as_str()), (Some(step.id), attempt.token.as_str()));
        let sid = format!("CA-{}", meeting.id.0);
        let _ = b.accept(attempt, &sid, 421);
        assert_eq!(b.fate(meeting.id, 0), (StepState::Executed, Some(Reason::Initiated)));
    }
}

fn refusals_and_attempts_of_a_set_are_written_together(b: &Bench) {
    let [a, _, c] = [("ana", "a"), ("bo", "b"), ("cy", "c")].map(|(person, uid)| b.watched(person, uid, 600));
    let rule = |place: usize, _: &Facts| [no(Reason::DailyCap), Verdict::Place, no(Reason::Paused)][place].clone();
    let begun = begin(b, &["a", "b", "c"], 420, &rule);
    assert_eq!(words(&begun), ["refused", "attempt", "refused"]);
    let refused = |begun: &Begun| if let Begun::Refused(result) = begun { result.event.clone() } else { String::new() };
    assert_eq!([&begun[0], &begun[2]].map(refused), ["a", "c"]);
    assert_eq!(b.fate(a.id, 0), (StepState::Skipped, Some(Reason::DailyCap)));
    assert_eq!(b.fate(c.id, 0), (StepState::Skipped, Some(Reason::Paused)));
}

fn an_earlier_claim_of_the_set_counts_for_the_calls_of_the_day(b: &Bench) {
    for (person, uid) in [("ana", "a"), ("bo", "b"), ("cy", "c"), ("di", "d")] {
        b.watched(person, uid, 600);
    }
    let _ = b.call("d", "CA1", 420);
    let at_most_two = |_: usize, facts: &Facts| {
        if facts.calls_today < 2 { Verdict::Place } else { no(Reason::DailyCap) }
    };
    assert_eq!(words(&begin(b, &["a", "b", "c"], 421, &at_most_two)), ["attempt", "refused", "refused"]);
}

fn an_earlier_claim_of_the_set_counts_for_the_limit_of_its_meeting(b: &Bench) {
    b.watched("ana", "talk", 600);
    let due = b.due_steps(at(540), 10).unwrap();
    assert_eq!(due.len(), 2, "both rungs");
    let drafts: Vec<_> = due.iter().map(|claim| b.draft(&claim.person, 540)).collect();
    let seen = std::cell::RefCell::new(Vec::new());
    let rule = |place: usize, facts: &Facts| {
        seen.borrow_mut().push((place, facts.step.as_ref().map(|step| step.recent_calls), facts.calls_of_person_today));
        Verdict::Place
    };
    let begun = b.begin_attempts(due, &drafts, at(540), &rule).unwrap();
    assert_eq!(words(&begun), ["attempt", "waits"], "the number is busy with the first");
    assert_eq!(seen.into_inner(), [(0, Some(0), 0), (1, Some(1), 1)]);
}

fn of_two_claims_to_one_number_the_second_waits(b: &Bench) {
    b.watched("ana", "a", 600);
    b.watched("bo", "b", 600);
    let to = b.draft("ana", 420).to;
    let begun =
        begin_with(b, &["a", "b"], 420, &|_, _| Verdict::Place, &|draft| AttemptDraft { to: to.clone(), ..draft });
    assert_eq!(words(&begun), ["attempt", "waits"]);
}

fn an_earlier_claim_of_the_set_counts_for_the_pace(b: &Bench) {
    for (person, uid) in [("ana", "a"), ("bo", "b"), ("cy", "c")] {
        b.watched(person, uid, 600);
    }
    let one_in_ten = |line: &Line| match line.account.filter(|free| *free > at(420)) {
        Some(until) => Slot::Wait { until, all: true },
        None => Slot::Take { sender: 0, next: Some(NextSlot { account: at(430), number: None, any: at(430) }) },
    };
    let begun = begin_with(b, &["a", "b", "c"], 420, &|_, _| Verdict::Place, &|draft| AttemptDraft {
        slot: &one_in_ten,
        ..draft
    });
    assert_eq!(words(&begun), ["attempt", "no slot", "no slot"]);
    let waits = |begun: &Begun| -> Option<(Timestamp, String)> {
        let Begun::NoSlot { until, claim, .. } = begun else { return None };
        Some((*until, claim.as_ref()?.words.uid.clone()))
    };
    assert_eq!(waits(&begun[1]), Some((at(430), "b".to_owned())), "its claim is not spent");
}

fn what_shares_the_call_of_an_earlier_claim_is_gone(b: &Bench) {
    b.watched("ana", "first", 600);
    b.watched("ana", "second", 620);
    b.watched("bo", "other", 600);
    let begun = begin(b, &["first", "other", "second"], 445, &|_, _| Verdict::Place);
    assert_eq!(words(&begun), ["attempt", "attempt", "gone"]);
}

fn a_claim_that_comes_twice_begins_once(b: &Bench) {
    b.watched("ana", "talk", 600);
    assert_eq!(words(&begin(b, &["talk", "talk"], 420, &|_, _| Verdict::Place)), ["attempt", "gone"]);
}

fn a_set_with_one_that_cannot_be_written_leaves_nothing_behind(b: &Bench) {
    let [first, _] = [("ana", "a"), ("bo", "b")].map(|(person, uid)| b.watched(person, uid, 600));
    let claims: Vec<Claim> = ["a", "b"].iter().map(|uid| b.claim(uid, 420)).collect();
    let drafts: Vec<_> = ["ana", "bo"]
        .iter()
        .map(|person| AttemptDraft { token: "one for both".to_owned(), ..b.draft(person, 420) })
        .collect();
    assert!(b.begin_attempts(claims, &drafts, at(420), &|_, _| Verdict::Place).is_err());
    assert_eq!((b.step(first.id, 0).state, b.step(first.id, 0).attempts.len()), (StepState::Pending, 0));
    let begun = b.begin_attempt(b.claim("a", 420), &b.draft("ana", 420), at(420), &always).unwrap();
    assert_eq!(words(&[begun]), ["attempt"], "alone it is written");
}

/// Places a call for each of these meetings.
fn placed<const N: usize>(b: &Bench, meetings: [(&str, &str); N]) -> [(MeetingId, AttemptId); N] {
    meetings.map(|(person, uid)| (b.watched(person, uid, 600).id, b.place(uid, 420).id))
}

fn replies_of_a_set_do_what_each_would_do_alone(b: &Bench) {
    let [taken, refused, lost, unsent] = placed(b, [("ana", "a"), ("bo", "b"), ("cy", "c"), ("di", "d")]);
    let replies = [accepted("CA1"), rejected(RejectionClass::Ours), unknown(), not_sent()];
    let set: Vec<_> = [taken, refused, lost, unsent].iter().map(|(_, id)| *id).zip(&replies).collect();
    let rule = |place: usize, facts: &AfterFacts| match place {
        0 => executed(facts),
        1 => end(StepState::Failed, Reason::Rejected),
        2 => StepNext::Stay,
        _ => StepNext::Again { not_before: at(425), spends_try: true },
    };
    let recorded = b.record_all(&set, at(421), &rule).unwrap();
    let states: Vec<_> = recorded.iter().map(|r| (r.state, r.steps.len(), r.again_at)).collect();
    assert_eq!(
        states,
        [
            (AttemptState::Accepted, 1, None),
            (AttemptState::Rejected, 1, None),
            (AttemptState::Unknown, 0, None),
            (AttemptState::NotSent, 0, Some(at(425))),
        ]
    );
    let fates = [taken, refused, lost, unsent].map(|(meeting, _)| b.fate(meeting, 0));
    assert_eq!(
        fates,
        [
            (StepState::Executed, Some(Reason::Initiated)),
            (StepState::Failed, Some(Reason::Rejected)),
            (StepState::Running, None),
            (StepState::Pending, None),
        ]
    );
    assert_eq!(b.facts("d", 425).calls_today, 2, "the refused one and the one that did not leave are off");
}

fn of_two_replies_with_one_id_the_second_is_in_doubt(b: &Bench) {
    let [first, second] = placed(b, [("ana", "a"), ("bo", "b")]);
    let reply = accepted("CA1");
    let recorded = b.record_all(&[(first.1, &reply), (second.1, &reply)], at(421), &|_, f| executed(f)).unwrap();
    let states: Vec<_> = recorded.iter().map(|r| r.state).collect();
    assert_eq!(states, [AttemptState::Accepted, AttemptState::Unknown]);
}

fn two_replies_to_one_attempt_are_taken_one_after_the_other(b: &Bench) {
    let [(meeting, id)] = placed(b, [("ana", "a")]);
    let (lost, late) = (unknown(), accepted("CA1"));
    let rule = |place: usize, facts: &AfterFacts| if place == 0 { StepNext::Stay } else { executed(facts) };
    let recorded = b.record_all(&[(id, &lost), (id, &late)], at(441), &rule).unwrap();
    assert_eq!(recorded.iter().map(|r| r.state).collect::<Vec<_>>(), [AttemptState::Unknown, AttemptState::Accepted]);
    assert_eq!(b.fate(meeting, 0), (StepState::Executed, Some(Reason::Initiated)));
}

fn a_reply_to_no_attempt_keeps_its_set_from_being_written(b: &Bench) {
    let [(meeting, id)] = placed(b, [("ana", "a")]);
    let reply = accepted("CA1");
    let done = b.record_all(&[(id, &reply), (AttemptId(4711), &reply)], at(421), &|_, f| executed(f));
    assert!(matches!(done, Err(StoreError::NotFound(_))), "{done:?}");
    assert_eq!(b.fate(meeting, 0), (StepState::Running, None));
}
