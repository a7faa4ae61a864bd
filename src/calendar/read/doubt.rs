//! Lines that look like properties and may be pieces of a text.

/// How far a line is to be doubted: a raw line break in a text, which wrong exporters write, makes lines that look like
/// properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::calendar) enum Doubt {
    /// It is a property.
    None,
    /// It stands right behind a text.
    Behind,
    /// And it is written as no property of its event is: `Status: cancelled`.
    Written,
}

/// How a line is written; behind a text that is written better, it is one of its lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// There are small letters in its name.
    small: bool,
    /// Blank space stands behind its colon.
    pub(super) blank: bool,
}

impl Style {
    pub(super) fn of(raw: &[u8], name: &[u8]) -> Self {
        let behind = raw.get(name.len()..).unwrap_or_default();
        Self { small: name.iter().any(u8::is_ascii_lowercase), blank: matches!(behind, [b':', b' ' | b'\t', ..]) }
    }

    pub(super) fn is_worse_than(self, other: Self) -> bool {
        (self.small && !other.small) || (self.blank && !other.blank)
    }
}
