//! The line of calls: turns are taken with the attempt, shared by everybody, and who has none is turned away.

use crate::build::{Bench, again, always, at, attempt, end, not_sent, phone_of};
use savehub::model::{
    Address, Line, NextSlot, Outcome, ProviderKind, Reason, Refusal, Rejection, RejectionClass, Reply, ReplyMeta,
    RungKind, Slot, StepState, Target, Timestamp, Verdict,
};
use savehub::store::{AttemptDraft, Begun, Facts, Queued};

facts! {
    a_turn_is_taken_with_the_attempt_and_the_next_one_waits,
    what_a_guard_refuses_takes_no_turn,
    a_step_without_a_turn_stays_pending_and_nothing_is_written,
    an_incident_keeps_the_number_of_its_newest_attempt,
    each_number_of_an_account_has_its_own_turn,
    the_senders_refused_since_a_time_are_named_once_with_what_they_sent_and_the_code,
    the_rule_is_asked_with_those_the_guards_let_go_and_ends_what_it_names,
}

/// One call in ten seconds; `now` is what the draft was made at.
fn one_in_ten(now: i64) -> impl Fn(&Line) -> Slot {
    move |line| match line.account.filter(|free| *free > at(now)) {
        Some(until) => Slot::Wait { until, all: true },
        None => {
            Slot::Take { sender: 0, next: Some(NextSlot { account: at(now + 10), number: None, any: at(now + 10) }) }
        }
    }
}

fn begin(b: &Bench, uid: &str, now: i64, rule: &dyn Fn(&Facts) -> Verdict) -> Begun {
    let (claim, slot) = (b.claim(uid, now), one_in_ten(now));
    let draft = AttemptDraft { slot: &slot, ..b.draft(&claim.person, now) };
    b.begin_attempt(claim, &draft, at(now), rule).unwrap()
}

fn waits_until(begun: &Begun) -> Option<Timestamp> {
    match begun {
        Begun::NoSlot { until, all: true, .. } => Some(*until),
        _ => None,
    }
}

fn a_turn_is_taken_with_the_attempt_and_the_next_one_waits(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "review", 600);
    assert_eq!(attempt(begin(b, "talk", 420, &always)).next_slot, Some(at(430)));
    assert_eq!(waits_until(&begin(b, "review", 425, &always)), Some(at(430)));
    assert_eq!(attempt(begin(b, "review", 430, &always)).next_slot, Some(at(440)));
}

fn what_a_guard_refuses_takes_no_turn(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "review", 600);
    let no = Refusal::new(StepState::Skipped, Reason::DailyCap, "");
    assert!(matches!(begin(b, "talk", 420, &|_| Verdict::Refuse(no.clone())), Begun::Refused(_)));
    let _ = attempt(begin(b, "review", 420, &always));
}

fn a_step_without_a_turn_stays_pending_and_nothing_is_written(b: &Bench) {
    b.watched("ana", "talk", 600);
    let meeting = b.watched("bo", "review", 600);
    let _ = attempt(begin(b, "talk", 420, &always));
    assert!(waits_until(&begin(b, "review", 420, &always)).is_some());
    let step = b.step(meeting.id, 0);
    assert_eq!((step.state, step.attempts.len()), (StepState::Pending, 0));
    assert_eq!(b.facts("review", 420).calls_today, 1, "the other one's");
}

fn an_incident_keeps_the_number_of_its_newest_attempt(b: &Bench) {
    b.watched("ana", "talk", 600);
    let senders = ["+12025550198", "+12025550199"].map(Address::read).to_vec();
    let second = |line: &Line| {
        assert_eq!((line.kept, line.senders.len()), (None, 2));
        Slot::Take { sender: 1, next: None }
    };
    let draft = AttemptDraft { senders: senders.clone(), slot: &second, ..b.draft("ana", 420) };
    let first = attempt(b.begin_attempt(b.claim("talk", 420), &draft, at(420), &always).unwrap());
    assert_eq!(first.from, senders[1]);
    assert_eq!(b.accept(first, "CA-1", 421).steps.len(), 1);
    let kept = |line: &Line| Slot::Take { sender: line.kept.expect("a number"), next: None };
    let draft = AttemptDraft { senders: senders.clone(), slot: &kept, ..b.draft("ana", 540) };
    let next = attempt(b.begin_attempt(b.claim("talk", 540), &draft, at(540), &always).unwrap());
    assert_eq!(next.from, senders[1]);
}

