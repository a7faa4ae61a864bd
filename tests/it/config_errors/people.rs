//! `[[person]]`.

use super::{all, one, only_checked};

#[test]
fn a_person_without_id_and_phone_is_told_both() {
    all(
        r#"
[[person]]
name = "Ana"
"#,
        r#"
error: this person has no `id`
 --> config.toml:1:1
  |
1 | [[person]]
  | ^^^^^^^^^^ add id = "ana"

error: this person has no `phone`
 --> config.toml:1:1
  |
1 | [[person]]
  | ^^^^^^^^^^ add phone = "+12025550101"

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn an_id_that_cannot_be_typed_is_refused() {
    one(
        r#"
[[person]]
id = "Ana B"
phone = "+12025550101"
"#,
        r#"
error: invalid id `Ana B`
 --> config.toml:2:6
  |
2 | id = "Ana B"
  |      ^^^^^^^ 1 to 64 letters (a to z), digits, `-`, `_` or `.`; the spoken name goes into `name`
"#,
    );
}

#[test]
fn an_empty_name_is_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
name = " "
"#,
        r#"
error: the name is empty
 --> config.toml:4:8
  |
4 | name = " "
  |        ^^^ write the name as it is spoken
"#,
    );
}

#[test]
fn a_number_without_plus_is_refused_and_shown() {
    one(
        r#"
[[person]]
id = "ana"
phone = "2025550101"
"#,
        r#"
error: `phone` is not a number that can be called
 --> config.toml:3:9
  |
3 | phone = "2025550101"
  |         ^^^^^^^^^^^^ a number starts with `+` and the country code, such as +12025550123
"#,
    );
}

#[test]
fn a_number_with_spaces_is_refused_and_shown() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+1 202 555 0101"
"#,
        r#"
error: `phone` is not a number that can be called
 --> config.toml:3:9
  |
3 | phone = "+1 202 555 0101"
  |         ^^^^^^^^^^^^^^^^^ after `+` come digits only, without spaces or dashes, and no leading 0, such as +12025550123
"#,
    );
}

#[test]
fn a_number_that_is_too_short_is_refused_and_shown() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12345"
"#,
        r#"
error: `phone` is not a number that can be called
 --> config.toml:3:9
  |
3 | phone = "+12345"
  |         ^^^^^^^^ a number has 7 to 15 digits after the `+`
"#,
    );
}

#[test]
fn an_unknown_zone_names_the_near_one() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
zone = "Europe/Berln"
"#,
        r#"
error: unknown time zone `Europe/Berln`
 --> config.toml:4:8
  |
4 | zone = "Europe/Berln"
  |        ^^^^^^^^^^^^^^ did you mean "Europe/Berlin"?
"#,
    );
}

#[test]
fn a_city_alone_names_its_zone() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
zone = "New York"
"#,
        r#"
error: unknown time zone `New York`
 --> config.toml:4:8
  |
4 | zone = "New York"
  |        ^^^^^^^^^^ did you mean "America/New_York"?
"#,
    );
}

#[test]
fn an_unknown_zone_far_from_all_says_what_a_zone_is() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
zone = "Planet/Mars"
"#,
        r#"
error: unknown time zone `Planet/Mars`
 --> config.toml:4:8
  |
4 | zone = "Planet/Mars"
  |        ^^^^^^^^^^^^^ write an IANA name, such as "Europe/Berlin"
"#,
    );
}

#[test]
fn an_unknown_placeholder_is_pointed_at() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
message = "Hi {nam}!"
"#,
        r#"
error: unknown placeholder `{nam}`
 --> config.toml:4:15
  |
4 | message = "Hi {nam}!"
  |               ^^^^^ known placeholders: {name} {title} {minutes} {minutes_text} {time} {time12} {link}
"#,
    );
}

#[test]
fn an_unclosed_placeholder_is_pointed_at() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
message = "Hi {name!"
"#,
        r#"
error: a `{` without its `}`; write `{{` for the character
 --> config.toml:4:15
  |
4 | message = "Hi {name!"
  |               ^^^^^^ known placeholders: {name} {title} {minutes} {minutes_text} {time} {time12} {link}
"#,
    );
}

#[test]
fn a_lone_closing_brace_is_pointed_at() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
message = "Hi name}!"
"#,
        r#"
error: a `}` without its `{`; write `}}` for the character
 --> config.toml:4:19
  |
4 | message = "Hi name}!"
  |                   ^ known placeholders: {name} {title} {minutes} {minutes_text} {time} {time12} {link}
"#,
    );
}

#[test]
fn an_empty_message_is_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
message = ""
"#,
        r#"
error: the message is empty
 --> config.toml:4:12
  |
4 | message = ""
  |            ^ known placeholders: {name} {title} {minutes} {minutes_text} {time} {time12} {link}
"#,
    );
}

#[test]
fn a_placeholder_in_a_text_with_escapes_points_at_the_whole_text() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
message = "\"Hi\" {nam}"
"#,
        r#"
error: unknown placeholder `{nam}`
 --> config.toml:4:11
  |
4 | message = "\"Hi\" {nam}"
  |           ^^^^^^^^^^^^^^ known placeholders: {name} {title} {minutes} {minutes_text} {time} {time12} {link}
"#,
    );
}

#[test]
fn a_voice_that_is_no_word_is_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
voice = "Polly Joanna"
"#,
        r#"
error: invalid voice `Polly Joanna`
 --> config.toml:4:9
  |
4 | voice = "Polly Joanna"
  |         ^^^^^^^^^^^^^^ such as "Polly.Joanna"
"#,
    );
}

#[test]
fn a_language_that_is_no_word_is_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
language = "en_US"
"#,
        r#"
error: invalid language `en_US`
 --> config.toml:4:12
  |
4 | language = "en_US"
  |            ^^^^^^^ such as "en-US"
"#,
    );
}

#[test]
fn a_language_that_is_a_word_and_no_tag_is_refused_by_check() {
    only_checked(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
language = "Deutsch"
"#,
        r#"
error: `Deutsch` is no language tag
 --> config.toml:4:12
  |
4 | language = "Deutsch"
  |            ^^^^^^^^^ such as "en-US"
"#,
    );
}

#[test]
fn two_people_with_one_id_are_refused() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
[[person]]
id = "ana"
phone = "+12025550102"
"#,
        r#"
error: two people with the id `ana`
 --> config.toml:5:6
  |
5 | id = "ana"
  |      ^^^^^ the first is in line 2
"#,
    );
}

#[test]
fn two_people_with_one_number_are_refused_and_the_number_is_masked() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
[[person]]
id = "ben"
phone = "+12025550101"
"#,
        r"
error: two people with the number ****0101; the first is in line 3
 --> config.toml:6:9
  = help: correct one of them, or write `shared_phone = true` for both
  = note: the line is not shown, because it holds a phone number
",
    );
}

#[test]
fn one_of_two_people_saying_shared_phone_is_not_enough() {
    one(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
shared_phone = true
[[person]]
id = "ben"
phone = "+12025550101"
"#,
        r"
error: two people with the number ****0101; the first is in line 3
 --> config.toml:7:9
  = help: correct one of them, or write `shared_phone = true` for both
  = note: the line is not shown, because it holds a phone number
",
    );
}
