//! Rungs of every kind: what the store keeps of them, keys and targets, answers, and what closes when.

use crate::build::{
    Bench, accepted, again, always, at, attempt, close_rule, end, executed, new_meeting, next, not_sent, phone_of,
    rejected, report, secs, stay, unknown,
};
use savehub::model::{
    Accepted, AckHow, Action, Address, Addressee, Answer, AttemptId, AttemptState, CallReport, CallStatus, HangUp,
    HangUpState, Heard, HeardEffect, HeardHow, IncidentState, Line, MeetingId, Offset, Outcome, PlannedStep, Reason,
    RejectionClass, Reply, ReplyMeta, RungKind, StepState, Target, Told, When,
};
use savehub::store::{
    Acknowledgement, Attempt, Begun, CheckIn, Claim, Facts, Finding, LateEnds, Meeting, Plan, Queued, ReconcileRules,
    Refusal, Reported, Verdict,
};
use std::cell::RefCell;

facts! {
    a_claim_says_what_its_rung_is,
    a_repeat_has_the_key_of_the_first_attempt,
    a_call_and_a_message_to_one_number_do_not_block_each_other,
    what_no_list_is_asked_about_may_be_open_twice_for_one_target,
    each_kind_is_counted_by_itself,
    an_answer_is_written_down_once_with_how_and_from_where,
    what_a_human_answered_is_acknowledged_with_the_report,
    a_contact_that_answers_acknowledges_nothing,
    an_acknowledged_incident_goes_on_and_can_end,
    the_fence_sees_an_answer_for_what_runs_only_while_nobody_has,
    a_refused_step_has_its_reason_and_is_refused_once,
    an_incident_is_missed_when_its_last_rung_after_the_start_has_ended,
    a_rung_after_the_start_that_nobody_ended_does_not_keep_it_open,
    a_refused_mailbox_ends_its_kind_alone_and_brings_the_next_rung_forward,
    a_refused_channel_leaves_another_one_alone,
    a_call_that_would_be_dialled_too_late_is_cancelled_for_the_next_rung,
    a_call_that_is_turned_away_brings_the_next_rung_forward,
    a_late_end_moves_the_next_rung_of_another_kind_and_is_told_once,
    a_late_end_because_of_its_target_ends_the_later_rungs_of_its_kind_to_it,
    a_late_end_after_the_start_moves_nothing,
    a_late_end_is_nothing_to_whoever_has_answered_since_or_whose_incident_has_ended,
    a_late_end_of_an_attempt_that_was_made_again_is_nothing,
    a_message_that_has_left_is_not_hung_up,
    a_message_that_waits_is_cancelled_as_soon_as_it_is_known,
    an_answer_may_be_about_a_mail_to_the_owner_of_its_number_as_long_as_its_incident_is_open,
}

fn action(kind: RungKind, offset_s: i64) -> Action {
    let channel = kind.is_named().then(|| "ntfy".to_owned());
    Action { kind, at: Offset::from_ms(offset_s * 1000), to: Addressee::Person, channel, when: When::Unanswered }
}

fn to_bea(kind: RungKind, offset_s: i64) -> Action {
    Action { to: Addressee::Contact("bea".into()), when: When::Always, ..action(kind, offset_s) }
}

/// A meeting at second 600 of ana, watched since second 0 with these rungs.
fn watched(b: &Bench, rungs: &[Action]) -> MeetingId {
    let meeting = b.add_meeting(&new_meeting("ana", "talk", 600), at(0)).unwrap();
    let plan = |m: &Meeting| {
        let step = |(rung, action): (u32, &Action)| {
            let due_at = action.at.of(m.starts_at);
            let after = matches!(action.at, Offset::After(_));
            let deadline_at = if after { due_at.plus(secs(600)) } else { m.starts_at };
            PlannedStep { rung, action: action.clone(), due_at, deadline_at }
        };
        Plan::Watch((0..).zip(rungs).map(step).collect())
    };
    assert_eq!(b.open_incidents(at(0), at(601), &plan).unwrap().opened.len(), 1);
    meeting.id
}

