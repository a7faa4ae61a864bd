use super::*;
use crate::cli::testing::{NOW, incident as incident_of, meeting, minutes, person as named};
use crate::model::IncidentState;

fn search(meetings: &[Meeting]) -> MeetingSearch<'_> {
    MeetingSearch { now: NOW, people: &[], meetings }
}

fn of(mut meeting: Meeting, person: &str) -> Meeting {
    meeting.person = person.into();
    meeting
}

fn id(found: Result<&Meeting, UsageError>) -> String {
    found.map_or_else(|e| e.0, |m| m.id.to_string())
}

#[test]
fn the_only_person_is_meant_when_none_is_typed() {
    let people = [named("ana")];
    assert_eq!(person(None, &people).unwrap().id, "ana");
    assert_eq!(person(Some("ana"), &people).unwrap().id, "ana");
}

#[test]
fn several_people_or_none_must_be_told_apart() {
    let error = |typed, people: &[Person]| person(typed, people).unwrap_err().0;
    let people = [named("ana"), named("benno")];
    assert_eq!(error(None, &people), "say for whom with --person; the config knows ana, benno");
    assert_eq!(error(Some("anna"), &people), "there is no person `anna`; did you mean ana?");
    assert_eq!(error(Some("zoe"), &people), "there is no person `zoe`; the config knows ana, benno");
    let many: Vec<Person> = (0..12).map(|n| named(&format!("p{n}"))).collect();
    assert!(error(None, &many).ends_with("p8, p9 and 2 more"));
    assert_eq!(error(None, &[]), "the config has no [[person]]; add one");
    assert_eq!(error(Some("a\u{1b}c"), &[]), "there is no person `a c`; the config has no [[person]]");
}

#[test]
fn a_meeting_is_found_by_id_or_by_a_part_of_its_title_in_any_case() {
    let meetings = [meeting(3, "Board sync", minutes(60)), meeting(4, "Dentist", minutes(90))];
    for typed in ["m3", "3", "board", "BOARD SYNC", " sync "] {
        assert_eq!(id(search(&meetings).meeting(typed, None)), "m3", "{typed}");
    }
}

#[test]
fn an_id_finds_even_what_is_over_and_a_title_does_not() {
    let meetings = [meeting(3, "Board sync", minutes(-90))];
    assert_eq!(id(search(&meetings).meeting("m3", None)), "m3");
    assert_eq!(id(search(&meetings).meeting("board", None)), "there is no meeting `board`, and none to come");
}

#[test]
fn a_whole_title_wins_over_a_part_of_one() {
    let meetings = [meeting(3, "Sync", minutes(60)), meeting(4, "Board sync", minutes(90))];
    assert_eq!(id(search(&meetings).meeting("sync", None)), "m3");
}

#[test]
fn digits_that_are_no_id_can_be_part_of_a_title() {
    let meetings = [meeting(3, "Plan 2027", minutes(60))];
    assert_eq!(id(search(&meetings).meeting("2027", None)), "m3");
}

#[test]
fn an_ambiguous_title_lists_id_time_title_and_person() {
    let meetings =
        [meeting(3, "Board sync", minutes(12)), of(meeting(4, "Board\u{1b} dinner", minutes(60 * 24)), "benno")];
    let people = [named("ana"), named("benno")];
    let search = MeetingSearch { people: &people, ..search(&meetings) };
    assert_eq!(
        id(search.meeting("board", None)),
        "`board` could be several meetings; write its id:\n  \
         m3 09:12 (in 12 min) Board sync, ana\n  \
         m4 2026-11-23 09:00 (in 24 h) Board  dinner, benno"
    );
    assert_eq!(id(search.meeting("board", Some("benno"))), "m4");
    assert_eq!(id(search.meeting("m3", Some("benno"))), "m3 Board sync is a meeting of ana, not of benno");
}

