//! The queue of questions to the provider about calls and lists, and of hang-ups; and their answers.

use super::jobs::{Jobs, Lost, Workers};
use super::time::{Stopwatch, Time};
use super::world::World;
use crate::model::{Address, CallList, CallReport, ProviderKind, RungKind, Target, Timestamp};
use crate::provider::{Provider, ProviderError};
use crate::store::{Doubtful, LiveCall};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// What came of one question.
pub(super) type LookupResult<T> = Result<T, ProviderError>;

/// The same provider, account, target and senders: one list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ListKey {
    pub(super) provider: ProviderKind,
    pub(super) account: String,
    pub(super) to: Target,
    pub(super) from: Vec<Address>,
}

/// The provider is asked for a list.
pub(super) struct ListLookup {
    pub(super) key: ListKey,
    /// The attempts to its target without an answer; none: only preflight asks.
    pub(super) doubtful: Vec<Doubtful>,
}

/// A list, and when it was asked for.
pub(super) struct Listed {
    pub(super) list: CallList,
    /// Right before it was asked for: wall time, and milliseconds of boot time.
    pub(super) asked: (Timestamp, i64),
    /// When it came, in milliseconds of boot time.
    pub(super) answered_boot_ms: i64,
}

/// What is known of a list in this tick.
pub(super) enum ListState {
    /// It is being asked for. `doubtful`: because of attempts without an answer.
    Asked { doubtful: bool },
    /// It was read.
    Read(CallList),
    /// It will not come.
    Unreadable,
}

/// What is asked.
enum Lookup {
    /// Read this call, or end it if that is wanted.
    Call(LiveCall),
    List(ListLookup),
}

/// The order of questions in the queue: hang-ups first, then the few lists that due steps wait for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    HangUp,
    Preflight,
    Rest,
}

/// Questions that wait for a worker, and those under way.
#[derive(Default)]
pub(super) struct Lookups {
    queue: VecDeque<(Urgency, Lookup, Arc<dyn Provider>)>,
    calls: Jobs<LiveCall, LookupResult<CallReport>>,
    lists: Jobs<ListLookup, LookupResult<Listed>>,
    /// Every list that was asked for.
    pub(super) known: HashMap<ListKey, ListState>,
    /// The targets whose due steps wait, each with the number of answers they wait for.
    awaited: HashMap<Target, u32>,
}

impl Lookups {
    /// Queues a look at a call. Without its credentials it can be neither read nor ended; it stays as it was last seen.
    /// Due steps wait for the calls of their person, so that nobody who has answered is rung again.
    pub(super) fn look_at(&mut self, world: &World, call: LiveCall) {
        let Some(provider) = provider(world, call.to.kind, call.provider, &call.account) else { return };
        if call.urgent {
            self.wait_for(&call.to);
        }
        let urgency = if call.hang_up.is_some() { Urgency::HangUp } else { Urgency::Rest };
        self.ask(urgency, Lookup::Call(call), provider);
    }

    /// Queues the question for a list. `false`: the account it belongs to is no longer in the config.
    pub(super) fn ask_for(&mut self, world: &World, list: ListLookup) -> bool {
        let ListLookup { key, doubtful } = &list;
        let Some(provider) = provider(world, key.to.kind, key.provider, &key.account) else { return false };
        let doubtful = !doubtful.is_empty();
        // Preflight itself knows which lists it waits for.
        if doubtful {
            self.wait_for(&key.to);
        }
        self.known.entry(key.clone()).or_insert(ListState::Asked { doubtful });
        self.ask(if doubtful { Urgency::Rest } else { Urgency::Preflight }, Lookup::List(list), provider);
        true
    }

    fn ask(&mut self, urgency: Urgency, lookup: Lookup, provider: Arc<dyn Provider>) {
        let place = self.queue.iter().position(|(other, ..)| *other > urgency);
        self.queue.insert(place.unwrap_or(self.queue.len()), (urgency, lookup, provider));
    }