fn claim(b: &Bench, kind: RungKind, now: i64) -> Claim {
    b.due_steps(at(now), 100).unwrap().into_iter().find(|c| c.action.kind == kind).expect("a due step")
}

/// Where an attempt of this kind goes.
fn target(kind: RungKind) -> Target {
    match kind {
        RungKind::Call | RungKind::Sms => Target { kind, address: Address::Phone(phone_of("ana")) },
        RungKind::Email => Target::read(kind, "ana@example.com").unwrap(),
        RungKind::Webhook | RungKind::Command => Target::read(kind, "ntfy").unwrap(),
    }
}

fn begin(b: &Bench, kind: RungKind, now: i64) -> Begun {
    let claim = claim(b, kind, now);
    let draft = savehub::store::AttemptDraft { to: target(kind), ..b.draft("ana", now) };
    b.begin_attempt(claim, &draft, at(now), &always).unwrap()
}

fn place(b: &Bench, kind: RungKind, now: i64) -> Attempt {
    attempt(begin(b, kind, now))
}

fn a_claim_says_what_its_rung_is(b: &Bench) {
    let rungs = [action(RungKind::Email, -500), to_bea(RungKind::Sms, -400), action(RungKind::Webhook, 60)];
    watched(b, &rungs);
    let due = b.due_steps(at(660), 100).unwrap();
    let mut seen: Vec<_> = due.iter().map(|c| (c.rung, c.action.clone(), c.due_at, c.deadline_at)).collect();
    seen.sort_by_key(|(rung, ..)| *rung);
    let [mail, sms, hook] = rungs;
    let expected = [(0, mail, at(100), at(600)), (1, sms, at(200), at(600)), (2, hook, at(660), at(1260))];
    assert_eq!(seen, expected);
    assert_eq!(due[0].rung, 2, "what can still be done comes first");
}

fn a_repeat_has_the_key_of_the_first_attempt(b: &Bench) {
    watched(b, &[action(RungKind::Webhook, -500)]);
    let first = place(b, RungKind::Webhook, 100);
    let (token, key) = (first.token.clone(), first.key.clone());
    assert_eq!((first.provider, &token), (savehub::model::ProviderKind::Twilio, &key));
    let _ = b.record(first, &not_sent(), at(101), &again(102, true)).unwrap();
    let second = place(b, RungKind::Webhook, 102);
    assert_eq!((second.key.as_str(), second.token == token), (key.as_str(), false));
}

fn a_call_and_a_message_to_one_number_do_not_block_each_other(b: &Bench) {
    watched(b, &[action(RungKind::Sms, -200), action(RungKind::Call, -180)]);
    let sms = place(b, RungKind::Sms, 420);
    let call = place(b, RungKind::Call, 420);
    assert_eq!((sms.to.kind, call.to.kind), (RungKind::Sms, RungKind::Call));
    assert_eq!(sms.to.address, call.to.address);
}

fn what_no_list_is_asked_about_may_be_open_twice_for_one_target(b: &Bench) {
    let twice = |kind| [action(kind, -500), action(kind, -499)];
    watched(b, &[twice(RungKind::Webhook), twice(RungKind::Email), twice(RungKind::Sms)].concat());
    for kind in [RungKind::Webhook, RungKind::Email] {
        let _open = (place(b, kind, 150), place(b, kind, 150));
    }
    let _open = place(b, RungKind::Sms, 150);
    let second = begin(b, RungKind::Sms, 150);
    assert!(matches!(second, Begun::Waits(Reason::NumberBusy)), "{second:?}");
}

