//! Plain words for the numbers of a report, the same in every form.

use super::data::{MonthSpending, ReportData};
use crate::cli::words::{clean, counted};
use crate::model::{Amount, RungKind, cut, printable};
use crate::provider::{meaning, remedy};
use crate::report::month::Outlook;
use crate::report::outcome::{Ending, Outcome};
use crate::report::totals::{Meetings, Spend, Totals};
use crate::report::trouble::Failure;

/// Longest part of a provider's words that is shown, in characters.
const SAID_CUT: usize = 100;

/// What became of a call.
pub(super) const fn outcome_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered",
        Outcome::Voicemail => "voicemail",
        Outcome::NoAnswer => "no answer",
        Outcome::Busy => "busy",
        Outcome::Canceled => "hung up before the answer",
        Outcome::Failed => "could not be delivered",
        Outcome::Sent => "sent",
        Outcome::UnderWay => "under way",
        Outcome::Unknown => "unknown",
        Outcome::Simulated => "test mode, not placed",
        Outcome::Refused => "refused by the provider",
        Outcome::RateLimited => "refused for the provider's limit",
        Outcome::NotSent => "not sent",
        Outcome::HeldBack => "held back at the last moment",
    }
}

/// How the meetings ended, in the order they are shown: words and how many. Endings nobody met are left out.
pub(super) fn endings(meetings: &Meetings) -> Vec<(String, Ending, u64)> {
    let mut list = vec![("joined before the first call".to_owned(), Ending::Joined(0))];
    list.extend(meetings.after_calls().map(|(calls, _)| (format!("joined after call {calls}"), Ending::Joined(calls))));
    list.extend([
        ("answered, never checked in".to_owned(), Ending::Acknowledged),
        ("missed".to_owned(), Ending::Missed),
        ("said to be missed".to_owned(), Ending::SaidMissed),
        ("ended by an operator".to_owned(), Ending::Operator),
        ("called off or moved".to_owned(), Ending::CalledOff),
    ]);
    let met = list.into_iter().map(|(words, ending)| (words, ending, meetings.of(ending)));
    met.filter(|(_, _, n)| *n > 0).collect()
}

/// `63.0 %`, from thousandths.
pub(super) fn percent(thousandths: u64) -> String {
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

/// `12.3 s`, from milliseconds.
pub(super) fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}

/// `1.40 USD, 0.20 EUR`; a dash for nothing.
pub(super) fn spend(spend: &Spend) -> String {
    let sums: Vec<String> = spend.iter().map(|(unit, amount)| money(amount, unit)).collect();
    if sums.is_empty() { "-".to_owned() } else { sums.join(", ") }
}

/// An amount in a currency from outside.
pub(super) fn money(amount: Amount, unit: &str) -> String {
    format!("{amount} {}", cut(&printable(unit), 8))
}

/// `12 calls and 3 messages have no price yet`; `None` when all have one.
pub(super) fn unpriced(totals: &Totals) -> Option<String> {
    let (calls, messages) = (totals.unpriced_calls, totals.unpriced_messages);
    let both = [(calls, "call"), (messages, "message")];
    let told: Vec<String> = both.iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(*n, what)).collect();
    if told.is_empty() {
        return None;
    }
    let have = if calls + messages == 1 { "has" } else { "have" };
    Some(format!("{} {have} no price yet", told.join(" and ")))
}

/// The forecast in a sentence for each currency, and whether it is a warning.
pub(super) fn forecasts(month: &MonthSpending) -> Vec<(String, bool)> {
    let mut told: Vec<(String, bool)> =
        month.outlooks.iter().map(|outlook| (forecast(month, outlook), outlook.is_above())).collect();
    let budget = month.outlooks.iter().find_map(|o| o.budget.map(|_| o.unit.as_str()));
    let paid: Vec<&str> = month.summary.total.spend.iter().map(|(unit, _)| unit).collect();
    if let Some(unit) = budget.filter(|unit| !paid.is_empty() && !paid.contains(unit)) {
        let others = cut(&printable(&paid.join(", ")), 40);
        let words =
            format!("The budget is in {unit}, but this month's prices are in {others}: write it in that currency.");
        told.push((words, true));
    }
    told
}

fn forecast(month: &MonthSpending, outlook: &Outlook) -> String {
    let say = |amount| money(amount, &outlook.unit);
    let name = month.month.word();
    let so_far = format!("{name} so far: {}; at this rate {} by its end", say(outlook.so_far), say(outlook.forecast));
    match outlook.budget {
        None => format!("{so_far}."),
        Some(budget) if outlook.so_far > budget => format!("{so_far}: the budget of {} is spent.", say(budget)),
        Some(budget) if outlook.is_above() => format!("{so_far}, more than the budget of {}.", say(budget)),
        Some(budget) => format!("{so_far}, within the budget of {}.", say(budget)),
    }
}

/// A failure for people.
pub(super) struct FailureWords {
    /// The code, or what happened.
    pub(super) what: String,
    /// What it means.
    pub(super) meaning: String,
    /// What to do, when savehub has advice.
    pub(super) remedy: Option<&'static str>,
}

/// What failed, what it means and what to do.
pub(super) fn failure(failure: &Failure) -> FailureWords {
    let said = clean(failure.said.as_deref()).map(|said| cut(&said, SAID_CUT));
    if let Some(code) = failure.code {
        let meaning = meaning(code).map(str::to_owned).or(said);
        let meaning = meaning.unwrap_or_else(|| outcome_words(failure.outcome).to_owned());
        return FailureWords { what: code.to_string(), meaning, remedy: remedy(code) };
    }
    let (standard, remedy) = match failure.outcome {
        Outcome::NotSent => ("nothing could be sent", "Check the network and the provider's address."),
        Outcome::Unknown => {
            ("no usable answer, and nothing to be found at the provider", "See savehub-engine(7) and `on_unknown`.")
        }
        Outcome::Failed if failure.kind == RungKind::Call => {
            ("the provider could not connect the call", "Check the person's number; the carrier may refuse it.")
        }
        _ => ("the provider refused it", "See the provider's console for more."),
    };
    let what = match failure.http_status {
        Some(status) => format!("HTTP {status}"),
        None => failure.outcome.as_str().replace('_', " "),
    };
    FailureWords { what, meaning: said.unwrap_or_else(|| standard.to_owned()), remedy: Some(remedy) }
}

/// What is not in these numbers, loudly.
pub(super) fn left_out(data: &ReportData<'_>) -> Option<String> {
    let n = data.summary.left_out;
    let are = if n == 1 { "is" } else { "are" };
    match (data.mock, n) {
        (true, _) => Some("MOCK: these calls were rehearsed by the mock phone or in test mode; no phone rang".into()),
        (false, 0) => None,
        (false, _) => Some(format!(
            "MOCK: {} by the mock phone or in test mode {are} not counted here; `--mock` shows them",
            counted(n, "rehearsed try")
        )),
    }
}
