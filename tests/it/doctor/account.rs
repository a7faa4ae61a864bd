//! The provider's account, at a fake of it.

use super::{doctor, doctor_with, scheduled, ticks};
use crate::support::cli::{ANA, Cli, twilio};
use crate::support::fake_twilio::{ACCOUNT, Behaviour, Endpoint, FakeTwilio, TEST_ACCOUNT, TOKEN};
use savehub::clock::{Clock as _, SystemClock};
use savehub::store::Store as _;
use savehub::store::sqlite::{Create, SqliteStore};

/// A healthy installation, and its Twilio.
fn healthy() -> (FakeTwilio, Cli) {
    let fake = FakeTwilio::start();
    let cli = scheduled(Cli::on_twilio(&fake, TOKEN));
    (fake, cli)
}

/// The same with another config.
fn with(change: impl Fn(String) -> String) -> (FakeTwilio, Cli) {
    let fake = FakeTwilio::start();
    let cli = scheduled(Cli::with(&change(twilio(&fake.base_url(), TOKEN, ANA))));
    (fake, cli)
}

const SMS: &str = "[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

#[test]
fn a_healthy_installation_has_nothing_wrong() {
    let (_fake, cli) = healthy();
    let said = doctor(&cli);
    assert_eq!((said.code, &said.report["problems"], &said.report["warnings"]), (0, &0.into(), &0.into()), "{said:#?}");
    said.says("provider", "ok", "twilio, calls come from ****0199");
    said.says("clock", "ok", "agrees");
    said.says("account", "ok", "active");
    said.says("balance", "ok", "12.50 USD");
    said.says("from", "ok", "****0199 belongs to the account");
    said.says("countries", "ok", "calls to US are allowed");
    assert_eq!((said.of("verified").len(), said.of("messages").len()), (0, 0), "{said:#?}");
    let ran = cli.run(&["doctor"]);
    assert_eq!((ran.out.lines().last(), ran.err.as_str()), (Some("nothing wrong"), ""));
}

#[test]
fn a_clock_that_is_wrong_is_told_by_how_much() {
    let (fake, cli) = healthy();
    fake.set_date_offset_ms(15_000);
    doctor(&cli).is_wrong_in("clock", "warning", "behind the provider");
    fake.set_date_offset_ms(-150_000);
    doctor(&cli).is_wrong_in("clock", "problem", "this machine is 2 min ahead of the provider");
}

#[test]
fn a_suspended_account_and_a_closed_one_are_problems() {
    let (fake, cli) = healthy();
    for status in ["suspended", "closed"] {
        fake.set_account_status(status);
        doctor(&cli).is_wrong_in("account", "problem", &format!("it is {status}"));
    }
}

#[test]
fn wrong_credentials_are_a_problem_and_nothing_else_is_asked() {
    let (fake, cli) = with(|text| text.replace(TOKEN, "another_token"));
    let said = doctor(&cli);
    said.is_wrong_in("account", "problem", "the credentials are refused: 20003");
    said.says("clock", "ok", "agrees");
    assert!(said.of("balance").is_empty() && said.of("from").is_empty());
    assert_eq!(fake.requests().len(), 2, "the account, and whether it is a limited key");
}

#[test]
fn a_limited_key_may_not_read_the_account_and_is_good_for_calls() {
    let (fake, cli) = with(|text| {
        let key = "api_key_sid = \"SK0123456789abcdef0123456789abcdef\"\napi_key_secret";
        text.replace("\nauth_token", &format!("\n{key}"))
    });
    fake.limit_keys();
    let said = doctor(&cli);
    said.says("account", "ok", "this key may not read the account itself");
    for check in ["balance", "from", "countries"] {
        said.says(check, "skipped", "may not ask");
    }
    assert_eq!(said.code, 0);
}

#[test]
fn test_credentials_are_told_from_wrong_ones() {
    let (_fake, cli) = with(|text| text.replace(ACCOUNT, TEST_ACCOUNT));
    doctor(&cli).is_wrong_in("account", "warning", "these are test credentials");
}

