//! The variables that override the file.

use super::one_with;

#[test]
fn a_provider_variable_with_another_word_is_refused() {
    one_with(
        &[("CALL_PROVIDER", "twillio")],
        "",
        r"
error: the environment variable CALL_PROVIDER has a value savehub cannot use
 |
 = help: set it to mock or twilio
",
    );
}

#[test]
fn a_test_mode_variable_with_another_word_is_refused() {
    one_with(
        &[("CALL_TEST_MODE", "maybe")],
        "",
        r"
error: the environment variable CALL_TEST_MODE has a value savehub cannot use
 |
 = help: set it to true or false (1, 0, yes and no do too)
",
    );
}

#[test]
fn an_account_variable_of_another_form_is_refused() {
    one_with(
        &[("TWILIO_ACCOUNT_SID", "s3cr3t")],
        "",
        r"
error: the environment variable TWILIO_ACCOUNT_SID has a value savehub cannot use
 |
 = help: an account SID is AC and letters or digits; copy it from the Twilio console
",
    );
}

#[test]
fn a_token_variable_with_a_space_is_refused() {
    one_with(
        &[("TWILIO_AUTH_TOKEN", "s3 cr3t")],
        "",
        r"
error: the environment variable TWILIO_AUTH_TOKEN has a value savehub cannot use
 |
 = help: set it to the token alone
",
    );
}

#[test]
fn a_from_variable_of_another_form_is_refused() {
    one_with(
        &[("TWILIO_FROM_NUMBER", "2025550100")],
        "",
        r"
error: the environment variable TWILIO_FROM_NUMBER has a value savehub cannot use
 |
 = help: set it to a number such as +12025550100
",
    );
}

#[test]
fn a_webhook_variable_that_is_no_address_is_refused() {
    one_with(
        &[("CALL_WEBHOOK_URL", "example.com")],
        "",
        r"
error: the environment variable CALL_WEBHOOK_URL has a value savehub cannot use
 |
 = help: set it to an address that starts with https://
",
    );
}
