//! The whole ladder of config.example.toml on a turned clock: the real tick and the real providers, against a Twilio, a
//! mail server, a receiver of webhooks and a program of the test's own; and what stops it.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

#[path = "reaching/answers.rs"]
mod answers;
#[allow(dead_code, reason = "only a part of it is used")]
#[path = "support/fake_smtp.rs"]
mod fake_smtp;
#[allow(dead_code, reason = "only a part of it is used")]
#[path = "support/fake_tls.rs"]
mod fake_tls;
#[path = "reaching/hostile.rs"]
mod hostile;
#[path = "reaching/ladder.rs"]
mod ladder;
#[path = "reaching/refusals.rs"]
mod refusals;
#[path = "reaching/story.rs"]
mod story;
mod support;