#[test]
fn a_provider_that_cannot_be_reached_or_fails_is_a_problem() {
    let cli = scheduled(Cli::with(&twilio(&FakeTwilio::refuse(), TOKEN, ANA)));
    let said = doctor(&cli);
    said.is_wrong_in("account", "problem", "the provider cannot be asked: ");
    said.says("clock", "skipped", "told no time");
    let (fake, cli) = healthy();
    fake.set_down(Endpoint::Other, Some(Behaviour::server_error()));
    doctor(&cli).is_wrong_in("account", "problem", "HTTP 500");
}

#[test]
fn a_provider_that_is_silent_is_given_up_after_the_time_of_one_request() {
    let (fake, cli) = with(|text| text + "[engine]\nrequest_timeout = \"1s\"\n");
    fake.set_down(Endpoint::Other, Some(Behaviour::Silence));
    let said = doctor(&cli);
    said.says("account", "problem", "no answer within 1 s");
    assert!(said.of("config").iter().any(|(_, words)| words.starts_with("request_timeout = \"1s\"")), "{said:#?}");
    assert_eq!(fake.requests().len(), 1, "nothing else is asked");
}

#[test]
fn little_money_is_a_warning_and_none_a_problem() {
    let (fake, cli) = healthy();
    fake.set_balance("4.99");
    doctor(&cli).is_wrong_in("balance", "warning", "only 4.99 USD left");
    fake.set_balance("-0.20");
    doctor(&cli).is_wrong_in("balance", "problem", "-0.20 USD: nothing is left");
    fake.set_balance("a lot");
    doctor(&cli).is_wrong_in("balance", "warning", "the provider's answer is no balance");
}

#[test]
fn a_from_number_of_somebody_else_is_a_problem_unless_it_is_verified() {
    let (fake, cli) = healthy();
    fake.set_number("+12025550198", true, true);
    doctor(&cli).is_wrong_in("from", "problem", "****0199 is not a number of this account");
    fake.verify("+12025550199");
    doctor(&cli).says("from", "ok", "****0199 is a verified caller ID");
}

#[test]
fn a_from_number_that_rests_after_a_refusal_is_a_warning() {
    let (_fake, cli) = healthy();
    let store = SqliteStore::open(&cli.database(), Create::No).unwrap();
    let fault = |key: &str| store.fault_seen(key, SystemClock.now()).unwrap();
    fault("twilio from ****0198");
    let words = "the provider refuses calls from ****0198: it rests, and the others are used";
    let said = doctor(&cli);
    assert_eq!(said.of("from"), [("warning", words), ("ok", "****0199 belongs to the account")], "{said:#?}");
    assert_eq!((said.code, &said.report["warnings"]), (0, &1.into()));
    fault("twilio messages from ****0197");
    let said = doctor_with(&cli, &["--offline"]);
    assert!(said.of("from")[1].1.starts_with("the provider refuses messages from ****0197:"), "{said:#?}");
}

#[test]
fn a_longer_number_that_holds_ours_is_not_ours() {
    let (fake, cli) = healthy();
    fake.set_number("+120255501991", true, true);
    doctor(&cli).is_wrong_in("from", "problem", "is not a number of this account");
}

#[test]
fn a_from_number_must_do_what_the_ladder_needs() {
    let (fake, cli) = healthy();
    fake.set_number("+12025550199", false, true);
    doctor(&cli).is_wrong_in("from", "problem", "cannot send calls");
    fake.set_number("+12025550199", true, false);
    doctor(&cli).says("from", "ok", "");
    let (fake, cli) = with(|text| text + SMS);
    fake.set_number("+12025550199", true, false);
    let said = doctor(&cli);
    said.is_wrong_in("from", "problem", "cannot send text messages");
    said.says("messages", "skipped", "A2P 10DLC");
}

