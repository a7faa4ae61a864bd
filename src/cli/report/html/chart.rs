//! Charts as inline SVG. There is no text in them: they stretch with the page, and what is to be read stands beside them.

use crate::report::outcome::Outcome;
use crate::report::totals::Counts;
use maud::{Markup, html};

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
pub(super) fn columns(label: &str, columns: &[(String, Vec<(&str, u64)>)], top: u64) -> Markup {
    let stack = |n: usize, parts: &[(&str, u64)]| {
        let mut y = 1000;
        let place = |(class, count): &(&str, u64)| {
            let height = scaled(*count, top);
            y -= height;
            html! { rect class=(class) x=(n * COLUMN + 1) y=(y) width="8" height=(height) {} }
        };
        parts.iter().filter(|(_, count)| *count > 0).map(place).collect::<Vec<_>>()
    };
    let shapes = columns.iter().enumerate().map(|(n, (title, parts))| (title, stack(n, parts)));
    svg(
        label,
        columns.len() * COLUMN,
        &html! {
            @for (title, stack) in shapes.filter(|(_, stack)| !stack.is_empty()) {
                g { title { (title) } @for part in stack { (part) } }
            }
        },
    )
}

/// A line of thousandths over the same columns; a column without a value leaves a gap.
pub(super) fn line(label: &str, values: &[Option<u64>]) -> Markup {
    let mut path = Vec::new();
    let mut before = false;
    for (n, value) in values.iter().enumerate() {
        if let Some(value) = value {
            let (x, y) = (n * COLUMN + 1, 1000 - value.min(&1000));
            path.push(format!("{}{x} {y}H{}", if before { "L" } else { "M" }, x + 8));
        }
        before = value.is_some();
    }
    svg(label, values.len() * COLUMN, &html! { path.stroke d=(path.concat()) {} })
}

/// What was spent, day by day of a month of so many days: the sums so far, from there a dashed line to the forecast, and
/// the budget as a level. All in thousandths of the axis.
pub(super) fn spending(label: &str, days: usize, sums: &[u64], forecast: u64, budget: Option<u64>) -> Markup {
    let point = |day: usize, value: u64| format!("{} {}", day * COLUMN, 1000 - value.min(1000));
    let line = |from: String, to: String| format!("M{from}L{to}");
    let path: Vec<String> = sums.iter().zip(1..).map(|(sum, day)| format!("L{}", point(day, *sum))).collect();
    let (today, so_far) = (sums.len(), sums.last().copied().unwrap_or(0));
    svg(
        label,
        days * COLUMN,
        &html! {
            path.stroke d={ "M" (point(0, 0)) (path.concat()) } {}
            path.stroke.dash d=(line(point(today, so_far), point(days, forecast))) {}
            @if let Some(budget) = budget {
                path.stroke.limit d=(line(point(0, budget), point(days, budget))) {}
            }
        },
    )
}

/// One bar of parts from left to right; what is left of `of` stays empty. The words and numbers stand beside it.
pub(super) fn bar(parts: &[(&str, u64)], of: u64) -> Markup {
    let mut x = 0;
    let parts = parts.iter().filter(|(_, count)| *count > 0).map(|(class, count)| {
        let (from, width) = (x, scaled(*count, of));
        x += width;
        (class, from, width)
    });
    html! {
        svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
            @for (class, x, width) in parts { rect class=(class) x=(x) y="0" width=(width) height="10" {} }
        }
    }
}

/// Thousandths of the whole.
pub(super) fn scaled(n: u64, of: u64) -> u64 {
    n.saturating_mul(1000).checked_div(of).unwrap_or(0).min(1000)
}

fn svg(label: &str, width: usize, shapes: &Markup) -> Markup {
    let view = format!("0 0 {} 1000", width.max(1));
    html! { svg viewBox=(view) preserveAspectRatio="none" role="img" aria-label=(label) { (shapes) } }
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
        let line = line("rate", &[Some(500), Some(1000), None, Some(0)]).into_string();
        assert!(line.contains("d=\"M1 500H9L11 0H19M31 1000H39\""), "{line}");
    }
}
