//! Mail over SMTP (RFC 5321), by the crate lettre.
//!
//! | file | answers |
//! |---|---|
//! | `message` | what does the mail look like? |
//! | `dialogue` | how is it handed over, and when is the gate asked? |
//! | `classify` | what does a refusal, or a broken connection, mean? |
//!
//! A server has taken a mail when it answered the last dot with 250, and not before. So a connection that is lost
//! before the first byte of the mail is `NotSent`, and one that is lost after it is `Unknown`: then the mail may come
//! twice, but with the same Message-ID, by which mail programs tell that it is one.

mod classify;
mod dialogue;
mod login;
mod message;

use super::{Gate, Provider, ProviderError};
use crate::config::EmailConfig;
use crate::http::{Lookup, Names, SystemLookup};
use crate::model::{
    Accepted, Address, CallReport, CallStatus, HangUp, NotSentCause, Outcome, ProviderKind, Reply, ReplyMeta, Request,
    Timestamp,
};
use classify::not_sent;
use login::Credentials;
use std::sync::Arc;
use std::time::Instant;

/// The account of mail: there is one server.
pub const EMAIL_ACCOUNT: &str = "smtp";

/// The mail server of the config. Nothing is connected before the first mail, and no connection is kept.
#[derive(Debug)]
pub struct Email {
    config: EmailConfig,
    names: Names,
}

impl Email {
    /// The server of a config.
    pub fn new(config: &EmailConfig) -> Self {
        Self::with_lookup(config, Arc::new(SystemLookup))
    }

    /// As [`Email::new`], with its own way to resolve names.
    pub fn with_lookup(config: &EmailConfig, lookup: Arc<dyn Lookup>) -> Self {
        Self { config: config.clone(), names: Names::new(lookup) }
    }

    /// Greets the server, protects the connection, logs in and says goodbye. No mail is sent. Otherwise says why it cannot.
    pub(super) fn greet(&self) -> Result<(), String> {
        let login = self.config.login.as_ref().map(Credentials::fetch).transpose();
        let greeted = login.and_then(|login| dialogue::greet(&self.config, login.as_ref(), &self.names));
        greeted.map_err(|outcome| match outcome {
            Outcome::NotSent(not_sent) => not_sent.detail,
            Outcome::Rejected(refused) => format!("refused: {}", refused.message),
            Outcome::Unknown(doubt) => doubt.detail,
            Outcome::Accepted(_) => String::new(),
        })
    }

    fn send(&self, request: &Request, gate: &dyn Gate) -> Result<Outcome, Outcome> {
        let Address::Email(to) = &request.to.address else {
            return Err(not_sent(NotSentCause::Other, "this is not a mail address"));
        };
        let mail = message::write(request, &self.config.from, to)
            .map_err(|why| not_sent(NotSentCause::Other, &format!("the mail cannot be written: {why}")))?;
        let login = self.config.login.as_ref().map(Credentials::fetch).transpose()?;
        dialogue::look(gate)?;
        dialogue::hand_over(&self.config, login.as_ref(), &self.names, &mail, gate)?;
        Ok(Outcome::Accepted(Accepted { sid: format!("SMTP-{}", request.token), status: CallStatus::Done }))
    }
}

impl Provider for Email {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Smtp
    }

    fn account(&self) -> &str {
        EMAIL_ACCOUNT
    }

    fn senders(&self) -> Vec<Address> {
        vec![Address::Email(self.config.from.clone())]
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let started = Instant::now();
        let outcome = self.send(request, gate).unwrap_or_else(|outcome| outcome);
        let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let reply = Reply { outcome, meta: ReplyMeta { elapsed_ms, ..ReplyMeta::default() } };
        super::log_reply("[EMAIL]", request, &reply);
        reply
    }

    fn fetch(&self, _: &str, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }

    fn hang_up(&self, _: &str, _: HangUp, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }
}
