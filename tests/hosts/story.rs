//! What happens to the hosts and to their server.

use crate::fleet::{Dice, Fleet, HOSTS};
use crate::server::Server;
use crate::support::fake_twilio::{FakeTwilio, ends};
use crate::verdict::{OPEN, Verdict, judge, say, until, whole};
use savehub::clock::{Clock as _, SystemClock};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SEED: u64 = 20_261_122;

/// Longer than a tick may take: a use case waits 15 s for the server, and an outcome is written down again while time is
/// left.
const FROZEN: Duration = Duration::from_secs(21);

/// So often the server is asked how things stand.
const BETWEEN: Duration = Duration::from_millis(200);

/// A wave is over by then, or hangs.
const OVER: Duration = crate::support::HUNG;

/// A server, its hosts, and the waves of meetings they have had.
struct Stage {
    fake: FakeTwilio,
    server: Server,
    standby: Option<Server>,
    fleet: Arc<Fleet>,
    dice: Dice,
    people: usize,
    /// People who have had their meeting.
    asked: usize,
    crashes: usize,
}

impl Stage {
    fn new(people: usize, preflight: bool) -> Option<Self> {
        let fake = FakeTwilio::start();
        fake.set_life(ends(0, "completed"));
        fake.forget_requests();
        let server = Server::start_new()?;
        let standby = server.standby();
        let fleet = Arc::new(Fleet::new(&fake, people, &[server.port, standby.port], preflight));
        // Makes the tables; a database without any tick has no history, so that preflight has nothing to say.
        fleet.tick(0);
        let dice = Dice(SEED);
        Some(Self { fake, server, standby: Some(standby), fleet, dice, people, asked: 0, crashes: 0 })
    }

    /// So many more people have a meeting in less than three minutes.
    fn wave(&mut self, people: usize) {
        let (from, to, now) = (self.asked, self.asked + people, SystemClock.now().ms());
        assert!(to <= self.people);
        let start = now + 170_000;
        self.server.sql(&format!(
            "insert into meetings(person, uid, recurrence, title, starts_at, source, state, generation, watched, \
               created_at, updated_at) \
             select 'p' || n, n || '@example.org', '', 'Stand-up', {start}, 'manual', 'SCHEDULED', 1, 0, {now}, {now} \
             from generate_series({from}, {to} - 1) n"
        ));
        self.asked = to;
    }

    /// Waits until so many calls were asked for in all, as long as one can still come.
    fn calls(&self, count: usize) {
        let mut asked = Instant::now();
        until("a call", OVER, || {
            if self.fake.posts() >= count {
                return true;
            }
            // Not every few milliseconds: the hosts need the processor.
            if asked.elapsed() >= BETWEEN {
                self.nothing_is_wrong();
                // What was asked for is counted after that: whatever is over by then has asked.
                let over = self.server.try_count(OPEN) == Some(0);
                let posts = self.fake.posts();
                assert!(!over || posts >= count, "{posts} of {count} calls, and nothing is left to do");
                asked = Instant::now();
            }
            false
        });
    }

    /// Waits until nothing is left to do.
    fn all_done(&self) {
        until("the end of the wave", OVER, || {
            SystemClock.sleep(BETWEEN);
            self.nothing_is_wrong();
            self.server.count(OPEN) == 0
        });
    }

    /// What a tick did wrong stays so, and nothing need be waited for.
    fn nothing_is_wrong(&self) {
        assert_eq!(self.fleet.seen().wrong, Vec::<String>::new());
    }

    /// Ticks are killed.
    fn kills(&mut self, people: usize, kills: usize) {
        let before = self.fake.posts();
        self.wave(people);
        for kill in 1..=kills {
            self.calls(before + people * 4 * kill / (5 * kills));
            self.fleet.kill_one(&mut self.dice);
        }
    }

    /// The server crashes, in turn in each of the ways in which it can, and comes back on its port.
    fn crashes(&mut self, people: usize, crashes: usize) {
        let before = self.fake.posts();
        self.wave(people);
        for crash in 1..=crashes {
            self.calls(before + people * 3 * crash / (4 * crashes));
            match crash % 3 {
                0 => self.server.kill_a_backend(),
                1 => self.server.stop_at_once(),
                _ => self.server.kill(),
            }
            if crash % 3 != 0 {
                self.server.start();
            }
            self.crashes += 1;
        }
    }

