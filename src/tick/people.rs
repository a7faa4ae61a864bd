//! Who the config names: told when somebody leaves it, is back, or has another id.

use super::calendars::hashed;
use super::context::Context;
use super::summary::{PersonChange, PersonSeen};
use crate::config::{Config, Person};
use crate::model::Address;
use crate::store::{PersonDraft, StoreError};

/// Brings the store's people in line with the config's: before incidents are ended of those who left.
pub(super) fn sync(cx: &mut Context<'_>) -> Result<(), StoreError> {
    let config = &cx.world.config;
    let draft = |person: &Person| PersonDraft { id: person.id.clone(), phone: Address::Phone(person.phone.clone()) };
    let wanted: Vec<PersonDraft> = config.people.iter().map(draft).collect();
    let fingerprint = hashed(&wanted);
    let rekey = |old: &str, new: &str| rekeyed(config, old, new);
    let synced = cx.world.store.sync_people(&wanted, &fingerprint, &rekey, cx.time.now())?;
    let seen = |person: String, change| PersonSeen { person, change, now: None, meetings: 0, incidents: Vec::new() };
    let people = &mut cx.summary.people;
    people.extend(
        synced.renamed.into_iter().map(|(old, new)| PersonSeen { now: Some(new), ..seen(old, PersonChange::Renamed) }),
    );
    people.extend(
        synced.left.into_iter().map(|(person, meetings)| PersonSeen { meetings, ..seen(person, PersonChange::Left) }),
    );
    people.extend(synced.back.into_iter().map(|(person, incidents, meetings)| PersonSeen {
        meetings: meetings.saturating_add(u32::try_from(incidents.len()).unwrap_or(u32::MAX)),
        incidents,
        ..seen(person, PersonChange::Back)
    }));
    Ok(())
}

/// The keys of this person's calendars, as they were under the old id and as they are.
fn rekeyed(config: &Config, old: &str, new: &str) -> Vec<(String, String)> {
    let sources = config.person(new).into_iter().flat_map(|person| &person.calendars);
    sources.map(|source| (source.place.key_of(old), source.key.clone())).collect()
}
