//! Accounts that the provider refuses, and those that nothing reaches.
//!
//! A provider that refuses us gets nothing more in this tick, and the next tick begins with one request. When requests
//! do not even leave this machine, three in a row are enough: then one at a time is tried, now and a second later, and
//! what else is due writes down no attempt. The first that leaves frees the rest.
//!
//! A from number that is refused rests, and the account goes on with the others. It is tried with one request after ten
//! minutes, or when no other is left.

use super::faults::{self, Service};
use super::world::World;
use crate::model::{Address, ProviderKind, RefusedSender, RungKind, Timestamp};
use crate::provider;
use crate::rules::after::RETRY_AFTER;
use crate::store::StoreError;
use std::collections::HashMap;
use std::time::Duration;

/// So many requests in a row that do not leave are no accident of one of them.
const IN_A_ROW: u32 = 3;

/// How often a tick tries a network that was dead when it began.
const PROBES: u32 = 2;

/// A circuit breaker: it limits the requests through an account that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaker {
    /// We were refused in an earlier tick: one at a time until one is taken.
    HalfOpen,
    /// We were refused in this tick: no more until the next.
    Open,
}

/// The way to where requests go: those of one provider share it. Each webhook has its own.
type Way = (ProviderKind, Option<String>);

/// Do requests leave this machine?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    /// They do, but for so many in a row.
    Works(u32),
    /// One at a time, not before this time, and so many in this tick.
    Waits { from: Timestamp, probes: u32 },
    /// That one is under way.
    Probes(u32),
    /// No more in this tick.
    Dead,
}

impl Default for Network {
    fn default() -> Self {
        Self::Works(0)
    }
}

/// A refused from number rests for so long.
const RESTS: Duration = Duration::from_secs(10 * 60);

/// A from number that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sender {
    /// In this tick.
    Refused,
    /// Not long ago, or it is being tried.
    Rests,
    /// One request may try it.
    MayBeTried,
}

/// What is known of an account's calls, or of its messages.
#[derive(Debug, Default)]
struct Account {
    /// `None`: it takes our requests.
    breaker: Option<Breaker>,
    /// The from numbers that were refused.
    senders: HashMap<Address, Sender>,
}

/// What is known of a way.
#[derive(Debug, Default)]
struct WayState {
    network: Network,
    /// It was dead when the tick began, ...
    was_dead: bool,
    /// ... which is known until then: the tick before ended.
    dead_until: Option<Timestamp>,
}

/// The services whose requests are limited.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    accounts: HashMap<(ProviderKind, bool), Account>,
    ways: HashMap<Way, WayState>,
}

impl Accounts {
    /// Takes over the refusals of earlier ticks. A refusal of messages ends when no rung sends any: nothing else would
    /// end it.
    pub(super) fn begin(
        &mut self,
        world: &World,
        now: Timestamp,
        lasting: &[String],
        last_tick_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let sends_messages = world.config.ladder.iter().any(|rung| rung.action.kind == RungKind::Sms);
        for by in Service::all().filter(|by| lasting.contains(&by.fault())) {
            if by.messages && !sends_messages {
                faults::fault(world.store.as_ref(), now, &by.fault(), false, String::new)?;
            } else {
                self.account_mut(&by).breaker = Some(Breaker::HalfOpen);
            }
        }
        self.begin_senders(world, now, lasting)?;
        for way in lasting.iter().filter_map(|fault| faults::dead_way(fault)) {
            let network = Network::Waits { from: now, probes: PROBES };
            self.ways.insert(way, WayState { network, was_dead: true, dead_until: last_tick_at });
        }
        Ok(())
    }

    /// Takes over the from numbers that rest. One that has left the config rests no more.
    fn begin_senders(&mut self, world: &World, now: Timestamp, lasting: &[String]) -> Result<(), StoreError> {
        let mut faults: Vec<&String> = lasting.iter().filter(|fault| faults::refused_sender(fault).is_some()).collect();
        if faults.is_empty() {
            return Ok(());
        }
        let refused = world.store.refused_senders(now.minus(RESTS))?;
        for kind in [RungKind::Call, RungKind::Sms] {
            let Some(provider) = world.providers.of(kind) else { continue };
            let by = Service::of(provider.kind(), kind, None);
            for from in provider.senders() {
                let fault = by.sender_fault(&from);
                if !lasting.contains(&fault) {
                    continue;
                }
                faults.retain(|other| **other != fault);
                let lately = refused.iter().any(|r| {
                    let itself = provider::refused_sender(r.code) == Some(RefusedSender::Itself);
                    itself && (r.provider, r.kind, &r.from) == (provider.kind(), kind, &from)
                });
                let sender = if lately { Sender::Rests } else { Sender::MayBeTried };
                self.account_mut(&by).senders.insert(from, sender);
            }
        }
        faults.into_iter().try_for_each(|gone| faults::fault(world.store.as_ref(), now, gone, false, String::new))
    }

