//! What people say to our numbers is read from Twilio's lists, so no server of ours is needed.
//!
//! Twilio lists messages and calls that came in, by number. A key pressed in a call leaves a trace there when the
//! call's document sends it to a TwiML Bin of the user's: the Bin dials the caller into a conference for two seconds,
//! and the conference's name holds call and key ([`KEY_BIN`]). Call events would tell the key as well, but only 15
//! minutes after the call (docs/voice/api/call-event-resource).

use super::Twilio;
use super::answer::sid;
use super::pages::{CALLS, CONFERENCES, Kind, MESSAGES};
use crate::http::http_date;
use crate::model::{HeardCall, HeardMessage, Phone, Timestamp};
use crate::provider::{Ask, Hearing, KeyObstacle, ProviderError};
use serde_json::Value;
use std::time::Duration;

/// What the user puts into the TwiML Bin whose address is `hear.key_bin` (docs/serverless/twiml-bins; Bins take the
/// parameters of the request as templates).
pub const KEY_BIN: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<Response>
  <Say>Thank you.</Say>
  <Dial timeLimit=\"2\">
    <Conference beep=\"false\" waitUrl=\"\" endConferenceOnExit=\"true\">savehub-ack-{{CallSid}}-{{Digits}}</Conference>
  </Dial>
</Response>
";

/// Keys that mean something.
const KEYS: [char; 2] = ['1', '2'];

/// Lists are asked for whole days (docs: `YYYY-MM-DD`, UTC); one more makes up for clocks that differ.
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Hearing for Twilio {
    fn messages(&self, ask: &Ask<'_>) -> Result<Vec<HeardMessage>, ProviderError> {
        self.incoming(MESSAGES, "DateSent>", ask)
    }

    fn calls_back(&self, ask: &Ask<'_>) -> Result<Vec<HeardCall>, ProviderError> {
        let calls = self.incoming(CALLS, "StartTime>", ask)?;
        Ok(calls
            .into_iter()
            .map(|HeardMessage { sid, created_at, provider_at, .. }| HeardCall { sid, created_at, provider_at })
            .collect())
    }

    fn keys(&self, call_sid: &str, now: Timestamp) -> Result<Option<char>, ProviderError> {
        for key in KEYS {
            let name = format!("savehub-ack-{call_sid}-{key}");
            let found = self.read_pages(CONFERENCES, &[("FriendlyName", &name)], now, |entry| {
                let id = sid(entry).ok_or_else(|| CONFERENCES.entry_unreadable())?;
                // A list that was not filtered as asked must not make an answer.
                let is_it = entry.get("friendly_name").and_then(Value::as_str) == Some(name.as_str());
                Ok(is_it.then(|| (id.to_owned(), ())))
            })?;
            if !found.entries.is_empty() {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn key_obstacle(&self, since: Timestamp, now: Timestamp) -> Result<Option<KeyObstacle>, ProviderError> {
        let named = self.read_pages(CONFERENCES, &[("FriendlyName", &self.account)], now, |entry| {
            let text = |name: &str| entry.get(name).and_then(Value::as_str);
            let id = sid(entry).ok_or_else(|| CONFERENCES.entry_unreadable())?;
            let is_it = text("friendly_name") == Some(self.account.as_str());
            let created_at = text("date_created").and_then(http_date).filter(|_| is_it);
            Ok(created_at.map(|at| (id.to_owned(), at)))
        })?;
        // In whole seconds of Twilio's clock.
        let since = since.minus(Duration::from_secs(1)).ms().saturating_add(named.skew_ms.unwrap_or_default());
        if named.entries.iter().any(|at| at.ms() >= since) {
            return Ok(Some(KeyObstacle::NamedByAccount));
        }
        let answer = self.success(self.http.get(&self.account_url(), &self.authorization))?;
        let account: Option<Value> = serde_json::from_slice(&answer.body).ok();
        let kind = account.as_ref().and_then(|account| account.get("type")).and_then(Value::as_str);
        Ok((kind == Some("Trial")).then_some(KeyObstacle::TrialAccount))
    }
}

impl Twilio {
    /// What came from this number to ours since then, oldest first. A call has no words.
    fn incoming(
        &self,
        kind: Kind,
        day_filter: &'static str,
        ask: &Ask<'_>,
    ) -> Result<Vec<HeardMessage>, ProviderError> {
        // The inequality stands in the name: `DateSent>=2026-11-21`.
        let day = ask.since.minus(DAY).to_rfc3339();
        let day = day.split('T').next().unwrap_or_default();
        let ours = self.ours(ask);
        // A list can be asked for by one of our numbers or by none.
        let to = if let [only] = ours.as_slice() { Some(("To", only.expose())) } else { None };
        let query: Vec<_> = to.into_iter().chain([("From", ask.from.expose()), (day_filter, day)]).collect();
        let pages = self.read_pages(kind, &query, ask.now, |entry| {
            Ok(inbound(kind, entry, ask.from, &ours)?.map(|heard| (heard.sid.clone(), heard)))
        })?;
        // Twilio's times as ours, so that they can be compared with what was sent.
        let skew = pages.skew_ms.unwrap_or_default();
        let by_us = |at: Timestamp| Timestamp::from_ms(at.ms().saturating_sub(skew));
        let mut heard: Vec<_> =
            pages.entries.into_iter().map(|h| HeardMessage { created_at: by_us(h.created_at), ..h }).collect();
        // Our clock may have been turned since something was sent.
        heard.retain(|h| h.created_at >= ask.since || h.provider_at >= ask.since);
        heard.sort_by(|a, b| (a.created_at, &a.sid).cmp(&(b.created_at, &b.sid)));
        Ok(heard)
    }

    /// The numbers of the config, and those that what was sent came from, each once.
    fn ours<'a>(&'a self, ask: &Ask<'a>) -> Vec<&'a Phone> {
        let mut ours: Vec<&Phone> = self.numbers.iter().collect();
        for number in ask.also {
            if !ours.contains(&number) {
                ours.push(number);
            }
        }
        ours
    }
}

/// An entry as something that came in. `None`: it went out, or came to a number that is none of these.
fn inbound(kind: Kind, entry: &Value, from: &Phone, to: &[&Phone]) -> Result<Option<HeardMessage>, ProviderError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if text("direction").ok_or_else(|| kind.entry_unreadable())? != "inbound" {
        return Ok(None);
    }
    // Sign by sign: nobody answers for somebody else.
    let to_us = to.iter().any(|number| text("to") == Some(number.expose()));
    if text("from") != Some(from.expose()) || (!to_us && to.len() == 1) {
        return Err(kind.foreign_entry());
    }
    if !to_us {
        return Ok(None);
    }
    let known = sid(entry).zip(text("date_created").and_then(http_date));
    let (sid, created_at) = known.ok_or_else(|| kind.entry_unreadable())?;
    let body = text("body").unwrap_or_default().to_owned();
    Ok(Some(HeardMessage { sid: sid.to_owned(), body, created_at, provider_at: created_at }))
}
