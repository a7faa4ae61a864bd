//! What every manual page has.

use clap_mangen::roff::{Roff, bold, roman};

/// The date of this version's page, by hand: the page must not depend on the day it was made.
pub(super) const DATE: &str = "2026-11-22";

/// The version as pages name it.
pub(super) const VERSION: &str = concat!("savehub ", env!("CARGO_PKG_VERSION"));

/// Without spaces at the ends of lines.
pub(super) fn trimmed(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// Terms, each with what it means.
pub(super) fn list(roff: &mut Roff, entries: &[(&str, &str)]) {
    for (term, text) in entries {
        entry(roff, term, text);
    }
}

/// A term and what it means.
pub(super) fn entry(roff: &mut Roff, term: &str, text: &str) {
    roff.control("TP", []);
    roff.text([bold(term)]);
    roff.text([roman(format!("{text}."))]);
}
