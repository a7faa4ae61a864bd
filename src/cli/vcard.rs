//! `savehub generate vcard`: a contact with the number that calls come from, so that a phone can let it through.
//!
//! vCard 3.0 (RFC 2426), since every phone takes it; nothing in it means anything else in 4.0 (RFC 6350).

use super::args::VcardArgs;
use crate::config::Config;
use crate::exit::{Exit, UsageError};
use crate::model::{Phone, printable};
use std::io::Write;

/// Longest line without its end, in bytes (RFC 6350 section 3.2).
const LINE_MAX: usize = 75;

/// Runs the command.
pub(super) fn run(args: &VcardArgs, config: &Config, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let Some(twilio) = &config.provider.twilio else {
        let why = "the config has no number that calls come from; it is `from` under [provider.twilio]";
        return Err(UsageError(why.into()).into());
    };
    let name = printable(&args.name);
    let name = name.trim();
    if name.is_empty() {
        return Err(UsageError("--name: a contact needs a name".into()).into());
    }
    out.write_all(card(name, &twilio.numbers().collect::<Vec<_>>()).as_bytes())?;
    Ok(Exit::Done)
}

/// The card of these numbers. It holds them in whole: that is what it is for.
pub fn card(name: &str, numbers: &[&Phone]) -> String {
    let name = escaped(name);
    let head = ["BEGIN:VCARD".to_owned(), "VERSION:3.0".into(), format!("N:{name};;;;"), format!("FN:{name}")];
    let tel = numbers.iter().map(|number| format!("TEL;TYPE=voice,cell:{}", number.expose()));
    let note = escaped("Calls before meetings, from savehub. Let this contact through Do Not Disturb.");
    let tail = [format!("NOTE:{note}"), "END:VCARD".into()];
    head.into_iter().chain(tel).chain(tail).map(|line| folded(&line) + "\r\n").collect()
}

/// A text as a value (RFC 6350 section 3.4).
fn escaped(text: &str) -> String {
    let mut value = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | ',' | ';') {
            value.push('\\');
        }
        value.push(c);
    }
    value
}

/// A line that goes on behind a line's end and a space, never inside a character.
fn folded(line: &str) -> String {
    let (mut folded, mut used) = (String::new(), 0);
    for c in line.chars() {
        if used + c.len_utf8() > LINE_MAX {
            folded.push_str("\r\n ");
            used = 1;
        }
        folded.push(c);
        used += c.len_utf8();
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(last: &str) -> Phone {
        Phone::parse(&format!("+120255501{last}")).unwrap()
    }

    #[test]
    fn a_card_has_the_name_and_every_number() {
        let expected = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:savehub;;;;\r\nFN:savehub\r\n\
                        TEL;TYPE=voice,cell:+12025550100\r\nTEL;TYPE=voice,cell:+12025550199\r\n\
                        NOTE:Calls before meetings\\, from savehub. Let this contact through Do Not \r\n Disturb.\r\n\
                        END:VCARD\r\n";
        assert_eq!(card("savehub", &[&phone("00"), &phone("99")]), expected);
    }

    #[test]
    fn a_name_cannot_say_more_than_a_name() {
        let card = card("a;b,c\\d", &[&phone("00")]);
        assert!(card.contains("\r\nN:a\\;b\\,c\\\\d;;;;\r\nFN:a\\;b\\,c\\\\d\r\n"), "{card}");
    }

    #[test]
    fn no_line_is_longer_than_75_bytes_and_unfolded_it_is_whole() {
        let name = "Ünïçødé 📞".repeat(30);
        let card = card(&name, &[&phone("00")]);
        assert!(card.split("\r\n").all(|line| line.len() <= LINE_MAX), "{card}");
        assert!(card.replace("\r\n ", "").contains(&format!("\r\nFN:{name}\r\n")), "{card}");
    }
}
