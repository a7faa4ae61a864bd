//! The provider's list of calls or messages to a target, as far as this tick has read it.

use super::lookups::{ListKey, ListState, Lookups};
use super::world::World;
use crate::model::{CallList, ListedCall, Target, Timestamp};
use std::time::Duration;

/// Calls in the list that are older than this say nothing about the steps of today.
const YOUNG: Duration = Duration::from_secs(24 * 3600);

/// The young calls that the provider's list shows to this target, as far as it has been read, with their times by our
/// clock.
pub(super) fn listed(world: &World, lookups: &Lookups, target: &Target, now: Timestamp) -> Vec<ListedCall> {
    let list = list_of(world, target).and_then(|key| lookups.known.get(&key));
    let Some(ListState::Read(list)) = list else { return Vec::new() };
    let mut listed = in_our_time(list);
    listed.retain(|call| call.created_at.plus(YOUNG) > now || call.is_hours_off(now));
    listed
}

/// The list to read before this target is tried; `None`: preflight is off, or there is no list.
pub(super) fn list_of(world: &World, target: &Target) -> Option<ListKey> {
    let provider = world.providers.of(target.kind)?;
    let wanted = world.config.engine.preflight && provider.keeps_a_list();
    let (account, from) = (provider.account().to_owned(), provider.senders());
    wanted.then(|| ListKey { provider: provider.kind(), account, to: target.clone(), from })
}

/// The calls of a list, with their times by our clock.
pub(super) fn in_our_time(list: &CallList) -> Vec<ListedCall> {
    let skew = list.skew_ms.unwrap_or(0);
    let ours = |call: &ListedCall| Timestamp::from_ms(call.created_at.ms().saturating_sub(skew));
    list.calls.iter().map(|call| ListedCall { created_at: ours(call), ..call.clone() }).collect()
}
