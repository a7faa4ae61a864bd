//! Where an attempt goes: the kind of rung, and an address that masks itself.

use super::{Email, Phone, RungKind, printable};
use std::fmt;

/// Where something is sent to, or from.
///
/// `Display` and `Debug` mask phone numbers and e-mail addresses; the whole text leaves by [`Address::expose`] alone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// A phone.
    Phone(Phone),
    /// A mailbox.
    Email(Email),
    /// Something the config has a name for: a webhook, a command, an account. Not secret.
    Named(String),
}

impl Address {
    /// The address as it stands in the database: for the provider's request and the store, never for a message.
    pub fn expose(&self) -> &str {
        match self {
            Self::Phone(phone) => phone.expose(),
            Self::Email(email) => email.expose(),
            Self::Named(name) => name,
        }
    }

    /// `****1234`, `a***@example.com`, or the name.
    pub fn masked(&self) -> String {
        match self {
            Self::Phone(phone) => phone.masked(),
            Self::Email(email) => email.masked(),
            Self::Named(name) => printable(name),
        }
    }

    /// The phone, if it is one.
    pub const fn phone(&self) -> Option<&Phone> {
        match self {
            Self::Phone(phone) => Some(phone),
            Self::Email(_) | Self::Named(_) => None,
        }
    }

    /// The address with this text: a phone or a mailbox where it reads as one, else a name.
    pub fn read(text: &str) -> Self {
        let mailbox = || Email::parse(text).map_or_else(|_| Self::Named(text.to_owned()), Self::Email);
        Phone::parse(text).map_or_else(|_| mailbox(), Self::Phone)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.masked())
    }
}

/// Where an attempt goes. A call and an SMS to one number are two targets: neither keeps the other waiting.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target {
    /// How it is reached.
    pub kind: RungKind,
    /// Where. A phone for `call` and `sms`, a mailbox for `email`, a name of the config for `webhook` and `command`.
    pub address: Address,
}

impl Target {
    /// A phone that rings.
    pub const fn call(phone: Phone) -> Self {
        Self { kind: RungKind::Call, address: Address::Phone(phone) }
    }

    /// A phone that gets a message.
    pub const fn sms(phone: Phone) -> Self {
        Self { kind: RungKind::Sms, address: Address::Phone(phone) }
    }

    /// A mailbox.
    pub const fn email(email: Email) -> Self {
        Self { kind: RungKind::Email, address: Address::Email(email) }
    }

    /// The target of this kind whose address has this text; an error says which address the kind needs.
    pub fn read(kind: RungKind, text: &str) -> Result<Self, String> {
        let address = match kind {
            RungKind::Call | RungKind::Sms => Phone::parse(text).map(Address::Phone).map_err(|e| e.to_string())?,
            RungKind::Email => Email::parse(text).map(Address::Email).map_err(|e| e.to_string())?,
            RungKind::Webhook | RungKind::Command => Address::Named(text.to_owned()),
        };
        Ok(Self { kind, address })
    }

    /// The phone of a target that is called.
    pub fn called(&self) -> Option<&Phone> {
        if self.kind == RungKind::Call { self.address.phone() } else { None }
    }

    /// The address, masked.
    pub fn masked(&self) -> String {
        self.address.masked()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({} {})", self.kind, self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone() -> Phone {
        Phone::parse("+12025550123").unwrap()
    }

    #[test]
    fn a_target_shows_its_kind_and_a_masked_address() {
        let email = Target::email(Email::parse("ana@example.com").unwrap());
        let shown = format!("{} {:?} {email} {email:?}", Target::call(phone()), Target::sms(phone()));
        assert_eq!(shown, "****0123 Target(sms ****0123) a***@example.com Target(email a***@example.com)");
    }

    #[test]
    fn a_call_and_an_sms_to_one_number_are_two_targets() {
        assert_ne!(Target::call(phone()), Target::sms(phone()));
        assert_eq!((Target::call(phone()).called(), Target::sms(phone()).called()), (Some(&phone()), None));
    }

    #[test]
    fn every_target_reads_back_from_its_text() {
        for (kind, text) in [
            (RungKind::Call, "+12025550123"),
            (RungKind::Sms, "+12025550123"),
            (RungKind::Email, "ana@example.com"),
            (RungKind::Webhook, "ntfy"),
            (RungKind::Command, "lamp"),
        ] {
            let target = Target::read(kind, text).unwrap();
            assert_eq!((target.kind, target.address.expose()), (kind, text));
            assert_eq!(Address::read(text), target.address);
        }
        assert!(Target::read(RungKind::Email, "+12025550123").is_err());
    }
}
