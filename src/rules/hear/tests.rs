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

/// Something was sent at second `at` for incident `id` of this person, with this tag, as the call `CA` and its id.
fn told_at(second: i64, id: i64, person: &str, tag: &str) -> Told {
    let named = Named { incident: IncidentId(id), person: person.into(), to_contact: false, open: true };
    Told {
        named: vec![named],
        at: at(second),
        provider_at: Some(at(second)),
        tag: tag.into(),
        sid: Some(format!("CA{id}")),
        is_mail: false,
    }
}

/// The same at second 100.
fn waits(id: i64, person: &str, tag: &str) -> Told {
    told_at(100, id, person, tag)
}

/// One call or text for several incidents.
fn shared(second: i64, ids: &[i64], tag: &str) -> Told {
    let each = ids.iter().map(|id| told_at(second, *id, "ana", tag));
    each.reduce(|mut all, next| {
        all.named.extend(next.named);
        all
    })
    .unwrap()
}

fn over(mut told: Told) -> Told {
    told.named.iter_mut().for_each(|named| named.open = false);
    told
}

fn to_contact(mut told: Told) -> Told {
    told.named.iter_mut().for_each(|named| named.to_contact = true);
    told
}

fn heard(how: HeardHow, text: &str, call: Option<&str>) -> Heard {
    let from = Phone::parse("+12025550101").unwrap();
    let call = call.map(str::to_owned);
    let owners = vec!["ana".into(), "ben".into()];
    Heard { sid: "SM1".into(), how, from, owners, at: at(200), provider_at: at(200), text: text.into(), call }
}

fn message(text: &str) -> Heard {
    heard(HeardHow::Message, text, None)
}