fn each_kind_is_counted_by_itself(b: &Bench) {
    watched(b, &[action(RungKind::Sms, -200), action(RungKind::Sms, -190), action(RungKind::Call, -180)]);
    let sms = place(b, RungKind::Sms, 420);
    let _ = b.record(sms, &accepted("SM1"), at(420), &executed).unwrap();
    let count = |kind| {
        let draft = savehub::store::AttemptDraft { to: target(kind), ..b.draft("ana", 420) };
        let facts = b.facts_with(claim(b, kind, 420), &draft, 420);
        (facts.step.unwrap().recent_calls, facts.calls_today, facts.number.last_rang_at.is_some())
    };
    assert_eq!(count(RungKind::Sms), (1, 0, true));
    assert_eq!(count(RungKind::Call), (0, 0, false));
}

fn reply() -> Acknowledgement {
    Acknowledgement { how: AckHow::Reply, by: Address::Phone(phone_of("ana")) }
}

fn an_answer_is_written_down_once_with_how_and_from_where(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let id = b.incident(meeting, 1).id;
    assert!(b.acknowledge(id, &reply(), at(430)).unwrap());
    let later = Acknowledgement { how: AckHow::CallBack, ..reply() };
    assert!(!b.acknowledge(id, &later, at(440)).unwrap());
    let incident = b.incident(meeting, 1);
    let seen = incident.acknowledged.unwrap();
    assert_eq!((incident.state, incident.ended_at), (IncidentState::Acknowledged, None));
    assert_eq!((seen.how, seen.by.as_str(), seen.at), (AckHow::Reply, "****0101", at(430)));
    b.resolve(id, None, at(450)).unwrap();
    assert!(!b.acknowledge(id, &reply(), at(460)).unwrap(), "what has ended stays so");
    assert_eq!(b.incident(meeting, 1).state, IncidentState::Resolved);
}

fn what_a_human_answered_is_acknowledged_with_the_report(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let call = b.call("talk", "CA1", 420);
    let said = |answered| b.record_report(call, &report(CallStatus::InProgress), next(at(440)), answered).unwrap();
    assert_eq!(said(None), Reported { news: true, ..Reported::default() });
    assert_eq!(b.incident(meeting, 1).state, IncidentState::Escalating);
    let id = b.incident(meeting, 1).id;
    assert_eq!(said(Some(at(435))), Reported { acknowledged: vec![id], ..Reported::default() });
    assert_eq!(said(Some(at(440))).acknowledged, [], "once");
    assert_eq!(b.incident(meeting, 1).acknowledged.unwrap().at, at(435));
}

fn a_contact_that_answers_acknowledges_nothing(b: &Bench) {
    let meeting = watched(b, &[to_bea(RungKind::Call, -180)]);
    let call = place(b, RungKind::Call, 420);
    let id = call.id;
    let _ = b.record(call, &accepted("CA1"), at(421), &executed).unwrap();
    let said = b.record_report(id, &report(CallStatus::InProgress), next(at(440)), Some(at(430))).unwrap();
    assert_eq!((said.acknowledged, b.incident(meeting, 1).state), (Vec::new(), IncidentState::Escalating));
}

fn an_acknowledged_incident_goes_on_and_can_end(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let id = b.incident(meeting, 1).id;
    b.acknowledge(id, &reply(), at(410)).unwrap();
    let call = b.place("talk", 420);
    assert_eq!(b.incident(meeting, 1).state, IncidentState::Acknowledged, "an attempt does not take it back");
    let _ = b.record(call, &not_sent(), at(421), &again(422, true)).unwrap();
    assert_eq!(b.step(meeting, 0).state, StepState::Pending, "it is open: the step is tried again");
    let ended = b.check_in(meeting, CheckIn::Joined, at(430)).unwrap();
    assert_eq!((ended.state, ended.cancelled_steps), (IncidentState::Resolved, 2));
    let other = b.watched("bo", "other", 600).id;
    b.acknowledge(b.incident(other, 1).id, &reply(), at(410)).unwrap();
    let closed = b.close(at(900), &close_rule()).unwrap();
    assert_eq!((closed.missed.len(), b.incident(other, 1).state), (1, IncidentState::Missed));
}

