//! `[calendar]`, and which meetings ring.

use super::{all, config, one};
use savehub::calendar::{Hours, Pattern, Policy};
use savehub::config::CalendarConfig;
use savehub::model::SkipWhy;
use std::time::Duration;

const PERSON: &str = "[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n";

#[test]
fn what_is_not_a_mail_address_is_refused() {
    all(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
addresses = ["ana", "Ana <ana@example.com>"]
"#,
        r#"
error: this is not a mail address
 --> config.toml:4:14
  = help: write it as in invitations, such as "ana@example.com"
  = note: the line is not shown, because it may hold a secret

error: this is not a mail address
 --> config.toml:4:21
  = help: write it as in invitations, such as "ana@example.com"
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn an_unknown_kind_of_meeting_is_told_the_known_ones() {
    all(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
include = ["tentativ", "all-day"]
"#,
        r#"
error: unknown kind of meeting `tentativ`
 --> config.toml:4:12
  |
4 | include = ["tentativ", "all-day"]
  |            ^^^^^^^^^^ did you mean "tentative"?

error: unknown kind of meeting `all-day`
 --> config.toml:4:24
  |
4 | include = ["tentativ", "all-day"]
  |                        ^^^^^^^^^ known: tentative, unanswered, free, out-of-office

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_pattern_for_titles_is_not_empty() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
skip_titles = ["", "*lunch*"]
"#,
        r#"
error: this is not a pattern for titles
 --> config.toml:4:16
  |
4 | skip_titles = ["", "*lunch*"]
  |                ^^ write a title, perhaps with `*` for any text, or take it out
"#,
    );
}

#[test]
fn working_hours_are_days_and_hours() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
working_hours = "Mon-Fri 8-19"
"#,
        r#"
error: invalid working hours `Mon-Fri 8-19`
 --> config.toml:4:17
  |
4 | working_hours = "Mon-Fri 8-19"
  |                 ^^^^^^^^^^^^^^ such as "Mon-Fri 08:00-19:00", "Mon,Wed,Fri 9:00-12:30" or "9:00-17:00" (every day)
"#,
    );
}

#[test]
fn the_word_before_marks_is_one_word() {
    one(
        r#"
[calendar]
mark = "ring me:"
"#,
        r#"
error: `ring me:` cannot stand before a mark
 --> config.toml:2:8
  |
2 | mark = "ring me:"
  |        ^^^^^^^^^^ write a word of at most 32 letters and digits, such as "savehub"; "" for no marks
"#,
    );
    let none = config(&[], &format!("[calendar]\nmark = \"\"\n{PERSON}")).unwrap();
    assert_eq!(none.people[0].policy.mark, None);
}

#[test]
fn a_day_that_is_misspelt_is_told_the_one_that_was_meant() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
working_hours = "Mondya-Fri 8:00-19:00"
"#,
        r#"
error: invalid working hours `Mondya-Fri 8:00-19:00`
 --> config.toml:4:17
  |
4 | working_hours = "Mondya-Fri 8:00-19:00"
  |                 ^^^^^^^^^^^^^^^^^^^^^^^ did you mean "monday"?
"#,
    );
}

#[test]
fn working_hours_end_after_they_begin() {
    one(
        r#"
[calendar]
working_hours = "22:00-06:00"
"#,
        r#"
error: invalid working hours `22:00-06:00`
 --> config.toml:2:17
  |
2 | working_hours = "22:00-06:00"
  |                 ^^^^^^^^^^^^^ the hours must end after they begin, by 24:00
"#,
    );
}

