//! What it cost, and the budget.

use super::chart;
use super::parts::{self, axis, dates};
use crate::cli::report::data::{MonthSpending, ReportData};
use crate::cli::report::words::{self, money};
use crate::model::Amount;
use crate::model::Group;
use crate::report::month::Outlook;
use crate::report::span;
use crate::report::totals::Totals;
use maud::{Markup, html};

/// Billionths of it.
const HUNDREDTH: u64 = 10_000_000;

/// Currencies that have a chart of their own.
const CHARTS: usize = 3;

pub(super) fn tile(data: &ReportData<'_>) -> Option<Markup> {
    let month = data.month.as_ref()?;
    let total = &data.summary.total;
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
    Some(parts::tile("Spend", &big, &format!("{others}{small}"), above))
}

pub(super) fn section(data: &ReportData<'_>) -> Markup {
    let Some(month) = &data.month else { return Markup::default() };
    let (forecasts, unpriced) = (words::forecasts(month), words::unpriced(&data.summary.total));
    if forecasts.is_empty() && unpriced.is_none() {
        return Markup::default();
    }
    html! {
        section {
            h2 { "Spend in " (month.month.word()) }
            @for (words, warn) in &forecasts { p class=[warn.then_some("loud")] { (words) } }
            @if let Some(words) = unpriced { p.soft { (words) " in the time of this report." } }
            @for outlook in month.outlooks.iter().take(CHARTS) { (figure(month, outlook)) }
        }
    }
}

/// The sums of the month's days, in one currency.
fn sums(month: &MonthSpending, unit: &str) -> Vec<Amount> {
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

fn figure(month: &MonthSpending, outlook: &Outlook) -> Markup {
    let sums = sums(month, &outlook.unit);
    let largest = sums.iter().copied().chain([outlook.forecast]).chain(outlook.budget).max().unwrap_or(Amount::ZERO);
    // The axis ends at a round number of hundredths.
    let top = chart::ceiling(largest.billionths().max(0).unsigned_abs().div_ceil(HUNDREDTH).max(10)) * HUNDREDTH;
    let part = |amount: Amount| {
        u64::try_from(u128::from(amount.billionths().max(0).unsigned_abs()) * 1000 / u128::from(top)).unwrap_or(1000)
    };
    let days = days_of(month);
    let parts: Vec<u64> = sums.iter().map(|sum| part(*sum)).collect();
    let say = |amount| money(amount, &outlook.unit);
    let label = format!(
        "Spend in {}: {} so far, forecast {}{}",
        month.month.word(),
        say(outlook.so_far),
        say(outlook.forecast),
        outlook.budget.map_or_else(String::new, |budget| format!(", budget {}", say(budget)))
    );
    let shape = chart::spending(&label, days, &parts, part(outlook.forecast), outlook.budget.map(part));
    let half =
        |amount: u64| i64::try_from(amount).map_or_else(|_| String::new(), |n| Amount::from_billionths(n).to_string());
    let first = month.days.first().map_or_else(String::new, |(date, _)| span::text(*date));
    let (year, name) = month.month.name;
    let last = span::text((year, name, i8::try_from(days).unwrap_or(28)));
    html! {
        figure {
            figcaption { (outlook.unit) " of " (month.month.word()) ", summed up by day" }
            div.plot { (axis(&half(top), &half(top / 2))) (shape) (dates(&[&first, &last])) }
            ul.legend {
                li { i.key-line {} "spent " (say(outlook.so_far)) }
                li { i.key-line.key-dash {} "at this rate " (say(outlook.forecast)) }
                @if let Some(budget) = outlook.budget { li { i.key-line.key-limit {} "budget " (say(budget)) } }
            }
        }
    }
}

/// How many days the month has: 28 to 31.
fn days_of(month: &MonthSpending) -> usize {
    const DAY_MS: i64 = 24 * 3600 * 1000;
    let rounded = (month.month.end.since(month.month.begin) + DAY_MS / 2) / DAY_MS;
    usize::try_from(rounded).unwrap_or(30).max(month.days.len())
}
