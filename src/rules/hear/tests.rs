use super::*;
use crate::model::{Phone, Timestamp};

const JOINED: HeardEffect = HeardEffect::Joined;
const MISSED: HeardEffect = HeardEffect::Missed;
const ON_IT: HeardEffect = HeardEffect::Acknowledged;
const UNCLEAR: HeardEffect = HeardEffect::NotUnderstood;
const NEEDS_CODE: HeardEffect = HeardEffect::NeedsCode;
const NOTHING_OPEN: HeardEffect = HeardEffect::NothingOpen;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_ms(seconds * 1000)
}

/// Incident `id` of this person waits since second 100; its message had this tag, its call the SID `CA` and its id.
fn waits(id: i64, person: &str, tag: &str) -> Waiting {
    Waiting {
        incident: IncidentId(id),
        person: person.into(),
        starts_at: at(1000 + id),
        since: at(100),
        tags: vec![tag.into()],
        numbers: vec![],
        calls: vec![format!("CA{id}")],
    }
}

fn heard(how: HeardHow, text: &str, call: Option<&str>) -> Heard {
    let from = Phone::parse("+12025550101").unwrap();
    Heard { sid: "SM1".into(), how, from, at: at(200), text: text.into(), call: call.map(str::to_owned) }
}

fn message(text: &str) -> Heard {
    heard(HeardHow::Message, text, None)
}

/// Effect and incidents, where the number is that of Ana and Ben.
fn answered(heard: &Heard, waiting: &[Waiting]) -> (HeardEffect, Vec<i64>) {
    let known = Words::with(["bin da", "ICH BIN DRIN", "👍"], ["schaffe es nicht"]);
    let answer = answer(heard, waiting, &|person| person != "stranger", &known);
    (answer.effect, answer.incidents.iter().map(|i| i.0).collect())
}

#[test]
fn a_word_counts_however_it_is_typed() {
    let waiting = [waits(1, "ana", "k3f9")];
    for (text, effect) in [
        ("1", JOINED),
        (" 1. ", JOINED),
        ("1!", JOINED),
        ("１", JOINED),
        ("١", JOINED),
        ("१", JOINED),
        ("1\u{fe0f}\u{20e3}", JOINED),
        ("\u{200f}1\u{200e}", JOINED),
        ("Joined", JOINED),
        ("\"JOINED\"\n", JOINED),
        ("Yes", JOINED),
        ("bin  DA", JOINED),
        ("ich bin drin", JOINED),
        ("👍", JOINED),
        ("2", MISSED),
        ("missed", MISSED),
        ("Schaffe es nicht!", MISSED),
    ] {
        assert_eq!(answered(&message(text), &waiting), (effect, vec![1]), "{text:?}");
    }
}

#[test]
fn what_is_no_known_word_does_nothing() {
    for text in [
        "",
        " ",
        "\0",
        "3",
        "11",
        "12",
        "1 2",
        "no",
        "I have joined",
        "yes but later",
        "not joined",
        "STOP",
        "1 minute",
        "k3f9",
        "\u{202e}",
        "-",
        "1st",
        "joined?no",
        "schaffe",
        "Liked “This is savehub”",
    ] {
        assert_eq!(answered(&message(text), &[waits(1, "ana", "k3f9")]), (UNCLEAR, vec![]), "{text:?}");
    }
    assert_eq!(answered(&message(&format!("1{}", " ".repeat(5000))), &[waits(1, "ana", "k3f9")]), (UNCLEAR, vec![]));
}

#[test]
fn of_several_meetings_the_earliest_is_meant_unless_a_code_names_one() {
    let waiting = [waits(1, "ana", "k3f9"), waits(2, "ana", "m4a2"), waits(3, "ana", "k3x7")];
    for (text, told_of) in [
        ("1", (JOINED, vec![1])),
        ("1 m4", (JOINED, vec![2])),
        ("1 M4A2", (JOINED, vec![2])),
        ("#m4a2 joined", (JOINED, vec![2])),
        ("2m4", (MISSED, vec![2])),
        ("bin da (m4)", (JOINED, vec![2])),
        ("1 k3", (NEEDS_CODE, vec![])),
        ("1 k3x7", (JOINED, vec![3])),
        ("1 z9", (NEEDS_CODE, vec![])),
        ("9 m4", (UNCLEAR, vec![])),
    ] {
        assert_eq!(answered(&message(text), &waiting), told_of, "{text}");
    }
}

