use super::*;
use crate::cli::testing::{NOW, meeting, minutes, person};
use crate::model::{IncidentId, IncidentState};
use crate::store::Ended;

fn typed(title: &str, at: &str) -> MeetingAddArgs {
    MeetingAddArgs { title: title.into(), at: at.into(), end: None, person: None, link: None }
}

fn refused(args: &MeetingAddArgs) -> String {
    checked(args, &person("ana"), "uid".into(), NOW).unwrap_err().0
}

#[test]
fn a_meeting_is_added_in_the_persons_zone() {
    let args = MeetingAddArgs {
        end: Some("10:00".into()),
        link: Some("https://example.org/room/7".into()),
        ..typed(" Board sync ", "tomorrow 9:00")
    };
    let new = checked(&args, &person("ana"), "f00@savehub".into(), NOW).unwrap();
    assert_eq!(
        new,
        NewMeeting {
            person: "ana".into(),
            uid: "f00@savehub".into(),
            recurrence: String::new(),
            title: "Board sync".into(),
            starts_at: minutes(24 * 60),
            ends_at: Some(minutes(25 * 60)),
            link: Some("https://example.org/room/7".into()),
            source: "manual".into(),
        }
    );
}

#[test]
fn what_makes_no_sense_is_refused_with_what_to_write() {
    assert_eq!(
        refused(&typed("Board sync", "8:30")),
        "--at: `8:30` was 30 min ago; write `tomorrow 8:30` or another time to come"
    );
    assert_eq!(refused(&typed(" \u{7} ", "9:30")), "the title is empty; write what the meeting is called");
    assert_eq!(refused(&typed(&"x".repeat(501), "9:30")), "the title has 501 characters; at most 500 are kept");
    assert!(refused(&typed("Board sync", "noonish")).starts_with("--at: `noonish` is not a time savehub knows; write"));
    let early = MeetingAddArgs { end: Some("9:30".into()), ..typed("Board sync", "9:30") };
    assert_eq!(
        refused(&early),
        "--end: 2026-11-22 09:30 is not after the start, 2026-11-22 09:30; write an end with its date if it is later"
    );
    for link in ["example.org", "ftp://example.org", "https://", "https://a b", "javascript:alert(1)"] {
        let args = MeetingAddArgs { link: Some(link.into()), ..typed("Board sync", "9:30") };
        assert_eq!(refused(&args), "--link: a link starts with https:// or http:// and has no spaces", "{link}");
    }
}

#[test]
fn a_fresh_uid_has_16_hex_digits_and_is_never_the_same() {
    let (one, two) = (fresh_uid().unwrap(), fresh_uid().unwrap());
    assert_ne!(one, two);
    let hex = one.strip_suffix("@savehub").unwrap();
    assert!(hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_hexdigit()), "{one}");
}

#[test]
fn a_moved_meeting_keeps_its_length_unless_an_end_is_typed() {
    let zone = person("ana").zone;
    let mut old = meeting(3, "Board sync", minutes(60));
    old.ends_at = Some(minutes(105));
    let args = |end: Option<&str>| MeetingMoveArgs {
        meeting: "m3".into(),
        at: "15:00".into(),
        end: end.map(str::to_owned),
        person: None,
    };
    assert_eq!(moved_to(&args(None), &old, NOW, &zone), Ok((minutes(360), Some(minutes(405)))));
    assert_eq!(moved_to(&args(Some("15:20")), &old, NOW, &zone), Ok((minutes(360), Some(minutes(380)))));
    old.ends_at = None;
    assert_eq!(moved_to(&args(None), &old, NOW, &zone), Ok((minutes(360), None)));
}

#[test]
fn the_result_line_names_id_title_person_and_time() {
    let added = meeting(3, "Board\u{1b} sync", minutes(24 * 60 - 1));
    assert_eq!(line(&added, NOW, &person("ana").zone), "m3 Board  sync: ana, 2026-11-23 08:59 (in 23 h)");
}

#[test]
fn an_incident_that_ended_with_the_meeting_is_told() {
    let incident = Ended {
        incident: IncidentId(4),
        state: IncidentState::Cancelled,
        changed: true,
        cancelled_steps: 2,
        hang_ups: 1,
    };
    assert_eq!(ended(Some(&incident)), "; i4 ended, 2 pending steps cancelled, 1 call to hang up");
    assert_eq!(ended(None), "");
}

#[test]
fn the_list_shows_planned_running_and_cancelled_meetings() {
    let mut off = meeting(12, "Dentist", minutes(60));
    off.state = MeetingState::Cancelled;
    let meetings = [meeting(3, "Board sync", minutes(-3)), off, meeting(13, "Dinner", minutes(24 * 60))];
    assert_eq!(
        listing(&meetings, &[person("ana")], NOW, None),
        "m3   2026-11-22 08:57  started 3 min ago  ana  Board sync
m12  2026-11-22 10:00  called off         ana  Dentist
m13  2026-11-23 09:00  in 24 h            ana  Dinner
"
    );
    assert!(listing(&[], &[], NOW, None).starts_with("no meetings to come"));
}
