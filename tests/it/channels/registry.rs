//! Which provider reaches people over which channel.

use savehub::config::{Config, from_text};
use savehub::model::{ProviderKind, RungKind};
use savehub::provider::{Providers, Registry};
use std::path::Path;

const CHANNELS: &str = "
[email]
host = \"smtp.example.com\"
from = \"savehub@example.com\"
[webhook.phone]
url = \"https://example.com/1\"
[command.lamp]
run = [\"lamp\"]
";

const TWILIO: &str = "[call]\nprovider = \"twilio\"\n[provider.twilio]\naccount_sid = \"AC1\"\nfrom = \"+12025550100\"\n\
                      auth_token = \"x\"\n";

fn config(text: &str) -> Config {
    from_text(text, Path::new("/nonexistent/config.toml"), &|name| (name == "HOME").then(|| "/home/ana".into()))
        .unwrap()
}

fn kinds(config: &Config) -> Vec<Option<ProviderKind>> {
    let registry = Registry::new(config).unwrap();
    let kinds = [RungKind::Email, RungKind::Webhook, RungKind::Command];
    kinds.iter().map(|kind| registry.of(*kind).map(|provider| provider.kind())).collect()
}

#[test]
fn with_the_mock_phone_and_in_test_mode_nothing_leaves_over_any_channel() {
    let mut mock = config(CHANNELS);
    assert_eq!(kinds(&mock), [Some(ProviderKind::Mock); 3]);
    mock.test_mode = true;
    assert_eq!(kinds(&mock), [Some(ProviderKind::Test); 3]);
}

#[test]
fn a_channel_of_the_config_is_reached_for_real_and_another_by_nobody() {
    let real = config(&format!("{TWILIO}{CHANNELS}"));
    let all = [ProviderKind::Smtp, ProviderKind::Webhook, ProviderKind::Command];
    assert_eq!(kinds(&real), all.map(Some));
    assert_eq!(kinds(&config(TWILIO)), [None; 3]);
}
