//! What people say to our numbers is read from Twilio's lists, so no server of ours is needed.
//!
//! Twilio lists messages and calls that came in, by number. A key pressed in a call leaves a trace there when the
//! call's document sends it to a TwiML Bin of the user's: the Bin dials the caller into a conference for two seconds,
//! and the conference's name holds call and key ([`KEY_BIN`]). Call events would tell the key as well, but only 15
//! minutes after the call (docs/voice/api/call-event-resource).

use super::Twilio;
use super::answer::sid;
use super::pages::{CALLS, CONFERENCES, Kind, MESSAGES, Page};
use crate::http::http_date;
use crate::model::{Inbound, Phone, Timestamp};
use crate::provider::{Ask, Hearing, KeyObstacle, ListPage, ProviderError};
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

/// Begins the name of a conference that a key has left, as in [`KEY_BIN`].
const MARK: &str = "savehub-ack-";

/// Keys that mean something.
const KEYS: [char; 2] = ['1', '2'];

/// Lists are asked for whole days (docs: `YYYY-MM-DD`, UTC); one more makes up for clocks that differ.
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Hearing for Twilio {
    fn numbers(&self) -> &[Phone] {
        &self.numbers
    }

    fn messages(&self, ask: &Ask<'_>) -> Result<ListPage<Inbound>, ProviderError> {
        self.incoming(MESSAGES, "DateSent>", ask)
    }

    fn calls_back(&self, ask: &Ask<'_>) -> Result<ListPage<Inbound>, ProviderError> {
        self.incoming(CALLS, "StartTime>", ask)
    }

    fn all_keys(&self, ask: &Ask<'_>) -> Result<ListPage<(String, char)>, ProviderError> {
        let mut page = self.page_since(CONFERENCES, ("DateCreated>", []), ask, |entry, _| {
            let name = entry.get("friendly_name").and_then(Value::as_str);
            let name = name.ok_or_else(|| CONFERENCES.entry_unreadable())?;
            let pressed = name.strip_prefix(MARK).and_then(|rest| rest.rsplit_once('-'));
            Ok(pressed.and_then(|(call, key)| {
                let key = KEYS.into_iter().find(|known| key.chars().eq([*known]))?;
                Some((call.to_owned(), key))
            }))
        })?;
        // Of two keys in one call the first counts, in the order of the keys.
        page.entries.sort();
        Ok(page)
    }

    fn keys(&self, call_sid: &str, now: Timestamp) -> Result<Option<char>, ProviderError> {
        for key in KEYS {
            let name = format!("{MARK}{call_sid}-{key}");
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
    /// A page of what came in. A call has no words.
    fn incoming(
        &self,
        kind: Kind,
        day_filter: &'static str,
        ask: &Ask<'_>,
    ) -> Result<ListPage<Inbound>, ProviderError> {
        let numbers = [("To", ask.to), ("From", ask.from)];
        let mut page =
            self.page_since(kind, (day_filter, numbers), ask, |entry, skew_ms| inbound(kind, entry, ask, skew_ms))?;
        page.entries.sort_by(|a, b| (a.created_at, &a.sid).cmp(&(b.created_at, &b.sid)));
        Ok(page)
    }

    /// What `read` keeps of a page of a list since a day; it is told how far Twilio's clock is ahead, in milliseconds.
    fn page_since<'a, T, const N: usize>(
        &self,
        kind: Kind,
        (day_filter, numbers): (&'static str, [(&'static str, Option<&'a Phone>); N]),
        ask: &Ask<'a>,
        read: impl Fn(&Value, i64) -> Result<Option<T>, ProviderError>,
    ) -> Result<ListPage<T>, ProviderError> {
        // The inequality stands in the name: `DateSent>=2026-11-21`.
        let day = ask.since.minus(DAY).to_rfc3339();
        let day = day.split('T').next().unwrap_or_default();
        let numbers = numbers.into_iter().filter_map(|(name, number)| Some((name, number?.expose())));
        let first = || self.first_page(kind, &numbers.chain([(day_filter, day)]).collect::<Vec<_>>());
        let url = ask.page.map_or_else(first, str::to_owned);
        let Page { entries, next, skew_ms, .. } = self.read_page(kind, &url, ask.now)?;
        let (next, flaw) = next.map_or_else(|error| (None, Some(error)), |next| (next, None));
        let mut page = ListPage { entries: Vec::new(), flaw, next };
        for entry in &entries {
            match read(entry, skew_ms.unwrap_or_default()) {
                Ok(kept) => page.entries.extend(kept),
                // One that cannot be read takes none of the others with it.
                Err(error) => _ = page.flaw.get_or_insert(error),
            }
        }
        Ok(page)
    }
}

/// An entry as something that came in. `None`: it went out, or came from what is no phone, such as a short code.
fn inbound(kind: Kind, entry: &Value, ask: &Ask<'_>, skew_ms: i64) -> Result<Option<Inbound>, ProviderError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if text("direction").ok_or_else(|| kind.entry_unreadable())? != "inbound" {
        return Ok(None);
    }
    // Sign by sign: nobody answers for somebody else.
    let is_as_asked = |name, asked: Option<&Phone>| asked.is_none_or(|asked| text(name) == Some(asked.expose()));
    if !is_as_asked("from", ask.from) || !is_as_asked("to", ask.to) {
        return Err(kind.foreign_entry());
    }
    let phone = |name| Phone::parse(text(name).unwrap_or_default()).ok();
    let Some((from, to)) = phone("from").zip(phone("to")) else { return Ok(None) };
    let known = sid(entry).zip(text("date_created").and_then(http_date));
    let (sid, provider_at) = known.ok_or_else(|| kind.entry_unreadable())?;
    // Twilio's time as ours, so that it can be compared with what was sent.
    let created_at = Timestamp::from_ms(provider_at.ms().saturating_sub(skew_ms));
    let body = text("body").unwrap_or_default().to_owned();
    Ok(Some(Inbound { sid: sid.to_owned(), from, to, body, created_at, provider_at }))
}
