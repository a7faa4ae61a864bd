//! Text from outside, made fit to be shown; and the macro that gives an enum its one text form.

use std::fmt::Write as _;

/// Longest part of a message that may stand in a log, a result or the database, in characters.
pub const MESSAGE_CUT: usize = 50;

/// Bytes in hex, in small letters.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        // Writing to a String cannot fail.
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Declares an enum together with its text form: `as_str`, `ALL`, `Display`, `FromStr`, `Serialize` and `sql_list` (for CHECK).
///
/// One declaration serves Rust, SQL and JSON; a state that exists in one exists in all.
macro_rules! text_enum {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The text that stands in the database, in JSON and in messages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// `'A','B'`: the values as SQL literals, for a CHECK constraint or an `in (…)`.
            pub fn sql_list() -> String {
                Self::ALL.iter().map(|v| format!("'{}'", v.as_str())).collect::<Vec<_>>().join(",")
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<Self, String> {
                match s {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(format!(concat!("`{}` is not a ", stringify!($name)), s)),
                }
            }
        }
    };
}
pub(crate) use text_enum;

/// A hash that is the same in every version and on every host (FNV-1a, 64 bits).
pub fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Removes what could steer a terminal or fake a log line: control characters (C0, C1, DEL) become a space, and the
/// invisible characters that reorder text (bidi controls, U+FEFF) are dropped.
pub fn printable(text: &str) -> String {
    text.chars()
        .filter(
            |c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'),
        )
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The first `max` characters of `text`; a text that was cut ends in `…`, which counts as one of them.
pub fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_removes_escapes_and_bidi_controls() {
        assert_eq!(printable("a\u{1b}[31mred\u{7}\u{202e}x\ny"), "a [31mred x y");
    }

    #[test]
    fn a_cut_text_has_at_most_the_asked_length() {
        assert_eq!(cut("hello", 5), "hello");
        assert_eq!(cut("hello!", 5), "hell…");
    }
}
