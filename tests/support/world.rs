//! The language of the tests: people, meetings and phones, a clock turned by hand, and the real tick on a real file.

use super::fake_twilio::{FakeTwilio, TOKEN};
use super::stand_in::StandIn;
use super::turned::Turned;
use savehub::clock::{Clock as _, ManualClock};
use savehub::config::{self, CalendarPlace, CalendarSource, Config, ProviderChoice, TwilioConfig};
use savehub::feed::Sources;
use savehub::model::{MeetingId, Outcome, Phone, Request, RungKind, Target, Timestamp};
use savehub::owner::Owner;
use savehub::provider::mock::Mock;
use savehub::provider::twilio::Twilio;
use savehub::provider::{Only, Provider, Providers, Registry};
use savehub::rules::{ladder, undo};
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{
    AttemptView, CheckIn, Ended, IncidentView, NewMeeting, Snapshot, StepResult, Store, TickEnd, TickStart, UndoFacts,
    UndoScope, Undone,
};
use savehub::tick::{self, Summary};
use savehub::when;
use savehub::zone::Zone;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// 2026-11-22T09:00:00Z, where every story begins.
pub const BEGIN: Timestamp = Timestamp::from_ms(1_795_338_000_000);

/// Ana and Ben, and the default ladder: a call 3 minutes and one 90 seconds before the start.
const PEOPLE: &str = r#"
[[person]]
id = "ana"
name = "Ana"
phone = "+12025550101"
zone = "UTC"

[[person]]
id = "ben"
name = "Ben"
phone = "+12025550102"
zone = "UTC"
"#;

/// A small world with two people, one database file and one clock.
pub struct World {
    pub parts: tick::World,
    pub clock: Arc<ManualClock>,
    pub dir: TempDir,
    fake: Option<FakeTwilio>,
    /// What the mock phone took.
    heard: Option<Arc<Mutex<Vec<Request>>>>,
}

impl World {
    /// Calls go to the mock phone, which nobody answers.
    pub fn new() -> Self {
        Self::with("")
    }

    /// The same with more config, such as `[guards]`.
    pub fn with(config: &str) -> Self {
        Self::on_phone(config, Arc::new(Mock::new(&[])))
    }

    /// Calls go through this provider.
    pub fn on_phone(config: &str, provider: Arc<dyn Provider>) -> Self {
        let heard = Arc::<Mutex<Vec<Request>>>::default();
        let accepted = Arc::clone(&heard);
        let phone = StandIn::new(provider).placing(move |phone, request, gate| {
            let reply = phone.place(request, gate);
            if matches!(reply.outcome, Outcome::Accepted(_)) {
                accepted.lock().unwrap().push(request.clone());
            }
            reply
        });
        let mut world = Self::build(config, Arc::new(Only(Arc::new(phone))));
        world.heard = Some(heard);
        world
    }

    /// Calls go through the real Twilio provider to a fake Twilio on the same clock.
    pub fn on_twilio(config: &str) -> Self {
        let mut world = Self::build(config, Arc::new(Only(Arc::new(Mock::new(&[])))));
        let fake = FakeTwilio::with(Arc::clone(&world.clock) as _, TOKEN);
        let twilio = fake.config();
        world.fake = Some(fake);
        world.change_config(|config| {
            config.provider.chosen = ProviderChoice::Twilio;
            config.provider.twilio = Some(twilio);
        });
        world.parts.providers = Arc::new(Registry::new(&world.parts.config).unwrap());
        world.remember_a_tick();
        world
    }

    /// A tick half a minute ago: where none is remembered, an empty list is asked for twice.
    fn remember_a_tick(&self) {
        let (now, boottime_ms) = (BEGIN.minus(Duration::from_secs(30)), self.clock.boottime_ms() - 30_000);
        let start = TickStart { now, boottime_ms, owner: Owner::me(), host: "host".into(), turned: false };
        let tick = self.parts.store.begin_tick(&start).unwrap();
        let end = TickEnd { now, exit: 0, skew_ms: None, placed: 0, not_placed: 0 };
        self.parts.store.end_tick(tick.id, &end).unwrap();
    }

