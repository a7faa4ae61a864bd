//! The configuration: what was typed ([`raw`]) becomes what it means ([`Config`]) in [`check`], or a list of every
//! problem with its place ([`show`]).

mod check;
mod env;
mod raw;
mod show;

use crate::model::{Phone, Voice};
pub use crate::rules::guard::GuardConfig;
pub use crate::rules::ladder::Rung;
use crate::rules::message::Template;
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// The checked configuration. Every value is usable as it stands.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from; `None` when savehub runs on environment variables and defaults alone.
    pub file: Option<PathBuf>,
    /// The SQLite file.
    pub database: PathBuf,
    /// While this file exists nothing is sent: `STOP` beside the config.
    pub stop_file: PathBuf,
    /// Who places calls, and with which account.
    pub provider: ProviderConfig,
    /// Record calls instead of placing them.
    pub test_mode: bool,
    /// The guards' numbers.
    pub guards: GuardConfig,
    /// The engine's times.
    pub engine: EngineConfig,
    /// The rungs, earliest first. Never empty.
    pub ladder: Vec<Rung>,
    /// The people, in the order of the file.
    pub people: Vec<Person>,
}

/// Which provider is chosen; the accounts of the others stay known so that their calls can be followed and ended.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// `call.provider` or `CALL_PROVIDER`.
    pub chosen: ProviderChoice,
    /// `[provider.mock]`.
    pub mock: MockConfig,
    /// `[provider.twilio]` when it is complete.
    pub twilio: Option<TwilioConfig>,
}

/// The providers a config can choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderChoice {
    /// The mock phone.
    Mock,
    /// Twilio or compatible.
    Twilio,
}

/// `[provider.mock]`.
#[derive(Debug, Clone, Default)]
pub struct MockConfig {
    /// Outcomes of the first, second, … call of a process; the last one repeats. Empty: `no-answer`.
    pub outcomes: Vec<crate::provider::mock::MockOutcome>,
}

/// `[provider.twilio]`.
#[derive(Debug, Clone)]
pub struct TwilioConfig {
    /// `AC…`.
    pub account_sid: String,
    /// How requests are signed.
    pub auth: TwilioAuth,
    /// The number calls come from.
    pub from: Phone,
    /// Without a trailing slash; https, or http on loopback.
    pub base_url: String,
    /// PEM file with the certificate authorities to trust instead of the built-in ones.
    pub ca_file: Option<PathBuf>,
    /// Proxy address; never taken from the environment, since cron's differs.
    pub proxy: Option<String>,
    /// `CALL_WEBHOOK_URL`: passed on as StatusCallback.
    pub status_callback: Option<String>,
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
}

/// `[engine]`.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How long a phone rings, in whole seconds (Twilio `Timeout`, at most 600). Default 45 s.
    pub ring_timeout: Duration,
    /// Sum of the request's own phases. Default 20 s.
    pub request_timeout: Duration,
    /// Guard 3: the limit the waiting thread enforces. Default 45 s, never more.
    pub hard_timeout: Duration,
    /// How long an attempt belongs to the process that wrote it. Default 120 s; more than twice `hard_timeout`.
    pub lease: Duration,
    /// How long after a request's deadline the provider may still create its call. Default 30 s.
    pub settle: Duration,
    /// A tick ends by itself within this time. Default 60 s.
    pub tick_limit: Duration,
    /// Requests under way at once. Default 16.
    pub parallel: usize,
    /// An incident whose meeting started this long ago without check-in is missed. Default 15 min.
    pub grace: Duration,
    /// Ended incidents older than this are deleted; `None` keeps them.
    pub retention: Option<Duration>,
}

/// One `[[person]]` entry.
#[derive(Debug, Clone)]
pub struct Person {
    /// Short and typable; unique.
    pub id: String,
    /// As it is spoken.
    pub name: String,
    /// Who is called.
    pub phone: Phone,
    /// Display and input of times.
    pub zone: crate::zone::Zone,
    /// What is said.
    pub message: Template,
    /// How it is said.
    pub voice: Voice,
    /// `shared_phone = true`: another person may have the same number.
    pub shared_phone: bool,
}

impl Config {
    /// The person with this id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.iter().find(|p| p.id == id)
    }
}