fn the_fence_sees_an_answer_for_what_runs_only_while_nobody_has(b: &Bench) {
    let always = Action { when: When::Always, ..action(RungKind::Webhook, -180) };
    let meeting = watched(b, &[action(RungKind::Email, -180), always]);
    let (mail, hook) = (place(b, RungKind::Email, 420), place(b, RungKind::Webhook, 420));
    let seen = |id| b.fence(id).map(|f| (f.acknowledged, f.incidents_open, f.kind, f.due)).unwrap();
    let due = Some((at(420), at(600)));
    assert_eq!(seen(mail.id), (false, Some(true), RungKind::Email, due));
    b.acknowledge(b.incident(meeting, 1).id, &reply(), at(421)).unwrap();
    assert_eq!(seen(mail.id), (true, Some(true), RungKind::Email, due));
    assert_eq!(seen(hook.id), (false, Some(true), RungKind::Webhook, due));
}

fn a_refused_step_has_its_reason_and_is_refused_once(b: &Bench) {
    let meeting = watched(b, &[to_bea(RungKind::Sms, -300)]);
    let refusal = Refusal::new(StepState::Failed, Reason::NoTarget, "no phone");
    let (first, second) = (claim(b, RungKind::Sms, 300), claim(b, RungKind::Sms, 300));
    let result = b.refuse(first, &refusal, at(300)).unwrap().unwrap();
    assert_eq!((result.status, result.reason, result.kind), ("failed", Reason::NoTarget, RungKind::Sms));
    assert_eq!(b.refuse(second, &refusal, at(301)).unwrap(), None);
    assert_eq!(b.fate(meeting, 0), (StepState::Failed, Some(Reason::NoTarget)));
}

fn an_incident_is_missed_when_its_last_rung_after_the_start_has_ended(b: &Bench) {
    let meeting = watched(b, &[action(RungKind::Webhook, 200)]);
    let closed = |now| b.close(at(now), &close_rule()).unwrap().missed.len();
    // Due at second 800, the grace time ends at second 900.
    assert_eq!(closed(900), 0, "it is still to come");
    let hook = place(b, RungKind::Webhook, 900);
    assert_eq!(closed(901), 0, "it is under way");
    let _ = b.record(hook, &accepted("W1"), at(902), &executed).unwrap();
    assert_eq!((closed(902), b.incident(meeting, 1).state), (1, IncidentState::Missed));
    let other = b.add("bo", "other", 600).id;
    assert_eq!(b.open(903, 904).opened.len(), 1);
    assert_eq!((closed(899), closed(900)), (0, 1), "a ladder that ends before the start waits for nothing");
    assert_eq!(b.incident(other, 1).state, IncidentState::Missed);
}

fn a_rung_after_the_start_that_nobody_ended_does_not_keep_it_open(b: &Bench) {
    let meeting = watched(b, &[action(RungKind::Webhook, 200)]);
    assert_eq!(b.close(at(1399), &close_rule()).unwrap().missed, []);
    let closed = b.close(at(1400), &close_rule()).unwrap();
    assert_eq!(closed.steps[0].reason, Reason::TooLate);
    assert_eq!(b.incident(meeting, 1).state, IncidentState::Missed);
}

fn a_refused_mailbox_ends_its_kind_alone_and_brings_the_next_rung_forward(b: &Bench) {
    let rungs = [
        action(RungKind::Email, -500),
        action(RungKind::Email, -400),
        to_bea(RungKind::Email, -390),
        action(RungKind::Call, -180),
        action(RungKind::Webhook, 60),
    ];
    let meeting = watched(b, &rungs);
    let refused = |_: &_| end(StepState::Failed, Reason::InvalidNumber);
    let mail = place(b, RungKind::Email, 100);
    let _ = b.record(mail, &rejected(RejectionClass::Callee), at(101), &refused).unwrap();
    let fates: Vec<_> = (0..5).map(|rung| b.step(meeting, rung)).map(|s| (s.state, s.due_at)).collect();
    let expected = [
        (StepState::Failed, at(100)),
        (StepState::Skipped, at(200)),
        (StepState::Pending, at(101)),
        (StepState::Pending, at(420)),
        (StepState::Pending, at(660)),
    ];
    assert_eq!(fates, expected, "a call has its own time, and nobody is missing before the start");
}