#[test]
fn an_unknown_meeting_says_which_are_near() {
    let meetings = [meeting(3, "Board sync", minutes(12)), meeting(4, "Dentist", minutes(60))];
    let people = [named("ana")];
    let search = MeetingSearch { people: &people, ..search(&meetings) };
    assert_eq!(
        id(search.meeting("baord", None)),
        "there is no meeting `baord`; near it:\n  m3 09:12 (in 12 min) Board sync, ana"
    );
    assert_eq!(
        id(search.meeting("m9", None)),
        "there is no meeting `m9`; to come:\n  \
         m3 09:12 (in 12 min) Board sync, ana\n  m4 10:00 (in 1 h) Dentist, ana"
    );
    assert!(id(search.meeting("", None)).starts_with("`` could be several meetings"));
}

#[test]
fn an_empty_text_never_means_the_only_meeting() {
    let meetings = [meeting(3, "Board sync", minutes(12))];
    assert!(search(&meetings).meeting(" ", None).is_err());
}

#[test]
fn check_in_means_the_running_meeting_rather_than_a_much_later_one() {
    let meetings = [meeting(3, "Board sync", minutes(-4)), meeting(4, "Dentist", minutes(120))];
    assert_eq!(id(search(&meetings).running_or_next("ana", &[])), "m3");
}

#[test]
fn check_in_means_the_next_meeting_within_twelve_hours() {
    let meetings = [
        of(meeting(2, "Board sync", minutes(1)), "benno"),
        meeting(3, "Over", minutes(-61)),
        meeting(4, "Dentist", minutes(120)),
        meeting(5, "Dinner", minutes(400)),
    ];
    assert_eq!(id(search(&meetings).running_or_next("ana", &[])), "m4");
    let late = [meeting(5, "Breakfast", minutes(721))];
    assert_eq!(
        id(search(&late).running_or_next("ana", &[])),
        "ana has no meeting now or in the next 12 h; `savehub meeting list` shows later ones"
    );
}

#[test]
fn check_in_asks_back_when_two_meetings_are_equally_likely() {
    let people = [named("ana")];
    for (first, second) in [(-4, 15), (-4, -2), (60, 75)] {
        let meetings = [meeting(3, "Board sync", minutes(first)), meeting(4, "Dentist", minutes(second))];
        let text = id(MeetingSearch { people: &people, ..search(&meetings) }.running_or_next("ana", &[]));
        assert!(text.starts_with("say which meeting; write its id:\n  m3 ") && text.contains("\n  m4 "), "{text}");
    }
}

#[test]
fn a_running_meeting_that_was_checked_in_gives_way_to_one_that_starts_soon_and_to_no_later_one() {
    let running = meeting(3, "Board sync", minutes(-4));
    let ended = [incident_of(7, &running, IncidentState::Resolved)];
    let meetings = [running.clone(), meeting(4, "Dentist", minutes(10))];
    assert_eq!(id(search(&meetings).running_or_next("ana", &ended)), "m4");
    assert_eq!(id(search(&meetings[..1]).running_or_next("ana", &ended)), "m3");

    let meetings = [running.clone(), meeting(4, "Dentist", minutes(120))];
    assert_eq!(id(search(&meetings).running_or_next("ana", &ended)), "m3");

    let moved = [Meeting { generation: 2, ..running }];
    assert_eq!(id(search(&moved).running_or_next("ana", &ended)), "m3");
}

#[test]
fn a_cancelled_meeting_is_never_meant_by_check_in() {
    let mut called_off = meeting(3, "Board sync", minutes(5));
    called_off.state = MeetingState::Cancelled;
    assert!(search(&[called_off]).running_or_next("ana", &[]).is_err());
}

#[test]
fn an_incident_is_typed_with_or_without_its_letter() {
    assert_eq!(incident("i7"), Ok(IncidentId(7)));
    assert_eq!(incident("7"), Ok(IncidentId(7)));
    assert_eq!(
        incident("m7").unwrap_err().0,
        "`m7` is not the id of an incident, such as i7; `savehub status` lists them"
    );
}

#[test]
fn edits_are_counted_as_levenshtein_did() {
    assert_eq!(edits("kitten", "sitting"), 3);
    assert_eq!(edits("", "ab"), 2);
}
