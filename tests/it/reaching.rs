//! The whole ladder of config.example.toml on a turned clock: the real tick and the real providers, against a Twilio, a
//! mail server, a receiver of webhooks and a program of the test's own; and what stops it.

mod answers;
mod hostile;
mod ladder;
mod refusals;
mod story;
