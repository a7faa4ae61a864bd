//! Who places calls.

use crate::model::{MockOutcome, Phone, Route};
use secrecy::SecretString;
use std::fmt;

/// Which provider is chosen; the accounts of the others stay known so that their calls can be followed and ended.
#[derive(Debug, Clone, Default)]
pub struct ProviderConfig {
    /// `call.provider` or `CALL_PROVIDER`.
    pub chosen: ProviderChoice,
    /// `[provider.mock]`.
    pub mock: MockConfig,
    /// `[provider.twilio]` when it is complete.
    pub twilio: Option<TwilioConfig>,
}

impl ProviderConfig {
    /// Why the secret of the chosen provider cannot be had, if it cannot.
    pub fn locked(&self) -> Option<&str> {
        match (self.chosen, &self.twilio) {
            (ProviderChoice::Twilio, Some(TwilioConfig { auth: TwilioAuth::Locked(why), .. })) => Some(why),
            _ => None,
        }
    }
}

/// The providers a config can choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProviderChoice {
    /// The mock phone.
    #[default]
    Mock,
    /// Twilio or compatible.
    Twilio,
}

impl ProviderChoice {
    const ALL: [Self; 2] = [Self::Mock, Self::Twilio];

    /// What a config calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mock => "mock",
            Self::Twilio => "twilio",
        }
    }

    /// The provider a config calls by this name.
    pub(super) fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }
}

/// `[provider.mock]`.
#[derive(Debug, Clone, Default)]
pub struct MockConfig {
    /// Outcomes of the first, second, … call of a process; the last one repeats. Empty: `no-answer`.
    pub outcomes: Vec<MockOutcome>,
    /// How many calls may start in a second; `None`: as fast as they come.
    pub calls_per_second: Option<f64>,
}

/// What Twilio allows an account that has not asked for more (docs/voice/api/call-resource).
pub const CALLS_PER_SECOND: f64 = 1.0;

/// `[provider.twilio]`. `Debug` shows what is not secret.
#[derive(Clone)]
pub struct TwilioConfig {
    /// `AC…`.
    pub account_sid: String,
    /// How requests are signed.
    pub auth: TwilioAuth,
    /// The number calls come from; of several, the first.
    pub from: Phone,
    /// The others: one pool with `from`.
    pub more_from: Vec<Phone>,
    /// How many calls the account may start in a second. Default 1 (support article 223180028). Infinite, which no file
    /// can say: as fast as they come.
    pub calls_per_second: f64,
    /// The same for each number; `None`: numbers have no pace of their own.
    pub calls_per_second_per_number: Option<f64>,
    /// Without a trailing slash; https, or http on loopback.
    pub base_url: String,
    /// Whose certificates are believed, and through which proxy it goes.
    pub route: Route,
    /// `CALL_WEBHOOK_URL`: passed on as StatusCallback.
    pub status_callback: Option<String>,
}

impl TwilioConfig {
    /// Every number calls come from.
    pub fn numbers(&self) -> impl Iterator<Item = &Phone> {
        std::iter::once(&self.from).chain(&self.more_from)
    }
}

impl fmt::Debug for TwilioConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy's address may hold its password, a callback's a token.
        f.debug_struct("TwilioConfig")
            .field("account_sid", &self.account_sid)
            .field("from", &self.numbers().collect::<Vec<_>>())
            .field("calls_per_second", &self.calls_per_second)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// HTTP basic authentication (docs/iam/api-keys).
#[derive(Debug, Clone)]
pub enum TwilioAuth {
    /// Account SID and auth token.
    Token(SecretString),
    /// API key `SK…` and its secret.
    ApiKey {
        /// `SK…`.
        sid: String,
        /// Its secret.
        secret: SecretString,
    },
    /// The secret cannot be had at present, and why: no request leaves.
    Locked(String),
}
