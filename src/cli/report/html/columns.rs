//! The columns of the charts over time: days, weeks or months.

use super::parts;
use crate::cli::report::data::Row;
use crate::report::totals::Totals;
use maud::Markup;

/// Up to this many days have a column each; above that, weeks or months have.
const MOST_DAYS: usize = 62;

/// Up to this many days are shown by weeks.
const MOST_DAYS_BY_WEEK: usize = 400;

/// A day, a week, a month.
pub(super) struct Column {
    pub(super) label: String,
    pub(super) totals: Totals,
}

/// Puts days together until they fit into a chart.
pub(super) fn columns(days: &[Row]) -> Vec<Column> {
    let name = |day: &Row, position: usize| {
        if days.len() <= MOST_DAYS {
            day.key.clone()
        } else if days.len() <= MOST_DAYS_BY_WEEK {
            format!("week {}", position / 7)
        } else {
            day.key.chars().take("2026-11".len()).collect()
        }
    };
    let mut columns: Vec<(String, Column)> = Vec::new();
    for (position, day) in days.iter().enumerate() {
        let name = name(day, position);
        if columns.last().is_none_or(|(last, _)| *last != name) {
            let label = if name.starts_with("week") { format!("7 days from {}", day.key) } else { name.clone() };
            columns.push((name, Column { label, totals: Totals::default() }));
        }
        if let Some((_, column)) = columns.last_mut() {
            column.totals.add(&day.totals);
        }
    }
    columns.into_iter().map(|(_, column)| column).collect()
}

/// What a column is.
pub(super) fn every(columns: &[Column]) -> &'static str {
    match columns.first() {
        Some(column) if column.label.starts_with("7 days") => "week",
        Some(column) if column.label.len() == "2026-11".len() => "month",
        _ => "day",
    }
}

/// The first, the middle and the last label.
pub(super) fn dates(columns: &[Column]) -> Markup {
    let at = [0, columns.len() / 2, columns.len().saturating_sub(1)];
    let places = if columns.len() < 3 { &at[..columns.len().min(1)] } else { &at[..] };
    let labels = places.iter().filter_map(|n| columns.get(*n)).map(|column| column.label.as_str());
    parts::dates(&labels.map(|label| label.strip_prefix("7 days from ").unwrap_or(label)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_time_is_shown_by_weeks_and_a_very_long_one_by_months() {
        let days = |n: usize| -> Vec<Row> {
            let day = |i: usize| Row {
                key: format!("2026-{:02}-{:02}", 1 + i / 28, 1 + i % 28),
                name: None,
                totals: Totals::default(),
            };
            (0..n).map(day).collect()
        };
        let shown = |n| columns(&days(n)).iter().map(|c| c.label.clone()).collect::<Vec<_>>();
        assert_eq!((shown(62).len(), shown(62)[0].as_str()), (62, "2026-01-01"));
        assert_eq!((shown(70).len(), shown(70)[1].as_str()), (10, "7 days from 2026-01-08"));
        assert_eq!((shown(401).len(), shown(401)[1].as_str()), (15, "2026-02"));
    }
}
