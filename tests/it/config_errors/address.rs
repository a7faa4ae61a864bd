//! `[provider.twilio]`: addresses, and keys that are no keys.

use super::{all, config, one, only_checked};

#[test]
fn a_base_url_without_tls_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
base_url = "http://api.example.com"
"#,
        r#"
error: `base_url` cannot be used
 --> config.toml:8:12
  |
8 | base_url = "http://api.example.com"
  |            ^^^^^^^^^^^^^^^^^^^^^^^^ https:// is needed: the credentials travel with it
"#,
    );
}

#[test]
fn a_webhook_url_that_twilio_cannot_reach_is_refused_by_check_and_left_out_by_ticks() {
    let twilio = |base: &str, callback: &str| {
        format!(
            "[call]\nprovider = \"twilio\"\nwebhook_url = \"{callback}\"\n[provider.twilio]\naccount_sid = \"AC123\"\n\
             from = \"+12025550100\"\nauth_token = \"x\"\n{base}\n\n\
             [[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n"
        )
    };
    only_checked(
        &twilio("", "https://10.0.0.9/calls"),
        r#"
error: Twilio cannot reach the host of `webhook_url`: it is private, and calls with it are refused (21609)
 --> config.toml:3:15
  |
3 | webhook_url = "https://10.0.0.9/calls"
  |               ^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: write an address of the public internet, or take the line out: savehub asks Twilio by itself
"#,
    );
    let sent = |base: &str, callback: &str| {
        let config = config(&[], &twilio(base, callback)).unwrap();
        (config.provider.twilio.clone().unwrap().status_callback.is_some(), config.accepted().is_ok())
    };
    assert_eq!(sent("", "http://localhost:8080/"), (false, false));
    assert_eq!(sent("", "https://example.com/calls"), (true, true));
    // Both are in the same private network.
    assert_eq!(sent("base_url = \"https://10.0.0.8\"", "https://10.0.0.9/calls"), (true, true));
}

#[test]
fn a_base_url_with_a_query_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
base_url = "https://api.example.com/?x=1"
"#,
        r#"
error: `base_url` cannot be used
 --> config.toml:8:12
  |
8 | base_url = "https://api.example.com/?x=1"
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ an address without login, `?` and `#`
"#,
    );
}

#[test]
fn a_base_url_that_is_no_address_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
base_url = "api.twilio.com"
"#,
        r#"
error: `base_url` cannot be used
 --> config.toml:8:12
  |
8 | base_url = "api.twilio.com"
  |            ^^^^^^^^^^^^^^^^ an address starts with https://
"#,
    );
}

#[test]
fn a_base_url_without_host_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
base_url = "https://"
"#,
        r#"
error: `base_url` cannot be used
 --> config.toml:8:12
  |
8 | base_url = "https://"
  |            ^^^^^^^^^^ the name of the host is missing
"#,
    );
}

#[test]
fn a_base_url_with_a_bad_port_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
base_url = "https://api.example.com:http"
"#,
        r"
error: `base_url` cannot be used
 --> config.toml:8:12
  = help: the port is not a number from 0 to 65535
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_base_url_with_a_space_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
base_url = "https://api.example.com/a b"
"#,
        r#"
error: `base_url` cannot be used
 --> config.toml:8:12
  |
8 | base_url = "https://api.example.com/a b"
  |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ an address holds no spaces and no letters outside of ASCII
"#,
    );
}

#[test]
fn a_proxy_that_is_no_address_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
proxy = "proxy.example.com:3128"
"#,
        r"
error: `proxy` is not the address of a proxy
 --> config.toml:8:9
  = help: an address starts with http:// or https://
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_proxy_with_a_login_is_never_shown() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
proxy = "ftp://me:s3cr3t@proxy.example.com"
"#,
        r"
error: `proxy` is not the address of a proxy
 --> config.toml:8:9
  = help: an address starts with http:// or https://
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_from_number_of_another_form_is_refused() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "2025550100"
auth_token = "x"
"#,
        r#"
error: `from` is not a number that can be called
 --> config.toml:6:8
  |
6 | from = "2025550100"
  |        ^^^^^^^^^^^^ a number starts with `+` and the country code, such as +12025550123
"#,
    );
}

#[test]
fn a_misspelt_token_key_is_hidden() {
    all(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_tokn = "s3cr3t"
"#,
        r#"
error: the provider twilio is chosen, but `auth_token` is missing
 --> config.toml:2:12
  |
2 | provider = "twilio"
  |            ^^^^^^^^
  |
  = help: auth_token: write auth_token_file = "…" (or _env, _command) under [provider.twilio], or set TWILIO_AUTH_TOKEN

error: unknown key `auth_tokn`
 --> config.toml:7:1
  = help: did you mean `auth_token`?
  = note: the line is not shown, because it may hold a secret

2 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn an_unknown_key_beside_the_credentials_is_hidden() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = "x"
magic_word = "s3cr3t"
"#,
        r"
error: unknown key `magic_word`
 --> config.toml:8:1
  = help: [provider.twilio] may hold: account_sid, from, calls_per_second, calls_per_second_per_number, auth_token, auth_token_env, auth_token_file, auth_token_command, api_key_sid, api_key_secret, api_key_secret_env, api_key_secret_file, api_key_secret_command, base_url, ca_file, proxy
  = note: the line is not shown, because it may hold a secret
",
    );
}

#[test]
fn a_syntax_error_on_the_line_of_a_secret_is_hidden() {
    one(
        r#"
[call]
provider = "twilio"

[provider.twilio]
account_sid = "AC123"
from = "+12025550100"
auth_token = s3cr3t
"#,
        r"
error: this is not TOML: string values must be quoted, expected literal string
 --> config.toml:7:14
  = note: the line is not shown, because it may hold a secret
",
    );
}
