//! Who the config names: who left it, who is back, whose id changed.

use crate::build::{Bench, at, watch};
use savehub::model::{Address, IncidentState, Reason, StepState};
use savehub::store::{CheckIn, NewPause, PeopleSynced, PersonDraft, Plan};

facts! {
    a_list_of_people_that_is_known_changes_nothing,
    who_left_is_told_with_the_meetings_to_come,
    who_is_back_gets_back_what_was_cancelled_for_that_reason,
    an_id_that_changes_takes_everything_along,
    a_meeting_that_both_ids_have_stays_with_the_old_one,
}

fn sync(b: &Bench, people: &[(&str, &str)], now: i64) -> PeopleSynced {
    let draft = |(id, phone): &(&str, &str)| PersonDraft { id: (*id).into(), phone: Address::read(phone) };
    let wanted: Vec<PersonDraft> = people.iter().map(draft).collect();
    b.sync_people(&wanted, &format!("{people:?}"), &|_, _| Vec::new(), at(now)).unwrap()
}

const ANA: (&str, &str) = ("ana", "+12025550101");
const BO: (&str, &str) = ("bo", "+12025550102");

fn a_list_of_people_that_is_known_changes_nothing(b: &Bench) {
    b.add("ana", "talk", 600);
    assert_eq!(sync(b, &[ANA, BO], 0), PeopleSynced::default());
    assert_eq!(sync(b, &[ANA, BO], 1), PeopleSynced::default());
}

fn who_left_is_told_with_the_meetings_to_come(b: &Bench) {
    b.add("bo", "over", 10);
    b.add("bo", "talk", 600);
    sync(b, &[ANA, BO], 0);
    assert_eq!(sync(b, &[ANA], 20).left, [("bo".to_owned(), 1)]);
    assert_eq!(sync(b, &[], 21).left, [("ana".to_owned(), 0)]);
}

fn refuse(b: &Bench, now: i64) {
    b.open_incidents(at(now), at(now + 600), &|_| Plan::Refuse(Reason::PersonRemoved)).unwrap();
}

fn who_is_back_gets_back_what_was_cancelled_for_that_reason(b: &Bench) {
    let talk = b.watched("ana", "talk", 600);
    let over = b.watched("ana", "over", 590);
    let new = b.add("ana", "new", 650);
    let checked = b.watched("ana", "checked", 605);
    b.check_in(checked.id, CheckIn::Joined, at(1)).unwrap();
    let first = b.incident(talk.id, 1).id;
    sync(b, &[ANA], 0);
    sync(b, &[], 100);
    refuse(b, 100);
    assert_eq!(b.incident(talk.id, 1).reason, Some(Reason::PersonRemoved));
    let back = sync(b, &[ANA], 595).back;
    assert_eq!(back, [("ana".to_owned(), vec![first], 1)]);
    let away = |meeting| b.history(meeting).unwrap().unwrap().incidents.remove(0).away;
    assert_eq!((away(talk.id), away(over.id)), (Some((at(100), at(595))), None), "it is remembered");
    let incident = b.incident(talk.id, 1);
    assert_eq!((incident.state, incident.reason, incident.ended_at), (IncidentState::Open, None, None));
    assert!(incident.steps.iter().all(|step| step.state == StepState::Pending));
    assert_eq!(b.incident(over.id, 1).state, IncidentState::Cancelled, "its start is over");
    assert_eq!(b.incident(checked.id, 1).state, IncidentState::Resolved);
    let opened = b.open_incidents(at(596), at(1300), &watch).unwrap();
    assert_eq!(opened.opened.len(), 1);
    assert_eq!(b.incident(new.id, 2).state, IncidentState::Open);
}

fn an_id_that_changes_takes_everything_along(b: &Bench) {
    let talk = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    b.pause(&NewPause { person: Some("ana".into()), until: None, reason: None }, at(430)).unwrap();
    sync(b, &[ANA, BO], 430);
    let synced = sync(b, &[("anna", ANA.1), BO], 440);
    assert_eq!(synced, PeopleSynced { renamed: vec![("ana".into(), "anna".into())], ..PeopleSynced::default() });
    assert_eq!(
        (b.incident(talk.id, 1).person, b.meeting(talk.id).unwrap().unwrap().person),
        ("anna".into(), "anna".into())
    );
    assert_eq!(b.pauses(at(441)).unwrap()[0].person.as_deref(), Some("anna"));
    let facts = b.facts_with(b.claim("talk", 545), &b.draft("anna", 545), 545);
    assert_eq!((facts.step.unwrap().recent_calls, facts.calls_of_person_today), (1, 1));
}

fn a_meeting_that_both_ids_have_stays_with_the_old_one(b: &Bench) {
    let (old, new) = (b.add("ana", "talk", 600), b.add("anna", "talk", 600));
    let only = b.add("ana", "other", 600);
    sync(b, &[ANA], 0);
    assert_eq!(sync(b, &[("anna", ANA.1)], 1).renamed.len(), 1);
    let person = |id| b.meeting(id).unwrap().unwrap().person;
    assert_eq!([person(old.id), person(new.id), person(only.id)], ["ana", "anna", "anna"]);
}