#[test]
fn a_wrong_code_is_not_the_only_open_meeting() {
    assert_eq!(answered(&message("1 z9"), &[waits(1, "ana", "k3f9")]), (NEEDS_CODE, vec![]));
    assert_eq!(answered(&message("1 k3"), &[waits(1, "ana", "k3f9")]), (JOINED, vec![1]));
}

#[test]
fn two_people_with_one_phone_need_a_code() {
    let waiting = [waits(1, "ana", "k3f9"), waits(2, "ben", "m4a2")];
    assert_eq!(answered(&message("1"), &waiting), (NEEDS_CODE, vec![]));
    assert_eq!(answered(&message("1 m4"), &waiting), (JOINED, vec![2]));
    assert_eq!(answered(&heard(HeardHow::Call, "", None), &waiting), (NEEDS_CODE, vec![]));
}

#[test]
fn nobody_answers_for_somebody_else() {
    let waiting = [waits(1, "stranger", "k3f9")];
    for heard in [message("1"), message("1 k3f9"), heard(HeardHow::Call, "", None), pressed("1", "CA1")] {
        assert_eq!(answered(&heard, &waiting), (NOTHING_OPEN, vec![]), "{heard:?}");
    }
    // Nor does a code reach into the meetings of another number.
    let both = [waits(1, "stranger", "k3f9"), waits(2, "ana", "m4a2")];
    assert_eq!(answered(&message("1 k3f9"), &both), (NEEDS_CODE, vec![]));
    assert_eq!(answered(&message("1"), &both), (JOINED, vec![2]));
}

#[test]
fn what_was_said_before_anything_was_sent_is_no_answer() {
    let early = |how, text| Heard { at: at(99), ..heard(how, text, Some("CA1")) };
    for heard in [early(HeardHow::Message, "1"), early(HeardHow::Call, ""), early(HeardHow::Key, "1")] {
        assert_eq!(answered(&heard, &[waits(1, "ana", "k3f9")]), (NOTHING_OPEN, vec![]), "{heard:?}");
    }
    // It answers the meeting it can be for, and no other.
    let later = Waiting { since: at(201), ..waits(2, "ana", "m4a2") };
    assert_eq!(answered(&message("1"), &[waits(1, "ana", "k3f9"), later]), (JOINED, vec![1]));
}

#[test]
fn a_call_back_is_about_the_persons_earliest_meeting() {
    let waiting = [waits(2, "ana", "m4a2"), waits(1, "ana", "k3f9")];
    assert_eq!(answered(&heard(HeardHow::Call, "", None), &waiting), (ON_IT, vec![1]));
}

fn pressed(key: &str, call: &str) -> Heard {
    heard(HeardHow::Key, key, Some(call))
}

#[test]
fn a_key_answers_for_every_meeting_its_call_named_and_for_no_other() {
    let shared = Waiting { numbers: vec![], calls: vec!["CA1".into()], ..waits(2, "ana", "m4a2") };
    let waiting = [waits(1, "ana", "k3f9"), shared, waits(3, "ana", "p5b3")];
    assert_eq!(answered(&pressed("1", "CA1"), &waiting), (JOINED, vec![1, 2]));
    assert_eq!(answered(&pressed("2", "CA3"), &waiting), (MISSED, vec![3]));
    assert_eq!(answered(&pressed("3", "CA3"), &waiting), (UNCLEAR, vec![]));
    assert_eq!(answered(&pressed("1", "CA9"), &waiting), (NOTHING_OPEN, vec![]));
}