    /// The server freezes for longer than anybody waits for it.
    fn freezes(&mut self, people: usize, freezes: usize) {
        let before = self.fake.posts();
        self.wave(people);
        for freeze in 1..=freezes {
            self.calls(before + people * freeze / (2 * freezes));
            let given_up = self.fleet.seen().given_up();
            let frozen = self.server.freeze();
            SystemClock.sleep(FROZEN);
            let seen = self.fleet.seen();
            let ended = seen.given_up() - given_up;
            drop(frozen);
            assert!(ended >= HOSTS / 2, "only {ended} ticks ended while the server was frozen: {seen:?}");
        }
    }

    /// The standby stops following; later the primary dies, and the standby takes its place. Gives how many
    /// calls it had not heard of.
    fn fails_over(&mut self, people: usize) -> usize {
        let before = self.fake.posts();
        let mut standby = self.standby.take().unwrap();
        self.wave(people);
        let known = format!("select count(*) from meetings where person = 'p{}'", self.asked - 1);
        until("the wave on the standby", OVER, || standby.count(&known) == 1);
        self.calls(before + people / 3);
        standby.stop_at_once();
        self.calls(before + people * 2 / 3);
        self.server.kill();
        let (killed, made) = (SystemClock.now().ms(), self.fake.calls().len());
        standby.start();
        standby.promote();
        // Not before: until then it is still reading what it knows. What the hosts have found again by now is younger.
        let known = format!("select count(*) from attempts where sid is not null and intent_at <= {killed}");
        let lost = made.saturating_sub(standby.count(&known));
        self.server = standby;
        self.crashes += 1;
        lost
    }
}

#[test]
fn eight_hosts_ring_every_phone_once_whatever_happens_to_their_ticks_and_their_server() {
    let (each, kills, crashes, freezes) = if whole() { (1000, 200, 12, 3) } else { (75, 16, 3, 1) };
    let Some(mut stage) = Stage::new(4 * each, true) else { return };
    let fleet = Arc::clone(&stage.fleet);
    let lost = fleet.tick_while(|| {
        stage.kills(each, kills);
        stage.all_done();
        stage.crashes(each, crashes);
        stage.all_done();
        stage.freezes(each, freezes);
        stage.all_done();
        let lost = stage.fails_over(each);
        stage.all_done();
        lost
    });
    stage.fake.wait_for_idle();
    let (verdict, seen) = (judge(&stage.server, &stage.fake, stage.people), fleet.seen());
    say(&format!(
        "{} steps, {HOSTS} hosts, {} ticks, {} kills, {} server crashes, {freezes} freezes, 1 failover that lost {lost} \
         calls, {} ticks without a store, the longest {:.1} s; {verdict}",
        verdict.steps,
        seen.ticks,
        seen.killed,
        stage.crashes,
        seen.no_store,
        seen.longest.as_secs_f64()
    ));
    assert_eq!(seen.wrong, Vec::<String>::new());
    assert!(lost > 0, "the standby knew everything: nothing was shown");
    assert!(seen.killed * 10 >= kills * 9, "only {} of {kills} kills hit a tick", seen.killed);
    assert_eq!((verdict.duplicates, verdict.losses, verdict.stuck, verdict.unknown), (0, 0, 0, 0), "{verdict:?}");
    assert!(verdict.rang * 100 >= verdict.steps * 95, "{verdict:?}");
}

/// One failover of people's first wave.
fn failover(people: usize, preflight: bool) -> Option<(usize, Verdict)> {
    let mut stage = Stage::new(people, preflight)?;
    let fleet = Arc::clone(&stage.fleet);
    let lost = fleet.tick_while(|| {
        let lost = stage.fails_over(people);
        stage.all_done();
        lost
    });
    stage.fake.wait_for_idle();
    let verdict = judge(&stage.server, &stage.fake, people);
    let with = if preflight { "with" } else { "without" };
    say(&format!("{with} preflight: {people} steps, 1 failover that lost {lost} calls; {verdict}"));
    Some((lost, verdict))
}

#[test]
fn preflight_makes_up_for_what_a_failover_lost() {
    let Some((lost, verdict)) = failover(60, true) else { return };
    assert!(lost > 0, "the standby knew everything: nothing was shown");
    assert_eq!((verdict.duplicates, verdict.losses, verdict.stuck, verdict.unknown), (0, 0, 0, 0), "{verdict:?}");
}

#[test]
fn without_preflight_the_same_failover_rings_phones_twice() {
    let Some((_, verdict)) = failover(60, false) else { return };
    assert!(verdict.duplicates > 0, "a harness that cannot fail: {verdict:?}");
    assert_eq!((verdict.losses, verdict.stuck), (0, 0), "{verdict:?}");
}
