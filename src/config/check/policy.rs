//! Which meetings ring: the same keys in `[calendar]`, for all, and in `[[person]]`, where they win.

use super::hours;
use crate::calendar::{Hours, Pattern, Policy};
use crate::config::raw::Table;
use crate::config::screen::quoted;
use crate::config::show::{Problem, Report};
use crate::model::SkipWhy;
use crate::near::nearest;

/// What `include` may name, and what does not ring where it is not named.
const INCLUDE: [(&str, SkipWhy); 4] = [
    ("tentative", SkipWhy::Tentative),
    ("unanswered", SkipWhy::Unanswered),
    ("free", SkipWhy::Free),
    ("out-of-office", SkipWhy::OutOfOffice),
];

/// Longest pattern for titles, in characters.
const LONGEST_PATTERN: usize = 200;

/// What `include` says where it is not written.
pub(in crate::config) fn standard_include() -> impl Iterator<Item = &'static str> {
    let standard = Policy::default();
    INCLUDE.iter().filter(move |(_, why)| !standard.leaves_out.contains(why)).map(|(word, _)| *word)
}

/// The policy of a table; what it does not say is taken from `default`.
pub(super) fn policy(table: &Table<'_, '_>, default: &Policy, report: &Report<'_>) -> Policy {
    Policy {
        addresses: default.addresses.clone(),
        leaves_out: leaves_out(table, report).unwrap_or_else(|| default.leaves_out.clone()),
        skip_titles: skip_titles(table, report).unwrap_or_else(|| default.skip_titles.clone()),
        min_attendees: table.count("min_attendees", default.min_attendees, 0..=1000).value,
        need_link: table.flag("need_link").unwrap_or(default.need_link),
        hours: working_hours(table, report).or(default.hours),
    }
}

fn leaves_out(table: &Table<'_, '_>, report: &Report<'_>) -> Option<Vec<SkipWhy>> {
    let list = table.texts("include", "[\"tentative\", \"unanswered\"]")?;
    let known = || INCLUDE.iter().map(|(word, _)| *word);
    for word in list.get_ref().iter().filter(|word| !known().any(|k| k == *word.get_ref())) {
        let problem = Problem::new(format!("unknown kind of meeting {}", quoted(word.get_ref()))).at(&word.span());
        report.push(match nearest(word.get_ref(), known()) {
            Some(near) => problem.label(format!("did you mean \"{near}\"?")),
            None => problem.label(format!("known: {}", known().collect::<Vec<_>>().join(", "))),
        });
    }
    let included = |word: &str| list.get_ref().iter().any(|w| *w.get_ref() == word);
    Some(INCLUDE.iter().filter(|(word, _)| !included(word)).map(|(_, why)| *why).collect())
}

fn skip_titles(table: &Table<'_, '_>, report: &Report<'_>) -> Option<Vec<Pattern>> {
    let list = table.texts("skip_titles", "[\"*lunch*\", \"Focus time\"]")?;
    for text in list.get_ref() {
        let label = match text.get_ref().chars().count() {
            0 => "write a title, perhaps with `*` for any text, or take it out",
            1..=LONGEST_PATTERN => continue,
            _ => "a pattern has at most 200 characters",
        };
        report.push(Problem::new("this is not a pattern for titles").at(&text.span()).label(label));
    }
    Some(list.get_ref().iter().map(|text| Pattern::new(text.get_ref())).collect())
}

fn working_hours(table: &Table<'_, '_>, report: &Report<'_>) -> Option<Hours> {
    let text = table.text("working_hours", "\"Mon-Fri 08:00-19:00\"")?;
    match hours::parse(text.get_ref()) {
        Ok(hours) => Some(hours),
        Err(label) => {
            let title = format!("invalid working hours {}", quoted(text.get_ref()));
            report.push(Problem::new(title).at(&text.span()).label(label));
            None
        }
    }
}

/// The person's own addresses, in lower case: whose "declined" counts.
pub(super) fn addresses(table: &Table<'_, '_>, report: &Report<'_>) -> Vec<String> {
    let Some(list) = table.texts("addresses", "[\"ana@example.com\"]") else { return Vec::new() };
    let mut addresses = Vec::new();
    for text in list.get_ref() {
        let address = text.get_ref().trim().to_lowercase();
        let address = address.strip_prefix("mailto:").unwrap_or(&address);
        if is_address(address) {
            addresses.push(address.to_owned());
        } else {
            let label = "write it as in invitations, such as \"ana@example.com\"";
            report.push(Problem::new("this is not a mail address").at(&text.span()).label(label));
        }
    }
    addresses
}

fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"');
    let parts: Vec<&str> = text.split('@').collect();
    text.len() <= 254 && parts.len() == 2 && parts.iter().all(|part| !part.is_empty()) && !text.contains(odd)
}