    /// Forgets every tick, as a database that has just been made.
    pub fn forget_ticks(&self) {
        let database = rusqlite::Connection::open(&self.parts.config.database).unwrap();
        database.execute("delete from ticks", []).unwrap();
    }

    fn build(config: &str, providers: Arc<dyn Providers>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Arc::new(read(config, &dir));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&config.database, Create::Yes).unwrap());
        let clock = Arc::new(ManualClock::at(BEGIN));
        let feeds = Arc::new(Sources::new(&config));
        let parts = tick::World { config, store, providers, feeds, clock: Arc::clone(&clock) as _, me: Owner::me() };
        Self { parts, clock, dir, fake: None, heard: None }
    }

    /// Changes the checked config; the providers stay.
    pub fn change_config(&mut self, change: impl FnOnce(&mut Config)) {
        change(Arc::make_mut(&mut self.parts.config));
    }

    /// From now on this person's meetings stand in this calendar.
    pub fn reads(&mut self, person: &str, place: CalendarPlace) {
        self.change_config(|config| {
            let person = config.people.iter_mut().find(|p| p.id == person).expect("a person");
            let key = format!("{}-{}", person.id, person.calendars.len());
            person.calendars.push(CalendarSource {
                name: format!("work{key}"),
                key,
                place,
                refresh: None,
                own: false,
                route: None,
            });
        });
        self.parts.feeds = Arc::new(Sources::new(&self.parts.config));
    }

    /// Changes the account of a world on Twilio.
    pub fn change_twilio(&mut self, change: impl FnOnce(&mut TwilioConfig)) {
        self.change_config(|config| change(config.provider.twilio.as_mut().expect("a world on Twilio")));
        self.parts.providers = Arc::new(Registry::new(&self.parts.config).unwrap());
    }

    /// The next tick is another process: nothing is left of this one but its file.
    pub fn new_process(&mut self) {
        self.parts.store = Arc::new(SqliteStore::open(&self.parts.config.database, Create::No).unwrap());
    }

    /// The fake Twilio of this world.
    pub fn fake(&self) -> &FakeTwilio {
        self.fake.as_ref().expect("a world on Twilio")
    }

    /// Twilio makes a call to this person that nobody waits for any more.
    pub fn create_call(&self, person: &str) {
        let to = Target::call(self.parts.config.person(person).unwrap().phone.clone());
        let twilio = Twilio::new(&self.fake().config(), &self.parts.config.engine);
        let reply = twilio.place(&Request { to, ..super::call("late") }, &super::Open);
        assert!(matches!(reply.outcome, Outcome::Accepted(_)), "{reply:?}");
    }

    /// Who places new calls.
    pub fn provider(&self) -> Arc<dyn Provider> {
        self.parts.providers.of(RungKind::Call).expect("somebody places calls")
    }

    /// How many requests to place a call have reached Twilio.
    pub fn posts(&self) -> usize {
        posts(self.fake())
    }

    /// Creates the STOP file beside the config.
    pub fn create_stop_file(&self) {
        std::fs::write(&self.parts.config.stop_file, "").unwrap();
    }

    /// Removes it.
    pub fn remove_stop_file(&self) {
        std::fs::remove_file(&self.parts.config.stop_file).unwrap();
    }

    /// From now on the STOP file is one that can be hidden: `hides` makes a name that leads in a circle before it, so
    /// that nobody, not even root, can look at it. Nobody sees one before that.
    pub fn stop_behind_a_link(&mut self) -> PathBuf {
        let link = self.dir.path().join("away");
        self.change_config(|config| config.stop_file = link.join("STOP"));
        link
    }

    // --- meetings ---

    /// Ana's "Board sync" at this time.
    pub fn meeting(&self, at: &str) -> MeetingId {
        self.meeting_of("ana", "Board sync", at)
    }

    /// Somebody's meeting.
    pub fn meeting_of(&self, person: &str, title: &str, at: &str) -> MeetingId {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let new = NewMeeting {
            person: person.into(),
            uid: format!("event-{}", COUNT.fetch_add(1, Ordering::SeqCst)),
            recurrence: String::new(),
            title: title.into(),
            starts_at: self.time(at),
            ends_at: None,
            link: None,
            source: "manual".into(),
        };
        self.parts.store.add_meeting(&new, self.now()).unwrap().id
    }

    /// Gives a meeting another time.
    pub fn move_to(&self, meeting: MeetingId, at: &str) -> Ended {
        let changed = self.parts.store.move_meeting(meeting, self.time(at), None, self.now()).unwrap();
        self.hung_up(changed.ended.expect("an open incident"))
    }

    /// Calls a meeting off.
    pub fn call_off(&self, meeting: MeetingId) -> Ended {
        let changed = self.parts.store.cancel_meeting(meeting, self.now()).unwrap();
        self.hung_up(changed.ended.expect("an open incident"))
    }

    /// The person says that they are there; what rings is hung up at once, as the command does.
    pub fn check_in(&self, meeting: MeetingId) -> Ended {
        self.hung_up(self.parts.store.check_in(meeting, CheckIn::Joined, self.now()).unwrap())
    }

    /// The person says that they will not be there.
    pub fn check_in_missed(&self, meeting: MeetingId) -> Ended {
        self.hung_up(self.parts.store.check_in(meeting, CheckIn::Missed, self.now()).unwrap())
    }

    /// An operator ends the incident of this meeting.
    pub fn resolve(&self, meeting: MeetingId, note: Option<&str>) -> Ended {
        let incident = self.incident(meeting).id;
        self.hung_up(self.parts.store.resolve(incident, note, self.now()).unwrap())
    }

    /// What was done last for this person is taken back.
    pub fn undo(&self, person: &str) -> Option<Undone> {
        let (ladder, now) = (&self.parts.config.ladder, self.now());
        let rule = |facts: &UndoFacts<'_>| {
            let start = facts.meeting.starts_at;
            undo::comes_again(facts.cancelled, &ladder::plan(ladder, start), start, now)
        };
        let scope = UndoScope { person, since: now.minus(undo::LONGEST), until: now.plus(ladder::reach(ladder)), now };
        self.parts.store.undo(&scope, &rule).unwrap()
    }

    fn hung_up(&self, ended: Ended) -> Ended {
        if ended.hang_ups > 0 {
            tick::hang_up_now(&self.parts, ended.incident).unwrap();
        }
        ended
    }

    // --- time ---

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Turns the clock.
    pub fn advance(&self, secs: u64) {
        self.clock.advance(Duration::from_secs(secs));
    }

    /// From now on the time that a tick may take passes only when the test says so.
    pub fn stop_ticks_time(&mut self) -> Arc<Turned> {
        let turned = Arc::new(Turned::new(Arc::clone(&self.clock)));
        self.parts.clock = Arc::clone(&turned) as _;
        turned
    }

    fn time(&self, at: &str) -> Timestamp {
        when::parse(at, self.now(), &Zone::utc()).unwrap()
    }

    // --- the tick ---

    /// One tick.
    pub fn tick(&self) -> Summary {
        tick::tick(&self.parts).unwrap()
    }

    /// A tick that only says what it would do.
    pub fn dry_run(&self) -> Summary {
        tick::dry_run(&self.parts).unwrap()
    }

    // --- what is written down ---

    /// Everything.
    pub fn snapshot(&self) -> Snapshot {
        let ends = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX));
        self.parts.store.snapshot(self.now(), ends.0, ends.1).unwrap()
    }

    /// The newest incident of a meeting.
    pub fn incident(&self, meeting: MeetingId) -> IncidentView {
        self.generation(meeting, None)
    }

    /// The incident of one generation of a meeting.
    pub fn generation(&self, meeting: MeetingId, generation: Option<u32>) -> IncidentView {
        let incidents = self.snapshot().incidents.into_iter().filter(|i| i.meeting == meeting);
        let wanted = incidents.filter(|i| generation.is_none_or(|g| g == i.generation));
        wanted.max_by_key(|i| i.generation).expect("an incident of this meeting")
    }

    /// `RESOLVED(joined)`, `OPEN`.
    pub fn state(&self, meeting: MeetingId) -> String {
        incident_words(&self.incident(meeting))
    }

    /// `EXECUTED(initiated)`, `PENDING` of each step of a meeting, in the order of the ladder.
    pub fn steps(&self, meeting: MeetingId) -> Vec<String> {
        step_words(&self.incident(meeting))
    }

    /// Every attempt for a meeting's newest incident, oldest first.
    pub fn attempts(&self, meeting: MeetingId) -> Vec<AttemptView> {
        let mut attempts: Vec<_> = self.incident(meeting).steps.into_iter().flat_map(|s| s.attempts).collect();
        attempts.sort_by_key(|a| a.id.0);
        attempts
    }

    /// `ACCEPTED`, `UNKNOWN` of each attempt.
    pub fn attempt_states(&self, meeting: MeetingId) -> Vec<String> {
        self.attempts(meeting).iter().map(|a| a.state.to_string()).collect()
    }

    /// Everything the mock provider took, of every kind.
    pub fn sent(&self) -> Vec<Request> {
        self.heard.as_ref().expect("a world on the mock phone").lock().unwrap().clone()
    }

    /// The phone of a person.
    pub fn phone(&self, person: &str) -> PhoneOf<'_> {
        PhoneOf { world: self, number: self.parts.config.person(person).unwrap().phone.clone() }
    }

    /// What was said to a person's phone, call by call.
    fn said_to(&self, number: &Phone) -> Vec<String> {
        match (&self.fake, &self.heard) {
            (Some(fake), _) => {
                let calls = fake.calls().into_iter().filter(|c| c.to == number.expose());
                calls.map(|c| c.twiml).collect()
            }
            (None, Some(heard)) => {
                let accepted = heard.lock().unwrap();
                accepted.iter().filter(|c| c.to.called() == Some(number)).map(|c| c.message.clone()).collect()
            }
            (None, None) => unreachable!("a world has one of both"),
        }
    }
}

