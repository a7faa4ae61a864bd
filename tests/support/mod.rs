//! What the test binaries share.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "every test binary uses another part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

pub mod alone;
pub mod browser;
pub mod captured;
pub mod cli;
pub mod documents;
pub mod door;
pub mod fake_dav;
pub mod fake_feed;
pub mod fake_rules;
pub mod fake_script;
pub mod fake_smtp;
pub mod fake_tls;
pub mod fake_twilio;
pub mod forward;
pub mod stand_in;
pub mod turned;
pub mod watched;
pub mod wire;
pub mod world;
pub mod year;

use savehub::config::{EngineConfig, TwilioAuth, TwilioConfig};
use savehub::model::{
    Address, Authorities, FenceReason, Phone, Request, RequestFacts, Route, Target, Timestamp, Trust, Voice,
};
use savehub::provider::Gate;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What takes so long hangs. No machine is so slow.
pub const HUNG: Duration = Duration::from_secs(600);

/// A fictional number: the last digits of +1 202 555 01xx.
pub fn phone(last: u8) -> Phone {
    Phone::parse(&format!("+120255501{last:02}")).unwrap()
}

/// The same as a sender.
pub fn sender(last: u8) -> Address {
    Address::Phone(phone(last))
}

/// The same as a phone that is called.
pub fn called(last: u8) -> Target {
    Target::call(phone(last))
}

/// The default engine, but for the request's own limit.
pub fn engine(request_timeout: Duration) -> EngineConfig {
    EngineConfig { request_timeout, ..EngineConfig::default() }
}

/// An account signed with its token.
pub fn twilio_config(base_url: &str, account: &str, token: &str) -> TwilioConfig {
    TwilioConfig {
        account_sid: account.into(),
        auth: TwilioAuth::Token(token.to_owned().into()),
        from: phone(99),
        more_from: Vec::new(),
        calls_per_second: f64::INFINITY,
        calls_per_second_per_number: None,
        base_url: base_url.into(),
        route: direct(),
        status_callback: None,
    }
}

/// Without a proxy, believing the built-in authorities.
pub fn direct() -> Route {
    Route::direct(Trust::built_in("`ca_file`"))
}

/// Believing the authorities of this file alone.
pub fn in_file(file: impl Into<std::path::PathBuf>) -> Trust {
    Trust::new(Authorities::File(file.into()), "`ca_file`")
}

/// A call to +1 202 555 0123.
pub fn call(message: &str) -> Request {
    Request {
        token: "tok1".into(),
        key: "tok1".into(),
        event: "abc123".into(),
        user: "ana".into(),
        to: called(23),
        from: sender(99),
        message: message.into(),
        subject: None,
        voice: Voice::default(),
        ring_timeout: Duration::from_secs(45),
        machine_detection: false,
        facts: RequestFacts::default(),
        intent_at: Timestamp::from_ms(1_795_338_000_000), // 2026-11-22T09:00:00Z
    }
}

/// A gate that is always open.
pub struct Open;

impl Gate for Open {
    fn pass(&self) -> Result<(), FenceReason> {
        Ok(())
    }
}

/// A gate that counts how often it is looked at, and answers each look as it is told.
pub struct Looks {
    count: AtomicUsize,
    answer: Box<dyn Fn(usize) -> Result<(), FenceReason> + Send + Sync>,
}

impl Looks {
    /// The answer is given the number of the look, from 1 on.
    pub fn new(answer: impl Fn(usize) -> Result<(), FenceReason> + Send + Sync + 'static) -> Self {
        Self { count: AtomicUsize::new(0), answer: Box::new(answer) }
    }

    /// The first so many looks find it open.
    pub fn open_for(times: usize) -> Self {
        Self::new(move |look| if look <= times { Ok(()) } else { Err(FenceReason::IncidentEnded) })
    }

    /// This look finds it closed.
    pub fn closed_at(nth: usize) -> Self {
        Self::new(move |look| if look == nth { Err(FenceReason::IncidentEnded) } else { Ok(()) })
    }

    /// How often it was looked at.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

impl Gate for Looks {
    fn pass(&self) -> Result<(), FenceReason> {
        (self.answer)(self.count.fetch_add(1, Ordering::SeqCst) + 1)
    }
}
