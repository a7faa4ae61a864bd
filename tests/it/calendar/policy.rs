//! Which meetings of a calendar ring for whom.

use crate::calendar::ics::{calendar, event, look_with};
use savehub::calendar::{Hours, Limits, Pattern, Policy};
use savehub::model::SkipWhy;

/// Why a meeting on Monday at 10:00 in Berlin, with these lines, does not ring.
fn why(lines: &str, policy: &Policy) -> Option<SkipWhy> {
    let text = calendar(&event(&format!("UID:a;;DTSTART:20260112T090000Z;;{lines}")));
    let seen = look_with(text.as_bytes(), policy, Limits::default()).seen;
    assert_eq!(seen.meetings.len() + seen.skipped.len(), 1, "{lines}");
    seen.skipped.first().map(|(_, why)| *why)
}

fn me() -> Policy {
    Policy { addresses: vec!["me@example.com".to_owned(), "me@example.org".to_owned()], ..Policy::default() }
}

/// The policy of somebody who wants none of what can be left out.
fn strict() -> Policy {
    let leaves_out = vec![SkipWhy::Free, SkipWhy::OutOfOffice, SkipWhy::Tentative, SkipWhy::Unanswered];
    Policy { leaves_out, ..me() }
}

#[test]
fn cancelled_and_free_meetings_do_not_ring_and_others_do() {
    for (lines, skip) in [
        ("STATUS:CANCELLED", Some(SkipWhy::Cancelled)),
        ("STATUS:cancelled ", Some(SkipWhy::Cancelled)),
        ("STATUS:CONFIRMED", None),
        ("TRANSP:TRANSPARENT", Some(SkipWhy::Free)),
        ("TRANSP:OPAQUE", None),
        ("X-MICROSOFT-CDO-BUSYSTATUS:FREE", Some(SkipWhy::Free)),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", Some(SkipWhy::OutOfOffice)),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", None),
        ("X-MICROSOFT-CDO-BUSYSTATUS:BUSY", None),
    ] {
        assert_eq!(why(lines, &me()), skip, "{lines}");
    }
    let all = Policy { leaves_out: Vec::new(), ..me() };
    assert_eq!(why("TRANSP:TRANSPARENT;;X-MICROSOFT-CDO-BUSYSTATUS:OOF", &all), None);
}

#[test]
fn only_the_persons_own_answer_counts_whatever_its_form() {
    for (attendee, skip) in [
        (";PARTSTAT=DECLINED:mailto:me@example.com", Some(SkipWhy::Declined)),
        (";partstat=declined:MAILTO:Me@Example.COM", Some(SkipWhy::Declined)),
        (";PARTSTAT=DECLINED;EMAIL=me@example.org:invalid:nomail", Some(SkipWhy::Declined)),
        (";PARTSTAT=DECLINED;CN=\"Me; myself: I\":me@example.com", Some(SkipWhy::Declined)),
        (";PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:you@example.com\":mailto:me@example.com", Some(SkipWhy::Delegated)),
        (";PARTSTAT=DECLINED:mailto:notme@example.com", None),
        (";PARTSTAT=DECLINED:mailto:me@example.com.test", None),
        (";PARTSTAT=ACCEPTED:mailto:me@example.com", None),
        (":mailto:me@example.com", None),
    ] {
        assert_eq!(why(&format!("ATTENDEE{attendee}"), &me()), skip, "{attendee}");
    }
    assert_eq!(why("ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.com", &Policy::default()), None);
}

#[test]
fn of_two_own_addresses_the_one_that_attends_more_counts() {
    let both = "ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.com;;ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@example.org";
    assert_eq!(why(both, &me()), None);
}

