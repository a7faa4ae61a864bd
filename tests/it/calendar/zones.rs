//! What a zone's name means, in which order that is looked for, and what clocks do when they change.

use crate::calendar::ics::{MONDAY, calendar, event, look_at, look_with, notices, ringing};
use savehub::calendar::{Limits, Look, Policy, View, ZoneBy, ZoneUse, look};
use savehub::model::Timestamp;
use savehub::zone::Zone;

/// A zone of this name that is an hour ahead of Berlin's rules, all year and for ever.
fn brought(name: &str, offset: &str) -> String {
    format!(
        "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\n\
         TZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )
}

fn noon(tzid: &str) -> String {
    event(&format!("UID:a;;DTSTART;TZID={tzid}:20260112T120000"))
}

/// When noon in this zone is, and what was said about it.
fn noon_in(tzid: &str) -> (String, Vec<String>) {
    let seen = look_at(&[noon(tzid)]);
    (ringing(&seen).concat().split_off("a  01-12T".len()), notices(&seen))
}

#[test]
fn a_look_tells_by_what_each_zone_was_found() {
    let zone = |name: Option<&str>, by, zone: Option<&str>| ZoneUse {
        name: name.map(str::to_owned),
        by,
        zone: zone.map(str::to_owned),
    };
    let odd = brought("Odd", "+0200");
    for (name, by, iana) in [
        ("America/New_York", ZoneBy::Iana, Some("America/New_York")),
        ("W. Europe Standard Time", ZoneBy::Windows, Some("Europe/Berlin")),
        ("UTC+1", ZoneBy::Offset, None),
        ("america/new_york", ZoneBy::Guess, Some("America/New_York")),
        ("Etc/UTC-2", ZoneBy::Offset, None),
        ("Odd", ZoneBy::Own, None),
    ] {
        assert_eq!(look_at(&[odd.clone(), noon(name)]).zones, [zone(Some(name), by, iana)], "{name}");
    }
    let floating = zone(None, ZoneBy::Floating, Some("Europe/Berlin"));
    let seen = look_at(&[event("UID:a;;DTSTART:20260112T120000")]);
    assert_eq!(seen.zones.iter().collect::<Vec<_>>(), [&floating]);
    let unknown = zone(Some("Mars/Olympus"), ZoneBy::Unknown, None);
    assert_eq!(look_at(&[noon("Mars/Olympus")]).zones, [unknown, floating]);
    assert_eq!(look_at(&[event("UID:a;;DTSTART:20260112T120000Z")]).zones, []);
    let many: Vec<String> = (0..40).map(|n| noon(&format!("Mars/{n}"))).collect();
    assert_eq!(look_at(&many).zones.len(), 12);
}

#[test]
fn names_of_iana_windows_and_outlook_are_known() {
    for (name, utc) in [
        ("America/New_York", "17:00"),
        ("america/new_york", "17:00"),
        ("Asia/Calcutta", "06:30"),
        ("Eastern Standard Time", "17:00"),
        ("\"W. Europe Standard Time\"", "11:00"),
        ("UTC-11", "23:00"),
        ("\"(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna\"", "11:00"),
        ("\"(UTC-05:00) Eastern Time (US & Canada)\"", "17:00"),
        ("\"(GMT-05.00) Eastern Time (US & Canada)\"", "17:00"),
        ("\"(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi\"", "06:30"),
        ("\"(UTC+10:00) Canberra, Melbourne, Sydney\"", "01:00"),
        ("\"(UTC+00:00) Dublin, Edinburgh, Lisbon, London\"", "12:00"),
        ("\"(UTC-07:00) Chihuahua, La Paz, Mazatlan\"", "19:00"),
        ("\"(UTC-07:00) Arizona\"", "19:00"),
        ("\"(UTC-11:00) Coordinated Universal Time-11\"", "23:00"),
        ("\"(UTC) Coordinated Universal Time\"", "12:00"),
        ("\"Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London\"", "12:00"),
        ("Eastern", "17:00"),
        ("/mozilla.org/20050126_1/America/New_York", "17:00"),
        ("/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires", "15:00"),
        ("custom_America/New_York", "17:00"),
        ("America_New_York", "17:00"),
        ("America/New_York (EST)", "17:00"),
        ("/mozilla.org/20050126_1/America/New_York (EST)", "17:00"),
        ("tzone://Microsoft/Utc", "12:00"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome", "11:00"),
        ("(UTC-05:00) Nowhere, New York", "17:00"),
    ] {
        assert_eq!(noon_in(name), (utc.to_owned(), Vec::new()), "{name}");
    }
}

#[test]
fn a_name_that_is_a_mere_offset_is_no_guess() {
    for (name, utc) in [
        ("UTC+1", "11:00"),
        ("UTC+01:00", "11:00"),
        ("utc-0330", "15:30"),
        ("GMT-5", "17:00"),
        ("GMT+5:30", "06:30"),
        ("GMT-05.00", "17:00"),
        ("Etc/GMT+5", "17:00"),
        ("+0100", "11:00"),
        ("UTC", "12:00"),
        ("Z", "12:00"),
        ("Etc/UTC", "12:00"),
    ] {
        assert_eq!(noon_in(name), (utc.to_owned(), Vec::new()), "{name}");
    }
}

#[test]
fn a_short_form_that_means_several_zones_is_read_in_the_persons_zone_and_told() {
    for name in ["PST", "CST", "BST", "UTC+1 or so", "GMT+12345"] {
        let (utc, told) = noon_in(name);
        assert_eq!((utc.as_str(), told.len()), ("11:00", 1), "{name}");
    }
}

#[test]
fn an_unknown_name_is_read_by_its_offset_or_in_the_persons_zone_and_told() {
    let told = |text: &str| vec![format!("- -: {text}")];
    assert_eq!(
        noon_in("\"(UTC+04:30) Nowhere\""),
        ("07:30".to_owned(), told("no time zone is called \"(UTC+04:30) Nowhere\"; the offset in its name is used"))
    );
    assert_eq!(
        noon_in("Mars/Olympus"),
        (
            "11:00".to_owned(),
            told("no time zone is called \"Mars/Olympus\"; its times are read in the calendar's zone or in yours")
        )
    );
}

#[test]
fn an_iana_name_counts_more_than_a_zone_of_that_name_and_that_more_than_a_windows_name() {
    let at = |name: &str| ringing(&look_at(&[brought(name, "+0900"), noon(name)]));
    assert_eq!(at("America/New_York"), ["a  01-12T17:00"]);
    assert_eq!(at("Eastern Standard Time"), ["a  01-12T03:00"]);
    assert_eq!(at("Customized Time Zone"), ["a  01-12T03:00"]);
    assert_eq!(at("america/new_york"), ["a  01-12T03:00"]);
}

#[test]
fn each_calendar_of_a_file_has_its_own_zones() {
    let one = |offset: &str, uid: &str| {
        let event = noon("Mine").replace("UID:a", &format!("UID:{uid}"));
        format!("{}\r\n{event}\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR", brought("Mine", offset))
    };
    let seen = look_at(&[one("+0200", "a"), one("+0500", "b"), noon("Mine").replace("UID:a", "UID:c")]);
    assert_eq!(ringing(&seen), ["b  01-12T07:00", "a  01-12T10:00", "c  01-12T10:00"]);
}

#[test]
fn thousands_of_calendars_with_the_same_zone_in_one_file_are_no_trouble() {
    let one = |n: usize| {
        let event = noon("Customized").replace("UID:a", &format!("UID:{n}"));
        format!("{}\r\n{event}\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR", brought("Customized", "+0200"))
    };
    let text = calendar(&(0..3000).map(one).collect::<Vec<_>>().join("\r\n"));
    let limits = Limits { meetings: 3000, ..Limits::default() };
    let seen = look_with(text.as_bytes(), &Policy::default(), limits);
    assert_eq!(seen.seen.meetings.iter().filter(|m| m.starts_at.ms() == MONDAY + 10 * 3_600_000).count(), 3000);
    assert_eq!(notices(&seen), [""; 0]);
}

#[test]
fn x_wr_timezone_is_the_zone_of_floating_times_and_leaves_utc_alone() {
    let seen = look_at(&[
        "X-WR-TIMEZONE:America/New_York".to_owned(),
        event("UID:f;;DTSTART:20260112T120000"),
        event("UID:u;;DTSTART:20260105T120000Z;;RRULE:FREQ=WEEKLY"),
        event("UID:z;;DTSTART;TZID=Asia/Tokyo:20260112T120000"),
    ]);
    assert_eq!(ringing(&seen), ["z  01-12T03:00", "u 20260112T120000Z 01-12T12:00", "f  01-12T17:00"]);
    assert_eq!(ringing(&look_at(&[event("UID:f;;DTSTART:20260112T120000")])), ["f  01-12T11:00"]);
}

/// Looks at the days around the change of the clocks in Europe: 29 March and 25 October 2026.
fn around(day: &str, events: &[String]) -> Look {
    let (policy, zone) = (Policy::default(), Zone::named("Europe/Berlin").unwrap());
    let middle = chrono::DateTime::parse_from_rfc3339(&format!("{day}T12:00:00Z")).unwrap().timestamp_millis();
    let (from, until) = (Timestamp::from_ms(middle - 86_400_000), Timestamp::from_ms(middle + 86_400_000));
    let view = View { from, until, zone: &zone, policy: &policy, own: false, limits: Limits::default() };
    look(calendar(&events.join("\r\n")).as_bytes(), &view).unwrap()
}

/// Berlin's rules, as calendars bring them along.
const OWN_BERLIN: &str = "BEGIN:VTIMEZONE\r\nTZID:Own\r\nBEGIN:STANDARD\r\nDTSTART:16010101T030000\r\n\
    TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n\
    BEGIN:DAYLIGHT\r\nDTSTART:16010101T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n\
    RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE";

#[test]
fn a_time_in_a_gap_shifts_forward_and_one_that_comes_twice_is_the_first_in_either_kind_of_zone() {
    for zone in ["Europe/Berlin", "Own"] {
        let daily = |day: &str| event(&format!("UID:a;;DTSTART;TZID={zone}:{day}T023000;;RRULE:FREQ=DAILY;COUNT=3"));
        let spring = around("2026-03-29", &[OWN_BERLIN.to_owned(), daily("20260328")]);
        let autumn = around("2026-10-25", &[OWN_BERLIN.to_owned(), daily("20261024")]);
        assert_eq!(ringing(&spring), ["a 20260329T013000Z 03-29T01:30", "a 20260330T003000Z 03-30T00:30"], "{zone}");
        assert_eq!(ringing(&autumn), ["a 20261025T003000Z 10-25T00:30", "a 20261026T013000Z 10-26T01:30"], "{zone}");
    }
}

#[test]
fn occurrences_that_meet_after_a_gap_are_one() {
    let hourly = event("UID:h;;DTSTART;TZID=Europe/Berlin:20260329T013000;;RRULE:FREQ=HOURLY;COUNT=4");
    let seen = around("2026-03-29", &[hourly]);
    let starts = ["20260329T003000Z 03-29T00:30", "20260329T013000Z 03-29T01:30", "20260329T023000Z 03-29T02:30"];
    assert_eq!(ringing(&seen), starts.map(|start| format!("h {start}")));
}

#[test]
fn a_zone_without_a_readable_offset_is_no_zone() {
    let broken = brought("America/Nowhere", "eleven");
    let seen = look_at(&[broken, noon("America/Nowhere")]);
    assert_eq!(ringing(&seen), ["a  01-12T11:00"]);
    assert_eq!(seen.notices.len(), 1);
}
