//! `from` and the pace under `[provider.twilio]`: one number or several, and how fast.

use super::{config, refused};
use savehub::config::TwilioConfig;
use savehub::model::Phone;

const TOKEN: (&str, &str) = ("TWILIO_AUTH_TOKEN", "your_auth_token");

fn account(keys: &str) -> String {
    let sid = "AC0123456789abcdef0123456789abcdef";
    format!("[call]\nprovider = \"twilio\"\n[provider.twilio]\naccount_sid = \"{sid}\"\n{keys}\n")
}

#[track_caller]
fn twilio(env: &[(&str, &str)], keys: &str) -> TwilioConfig {
    match config(&[env, &[TOKEN]].concat(), &account(keys)).map(|config| config.provider.twilio) {
        Ok(Some(twilio)) => twilio,
        other => panic!("{other:?}"),
    }
}

fn numbers(twilio: &TwilioConfig) -> Vec<&str> {
    twilio.numbers().map(Phone::expose).collect()
}

#[test]
fn one_number_starts_one_call_a_second_unless_the_file_says_more() {
    let standard = twilio(&[], "from = \"+12025550100\"");
    assert_eq!(numbers(&standard), ["+12025550100"]);
    assert_eq!((standard.calls_per_second, standard.calls_per_second_per_number), (1.0, None));
    let raised = twilio(&[], "from = \"+12025550100\"\ncalls_per_second = 30\ncalls_per_second_per_number = 0.5");
    assert_eq!((raised.calls_per_second, raised.calls_per_second_per_number), (30.0, Some(0.5)));
}

#[test]
fn a_list_is_a_pool_in_its_order_and_the_variable_is_one_number() {
    let pool = "from = [\"+12025550100\", \"+12025550199\"]";
    assert_eq!(numbers(&twilio(&[], pool)), ["+12025550100", "+12025550199"]);
    let one = twilio(&[("TWILIO_FROM_NUMBER", "+12025550177")], pool);
    assert_eq!(numbers(&one), ["+12025550177"]);
}

#[test]
fn the_mock_phone_keeps_a_pace_only_when_it_is_told_to() {
    let pace = |text: &str| {
        let calls = savehub::provider::build(&config(&[], text).unwrap()).unwrap();
        calls.pace().map(|pace| pace.account.as_millis())
    };
    assert_eq!(pace("[call]\nprovider = \"mock\"\n"), None);
    assert_eq!(pace("[call]\nprovider = \"mock\"\n[provider.mock]\ncalls_per_second = 2\n"), Some(500));
}

#[test]
fn a_rate_that_nobody_grants_is_refused() {
    for rate in ["0", "31", "30.5", "-1.0", "nan", "inf"] {
        let told = refused(&[TOKEN], &account(&format!("from = \"+12025550100\"\ncalls_per_second = {rate}")));
        assert!(told.contains("`calls_per_second` cannot be") && told.contains("at most 30"), "{rate}: {told}");
    }
    let text = refused(&[TOKEN], &account("from = \"+12025550100\"\ncalls_per_second = \"fast\""));
    assert!(text.contains("`calls_per_second` must be a number, not a text"), "{text}");
}

#[test]
fn a_pool_names_numbers_each_once_and_at_least_one() {
    let told = |keys: &str| refused(&[TOKEN], &account(keys));
    assert!(told("from = []").contains("`from` names no number"));
    let twice = told("from = [\"+12025550100\", \"+12025550100\"]");
    assert!(twice.contains("it stands here twice") && !twice.contains("2025550100"), "{twice}");
    let wrong = told("from = [\"+12025550100\", \"2025550199\"]");
    assert!(wrong.contains("`from` is not a number") && !wrong.contains("2025550100"), "{wrong}");
}
