//! Which provider: the one for new calls, and the one that placed an earlier call.

use super::mock::Mock;
use super::test_mode::TestMode;
use super::twilio::Twilio;
use super::{Hearing, Provider, Providers};
use crate::config::{Config, ProviderChoice};
use crate::model::ProviderKind;
use std::sync::Arc;

/// The chosen provider lacks its part of the config. The config's own check reports that with its place; this is the
/// last line behind it, so that a missing table can never mean the mock phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the provider twilio is chosen, but account SID, auth token or from number is missing")]
pub struct NotConfigured;

/// Every provider of a config, each built once.
pub struct Registry {
    current: Arc<dyn Provider>,
    test: Arc<dyn Provider>,
    mock: Arc<dyn Provider>,
    twilio: Option<Arc<Twilio>>,
    hearing: Option<Arc<dyn Hearing>>,
}

impl Registry {
    /// Builds them. Nothing is connected, no file is read.
    pub fn new(config: &Config) -> Result<Self, NotConfigured> {
        let mock: Arc<dyn Provider> = Arc::new(Mock::new(&config.provider.mock.outcomes));
        let twilio = config.provider.twilio.as_ref();
        let twilio = twilio.map(|t| Arc::new(Twilio::new(t, &config.engine).hearing(&config.hear)));
        let chosen: Arc<dyn Provider> = match config.provider.chosen {
            ProviderChoice::Mock => Arc::clone(&mock),
            ProviderChoice::Twilio => twilio.clone().ok_or(NotConfigured)?,
        };
        // In a rehearsal nobody was called, and nobody answers.
        let real = config.provider.chosen == ProviderChoice::Twilio && !config.test_mode;
        let hearing = twilio.clone().filter(|_| real).map(|twilio| -> Arc<dyn Hearing> { twilio });
        let test: Arc<dyn Provider> = Arc::new(TestMode::new(Arc::clone(&chosen)));
        let current = if config.test_mode { Arc::clone(&test) } else { chosen };
        Ok(Self { current, test, mock, twilio, hearing })
    }
}

impl Providers for Registry {
    fn current(&self) -> Arc<dyn Provider> {
        Arc::clone(&self.current)
    }

    /// Neither the provider of today nor test mode changes the answer.
    fn for_call(&self, kind: ProviderKind, account: &str) -> Option<Arc<dyn Provider>> {
        match kind {
            ProviderKind::Mock => Some(Arc::clone(&self.mock)),
            ProviderKind::Test => Some(Arc::clone(&self.test)),
            ProviderKind::Twilio => {
                let twilio = self.twilio.clone().filter(|t| t.account() == account);
                twilio.map(|twilio| -> Arc<dyn Provider> { twilio })
            }
        }
    }

    fn hearing(&self) -> Option<Arc<dyn Hearing>> {
        self.hearing.clone()
    }
}

/// The provider for new calls alone.
pub fn build(config: &Config) -> Result<Arc<dyn Provider>, NotConfigured> {
    Registry::new(config).map(|registry| registry.current())
}
