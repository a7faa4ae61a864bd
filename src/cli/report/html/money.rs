//! What it cost, and the budget.

use super::{axis, chart, escape};
use crate::cli::report::words::{self, money};
use crate::cli::report::{MonthPicture, Picture};
use crate::model::{Amount, printable};
use crate::report::month::Outlook;
use crate::report::span;
use crate::report::totals::Totals;
use crate::store::Group;

/// Billionths of it.
const HUNDREDTH: u64 = 10_000_000;

/// Currencies that have a chart of their own.
const CHARTS: usize = 3;

pub(super) fn tile(picture: &Picture<'_>) -> Option<String> {
    let month = picture.month.as_ref()?;
    let total = &picture.summary.total;
    let first = month.outlooks.iter().find(|outlook| outlook.is_above()).or_else(|| month.outlooks.first());
    let small = first.map_or_else(String::new, |outlook| {
        let forecast = money(outlook.forecast, &outlook.unit);
        let budget = outlook.budget.map(|budget| format!(", budget {}", money(budget, &outlook.unit)));
        format!("{} forecast {forecast}{}", month.month.word(), budget.unwrap_or_default())
    });
    let above = month.outlooks.iter().any(Outlook::is_above);
    // One currency large: the budget's, or that of the largest sum.
    let main = month.outlooks.iter().find(|outlook| outlook.budget.is_some()).map(|outlook| outlook.unit.as_str());
    let largest = || total.spend.iter().max_by_key(|(_, amount)| *amount).map(|(unit, _)| unit);
    let main = main.filter(|unit| total.spend.iter().any(|(known, _)| known == *unit)).or_else(largest);
    let big = main.map_or_else(|| "-".to_owned(), |unit| money(total.spend.of(unit), unit));
    let others: Vec<String> =
        total.spend.iter().filter(|(unit, _)| Some(*unit) != main).map(|(unit, amount)| money(amount, unit)).collect();
    let others = if others.is_empty() { String::new() } else { format!("and {}; ", others.join(", ")) };
    Some(super::tile("Spend", &big, &format!("{others}{small}"), above))
}

pub(super) fn section(picture: &Picture<'_>) -> String {
    let Some(month) = &picture.month else { return String::new() };
    let told = words::forecasts(month);
    if told.is_empty() && words::unpriced(&picture.summary.total).is_none() {
        return String::new();
    }
    let sentence = |(words, warn): &(String, bool)| {
        let class = if *warn { "loud" } else { "" };
        format!("<p class=\"{class}\">{}</p>", escape(words))
    };
    let mut lines: String = told.iter().map(sentence).collect();
    if let Some(words) = words::unpriced(&picture.summary.total) {
        lines.push_str(&format!("<p class=\"soft\">{} in the time of this report.</p>", escape(&words)));
    }
    let charts: String = month.outlooks.iter().take(CHARTS).map(|outlook| figure(month, outlook)).collect();
    format!("<section><h2>Spend in {}</h2>{lines}{charts}</section>", month.month.word())
}

/// The sums of the month's days, in one currency.
fn sums(month: &MonthPicture, unit: &str) -> Vec<Amount> {
    let mut sum = Amount::ZERO;
    let day =
        |day: usize| month.summary.groups.get(&Group::Day(day)).map_or(Amount::ZERO, |t: &Totals| t.spend.of(unit));
    (0..month.days.len())
        .map(|n| {
            sum = sum.plus(day(n));
            sum
        })
        .collect()
}

fn figure(month: &MonthPicture, outlook: &Outlook) -> String {
    let sums = sums(month, &outlook.unit);
    let largest = sums.iter().copied().chain([outlook.forecast]).chain(outlook.budget).max().unwrap_or(Amount::ZERO);
    // The axis ends at a round number of hundredths.
    let top = chart::ceiling(largest.billionths().max(0).unsigned_abs().div_ceil(HUNDREDTH).max(10)) * HUNDREDTH;
    let part = |amount: Amount| {
        u64::try_from(u128::from(amount.billionths().max(0).unsigned_abs()) * 1000 / u128::from(top)).unwrap_or(1000)
    };
    let days = days_of(month);
    let parts: Vec<u64> = sums.iter().map(|sum| part(*sum)).collect();
    let say = |amount| escape(&money(amount, &outlook.unit));
    let label = format!(
        "Spend in {}: {} so far, forecast {}{}",
        month.month.word(),
        money(outlook.so_far, &outlook.unit),
        money(outlook.forecast, &outlook.unit),
        outlook.budget.map_or_else(String::new, |budget| format!(", budget {}", money(budget, &outlook.unit)))
    );
    let shape = chart::spending(&label, days, &parts, part(outlook.forecast), outlook.budget.map(part));
    let half =
        |amount: u64| i64::try_from(amount).map_or_else(|_| String::new(), |n| Amount::from_billionths(n).to_string());
    let budget = outlook.budget.map(|b| format!("<li><i class=\"key-line key-limit\"></i>budget {}</li>", say(b)));
    let (first, last) =
        (month.days.first(), (month.month.name.0, month.month.name.1, i8::try_from(days).unwrap_or(28)));
    let first = first.map_or_else(String::new, |(date, _)| span::text(*date));
    format!(
        "<figure><figcaption>{} of {}, summed up by day</figcaption><div class=\"plot\">{}{shape}<div class=\"dates\" aria-hidden=\"true\"><span>{first}</span><span>{}</span></div></div>\
         <ul class=\"legend\"><li><i class=\"key-line\"></i>spent {}</li>\
         <li><i class=\"key-line key-dash\"></i>at this rate {}</li>{}</ul></figure>",
        escape(&printable(&outlook.unit)),
        month.month.word(),
        axis(&half(top), &half(top / 2)),
        span::text(last),
        say(outlook.so_far),
        say(outlook.forecast),
        budget.unwrap_or_default()
    )
}

/// How many days the month has: 28 to 31.
fn days_of(month: &MonthPicture) -> usize {
    const DAY_MS: i64 = 24 * 3600 * 1000;
    let rounded = (month.month.end.since(month.month.begin) + DAY_MS / 2) / DAY_MS;
    usize::try_from(rounded).unwrap_or(30).max(month.days.len())
}
