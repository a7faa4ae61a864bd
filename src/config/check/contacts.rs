//! `[[contact]]`: who else may be told, by name.

use super::common::{email, phone};
use crate::config::Contact;
use crate::config::raw::Table;
use crate::config::screen::quoted;
use crate::model::printable;
use toml::Spanned;

/// The word of a rung for the person whose meeting it is: no contact may be called so.
pub(super) const PERSON: &str = "person";

pub(super) fn contacts(tables: &[Table<'_, '_>]) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    for table in tables {
        let (phone, email) = (phone(table, "phone"), email(table, "email"));
        if !table.has("phone") && !table.has("email") {
            let label = "add phone = \"+12025550102\" or email = \"bea@example.com\"";
            table.report.wrong(table.header(), "this contact has neither `phone` nor `email`", label);
        }
        let Some(name) = name(table, &contacts) else { continue };
        table.show(Some(&printable(&name)));
        contacts.push(Contact { name, phone: phone.map(Spanned::into_inner), email });
    }
    contacts
}

fn name(table: &Table<'_, '_>, before: &[Contact]) -> Option<String> {
    let name = table.needed_text("name", "\"Bea\"")?;
    let wrong = if name.get_ref().trim().is_empty() {
        "the name is empty".to_owned()
    } else if *name.get_ref() == PERSON {
        format!("a contact cannot be called `{PERSON}`: in a rung that means the person whose meeting it is")
    } else if before.iter().any(|contact| contact.name == *name.get_ref()) {
        format!("two contacts with the name {}", quoted(name.get_ref()))
    } else {
        return Some((*name.get_ref()).to_owned());
    };
    table.report.wrong(&name.span(), wrong, "each contact has a name of its own, for `to` in a rung");
    None
}