#[test]
fn the_numbers_of_fetching_have_limits() {
    all(
        r#"
[calendar]
refresh = "10s"
timeout = "2m"
max_size = "1 GB"
parallel = 0
user_agent = "é"
"#,
        r#"
error: `refresh` cannot be 10s: servers refuse to be asked more often than once a minute
 --> config.toml:2:11
  |
2 | refresh = "10s"
  |           ^^^^^ write 1m or more

error: `timeout` cannot be 2m: a calendar that is slower must not hold up a tick
 --> config.toml:3:11
  |
3 | timeout = "2m"
  |           ^^^^ write 1s to 1m

error: `max_size` is not a size
 --> config.toml:4:12
  |
4 | max_size = "1 GB"
  |            ^^^^^^ write it as "20 MB"

error: `parallel` cannot be `0`
 --> config.toml:5:12
  |
5 | parallel = 0
  |            ^ expected a whole number from 1 to 32

error: `user_agent` cannot be sent
 --> config.toml:6:14
  |
6 | user_agent = "é"
  |              ^^^ write 1 to 200 characters of ASCII, such as "Mozilla/5.0"

5 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_size_that_is_out_of_reach_is_refused() {
    one(
        r"
[calendar]
max_size = 200
",
        r"
error: `max_size` cannot be 200 bytes
 --> config.toml:2:12
  |
2 | max_size = 200
  |            ^^^ write 1 kB to 200 MB
",
    );
}

#[test]
fn a_key_of_another_table_is_unknown_under_calendar() {
    one(
        r#"
[calendar]
addresses = ["ana"]
"#,
        r"
error: unknown key `addresses`
 --> config.toml:2:1
  |
2 | addresses = …
  | ^^^^^^^^^
  |
  = help: [calendar] may hold: refresh, timeout, max_size, parallel, allow_http, allow_private, user_agent, ca_file, proxy, include, skip_titles, min_attendees, need_link, working_hours, mark
",
    );
}

#[test]
fn a_person_may_have_a_policy_instead_of_the_one_for_all() {
    let text = format!(
        "[calendar]\ninclude = [\"free\"]\nskip_titles = [\"*lunch*\"]\nneed_link = true\nworking_hours = \"Mon-Fri 8:00-18:00\"
         max_size = \"1 MiB\"\nrefresh = \"10m\"\nallow_private = true\nuser_agent = \" Mozilla/5.0 \"\n
         {PERSON}\n{}min_attendees = 2\nneed_link = false\nskip_titles = []\nmark = \"Weckruf\"\naddresses = [\"mailto:Bo@Example.com\"]\n",
        PERSON.replace("ana", "bo").replace("0101", "0102"),
    );
    let config = config(&[], &text).unwrap();
    let hours = Hours { days: [true, true, true, true, true, false, false], from: 480, until: 1080 };
    let ana = Policy {
        addresses: Vec::new(),
        leaves_out: vec![SkipWhy::Tentative, SkipWhy::Unanswered, SkipWhy::OutOfOffice],
        skip_titles: vec![Pattern::new("*lunch*")],
        min_attendees: 0,
        need_link: true,
        hours: Some(hours),
        mark: Some("savehub".into()),
    };
    let bo = Policy {
        addresses: vec!["bo@example.com".into()],
        skip_titles: Vec::new(),
        min_attendees: 2,
        need_link: false,
        mark: Some("Weckruf".into()),
        ..ana.clone()
    };
    assert_eq!((&config.people[0].policy, &config.people[1].policy), (&ana, &bo));
    let calendar = CalendarConfig {
        max_bytes: 1 << 20,
        refresh: Duration::from_secs(600),
        allow_private: true,
        user_agent: Some("Mozilla/5.0".into()),
        ..CalendarConfig::default()
    };
    assert_eq!(config.calendar, calendar);
}

#[test]
fn without_an_own_address_declined_meetings_ring() {
    let declined_ring = |more: &str| config(&[], &format!("{PERSON}{more}\n")).unwrap().people[0].declined_ring();
    assert!(declined_ring("calendars = [\"~/work.ics\"]"));
    assert!(!declined_ring("calendars = [\"~/work.ics\"]\naddresses = [\"ana@example.com\"]"));
    assert!(!declined_ring(""));
}
