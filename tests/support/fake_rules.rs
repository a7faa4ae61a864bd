//! What Twilio answers to a request, as far as its documentation says.

use super::fake_script::Life;
use super::fake_twilio::TEST_ACCOUNT;
use super::wire::field;
use savehub::model::{Phone, Timestamp};
use serde_json::{Value, json};
use std::time::Duration;

/// Status and body.
pub type Answer = (u16, Value);

/// A call the fake made.
#[derive(Debug, Clone)]
pub struct FakeCall {
    pub sid: String,
    pub to: String,
    pub from: String,
    pub twiml: String,
    pub status: String,
    pub answered_by: Option<String>,
    pub duration_s: Option<u32>,
    pub created_at: Timestamp,
    /// When it leaves the queue: its life begins then.
    pub dialled_at: Timestamp,
    /// As Twilio writes it, once known (`-0.01300`).
    pub price: Option<String>,
    /// What will become of it.
    pub life: Life,
    /// When it was picked up, since its creation.
    pub answered_after: Option<Duration>,
    /// `outbound-api`, or `inbound` for one that came in.
    pub direction: &'static str,
}

impl FakeCall {
    /// Has it not ended yet?
    pub fn is_live(&self) -> bool {
        matches!(self.status.as_str(), "queued" | "ringing" | "in-progress")
    }
}

/// What Twilio refuses; magic numbers for test credentials (docs/iam/test-credentials).
pub fn refusal(account: &str, form: &[(String, String)]) -> Option<Answer> {
    let text = |name| field(form, name).unwrap_or_default();
    let (to, from) = (text("To"), text("From"));
    let bad = |code, words: &str| Some(error(400, code, words));
    if account == TEST_ACCOUNT {
        match from {
            "+15005550006" => {}
            "+15005550001" => return bad(21212, &format!("The source phone number provided, {from}, is not valid")),
            _ => return bad(21210, &format!("The source phone number {from} is not yet verified for your account")),
        }
    }
    match to {
        "" => bad(21201, "No 'To' number is specified"),
        "+15005550001" => bad(21217, &format!("Phone number {to} does not appear to be valid")),
        "+15005550002" => bad(21214, &format!("'To' phone number {to} cannot be reached")),
        "+15005550003" => bad(21215, &format!("Account not authorized to call {to}")),
        "+15005550004" => bad(21216, &format!("Call to {to} is blocked")),
        _ if Phone::parse(to).is_err() => bad(21211, &format!("The 'To' number {to} is not a valid phone number")),
        _ if Phone::parse(from).is_err() => bad(21212, &format!("The 'From' number {from} is not valid")),
        _ if text("Twiml").is_empty() => bad(21205, "Url parameter is required"),
        _ if text("Twiml").chars().count() > 4000 => bad(21206, "Twiml is too long"),
        _ => None,
    }
}

/// docs/voice/api/call-resource, "Update a Call resource". What a finished call answers is not documented; a refusal
/// is the harder case.
pub fn update(account: &str, call: &mut FakeCall, form: &[(String, String)]) -> Answer {
    let live = call.is_live();
    match field(form, "Status") {
        Some("canceled" | "completed") if !live => {
            return error(400, 21220, "Call is not in-progress. Cannot redirect.");
        }
        Some("canceled") if call.status == "in-progress" => {}
        Some(end @ ("canceled" | "completed")) => call.status = end.into(),
        _ => return error(400, 20001, "Invalid Status"),
    }
    (200, object(account, call))
}

pub fn error(status: u16, code: u32, message: &str) -> Answer {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    (status, json!({"code": code, "message": message, "more_info": more, "status": status}))
}

