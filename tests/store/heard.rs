//! What people said: used once, together with what it does.

use crate::build::{Bench, always, at, attempt, close_rule, end, not_sent, owner, secs};
use savehub::model::{
    Answer, AttemptState, Heard, HeardEffect, HeardHow, IncidentId, IncidentState, MeetingId, Phone, Reason, StepState,
    Target, Told, Waiting, tag,
};
use savehub::store::{AfterFacts, AttemptDraft, CheckIn, HeardOutcome, TickStart};

facts! {
    an_incident_waits_for_an_answer_once_something_was_sent_for_it,
    what_certainly_reached_nobody_needs_no_answer,
    an_answer_is_used_once_whatever_it_did,
    of_a_set_each_answer_is_used_once_and_sees_what_those_before_it_did,
    an_answer_ends_or_acknowledges_every_incident_it_is_for,
    an_incident_that_has_ended_is_not_ended_again,
    a_waiting_message_is_cancelled_when_its_incident_ends,
    what_was_said_is_told_with_the_meeting_it_was_said_for,
    what_was_heard_is_forgotten_when_nobody_lists_it_any_more,
}

fn message(sid: &str) -> Heard {
    let from = Phone::parse("+12025550101").unwrap();
    Heard {
        sid: sid.into(),
        how: HeardHow::Message,
        from,
        owners: vec!["ana".into()],
        at: at(200),
        provider_at: at(200),
        text: "1".into(),
        call: None,
    }
}

/// Uses something that was heard, with this effect on everything that was told and is open.
fn use_once(b: &Bench, sid: &str, effect: HeardEffect) -> Option<HeardOutcome> {
    let rule = |_: &Heard, told: &[Told]| {
        let open = told.iter().flat_map(|told| &told.named).filter(|named| named.open);
        Answer { effect, incidents: open.map(|named| named.incident).collect(), choices: vec![] }
    };
    b.hear(&[message(sid)], at(210), &rule).unwrap().remove(0)
}

fn state(b: &Bench, meeting: MeetingId) -> IncidentState {
    b.incident(meeting, 1).state
}

fn an_incident_waits_for_an_answer_once_something_was_sent_for_it(b: &Bench) {
    let m = b.watched("ana", "event", 300);
    assert_eq!(b.waiting().unwrap(), []);
    let attempt = b.place("event", 120);
    assert_eq!(b.waiting().unwrap(), [], "the request is still under way");
    let key = tag(&attempt.token);
    assert_eq!(b.accept(attempt, "CA1", 121).state, AttemptState::Accepted);
    let incident = b.incident(m.id, 1).id;
    let expected = Waiting {
        incident,
        person: "ana".into(),
        contact: None,
        starts_at: at(300),
        since: at(120),
        tags: vec![key],
        calls: vec!["CA1".into()],
        numbers: vec![savehub::model::Phone::parse("+12025550199").unwrap()],
    };
    assert_eq!(b.waiting().unwrap(), [expected]);
    b.check_in(m.id, CheckIn::Joined, at(150)).unwrap();
    assert_eq!(b.waiting().unwrap(), []);
}

fn what_certainly_reached_nobody_needs_no_answer(b: &Bench) {
    b.watched("ana", "event", 300);
    let attempt = b.place("event", 120);
    let failed = |_: &AfterFacts| end(StepState::Failed, Reason::NotSent);
    assert_eq!(b.record(attempt, &not_sent(), at(121), &failed).unwrap().state, AttemptState::NotSent);
    assert_eq!(b.waiting().unwrap(), []);
}

fn an_answer_is_used_once_whatever_it_did(b: &Bench) {
    for (sid, effect) in [("SM1", HeardEffect::NotUnderstood), ("SM2", HeardEffect::NothingOpen)] {
        let nothing = HeardOutcome { effect, incidents: vec![], hang_ups: 0, choices: vec![] };
        assert_eq!((use_once(b, sid, effect), use_once(b, sid, effect)), (Some(nothing), None));
    }
}

fn of_a_set_each_answer_is_used_once_and_sees_what_those_before_it_did(b: &Bench) {
    let m = b.watched("ana", "event", 300);
    b.call("event", "CA1", 120);
    let incident = b.incident(m.id, 1).id;
    // The first one ends what is open, the others find nothing.
    let rule = |_: &Heard, told: &[Told]| match &told[0].named[0] {
        named if named.open => Answer { effect: HeardEffect::Joined, incidents: vec![incident], choices: vec![] },
        _ => Answer { effect: HeardEffect::NothingOpen, incidents: vec![], choices: vec![] },
    };
    let hear = |sids: &[&str]| -> Vec<Option<HeardEffect>> {
        let set: Vec<Heard> = sids.iter().map(|sid| message(sid)).collect();
        b.hear(&set, at(210), &rule).unwrap().into_iter().map(|done| done.map(|done| done.effect)).collect()
    };
    let (joined, nothing) = (Some(HeardEffect::Joined), Some(HeardEffect::NothingOpen));
    assert_eq!(hear(&["SM1", "SM2", "SM1"]), [joined, nothing, None]);
    assert_eq!(hear(&["SM2", "SM3", "SM1"]), [None, nothing, None]);
    assert_eq!(hear(&["SM3", "SM1"]), [None, None]);
    assert_eq!((hear(&[]), state(b, m.id)), (vec![], IncidentState::Resolved));
}

