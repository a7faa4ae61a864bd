//! `calendars` of a person: every mistake.

use super::{all, one};

#[test]
fn a_calendar_that_is_neither_a_file_nor_an_address_is_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = ["work"]
"#,
        r"
error: this is not a calendar savehub can read
 --> config.toml:4:14
  = help: write `file:` before a path, and https:// before an address
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn an_address_without_its_scheme_does_not_pass_as_a_path() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = ["calendar.example.com/private-1/basic.ics"]
"#,
        r"
error: this is not a calendar savehub can read
 --> config.toml:4:14
  = help: write `file:` before a path, and https:// before an address
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn an_address_of_another_scheme_is_refused() {
    all(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = ["ftp://example.com/a.ics", "caldav://example.com/ana"]
"#,
        r#"
error: this is not a calendar savehub can read
 --> config.toml:4:14
  = help: an address starts with https:// or webcal://
  = note: the line is not shown, because it may hold a secret

error: this is not a calendar savehub can read
 --> config.toml:4:41
  = help: write { caldav = "https://…", user = "…", password_file = "…" }
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn plain_http_is_refused_unless_it_is_allowed() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = ["http://example.com/a.ics"]
"#,
        r"
error: this is not a calendar savehub can read
 --> config.toml:4:14
  = help: http:// shows the address to everybody on the way: write https://, or allow_http = true under [calendar]
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn an_address_without_a_host_is_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = [{ url = "webcal:///a.ics" }]
"#,
        r"
error: this is not a calendar savehub can read
 --> config.toml:4:22
  = help: the name of the host is missing
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn calendars_are_a_list() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = "https://example.com/a.ics"
"#,
        r#"
error: `calendars` must be a list, not a text
 --> config.toml:4:13
  = help: write ["file:~/work.ics", { url_file = "~/.config/savehub/work.url" }]
  = note: the line is not shown, because it may hold a secret
"#,
    );
}

#[test]
fn a_list_of_calendars_holds_texts_and_tables() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = [3, "~/work.ics"]
"#,
        r#"
error: `calendars` must be a list of texts and tables, not a whole number
 --> config.toml:4:14
  = help: write ["file:~/work.ics", { url_file = "~/.config/savehub/work.url" }]
  = note: the line is not shown, because it may hold a secret
"#,
    );
}

#[test]
fn a_calendar_that_does_not_say_where_it_is_is_told_how() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = [{ name = "work" }]
"#,
        r"
error: this calendar does not say where it is
 --> config.toml:4:14
  = help: write one of: file, url, url_file, url_env, url_command, caldav
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_calendar_is_in_one_place() {
    all(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = [
  { file = "~/a.ics", url_file = "~/a.url" },
  { url_env = "A", url_file = "~/a.url" },
]
"#,
        r"
error: both `file` and `url_file` are given
 --> config.toml:5:34
  = help: keep one of them
  = note: the line is not shown, because it may hold a secret

error: both `url_env` and `url_file` are given
 --> config.toml:6:31
  = help: keep one of them
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
",
    );
}

#[test]
fn an_unknown_key_of_a_calendar_lists_what_it_may_hold() {
    all(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = [
  { url_fil = "~/a.url" },
  { path = "~/a.ics" },
]
"#,
        r"
error: unknown key `url_fil`
 --> config.toml:5:5
  = help: did you mean `url_file`?
  = note: the line is not shown, because it may hold a secret

error: unknown key `path`
 --> config.toml:6:5
  = help: a calendar may hold: file, url, url_env, url_file, url_command, caldav, user, password, password_env, password_file, password_command, name, refresh, own, ca_file, proxy
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
",
    );
}

#[test]
fn the_same_calendar_twice_for_one_person_is_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = [
  "https://example.com/a.ics",
  { url = "webcal://example.com/a.ics", name = "again" },
]
"#,
        r"
error: this calendar is there twice; the first is in line 5
 --> config.toml:6:3
  = help: keep one of them
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_name_that_cannot_be_shown_is_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = [{ file = "~/a.ics", name = " " }]
"#,
        r#"
error: this cannot be the name of a calendar
 --> config.toml:4:41
  = help: write 1 to 40 characters, such as "work"
  = note: the line is not shown, because it may hold a secret
"#,
    );
}

#[test]
fn refresh_is_a_minute_or_more_and_for_addresses() {
    all(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = [
  { url = "https://example.com/a.ics", refresh = "30s" },
  { file = "~/a.ics", refresh = "2m" },
]
"#,
        r"
error: `refresh` cannot be 30s: servers refuse to be asked more often than once a minute
 --> config.toml:5:50
  = help: write 1m or more
  = note: the line is not shown, because it may hold a secret

error: `refresh` is for addresses
 --> config.toml:6:23
  = help: take it out: every tick looks at a file
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
",
    );
}

#[test]
fn an_empty_file_name_is_refused() {
    all(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
calendars = ["file:", { file = "" }, { url = "" }]
"#,
        r"
error: this is not a calendar savehub can read
 --> config.toml:4:14
  = help: write the path of a file after `file:`
  = note: the line is not shown, because it may hold a secret

error: this is not a calendar savehub can read
 --> config.toml:4:32
  = help: write the path of a file after `file:`
  = note: the line is not shown, because it may hold a secret

error: `url` is empty
 --> config.toml:4:46
  = help: fill it in, or take the line out
  = note: the line is not shown, because it may hold a secret

3 problems in config.toml; nothing was done
",
    );
}
