//! `[[ladder]]` with other rungs than calls, `[[contact]]`, and what belongs to them.

use super::{all, config, one};
use savehub::model::{Action, Addressee, Offset, Repeat, RungKind, When};
use std::time::Duration;

const ANA: &str = "[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n";

#[test]
fn a_ladder_of_messages_and_a_contact_is_read_as_it_stands() {
    let text = r#"
[call]
repeat = "until-joined"
machine_detection = true

[guards]
max_sms = 3

[[person]]
id = "ana"
phone = "+12025550101"
email = "ana@example.com"
ring_timeout = "25s"

[[contact]]
name = "Bea"
phone = "+12025550102"

[[ladder]]
step = "sms"
before = "5m"
message = "{title}"

[[ladder]]
step = "call"
before = "3m"

[[ladder]]
step = "call"
before = "3m"
to = "Bea"

[[ladder]]
step = "sms"
after = "5m"
to = "Bea"

[[ladder]]
step = "sms"
after = "6m"
when = "missed"
"#;
    let config = config(&[], text).unwrap();
    assert_eq!((config.repeat, config.machine_detection, config.guards.max_sms), (Repeat::UntilJoined, true, 3));
    let person = &config.people[0];
    assert_eq!(person.email.as_ref().map(ToString::to_string).as_deref(), Some("a***@example.com"));
    assert_eq!(person.ring_timeout, Some(Duration::from_secs(25)));
    let action = |kind, minutes: i64, to: &str, when| {
        let at = Offset::from_ms(minutes * 60_000);
        Action { kind, at, to: Addressee::read(to), channel: None, when }
    };
    let expected = [
        action(RungKind::Sms, -5, "", When::Unanswered),
        action(RungKind::Call, -3, "", When::Unanswered),
        action(RungKind::Call, -3, "Bea", When::Always),
        action(RungKind::Sms, 5, "Bea", When::Always),
        action(RungKind::Sms, 6, "", When::Missed),
    ];
    assert_eq!(config.ladder.iter().map(|rung| rung.action.clone()).collect::<Vec<_>>(), expected);
    assert_eq!(
        config.ladder.iter().map(|rung| rung.message.is_some()).collect::<Vec<_>>(),
        [true, false, false, false, false]
    );
}

