//! Which request is answered by what.

use super::super::fake_rules::{Answer, error, object, page, refusal, update};
use super::super::fake_script::advance;
use super::talk::{self, FakeMessage};
use super::{ACCOUNT, Books, Endpoint, FakeCall, ListShape, Request, Shared, State, TEST_ACCOUNT, field};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::MutexGuard;

/// What kind of request it is.
pub(super) fn kind(request: &Request) -> Endpoint {
    let (method, path) = (request.method.as_str(), request.path());
    // Only what is listened to is asked for by day.
    let since_a_day = request.query().iter().any(|(name, _)| name.ends_with('>'));
    let rest = |resource| path.split_once(resource).map(|(_, rest)| rest);
    match (method, rest("/Calls"), rest("/Messages")) {
        ("GET", Some(".json"), _) | ("GET", _, Some(".json")) if since_a_day => Endpoint::Heard,
        ("POST", Some(".json"), _) => Endpoint::Create,
        ("GET", Some(".json"), _) => Endpoint::List,
        ("POST", Some(_), _) => Endpoint::Update,
        ("GET", Some(_), _) => Endpoint::Fetch,
        ("POST", _, Some(".json")) => Endpoint::Send,
        ("GET", _, Some(".json")) => Endpoint::ListMessages,
        ("POST", _, Some(_)) => Endpoint::CancelMessage,
        ("GET", _, Some(_)) => Endpoint::FetchMessage,
        ("GET", _, _) if path.ends_with("/Conferences.json") => Endpoint::Heard,
        _ => Endpoint::Other,
    }
}

/// Is the request signed with an API key?
fn is_key(request: &Request) -> bool {
    let basic = request.header("authorization").and_then(|header| header.strip_prefix("Basic "));
    basic.and_then(|basic| STANDARD.decode(basic).ok()).is_some_and(|pair| pair.starts_with(b"SK"))
}

impl Shared {
    pub(super) fn route(&self, request: &Request) -> Answer {
        let Some(account) = self.authorized(request) else {
            return error(401, 20003, "Authentication Error - invalid username");
        };
        if let Some(answer) = self.about_account(account, request) {
            return answer;
        }
        let base = format!("/2010-04-01/Accounts/{account}");
        let Some(rest) = request.path().strip_prefix(&base) else {
            return error(404, 20404, &format!("The requested resource {} was not found", request.path()));
        };
        match (request.method.as_str(), rest) {
            ("POST", "/Calls.json") => self.create(account, &request.form()),
            ("POST", "/Messages.json") => self.send(account, &request.form()),
            (_, _) if account == TEST_ACCOUNT => {
                error(403, 20008, "Resource not accessible with Test Account Credentials")
            }
            ("GET", "/Calls.json") => {
                let query = request.query();
                let (calls, shape) = self.listed(field(&query, "To"));
                page(account, &calls, shape, &query)
            }
            ("GET", "/Conferences.json") => {
                let state = self.state.lock().unwrap();
                state.talk.conferences(account, state.list_shape, &request.query())
            }
            (method, one) if one.starts_with("/Messages") => self.message(account, method, one, request),
            (method, one) => {
                let sid = one.strip_prefix("/Calls/").and_then(|r| r.strip_suffix(".json")).unwrap_or_default();
                let mut state = self.advanced();
                let Some(call) = state.calls.iter_mut().find(|call| call.sid == sid) else {
                    return error(404, 20404, &format!("The requested resource {} was not found", request.path()));
                };
                match method {
                    "POST" => update(account, call, &request.form()),
                    _ => (200, object(account, call)),
                }
            }
        }
    }

    /// What is asked about the account itself.
    fn about_account(&self, account: &str, request: &Request) -> Option<Answer> {
        let state = self.state.lock().unwrap();
        let answer = Books::answer(&state, account, request).filter(|_| request.method == "GET")?;
        if account == TEST_ACCOUNT {
            return None;
        }
        Some(if state.books.keys_are_limited && is_key(request) { Books::refused() } else { answer })
    }

