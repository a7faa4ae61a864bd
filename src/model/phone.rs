//! Phone numbers that mask themselves.

use std::fmt;

/// A number in E.164 form (ITU-T E.164: `+`, then 7 to 15 digits, the first of them not 0).
///
/// `Display` and `Debug` show the last four digits only; the whole number leaves by [`Phone::expose`] alone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone(String);

/// Why a text is not a phone number savehub can call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// There is no `+` in front.
    #[error("a number starts with `+` and the country code, such as +12025550123")]
    NoPlus,
    /// A character other than a digit, or a leading zero.
    #[error("after `+` come digits only, without spaces or dashes, and no leading 0, such as +12025550123")]
    NotDigits,
    /// Fewer than 7 or more than 15 digits.
    #[error("a number has 7 to 15 digits after the `+`")]
    Length,
}

impl Phone {
    /// Reads an E.164 number.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let digits = text.strip_prefix('+').ok_or(PhoneError::NoPlus)?;
        if digits.starts_with('0') || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneError::NotDigits);
        }
        if !(7..=15).contains(&digits.len()) {
            return Err(PhoneError::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole number: for the provider's request and the database, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `****1234`.
    pub fn masked(&self) -> String {
        format!("****{}", &self.0[self.0.len() - 4..])
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_never_prints_more_than_its_last_four_digits() {
        let phone = Phone::parse("+12025550123").unwrap();
        assert_eq!(format!("{phone} {phone:?}"), "****0123 Phone(****0123)");
    }

    #[test]
    fn numbers_that_are_not_e164_are_refused_with_what_to_write() {
        for (text, error) in [
            ("12025550123", PhoneError::NoPlus),
            ("+1 202 555", PhoneError::NotDigits),
            ("+0202555012", PhoneError::NotDigits),
            ("+123456", PhoneError::Length),
            ("+1234567890123456", PhoneError::Length),
            ("", PhoneError::NoPlus),
        ] {
            assert_eq!(Phone::parse(text), Err(error), "{text}");
        }
    }
}
