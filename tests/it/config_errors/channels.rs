//! `[webhook.NAME]`, `[command.NAME]` and `presence_command`; and what all channels share.

use super::{all, config};
use savehub::config::{Channels, Security, WebhookFormat};
use secrecy::ExposeSecret as _;
use std::time::Duration;

fn channels(env: &[(&str, &str)], text: &str) -> Channels {
    config(env, text).unwrap_or_else(|error| panic!("{error}")).channels
}

#[test]
fn what_is_not_said_about_a_channel_has_a_default() {
    let text = "[email]\nhost = \"smtp.example.com\"\nfrom = \"a@example.com\"\n[webhook.phone]\n\
                url = \"https://example.com/1\"\n[command.lamp]\nrun = [\"lamp\"]\n";
    let channels = channels(&[], text);
    let email = channels.email.as_ref().unwrap();
    assert_eq!((email.port, email.security, email.login.is_none()), (587, Security::StartTls, true));
    let webhook = channels.webhook("phone").unwrap();
    assert_eq!((webhook.format, webhook.allow_http, webhook.headers.len()), (WebhookFormat::Json, false, 0));
    let timeouts = [email.timeout, webhook.timeout, channels.command("lamp").unwrap().timeout];
    assert_eq!(timeouts, [Duration::from_secs(20); 3]);
    assert!(channels.webhook("lamp").is_none() && channels.command("phone").is_none());
}

#[test]
fn a_program_named_by_a_path_is_beside_the_config_or_below_home_and_one_by_its_name_is_looked_for() {
    let text = "[command.a]\nrun = [\"bin/x\", \"y/z\"]\n[command.b]\nrun = [\"~/x\"]\n[command.c]\nrun = [\"x\"]\n";
    let channels = config(&[("PATH", "/bin")], text).unwrap().channels;
    let argv = |name| channels.command(name).unwrap().argv.join(" ");
    assert_eq!((argv("a"), argv("b"), argv("c")), ("bin/x y/z".into(), "/home/ana/x".into(), "x".into()));
    assert_eq!(channels.environment, [("PATH".into(), "/bin".into()), ("HOME".into(), "/home/ana".into())]);
}

#[test]
fn a_webhook_needs_a_name() {
    all(
        r#"
[webhook]
url = "https://example.com/1"
"#,
        r"
error: each `webhook` has a name of its own
 --> config.toml:2:1
  = help: write [webhook.NAME] on a line of its own, its keys below
  = note: the line is not shown, because it may hold a secret

1 problem in config.toml; nothing was done
",
    );
}

#[test]
fn what_is_no_table_of_names_is_refused_once() {
    all(
        r#"
webhook = 3
[command]
run = ["lamp"]
"#,
        r"
error: each `webhook` has a name of its own
 --> config.toml:1:11
  = help: write [webhook.NAME] on a line of its own, its keys below
  = note: the line is not shown, because it may hold a secret

error: each `command` has a name of its own
 --> config.toml:3:1
  = help: write [command.NAME] on a line of its own, its keys below
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
",
    );
}

