//! Which meetings of a calendar ring.

use crate::model::{MARK, SkipWhy};
use std::borrow::Cow;

/// What a person's config says about the meetings that ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The person's own addresses, in lower case, without `mailto:`: whose "declined" counts.
    pub addresses: Vec<String>,
    /// Which of tentative, unanswered, free and out-of-office meetings do not ring.
    pub leaves_out: Vec<SkipWhy>,
    /// Titles that do not ring.
    pub skip_titles: Vec<Pattern>,
    /// Meetings with fewer attendees do not ring.
    pub min_attendees: u32,
    /// Only meetings with a link or a number to join ring.
    pub need_link: bool,
    /// Only meetings that start in these hours ring.
    pub hours: Option<Hours>,
    /// The word before the colon of a mark; `None`: there are no marks.
    pub mark: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            leaves_out: vec![SkipWhy::Free, SkipWhy::OutOfOffice],
            skip_titles: Vec::new(),
            min_attendees: 0,
            need_link: false,
            hours: None,
            mark: Some(MARK.to_owned()),
        }
    }
}

impl Policy {
    /// The same for somebody who has these addresses, too.
    pub fn with_addresses(&self, told: &[String]) -> Cow<'_, Self> {
        let new: Vec<_> = told.iter().filter(|address| !self.addresses.contains(address)).cloned().collect();
        if new.is_empty() {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { addresses: [self.addresses.clone(), new].concat(), ..self.clone() })
    }
}

/// A pattern for titles: `*` stands for any text, `?` for one character; case does not matter; the whole title is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(Vec<char>);

impl Pattern {
    /// A pattern from its text.
    pub fn new(text: &str) -> Self {
        Self(fold(text))
    }

    /// Does the whole title fit? Blank space around it does not count.
    pub fn fits(&self, title: &str) -> bool {
        let title = fold(title.trim());
        // The classic walk: on a mismatch, the last `*` takes one more character. Never worse than their product.
        let (mut p, mut t, mut star) = (0, 0, None);
        while t < title.len() {
            match self.0.get(p) {
                Some('*') => {
                    star = Some((p, t));
                    p += 1;
                }
                Some(c) if *c == '?' || *c == title[t] => {
                    p += 1;
                    t += 1;
                }
                _ => {
                    let Some((at, from)) = star else { return false };
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
            }
        }
        self.0[p..].iter().all(|c| *c == '*')
    }
}

fn fold(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
}

/// Working hours in the person's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// Monday to Sunday.
    pub days: [bool; 7],
    /// First minute of the day.
    pub from: u16,
    /// Minute after the last one; 1440 is midnight.
    pub until: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_whole_title_whatever_its_case() {
        for (pattern, title, fits) in [
            ("lunch", "Lunch", true),
            ("lunch", "Lunch with Bo", false),
            ("*lunch*", "Team LUNCH today", true),
            ("focus*", " Focus time ", true),
            ("?:?", "1:1", true),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
            ("", "", true),
            ("*", "", true),
            ("ÄRZTE*", "Ärzterunde", true),
        ] {
            assert_eq!(Pattern::new(pattern).fits(title), fits, "{pattern} on {title}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_ends_soon() {
        let pattern = Pattern::new(&"*a".repeat(100));
        assert!(!pattern.fits(&"a".repeat(99)));
        assert!(pattern.fits(&"a".repeat(1000)));
    }
}
