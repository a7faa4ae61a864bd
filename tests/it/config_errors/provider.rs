//! `[call]` and `[provider.*]`: the choice, and what it needs.

use super::{one, one_with};

#[test]
fn an_unknown_provider_names_the_near_one() {
    one(
        r#"
[call]
provider = "twillio"
"#,
        r#"
error: unknown provider `twillio`
 --> config.toml:2:12
  |
2 | provider = "twillio"
  |            ^^^^^^^^^ did you mean "twilio"?
"#,
    );
}

#[test]
fn an_unknown_provider_far_from_all_lists_the_known_ones() {
    one(
        r#"
[call]
provider = "carrier pigeon"
"#,
        r#"
error: unknown provider `carrier pigeon`
 --> config.toml:2:12
  |
2 | provider = "carrier pigeon"
  |            ^^^^^^^^^^^^^^^^ known providers: "mock", "twilio"
"#,
    );
}

#[test]
fn an_account_nobody_chose_is_refused() {
    one(
        r#"
[provider.twilio]
account_sid = "AC123"
"#,
        r#"
error: [provider.twilio] is here, but no provider is chosen
 --> config.toml:1:1
  |
1 | [provider.twilio]
  | ^^^^^^^^^^^^^^^^^ write provider = "twilio" (or "mock") under [call], or set CALL_PROVIDER
"#,
    );
}

#[test]
fn an_unknown_outcome_names_the_near_one() {
    one(
        r#"
[provider.mock]
outcomes = ["no_answer"]
"#,
        r#"
error: unknown outcome `no_answer`
 --> config.toml:2:13
  |
2 | outcomes = ["no_answer"]
  |             ^^^^^^^^^^^ did you mean "no-answer"?
"#,
    );
}

#[test]
fn an_unknown_outcome_far_from_all_lists_the_known_ones() {
    one(
        r#"
[provider.mock]
outcomes = ["explodes"]
"#,
        r#"
error: unknown outcome `explodes`
 --> config.toml:2:13
  |
2 | outcomes = ["explodes"]
  |             ^^^^^^^^^^ known outcomes: answered, busy, no-answer, voicemail, refused, timeout, lost-reply
"#,
    );
}

#[test]
fn a_webhook_that_is_no_address_is_refused() {
    one(
        r#"
[call]
webhook_url = "example.com"
"#,
        r#"
error: `webhook_url` is not a web address
 --> config.toml:2:15
  |
2 | webhook_url = "example.com"
  |               ^^^^^^^^^^^^^ an address starts with https://
"#,
    );
}

#[test]
fn twilio_without_anything_names_all_that_is_missing_and_both_ways_to_give_it() {
    one(
        r#"
[call]
provider = "twilio"
"#,
        r#"
error: the provider twilio is chosen, but `account_sid`, `auth_token` and `from` are missing
 --> config.toml:2:12
  |
2 | provider = "twilio"
  |            ^^^^^^^^
  |
  = help: account_sid: write account_sid = "AC…" under [provider.twilio], or set TWILIO_ACCOUNT_SID
  = help: auth_token: write auth_token_file = "…" (or _env, _command) under [provider.twilio], or set TWILIO_AUTH_TOKEN
  = help: from: write from = "+12025550100" under [provider.twilio], or set TWILIO_FROM_NUMBER
"#,
    );
}

#[test]
fn twilio_without_a_from_number_names_it() {
    one_with(
        &[("MY_TOKEN", "tok")],
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
auth_token_env = "MY_TOKEN"
"#,
        r#"
error: the provider twilio is chosen, but `from` is missing
 --> config.toml:2:12
  |
2 | provider = "twilio"
  |            ^^^^^^^^
  |
  = help: from: write from = "+12025550100" under [provider.twilio], or set TWILIO_FROM_NUMBER
"#,
    );
}

#[test]
fn twilio_chosen_by_the_environment_alone_names_all_that_is_missing() {
    one_with(
        &[("CALL_PROVIDER", "twilio")],
        "",
        r#"
error: the provider twilio is chosen, but `account_sid`, `auth_token` and `from` are missing
 |
 = help: account_sid: write account_sid = "AC…" under [provider.twilio], or set TWILIO_ACCOUNT_SID
 = help: auth_token: write auth_token_file = "…" (or _env, _command) under [provider.twilio], or set TWILIO_AUTH_TOKEN
 = help: from: write from = "+12025550100" under [provider.twilio], or set TWILIO_FROM_NUMBER
"#,
    );
}

#[test]
fn an_api_key_without_its_secret_names_it() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
api_key_sid = "SK123"
"#,
        r#"
error: the provider twilio is chosen, but `api_key_secret` is missing
 --> config.toml:2:12
  |
2 | provider = "twilio"
  |            ^^^^^^^^
  |
  = help: api_key_secret: write api_key_secret_file = "…" (or _env, _command) under [provider.twilio], or set TWILIO_AUTH_TOKEN instead of the API key
"#,
    );
}

#[test]
fn an_api_secret_without_its_key_names_it() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
api_key_secret_env = "MY_SECRET"
"#,
        r#"
error: the provider twilio is chosen, but `api_key_sid` is missing
 --> config.toml:2:12
  |
2 | provider = "twilio"
  |            ^^^^^^^^
  |
  = help: api_key_sid: write api_key_sid = "SK…" under [provider.twilio], or set TWILIO_AUTH_TOKEN instead of the API key
"#,
    );
}

#[test]
fn an_account_sid_of_another_form_is_refused_and_hidden() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "s3cr3t"
from = "+12025550100"
auth_token = "x"
"#,
        r"
error: `account_sid` must be AC and letters or digits
 --> config.toml:5:15
  = help: copy it from the Twilio console
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_key_sid_of_another_form_is_refused_and_hidden() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
api_key_sid = "AC123"
api_key_secret = "x"
"#,
        r"
error: `api_key_sid` must be SK and letters or digits
 --> config.toml:7:15
  = help: copy it from the Twilio console
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_rate_is_a_number_above_0_and_at_most_30() {
    for (typed, title, label) in [
        ("0", "`calls_per_second` cannot be `0`", "expected a number above 0, at most 30"),
        ("-1.5", "`calls_per_second` cannot be `-1.5`", "expected a number above 0, at most 30"),
        ("nan", "`calls_per_second` cannot be `nan`", "expected a number above 0, at most 30"),
        ("30.5", "`calls_per_second` cannot be `30.5`", "expected a number above 0, at most 30"),
    ] {
        let bars = "^".repeat(typed.len());
        let text = format!("\n[call]\nprovider = \"mock\"\n[provider.twilio]\ncalls_per_second = {typed}\n");
        let shown = format!(
            "\nerror: {title}\n --> config.toml:4:20\n  |\n4 | calls_per_second = {typed}\n  |                    {bars} {label}\n"
        );
        one(&text, &shown);
    }
}

#[test]
fn a_rate_is_no_text() {
    one(
        r#"
[call]
provider = "mock"
[provider.twilio]
calls_per_second = "1"
"#,
        r#"
error: `calls_per_second` must be a number, not a text
 --> config.toml:4:20
  |
4 | calls_per_second = "1"
  |                    ^^^ write a number above 0, at most 30, without quotes
"#,
    );
}