    /// Due steps to this target wait for one answer more.
    fn wait_for(&mut self, target: &Target) {
        *self.awaited.entry(target.clone()).or_default() += 1;
    }

    /// Starts queued questions while there is room. They have workers of their own: no due call waits for a worker
    /// because of them.
    pub(super) fn start(&mut self, world: &World, time: &Time, workers: &mut Workers) {
        let parallel = world.config.engine.parallel;
        while self.under_way() < parallel && !time.is_over() {
            let Some((_, lookup, provider)) = self.queue.pop_front() else { return };
            let (clock, limit) = (Arc::clone(&world.clock), time.question_limit);
            match lookup {
                Lookup::Call(call) => {
                    let (sid, hang_up) = (call.sid.clone(), call.hang_up);
                    let at_once = provider.answers_at_once();
                    self.calls.start_or_do(at_once, workers, call, limit, move || {
                        let (watch, now) = (Stopwatch::start(clock.as_ref()), clock.now());
                        let mut report = match hang_up {
                            Some(how) => provider.hang_up(&sid, how, now)?,
                            None => provider.fetch(&sid, now)?,
                        };
                        report.skew_ms = report.skew_ms.filter(|_| watch.is_steady(clock.as_ref()));
                        Ok(report)
                    });
                }
                Lookup::List(list) => {
                    let (to, from) = (list.key.to.clone(), list.key.from.clone());
                    self.lists.start(workers, list, limit, move || {
                        let (asked, watch) = ((clock.now(), clock.boottime_ms()), Stopwatch::start(clock.as_ref()));
                        let mut list = provider.list(&to, &from, asked.0)?;
                        list.skew_ms = list.skew_ms.filter(|_| watch.is_steady(clock.as_ref()));
                        Ok(Listed { list, asked, answered_boot_ms: clock.boottime_ms() })
                    });
                }
            }
        }
    }

    /// What the provider said about calls, or that it could not.
    pub(super) fn calls(&mut self, workers: &mut Workers) -> Vec<(LiveCall, LookupResult<CallReport>)> {
        let taken = self.calls.take(workers);
        taken.iter().filter(|(call, _)| call.urgent).for_each(|(call, _)| self.wait_no_longer(&call.to));
        taken.into_iter().map(|(call, answer)| (call, flat(answer))).collect()
    }

    /// The lists that came, or could not be read.
    pub(super) fn lists(&mut self, workers: &mut Workers) -> Vec<(ListLookup, LookupResult<Listed>)> {
        let taken = self.lists.take(workers);
        taken.iter().filter(|(l, _)| !l.doubtful.is_empty()).for_each(|(l, _)| self.wait_no_longer(&l.key.to));
        taken.into_iter().map(|(list, answer)| (list, flat(answer))).collect()
    }

    /// Due steps to this target wait for one answer less.
    fn wait_no_longer(&mut self, target: &Target) {
        if let Some(count) = self.awaited.get_mut(target) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.awaited.remove(target);
            }
        }
    }

    /// Are due steps to this target to wait for an answer?
    pub(super) fn is_awaited(&self, target: &Target) -> bool {
        self.awaited.contains_key(target)
    }

    /// How many are under way.
    pub(super) fn under_way(&self) -> usize {
        self.calls.running().len() + self.lists.running().len()
    }
}

/// The provider to ask about calls and messages of this account.
fn provider(world: &World, kind: RungKind, by: ProviderKind, account: &str) -> Option<Arc<dyn Provider>> {
    let provider = world.providers.for_attempt(kind, by, account);
    if provider.is_none() {
        log::debug!("[CALL] no credentials for {by} {account}");
    }
    provider
}

fn flat<T>(answer: Result<LookupResult<T>, Lost>) -> LookupResult<T> {
    answer.unwrap_or_else(|lost| Err(ProviderError::Transient(lost.words("asking the provider"))))
}
