//! Keys, types, paths and syntax.

use super::{one, one_with};

#[test]
fn an_unknown_key_near_a_known_one_names_it() {
    one(
        r#"
[[ladder]]
step = "call"
before = "3m"
befor = "3m"
"#,
        r#"
error: unknown key `befor`
 --> config.toml:4:1
  |
4 | befor = "3m"
  | ^^^^^ did you mean `before`?
"#,
    );
}

#[test]
fn an_unknown_key_far_from_all_lists_the_known_ones() {
    one(
        r"
[engine]
banana = 3
",
        r"
error: unknown key `banana`
 --> config.toml:2:1
  |
2 | banana = …
  | ^^^^^^
  |
  = help: [engine] may hold: ring_timeout, request_timeout, hard_timeout, lease, settle, tick_limit, parallel, grace, retention, preflight, on_unknown
",
    );
}

#[test]
fn an_unknown_key_at_the_top_lists_the_tables_too() {
    one(
        r#"
colour = "red"
"#,
        r"
error: unknown key `colour`
 --> config.toml:1:1
  |
1 | colour = …
  | ^^^^^^
  |
  = help: at the top of the file there may be: database, store, store_env, store_file, store_command, store_ca_file, heartbeat_url, heartbeat_url_env, heartbeat_url_file, heartbeat_url_command, heartbeat_ca_file, heartbeat_proxy, metrics_file, trust, call, guards, engine, calendar, hear, report, provider, email, webhook, command, person, contact, ladder
",
    );
}

#[test]
fn an_unknown_key_of_a_person_lists_what_a_person_may_hold() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
shoe_size = 42
"#,
        r"
error: unknown key `shoe_size`
 --> config.toml:4:1
  |
4 | shoe_size = …
  | ^^^^^^^^^
  |
  = help: [[person]] may hold: id, name, phone, email, ring_timeout, zone, message, voice, language, shared_phone, calendars, addresses, presence_command, include, skip_titles, min_attendees, need_link, working_hours, mark
",
    );
}

#[test]
fn a_table_written_as_a_list_is_shown_how_to_write_it() {
    one(
        r#"
[[call]]
provider = "mock"
"#,
        r"
error: `call` must be a table, not a list
 --> config.toml:1:1
  |
1 | [[call]]
  | ^^^^^^^^ write [call] on a line of its own
",
    );
}

#[test]
fn a_list_written_as_a_table_is_shown_how_to_write_it() {
    one(
        r#"
[person]
id = "ana"
"#,
        r"
error: `person` must be a list of tables, not a table
 --> config.toml:1:1
  |
1 | [person]
  | ^^^^^^^^ write [[person]] above each entry
",
    );
}

#[test]
fn a_list_of_other_things_is_shown_how_to_write_it() {
    one(
        r#"
ladder = ["3m"]
"#,
        r#"
error: `ladder` must be a list of tables, not a text
 --> config.toml:1:11
  |
1 | ladder = ["3m"]
  |           ^^^^ write [[ladder]] above each entry
"#,
    );
}

#[test]
fn a_text_of_another_type_is_named() {
    one(
        r"
[call]
voice = 3
",
        r#"
error: `voice` must be a text, not a whole number
 --> config.toml:2:9
  |
2 | voice = 3
  |         ^ such as "Polly.Joanna"
"#,
    );
}

#[test]
fn a_yes_or_no_of_another_type_is_named() {
    one(
        r#"
[call]
test_mode = "yes"
"#,
        r#"
error: `test_mode` must be true or false, not a text
 --> config.toml:2:13
  |
2 | test_mode = "yes"
  |             ^^^^^ write true or false, without quotes
"#,
    );
}

#[test]
fn a_number_of_another_type_is_named() {
    one(
        r#"
[guards]
max_calls = "2"
"#,
        r#"
error: `max_calls` must be a whole number, not a text
 --> config.toml:2:13
  |
2 | max_calls = "2"
  |             ^^^ write a whole number from 1 to 100, without quotes
"#,
    );
}

#[test]
fn a_number_outside_its_limits_is_refused() {
    one(
        r"
[engine]
parallel = 65
",
        r"
error: `parallel` cannot be `65`
 --> config.toml:2:12
  |
2 | parallel = 65
  |            ^^ expected a whole number from 1 to 64
",
    );
}