/// Effect and incidents, where the number is that of Ana and Ben.
fn answered(heard: &Heard, told: &[Told]) -> (HeardEffect, Vec<i64>) {
    let known = Words::with(["bin da", "ICH BIN DRIN", "👍"], ["schaffe es nicht"]);
    let answer = answer(heard, told, &known);
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
fn a_bare_answer_belongs_to_what_was_taken_last_unless_a_code_names_something() {
    // In another order than they were sent.
    let told = [told_at(190, 3, "ana", "k3x7"), told_at(10, 1, "ana", "k3f9"), told_at(100, 2, "ana", "m4a2")];
    for (text, meant) in [
        ("1", (JOINED, vec![3])),
        ("2", (MISSED, vec![3])),
        ("1 m4", (JOINED, vec![2])),
        ("1 M4A2", (JOINED, vec![2])),
        ("#m4a2 joined", (JOINED, vec![2])),
        ("2m4", (MISSED, vec![2])),
        ("bin da (m4)", (JOINED, vec![2])),
        ("1 k3", (NEEDS_CODE, vec![])),
        ("1 k3f9", (JOINED, vec![1])),
        ("1 z9", (NEEDS_CODE, vec![])),
        ("9 m4", (UNCLEAR, vec![])),
    ] {
        assert_eq!(answered(&message(text), &told), meant, "{text}");
    }
    assert_eq!(answered(&heard(HeardHow::Call, "", None), &told), (ON_IT, vec![3]));
}

#[test]
fn what_is_over_takes_the_answer_and_nothing_else_changes() {
    let told = [told_at(10, 1, "ana", "k3f9"), over(told_at(100, 2, "ana", "m4a2"))];
    for heard in [message("1"), message("1 m4"), heard(HeardHow::Call, "", None), pressed("1", "CA2")] {
        assert_eq!(answered(&heard, &told), (NOTHING_OPEN, vec![2]), "{heard:?}");
    }
    assert_eq!(answered(&message("1 k3"), &told), (JOINED, vec![1]));
    let same_letters = [over(told_at(10, 1, "ana", "k3f9")), told_at(100, 2, "ana", "k3a2")];
    assert_eq!(answered(&message("1 k3"), &same_letters), (JOINED, vec![2]), "what is over gives way");
}

#[test]
fn a_shared_call_or_text_means_all_that_it_names() {
    let told = [told_at(10, 3, "ana", "k3f9"), shared(100, &[1, 2], "m4a2")];
    for heard in [message("1"), message("1 m4")] {
        assert_eq!(answered(&heard, &told), (JOINED, vec![1, 2]), "{heard:?}");
    }
    let half = [shared(100, &[1, 2], "m4a2")];
    let mut half_over = half.clone();
    half_over[0].named[0].open = false;
    assert_eq!(answered(&message("1"), &half_over), (JOINED, vec![1, 2]), "the one that is over stays as it is");
}

#[test]
fn where_other_meetings_or_persons_were_told_within_a_minute_the_code_is_needed() {
    for (before, meant) in [(39, (JOINED, vec![2])), (40, (NEEDS_CODE, vec![])), (100, (NEEDS_CODE, vec![]))] {
        for person in ["ana", "ben"] {
            let told = [told_at(before, 1, person, "k3f9"), told_at(100, 2, "ana", "m4a2")];
            assert_eq!(answered(&message("1"), &told), meant, "{before} {person}");
            assert_eq!(answered(&message("1 m4"), &told), (JOINED, vec![2]));
        }
    }
    let the_same = [told_at(70, 2, "ana", "k3f9"), told_at(100, 2, "ana", "m4a2")];
    assert_eq!(answered(&message("1"), &the_same), (JOINED, vec![2]), "one meeting, told twice");
    let in_it = [told_at(70, 2, "ana", "k3f9"), shared(100, &[1, 2], "m4a2")];
    assert_eq!(answered(&message("1"), &in_it), (JOINED, vec![1, 2]), "the last one names both");
    let beside = [shared(70, &[1, 2], "m4a2"), told_at(100, 2, "ana", "k3f9")];
    assert_eq!(answered(&message("1"), &beside), (NEEDS_CODE, vec![]));
}

/// What could be answered instead of these words, with the incidents that it is for.
fn choices(text: &str, told: &[Told]) -> Vec<(String, Vec<i64>)> {
    let answer = answer(&message(text), told, &Words::default());
    answer.choices.into_iter().map(|c| (c.answer, c.incidents.iter().map(|i| i.0).collect())).collect()
}

#[test]
fn where_the_code_is_needed_each_choice_has_the_shortest_one_that_means_nothing_else() {
    let choice = |answer: &str, ids: &[i64]| (answer.to_owned(), ids.to_vec());
    let two = [told_at(70, 1, "ana", "k3f9"), told_at(100, 2, "ana", "m4a2")];
    assert_eq!(choices("1", &two), [choice("1 k3", &[1]), choice("1 m4", &[2])]);
    assert_eq!(choices("missed", &two), [choice("2 k3", &[1]), choice("2 m4", &[2])]);
    assert_eq!(choices("1 z9", &two), [choice("1 k3", &[1]), choice("1 m4", &[2])], "an unknown code");
    let alike = [told_at(70, 1, "ana", "k3f9"), told_at(100, 2, "ana", "k3a2")];
    assert_eq!(choices("1 k3", &alike), [choice("1 k3f9", &[1]), choice("1 k3a2", &[2])]);
    let beside = [shared(70, &[1, 2], "m4a2"), told_at(100, 2, "ana", "k3f9"), told_at(101, 2, "ana", "p5b3")];
    assert_eq!(choices("1", &beside), [choice("1 m4", &[1, 2]), choice("1 k3", &[2])], "each meaning once");
    let half_over = [over(two[0].clone()), two[1].clone()];
    assert_eq!(choices("1", &half_over), [choice("1 m4", &[2])]);
    let of_a_contact = [two[0].clone(), to_contact(two[1].clone())];
    assert_eq!(choices("1", &of_a_contact), [choice("1 k3", &[1])], "a contact has no choice");
    for clear in ["what?", "1 m4", "STOP"] {
        assert_eq!(choices(clear, &two), [], "{clear}");
    }
}

#[test]
fn what_a_contact_says_is_noted_for_the_meeting_they_were_told_of_and_never_for_their_own() {
    let told = [told_at(10, 1, "ana", "k3f9"), to_contact(told_at(100, 2, "ben", "m4a2"))];
    for words in ["yes", "1 m4", "I call her"] {
        assert_eq!(answered(&message(words), &told), (HeardEffect::Noted, vec![2]), "{words}");
    }
    assert_eq!(answered(&heard(HeardHow::Call, "", None), &told), (HeardEffect::Noted, vec![2]));
    assert_eq!(answered(&message("1 k3"), &told), (JOINED, vec![1]), "the code names the own meeting");
    let within_a_minute = [told_at(60, 1, "ana", "k3f9"), to_contact(told_at(100, 2, "ben", "m4a2"))];
    assert_eq!(answered(&message("yes"), &within_a_minute), (NEEDS_CODE, vec![]));
    let stranger = [to_contact(told_at(100, 2, "stranger", "m4a2"))];
    assert_eq!(answered(&message("1"), &stranger), (HeardEffect::Noted, vec![2]), "a contact is nobody of the config");
}

#[test]
fn the_provider_s_times_decide_and_not_ours() {
    // Our clock was an hour ahead when the second one was sent.
    let ahead = Told { at: at(3700), ..told_at(100, 2, "ana", "m4a2") };
    let told = [told_at(10, 1, "ana", "k3f9"), ahead];
    assert_eq!(answered(&message("1"), &told), (JOINED, vec![2]));
    // Nobody knows the provider's time of the second one; by ours, corrected, it is later than the answer.
    let unknown = Told { provider_at: None, at: at(500), ..told_at(0, 2, "ana", "m4a2") };
    let heard = Heard { at: at(400), ..message("1") };
    assert_eq!(answered(&heard, &[told_at(10, 1, "ana", "k3f9"), unknown]), (JOINED, vec![1]));
}

#[test]
fn a_mail_is_answered_by_phone_where_nothing_else_was_sent_there() {
    let mail = |second, id, tag| Told { is_mail: true, ..told_at(second, id, "ana", tag) };
    assert_eq!(answered(&message("1"), &[mail(100, 1, "k3f9")]), (JOINED, vec![1]));
    let told = [told_at(10, 1, "ana", "k3f9"), mail(100, 2, "m4a2")];
    assert_eq!(answered(&message("1"), &told), (JOINED, vec![1]));
    assert_eq!(answered(&message("1 m4"), &told), (JOINED, vec![2]));
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
    let early = |how, text| Heard { at: at(99), provider_at: at(99), ..heard(how, text, Some("CA1")) };
    for heard in [early(HeardHow::Message, "1"), early(HeardHow::Call, ""), early(HeardHow::Key, "1")] {
        assert_eq!(answered(&heard, &[waits(1, "ana", "k3f9")]), (NOTHING_OPEN, vec![]), "{heard:?}");
    }
    // It answers the meeting it can be for, and no other.
    let later = told_at(201, 2, "ana", "m4a2");
    assert_eq!(answered(&message("1"), &[waits(1, "ana", "k3f9"), later]), (JOINED, vec![1]));
}

fn pressed(key: &str, call: &str) -> Heard {
    heard(HeardHow::Key, key, Some(call))
}

#[test]
fn a_key_answers_for_every_meeting_its_call_named_and_for_no_other() {
    let waiting = [shared(100, &[1, 2], "k3f9"), told_at(150, 3, "ana", "p5b3")];
    assert_eq!(answered(&pressed("1", "CA1"), &waiting), (JOINED, vec![1, 2]));
    assert_eq!(answered(&pressed("2", "CA3"), &waiting), (MISSED, vec![3]));
    assert_eq!(answered(&pressed("3", "CA3"), &waiting), (UNCLEAR, vec![]));
    assert_eq!(answered(&pressed("1", "CA9"), &waiting), (NOTHING_OPEN, vec![]));
}
