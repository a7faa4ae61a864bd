//! The table of Twilio's error codes in savehub-twilio(7), from the words the program itself uses.

use super::parts::{entry, trimmed};
use crate::model::{RefusedSender, RejectionClass};
use crate::provider::{known_codes, meaning, refused_sender, remedy};
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

/// Whom codes concern, the class they have, whether they refuse one from number, and what savehub does by itself.
const SECTIONS: &[(&str, RejectionClass, bool, &str)] = &[
    (
        "Account, request",
        RejectionClass::Ours,
        false,
        "Nothing reaches anybody until somebody acts. The step has failed; the steps after it are tried one by one until \
         a request gets through again.",
    ),
    (
        "From number",
        RejectionClass::Ours,
        true,
        "With several numbers under `from` this one rests, and `savehub status` and `savehub doctor` say so: the step goes \
         out from each other number in the same tick, and the others go on. One request tries the refused one again after \
         10 minutes, or when no other is left. Once all are refused, it is as above.",
    ),
    (
        "The person's number",
        RejectionClass::Callee,
        false,
        "The step has failed, and that is final for the meeting: its other rungs to this number are left out. Where only \
         the two numbers do not go together, the step goes out from each other from number first, and none rests.",
    ),
    (
        "Too much at once",
        RejectionClass::Capacity,
        false,
        "Nothing rang. The next ticks try again while there is time.",
    ),
];

/// One entry for all codes that mean the same and call for the same.
fn table() -> String {
    let mut roff = Roff::new();
    for (heading, class, one_sender, then) in SECTIONS {
        roff.control("SS", [*heading]);
        roff.text([roman(*then)]);
        for (codes, text) in grouped(*class, *one_sender) {
            entry(&mut roff, &codes.join(", "), text.trim_end_matches('.'));
        }
    }
    // Not `render`: its preamble stands at the top of whole pages.
    trimmed(&roff.to_roff())
}

fn grouped(class: RejectionClass, one_sender: bool) -> Vec<(Vec<String>, String)> {
    let mut groups: Vec<(Vec<String>, String)> = Vec::new();
    let rests = |code: u32| refused_sender(Some(code)) == Some(RefusedSender::Itself);
    for (code, _) in known_codes().filter(|(code, whose)| *whose == class && rests(*code) == one_sender) {
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
