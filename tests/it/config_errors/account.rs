//! `[provider.twilio]`: values that cannot be used.

use super::{one, one_with};

#[test]
fn two_sources_of_one_secret_are_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
auth_token_file = "y"
"#,
        r"
error: both `auth_token` and `auth_token_file` are given
 --> config.toml:8:19
  = help: keep one of them
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_token_and_an_api_key_together_are_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
api_key_sid = "SK123"
api_key_secret = "y"
"#,
        r"
error: both `auth_token` and `api_key_secret` are given
 --> config.toml:9:18
  = help: keep the auth token or the API key
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn an_empty_token_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = ""
"#,
        r"
error: `auth_token` is empty
 --> config.toml:7:14
  = help: fill it in, or take the line out
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn an_empty_command_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token_command = []
"#,
        r"
error: `auth_token_command` is empty
 --> config.toml:7:22
  = help: fill it in, or take the line out
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_token_of_another_type_is_refused_and_hidden() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = 12345678
"#,
        r"
error: `auth_token` must be a text, not a whole number
 --> config.toml:7:14
  = help: write a text in quotes
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_command_of_another_type_is_refused_and_hidden() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token_command = "pass show twilio"
"#,
        r#"
error: `auth_token_command` must be a list, not a text
 --> config.toml:7:22
  = help: write a program and its arguments, such as ["pass", "show", "twilio"]
  = note: the line is not shown, because it may hold a secret
"#,
    );
}

#[test]
fn a_token_with_a_space_in_it_is_refused_and_hidden() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "two words"
"#,
        r"
error: no secret comes from `auth_token`: the first line holds a space or a character that no token has
 --> config.toml:7:14
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_variable_that_is_not_set_is_said() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token_env = "MY_TOKEN"
"#,
        r"
error: no secret comes from `auth_token_env`: the environment variable it names is not set
 --> config.toml:7:18
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_token_file_that_is_missing_is_said() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token_file = "/nonexistent/token"
"#,
        r"
error: no secret comes from `auth_token_file`: the file cannot be read (there is none)
 --> config.toml:7:19
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_token_file_below_no_home_is_said() {
    one_with(
        &[("HOME", "")],
        r#"
database = "x.db"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token_file = "~/token"
"#,
        r"
error: no secret comes from `auth_token_file`: there is no home directory for `~`
 --> config.toml:8:19
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_token_file_with_an_empty_line_is_said() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token_file = "/dev/null"
"#,
        r"
error: no secret comes from `auth_token_file`: the first line is empty
 --> config.toml:7:19
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_program_that_is_missing_is_said() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token_command = ["/nonexistent/program"]
"#,
        r"
error: no secret comes from `auth_token_command`: the program cannot be started (there is none)
 --> config.toml:7:22
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_program_that_fails_is_said_without_its_output() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token_command = ["sh", "-c", "echo s3cr3t; echo s3cr3t >&2; exit 3"]
"#,
        r"
error: no secret comes from `auth_token_command`: the program failed (exit status: 3)
 --> config.toml:7:22
  = note: the line is not shown, because it may hold a secret
",
    );
}