#[test]
fn a_negative_number_is_refused() {
    one(
        r"
[guards]
daily_cap = -1
",
        r"
error: `daily_cap` cannot be `-1`
 --> config.toml:2:13
  |
2 | daily_cap = -1
  |             ^^ expected a whole number from 0 to 1000000
",
    );
}

#[test]
fn a_duration_of_another_type_is_named() {
    one(
        r"
[guards]
critical_window = 180
",
        r#"
error: `critical_window` must be a duration, not a whole number
 --> config.toml:2:19
  |
2 | critical_window = 180
  |                   ^^^ write it as text with its unit, such as "3m"
"#,
    );
}

#[test]
fn a_duration_that_is_not_one_is_refused() {
    one(
        r#"
[[ladder]]
step = "call"
before = "3 minuts"
"#,
        r#"
error: invalid duration `3 minuts`
 --> config.toml:3:10
  |
3 | before = "3 minuts"
  |          ^^^^^^^^^^ expected a number with s, m or h, such as "3m"
"#,
    );
}

#[test]
fn a_duration_beyond_ten_years_is_refused() {
    one(
        r#"
[engine]
grace = "11years"
"#,
        r#"
error: `grace` is longer than ten years
 --> config.toml:2:9
  |
2 | grace = "11years"
  |         ^^^^^^^^^ such as "15m"
"#,
    );
}

#[test]
fn a_list_of_texts_of_another_type_is_named() {
    one(
        r#"
[provider.mock]
outcomes = "busy"
"#,
        r#"
error: `outcomes` must be a list, not a text
 --> config.toml:2:12
  |
2 | outcomes = "busy"
  |            ^^^^^^ write ["no-answer", "answered"]
"#,
    );
}

#[test]
fn a_list_with_something_else_in_it_is_refused() {
    one(
        r#"
[guards]
allowed_prefixes = ["+49", 1]
"#,
        r#"
error: `allowed_prefixes` must be a list of texts, not a whole number
 --> config.toml:2:28
  |
2 | allowed_prefixes = ["+49", 1]
  |                            ^ write ["+1", "+49"]
"#,
    );
}

#[test]
fn an_empty_database_path_is_refused() {
    one(
        r#"
database = ""
"#,
        r#"
error: `database` is empty
 --> config.toml:1:12
  |
1 | database = ""
  |            ^^ write a path, or take the line out
"#,
    );
}

#[test]
fn a_database_path_with_a_nul_is_refused() {
    one(
        r#"
database = "a\u0000b"
"#,
        r#"
error: `database` is not a path
 --> config.toml:1:12
  |
1 | database = "a\u0000b"
  |            ^^^^^^^^^^ a path holds no NUL character
"#,
    );
}

#[test]
fn a_home_path_without_a_home_is_refused() {
    one_with(
        &[("HOME", "")],
        r#"
database = "~/savehub.db"
"#,
        r#"
error: `database` starts with `~`, but HOME is not set
 --> config.toml:1:12
  |
1 | database = "~/savehub.db"
  |            ^^^^^^^^^^^^^^ write the whole path
"#,
    );
}

#[test]
fn no_place_for_the_database_is_said() {
    one_with(
        &[("HOME", "")],
        "",
        r#"
error: there is no place for the database: neither HOME nor XDG_STATE_HOME is set
 |
 = help: write database = "/var/lib/savehub/savehub.db" at the top of the config
"#,
    );
}

#[test]
fn a_syntax_error_has_its_place_and_its_line() {
    one(
        r#"
[call]
provider = "mock
"#,
        r#"
error: this is not TOML: invalid basic string, expected `"`
 --> config.toml:2:17
  |
2 | provider = "mock
  |                 ^
"#,
    );
}

#[test]
fn a_broken_table_header_has_its_place_and_its_line() {
    one(
        r#"
[[person]
id = "ana"
"#,
        r"
error: this is not TOML: unclosed array table, expected `]`
 --> config.toml:1:10
  |
1 | [[person]
  |          ^
",
    );
}

#[test]
fn a_key_written_twice_has_its_place_and_its_line() {
    one(
        r"
[call]
test_mode = true
test_mode = false
",
        r"
error: this is not TOML: duplicate key
 --> config.toml:3:1
  |
3 | test_mode = false
  | ^^^^^^^^^
",
    );
}

#[test]
fn a_syntax_error_in_a_line_of_unknown_meaning_hides_the_line() {
    one(
        r"
[call]
banana split
",
        r"
error: this is not TOML: key with no value, expected `=`
 --> config.toml:2:8
  = note: the line is not shown, because it may hold a secret
",
    );
}