fn a_refused_channel_leaves_another_one_alone(b: &Bench) {
    let ntfy = |before: i64| action(RungKind::Webhook, -before);
    let meeting = watched(b, &[ntfy(500), ntfy(400), Action { channel: Some("pager".into()), ..ntfy(300) }]);
    let hook = place(b, RungKind::Webhook, 100);
    let refused = |_: &_| end(StepState::Failed, Reason::InvalidNumber);
    let _ = b.record(hook, &rejected(RejectionClass::Callee), at(101), &refused).unwrap();
    let fates = [1, 2].map(|rung| b.step(meeting, rung)).map(|s| (s.state, s.due_at));
    assert_eq!(fates, [(StepState::Skipped, at(200)), (StepState::Pending, at(101))]);
}

fn a_call_that_would_be_dialled_too_late_is_cancelled_for_the_next_rung(b: &Bench) {
    let queued = |wait| {
        let meta = ReplyMeta { queued_for: Some(secs(wait)), ..ReplyMeta::default() };
        Reply { meta, ..accepted(&format!("CA{wait}")) }
    };
    let meeting =
        watched(b, &[action(RungKind::Call, -180), action(RungKind::Call, -120), action(RungKind::Email, -60)]);
    let in_time = b.record(place(b, RungKind::Call, 420), &queued(178), at(421), &executed).unwrap();
    assert_eq!((in_time.hang_up, b.step(meeting, 2).due_at), (None, at(540)));
    let late = b.record(place(b, RungKind::Call, 480), &queued(119), at(481), &executed).unwrap();
    let wanted = late.hang_up.expect("to be cancelled at once");
    assert_eq!((wanted.sid.as_str(), wanted.hang_up), ("CA119", Some(HangUp::Canceled)));
    assert_eq!(b.step(meeting, 2).due_at, at(481));
}

fn a_call_that_is_turned_away_brings_the_next_rung_forward(b: &Bench) {
    let meeting =
        watched(b, &[action(RungKind::Call, -180), action(RungKind::Call, -120), action(RungKind::Email, -60)]);
    let queue = [Queued { step: claim(b, RungKind::Call, 420).step, draft: b.draft("ana", 420) }];
    let no = Refusal::new(StepState::Skipped, Reason::Capacity, "too many");
    let unschedulable = |_: &Line, waiting: &[(usize, Facts)]| vec![(waiting[0].0, no.clone())];
    let turned = b.shed(&queue, at(430), &|_, _| Verdict::Place, &unschedulable).unwrap();
    assert_eq!((turned.claimable, turned.results.len()), (vec![], 1));
    let steps = [1, 2].map(|rung| b.step(meeting, rung)).map(|s| (s.state, s.due_at));
    assert_eq!(steps, [(StepState::Pending, at(480)), (StepState::Pending, at(430))], "a call has its own time");
}

/// A message is sent at second 100; afterwards the provider says this of it, and it has been learnt at `now`.
fn ends_late(b: &Bench, rungs: &[Action], said: &CallReport, now: i64) -> (MeetingId, AttemptId, LateEnds) {
    let meeting = watched(b, rungs);
    let sms = place(b, RungKind::Sms, 100);
    let id = sms.id;
    let _ = b.record(sms, &accepted("SM1"), at(101), &executed).unwrap();
    (meeting, id, b.record_report(id, said, next(at(now)), None).unwrap().late)
}

