//! Charts as inline SVG. There is no text in them: they stretch with the page, and what is to be read stands beside them.

use super::escape;
use crate::report::outcome::Outcome;
use crate::report::totals::Counts;

/// What a stacked bar shows, from the bottom up: class of the style sheet, words, and the outcomes.
pub(super) const STACK: &[(&str, &str, &[Outcome])] = &[
    ("answered", "answered", &[Outcome::Answered]),
    ("voicemail", "voicemail", &[Outcome::Voicemail]),
    ("no-answer", "no answer", &[Outcome::NoAnswer]),
    ("busy", "busy", &[Outcome::Busy]),
    (
        "failed",
        "failed or refused",
        &[Outcome::Failed, Outcome::Refused, Outcome::RateLimited, Outcome::NotSent, Outcome::Unknown],
    ),
    ("other", "hung up, under way, rehearsed", &[Outcome::Canceled, Outcome::UnderWay, Outcome::Simulated]),
];

/// How many of each part.
pub(super) fn parts(counts: &Counts) -> Vec<(&'static str, &'static str, u64)> {
    let sum = |outcomes: &[Outcome]| outcomes.iter().map(|outcome| counts.of(*outcome)).sum();
    STACK.iter().map(|(class, words, outcomes)| (*class, *words, sum(outcomes))).collect()
}

/// A round number that is not smaller, and whose half is whole, for the end of an axis.
pub(super) fn ceiling(most: u64) -> u64 {
    let mut step = 1;
    loop {
        for times in [2, 3, 4, 5, 6, 8, 10].into_iter().filter(|times| step > 1 || times % 2 == 0) {
            if most <= step * times {
                return step * times;
            }
        }
        step = if step > u64::MAX / 100 { return most } else { step * 10 };
    }
}

/// Width of one column in the coordinates of a chart whose height is 1000.
const COLUMN: usize = 10;

/// Columns of stacked parts. Each has a title that browsers show under the pointer.
pub(super) fn columns(label: &str, columns: &[(String, Vec<(&str, u64)>)], top: u64) -> String {
    let mut shapes = String::new();
    for (n, (title, parts)) in columns.iter().enumerate() {
        let mut y = 1000;
        let mut column = String::new();
        for (class, count) in parts.iter().filter(|(_, count)| *count > 0) {
            let height = scaled(*count, top);
            y -= height;
            let x = n * COLUMN + 1;
            column.push_str(&format!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"8\" height=\"{height}\"/>"));
        }
        if !column.is_empty() {
            shapes.push_str(&format!("<g><title>{}</title>{column}</g>", escape(title)));
        }
    }
    svg(label, columns.len() * COLUMN, &shapes)
}

/// A line of thousandths over the same columns; a column without a value leaves a gap.
pub(super) fn line(label: &str, values: &[Option<u64>]) -> String {
    let mut path = String::new();
    let mut before = false;
    for (n, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let (x, y) = (n * COLUMN + 1, 1000 - value.min(&1000));
            path.push_str(&format!("{}{x} {y}H{}", if before { "L" } else { "M" }, x + 8));
        }
        before = value.is_some();
    }
    svg(label, values.len() * COLUMN, &format!("<path class=\"stroke\" d=\"{path}\"/>"))
}

/// What was spent, day by day of a month of so many days: the sums so far, from there a dashed line to the forecast, and
/// the budget as a level. All in thousandths of the axis.
pub(super) fn spending(label: &str, days: usize, sums: &[u64], forecast: u64, budget: Option<u64>) -> String {
    let point = |day: usize, value: u64| format!("{} {}", day * COLUMN, 1000 - value.min(1000));
    let mut path = format!("M{}", point(0, 0));
    for (day, sum) in sums.iter().enumerate() {
        path.push_str(&format!("L{}", point(day + 1, *sum)));
    }
    let (today, so_far) = (sums.len(), sums.last().copied().unwrap_or(0));
    let mut shapes = format!(
        "<path class=\"stroke\" d=\"{path}\"/><path class=\"stroke dash\" d=\"M{}L{}\"/>",
        point(today, so_far),
        point(days, forecast)
    );
    if let Some(budget) = budget {
        shapes.push_str(&format!("<path class=\"stroke limit\" d=\"M{}L{}\"/>", point(0, budget), point(days, budget)));
    }
    svg(label, days * COLUMN, &shapes)
}

/// One bar of parts from left to right; what is left of `of` stays empty. The words and numbers stand beside it.
pub(super) fn bar(parts: &[(&str, u64)], of: u64) -> String {
    let mut x = 0;
    let mut shapes = String::new();
    for (class, count) in parts.iter().filter(|(_, count)| *count > 0) {
        let width = scaled(*count, of);
        shapes.push_str(&format!("<rect class=\"{class}\" x=\"{x}\" y=\"0\" width=\"{width}\" height=\"10\"/>"));
        x += width;
    }
    format!("<svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">{shapes}</svg>")
}

/// Thousandths of the whole.
pub(super) fn scaled(n: u64, of: u64) -> u64 {
    n.saturating_mul(1000).checked_div(of).unwrap_or(0).min(1000)
}

fn svg(label: &str, width: usize, shapes: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {} 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">{shapes}</svg>",
        width.max(1),
        escape(label)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_with_a_whole_half() {
        for (most, end) in [(0, 2), (2, 2), (3, 4), (5, 6), (7, 8), (11, 20), (41, 50), (232, 300), (950, 1000)] {
            assert_eq!(ceiling(most), end, "{most}");
        }
        assert_eq!(ceiling(u64::MAX), u64::MAX);
    }

    #[test]
    fn every_outcome_is_in_one_part_of_the_stack_or_no_call_at_all() {
        for outcome in Outcome::ALL {
            let parts = STACK.iter().filter(|(_, _, outcomes)| outcomes.contains(outcome)).count();
            let expected = usize::from(!matches!(outcome, Outcome::Sent | Outcome::HeldBack));
            assert_eq!(parts, expected, "{outcome}");
        }
    }

    #[test]
    fn a_line_has_a_gap_where_there_is_no_value() {
        let line = line("rate", &[Some(500), Some(1000), None, Some(0)]);
        assert!(line.contains("d=\"M1 500H9L11 0H19M31 1000H39\""), "{line}");
    }
}
