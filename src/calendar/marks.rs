//! Marks in the texts of an event: a line `savehub: off`, `savehub: important` or `savehub: 15m`, or a category of that
//! name. The word before the colon is the config's. Case and blanks do not matter, and several stand behind one colon with
//! commas between them.

use super::link::{LOOKED_THROUGH, head};
use super::notices::shown;
use crate::model::MARKED_EARLY;
use std::borrow::Cow;
use std::time::Duration;

/// What one mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It does not ring.
    Off,
    /// It rings whatever else would keep it from that.
    Important,
    /// The first notice comes that long before the start.
    Early(Duration),
    /// It looks like a mark and is none: the line, fit to be shown.
    Unclear(String),
}

/// The marks of a description: each on a line of its own. In HTML whatever is no mere emphasis ends a line.
pub(super) fn in_text(text: &str, word: &str) -> Vec<Said> {
    without_tags(head(text, LOOKED_THROUGH)).lines().flat_map(|line| in_line(line, word)).collect()
}

/// The marks of the value of `CATEGORIES` (RFC 5545 section 3.8.1.2), as it stands in the file.
pub(super) fn in_categories(value: &str, word: &str) -> Vec<Said> {
    let (mut said, mut rest, mut from) = (Vec::new(), head(value, LOOKED_THROUGH), 0);
    while let Some(at) = rest.get(from..).and_then(|rest| rest.find(',')).map(|at| from + at) {
        if rest.get(..at).is_some_and(|before| before.ends_with('\\')) {
            from = at + 1;
            continue;
        }
        said.extend(in_line(&super::value::text(&rest[..at]), word));
        (rest, from) = (&rest[at + 1..], 0);
    }
    said.extend(in_line(&super::value::text(rest), word));
    said
}

fn in_line(line: &str, word: &str) -> Vec<Said> {
    let line = line.trim_matches(is_blank);
    let Some(behind) = behind(line, word) else { return Vec::new() };
    if let Some(text) = behind.trim_start_matches(is_blank).strip_prefix([':', '：']) {
        let all: Option<Vec<Said>> = text.split([',', ';']).map(|part| meaning(part.trim_matches(is_blank))).collect();
        return all.unwrap_or_else(|| vec![Said::Unclear(shown(line))]);
    }
    // `savehub off` and `savehub = 15m` were meant as marks, `savehub calls me` was not.
    let text = behind.trim_matches(|c| is_blank(c) || matches!(c, '=' | '-' | '–' | '—' | '>'));
    let meant = text.len() < behind.len() && meaning(text).is_some();
    meant.then(|| Said::Unclear(shown(line))).into_iter().collect()
}

/// What stands behind the word with which the line begins.
fn behind<'t>(line: &'t str, word: &str) -> Option<&'t str> {
    let mut rest = line.chars();
    word.chars()
        .all(|c| rest.next().is_some_and(|of_line| of_line.to_lowercase().eq(c.to_lowercase())))
        .then_some(())?;
    Some(rest.as_str()).filter(|rest| !rest.starts_with(char::is_alphanumeric))
}

fn meaning(text: &str) -> Option<Said> {
    match text.to_lowercase().as_str() {
        "off" => Some(Said::Off),
        "important" => Some(Said::Important),
        time => {
            let early = humantime::parse_duration(time).ok()?;
            MARKED_EARLY.contains(&early).then_some(Said::Early(early))
        }
    }
}

/// Blank space, also that of HTML, which nobody sees.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{feff}')
}

/// Tags inside of which a line goes on.
const INLINE: [&str; 14] =
    ["a", "b", "big", "code", "em", "font", "i", "o:p", "s", "small", "span", "strong", "tt", "u"];

/// Characters that HTML writes otherwise, as far as a mark may hold them.
const ENTITIES: [(&str, char); 6] =
    [("&nbsp;", ' '), ("&#160;", ' '), ("&colon;", ':'), ("&#58;", ':'), ("&amp;", '&'), ("&#xa0;", ' ')];

