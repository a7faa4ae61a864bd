//! What a broken config still says: whoever left it is not called, a new number is called, and a rehearsal stays one.

use super::input::{Env, set};
use super::keys;
use super::{Config, ProviderChoice};
use crate::model::Phone;
use toml::{Table, Value};

/// Changes the last good config as far as the file that now holds `held` still can be understood.
pub(super) fn hold_back(config: &mut Config, held: &str, env: &Env<'_>) {
    let Ok(file) = held.parse::<Table>() else { return };
    let call = file.get("call").and_then(Value::as_table);
    let says = |key: &str| call.and_then(|call| call.get(key));
    if says("provider").and_then(Value::as_str) == Some("mock") && set(env, "CALL_PROVIDER").is_none() {
        config.provider.chosen = ProviderChoice::Mock;
    }
    if says("test_mode").and_then(Value::as_bool) == Some(true) && set(env, "CALL_TEST_MODE").is_none() {
        config.test_mode = true;
    }
    let Some(entries) = entries(&file) else { return };
    let numbers: Vec<Phone> = config.people.iter().map(|person| person.phone.clone()).collect();
    config.people.retain_mut(|person| {
        let is_id = |entry: &&Entry| entry.id.as_deref() == Some(&person.id);
        let own: Vec<&Entry> = entries.iter().filter(is_id).collect();
        // Under another id, or none, it is the same phone.
        let here = !own.is_empty() || entries.iter().any(|entry| entry.phone.as_ref() == Some(&person.phone));
        let mut new = own.iter().filter_map(|entry| entry.phone.as_ref());
        // A number of somebody else is the mistake, or part of it.
        if !new.clone().any(|phone| *phone == person.phone)
            && let Some(phone) = new.find(|phone| !numbers.contains(phone))
        {
            person.phone = phone.clone();
        }
        here
    });
}

/// A person as far as the file says.
struct Entry {
    id: Option<String>,
    phone: Option<Phone>,
}

/// The people of the file; also under a misspelt name, so that a slip silences nobody. `None`: it does not say who they
/// are.
fn entries(file: &Table) -> Option<Vec<Entry>> {
    let people = file.get("person")?;
    let others = file.iter().filter(|(key, _)| !keys::known_in("").any(|known| known == key.as_str()));
    let tables = std::iter::once(people).chain(others.map(|(_, value)| value)).flat_map(|value| match value {
        Value::Array(list) => list.iter().filter_map(Value::as_table).collect(),
        Value::Table(table) => vec![table],
        _ => Vec::new(),
    });
    let text = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let entry = |table: &Table| Entry {
        id: text(table, "id"),
        phone: text(table, "phone").and_then(|phone| Phone::parse(&phone).ok()),
    };
    let entries: Vec<Entry> = tables.map(entry).filter(|entry| entry.id.is_some() || entry.phone.is_some()).collect();
    let nobody_is_meant = people.as_array().is_some_and(Vec::is_empty);
    (nobody_is_meant || !entries.is_empty()).then_some(entries)
}