pub fn object(account: &str, call: &FakeCall) -> Value {
    let uri = format!("/2010-04-01/Accounts/{account}/Calls/{}.json", call.sid);
    // Empty until dialled.
    let start = (call.status != "queued").then(|| rfc_date(call.dialled_at, "+0000"));
    let queued = call.dialled_at.since(call.created_at).to_string();
    json!({
        "sid": call.sid, "account_sid": account, "to": call.to, "from": call.from, "status": call.status,
        "direction": call.direction, "api_version": "2010-04-01", "parent_call_sid": null,
        "date_created": rfc_date(call.created_at, "+0000"), "date_updated": rfc_date(call.created_at, "+0000"),
        "start_time": start, "end_time": null, "queue_time": queued, "answered_by": call.answered_by,
        "duration": call.duration_s.map(|s| s.to_string()), "price": call.price, "price_unit": "USD", "uri": uri,
    })
}

/// What a list looks like.
#[derive(Debug, Clone, Copy)]
pub struct ListShape {
    /// Each call has the inbound record beside it that a callee in the same account gets, and a child call.
    pub twins: bool,
    /// The most entries of one page, whatever is asked for.
    pub page_max: usize,
}

impl Default for ListShape {
    fn default() -> Self {
        Self { twins: false, page_max: 1000 }
    }
}

/// One page of a list of calls, newest first; `calls` are oldest first and may be seen.
pub fn page(account: &str, calls: &[FakeCall], shape: ListShape, query: &[(String, String)]) -> Answer {
    let wanted = |name, value: &str| field(query, name).is_none_or(|asked| asked == value);
    // A start that is still empty is after nothing.
    let day = |c: &FakeCall| since_day(query, "StartTime>", (c.status != "queued").then_some(c.created_at));
    let matches =
        |c: &&FakeCall| wanted("To", &c.to) && wanted("From", &c.from) && wanted("Status", &c.status) && day(c);
    let mut found: Vec<Value> = Vec::new();
    for call in calls.iter().rev().filter(matches) {
        if shape.twins {
            found.extend([("inbound", Value::Null, 'b'), ("outbound-dial", json!(call.sid), 'd')].map(
                |(direction, parent, mark)| {
                    let mut twin = object(account, call);
                    twin["sid"] = json!(format!("{}{mark}", &call.sid[..call.sid.len() - 1]));
                    twin["direction"] = json!(direction);
                    twin["parent_call_sid"] = parent;
                    twin
                },
            ));
        }
        found.push(object(account, call));
    }
    paged(account, ("Calls", "calls"), found, shape, query)
}

/// Is `at` on the day that is asked for, or later? (Lists know days, in UTC.)
pub fn since_day(query: &[(String, String)], filter: &str, at: Option<Timestamp>) -> bool {
    field(query, filter).is_none_or(|day| at.is_some_and(|at| at.to_rfc3339().as_str() >= day))
}

/// The page of these entries that is asked for.
pub fn paged(
    account: &str,
    (resource, name): (&str, &str),
    found: Vec<Value>,
    shape: ListShape,
    query: &[(String, String)],
) -> Answer {
    let number = |name, default| field(query, name).and_then(|v| v.parse().ok()).unwrap_or(default);
    let (page, size): (usize, usize) = (number("Page", 0), number("PageSize", 50).clamp(1, shape.page_max));
    let next = (found.len() > (page + 1) * size).then(|| {
        let kept = query.iter().filter(|(n, _)| n != "Page" && n != "PageSize");
        let (after, size) = ((page + 1).to_string(), size.to_string());
        let mut fields: Vec<(&str, &str)> = kept.map(|(n, v)| (n.as_str(), v.as_str())).collect();
        fields.extend([("Page", after.as_str()), ("PageSize", size.as_str())]);
        format!("/2010-04-01/Accounts/{account}/{resource}.json?{}", savehub::provider::http::form_encode(&fields))
    });
    let shown: Vec<Value> = found.into_iter().skip(page * size).take(size).collect();
    (200, json!({name: shown, "page": page, "page_size": size, "next_page_uri": next}))
}

pub fn rfc_date(at: Timestamp, zone: &str) -> String {
    let date = chrono::DateTime::from_timestamp_millis(at.ms()).unwrap();
    format!("{} {zone}", date.format("%a, %d %b %Y %H:%M:%S"))
}
