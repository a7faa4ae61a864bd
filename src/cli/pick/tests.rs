use super::*;
use crate::cli::testing::{NOW, meeting, minutes, person as named};

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

fn near(meetings: &[Meeting], open: &[i64]) -> Vec<String> {
    let open: Vec<MeetingId> = open.iter().map(|id| MeetingId(*id)).collect();
    search(meetings).near(Some("ana"), &open).iter().map(|m| m.id.to_string()).collect()
}

#[test]
fn a_check_in_without_a_name_means_a_meeting_that_starts_within_30_minutes() {
    let meetings = [
        of(meeting(2, "Board sync", minutes(1)), "benno"),
        meeting(3, "Board sync", minutes(0)),
        meeting(4, "Dentist", minutes(30)),
        meeting(5, "Dinner", minutes(31)),
    ];
    assert_eq!(near(&meetings, &[]), ["m3", "m4"]);
    assert_eq!(near(&meetings[3..], &[5]), Vec::<String>::new(), "it was opened, and starts later");
}

#[test]
fn it_means_a_begun_meeting_that_runs_or_ended_less_than_30_minutes_ago_or_is_watched_still() {
    let ending = |id, start, end| Meeting { ends_at: Some(minutes(end)), ..meeting(id, "Standup", minutes(start)) };
    let meetings = [ending(3, -40, -29), ending(4, -40, -30), meeting(5, "no end", minutes(-89)), ending(6, -600, 5)];
    assert_eq!(near(&meetings, &[]), ["m3", "m5", "m6"]);
    assert_eq!(near(&meetings, &[4]), ["m3", "m4", "m5", "m6"]);
}

#[test]
fn it_means_a_meeting_that_was_checked_in_or_missed_as_well() {
    for over in [Reason::Joined, Reason::NoCheckIn] {
        let meetings = [Meeting { ended: Some(over), ..meeting(3, "Board sync", minutes(-4)) }];
        assert_eq!(near(&meetings, &[]), ["m3"]);
    }
}

#[test]
fn a_cancelled_meeting_is_never_near() {
    let called_off = Meeting { state: MeetingState::Cancelled, ..meeting(3, "Board sync", minutes(5)) };
    assert_eq!(near(&[called_off], &[]), Vec::<String>::new());
}

#[test]
fn when_no_meeting_is_near_the_next_ones_are_named_with_a_way_to_mean_them() {
    let people = [named("ana")];
    let meetings = [
        meeting(3, "Over", minutes(-120)),
        of(meeting(4, "Board sync", minutes(60)), "benno"),
        meeting(5, "Customer call", minutes(240)),
        Meeting { ended: Some(Reason::Joined), ..meeting(6, "Dinner", minutes(600)) },
    ];
    let of = |meetings: &[Meeting]| MeetingSearch { people: &people, ..search(meetings) }.none_near("ana").0;
    assert_eq!(
        of(&meetings),
        "ana has no meeting that runs, ended in the last 30 min or starts in the next 30 min; to come:\n  \
         m5 13:00 (in 4 h) Customer call, ana\n  m6 19:00 (in 10 h) Dinner, ana, checked in\n\
         `savehub checkin m5` means the first of them"
    );
    assert_eq!(
        of(&meetings[..2]),
        "ana has no meeting that runs, ended in the last 30 min or starts in the next 30 min, and none to come"
    );
}

#[test]
fn several_near_meetings_are_listed_with_what_is_known_of_them() {
    let people = [named("ana")];
    let first = Meeting { ended: Some(Reason::SaidMissed), ..meeting(3, "Board sync", minutes(-4)) };
    let (second, search) = (meeting(4, "Dentist", minutes(15)), MeetingSearch { people: &people, ..search(&[]) });
    assert_eq!(
        search.which(&[&first, &second]).0,
        "say which meeting: write its id, or --all for all of them:\n  \
         m3 08:56 (4 min ago) Board sync, ana, will be missed\n  m4 09:15 (in 15 min) Dentist, ana"
    );
}

#[test]
fn a_title_is_looked_for_among_the_near_ones_first() {
    let (first, second) = (meeting(3, "Standup", minutes(-4)), meeting(4, "Dentist", minutes(15)));
    let found = |typed| search(&[]).titled_in(&[&first, &second], typed).map(|found| found.map(|m| m.id.0));
    assert_eq!((found("stand"), found("board"), found(" ")), (Ok(Some(3)), Ok(None), Ok(None)));
    assert!(found("t").unwrap_err().0.starts_with("`t` could be several meetings; write its id:"));
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
