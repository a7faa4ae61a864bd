//! Messages, and what people do: answer, call back, press keys.

use super::super::fake_rules::{Answer, error, paged, rfc_date, since_day};
use super::{ACCOUNT, FakeCall, FakeTwilio, ListShape, TEST_ACCOUNT, field};
use savehub::model::{Phone, Timestamp};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;

/// A message the fake sent or got.
#[derive(Debug, Clone)]
pub struct FakeMessage {
    pub sid: String,
    pub to: String,
    pub from: String,
    pub body: String,
    pub direction: &'static str,
    pub status: &'static str,
    pub error_code: Option<u32>,
    pub created_at: Timestamp,
    /// `ValidityPeriod`, as it was asked for.
    pub valid_s: Option<u32>,
    life: MessageLife,
}

/// What becomes of a message, so long after its creation: status, and the code of its failure.
pub type MessageLife = VecDeque<(Duration, &'static str, Option<u32>)>;

/// What was said.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// In both directions, oldest first.
    pub(super) messages: Vec<FakeMessage>,
    /// Calls that came in.
    pub(super) calls: Vec<FakeCall>,
    /// Names of the conferences that keys have left, and when.
    keys: Vec<(String, Timestamp)>,
    /// A trial account names every conference itself.
    pub(super) trial: bool,
    life: MessageLife,
    sids: usize,
}

impl FakeMessage {
    pub(super) fn advance(&mut self, now: Timestamp) {
        while self.life.front().is_some_and(|(after, ..)| self.created_at.plus(*after) <= now) {
            let Some((_, status, code)) = self.life.pop_front() else { break };
            if !matches!(self.status, "canceled" | "failed" | "delivered" | "undelivered") {
                (self.status, self.error_code) = (status, code);
            }
        }
    }
}

impl Talk {
    fn sid(&mut self, kind: &str) -> String {
        self.sids += 1;
        format!("{kind}{:032x}", 0xfa4e_0000 + self.sids)
    }

    pub(super) fn sent(&mut self, form: &[(String, String)], now: Timestamp) -> FakeMessage {
        let text = |name| field(form, name).unwrap_or_default().to_owned();
        FakeMessage {
            sid: self.sid("SM"),
            to: text("To"),
            from: text("From"),
            body: text("Body"),
            direction: "outbound-api",
            status: "queued",
            error_code: None,
            created_at: now,
            valid_s: field(form, "ValidityPeriod").and_then(|v| v.parse().ok()),
            life: self.life.clone(),
        }
    }

    pub(super) fn conferences(&self, account: &str, shape: ListShape, query: &[(String, String)]) -> Answer {
        let wanted = |key: &&(String, Timestamp)| {
            let named = field(query, "FriendlyName").is_none_or(|asked| asked == key.0);
            named && since_day(query, "DateCreated>", Some(key.1))
        };
        let found = self.keys.iter().filter(wanted).enumerate();
        let found = found.map(|(n, (name, at))| {
            let created = rfc_date(*at, "+0000");
            json!({"sid": format!("CF{n:032x}"), "friendly_name": name, "date_created": created})
        });
        paged(account, ("Conferences", "conferences"), found.collect(), shape, query)
    }
}

impl FakeTwilio {
    /// Every message so far, both ways, oldest first, as it is by now.
    pub fn messages(&self) -> Vec<FakeMessage> {
        self.shared.advanced().talk.messages.clone()
    }

    /// Those we sent.
    pub fn sent(&self) -> Vec<FakeMessage> {
        self.messages().into_iter().filter(|m| m.direction == "outbound-api").collect()
    }

