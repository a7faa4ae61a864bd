//! Which provider: those for new attempts, and the one that made an earlier one.

use super::command::Commands;
use super::email::Email;
use super::http::HttpClient;
use super::mock::Mock;
use super::presence::PresenceCommands;
use super::test_mode::TestMode;
use super::twilio::{Twilio, http_settings};
use super::webhook::Webhooks;
use super::{Hearing, Presence, Provider, Providers};
use crate::config::{Config, MockConfig, ProviderChoice};
use crate::http::Names;
use crate::model::{Pace, ProviderKind, RungKind};
use std::sync::Arc;

/// The chosen provider lacks its part of the config. The check of the config reports that with its place; this is the
/// second line of defence, so that a missing table can never mean the mock phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the provider twilio is chosen, but account SID, auth token or from number is missing")]
pub struct NotConfigured;

/// Every provider of a config, each built once.
pub struct Registry {
    /// The chosen provider, or test mode before it.
    calls: Arc<dyn Provider>,
    /// Does anything leave? The mock phone and test mode stand in for every channel.
    real: bool,
    test: Arc<dyn Provider>,
    mock: Arc<dyn Provider>,
    twilio: Option<Arc<Twilio>>,
    email: Option<Arc<dyn Provider>>,
    webhooks: Option<Arc<dyn Provider>>,
    commands: Option<Arc<dyn Provider>>,
    presence: Arc<PresenceCommands>,
}

impl Registry {
    /// Builds them. Nothing is connected, no file is read.
    pub fn new(config: &Config) -> Result<Self, NotConfigured> {
        let mock: Arc<dyn Provider> = Arc::new(mock(&config.provider.mock));
        let twilio = config.provider.twilio.as_ref();
        // A server's name is looked up once for all that ask there.
        let names = Names::of_system();
        let twilio = twilio.map(|t| {
            let http = HttpClient::with_names(http_settings(t, &config.engine), names.clone());
            Arc::new(Twilio::with_http(t, http).hearing(&config.hear))
        });
        let chosen: Arc<dyn Provider> = match config.provider.chosen {
            ProviderChoice::Mock => Arc::clone(&mock),
            ProviderChoice::Twilio => twilio.clone().ok_or(NotConfigured)?,
        };
        let real = config.provider.chosen == ProviderChoice::Twilio && !config.test_mode;
        let test: Arc<dyn Provider> = Arc::new(TestMode::new(Arc::clone(&chosen)));
        let calls = if config.test_mode { Arc::clone(&test) } else { chosen };
        let channels = &config.channels;
        let email = channels.email.as_ref().map(|email| -> Arc<dyn Provider> { Arc::new(Email::new(email)) });
        let (has_webhooks, has_commands) = (!channels.webhooks.is_empty(), !channels.commands.is_empty());
        let webhooks =
            has_webhooks.then(|| -> Arc<dyn Provider> { Arc::new(Webhooks::with_names(&channels.webhooks, &names)) });
        let commands = has_commands.then(|| -> Arc<dyn Provider> { Arc::new(Commands::new(channels)) });
        let presence = Arc::new(PresenceCommands::new(config));
        Ok(Self { calls, real, test, mock, twilio, email, webhooks, commands, presence })
    }

    /// Who places new calls.
    pub fn calls(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.calls)
    }
}

impl Providers for Registry {
    fn of(&self, kind: RungKind) -> Option<Arc<dyn Provider>> {
        match kind {
            _ if !self.real => Some(Arc::clone(&self.calls)),
            RungKind::Call | RungKind::Sms => self.twilio.as_ref().and_then(|twilio| twilio.provider_of(kind)),
            RungKind::Email => self.email.clone(),
            RungKind::Webhook => self.webhooks.clone(),
            RungKind::Command => self.commands.clone(),
        }
    }

    /// Neither the provider of today nor test mode changes the answer.
    fn for_attempt(&self, kind: RungKind, provider: ProviderKind, account: &str) -> Option<Arc<dyn Provider>> {
        match (provider, kind) {
            (ProviderKind::Mock, _) => Some(Arc::clone(&self.mock)),
            (ProviderKind::Test, _) => Some(Arc::clone(&self.test)),
            (ProviderKind::Twilio, _) => self.twilio.as_ref().filter(|t| t.account() == account)?.provider_of(kind),
            // A mail, a webhook and a command are over when they are taken: nothing is left to follow.
            _ => None,
        }
    }

    fn hearing(&self) -> Option<Arc<dyn Hearing>> {
        // In a rehearsal nobody was called, and nobody answers.
        self.twilio.clone().filter(|_| self.real).map(|twilio| -> Arc<dyn Hearing> { twilio })
    }

    fn presence(&self) -> Option<Arc<dyn Presence>> {
        // In a rehearsal, too: asking changes nothing outside.
        Some(Arc::clone(&self.presence) as Arc<dyn Presence>)
    }
}

fn mock(config: &MockConfig) -> Mock {
    Mock::new(&config.outcomes).paced(config.calls_per_second.and_then(|rate| Pace::per_second(rate, None)))
}

/// The provider for new calls alone.
pub fn build(config: &Config) -> Result<Arc<dyn Provider>, NotConfigured> {
    Registry::new(config).map(|registry| registry.calls)
}
