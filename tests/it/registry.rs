//! Which provider places new calls, and which one answers for an earlier call.

use crate::support::fake_twilio::{ACCOUNT, FakeTwilio, TOKEN};
use crate::support::twilio_config;
use savehub::config::{Config, MockConfig, ProviderChoice, ProviderConfig, TwilioConfig};
use savehub::model::{ProviderKind, RungKind};
use savehub::provider::{NotConfigured, Provider, Providers, Registry, build};
use std::sync::Arc;

fn config(chosen: ProviderChoice, twilio: Option<TwilioConfig>, test_mode: bool) -> Config {
    let provider = ProviderConfig { chosen, mock: MockConfig::default(), twilio };
    Config { provider, test_mode, ladder: Vec::new(), ..Config::default() }
}

fn account() -> TwilioConfig {
    twilio_config(&FakeTwilio::refuse(), ACCOUNT, TOKEN)
}

#[test]
fn the_chosen_provider_places_calls_and_test_mode_stands_before_it() {
    for (chosen, test_mode, kind, of) in [
        (ProviderChoice::Mock, false, ProviderKind::Mock, "mock"),
        (ProviderChoice::Twilio, false, ProviderKind::Twilio, ACCOUNT),
        (ProviderChoice::Mock, true, ProviderKind::Test, "mock"),
        (ProviderChoice::Twilio, true, ProviderKind::Test, ACCOUNT),
    ] {
        let provider = build(&config(chosen, Some(account()), test_mode)).unwrap();
        assert_eq!((provider.kind(), provider.account()), (kind, of));
    }
}

#[test]
fn twilio_without_its_account_is_an_error_and_never_the_mock_phone() {
    for test_mode in [false, true] {
        let built = build(&config(ProviderChoice::Twilio, None, test_mode));
        assert_eq!(built.err(), Some(NotConfigured));
    }
}

#[test]
fn switching_to_the_mock_phone_or_to_test_mode_orphans_no_call() {
    let registry = Registry::new(&config(ProviderChoice::Mock, Some(account()), true)).unwrap();
    let of = |kind, account: &str| {
        registry.for_attempt(RungKind::Call, kind, account).map(|p| (p.kind(), p.account().to_owned()))
    };
    assert_eq!(of(ProviderKind::Twilio, ACCOUNT), Some((ProviderKind::Twilio, ACCOUNT.into())));
    assert_eq!(of(ProviderKind::Mock, "mock"), Some((ProviderKind::Mock, "mock".into())));
    assert_eq!(of(ProviderKind::Test, ACCOUNT).unwrap().0, ProviderKind::Test);
}

#[test]
fn a_call_of_an_account_that_is_gone_has_no_provider() {
    let registry = Registry::new(&config(ProviderChoice::Mock, Some(account()), false)).unwrap();
    assert!(registry.for_attempt(RungKind::Call, ProviderKind::Twilio, "ACother").is_none());
    let without = Registry::new(&config(ProviderChoice::Mock, None, false)).unwrap();
    assert!(without.for_attempt(RungKind::Call, ProviderKind::Twilio, ACCOUNT).is_none());
}

#[test]
fn each_provider_is_built_once() {
    let registry = Registry::new(&config(ProviderChoice::Twilio, Some(account()), false)).unwrap();
    let earlier: Arc<dyn Provider> = registry.for_attempt(RungKind::Call, ProviderKind::Twilio, ACCOUNT).unwrap();
    assert!(Arc::ptr_eq(&registry.calls(), &earlier));
}

#[test]
fn only_a_real_phone_is_asked_what_people_said() {
    let heard = |chosen, test_mode| {
        let config = config(chosen, Some(account()), test_mode);
        Registry::new(&config).unwrap().hearing().is_some()
    };
    assert!(heard(ProviderChoice::Twilio, false));
    assert!(!heard(ProviderChoice::Twilio, true) && !heard(ProviderChoice::Mock, false));
}
