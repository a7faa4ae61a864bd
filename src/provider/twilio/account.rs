//! One account: who we are there, and where its things are.

use crate::config::{EngineConfig, HearConfig, TwilioAuth, TwilioConfig};
use crate::model::{Pace, Phone};
use crate::provider::http::{HttpClient, HttpSettings, path_encode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::AtomicU32;

/// One account at Twilio. Nothing is connected before the first request.
#[derive(Debug)]
pub struct Twilio {
    pub(super) account: String,
    /// The numbers its calls and messages come from; at least one.
    pub(super) numbers: Vec<Phone>,
    pub(super) pace: Option<Pace>,
    pub(super) base_url: String,
    /// The token or API secret, to strike it out should an answer repeat it.
    secret: SecretString,
    /// The whole `Basic …` header.
    pub(super) authorization: SecretString,
    pub(super) status_callback: Option<SecretString>,
    /// The code with which the provider has refused that address: calls go without it from then on. 0: it has not.
    pub(super) refuses_callback: AtomicU32,
    /// Where a key pressed in a call goes.
    pub(super) key_bin: Option<String>,
    pub(super) http: HttpClient,
}

impl Twilio {
    /// The account of `config`, with the request times of `engine`.
    pub fn new(config: &TwilioConfig, engine: &EngineConfig) -> Self {
        Self::with_http(config, HttpClient::new(http_settings(config, engine)))
    }

    /// As [`Twilio::new`], over this client.
    pub fn with_http(config: &TwilioConfig, http: HttpClient) -> Self {
        let none = SecretString::default();
        let (user, secret) = match &config.auth {
            TwilioAuth::Token(token) => (&config.account_sid, token),
            TwilioAuth::ApiKey { sid, secret } => (sid, secret),
            // The client makes no request.
            TwilioAuth::Locked(_) => (&config.account_sid, &none),
        };
        let basic = STANDARD.encode(format!("{user}:{}", secret.expose_secret()));
        Self {
            account: config.account_sid.clone(),
            numbers: config.numbers().cloned().collect(),
            pace: Pace::per_second(config.calls_per_second, config.calls_per_second_per_number),
            base_url: config.base_url.trim_end_matches('/').to_owned(),
            secret: secret.clone(),
            authorization: format!("Basic {basic}").into(),
            refuses_callback: AtomicU32::new(0),
            status_callback: config.status_callback.clone().map(SecretString::from),
            key_bin: None,
            http,
        }
    }

    /// The same, with keys as `hear` says.
    #[must_use]
    pub fn hearing(self, hear: &HearConfig) -> Self {
        Self { key_bin: hear.key_bin.clone(), ..self }
    }

    /// Where the account itself is read.
    pub(super) fn account_url(&self) -> String {
        format!("{}/2010-04-01/Accounts/{}.json", self.base_url, path_encode(&self.account))
    }

    /// Where one kind of things (`Calls`) is made and listed.
    pub(super) fn list_url(&self, resource: &str) -> String {
        format!("{}/2010-04-01/Accounts/{}/{resource}.json", self.base_url, path_encode(&self.account))
    }

    /// Where one of them is read and changed.
    pub(super) fn one_url(&self, resource: &str, sid: &str) -> String {
        let (account, sid) = (path_encode(&self.account), path_encode(sid));
        format!("{}/2010-04-01/Accounts/{account}/{resource}/{sid}.json", self.base_url)
    }

    /// An answer's body without our secret, should the answer repeat what we sent. Before anything is cut out of it: half
    /// a secret would not be found again.
    pub(super) fn strike(&self, body: Vec<u8>) -> Vec<u8> {
        let secrets = [self.secret.expose_secret(), self.authorization.expose_secret().trim_start_matches("Basic ")];
        let mut text = String::from_utf8_lossy(&body).into_owned();
        if !secrets.iter().any(|s| !s.is_empty() && text.contains(s)) {
            return body;
        }
        for secret in secrets.iter().filter(|s| !s.is_empty()) {
            text = text.replace(secret, "***");
        }
        text.into_bytes()
    }
}

/// The client's settings for this account.
pub fn http_settings(config: &TwilioConfig, engine: &EngineConfig) -> HttpSettings {
    HttpSettings {
        request_timeout: engine.request_timeout,
        route: config.route.clone(),
        locked: if let TwilioAuth::Locked(why) = &config.auth { Some(why.clone()) } else { None },
    }
}
