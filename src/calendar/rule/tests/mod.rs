//! Facts about rules and their occurrences; most rules are examples of RFC 5545 section 3.8.5.3.

mod naive;

use super::*;

fn time(text: &str) -> DateTime {
    let (date, time) = text.split_once('T').unwrap();
    DateTime::parse(date, time).unwrap()
}

fn written(time: DateTime) -> String {
    let date = time.date();
    let clock = format!("{:02}{:02}{:02}", time.hour(), time.minute(), time.second());
    format!("{:04}{:02}{:02}T{clock}", date.year(), date.month(), date.day())
}

/// The occurrences, and the steps they cost.
fn costed(rule: &str, start: &str, from: &str, until: &str) -> (Result<Vec<String>, TooMuch>, u64) {
    let limits = Limits::default();
    let mut budget = Budget::new(limits);
    let found = times(&Rule::parse(rule).unwrap(), time(start), time(from), time(until), &mut budget);
    (found.map(|found| found.into_iter().map(written).collect()), limits.steps - budget.steps)
}

fn found(rule: &str, start: &str, from: &str, until: &str) -> Vec<String> {
    costed(rule, start, from, until).0.unwrap()
}

/// The days of the occurrences of a series at nine o'clock, from its first start to the end of a year.
fn days(rule: &str, start: &str, year: i32) -> String {
    let found = found(rule, &format!("{start}T090000"), "00010101T000000", &format!("{year}1231T235959"));
    let days: Vec<_> = found.iter().map(|time| time.strip_suffix("T090000").unwrap()).collect();
    days.join(" ")
}

#[test]
fn the_examples_of_the_standard_give_its_dates() {
    for (rule, start, year, expected) in [
        ("FREQ=DAILY;INTERVAL=10;COUNT=5", "19970902", 1998, "19970902 19970912 19970922 19971002 19971012"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805", 1998, "19970805 19970810 19970819 19970824"),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805", 1998, "19970805 19970817 19970819 19970831"),
        ("FREQ=MONTHLY;COUNT=4;BYDAY=1FR", "19970905", 1998, "19970905 19971003 19971107 19971205"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "19970922", 1998, "19970922 19971020 19971117"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3", "19970928", 1997, "19970928 19971029 19971128 19971229"),
        ("FREQ=MONTHLY;COUNT=5;BYMONTHDAY=1,-1", "19970930", 1998, "19970930 19971001 19971031 19971101 19971130"),
        ("FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200", "19970101", 2000, "19970101 19970410 19970719 20000101"),
        ("FREQ=YEARLY;BYDAY=20MO", "19970519", 1999, "19970519 19980518 19990517"),
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512", 1999, "19970512 19980511 19990517"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "19970902", 1999, "19970902 19980213 19980313 19981113 19990813"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904", 1998, "19970904 19971007 19971106"),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", "19970929", 1997, "19970929 19971030 19971127 19971230"),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115", 2008, "20070115 20070130 20070215 20070315 20070330"),
        (
            "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
            "19961105",
            2004,
            "19961105 20001107 20041102",
        ),
    ] {
        assert_eq!(days(rule, start, year), expected, "{rule}");
    }
}

#[test]
fn days_that_do_not_exist_are_left_out() {
    assert_eq!(
        days("FREQ=MONTHLY", "20260131", 2026),
        "20260131 20260331 20260531 20260731 20260831 20261031 20261231"
    );
    assert_eq!(days("FREQ=YEARLY;COUNT=3", "20240229", 2040), "20240229 20280229 20320229");
}

#[test]
fn what_the_rule_leaves_open_comes_from_the_first_start() {
    assert_eq!(days("FREQ=YEARLY;BYWEEKNO=20;COUNT=2", "19970514", 1999), "19970514 19980513");
    assert_eq!(days("FREQ=YEARLY;BYMONTH=1,3;COUNT=3", "20260131", 2027), "20260131 20260331 20270131");
    assert_eq!(days("FREQ=YEARLY;BYMONTHDAY=5;COUNT=3", "20261005", 2027), "20261005 20261105 20261205");
}