    /// The account of valid credentials; an API key belongs to [`ACCOUNT`].
    fn authorized(&self, request: &Request) -> Option<&'static str> {
        let basic = request.header("authorization")?.strip_prefix("Basic ")?;
        let pair = String::from_utf8(STANDARD.decode(basic).ok()?).ok()?;
        let (user, token) = pair.split_once(':')?;
        match user {
            _ if token != self.token => None,
            ACCOUNT => Some(ACCOUNT),
            TEST_ACCOUNT => Some(TEST_ACCOUNT),
            _ => user.starts_with("SK").then_some(ACCOUNT),
        }
    }

    fn create(&self, account: &str, form: &[(String, String)]) -> Answer {
        if let Some(refused) = refusal(account, form) {
            return refused;
        }
        let text = |name| field(form, name).unwrap_or_default().to_owned();
        let mut state = self.state.lock().unwrap();
        let now = self.clock.now();
        // Calls are dialled in their order, so long after each other.
        let dialled_at = match (state.dials_every, state.calls.last()) {
            (Some(every), Some(last)) => now.max(last.dialled_at.plus(every)),
            _ => now,
        };
        let call = FakeCall {
            sid: format!("CA{:032x}", 0xfa4e_0000 + state.calls.len()),
            to: text("To"),
            from: text("From"),
            twiml: text("Twiml"),
            status: "queued".into(),
            answered_by: None,
            duration_s: None,
            created_at: now,
            dialled_at,
            price: None,
            life: state.life.clone(),
            answered_after: None,
            direction: "outbound-api",
        };
        let answer = (201, object(account, &call));
        // Test credentials validate and make nothing.
        if account != TEST_ACCOUNT {
            state.calls.push(call);
        }
        self.changed.notify_all();
        answer
    }

    /// What the list shows of calls to this number, oldest first, and in which shape.
    fn listed(&self, to: Option<&str>) -> (Vec<FakeCall>, ListShape) {
        let (state, now) = (self.advanced(), self.clock.now());
        let hidden = state.list_hidden.as_ref().is_some_and(|until| !until.is_open());
        let asked = |c: &&FakeCall| to.is_none_or(|to| c.to == to);
        let shown = |c: &&FakeCall| asked(c) && !hidden && c.created_at.plus(state.list_lag) <= now;
        let mut calls: Vec<FakeCall> = state.calls.iter().filter(shown).cloned().collect();
        calls.extend(state.talk.calls.iter().filter(asked).cloned());
        calls.sort_by_key(|call| call.created_at);
        (calls, state.list_shape)
    }

    fn send(&self, account: &str, form: &[(String, String)]) -> Answer {
        if let Some(refused) = talk::refusal(account, form) {
            return refused;
        }
        let mut state = self.state.lock().unwrap();
        let message = state.talk.sent(form, self.clock.now());
        // Test credentials validate and make nothing.
        let answer = (201, talk::object(account, &message));
        if account != TEST_ACCOUNT {
            state.talk.messages.push(message);
        }
        self.changed.notify_all();
        answer
    }

    /// Lists messages, reads one, or cancels one.
    fn message(&self, account: &str, method: &str, one: &str, request: &Request) -> Answer {
        let mut state = self.advanced();
        if (method, one) == ("GET", "/Messages.json") {
            let (now, shape, lag) = (self.clock.now(), state.list_shape, state.list_lag);
            let hidden = state.list_hidden.as_ref().is_some_and(|until| !until.is_open());
            let shown = |m: &&FakeMessage| !hidden && m.created_at.plus(lag) <= now;
            let messages: Vec<FakeMessage> = state.talk.messages.iter().filter(shown).cloned().collect();
            return talk::page(account, &messages, shape, &request.query());
        }
        let sid = one.strip_prefix("/Messages/").and_then(|r| r.strip_suffix(".json")).unwrap_or_default();
        let Some(message) = state.talk.messages.iter_mut().find(|m| m.sid == sid) else {
            return error(404, 20404, &format!("The requested resource {} was not found", request.path()));
        };
        match method {
            "POST" => talk::update(account, message, &request.form()),
            _ => (200, talk::object(account, message)),
        }
    }

    /// The state, with every call and message as far as the clock has turned it.
    pub(super) fn advanced(&self) -> MutexGuard<'_, State> {
        let (mut state, now) = (self.state.lock().unwrap(), self.clock.now());
        state.calls.iter_mut().for_each(|call| advance(call, now));
        state.talk.messages.iter_mut().for_each(|message| message.advance(now));
        state
    }
}
