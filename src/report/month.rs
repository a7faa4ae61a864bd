//! The calendar month: what was spent so far, what it will be at the end, and the budget.

use super::totals::Spend;
use crate::model::{Amount, Money, Timestamp};
use crate::zone::{Civil, Zone};

/// A day, in milliseconds: no forecast is made of less.
const DAY_MS: i64 = 24 * 3600 * 1000;

/// A calendar month around a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Year and month (1 to 12).
    pub name: (i16, i8),
    /// Where it begins.
    pub begin: Timestamp,
    /// Where the next one begins.
    pub end: Timestamp,
    /// The moment.
    pub now: Timestamp,
}

impl Month {
    /// The month of `now` in a zone.
    pub fn around(now: Timestamp, zone: &Zone) -> Self {
        let (year, month, _) = zone.civil(now).date;
        let begin = |date| zone.instant(Civil { date, time: (0, 0, 0) }).unwrap_or(now);
        let next = if month == 12 { (year.saturating_add(1), 1, 1) } else { (year, month + 1, 1) };
        Self { name: (year, month), begin: begin((year, month, 1)), end: begin(next), now }
    }

    /// `November`.
    pub fn word(&self) -> &'static str {
        const NAMES: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        usize::try_from(self.name.1 - 1).ok().and_then(|month| NAMES.get(month)).copied().unwrap_or("this month")
    }

    /// What is spent by its end if it goes on like this: so far, per day, times its days. Less than a day counts as one.
    pub fn forecast(&self, so_far: Amount) -> Amount {
        let gone = self.now.since(self.begin).max(DAY_MS).min(self.end.since(self.begin).max(DAY_MS));
        let whole = i128::from(self.end.since(self.begin).max(gone));
        let n = i128::from(so_far.billionths()) * whole / i128::from(gone);
        Amount::from_billionths(i64::try_from(n).unwrap_or(if n < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// What a currency cost this month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The currency.
    pub unit: String,
    /// Spent so far.
    pub so_far: Amount,
    /// At the end of the month.
    pub forecast: Amount,
    /// The budget of the month, when it is in this currency.
    pub budget: Option<Amount>,
}

impl Outlook {
    /// Is the budget spent, or will it be?
    pub fn is_above(&self) -> bool {
        self.budget.is_some_and(|budget| self.forecast > budget || self.so_far > budget)
    }
}

/// The outlook of each currency something was paid in, and of the budget's.
pub fn outlooks(month: &Month, spend: &Spend, budget: Option<&Money>) -> Vec<Outlook> {
    let mut units: Vec<String> = spend.iter().map(|(unit, _)| unit.to_owned()).collect();
    if let Some(budget) = budget.filter(|budget| !units.contains(&budget.unit)) {
        units.push(budget.unit.clone());
    }
    let outlook = |unit: String| {
        let so_far = spend.of(&unit);
        let budget = budget.filter(|budget| budget.unit == unit).map(|budget| budget.amount);
        Outlook { forecast: month.forecast(so_far), so_far, budget, unit }
    };
    units.into_iter().map(outlook).collect()
}
