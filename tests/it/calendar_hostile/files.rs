//! Calendars written to hurt: each holds the good meeting as well, in the last place.

/// What everybody else must still be called for.
pub(crate) const GOOD: &str = "zz-good";

/// Clears the screen, sets its title, turns text round, rings, goes back to the beginning of the line.
pub(crate) const CONTROLS: &str =
    "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{2066}\u{8}\u{7f}\u{0}\\n\u{85}\u{2028}";

/// A calendar to survive.
pub(crate) struct Hostile {
    pub(crate) name: &'static str,
    /// In the notices.
    pub(crate) says: &'static str,
    pub(crate) write: fn() -> String,
    /// It comes as UTF-16, without a mark.
    utf_16: bool,
}

impl Hostile {
    /// The whole file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let text = calendar(&(self.write)());
        if self.utf_16 { text.encode_utf16().flat_map(u16::to_le_bytes).collect() } else { text.into_bytes() }
    }
}

/// Said of more series than a day's meetings.
const FLOOD_OF_SERIES: &str = "meetings begin in the looked-at time";

/// All of them.
pub(crate) const FILES: &[Hostile] = &[
    hostile("one rule for each second", "more than 500 times", || events(1, |_| rule("FREQ=SECONDLY"))),
    hostile("10,000 rules for each second", "more than 500 times", || events(10_000, |_| rule("FREQ=SECONDLY"))),
    hostile("10,000 rules for each minute", "more than 500 times", || events(10_000, |_| rule("FREQ=MINUTELY"))),
    hostile("10,000 rules that must be walked", "too long", || {
        events(10_000, |n| rule(&format!("FREQ=SECONDLY;INTERVAL=7;BYSECOND={}", n % 60)))
    }),
    hostile("10,000 walks without an end", "too long", || {
        events(10_000, |_| rule("FREQ=SECONDLY;INTERVAL=7;BYSECOND=1;COUNT=999999999999999999999"))
    }),
    hostile("10,000 rules for all times of day", "more than 500 times", || {
        let clock = format!("BYHOUR={};BYMINUTE={};BYSECOND={}", numbers(0, 23), numbers(0, 59), numbers(0, 59));
        events(10_000, |_| rule(&format!("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;{clock}")))
    }),
    hostile("1,000 rules that pick from 31 million times", "", || {
        let clock = format!("BYHOUR={};BYMINUTE={};BYSECOND={}", numbers(0, 23), numbers(0, 59), numbers(0, 59));
        let places = format!("{},{}", numbers(1, 366), numbers(-366, -1));
        events(1000, |_| rule(&format!("FREQ=YEARLY;BYYEARDAY={places};{clock};BYSETPOS={places};COUNT=999999")))
    }),
    hostile("lists that never match", "", || {
        events(2500, |n| {
            let never = ["YEARLY", "MONTHLY", "DAILY", "SECONDLY"][n % 4];
            rule(&format!("FREQ={never};BYMONTH=2;BYMONTHDAY=30,31;COUNT=1000"))
        })
    }),
    hostile("lists of a megabyte", "", || {
        events(4, |_| rule(&format!("FREQ=YEARLY;BYYEARDAY={}", "7,".repeat(500_000))))
    }),
    hostile("the year 9999", "", || {
        let end = "DTSTART:99991231T235959Z\r\nDURATION:P1000W\r\nRRULE:FREQ=YEARLY;INTERVAL=9999\r\n";
        let begin = "DTSTART:00010101T000000\r\nRRULE:FREQ=SECONDLY;UNTIL=00010101T000000Z\r\n";
        events(2, |n| [end, begin][n].to_owned())
    }),
    hostile("numbers beyond all bounds", "", || {
        let huge = "9".repeat(1000);
        events(100, |n| {
            let dates =
                format!("DTSTART:20200101T00{n:02}00Z\r\nDURATION:P{huge}W{huge}DT{huge}S\r\nSEQUENCE:{huge}\r\n");
            format!("{dates}RRULE:FREQ=DAILY;COUNT={huge};INTERVAL={huge};BYDAY={huge}MO,MO\r\nPRIORITY:-{huge}\r\n")
        })
    }),
    hostile("a line of 50 MB", "", || {
        event(0, &format!("{}SUMMARY:{}\r\n", rule("FREQ=DAILY"), "x".repeat(50_000_000)))
    }),
    hostile("a line of 10 MB in ten million folds", "", || {
        event(0, &format!("{}SUMMARY:{}\r\n", rule("FREQ=DAILY"), "x\r\n ".repeat(5_000_000)))
    }),
    hostile("100,000 components in each other", "", || {
        format!("{}{}", "BEGIN:X-NEST\r\n".repeat(100_000), "END:X-NEST\r\n".repeat(100_000))
    }),
    hostile("100,000 events in each other", "", || {
        "BEGIN:VEVENT\r\nUID:n\r\n".repeat(100_000) + &"END:VEVENT\r\n".repeat(100_000)
    }),
    hostile("10,000 rules in a time zone", "", || {
        let part = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=3\r\n\
                    TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\n";
        zone("Odd", &part.repeat(10_000)) + &event(0, "DTSTART;TZID=Odd:20200101T000000\r\nRRULE:FREQ=DAILY\r\n")
    }),
    hostile("a time zone that changes each second", "", || {
        let part = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=SECONDLY\r\n\
                    TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\n";
        zone("Odd", part) + &event(0, "DTSTART;TZID=Odd:20200101T000000\r\nRRULE:FREQ=DAILY\r\n")
    }),
    hostile("10,000 time zones", "", || {
        let part = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nRRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=3\r\n\
                    TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\n";
        let zones: String = (0..10_000).map(|n| zone(&format!("Odd {n}"), part)).collect();
        zones + &events(10_000, |n| format!("DTSTART;TZID=Odd {n}:20200101T000000\r\nRRULE:FREQ=DAILY\r\n"))
    }),
    hostile("100,000 names of time zones", "no time zone is called", || {
        events(100_000, |n| format!("DTSTART;TZID=Nowhere/{n}:20200101T000000\r\nRRULE:FREQ=WEEKLY\r\n"))
    }),
    hostile("a time zone's name of a megabyte", "no time zone is called", || {
        let name = "Nowhere/".repeat(125_000);
        event(0, &format!("DTSTART;TZID={name}:20200101T000000\r\nRRULE:FREQ=DAILY\r\n"))
    }),
    hostile("100,000 exceptions", "", || event(0, &(rule("FREQ=DAILY") + &moments(|at| format!("EXDATE:{at}\r\n"))))),
    hostile("100,000 exceptions on a line", "", || {
        let dates = moments(|at| format!("{at},"));
        event(0, &format!("{}EXDATE:{dates}\r\nRDATE:{dates}\r\n", rule("FREQ=DAILY")))
    }),
    hostile("100,000 dates", "", || {
        event(0, &(rule("FREQ=DAILY") + &moments(|at| format!("RDATE;VALUE=PERIOD:{at}/PT1H\r\n"))))
    }),
    hostile("100,000 rules in an event", "", || {
        event(0, &(rule("FREQ=DAILY") + &"RRULE:FREQ=HOURLY\r\n".repeat(100_000)))
    }),
    hostile("100,000 rules of exceptions in an event", "", || {
        event(0, &(rule("FREQ=DAILY") + &"EXRULE:FREQ=SECONDLY\r\n".repeat(100_000)))
    }),
    hostile("100,000 overrides", "", || event(0, &rule("FREQ=MINUTELY")) + &overrides("RECURRENCE-ID")),
    hostile("100,000 overrides for all that follows", "", || {
        event(0, &rule("FREQ=DAILY")) + &overrides("RECURRENCE-ID;RANGE=THISANDFUTURE")
    }),
    hostile("100,000 events with one UID", "", || {
        moments(|at| format!("BEGIN:VEVENT\r\nUID:same\r\nDTSTART:{at}\r\nRRULE:FREQ=DAILY\r\nEND:VEVENT\r\n"))
    }),
    hostile("100,000 meetings each day", "", || events(100_000, |_| rule("FREQ=DAILY"))),
    hostile("100,000 events that cannot be read", "", || events(100_000, |n| format!("DTSTART:never {n}\r\n"))),
    hostile("100,000 guests", "", || {
        let guest = "ATTENDEE;CN=\"A;B\";PARTSTAT=DECLINED:mailto:a@example.org\r\n";
        event(0, &(rule("FREQ=DAILY") + &guest.repeat(100_000)))
    }),
    hostile("100,000 parameters", "", || {
        event(0, &format!("DTSTART{}:20200101T000000Z\r\nRRULE:FREQ=DAILY\r\n", ";X=\"1,2\",3".repeat(100_000)))
    }),
    hostile("a description full of links", "", || {
        let text = "https://zoom.us/j/1 https://meet.google.com/ <a href=\"https://".repeat(15_000);
        event(0, &format!("{}DESCRIPTION:{text}\r\n", rule("FREQ=DAILY")))
    }),
    hostile("descriptions full of links that end each other", "", || {
        events(20, |_| format!("{}DESCRIPTION:{}\r\n", rule("FREQ=DAILY"), "https://a&lt;".repeat(60_000)))
    }),
    hostile("an invitation with 1,100 zones that nobody knows", "no time zone is called", || {
        let dates: Vec<_> = (0..1100).map(|n| format!("RDATE;TZID=Nowhere/{n}:20200102T000000\r\n")).collect();
        event(0, &(rule("FREQ=DAILY") + &dates.concat()))
    }),
    hostile("150,000 rules that must be walked", "only its single dates count", || {
        events(150_000, |_| "DTSTART:19700101T000000Z\r\nRRULE:FREQ=MINUTELY;COUNT=999999999\r\n".to_owned())
    }),
    hostile("50,000 zone names that are nearly one", "it is read as", || {
        events(50_000, |n| format!("DTSTART;TZID=GMT Standard Time {n}:20200101T000000\r\nRRULE:FREQ=WEEKLY\r\n"))
    }),
    hostile("5,000 abbreviations of 2,000 zones", "no time zone is called", || {
        let part = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZNAME:ODD\r\nTZOFFSETFROM:+0100\r\n\
                    TZOFFSETTO:+0200\r\nEND:STANDARD\r\n";
        let zones: String = (0..2000).map(|n| zone(&format!("Odd {n}"), part)).collect();
        zones + &events(5000, |n| format!("DTSTART;TZID=ODD{n}:20200101T000000\r\nRRULE:FREQ=WEEKLY\r\n"))
    }),
    hostile("links in each other's wrappers", "", || {
        let wrapped = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Furldefense.com%2Fv3%2F__https:**Z__;JSUl!";
        events(40, |_| format!("{}DESCRIPTION:{}\r\n", rule("FREQ=DAILY"), wrapped.repeat(4000)))
    }),
    hostile("155,000 series of an occurrence each day", FLOOD_OF_SERIES, || {
        events(155_000, |n| format!("DTSTART:19700101T00{:02}{:02}Z\r\nRRULE:FREQ=DAILY\r\n", n / 60 % 60, n % 60))
    }),
    hostile("100,000 series that are long over", "", || {
        events(100_000, |_| "DTSTART:19700101T000000Z\r\nRRULE:FREQ=DAILY;UNTIL=19990101T000000Z\r\n".to_owned())
    }),
    hostile("100,000 times as programs write them", "", || {
        events(100_000, |n| {
            let spellings = [
                "2020-01-01T00:00:00.000000000+01:00",
                "2020-01-01 24:00:00",
                "20200101T000000000Z",
                "2020-01-01T00:00:00+23:59[Europe/Berlin][x]",
                "2020-1-1T0:0:0",
                "20200101T000000+",
            ];
            format!("DTSTART:{}{}\r\n", spellings[n % 6], "0".repeat(n % 7))
        })
    }),
    hostile("a time with a fraction of a megabyte", "", || {
        event(0, &format!("DTSTART:2020-01-01T00:00:00.{}+01:00\r\nRRULE:FREQ=DAILY\r\n", "0".repeat(1_000_000)))
    }),
    hostile("20,000 calendars in one file", "", || {
        moments_of(20_000, |at| {
            format!(
                "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:bad-0\r\nDTSTART:{at}\r\n\
                     END:VEVENT\r\nEND:VCALENDAR\r\n"
            )
        }) + "BEGIN:VCALENDAR\r\n"
    }),
    hostile("20,000 calendars with a zone each", "", || {
        let part = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n\
                    END:STANDARD\r\n";
        let one = |n: usize| {
            let event = event(n, "DTSTART;TZID=Odd:20200101T000000\r\nRRULE:FREQ=WEEKLY\r\n");
            format!("BEGIN:VCALENDAR\r\n{}{event}END:VCALENDAR\r\n", zone("Odd", part))
        };
        (0..20_000).map(one).collect::<String>() + "BEGIN:VCALENDAR\r\n"
    }),
    hostile("100,000 cancellations of a series", "", || {
        let cancelled = "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n";
        format!(
            "{}{cancelled}{}END:VCALENDAR\r\nBEGIN:VCALENDAR\r\n",
            event(0, &rule("FREQ=DAILY")),
            overrides("RECURRENCE-ID")
        )
    }),
    hostile("alarms that are not closed", "an alarm is not closed", || {
        events(20_000, |_| format!("{}BEGIN:VALARM\r\nX-A:1\r\nSTATUS:CANCELLED\r\n", rule("FREQ=DAILY")))
    }),
    hostile("texts whose lines look like properties", "", || {
        let lines = "Status: cancelled\r\ndtstart: 20200101\r\norganizer: mailto:a@example.org\r\n".repeat(100_000);
        event(0, &format!("{}DESCRIPTION:x\r\n{lines}", rule("FREQ=DAILY")))
    }),
    hostile("descriptions full of marks", "a mark (savehub: …) does not count", || {
        let marks = "savehub: 15 minuets\\n<br>savehub: off<a <&nbsp;".repeat(2500);
        let categories = "savehub: important\\,".repeat(5000);
        events(40, |_| format!("{}DESCRIPTION:{marks}\r\nCATEGORIES:{categories}\r\n", rule("FREQ=DAILY")))
    }),
    Hostile {
        utf_16: true,
        ..hostile("UTF-16 with 50,000 series", FLOOD_OF_SERIES, || events(50_000, |_| rule("FREQ=DAILY")))
    },
    Hostile {
        utf_16: true,
        ..hostile("UTF-16 with a description of 5 MB", "", || {
            event(0, &format!("{}DESCRIPTION:{}\r\n", rule("FREQ=DAILY"), "\u{1f980}é".repeat(1_000_000)))
        })
    },
    hostile("control characters everywhere", "no time zone is called", || {
        let dates = format!("DTSTART;TZID=\"{CONTROLS}\":20200101T000000\r\nRRULE:FREQ=DAILY\r\n");
        let texts = format!("SUMMARY:a{CONTROLS}b\r\nLOCATION:https://example.com/{CONTROLS}\r\n");
        event(0, &(dates + &texts)) + &event(1, &format!("{}UID:{CONTROLS}\r\n", rule(&format!("FREQ={CONTROLS}"))))
    }),
    hostile("bytes that are no text", "", || {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(u8::try_from(state >> 24).unwrap_or(0))
        };
        (0..2_000_000).map(|_| noise()).collect::<String>() + "\r\n"
    }),
];