/// A text without its tags, if it has some. Each `<` is looked at once: a tag ends before the next one begins.
fn without_tags(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&']) {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(['<', '&']) {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let known = ENTITIES.iter().find(|(entity, _)| from.starts_with(entity));
        rest = if let Some((entity, c)) = known {
            plain.push(*c);
            &from[entity.len()..]
        } else if let Some((tag, behind)) = tag(from) {
            let name = tag.trim_start_matches('/').split([' ', '\t', '\n', '/']).next().unwrap_or_default();
            if !INLINE.iter().any(|inline| name.eq_ignore_ascii_case(inline)) {
                plain.push('\n');
            }
            behind
        } else {
            plain.push_str(&from[..1]);
            &from[1..]
        };
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The inside of the tag with which the text begins, and what is behind it.
fn tag(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    let end = inside.find(['<', '>'])?;
    let begins = inside.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
    let behind = inside.get(end..)?.strip_prefix('>').filter(|_| begins)?;
    Some((&inside[..end], behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn early(minutes: u64) -> Said {
        Said::Early(Duration::from_secs(minutes * 60))
    }

    fn unclear(line: &str) -> Said {
        Said::Unclear(line.to_owned())
    }

    #[test]
    fn a_mark_is_a_line_of_its_own_whatever_its_case_and_its_blanks() {
        for (text, said) in [
            ("savehub: off", vec![Said::Off]),
            ("Agenda\n  SaveHub :Important \u{a0}\nmore", vec![Said::Important]),
            ("savehub:15m", vec![early(15)]),
            ("SAVEHUB: 1H 30M", vec![early(90)]),
            ("savehub: 15 minutes", vec![early(15)]),
            ("savehub：important, 20m", vec![Said::Important, early(20)]),
            ("savehub: off\r\nsavehub: important", vec![Said::Off, Said::Important]),
            ("\u{feff}savehub: off\u{200b}", vec![Said::Off]),
            ("about savehub: off", vec![]),
            ("> savehub: off", vec![]),
            ("savehubs: off", vec![]),
            ("savehub calls me", vec![]),
            ("savehub", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(in_text(text, "savehub"), said, "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_mark_and_is_none_is_told() {
        for line in [
            "savehub: 15 minuets",
            "savehub:",
            "savehub: 15",
            "savehub: 0m",
            "savehub: 25h",
            "savehub: off, later",
            "savehub off",
            "Savehub = 15m",
            "savehub - important",
        ] {
            assert_eq!(in_text(line, "savehub"), [unclear(line)], "{line}");
        }
        assert_eq!(in_text(&format!("savehub: {}", "x".repeat(500)), "savehub").len(), 1);
    }

    #[test]
    fn html_is_read_by_its_lines() {
        for (html, said) in [
            ("Agenda<br>savehub: off<br/>more", vec![Said::Off]),
            ("<html><body><p>savehub:&nbsp;<b>15m</b></p></body></html>", vec![early(15)]),
            ("<p class=MsoNormal><span lang=EN>savehub: important<o:p></o:p></span></p>", vec![Said::Important]),
            ("<div>savehub&#58; off</div>", vec![Said::Off]),
            ("see <a href=\"https://example.com\">savehub: off</a>", vec![]),
            ("1 < 2\nsavehub: off\n3 > 2", vec![Said::Off]),
            ("a & b <\nsavehub: off", vec![Said::Off]),
            ("<li>savehub: off", vec![Said::Off]),
        ] {
            assert_eq!(in_text(html, "savehub"), said, "{html}");
        }
    }

    #[test]
    fn each_category_is_a_line() {
        for (value, said) in [
            ("savehub: off", vec![Said::Off]),
            ("Work,SAVEHUB:15m, Home", vec![early(15)]),
            (r"Work\, savehub: off,savehub: important\, 10m", vec![Said::Important, early(10)]),
            ("savehub: important,15m", vec![Said::Important]),
            ("", vec![]),
        ] {
            assert_eq!(in_categories(value, "savehub"), said, "{value}");
        }
    }

    #[test]
    fn the_word_is_that_of_the_config() {
        assert_eq!(in_text("weckruf: OFF\nsavehub: important", "Weckruf"), [Said::Off]);
        assert_eq!(in_text("ÄRGER: off", "ärger"), [Said::Off]);
    }

    #[test]
    fn a_text_of_nothing_but_beginnings_is_read_once() {
        let texts = ["<", "<a", "&", "savehub:", "savehub: \n", "<br>savehub: off"].map(|part| part.repeat(200_000));
        let found: usize = texts.iter().map(|text| in_text(text, "savehub").len()).sum();
        assert!(found < 20_000, "{found}");
        assert_eq!(in_categories(&"\\,".repeat(200_000), "savehub"), []);
    }
}