#[test]
fn a_webhook_needs_an_address_and_a_command_a_program() {
    all(
        r#"
[webhook.phone]
format = "xml"
[webhook."my phone"]
url = "https://example.com/1"
[command.lamp]
"#,
        r#"
error: this webhook has no `url`
 --> config.toml:1:1
  |
1 | [webhook.phone]
  | ^^^^^^^^^^^^^^^ add url = "https://…" (or url_file, url_env, url_command)

error: unknown format `xml`
 --> config.toml:2:10
  |
2 | format = "xml"
  |          ^^^^^ known: "json", "text"

error: invalid name `my phone`
 --> config.toml:3:10
  |
3 | [webhook."my phone"]
  |          ^^^^^^^^^^ 1 to 40 letters (a to z), digits, `-` or `_`

error: this command has no `run`
 --> config.toml:5:1
  = help: add run = ["/usr/local/bin/lamp", "red"]
  = note: the line is not shown, because it may hold a secret

4 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_webhook_over_plain_http_must_be_allowed() {
    all(
        r#"
[webhook.phone]
url = "http://example.com/1"
"#,
        r"
error: this address cannot be posted to
 --> config.toml:2:7
  = help: http:// shows everything to everybody on the way: write https://, or allow_http = true beside it
  = note: the line is not shown, because it may hold a secret

1 problem in config.toml; nothing was done
",
    );
}

#[test]
fn a_login_does_not_stand_in_the_address() {
    all(
        r#"
[webhook.phone]
url = "https://ana:pw@example.com/1"
"#,
        r#"
error: this address cannot be posted to
 --> config.toml:2:7
  = help: write the login as a header, such as { name = "Authorization", value_file = "…" }
  = note: the line is not shown, because it may hold a secret

1 problem in config.toml; nothing was done
"#,
    );
}

#[test]
fn an_address_to_post_to_has_no_fragment_and_comes_from_one_place() {
    all(
        r#"
[webhook.phone]
url = "https://example.com/#1"
url_file = "x"
"#,
        r"
error: this address cannot be posted to
 --> config.toml:2:7
  = help: an address to post to has no `#`
  = note: the line is not shown, because it may hold a secret

error: both `url` and `url_file` are given
 --> config.toml:3:12
  = help: keep one of them
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
",
    );
}

#[test]
fn headers_that_cannot_be_sent_are_refused() {
    all(
        r#"
[webhook.phone]
url = "https://example.com/1"
headers = [
  "Authorization: Bearer x",
  { name = "Host", value = "x" },
  { name = "A b", value = "x" },
  { name = "Title", value = "x" },
  { name = "title", value = "y" },
  { name = "X" },
  { name = "Y", wert = "x" },
]
"#,
        r#"
error: a header has a name and a value
 --> config.toml:4:3
  = help: write [{ name = "Authorization", value_file = "~/.config/savehub/ntfy_header" }]
  = note: the line is not shown, because it may hold a secret

error: `Host` cannot be a header here
 --> config.toml:5:12
  = help: savehub writes this header itself
  = note: the line is not shown, because it may hold a secret

error: `A b` cannot be a header here
 --> config.toml:6:12
  = help: write letters, digits and `-`
  = note: the line is not shown, because it may hold a secret

error: `title` cannot be a header here
 --> config.toml:8:12
  = help: it is there twice: keep one of them
  = note: the line is not shown, because it may hold a secret

error: this header has no `value`
 --> config.toml:9:3
  |
9 |   { name = "X" },
  |   ^^^^^^^^^^^^^^ add value = "…"

error: unknown key `wert`
 --> config.toml:10:17
  = help: a header may hold: name, value, value_env, value_file, value_command
  = note: the line is not shown, because it may hold a secret

6 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_command_names_a_program_and_its_arguments() {
    all(
        r#"
[command.lamp]
run = []
[command.bell]
run = "ring the bell"
[command.horn]
run = ["", "x"]
timeout = "0s"
shell = true
"#,
        r#"
error: `run` names no program
 --> config.toml:2:7
  = help: write the program and its arguments, each in quotes
  = note: the line is not shown, because it may hold a secret

error: `run` must be a list, not a text
 --> config.toml:4:7
  = help: write ["/usr/local/bin/lamp", "red"], without a shell
  = note: the line is not shown, because it may hold a secret

error: `run` names no program
 --> config.toml:6:7
  = help: write the program and its arguments, each in quotes
  = note: the line is not shown, because it may hold a secret

error: `timeout` cannot be 0s: one try takes some time, and no longer than `request_timeout` under [engine]
 --> config.toml:7:11
  |
7 | timeout = "0s"
  |           ^^^^ write more than 0s, at most 20s

error: unknown key `shell`
 --> config.toml:8:1
  |
8 | shell = …
  | ^^^^^
  |
  = help: [command.NAME] may hold: run, timeout

5 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn a_presence_command_is_a_list() {
    all(
        r#"
[[person]]
id = "ana"
phone = "+12025550101"
presence_command = "in-meeting ana"
"#,
        r#"
error: `presence_command` must be a list, not a text
 --> config.toml:4:20
  = help: write ["/usr/local/bin/lamp", "red"], without a shell
  = note: the line is not shown, because it may hold a secret

1 problem in config.toml; nothing was done
"#,
    );
}

#[test]
fn secrets_come_from_variables_and_programs_and_may_hold_spaces() {
    let text = "[email]\nhost = \"::1\"\nport = 25\nsecurity = \"none\"\nfrom = \"a@example.com\"\nuser = \"ana\"\n\
                password_env = \"P\"\n[webhook.phone]\nurl_command = [\"echo\", \"https://example.com/1\"]\n\
                headers = [{ name = \"Authorization\", value_env = \"H\" }]\n";
    let channels = channels(&[("P", "pass wörd"), ("H", "Bearer x")], text);
    let login = channels.email.as_ref().unwrap().login.as_ref().unwrap();
    assert_eq!((login.user.as_str(), login.password.fetch_line().unwrap().expose_secret()), ("ana", "pass wörd"));
    let secrets = channels.webhook("phone").unwrap().secrets().unwrap();
    assert_eq!(secrets.url.expose_secret(), "https://example.com/1");
    let (name, value) = &secrets.headers[0];
    assert_eq!((name.as_str(), value.expose_secret()), ("Authorization", "Bearer x"));
}

#[test]
fn a_secret_that_cannot_be_had_or_used_is_found_out_when_something_is_sent_and_not_before() {
    let header = |value: &str| format!("url = \"https://example.com/1\"\nheaders = [{{ name = \"X\", {value} }}]");
    for (keys, env, why) in [
        (
            "url_file = \"/nonexistent/x\"".into(),
            "",
            "no address comes from `url_file`: the file cannot be read (there is none)",
        ),
        (
            "url_command = [\"echo\", \"ftp://x\"]".into(),
            "",
            "no address comes from `url_command`: an address starts with https://",
        ),
        (
            "url_env = \"E\"".into(),
            "http://example.com",
            "no address comes from `url_env`: http:// shows everything to everybody on the way: write https://, or \
             allow_http = true beside it",
        ),
        (
            header("value_command = [\"false\"]"),
            "",
            "no value of the header X comes from `value_command`: the program failed (exit status: 1)",
        ),
        (
            header("value_env = \"E\""),
            "é",
            "no value of the header X comes from `value_env`: a header holds letters, digits and signs of ASCII, in one line",
        ),
    ] {
        let channels = channels(&[("E", env)], &format!("[webhook.phone]\n{keys}\n"));
        assert_eq!(channels.webhook("phone").unwrap().secrets().unwrap_err(), why);
    }
}

#[test]
fn a_header_in_the_config_holds_ascii() {
    all(
        r#"
[webhook.phone]
url = "https://example.com/1"
headers = [{ name = "Title", value = "é" }]
"#,
        r"
error: the value of this header cannot be sent
 --> config.toml:3:38
  = help: a header holds letters, digits and signs of ASCII, in one line
  = note: the line is not shown, because it may hold a secret

1 problem in config.toml; nothing was done
",
    );
}
