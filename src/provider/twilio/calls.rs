//! Placing, reading and ending calls.

use super::Twilio;
use super::codes::is_of_callback;
use super::exchange::{log_reply, refusal};
use super::list::phones;
use super::twiml::twiml;
use crate::model::{
    Address, CallList, CallReport, HangUp, NotSentCause, Outcome, Pace, Phone, ProviderKind, Reply, ReplyMeta, Request,
    Target, Timestamp, cut, printable,
};
use crate::provider::http::form_encode;
use crate::provider::{Gate, Provider, ProviderError};
use secrecy::ExposeSecret;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The resource of calls.
const CALLS: &str = "Calls";

/// The longest ring time Twilio takes, in seconds (docs/voice/api/call-resource, `Timeout`).
const RING_MAX_S: u64 = 600;

/// Longest event and user id in a log line, in characters.
const LOG_ID_MAX: usize = 100;

impl Provider for Twilio {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Twilio
    }

    fn account(&self) -> &str {
        &self.account
    }

    fn senders(&self) -> Vec<Address> {
        self.numbers.iter().cloned().map(Address::Phone).collect()
    }

    fn pace(&self) -> Option<Pace> {
        self.pace
    }

    fn place(&self, call: &Request, gate: &dyn Gate) -> Reply {
        log_reply(self.create(call, gate), "Twilio call initiated")
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.fetch_one(CALLS, sid, now)
    }

    fn hang_up(&self, sid: &str, how: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.end(CALLS, sid, how, now)
    }

    fn keeps_a_list(&self) -> bool {
        true
    }

    fn list(&self, to: &Target, from: &[Address], now: Timestamp) -> Result<CallList, ProviderError> {
        match (to.called(), phones(from)) {
            (Some(to), Some(from)) => self.read_list(to, &from, now),
            _ => Err(ProviderError::Refused("Twilio lists calls between two numbers".into())),
        }
    }
}

impl Twilio {
    fn create(&self, call: &Request, gate: &dyn Gate) -> Reply {
        let (Some(to), Some(from)) = (call.to.called(), call.from.phone()) else {
            return Reply::not_sent(NotSentCause::Other, "only calls between two numbers are placed here");
        };
        let (event, user) = (printable(&call.event), printable(&call.user));
        log::info!("[CALL] Creating TwiML for event={}, user={}", cut(&event, LOG_ID_MAX), cut(&user, LOG_ID_MAX));
        let Ok(words) = twiml(&call.message, &call.voice, self.key_bin.as_deref()) else {
            return Reply::not_sent(NotSentCause::Other, "the TwiML could not be written");
        };
        // Before anything is looked up or connected; the body's reader asks once more.
        if let Err(reason) = gate.look() {
            return Reply::fenced(reason);
        }
        let refused = Some(self.refuses_callback.load(Ordering::Relaxed)).filter(|code| *code != 0);
        let callback = self.status_callback.as_ref().filter(|_| refused.is_none()).map(ExposeSecret::expose_secret);
        let ring = Ring { timeout: call.ring_timeout, machine_detection: call.machine_detection };
        let post = |callback, at| self.post(CALLS, &create_form(to, from, callback, ring, &words), at, gate);
        let reply = post(callback, call.intent_at);
        match &reply.outcome {
            // Certainly not placed, and for a reason that the same call without the address does not have.
            Outcome::Rejected(refused) if callback.is_some() && is_of_callback(refused.code) => {
                log::warn!("[CALL] {}; the call goes out without it", refusal(refused));
                self.refuses_callback.store(refused.code.unwrap_or_default(), Ordering::Relaxed);
                let first = Duration::from_millis(reply.meta.elapsed_ms);
                let again = post(None, call.intent_at.plus(first));
                let elapsed_ms = again.meta.elapsed_ms.saturating_add(reply.meta.elapsed_ms);
                Reply { meta: ReplyMeta { elapsed_ms, callback_refused: refused.code, ..again.meta }, ..again }
            }
            _ => Reply { meta: ReplyMeta { callback_refused: refused, ..reply.meta }, ..reply },
        }
    }
}

/// How a call rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ring {
    /// How long; Twilio takes whole seconds from 1 to 600 and may add 5 (docs/voice/api/call-resource, `Timeout`).
    pub timeout: Duration,
    /// Tell humans from machines, beside the call (docs/voice/answering-machine-detection, `AsyncAmd`): the answer
    /// stands in the call's `answered_by`.
    pub machine_detection: bool,
}

/// The form of "create a call", fields in the order of the official SDKs.
pub fn create_form(to: &Phone, from: &Phone, callback: Option<&str>, ring: Ring, twiml: &str) -> String {
    let timeout = ring.timeout.as_secs().clamp(1, RING_MAX_S).to_string();
    let mut fields = vec![("To", to.expose()), ("From", from.expose())];
    if let Some(url) = callback {
        fields.push(("StatusCallback", url));
        // Repeated, not joined: a joined value is accepted and silently useless (docs/api/errors/21626).
        fields.extend(["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)));
        fields.push(("StatusCallbackMethod", "POST"));
    }
    fields.push(("Timeout", &timeout));
    if ring.machine_detection {
        fields.extend([("MachineDetection", "Enable"), ("AsyncAmd", "true")]);
    }
    fields.push(("Twiml", twiml));
    form_encode(&fields)
}