fn an_answer_ends_or_acknowledges_every_incident_it_is_for(b: &Bench) {
    let m = b.watched("ana", "event", 300);
    b.call("event", "CA1", 120);
    let incidents: Vec<IncidentId> = vec![b.incident(m.id, 1).id];
    let done = use_once(b, "CA9", HeardEffect::Acknowledged).unwrap();
    assert_eq!((done.incidents, state(b, m.id)), (incidents.clone(), IncidentState::Acknowledged));
    let again = use_once(b, "CA10", HeardEffect::Acknowledged).unwrap();
    assert_eq!((again.incidents, state(b, m.id)), (vec![], IncidentState::Acknowledged));
    let done = use_once(b, "SM1", HeardEffect::Joined).unwrap();
    assert_eq!((done.incidents, done.hang_ups, state(b, m.id)), (incidents, 1, IncidentState::Resolved));
    let steps: Vec<StepState> = b.incident(m.id, 1).steps.iter().map(|s| s.state).collect();
    assert_eq!(steps, [StepState::Executed, StepState::Cancelled]);
}

fn an_incident_that_has_ended_is_not_ended_again(b: &Bench) {
    let m = b.watched("ana", "event", 300);
    b.call("event", "CA1", 120);
    let incident = b.incident(m.id, 1).id;
    b.check_in(m.id, CheckIn::Joined, at(150)).unwrap();
    // What it is for was decided before the check-in came in between.
    let rule =
        |_: &Heard, _: &[Told]| Answer { effect: HeardEffect::Missed, incidents: vec![incident], choices: vec![] };
    let done = b.hear(&[message("SM1")], at(151), &rule).unwrap().remove(0);
    assert_eq!(
        done,
        Some(HeardOutcome { effect: HeardEffect::Missed, incidents: vec![], hang_ups: 0, choices: vec![] })
    );
    assert_eq!(state(b, m.id), IncidentState::Resolved);
}

fn a_waiting_message_is_cancelled_when_its_incident_ends(b: &Bench) {
    let m = b.watched("ana", "event", 300);
    let to = Target::sms(Phone::parse("+12025550101").unwrap());
    let draft = AttemptDraft { to, ..b.draft("ana", 120) };
    let sent = attempt(b.begin_attempt(b.claim("event", 120), &draft, at(120), &always).unwrap());
    assert_eq!(b.accept(sent, "SM9", 121).state, AttemptState::Accepted);
    assert_eq!(b.waiting().unwrap()[0].calls, Vec::<String>::new(), "nobody presses a key in a message");
    assert_eq!(b.check_in(m.id, CheckIn::Joined, at(121).plus(secs(1))).unwrap().hang_ups, 1);
}

fn what_was_said_is_told_with_the_meeting_it_was_said_for(b: &Bench) {
    let (hers, his) = (b.watched("ana", "hers", 300), b.watched("bo", "his", 300));
    b.call("hers", "CA1", 120);
    b.call("his", "CA2", 120);
    let hear = |sid: &str, second, text: &str, effect, incidents: Vec<IncidentId>| {
        let heard = Heard { at: at(second), text: text.into(), ..message(sid) };
        let rule = |_: &Heard, _: &[Told]| Answer { effect, incidents: incidents.clone(), choices: vec![] };
        assert!(b.hear(&[heard], at(second + 5), &rule).unwrap()[0].is_some());
    };
    hear("SM3", 140, "wh\u{7}at?", HeardEffect::NotUnderstood, vec![]);
    hear("SM2", 150, "1", HeardEffect::Joined, vec![b.incident(hers.id, 1).id]);
    hear("SM1", 750, "hm", HeardEffect::NothingOpen, vec![]);
    hear("SM0", 900, "later", HeardEffect::NothingOpen, vec![]);
    let told = |meeting| b.history(meeting).unwrap().unwrap().incidents.remove(0).heard;
    let seen: Vec<_> = told(hers.id).into_iter().map(|h| (h.at, h.heard_at, h.message, h.effect)).collect();
    let expected = [
        (at(140), at(145), "wh at?".to_owned(), HeardEffect::NotUnderstood),
        (at(150), at(155), "1".to_owned(), HeardEffect::Joined),
        (at(750), at(755), "hm".to_owned(), HeardEffect::NothingOpen),
    ];
    assert_eq!(seen, expected, "in vain counts until ten minutes after its end");
    assert_eq!((told(hers.id)[0].from.as_str(), told(his.id).len()), ("****0101", 0), "it came from her phone");
}

fn what_was_heard_is_forgotten_when_nobody_lists_it_any_more(b: &Bench) {
    let day = 86_400;
    let meeting = b.watched("ana", "event", 300);
    b.call("event", "CA1", 120);
    let incident = b.incident(meeting.id, 1).id;
    assert!(use_once(b, "SM1", HeardEffect::Missed).is_some_and(|done| done.incidents == [incident]));
    assert!(use_once(b, "SM2", HeardEffect::NothingOpen).is_some());
    b.close(at(29 * day), &close_rule()).unwrap();
    assert_eq!(use_once(b, "SM2", HeardEffect::NothingOpen), None, "it may still be listed");
    // There is something to close once more: the tick's own row is old.
    b.begin_tick(&TickStart { now: at(0), boottime_ms: 0, owner: owner(), host: "bench".into(), turned: false })
        .unwrap();
    b.close(at(31 * day), &close_rule()).unwrap();
    assert!(use_once(b, "SM2", HeardEffect::NothingOpen).is_some(), "nobody lists it any more");
    assert_eq!(use_once(b, "SM1", HeardEffect::Missed), None, "its incident keeps it");
    assert_eq!(b.recent_ticks(at(0), 10).unwrap(), [], "nor is a tick of then kept");
}
