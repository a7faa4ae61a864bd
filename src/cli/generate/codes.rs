//! The table of Twilio's error codes in savehub-twilio(7), from the words the program itself uses.

use super::parts::{entry, trimmed};
use crate::model::RejectionClass;
use crate::provider::{known_codes, meaning, remedy};
use clap_mangen::roff::{Roff, roman};

/// The page, written by hand but for the table.
const PAGE: &str = include_str!("../../../man/savehub-twilio.7");

const BEGIN: &str = ".\\\" The codes, written by `savehub generate man`.\n";
const END: &str = ".\\\" The end of the codes.\n";

/// The page with the table of this version.
pub(super) fn page() -> String {
    let Some((before, rest)) = PAGE.split_once(BEGIN) else { return PAGE.to_owned() };
    let after = rest.split_once(END).map_or(rest, |(_, after)| after);
    format!("{before}{BEGIN}{}{END}{after}", table())
}

/// Whom a class concerns, and what savehub does by itself.
const CLASSES: &[(RejectionClass, &str, &str)] = &[
    (
        RejectionClass::Ours,
        "Account, from number, request",
        "Nothing reaches anybody until somebody acts. The step has failed; the steps after it are tried one by one until \
         a request gets through again.",
    ),
    (
        RejectionClass::Callee,
        "The person's number",
        "The step has failed, and that is final for the meeting: its other rungs to this number are left out.",
    ),
    (RejectionClass::Capacity, "Too much at once", "Nothing rang. The next ticks try again while there is time."),
];

/// One entry for all codes that mean the same and call for the same.
fn table() -> String {
    let mut roff = Roff::new();
    for (class, heading, then) in CLASSES {
        roff.control("SS", [*heading]);
        roff.text([roman(*then)]);
        for (codes, text) in grouped(*class) {
            entry(&mut roff, &codes.join(", "), text.trim_end_matches('.'));
        }
    }
    // Not `render`: its preamble stands at the top of whole pages.
    trimmed(&roff.to_roff())
}

fn grouped(class: RejectionClass) -> Vec<(Vec<String>, String)> {
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    for (code, _) in known_codes().filter(|(_, whose)| *whose == class) {
        let text = format!("{}. {}", capital(meaning(code).unwrap_or_default()), remedy(code).unwrap_or_default());
        match groups.iter_mut().find(|(_, known)| *known == text) {
            Some((codes, _)) => codes.push(code.to_string()),
            None => groups.push((vec![code.to_string()], text)),
        }
    }
    groups
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_every_known_code_once() {
        let page = page();
        let table = page.split_once(BEGIN).unwrap().1.split_once(END).unwrap().0;
        for (code, class) in known_codes() {
            assert_eq!(table.matches(&code.to_string()).count(), 1, "{code}, {class}");
        }
    }
}