    fn account_mut(&mut self, by: &Service) -> &mut Account {
        self.accounts.entry(by.account()).or_default()
    }

    fn sender(&self, by: &Service, from: &Address) -> Option<Sender> {
        self.accounts.get(&by.account())?.senders.get(from).copied()
    }

    fn breaker(&self, by: &Service) -> Option<Breaker> {
        self.accounts.get(&by.account())?.breaker
    }

    fn network(&self, by: &Service) -> Network {
        self.ways.get(&by.way()).map(|way| way.network).unwrap_or_default()
    }

    fn network_mut(&mut self, by: &Service) -> &mut Network {
        &mut self.ways.entry(by.way()).or_default().network
    }

    /// The places of the senders that rest.
    pub(super) fn resting(&self, by: &Service, senders: &[Address]) -> Vec<usize> {
        let rests = |from| matches!(self.sender(by, from), Some(Sender::Rests | Sender::Refused));
        (0..senders.len()).filter(|place| rests(&senders[*place])).collect()
    }

    /// The provider refuses this from number. `true`: it has not refused all of them in this tick.
    pub(super) fn sender_refused(&mut self, by: &Service, from: &Address, senders: &[Address]) -> bool {
        let known = &mut self.account_mut(by).senders;
        known.insert(from.clone(), Sender::Refused);
        !senders.iter().all(|from| known.get(from) == Some(&Sender::Refused))
    }

    /// A request of this from number says nothing about it: it may be tried again.
    pub(super) fn tried(&mut self, by: &Service, from: &Address) {
        self.turn_sender(by, from, Sender::Rests, Sender::MayBeTried);
    }

    /// The provider takes this from number again. `true`: it was refused before.
    pub(super) fn sender_taken(&mut self, by: &Service, from: &Address) -> bool {
        self.account_mut(by).senders.remove(from).is_some()
    }

    fn turn_sender(&mut self, by: &Service, from: &Address, old: Sender, new: Sender) {
        let sender = self.account_mut(by).senders.get_mut(from);
        if let Some(sender) = sender.filter(|sender| **sender == old) {
            *sender = new;
        }
    }

    /// Is nothing more sent through it in this tick?
    pub(super) fn is_stopped(&self, by: &Service) -> bool {
        self.breaker(by) == Some(Breaker::Open) || self.network(by) == Network::Dead
    }

    /// Must a request wait? Yes, if nothing more is sent in this tick, or if one at a time is tried and it is under way
    /// or comes later. `is_under_way` says whether a request is that shares something with this one.
    pub(super) fn must_wait(
        &self,
        by: &Service,
        now: Timestamp,
        is_under_way: impl Fn(&dyn Fn(&Service) -> bool) -> bool,
    ) -> bool {
        let account = match self.breaker(by) {
            Some(Breaker::Open) => true,
            Some(Breaker::HalfOpen) => is_under_way(&|other| other.account() == by.account()),
            None => false,
        };
        let network = || match self.network(by) {
            Network::Works(_) => false,
            Network::Waits { from, .. } => now < from || is_under_way(&|other| other.way() == by.way()),
            Network::Probes(_) | Network::Dead => true,
        };
        account || network()
    }

    /// Is nothing limited there? Else requests are sent one after the other, since each may tell something about the next.
    pub(super) fn is_sound(&self, by: &Service) -> bool {
        self.breaker(by).is_none()
            && self.network(by) == Network::Works(0)
            && self.accounts.get(&by.account()).is_none_or(|account| account.senders.is_empty())
    }

    /// A request was begun.
    pub(super) fn begun(&mut self, by: &Service, from: &Address) {
        self.turn_sender(by, from, Sender::MayBeTried, Sender::Rests);
        let network = self.network_mut(by);
        if let Network::Waits { probes, .. } = *network {
            *network = Network::Probes(probes);
        }
    }

    /// We were refused.
    pub(super) fn refused(&mut self, by: &Service) {
        self.account_mut(by).breaker = Some(Breaker::Open);
    }

    /// A request was taken. A refusal in this tick stands, whatever was still under way.
    pub(super) fn taken(&mut self, by: &Service) {
        let breaker = &mut self.account_mut(by).breaker;
        *breaker = breaker.filter(|breaker| *breaker == Breaker::Open);
    }