#[test]
fn a_week_at_the_turn_of_the_year_belongs_to_the_year_of_its_fourth_day() {
    assert_eq!(days("FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "20240101", 2025), "20240101 20241230 20251229");
    assert_eq!(days("FREQ=YEARLY;BYWEEKNO=-1;BYDAY=FR", "20210101", 2022), "20210101 20211231 20221230");
    assert_eq!(days("FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "20201228", 2026), "20201228 20261228");
}

#[test]
fn the_first_start_is_an_occurrence_even_where_it_does_not_fit_and_is_not_counted_then() {
    assert_eq!(days("FREQ=MONTHLY;COUNT=2;BYDAY=2TH", "20030314", 2004), "20030314 20030410 20030508");
    assert_eq!(days("FREQ=DAILY;COUNT=0", "20030314", 2004), "20030314");
    assert_eq!(days("FREQ=DAILY;UNTIL=20020101", "20030314", 2004), "20030314");
}

#[test]
fn times_of_day_are_combined() {
    assert_eq!(
        found("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,30;COUNT=3", "20261123T090000", "20261123T000000", "20261125T000000"),
        ["20261123T090000", "20261123T093000", "20261123T100000"]
    );
    assert_eq!(
        found("FREQ=MINUTELY;INTERVAL=20;BYHOUR=9", "20261123T090000", "20261124T000000", "20261124T093000"),
        ["20261124T090000", "20261124T092000"]
    );
    assert_eq!(
        found("FREQ=HOURLY;BYMINUTE=0,15,30,45;BYSETPOS=1,-1", "20261123T090000", "20261123T100000", "20261123T110000"),
        ["20261123T100000", "20261123T104500", "20261123T110000"]
    );
    assert_eq!(
        found("FREQ=HOURLY;INTERVAL=25;BYSECOND=60", "20261123T090000", "20261124T000000", "20261125T120000"),
        ["20261124T100059", "20261125T110059"]
    );
}

#[test]
fn both_ends_of_the_window_are_in_it() {
    let hours = found("FREQ=HOURLY", "20200101T000000", "20261122T220000", "20261123T000000");
    assert_eq!(hours, ["20261122T220000", "20261122T230000", "20261123T000000"]);
    assert_eq!(found("FREQ=DAILY", "20261123T090000", "20200101T000000", "20261123T085959"), [""; 0]);
}

#[test]
fn the_end_of_a_rule_is_left_a_day_for_the_caller_to_cut() {
    let until = |rule: &str| Rule::parse(rule).unwrap().until();
    assert_eq!(until("FREQ=DAILY;UNTIL=20261123"), Date::parse("20261123").map(Until::Date));
    assert_eq!(until("FREQ=DAILY;UNTIL=20261123T090000"), Some(Until::Floating(time("20261123T090000"))));
    assert_eq!(until("FREQ=DAILY;UNTIL=20261123T090000Z"), Some(Until::Utc(time("20261123T090000"))));
    assert_eq!(until("FREQ=DAILY;UNTIL=2026-11-23T10:00:00.000+01:00"), Some(Until::Utc(time("20261123T090000"))));
    assert_eq!(days("FREQ=DAILY;UNTIL=20261123T080000Z", "20261122", 2026), "20261122 20261123");
    assert_eq!(days("FREQ=DAILY;UNTIL=20261122", "20261122", 2026), "20261122 20261123");
}

#[test]
fn the_years_end_with_9999() {
    assert_eq!(days("FREQ=YEARLY", "99980101", 9999), "99980101 99990101");
    assert_eq!(days("FREQ=WEEKLY;INTERVAL=99999999999999999999", "99981225", 9999), "99981225");
    assert_eq!(days("FREQ=WEEKLY;UNTIL=99991231", "99991231", 9999), "99991231");
    assert_eq!(days("FREQ=SECONDLY;INTERVAL=99999999999999999999", "00010101", 9999), "00010101");
}

#[test]
fn a_rule_is_read_whatever_its_case_and_blanks_and_strange_parts() {
    let rule = Rule::parse("FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO,-1SU,TU");
    assert!(rule.is_ok());
    for text in [
        "freq=monthly;interval=2;byday=1mo,-1su,tu",
        " FREQ = MONTHLY ; INTERVAL = 2 ; BYDAY = +1MO, -1SU ,TU",
        "INTERVAL=2;X-FOO=1;BYDAY=TU,-1SU,1MO,1MO;FREQ=MONTHLY;WK;;=;BYHOUR=",
        "FREQ=DAILY;INTERVAL=2;BYDAY=1MO,54MO,0TU,-1SU,TU,XX,é,;FREQ=MONTHLY;COUNT=-1;RSCALE=GREGORIAN",
    ] {
        assert_eq!(Rule::parse(text), rule, "{text}");
    }
    assert_eq!(Rule::parse("FREQ=DAILY;INTERVAL=0"), Rule::parse("FREQ=DAILY"));
}

#[test]
fn a_rule_that_cannot_be_followed_says_why() {
    for (text, why) in [
        ("", "its rule does not say how often (FREQ)"),
        ("COUNT=1", "its rule does not say how often (FREQ)"),
        ("FREQ=FORTNIGHTLY", "its rule says FREQ=FORTNIGHTLY, which means nothing"),
        ("FREQ=YEARLY;RSCALE=HEBREW", "its rule follows another calendar than the Gregorian (RSCALE=HEBREW)"),
        ("FREQ=DAILY;BYMONTH=13,0", "its rule says BYMONTH=13,0, which means nothing"),
        ("FREQ=DAILY;UNTIL=20260230", "its rule says UNTIL=20260230, which means nothing"),
        ("FREQ=\u{1b}[2J\u{202e}X", "its rule says FREQ=[2JX, which means nothing"),
    ] {
        assert_eq!(Rule::parse(text).unwrap_err().to_string(), why, "{text}");
    }
}

#[test]
fn a_series_from_1970_costs_a_few_steps_whatever_its_count() {
    for (rule, most) in [
        ("FREQ=DAILY", 10),
        ("FREQ=DAILY;COUNT=1000000000", 10),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=1000000000", 15),
        ("FREQ=HOURLY;COUNT=1000000000", 60),
        ("FREQ=SECONDLY;INTERVAL=3600;COUNT=1000000000", 60),
        ("FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=30,31", 5),
        ("FREQ=YEARLY;BYDAY=-1SU;BYMONTH=11", 5),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=999", 2500),
        ("FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", 200),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 5),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5", 2000),
    ] {
        let (found, steps) = costed(rule, "19700101T090000", "20261123T000000", "20261124T020000");
        assert!(found.is_ok() && steps <= most, "{rule}: {found:?} for {steps} steps");
    }
}

#[test]
fn a_dense_series_is_given_up_at_once() {
    for rule in [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=SECONDLY;COUNT=2000000000",
        "FREQ=DAILY;BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYSECOND=1,2",
    ] {
        let (found, steps) = costed(rule, "19700101T000000", "20261123T000000", "20261124T020000");
        assert_eq!(found, Err(TooMuch::Dense(500)), "{rule}");
        assert!(steps < 10, "{rule}: {steps} steps");
    }
}

#[test]
fn a_rule_that_takes_too_long_ends_with_the_budget() {
    let mut budget = Budget::new(Limits { steps: 1000, ..Limits::default() });
    let rule = Rule::parse("FREQ=SECONDLY;INTERVAL=7;BYSECOND=1,2;COUNT=100000").unwrap();
    let (start, from, until) = (time("19700101T000000"), time("20261123T000000"), time("20261124T020000"));
    assert_eq!(times(&rule, start, from, until, &mut budget), Err(TooMuch::Work));
    assert_eq!(budget.spend(1), Err(TooMuch::Work));
}

#[test]
fn what_others_have_used_up_does_not_keep_an_ordinary_series_from_its_own_steps() {
    let mut budget = Budget::new(Limits { steps: 0, ..Limits::default() });
    let rule = Rule::parse("FREQ=WEEKLY;BYDAY=MO,TU;COUNT=5000").unwrap();
    let (start, from, until) = (time("19970106T090000"), time("20261123T000000"), time("20261124T020000"));
    assert_eq!(times(&rule, start, from, until, &mut budget), Err(TooMuch::Work));
    budget.renew();
    assert_eq!(times(&rule, start, from, until, &mut budget), Ok(vec![time("20261123T090000")]));
}