#[test]
fn a_country_that_may_not_be_called_is_a_problem_before_the_night_it_matters() {
    let german = ["[[person]]\nid = \"ben\"\nphone = \"+49", "3012345678\"\n"].concat();
    let (fake, cli) = with(|text| text + &german);
    doctor(&cli).says("countries", "ok", "calls to DE, US are allowed");
    fake.close_country("DE");
    let said = doctor(&cli);
    let found = said.of("countries");
    assert!(found[0].0 == "problem" && found[0].1.contains("calls to DE are not allowed (ben)"), "{said:#?}");
    assert_eq!(found[1], ("ok", "calls to US are allowed"));
}

#[test]
fn the_country_of_a_contact_who_is_texted_counts() {
    let contact = ["[[contact]]\nname = \"Eva\"\nphone = \"+43", "1234567890\"\n"].concat();
    let rung = "[[ladder]]\nstep = \"sms\"\nafter = \"5m\"\nto = \"Eva\"\n";
    let (fake, cli) = with(|text| text + &contact + SMS + rung);
    fake.close_country("AT");
    doctor(&cli)
        .of("countries")
        .iter()
        .find(|(status, words)| *status == "problem" && words.contains("(Eva)"))
        .unwrap();
}

#[test]
fn a_trial_account_calls_verified_numbers_alone() {
    let (fake, cli) = healthy();
    fake.set_trial();
    let said = doctor(&cli);
    said.says("account", "warning", "active, a trial account");
    said.says("verified", "problem", "these are not: ana ****0101");
    fake.verify("+12025550101");
    let said = doctor(&cli);
    said.says("verified", "ok", "everybody's number is verified");
    assert_eq!(said.code, 0, "{said:#?}");
}

#[test]
fn a_service_that_does_not_tell_is_not_blamed() {
    let (fake, cli) = healthy();
    let missing = Behaviour::Status(404, String::new(), vec![]);
    // The account is asked first, and alone.
    fake.script_for(Endpoint::Other, [Behaviour::Answer]);
    fake.set_down(Endpoint::Other, Some(missing));
    let said = doctor(&cli);
    for check in ["balance", "from", "countries"] {
        said.says(check, "skipped", "this provider does not tell");
    }
    assert_eq!(said.code, 0, "{said:#?}");
}

#[test]
fn offline_nobody_is_asked() {
    let (fake, cli) = healthy();
    let said = doctor_with(&cli, &["--offline"]);
    said.says("account", "skipped", "--offline");
    said.says("ticks", "ok", "");
    assert_eq!((said.code, fake.connections()), (0, 0));
}

#[test]
fn in_a_rehearsal_nobody_is_asked_and_in_test_mode_everybody() {
    let (fake, cli) = healthy();
    doctor(&cli.set("CALL_PROVIDER", "mock")).is_wrong_in("provider", "warning", "mock");
    assert_eq!(fake.connections(), 0);
    let (_fake, cli) = healthy();
    let said = doctor(&cli.set("CALL_TEST_MODE", "true"));
    said.is_wrong_in("provider", "warning", "test mode: no phone will ring");
    said.says("account", "ok", "active");
}

#[test]
fn the_page_shows_what_doctor_says() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    ticks(&cli, (0..120).rev().map(|n| n * 60 + 5));
    fake.set_number("+12025550198", true, true);
    fake.set_balance("3.20");
    let ran = cli.run(&["doctor"]);
    let page = include_str!("../../../docs/operating.md");
    let shown = page.split("  ok       config").nth(1).unwrap().split("```").next().unwrap();
    let shown = format!("  ok       config{shown}");
    for check in ["provider", "brakes", "ticks", "clock", "account", "balance", "from", "countries"] {
        let is_it = |line: &&str| line.split_whitespace().nth(1) == Some(check);
        let said = ran.out.lines().find(is_it).unwrap();
        assert!(shown.lines().any(|line| line == said), "{said}\nis not in\n{shown}");
    }
    assert_eq!(shown.lines().last(), ran.out.lines().last());
}
