//! E-mail addresses that mask themselves.

use std::fmt;

/// The longest address in octets (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const LONGEST: usize = 254;

/// An e-mail address such as `ana@example.com` (RFC 5321 `Mailbox`: a dot-string before the `@`, a host name behind it;
/// no quoted names, no address literals, ASCII alone).
///
/// `Display` and `Debug` show `a***@example.com`; the whole address leaves by [`Email::expose`] alone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// The text is not an e-mail address savehub can write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address has one `@`, no spaces and no name beside it, such as ana@example.com")]
pub struct EmailError;

impl Email {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let (local, domain) = text.split_once('@').ok_or(EmailError)?;
        let sound = text.len() <= LONGEST && local.len() <= 64;
        let dotted = |part: &str, of: fn(char) -> bool| part.split('.').all(|p| !p.is_empty() && p.chars().all(of));
        let label = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if sound && dotted(local, is_atext) && dotted(domain, label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(EmailError)
        }
    }

    /// The whole address: for the provider's request and the database, never for a message.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `a***@example.com`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        format!("{}***@{domain}", local.chars().next().unwrap_or_default())
    }
}

/// The characters of an unquoted name (RFC 5322 section 3.2.3, `atext`).
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_never_prints_more_than_its_first_letter_and_its_host() {
        let email = Email::parse("ana.lee@example.com").unwrap();
        assert_eq!(format!("{email} {email:?}"), "a***@example.com Email(a***@example.com)");
    }

    #[test]
    fn what_could_add_a_header_or_another_recipient_is_no_address() {
        let long = format!("{}@example.com", "a".repeat(65));
        for text in [
            "",
            "ana",
            "@example.com",
            "ana@",
            "a na@example.com",
            "ana@@example.com",
            "ana@example..com",
            ".a@example.com",
            "Ana <ana@example.com>",
            "ana@example.com,bo@example.com",
            "ana@example.com\r\nBcc: bo@example.com",
            "\"ana\"@example.com",
            "ana@[127.0.0.1]",
            "änä@example.com",
            &long,
        ] {
            assert_eq!(Email::parse(text), Err(EmailError), "{text}");
        }
    }
}