#[test]
fn a_rung_is_before_or_after_the_start() {
    one(
        r#"
[[ladder]]
step = "sms"
before = "5m"
after = "5m"
"#,
        r#"
error: a rung has `before` or `after`, not both
 --> config.toml:4:1
  |
4 | after = "5m"
  | ^^^^^ take one of them out
"#,
    );
}
#[test]
fn rungs_that_can_never_run_say_why() {
    all(
        r#"
[[contact]]
name = "Bea"
email = "bea@example.com"

[[ladder]]
step = "email"
before = "0s"

[[ladder]]
step = "sms"
before = "5m"
when = "missed"

[[ladder]]
step = "sms"
after = "15m"
to = "Bea"

[[person]]
id = "ana"
phone = "+12025550101"
"#,
        r#"
error: a rung of the kind `email` can never run: there is no [email]
 --> config.toml:5:1
  |
5 | [[ladder]]
  | ^^^^^^^^^^ write [email], with the server that takes the mail

error: a rung of the kind `email` can never run: `ana` has no `email`
 --> config.toml:5:1
  |
5 | [[ladder]]
  | ^^^^^^^^^^ add email = "ana@example.com" to the person

error: a rung of the kind `email` 0s before the start can never run
 --> config.toml:7:10
  |
7 | before = "0s"
  |          ^^^^ more than 0s, at most 1day; after the start: `after = "5m"`

error: a rung with `when = "missed"` before the start can never run
  --> config.toml:11:10
   |
11 | before = "5m"
   |          ^^^^ nobody can have missed the meeting yet; write `after = "5m"`

error: the ladder is out of order: this rung is due before the one above it
  --> config.toml:11:10
   |
11 | before = "5m"
   |          ^^^^ less than 0s, or move this rung up

error: a rung of the kind `sms` can never run: the contact `Bea` has no `phone`
  --> config.toml:14:1
   |
14 | [[ladder]]
   | ^^^^^^^^^^ add phone = "+12025550102" to the contact

error: a rung 15m after the start can never run
  --> config.toml:16:9
   |
16 | after = "15m"
   |         ^^^^^ the incident is closed after `grace` (15m); less than 15m, or raise it in [engine]

7 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn names_nobody_knows_are_told_with_the_near_one() {
    all(
        r#"
[[contact]]
name = "Bea"
phone = "+12025550102"

[[ladder]]
step = "sms"
before = "9m"
to = "Bee"

[[ladder]]
step = "sms"
before = "8m"
when = "allways"

[[ladder]]
step = "webhook"
after = "1m"
use = "ntfy"

[[ladder]]
step = "command"
after = "2m"

[[ladder]]
step = "sms"
after = "3m"
use = "ntfy"

[[ladder]]
step = "webhook"
after = "4m"
use = "ntfy"
to = "Bea"
"#,
        r#"
error: unknown contact `Bee`
 --> config.toml:8:6
  |
8 | to = "Bee"
  |      ^^^^^ did you mean `Bea`?

error: unknown when `allways`
  --> config.toml:13:8
   |
13 | when = "allways"
   |        ^^^^^^^^^ did you mean `always`?

error: unknown webhook `ntfy`
  --> config.toml:18:7
   |
18 | use = "ntfy"
   |       ^^^^^^ the config has no webhook

error: this rung has no `use`
  --> config.toml:20:1
   |
20 | [[ladder]]
   | ^^^^^^^^^^ add use = "NAME", the name of a [command.NAME]

error: a rung of the kind `sms` has no `use`
  --> config.toml:27:1
   |
27 | use = "ntfy"
   | ^^^ `use` names a webhook or a command; take this line out

error: unknown webhook `ntfy`
  --> config.toml:32:7
   |
32 | use = "ntfy"
   |       ^^^^^^ the config has no webhook

error: a webhook has no `to`
  --> config.toml:33:6
   |
33 | to = "Bea"
   |      ^^^^^ it goes where `use` says; take this line out

7 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn order_duplicates_and_the_limit_of_messages_are_checked() {
    all(
        r#"
[[ladder]]
step = "sms"
after = "1m"

[[ladder]]
step = "sms"
before = "5m"

[[ladder]]
step = "sms"
before = "5m"
"#,
        r#"
error: the ladder is out of order: this rung is due before the one above it
 --> config.toml:7:10
  |
7 | before = "5m"
  |          ^^^^ the one above is due 1m after the start; move this rung up

error: two rungs 5m before the start
  --> config.toml:11:10
   |
11 | before = "5m"
   |          ^^^^ each rung has a time of its own

error: rung 3 can never run: max_sms = 2
  --> config.toml:11:10
   |
11 | before = "5m"
   |          ^^^^ 2 messages within 10m at most
   |
   = help: take the rung out, or raise max_sms

3 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_contact_has_a_name_of_its_own_and_an_address() {
    all(
        r#"
[[contact]]
name = "Bea"

[[contact]]
name = "person"
phone = "+12025550102"

[[contact]]
phone = "+12025550102"
email = "Bea <bea@example.com>"

[[contact]]
name = "Bea"
phone = "202 555"
"#,
        r#"
error: this contact has neither `phone` nor `email`
 --> config.toml:1:1
  |
1 | [[contact]]
  | ^^^^^^^^^^^ add phone = "+12025550102" or email = "bea@example.com"

error: a contact cannot be called `person`: in a rung that means the person whose meeting it is
 --> config.toml:5:8
  |
5 | name = "person"
  |        ^^^^^^^^ each contact has a name of its own, for `to` in a rung

error: this contact has no `name`
 --> config.toml:8:1
  |
8 | [[contact]]
  | ^^^^^^^^^^^ add name = "Bea"

error: `email` is not an address that can be written to
 --> config.toml:10:9
  = help: an e-mail address has one `@`, no spaces and no name beside it, such as ana@example.com
  = note: the line is not shown, because it may hold a secret

error: two contacts with the name `Bea`
  --> config.toml:13:8
   |
13 | name = "Bea"
   |        ^^^^^ each contact has a name of its own, for `to` in a rung

error: `phone` is not a number that can be called
  --> config.toml:14:9
   |
14 | phone = "202 555"
   |         ^^^^^^^^^ a number starts with `+` and the country code, such as +12025550123

6 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn what_ana_has_wrong_is_told_too() {
    all(
        &format!(
            "{ANA}email = \"ana\"\nring_timeout = \"11m\"\n\n[call]\nrepeat = \"until-joint\"\nmachine_detection = 1\n"
        ),
        r#"
error: `email` is not an address that can be written to
 --> config.toml:4:9
  |
4 | email = "ana"
  |         ^^^^^ an e-mail address has one `@`, no spaces and no name beside it, such as ana@example.com

error: `ring_timeout` cannot be 11m: a phone rings for whole seconds, at most 600 of them
 --> config.toml:5:16
  |
5 | ring_timeout = "11m"
  |                ^^^^^ write whole seconds from 1s to 10m

error: unknown repeat `until-joint`
 --> config.toml:8:10
  |
8 | repeat = "until-joint"
  |          ^^^^^^^^^^^^^ did you mean `until-joined`?

error: `machine_detection` must be true or false, not a whole number
 --> config.toml:9:21
  |
9 | machine_detection = 1
  |                     ^ write true or false, without quotes

4 problems in config.toml; nothing was done
"#,
    );
}