fn a_late_end_moves_the_next_rung_of_another_kind_and_is_told_once(b: &Bench) {
    let to_come = [
        action(RungKind::Sms, -400),
        to_bea(RungKind::Sms, -390),
        action(RungKind::Call, -180),
        action(RungKind::Email, -100),
    ];
    let rungs = [&[action(RungKind::Sms, -500)][..], &to_come].concat();
    let said = CallReport { error_code: Some(30_034), ..report(CallStatus::Undelivered) };
    let (meeting, id, told) = ends_late(b, &rungs, &said, 120);
    let [end] = &told.ends[..] else { panic!("{told:?}") };
    assert_eq!((end.next, end.error_code, end.kind), (Some(RungKind::Email), Some(30_034), RungKind::Sms));
    assert_eq!((end.call_id.as_str(), end.to.as_str(), told.left_out), ("SM1", "****0101", vec![]));
    let due: Vec<_> = (0..5).map(|rung| b.step(meeting, rung).due_at).collect();
    assert_eq!(due, [100, 200, 210, 420, 120].map(at), "a call has its own time");
    assert_eq!(b.record_report(id, &said, next(at(125)), None).unwrap(), Reported::default());
}

fn a_late_end_because_of_its_target_ends_the_later_rungs_of_its_kind_to_it(b: &Bench) {
    let to_come = [action(RungKind::Sms, -400), to_bea(RungKind::Sms, -390), action(RungKind::Call, -180)];
    let rungs = [&[action(RungKind::Sms, -500)][..], &to_come].concat();
    let said = CallReport { class: Some(RejectionClass::Callee), ..report(CallStatus::Failed) };
    let (meeting, _, told) = ends_late(b, &rungs, &said, 120);
    assert_eq!((told.left_out.len(), told.ends[0].next), (1, None));
    let states: Vec<_> = (0..4).map(|rung| b.step(meeting, rung).state).collect();
    assert_eq!(states, [StepState::Executed, StepState::Skipped, StepState::Pending, StepState::Pending]);
}

fn a_late_end_after_the_start_moves_nothing(b: &Bench) {
    let rungs = [action(RungKind::Sms, -500), action(RungKind::Email, -100)];
    let (meeting, _, told) = ends_late(b, &rungs, &report(CallStatus::Failed), 600);
    assert_eq!((told.ends.len(), told.ends[0].next, b.step(meeting, 1).due_at), (1, None, at(500)));
}

fn a_late_end_is_nothing_to_whoever_has_answered_since_or_whose_incident_has_ended(b: &Bench) {
    let meeting =
        watched(b, &[action(RungKind::Sms, -500), action(RungKind::Sms, -400), action(RungKind::Email, -100)]);
    let incident = b.incident(meeting, 1).id;
    let sent = |sid: &str, now: i64| {
        let sms = place(b, RungKind::Sms, now);
        let id = sms.id;
        let _ = b.record(sms, &accepted(sid), at(now + 1), &executed).unwrap();
        id
    };
    let said = |id, now| b.record_report(id, &report(CallStatus::Failed), next(at(now)), None).unwrap().late;
    let first = sent("SM1", 100);
    assert!(b.acknowledge(incident, &reply(), at(110)).unwrap());
    assert_eq!((said(first, 120), b.step(meeting, 2).due_at), (LateEnds::default(), at(500)));
    let (second, third) = (sent("SM2", 200), b.watched("bo", "other", 600));
    assert_eq!(said(second, 220).ends.len(), 1, "it was sent in spite of the answer");
    let call = b.call("other", "CA1", 420);
    b.resolve(b.incident(third.id, 1).id, None, at(430)).unwrap();
    assert_eq!(said(call, 440), LateEnds::default());
}

fn a_late_end_of_an_attempt_that_was_made_again_is_nothing(b: &Bench) {
    let meeting = watched(b, &[action(RungKind::Sms, -500), action(RungKind::Email, -100)]);
    let sms = place(b, RungKind::Sms, 100);
    let ghost = sms.id;
    let _ = b.record(sms, &unknown(), at(101), &stay).unwrap();
    let rules = ReconcileRules { find: &|_, _| Finding::Absent, adopted: &executed, absent: &again(180, true) };
    let _ = b.reconcile(ghost, &[], at(180), &rules).unwrap();
    let _ = b.record(place(b, RungKind::Sms, 180), &accepted("SM2"), at(181), &executed).unwrap();
    let _ = b.record_late(ghost, &accepted("SM1"), at(190), &stay).unwrap();
    let told = b.record_report(ghost, &report(CallStatus::Failed), next(at(200)), None).unwrap();
    assert_eq!((told.news, told.late, b.step(meeting, 1).due_at), (true, LateEnds::default(), at(500)));
}

