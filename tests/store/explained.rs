//! Texts that explain an answer: at most one for each incident, for ever.

use crate::build::{
    Bench, accepted, always, at, attempt, close_rule, executed, not_sent, owner, report, secs, stay, unknown,
};
use savehub::model::{
    Action, AttemptState, CallStatus, HangUpState, IncidentId, IncidentState, MeetingId, Phone, PlannedStep, Reason,
    RungKind, StepState, Target,
};
use savehub::store::{
    AttemptDraft, Begun, CheckIn, Facts, Forgotten, Meeting, NextLook, Plan, Refusal, Settle, TallyBy, TallyScope,
    Verdict,
};

facts! {
    an_incident_gets_one_text_for_ever_whatever_became_of_it,
    a_text_that_names_an_incident_that_had_its_text_is_not_written,
    a_text_counts_as_a_message_of_each_of_its_meetings_unless_it_did_not_leave,
    a_text_waits_for_an_open_message_and_the_guards_have_the_last_word,
    a_text_has_neither_step_nor_window_and_its_incident_may_be_over,
    a_text_is_told_with_its_incident_and_goes_with_it,
}

fn place(_: &Facts, _: u32) -> Verdict {
    Verdict::Place
}

fn incident(b: &Bench, meeting: MeetingId) -> IncidentId {
    b.incident(meeting, 1).id
}

fn draft(b: &Bench, now: i64) -> AttemptDraft<'static> {
    AttemptDraft { to: Target::sms(Phone::parse("+12025550101").unwrap()), ..b.draft("ana", now) }
}

fn begin(b: &Bench, incidents: &[IncidentId], now: i64) -> Begun {
    b.begin_text(incidents, &draft(b, now), at(now), &place).unwrap()
}

fn an_incident_gets_one_text_for_ever_whatever_became_of_it(b: &Bench) {
    for (uid, start, reply) in [("a", 600, accepted("SM1")), ("b", 2600, not_sent()), ("c", 4600, unknown())] {
        let m = b.watched("ana", uid, start);
        let one = [incident(b, m.id)];
        let text = attempt(begin(b, &one, start - 100));
        let said = format!("About {uid}");
        assert_eq!((text.step, text.incident, text.words.len(), &text.message), (None, None, 0, &said));
        let _ = b.record(text, &reply, at(start - 99), &stay).unwrap();
        b.settle_all(start - 98, Settle::Abandon);
        assert!(matches!(begin(b, &one, start - 90), Begun::Gone), "{uid}");
        b.check_in(m.id, CheckIn::Joined, at(start - 80)).unwrap();
        b.close(at(start + 1000), &close_rule()).unwrap();
        assert!(matches!(begin(b, &one, start + 1001), Begun::Gone), "{uid}");
    }
}

fn a_text_that_names_an_incident_that_had_its_text_is_not_written(b: &Bench) {
    let [first, second] = [("a", 600), ("b", 620)].map(|(uid, start)| b.watched("ana", uid, start).id);
    let both = [incident(b, first), incident(b, second), incident(b, first)];
    let text = attempt(begin(b, &both[..1], 500));
    assert_eq!(b.record(text, &accepted("SM1"), at(501), &executed).unwrap().state, AttemptState::Accepted);
    assert!(matches!(begin(b, &both, 502), Begun::Gone));
    let text = attempt(begin(b, &both[1..2], 503));
    assert_eq!(text.message, "About b", "the other one did not lose its own");
}

/// Watched by a text alone, 3 minutes before the start.
fn watched_by_text(b: &Bench, uid: &str, start: i64) -> MeetingId {
    let meeting = b.add("ana", uid, start);
    let plan = |meeting: &Meeting| {
        let action = Action { kind: RungKind::Sms, ..Action::call(secs(180)) };
        let due_at = meeting.starts_at.minus(secs(180));
        Plan::Watch(vec![PlannedStep { rung: 0, action, due_at, deadline_at: meeting.starts_at }])
    };
    assert_eq!(b.open_incidents(at(start - 180), at(start + 1), &plan).unwrap().opened, [incident(b, meeting.id)]);
    meeting.id
}

fn a_text_counts_as_a_message_of_each_of_its_meetings_unless_it_did_not_leave(b: &Bench) {
    for (start, reply, count) in [(600, not_sent(), 0), (3600, accepted("SM1"), 1)] {
        let uids = ["a", "b"].map(|name| format!("{name}{start}"));
        let both = [0, 1].map(|n: usize| incident(b, watched_by_text(b, &uids[n], start)));
        let text = attempt(begin(b, &[both[0], both[1], both[0]], start - 150));
        let said = format!("About {0} and About {1} and About {0}", uids[0], uids[1]);
        assert_eq!(text.message, said, "in the order that was asked for");
        let _ = b.record(text, &reply, at(start - 149), &stay).unwrap();
        for uid in &uids {
            let seen = b.facts_with(b.claim(uid, start - 140), &draft(b, start - 140), start - 140);
            assert_eq!(seen.step.unwrap().recent_calls, count, "{uid}");
        }
    }
}