fn each_number_of_an_account_has_its_own_turn(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "review", 600);
    let senders = ["+12025550198", "+12025550199"].map(Address::read).to_vec();
    let next = NextSlot { account: at(421), number: Some(at(440)), any: at(421) };
    let begin = |uid: &str, account: &str, now, line: Line| {
        let slot = move |seen: &Line| {
            assert_eq!((seen.account, &seen.senders), (line.account, &line.senders));
            Slot::Take { sender: 1, next: Some(next) }
        };
        let claim = b.claim(uid, now);
        let draft = b.draft(&claim.person, now);
        let draft = AttemptDraft { senders: senders.clone(), account: account.into(), slot: &slot, ..draft };
        b.begin_attempt(claim, &draft, at(now), &always).unwrap()
    };
    let never = Line { account: None, senders: vec![None, None], kept: None, refused: vec![] };
    let first = attempt(begin("talk", "AC-first", 420, never.clone()));
    assert_eq!(first.next_slot, Some(at(421)));
    let taken = Line { account: Some(at(421)), senders: vec![None, Some(at(440))], kept: None, refused: vec![] };
    let second = attempt(begin("review", "AC-first", 430, taken.clone()));
    let _ = b.record(second, &not_sent(), at(431), &again(450, false)).unwrap();
    let _ = attempt(begin("review", "AC-second", 450, never));
}

fn the_rule_is_asked_with_those_the_guards_let_go_and_ends_what_it_names(b: &Bench) {
    let people = [("ana", "talk"), ("bo", "review"), ("cy", "lunch")];
    let meetings = people.map(|(person, uid)| b.watched(person, uid, 600).id);
    let queue: Vec<Queued<'_>> = people
        .iter()
        .map(|(person, uid)| {
            let draft = AttemptDraft { to: Target::call(phone_of(person)), ..b.draft(person, 420) };
            Queued { step: b.claim(uid, 420).step, draft }
        })
        .collect();
    // Ana's number is busy; of the two others the second has no turn.
    let guards = |place: usize, _: &Facts| if place == 0 { Verdict::Wait(Reason::NumberBusy) } else { Verdict::Place };
    let no = Refusal::new(StepState::Skipped, Reason::Capacity, "too many");
    let unschedulable = |line: &Line, waiting: &[(usize, Facts)]| {
        assert_eq!((line.account, waiting.iter().map(|(place, _)| *place).collect()), (None, vec![1, 2]));
        vec![(2, no.clone())]
    };
    let turned = b.shed(&queue, at(420), &guards, &unschedulable).unwrap();
    assert_eq!(turned.claimable, [queue[1].step]);
    assert_eq!(
        turned.results.iter().map(|r| (r.step, r.status)).collect::<Vec<_>>(),
        [(Some(queue[2].step), "skipped")]
    );
    let fates = meetings.map(|meeting| b.fate(meeting, 0));
    let pending = (StepState::Pending, None);
    assert_eq!(fates, [pending, pending, (StepState::Skipped, Some(Reason::Capacity))]);
}

fn the_senders_refused_since_a_time_are_named_once_with_what_they_sent_and_the_code(b: &Bench) {
    let senders = ["+12025550198", "+12025550199"].map(Address::read).to_vec();
    let refused = |uid: &str, sender: usize, now: i64, (class, code): (RejectionClass, Option<u32>)| {
        b.watched("ana", uid, now + 60);
        let slot = move |_: &Line| Slot::Take { sender, next: None };
        let draft = AttemptDraft { senders: senders.clone(), slot: &slot, ..b.draft("ana", now) };
        let begun = attempt(b.begin_attempt(b.claim(uid, now), &draft, at(now), &always).unwrap());
        let rejection = Rejection { class, code, message: "no".into(), retry_after: None };
        let reply = Reply { outcome: Outcome::Rejected(rejection), meta: ReplyMeta::default() };
        let _ = b.record(begun, &reply, at(now), &|_| end(StepState::Failed, Reason::Rejected)).unwrap();
    };
    let ours = (RejectionClass::Ours, Some(21210));
    refused("long ago", 0, 100, ours);
    refused("a", 1, 401, ours);
    refused("b", 1, 600, ours);
    refused("c", 0, 800, (RejectionClass::Callee, Some(21266)));
    refused("d", 0, 1000, (RejectionClass::Capacity, Some(20429)));
    b.watched("bo", "taken", 1260);
    b.call("taken", "CA-1", 1200);
    let since = |seconds: i64| {
        let mut found = b.refused_senders(at(seconds)).unwrap();
        found.sort_by_key(|refused| refused.code);
        found.into_iter().map(|r| (r.provider, r.kind, r.from, r.code)).collect::<Vec<_>>()
    };
    let of = |sender: usize, code| (ProviderKind::Twilio, RungKind::Call, senders[sender].clone(), Some(code));
    assert_eq!(since(400), [of(1, 21210), of(0, 21266)]);
    assert_eq!(since(600), [of(0, 21266)], "what was tried at that time is not since it");
    assert_eq!(since(1300), []);
}
