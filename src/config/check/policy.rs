//! Which meetings ring: the same keys in `[calendar]`, for all, and in `[[person]]`, where they win.

use super::common::unknown_in_list;
use super::hours;
use crate::calendar::{Hours, Pattern, Policy};
use crate::config::effective::{Value, masked_mail};
use crate::config::raw::Table;
use crate::config::screen::quoted;
use crate::model::SkipWhy;

/// What `include` may name, and what does not ring where it is not named.
const INCLUDE: [(&str, SkipWhy); 4] = [
    ("tentative", SkipWhy::Tentative),
    ("unanswered", SkipWhy::Unanswered),
    ("free", SkipWhy::Free),
    ("out-of-office", SkipWhy::OutOfOffice),
];

/// Longest pattern for titles, in characters.
const LONGEST_PATTERN: usize = 200;

/// The keys that a person may have instead of those of everybody.
pub(super) const KEYS: [&str; 6] = ["include", "skip_titles", "min_attendees", "need_link", "working_hours", "mark"];

/// Longest word for marks, in characters.
const LONGEST_MARK: usize = 32;

/// The policy of a table; what it does not say is taken from `default`.
pub(super) fn policy(table: &Table<'_, '_>, default: &Policy) -> Policy {
    Policy {
        addresses: default.addresses.clone(),
        leaves_out: leaves_out(table).unwrap_or_else(|| default.leaves_out.clone()),
        skip_titles: skip_titles(table).unwrap_or_else(|| default.skip_titles.clone()),
        min_attendees: table.count("min_attendees", default.min_attendees, 0..=1000).value,
        need_link: table.flag("need_link", default.need_link),
        hours: working_hours(table).or(default.hours),
        mark: mark(table, default.mark.as_deref()),
    }
}

fn leaves_out(table: &Table<'_, '_>) -> Option<Vec<SkipWhy>> {
    let list = table.texts("include", "[\"tentative\", \"unanswered\"]");
    let Some(list) = list else {
        let standard = Policy::default().leaves_out;
        let included = || INCLUDE.iter().filter(|(_, why)| !standard.contains(why)).map(|(word, _)| *word);
        table.note("include", || Value::texts(included()));
        return None;
    };
    let known = || INCLUDE.iter().map(|(word, _)| *word);
    for word in list.get_ref().iter().filter(|word| !known().any(|k| k == *word.get_ref())) {
        unknown_in_list(("unknown kind of meeting", "known"), word, known(), table.report);
    }
    let included = |word: &str| list.get_ref().iter().any(|w| *w.get_ref() == word);
    Some(INCLUDE.iter().filter(|(word, _)| !included(word)).map(|(_, why)| *why).collect())
}

fn skip_titles(table: &Table<'_, '_>) -> Option<Vec<Pattern>> {
    let list = table.texts("skip_titles", "[\"*lunch*\", \"Focus time\"]")?;
    for text in list.get_ref() {
        let label = match text.get_ref().chars().count() {
            0 => "write a title, perhaps with `*` for any text, or take it out",
            1..=LONGEST_PATTERN => continue,
            _ => "a pattern has at most 200 characters",
        };
        table.report.wrong(&text.span(), "this is not a pattern for titles", label);
    }
    Some(list.get_ref().iter().map(|text| Pattern::new(text.get_ref())).collect())
}

fn working_hours(table: &Table<'_, '_>) -> Option<Hours> {
    let text = table.text("working_hours", "\"Mon-Fri 08:00-19:00\"")?;
    match hours::parse(text.get_ref()) {
        Ok(hours) => Some(hours),
        Err(label) => {
            let title = format!("invalid working hours {}", quoted(text.get_ref()));
            table.report.wrong(&text.span(), title, label);
            None
        }
    }
}

/// The word before a mark; an empty one means that there are none.
fn mark(table: &Table<'_, '_>, default: Option<&str>) -> Option<String> {
    let Some(text) = table.text("mark", "\"savehub\"") else {
        table.note("mark", || Value::text(default.unwrap_or_default()));
        return default.map(str::to_owned);
    };
    let word = *text.get_ref();
    let of_a_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if word.chars().count() > LONGEST_MARK || !word.chars().all(of_a_word) {
        let label = "write a word of at most 32 letters and digits, such as \"savehub\"; \"\" for no marks";
        table.report.wrong(&text.span(), format!("{} cannot stand before a mark", quoted(word)), label);
    }
    Some(word.to_owned()).filter(|word| !word.is_empty())
}

/// The person's own addresses, in lower case: whose "declined" counts.
pub(super) fn addresses(table: &Table<'_, '_>) -> Vec<String> {
    let Some(list) = table.texts("addresses", "[\"ana@example.com\"]") else { return Vec::new() };
    let mut addresses = Vec::new();
    for text in list.get_ref() {
        let address = text.get_ref().trim().to_lowercase();
        let address = address.strip_prefix("mailto:").unwrap_or(&address);
        if is_address(address) {
            addresses.push(address.to_owned());
        } else {
            let label = "write it as in invitations, such as \"ana@example.com\"";
            table.report.wrong(&text.span(), "this is not a mail address", label);
        }
    }
    table.note("addresses", || Value::List(addresses.iter().map(|address| masked_mail(address)).collect()));
    addresses
}

fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"');
    let parts: Vec<&str> = text.split('@').collect();
    text.len() <= 254 && parts.len() == 2 && parts.iter().all(|part| !part.is_empty()) && !text.contains(odd)
}