fn a_message_that_has_left_is_not_hung_up(b: &Bench) {
    let meeting = watched(b, &[action(RungKind::Sms, -300), action(RungKind::Sms, -200)]);
    let first = place(b, RungKind::Sms, 300);
    let taken = first.id;
    let _ = b.record(first, &accepted("SM1"), at(301), &executed).unwrap();
    assert!(b.report(taken, CallStatus::Sent, 302));
    let open = place(b, RungKind::Sms, 400);
    let id = open.id;
    assert_eq!(b.check_in(meeting, CheckIn::Joined, at(401)).unwrap().hang_ups, 1, "the one under way");
    assert_eq!(b.attempt(taken).hang_up, HangUpState::None);
    let recorded = b.record(open, &unknown(), at(402), &stay).unwrap();
    assert_eq!(recorded.state, AttemptState::Unknown);
    let late = Accepted { sid: "SM2".into(), status: CallStatus::Sending };
    let late = Reply { outcome: Outcome::Accepted(late), meta: ReplyMeta::default() };
    let recorded = b.record_late(id, &late, at(403), &executed).unwrap();
    assert_eq!((recorded.hang_up, b.attempt(id).hang_up), (None, HangUpState::Moot));
}

fn a_message_that_waits_is_cancelled_as_soon_as_it_is_known(b: &Bench) {
    let meeting = watched(b, &[action(RungKind::Sms, -300), action(RungKind::Sms, -200)]);
    let first = place(b, RungKind::Sms, 300);
    let _ = b.record(first, &accepted("SM1"), at(301), &executed).unwrap();
    let open = place(b, RungKind::Sms, 400);
    let id = open.id;
    assert_eq!(b.check_in(meeting, CheckIn::Joined, at(401)).unwrap().hang_ups, 2);
    let recorded = b.record(open, &accepted("SM2"), at(402), &executed).unwrap();
    let wanted = recorded.hang_up.expect("to be cancelled at once");
    assert_eq!((wanted.attempt, b.attempt(id).hang_up), (id, HangUpState::Wanted));
}

fn an_answer_may_be_about_a_mail_to_the_owner_of_its_number_as_long_as_its_incident_is_open(b: &Bench) {
    let meeting = watched(b, &[action(RungKind::Email, -180)]);
    let mail = place(b, RungKind::Email, 420);
    let _ = b.record(mail, &accepted("M1"), at(421), &executed).unwrap();
    let incident = b.incident(meeting, 1).id;
    let told = |sid: &str, owners: &[&str]| {
        let owners = owners.iter().map(|&owner| owner.to_owned()).collect();
        let (how, from, text) = (HeardHow::Message, phone_of("ana"), "?".to_owned());
        let (at, provider_at) = (at(430), at(430));
        let heard = Heard { sid: sid.into(), how, from, owners, at, provider_at, text, call: None };
        let seen = RefCell::new(Vec::new());
        let rule = |_: &Heard, told: &[Told]| {
            seen.replace(told.iter().map(|told| (told.is_mail, told.named[0].incident, told.named[0].open)).collect());
            Answer { effect: HeardEffect::NotUnderstood, incidents: vec![], choices: vec![] }
        };
        assert!(b.hear(&[heard], at, &rule).unwrap()[0].is_some());
        seen.take()
    };
    assert_eq!(told("SM1", &["ana"]), [(true, incident, true)]);
    assert_eq!(told("SM2", &["bo", "ana"]), [(true, incident, true)]);
    assert_eq!(told("SM3", &["bo"]), []);
    assert_eq!(told("SM4", &[]), [], "a contact's number");
    b.check_in(meeting, CheckIn::Joined, at(440)).unwrap();
    assert_eq!(told("SM5", &["ana"]), []);
}