    /// What becomes of every message that is sent from now on; at first nothing does: it stays queued.
    pub fn set_message_life(&self, life: &[(u64, &'static str, Option<u32>)]) {
        let life = life.iter().map(|(after, status, code)| (Duration::from_secs(*after), *status, *code));
        self.state().talk.life = life.collect();
    }

    /// Somebody writes to our number.
    pub fn gets_message(&self, from: &Phone, body: &str) -> String {
        self.gets_message_to(self.config().from.expose(), from, body)
    }

    /// Somebody writes to this number of ours.
    pub fn gets_message_to(&self, to: &str, from: &Phone, body: &str) -> String {
        let (now, to) = (self.shared.clock.now(), to.to_owned());
        let mut state = self.state();
        let mut message = state.talk.sent(&[], now);
        message.to = to;
        from.expose().clone_into(&mut message.from);
        body.clone_into(&mut message.body);
        (message.direction, message.status, message.life) = ("inbound", "received", VecDeque::new());
        state.talk.messages.push(message.clone());
        message.sid
    }

    /// Somebody calls our number.
    pub fn gets_call(&self, from: &Phone) -> String {
        let (now, to) = (self.shared.clock.now(), self.config().from.expose().to_owned());
        let mut state = self.state();
        let sid = state.talk.sid("CA");
        state.talk.calls.push(FakeCall {
            sid: sid.clone(),
            to,
            from: from.expose().to_owned(),
            twiml: String::new(),
            status: "no-answer".into(),
            answered_by: None,
            duration_s: None,
            created_at: now,
            dialled_at: now,
            price: None,
            life: VecDeque::new(),
            answered_after: None,
            direction: "inbound",
        });
        sid
    }

    /// Somebody presses a key in a call of ours whose document sends it to a Bin.
    pub fn presses(&self, call: &FakeCall, key: char) {
        assert!(call.twiml.contains("<Gather action="), "nobody listens for keys: {}", call.twiml);
        let (now, mut state) = (self.shared.clock.now(), self.state());
        let name = if state.talk.trial { ACCOUNT.to_owned() } else { format!("savehub-ack-{}-{key}", call.sid) };
        state.talk.keys.push((name, now));
    }

    /// From now on it is a trial account.
    pub fn set_trial(&self) {
        self.state().talk.trial = true;
    }
}

/// What Twilio refuses; magic numbers for test credentials (docs/iam/test-credentials).
pub(super) fn refusal(account: &str, form: &[(String, String)]) -> Option<Answer> {
    let text = |name| field(form, name).unwrap_or_default();
    let (to, from) = (text("To"), text("From"));
    let bad = |code, words: &str| Some(error(400, code, words));
    if account == TEST_ACCOUNT {
        match from {
            "+15005550006" => {}
            "+15005550001" => return bad(21212, &format!("The 'From' number {from} is not valid")),
            "+15005550008" => {
                return bad(21611, "This 'From' number has exceeded the maximum number of queued messages");
            }
            _ => return bad(21606, "The 'From' phone number provided is not a valid message-capable phone number"),
        }
    }
    let valid = field(form, "ValidityPeriod").is_none_or(|v| v.parse().is_ok_and(|s: u32| (1..=36_000).contains(&s)));
    match to {
        "" => bad(21604, "A 'To' phone number is required"),
        "+15005550001" => bad(21211, &format!("The 'To' number {to} is not a valid phone number")),
        "+15005550002" => bad(21612, "The 'To' phone number is not currently reachable via SMS"),
        "+15005550003" => bad(21408, "Permission to send an SMS has not been enabled for the region"),
        "+15005550004" => bad(21610, "Attempt to send to unsubscribed recipient"),
        "+15005550009" => bad(21614, &format!("To number: {to}, is not a mobile number")),
        _ if Phone::parse(to).is_err() => bad(21211, &format!("The 'To' number {to} is not a valid phone number")),
        _ if text("Body").is_empty() => bad(21602, "Message body is required"),
        _ if text("Body").encode_utf16().count() > 1600 => {
            bad(21617, "The concatenated message body exceeds the 1600 character limit")
        }
        _ if !valid => bad(21624, "Invalid validity period value"),
        _ => None,
    }
}

/// docs/messaging/api/message-resource, "Update a Message": what has left cannot be cancelled. What that answers is not
/// documented; a refusal is the harder case.
pub(super) fn update(account: &str, message: &mut FakeMessage, form: &[(String, String)]) -> Answer {
    if field(form, "Status") != Some("canceled") || message.status != "queued" {
        return error(400, 20001, "Invalid Status");
    }
    message.status = "canceled";
    (200, object(account, message))
}

pub(super) fn object(account: &str, m: &FakeMessage) -> Value {
    let created = rfc_date(m.created_at, "+0000");
    json!({
        "sid": m.sid, "account_sid": account, "to": m.to, "from": m.from, "body": m.body, "status": m.status,
        "direction": m.direction, "date_created": created, "date_updated": created, "date_sent": created,
        "error_code": m.error_code, "error_message": null, "num_media": "0", "num_segments": "1", "price": null,
        "price_unit": "USD", "messaging_service_sid": null, "api_version": "2010-04-01",
        "uri": format!("/2010-04-01/Accounts/{account}/Messages/{}.json", m.sid),
    })
}

/// One page of a list of messages, newest first; `messages` are oldest first and may be seen.
pub(super) fn page(account: &str, messages: &[FakeMessage], shape: ListShape, query: &[(String, String)]) -> Answer {
    let wanted = |name, value: &str| field(query, name).is_none_or(|asked| asked == value);
    let matches = |m: &&FakeMessage| {
        wanted("To", &m.to) && wanted("From", &m.from) && since_day(query, "DateSent>", Some(m.created_at))
    };
    let found = messages.iter().rev().filter(matches).map(|m| object(account, m)).collect();
    paged(account, ("Messages", "messages"), found, shape, query)
}