    /// A request did not leave, and the network was in the way. When the next one is tried, if one at a time is.
    pub(super) fn not_sent(&mut self, by: &Service, now: Timestamp, again_at: Option<Timestamp>) -> Option<Timestamp> {
        let from = again_at.unwrap_or_else(|| now.plus(RETRY_AFTER));
        let network = self.network_mut(by);
        *network = match *network {
            Network::Works(before) if before + 1 < IN_A_ROW => Network::Works(before + 1),
            Network::Works(_) => Network::Waits { from, probes: PROBES - 1 },
            Network::Probes(probes) if probes > 1 => Network::Waits { from, probes: probes - 1 },
            Network::Probes(_) => Network::Dead,
            // It was under way before.
            other @ (Network::Waits { .. } | Network::Dead) => other,
        };
        match network {
            Network::Waits { from, .. } => Some(*from),
            _ => None,
        }
    }

    /// A request did not leave for a reason of its own: it says nothing about the network.
    pub(super) fn held_back(&mut self, by: &Service, now: Timestamp) {
        let network = self.network_mut(by);
        if let Network::Probes(probes) = *network {
            *network = Network::Waits { from: now, probes };
        }
    }

    /// A request left this machine, whatever came of it.
    pub(super) fn left(&mut self, by: &Service) {
        *self.network_mut(by) = Network::default();
    }

    /// Is one request at a time tried, or none?
    pub(super) fn is_dead(&self, by: &Service) -> bool {
        !matches!(self.network(by), Network::Works(_))
    }

    /// Until when nothing was sent, as far as this tick knows: steps that fell due before waited behind others.
    pub(super) fn unreachable_at(&self, by: &Service, now: Timestamp) -> Option<Timestamp> {
        let way = self.ways.get(&by.way())?;
        if way.network == Network::Dead { Some(now) } else { way.dead_until }
    }

    /// The ways that were dead when the tick began and that no request was tried on: nothing waits any more.
    pub(super) fn forgotten(&self) -> impl Iterator<Item = String> {
        let untried = |way: &WayState| matches!(way.network, Network::Waits { probes: PROBES, .. });
        let dead = self.ways.iter().filter(move |(_, way)| way.was_dead && untried(way));
        dead.map(|(way, _)| faults::dead_way_fault(way))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_ms(1_000_000);

    fn calls() -> Service {
        Service::of(ProviderKind::Twilio, RungKind::Call, None)
    }

    fn from() -> Address {
        Address::read("+12025550199")
    }

    #[test]
    fn where_nothing_failed_all_is_sound() {
        assert!(Accounts::default().is_sound(&calls()));
    }

    #[test]
    fn an_account_that_refused_us_is_not_sound_before_a_request_is_taken_in_a_later_tick() {
        let mut accounts = Accounts::default();
        accounts.refused(&calls());
        assert!(!accounts.is_sound(&calls()));
        accounts.taken(&calls());
        assert!(!accounts.is_sound(&calls()), "the refusal of this tick stands");
        accounts.account_mut(&calls()).breaker = Some(Breaker::HalfOpen);
        assert!(!accounts.is_sound(&calls()));
        accounts.taken(&calls());
        assert!(accounts.is_sound(&calls()));
    }

    #[test]
    fn one_request_that_did_not_leave_makes_its_way_unsound_until_one_leaves() {
        let mut accounts = Accounts::default();
        accounts.not_sent(&calls(), NOW, None);
        assert!(!accounts.is_sound(&calls()));
        accounts.left(&calls());
        assert!(accounts.is_sound(&calls()));
    }

    #[test]
    fn a_from_number_that_was_refused_makes_its_account_unsound_until_it_is_taken() {
        let mut accounts = Accounts::default();
        accounts.sender_refused(&calls(), &from(), &[from()]);
        assert!(!accounts.is_sound(&calls()));
        for sender in [Sender::Rests, Sender::MayBeTried] {
            accounts.account_mut(&calls()).senders.insert(from(), sender);
            assert!(!accounts.is_sound(&calls()), "{sender:?}");
        }
        assert!(accounts.sender_taken(&calls(), &from()));
        assert!(accounts.is_sound(&calls()));
    }

    #[test]
    fn what_is_wrong_with_one_service_says_nothing_of_the_others() {
        let webhook = |name| Service::of(ProviderKind::Webhook, RungKind::Webhook, Some(name));
        let messages = Service::of(ProviderKind::Twilio, RungKind::Sms, None);
        let mut accounts = Accounts::default();
        accounts.refused(&messages);
        accounts.not_sent(&webhook("ntfy"), NOW, None);
        let sound = [&calls(), &messages, &webhook("ntfy"), &webhook("other")].map(|by| accounts.is_sound(by));
        assert_eq!(sound, [true, false, false, true]);
    }
}
