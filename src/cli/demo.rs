//! `savehub demo`: a whole morning in a few seconds, through the real tick on a temporary database, with the mock phone
//! and a turned clock. Nothing is called, nothing is kept.

use super::open;
use super::print::{Paint, Screen};
use super::status::{self, StatusCtx};
use super::words::result_words;
use crate::clock::{Clock, ManualClock};
use crate::config::{Config, Person, ProviderChoice};
use crate::exit::Exit;
use crate::feed::NoFeeds;
use crate::model::{CallStatus, MeetingId, MockOutcome, Phone, Timestamp};
use crate::owner::Owner;
use crate::provider::Only;
use crate::provider::mock::Mock;
use crate::store::sqlite::{Create, SqliteStore};
use crate::store::{CheckIn, NewMeeting, Store};
use crate::tick::{Summary, World};
use crate::zone::Zone;
use anyhow::Context as _;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A Monday, 08:48:00 UTC.
const MORNING: Timestamp = Timestamp::from_ms(1_795_423_680_000);

/// The scheduler's interval.
const EVERY: Duration = Duration::from_secs(30);

const INTRO: &str = "\
This is a rehearsal: the real engine on a temporary database, with a mock phone and a turned clock.
No phone rings, nothing is kept. Ana has a meeting at 09:00; a scheduler runs `savehub tick` every 30 s.
";

const OUTRO: &str = "\
That was the whole story. For your own: `savehub init`, then `savehub meeting add`, and let cron run `savehub tick`.
`savehub call-test --mock` tries one call; the README shows the first real one.
";

/// Runs the command.
pub(super) fn run(screen: Screen, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let place = Temporary::new()?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&place.0.join("demo.db"), Create::Yes)?);
    let clock = Arc::new(ManualClock::at(MORNING));
    let phone = Mock::new(&[MockOutcome::NoAnswer, MockOutcome::Answered]);
    let world = World {
        config: Arc::new(config(&place)?),
        store,
        providers: Arc::new(Only(Arc::new(phone))),
        feeds: Arc::new(NoFeeds),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        me: Owner::me(),
    };
    let mut morning = Morning { world, clock, out, screen, paint: screen.paint };
    morning.play()?;
    Ok(Exit::Done)
}

struct Morning<'a> {
    world: World,
    clock: Arc<ManualClock>,
    out: &'a mut dyn Write,
    screen: Screen,
    paint: Paint,
}

impl Morning<'_> {
    fn play(&mut self) -> anyhow::Result<()> {
        writeln!(self.out, "{INTRO}")?;
        let meeting = self.plan()?;
        self.tick_until("08:57:30")?;
        self.show_status("what `savehub status` says after the first call")?;
        self.clock.advance(EVERY);
        self.tick_until("08:58:30")?;
        self.show_status("what `savehub status` says while the second call rings")?;
        self.check_in(meeting)?;
        self.show_status("what `savehub status` says after the check-in")?;
        let before = self.world.clock.now();
        self.clock.advance(Duration::from_secs(26));
        self.tick_until("09:20:00")?;
        let minutes = self.world.clock.now().since(before) / 60_000;
        self.say(&format!("{minutes} minutes of ticks later: nothing rang any more"))?;
        writeln!(self.out, "\n{OUTRO}")?;
        Ok(())
    }

    fn plan(&mut self) -> anyhow::Result<MeetingId> {
        let now = self.world.clock.now();
        let meeting = self.world.store.add_meeting(
            &NewMeeting {
                person: "ana".into(),
                uid: "demo@savehub".into(),
                recurrence: String::new(),
                title: "Board sync".into(),
                starts_at: now.plus(Duration::from_secs(12 * 60)),
                ends_at: None,
                link: None,
                source: "manual".into(),
            },
            now,
        )?;
        self.say("meeting added: Board sync, 09:00, Ana (****0123)")?;
        self.say("the ladder: call 3 min before, call again 90 s before, unless she checks in")?;
        Ok(meeting.id)
    }

    /// Runs the scheduler's ticks up to this time of the demo's day.
    fn tick_until(&mut self, until: &str) -> anyhow::Result<()> {
        loop {
            let summary = crate::tick::tick(&self.world)?;
            self.say_tick(&summary)?;
            if self.time().as_str() >= until {
                return Ok(());
            }
            self.clock.advance(EVERY);
        }
    }

    fn say_tick(&mut self, summary: &Summary) -> anyhow::Result<()> {
        for incident in &summary.opened {
            self.say(&format!("tick: the meeting comes into reach, incident {incident} is open"))?;
        }
        for call in &summary.calls {
            let words = match call.status {
                CallStatus::NoAnswer => "it rang, nobody answered".to_owned(),
                CallStatus::InProgress => "somebody picked up".to_owned(),
                CallStatus::Completed => format!("answered, {} s", call.duration_s.unwrap_or(0)),
                other => other.to_string(),
            };
            self.say(&format!("tick: the call to {}: {words}", call.to))?;
        }
        for result in &summary.results {
            let said = result.message.as_deref().unwrap_or_default();
            self.say(&format!("tick: {}", self.paint.notice(&result_words(result, false))))?;
            if result.call_id.is_some() {
                writeln!(self.out, "          it says: \"{said}\"")?;
            }
        }
        Ok(())
    }

    fn check_in(&mut self, meeting: MeetingId) -> anyhow::Result<()> {
        self.clock.advance(Duration::from_secs(4));
        let ended = self.world.store.check_in(meeting, CheckIn::Joined, self.world.clock.now())?;
        let state = self.paint.notice(ended.state.as_str());
        self.say(&format!("ana runs `savehub checkin`: {} is {state}, nothing rings any more", ended.incident))?;
        for call in crate::tick::hang_up_now(&self.world, ended.incident)?.calls {
            self.say(&format!("the ringing call to {} is hung up: {}", call.to, call.status))?;
        }
        Ok(())
    }

    fn show_status(&mut self, heading: &str) -> anyhow::Result<()> {
        let now = self.world.clock.now();
        let snapshot = self.world.store.snapshot(now, MORNING, now.plus(Duration::from_secs(24 * 3600)))?;
        let config = &self.world.config;
        let ctx = StatusCtx { provider: ProviderChoice::Mock, ..StatusCtx::of(config, now, self.screen) };
        writeln!(self.out, "\n          {}", self.paint.heading(heading))?;
        for line in status::render(&snapshot, &ctx).lines() {
            writeln!(self.out, "          | {line}")?;
        }
        writeln!(self.out)?;
        Ok(())
    }

    fn say(&mut self, what: &str) -> anyhow::Result<()> {
        writeln!(self.out, "{}  {what}", self.time())?;
        Ok(())
    }

    /// `08:57:00`.
    fn time(&self) -> String {
        let (h, m, s) = Zone::utc().civil(self.world.clock.now()).time;
        format!("{h:02}:{m:02}:{s:02}")
    }
}

fn config(place: &Temporary) -> anyhow::Result<Config> {
    let phone = Phone::parse("+12025550123").context("the demo's number")?;
    let ana = Person { name: "Ana".into(), zone: Zone::utc(), ..Person::new("ana", phone) };
    let mut config = Config::standard(&open::env);
    config.people = vec![ana].into();
    config.test_mode = false;
    config.stop_file = place.0.join("STOP");
    Ok(config)
}

/// A directory that goes when the demo ends.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("savehub-demo-{}", std::process::id()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // A directory left in /tmp is no reason to fail.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