#[test]
fn tentative_and_unanswered_meetings_ring_unless_the_config_leaves_them_out() {
    for (lines, skip) in [
        ("STATUS:TENTATIVE", SkipWhy::Tentative),
        ("ATTENDEE;PARTSTAT=TENTATIVE:mailto:me@example.com", SkipWhy::Tentative),
        ("X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE", SkipWhy::Tentative),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:me@example.com", SkipWhy::Unanswered),
        ("ATTENDEE:mailto:me@example.com", SkipWhy::Unanswered),
    ] {
        assert_eq!((why(lines, &me()), why(lines, &strict())), (None, Some(skip)), "{lines}");
    }
    assert_eq!(why("ATTENDEE;PARTSTAT=TENTATIVE:mailto:you@example.com", &strict()), None);
    let organized = "ORGANIZER;CN=Me:MAILTO:me@example.com;;ATTENDEE;ROLE=CHAIR:mailto:me@example.org";
    assert_eq!(why(organized, &strict()), None);
    assert_eq!(why(&organized.replace(":mailto", ";PARTSTAT=DECLINED:mailto"), &me()), Some(SkipWhy::Declined));
    assert_eq!(why("SUMMARY:mine alone", &strict()), None);
}

#[test]
fn titles_attendees_links_and_hours_can_be_asked_for() {
    let titles = Policy { skip_titles: vec![Pattern::new("*lunch*")], ..me() };
    assert_eq!(why("SUMMARY:Team Lunch\\, late", &titles), Some(SkipWhy::Title));
    assert_eq!(why("SUMMARY:Standup", &titles), None);

    let two = Policy { min_attendees: 2, ..me() };
    let room =
        "ORGANIZER:mailto:a@example.com;;ATTENDEE:MAILTO:A@example.com;;ATTENDEE;CUTYPE=ROOM:mailto:r@example.com";
    assert_eq!(why(room, &two), Some(SkipWhy::FewAttendees));
    assert_eq!(why(&format!("{room};;ATTENDEE:mailto:b@example.com"), &two), None);

    let link = Policy { need_link: true, ..me() };
    assert_eq!(why("LOCATION:Room 5", &link), Some(SkipWhy::NoLink));
    assert_eq!(why("LOCATION:https://meet.jit.si/a", &link), None);
    assert_eq!(why("CONFERENCE;VALUE=URI;FEATURE=PHONE:tel:+1-202-555-0100", &link), None);

    let hours = |from, until, monday| {
        let days = [monday, true, true, true, true, false, false];
        why("SUMMARY:x", &Policy { hours: Some(Hours { days, from, until }), ..me() })
    };
    assert_eq!(hours(10 * 60, 18 * 60, true), None);
    assert_eq!(hours(9 * 60, 10 * 60, true), Some(SkipWhy::OutsideHours));
    assert_eq!(hours(10 * 60 + 1, 18 * 60, true), Some(SkipWhy::OutsideHours));
    assert_eq!(hours(0, 1440, false), Some(SkipWhy::OutsideHours));
}

#[test]
fn the_ways_to_join_are_found_where_calendars_put_them() {
    let join = |lines: &str| {
        let text = calendar(&event(&format!("UID:a;;DTSTART:20260112T090000Z;;{lines}")));
        let seen = look_with(text.as_bytes(), &me(), Limits::default()).seen;
        (seen.meetings[0].link.clone(), seen.meetings[0].dial_in.clone())
    };
    let teams = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_a%40thread.v2/0";
    for (lines, link, number) in [
        (
            "X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij",
            Some("https://meet.google.com/abc-defg-hij"),
            None,
        ),
        (&*format!("X-MICROSOFT-SKYPETEAMSMEETINGURL:{teams}"), Some(teams), None),
        (
            "CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:https://example.org/room/7;;\
             CONFERENCE;VALUE=URI;FEATURE=PHONE:tel:+12025550100,,123456#",
            Some("https://example.org/room/7"),
            Some("+12025550100,,123456#"),
        ),
        ("URL:https://example.com/event/1;;DESCRIPTION:https://example.com/agenda", None, None),
        (
            "DESCRIPTION:Join Zoom\\nhttps://us02web.zoom.us/j/1?pwd=a\\n+12025550100\\,\\,123# US",
            Some("https://us02web.zoom.us/j/1?pwd=a"),
            Some("+12025550100,,123#"),
        ),
        ("X-ALT-DESC;FMTTYPE=text/html:<a href=\"https://meet.jit.si/a\">", Some("https://meet.jit.si/a"), None),
    ] {
        assert_eq!(join(lines), (link.map(str::to_owned), number.map(str::to_owned)), "{lines}");
    }
}
