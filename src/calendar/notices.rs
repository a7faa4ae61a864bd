//! What the person is told: few notices, repeated ones counted in one.

use crate::model::{cut, printable};

/// Something in a calendar the person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The event, where there is one.
    pub uid: Option<String>,
    /// Line in the file, from 1, where it is known.
    pub line: Option<usize>,
    /// In plain words; texts from the calendar in it are cut and cleaned.
    pub text: String,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.text)
    }
}

/// Different notices that are kept; a calendar with more trouble has said enough.
const MOST: usize = 40;

/// Collects the notices of one look.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// Each with how often it came again.
    kept: Vec<(Notice, usize)>,
    /// Notices beyond the kept ones.
    left_out: usize,
    /// What is told whatever else there is.
    first: Vec<Notice>,
}

impl Notices {
    /// Adds a notice; one with the same text is counted, and keeps the event and the line where it came up first.
    pub(super) fn add(&mut self, uid: Option<&str>, line: Option<usize>, text: String) {
        if let Some((_, again)) = self.kept.iter_mut().find(|(notice, _)| notice.text == text) {
            *again += 1;
        } else if self.kept.len() < MOST {
            self.kept.push((Notice { uid: uid.map(shown), line, text }, 0));
        } else {
            self.left_out += 1;
        }
    }

    /// Adds a notice that no flood of others may hide.
    pub(super) fn add_first(&mut self, text: String) {
        self.first.push(Notice { uid: None, line: None, text });
    }

    /// The notices, in the order they came up first.
    pub(super) fn finish(self) -> Vec<Notice> {
        let mut all = self.first;
        all.extend(self.kept.into_iter().map(counted));
        if self.left_out > 0 {
            all.push(Notice { uid: None, line: None, text: format!("and {} more", self.left_out) });
        }
        all
    }
}

fn counted((mut notice, again): (Notice, usize)) -> Notice {
    match again {
        0 => {}
        1 => notice.text.push_str(" (and once more)"),
        n => notice.text = format!("{} (and {n} times more)", notice.text),
    }
    notice
}

/// A text of the calendar, as it may be shown: cleaned and short.
pub(super) fn shown(text: &str) -> String {
    printable(&cut(text, 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_notice_is_told_once_with_its_count() {
        let mut notices = Notices::default();
        for line in 1..=3 {
            notices.add(Some("a\u{1b}[2J"), Some(line), "it is odd".to_owned());
        }
        notices.add(None, None, "another".to_owned());
        let first =
            Notice { uid: Some("a [2J".to_owned()), line: Some(1), text: "it is odd (and 2 times more)".to_owned() };
        assert_eq!(notices.finish(), [first, Notice { uid: None, line: None, text: "another".to_owned() }]);
    }

    #[test]
    fn what_is_told_first_stands_before_any_flood() {
        let mut notices = Notices::default();
        (0..100).for_each(|i| notices.add(None, None, format!("odd {i}")));
        notices.add_first("meetings are left out".into());
        let all = notices.finish();
        assert_eq!((all[0].text.as_str(), all[1].text.as_str()), ("meetings are left out", "odd 0"));
    }

    #[test]
    fn a_flood_of_notices_ends_in_a_number() {
        let mut notices = Notices::default();
        for n in 0..1000 {
            notices.add(None, None, n.to_string());
        }
        let all = notices.finish();
        assert_eq!((all.len(), all[MOST].text.as_str()), (MOST + 1, "and 960 more"));
    }
}