/// How many requests to place a call have reached this Twilio.
pub fn posts(fake: &FakeTwilio) -> usize {
    fake.requests().iter().filter(|r| r.method == "POST" && r.path().ends_with("/Calls.json")).count()
}

/// A phone, as its owner hears it.
pub struct PhoneOf<'w> {
    world: &'w World,
    number: Phone,
}

impl PhoneOf<'_> {
    /// So many calls were made to it.
    #[track_caller]
    pub fn rang(&self, times: usize) {
        assert_eq!(self.calls().len(), times, "calls to {}", self.number);
    }

    /// What was said in each call.
    pub fn calls(&self) -> Vec<String> {
        self.world.said_to(&self.number)
    }
}

/// The config of this text and the two people.
fn read(text: &str, dir: &TempDir) -> Config {
    let text = format!("database = \"savehub.db\"\n{text}\n{PEOPLE}");
    config::from_text(&text, &dir.path().join("config.toml"), &|_| None).unwrap()
}

/// `RESOLVED(joined)`.
pub fn incident_words(incident: &IncidentView) -> String {
    with_reason(incident.state.as_str(), incident.reason.map(savehub::model::Reason::as_str))
}

/// `EXECUTED(initiated)` of each step.
pub fn step_words(incident: &IncidentView) -> Vec<String> {
    let word =
        |s: &savehub::store::StepView| with_reason(s.state.as_str(), s.reason.map(savehub::model::Reason::as_str));
    incident.steps.iter().map(word).collect()
}

/// `EXECUTED(initiated)` of each result of a tick.
pub fn result_words(results: &[StepResult]) -> Vec<String> {
    results.iter().map(|r| with_reason(r.state.as_str(), Some(r.reason.as_str()))).collect()
}

fn with_reason(state: &str, reason: Option<&str>) -> String {
    reason.map_or_else(|| state.to_owned(), |reason| format!("{state}({reason})"))
}