const fn hostile(name: &'static str, says: &'static str, write: fn() -> String) -> Hostile {
    Hostile { name, says, write, utf_16: false }
}

/// The bad parts, the good meeting, and what makes them a calendar.
pub(crate) fn calendar(bad: &str) -> String {
    let good = format!("BEGIN:VEVENT\r\nUID:{GOOD}\r\n{}SUMMARY:Good\r\nEND:VEVENT\r\n", rule("FREQ=DAILY"));
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{bad}{good}END:VCALENDAR\r\n")
}

fn events(count: usize, lines: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for n in 0..count {
        text.push_str(&event(n, &lines(n)));
    }
    text
}

fn event(n: usize, lines: &str) -> String {
    format!("BEGIN:VEVENT\r\nUID:bad-{n}\r\n{lines}END:VEVENT\r\n")
}

fn rule(rule: &str) -> String {
    format!("DTSTART:19700101T093000Z\r\nRRULE:{rule}\r\n")
}

fn zone(name: &str, parts: &str) -> String {
    format!("BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{parts}END:VTIMEZONE\r\n")
}

fn overrides(name: &str) -> String {
    moments(|at| format!("BEGIN:VEVENT\r\nUID:bad-0\r\n{name}:{at}\r\nDTSTART:{at}\r\nEND:VEVENT\r\n"))
}

fn numbers(first: i32, last: i32) -> String {
    (first..=last).map(|n| n.to_string()).collect::<Vec<_>>().join(",")
}

/// Something for each of 100,000 quarters of an hour, from 2025 on.
fn moments(write: impl Fn(&str) -> String) -> String {
    moments_of(100_000, write)
}

fn moments_of(count: i64, write: impl Fn(&str) -> String) -> String {
    let start = chrono::DateTime::from_timestamp(1_735_689_600, 0).unwrap_or_default();
    let mut text = String::new();
    for n in 0..count {
        let at = start + chrono::TimeDelta::minutes(15 * n);
        text.push_str(&write(&at.format("%Y%m%dT%H%M%SZ").to_string()));
    }
    text
}
