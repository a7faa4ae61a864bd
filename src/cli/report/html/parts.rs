//! Pieces of the page that several sections have.

use super::chart;
use crate::cli::report::words::percent;
use crate::report::totals::rate;
use maud::{Markup, html};

/// `80,239`.
pub(super) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number, large, with its unit, and what belongs to it.
pub(super) fn tile(label: &str, big: &str, small: &str, warn: bool) -> Markup {
    let (number, unit) = big.split_once(' ').map_or((big, None), |(number, unit)| (number, Some(unit)));
    html! {
        div.tile.warn[warn] {
            dt { (label) }
            dd.big { (number) @if let Some(unit) = unit { " " small { (unit) } } }
            dd.small { (small) }
        }
    }
}

/// What stands beside a chart: its top, its middle and 0.
pub(super) fn axis(top: &str, middle: &str) -> Markup {
    html! { div.axis aria-hidden="true" { span { (top) } span { (middle) } span { "0" } } }
}

/// What stands below a chart over time.
pub(super) fn dates(labels: &[&str]) -> Markup {
    html! { div.dates aria-hidden="true" { @for label in labels { span { (label) } } } }
}

/// A line of a list of bars: the longest bar is that of `most`.
pub(super) fn counted_bar(words: &str, n: u64, of: u64, most: u64, class: &str) -> Markup {
    html! {
        li {
            span { (words) }
            span.n { (grouped(n)) small { (rate(n, of).map_or_else(String::new, percent)) } }
            (chart::bar(&[(class, n)], most))
        }
    }
}

/// A section of bars, or what to say without any.
pub(super) fn bars(heading: &str, lines: &[Markup], nothing: &str) -> Markup {
    html! {
        section {
            h2 { (heading) }
            @if lines.is_empty() {
                p.soft { (nothing) }
            } @else {
                ul.bars { @for line in lines { (line) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_commas() {
        assert_eq!([0, 999, 1000, 80_239, 1_234_567].map(grouped), ["0", "999", "1,000", "80,239", "1,234,567"]);
    }
}
