//! A due call waits for both lists, of messages and of calls, and for a list that does not come no longer than 5 seconds.

use super::{ana, says, world};
use crate::support::HUNG;
use crate::support::fake_twilio::Latch;
use crate::support::forward::{Forward, Hook};
use crate::support::turned::Turned;
use crate::support::world::World;
use savehub::model::{Inbound, MeetingId, Phone, ProviderKind, RungKind, Timestamp};
use savehub::provider::{Ask, Hearing, KeyObstacle, ListPage, Provider, ProviderError, Providers, Registry};
use savehub::store;
use std::sync::Arc;
use std::time::Duration;

/// The lists of the fake Twilio, behind doors.
struct Lists {
    asked: Arc<dyn Hearing>,
    /// Holds the list of Ana's messages, as it was when it was asked for.
    of_messages: Latch,
    /// Holds both lists about Ben.
    about_ben: Latch,
}

impl Hearing for Lists {
    fn numbers(&self) -> &[Phone] {
        self.asked.numbers()
    }

    fn messages(&self, ask: &Ask<'_>) -> Result<ListPage<Inbound>, ProviderError> {
        let list = self.asked.messages(ask);
        let door = if ask.from == Some(&ana()) { &self.of_messages } else { &self.about_ben };
        door.wait();
        list
    }

    /// Ana has called right when her call was written down and before it was taken: an answer to nothing, which is seen
    /// to be used.
    fn calls_back(&self, ask: &Ask<'_>) -> Result<ListPage<Inbound>, ProviderError> {
        let mut list = self.asked.calls_back(ask)?;
        if ask.from == Some(&ana()) {
            let (from, to) = (ana(), self.numbers()[0].clone());
            let (created_at, provider_at) = (ask.since, ask.since.minus(Duration::from_secs(3600)));
            list.entries.push(Inbound {
                sid: "CA-early".into(),
                from,
                to,
                body: String::new(),
                created_at,
                provider_at,
            });
        } else {
            self.about_ben.wait();
        }
        Ok(list)
    }

    fn all_keys(&self, ask: &Ask<'_>) -> Result<ListPage<(String, char)>, ProviderError> {
        self.asked.all_keys(ask)
    }

    fn keys(&self, call_sid: &str, now: Timestamp) -> Result<Option<char>, ProviderError> {
        self.asked.keys(call_sid, now)
    }

    fn key_obstacle(&self, since: Timestamp, now: Timestamp) -> Result<Option<KeyObstacle>, ProviderError> {
        self.asked.key_obstacle(since, now)
    }
}

/// Twilio, with these lists.
struct Twilio(Registry, Arc<Lists>);

impl Providers for Twilio {
    fn of(&self, kind: RungKind) -> Option<Arc<dyn Provider>> {
        self.0.of(kind)
    }

    fn for_attempt(&self, kind: RungKind, provider: ProviderKind, account: &str) -> Option<Arc<dyn Provider>> {
        self.0.for_attempt(kind, provider, account)
    }

    fn hearing(&self) -> Option<Arc<dyn Hearing>> {
        Some(Arc::clone(&self.1) as _)
    }
}

/// Opens when the tick uses something that was heard.
struct Uses(Latch);

impl Hook for Uses {
    fn before(&self, method: &str) -> store::Result<()> {
        if method == "hear" {
            self.0.open();
        }
        Ok(())
    }
}

/// Ana and Ben were called once, and their second calls are due. Ana has answered "1".
struct Due {
    w: World,
    meetings: [MeetingId; 2],
    lists: Arc<Lists>,
    /// The list of Ana's calls was used.
    used: Latch,
    clock: Arc<Turned>,
}

fn due() -> Due {
    let mut w = world("");
    // Longer than anything that is waited for here.
    w.change_config(|config| {
        config.engine.request_timeout = 3 * HUNG;
        config.engine.hard_timeout = 3 * HUNG;
        config.engine.tick_limit = 10 * HUNG;
    });
    let clock = w.stop_ticks_time();
    let meetings = [w.meeting("in 180s"), w.meeting_of("ben", "Stand-up", "in 180s")];
    w.tick();
    w.advance(90);
    says(&w, "1");
    let registry = Registry::new(&w.parts.config).unwrap();
    let (of_messages, about_ben, used) = (Latch::default(), Latch::default(), Latch::default());
    let lists = Arc::new(Lists { asked: registry.hearing().unwrap(), of_messages, about_ben });
    w.parts.providers = Arc::new(Twilio(registry, Arc::clone(&lists)));
    w.parts.store = Arc::new(Forward { inner: Arc::clone(&w.parts.store), hook: Uses(used.clone()) });
    Due { w, meetings, lists, used, clock }
}

#[test]
fn a_due_call_waits_for_the_second_list_too_and_the_answer_in_it_keeps_it_back() {
    let Due { w, meetings: [of_ana, of_ben], lists, used, .. } = due();
    let placed = std::thread::scope(|scope| {
        let meanwhile = scope.spawn(|| {
            // From here on Ana's call would be placed if one list were enough; steps are claimed one after the other.
            used.wait();
            lists.about_ben.open();
            w.fake().wait_for_calls(3);
            let placed = [of_ana, of_ben].map(|meeting| w.attempts(meeting).len());
            lists.of_messages.open();
            placed
        });
        w.tick();
        meanwhile.join().unwrap()
    });
    assert_eq!(placed, [1, 2], "the second list about Ana had not come");
    assert_eq!((w.state(of_ana), w.attempts(of_ana).len()), ("RESOLVED(joined)".into(), 1));
    w.advance(30);
    w.tick();
    w.phone("ana").rang(1);
}

#[test]
fn a_second_list_that_does_not_come_holds_the_call_for_five_seconds() {
    let Due { w, meetings: [of_ana, _], lists, used, clock } = due();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            used.wait();
            clock.run(Duration::from_secs(5));
            // Something comes, so that the tick looks at its clock.
            lists.about_ben.open();
            w.fake().wait_for_calls(4);
            lists.of_messages.open();
        });
        w.tick();
    });
    assert_eq!(w.attempts(of_ana).len(), 2, "the call left without the list");
    assert_eq!(w.state(of_ana), "RESOLVED(joined)", "what comes later still counts");
    w.phone("ana").rang(2);
}