fn a_text_waits_for_an_open_message_and_the_guards_have_the_last_word(b: &Bench) {
    let [first, second] = ["a", "b"].map(|uid| incident(b, watched_by_text(b, uid, 600)));
    let sms = attempt(b.begin_attempt(b.claim("a", 430), &draft(b, 430), at(430), &always).unwrap());
    let seen = std::cell::Cell::new(9);
    let rule = |facts: &Facts, sent: u32| {
        assert_eq!((facts.step.is_none(), facts.number.open_attempt), (true, true));
        seen.set(sent);
        Verdict::Place
    };
    let waits = b.begin_text(&[first, second], &draft(b, 431), at(431), &rule).unwrap();
    assert!(matches!(waits, Begun::Waits(Reason::NumberBusy)), "{waits:?}");
    assert_eq!(seen.get(), 1, "of the meeting that had the most");
    assert_eq!(b.accept(sms, "SM1", 432).state, AttemptState::Accepted);
    let no = Refusal::new(StepState::Skipped, Reason::MaxSmsExceeded, "spent");
    let refused = b.begin_text(&[first], &draft(b, 433), at(433), &|_, _| Verdict::Refuse(no.clone())).unwrap();
    let Begun::Refused(result) = refused else { panic!("{refused:?}") };
    assert_eq!((result.reason, result.step), (Reason::MaxSmsExceeded, None));
    let text = attempt(begin(b, &[first], 434));
    assert_eq!(text.to, draft(b, 434).to, "what was refused or waited has spent nothing");
}

fn a_text_has_neither_step_nor_window_and_its_incident_may_be_over(b: &Bench) {
    let m = b.watched("ana", "a", 600);
    b.check_in(m.id, CheckIn::Joined, at(430)).unwrap();
    let text = attempt(begin(b, &[incident(b, m.id)], 700));
    let fence = b.fence(text.id).unwrap();
    assert_eq!((fence.state, fence.incidents_open, fence.due), (AttemptState::Sending, None, None));
    assert_eq!((fence.hang_up, fence.owner), (HangUpState::None, owner()));
    let recorded = b.accept(text, "SM1", 701);
    assert_eq!((recorded.state, recorded.steps.len(), recorded.hang_up), (AttemptState::Accepted, 0, None));
    assert_eq!(b.incident(m.id, 1).state, IncidentState::Resolved);
    assert_eq!(b.waiting().unwrap(), [], "nobody answers a text of this kind");
}

fn a_text_is_told_with_its_incident_and_goes_with_it(b: &Bench) {
    let m = b.watched("ana", "a", 600);
    let text = attempt(begin(b, &[incident(b, m.id)], 430));
    let id = text.id;
    let _ = b.record(text, &accepted("SM1"), at(431), &executed).unwrap();
    b.check_in(m.id, CheckIn::Joined, at(440)).unwrap();
    let told = b.history(m.id).unwrap().unwrap().incidents.remove(0).explained.unwrap();
    assert_eq!((told.view.id, told.message.as_str(), told.view.to.as_str()), (id, "About a", "****0101"));
    assert_eq!((told.guards.as_deref(), told.first_step, told.finished_at), (Some("calls: 0"), None, Some(at(431))));
    let counted = b.tally(&TallyScope { since: at(0), until: at(1000), by: TallyBy::Person }).unwrap().attempts;
    assert_eq!(
        counted.iter().map(|one| (one.kind, one.test, one.retry)).collect::<Vec<_>>(),
        [(RungKind::Sms, false, false)]
    );
    let gone = b.forget(at(435), 100).unwrap();
    assert_eq!((gone.incidents, gone.test_calls), (0, 0), "it is not older than its incident");
    b.record_report(id, &report(CallStatus::Delivered), NextLook { now: at(440), live: None, price: None }, None)
        .unwrap();
    assert_eq!(b.forget(at(436), 100).unwrap().test_calls, 0, "its incident keeps it");
    assert_eq!(b.forget(at(50_000), 100).unwrap().incidents, 1);
    assert_eq!(b.forgettable(at(50_000)).unwrap(), Forgotten::default(), "nothing is left");
    let counted = b.tally(&TallyScope { since: at(0), until: at(1000), by: TallyBy::Person }).unwrap().attempts;
    assert_eq!(counted, []);
}
