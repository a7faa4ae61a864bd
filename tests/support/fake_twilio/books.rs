//! The account as `doctor` asks about it: its state, its money, its numbers, and the countries it may call.

use super::super::fake_rules::{Answer, error};
use super::{FakeTwilio, Request, State, field};
use serde_json::json;

/// Stands in the account's answer, and nowhere else may it ever stand.
pub const ACCOUNT_CANARY: &str = "t0k3n-0f-th3-4cc0unt";

/// The account's books.
#[derive(Debug)]
pub(super) struct Books {
    status: &'static str,
    balance: String,
    /// Number, calls, texts.
    numbers: Vec<(String, bool, bool)>,
    verified: Vec<String>,
    closed: Vec<String>,
    /// API keys are good for calls and messages alone.
    pub(super) keys_are_limited: bool,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            status: "active",
            balance: "12.50".into(),
            numbers: vec![("+12025550199".into(), true, true)],
            verified: Vec::new(),
            closed: Vec::new(),
            keys_are_limited: false,
        }
    }
}

impl Books {
    /// What `doctor` asks for, of this account; `None`: something else was asked for.
    pub(super) fn answer(state: &State, account: &str, request: &Request) -> Option<Answer> {
        let books = &state.books;
        let path = request.path();
        if let Some(iso) = path.strip_prefix("/v1/DialingPermissions/Countries/") {
            let open = !books.closed.iter().any(|closed| closed == iso);
            return Some((200, json!({"iso_code": iso, "low_risk_numbers_enabled": open})));
        }
        let query = request.query();
        let asked = field(&query, "PhoneNumber").unwrap_or_default();
        let rest = path.strip_prefix(&format!("/2010-04-01/Accounts/{account}"))?;
        Some(match rest {
            ".json" => {
                let kind = if state.talk.trial { "Trial" } else { "Full" };
                (200, json!({"sid": account, "status": books.status, "type": kind, "auth_token": ACCOUNT_CANARY}))
            }
            "/Balance.json" => (200, json!({"account_sid": account, "balance": books.balance, "currency": "USD"})),
            "/IncomingPhoneNumbers.json" => {
                let found = books.numbers.iter().filter(|(number, ..)| number.contains(asked));
                let found = found.map(|(number, voice, sms)| {
                    json!({"phone_number": number, "capabilities": {"voice": voice, "sms": sms, "mms": false}})
                });
                (200, json!({"incoming_phone_numbers": found.collect::<Vec<_>>(), "next_page_uri": null}))
            }
            "/OutgoingCallerIds.json" => {
                let found = books.verified.iter().filter(|number| *number == asked);
                let found = found.map(|number| json!({"phone_number": number}));
                (200, json!({"outgoing_caller_ids": found.collect::<Vec<_>>(), "next_page_uri": null}))
            }
            _ => return None,
        })
    }

    /// What a limited key is told.
    pub(super) fn refused() -> Answer {
        error(401, 20003, "Authenticate")
    }
}

impl FakeTwilio {
    /// `suspended` or `closed`.
    pub fn set_account_status(&self, status: &'static str) {
        self.state().books.status = status;
    }

    /// What is left, as Twilio writes it.
    pub fn set_balance(&self, balance: &str) {
        self.state().books.balance = balance.into();
    }

    /// The account's only number: can it call, and text?
    pub fn set_number(&self, number: &str, voice: bool, sms: bool) {
        self.state().books.numbers = vec![(number.into(), voice, sms)];
    }

    /// A number was verified.
    pub fn verify(&self, number: &str) {
        self.state().books.verified.push(number.into());
    }

    /// Calls to this country are not allowed.
    pub fn close_country(&self, iso: &str) {
        self.state().books.closed.push(iso.into());
    }

    /// From now on API keys may place calls and send messages, and read them, and nothing else.
    pub fn limit_keys(&self) {
        self.state().books.keys_are_limited = true;
    }
}
