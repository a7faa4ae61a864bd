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
}

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
    Hostile { name, says, write }
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
    let start = chrono::DateTime::from_timestamp(1_735_689_600, 0).unwrap_or_default();
    let mut text = String::new();
    for n in 0..100_000 {
        let at = start + chrono::TimeDelta::minutes(15 * n);
        text.push_str(&write(&at.format("%Y%m%dT%H%M%SZ").to_string()));
    }
    text
}
