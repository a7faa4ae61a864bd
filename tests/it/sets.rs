//! Claims and outcomes are written down in sets: one row that cannot be used keeps nobody else waiting.

use crate::support::forward::{Forward, Hook};
use crate::support::world::World;
use rusqlite::Connection;
use savehub::exit::Exit;
use savehub::model::{CallStatus, MeetingId};
use savehub::store::{Claim, Result, StoreError};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One call to each of five people, all due at once, through a phone that keeps no pace.
struct Five {
    world: World,
    writes: Arc<Writes>,
    meetings: Vec<(String, MeetingId)>,
}

/// What ends the refusals of [`Five::refuses`].
const NO_MORE: &str = "drop trigger if exists refused";

/// Sees what is claimed and recorded.
#[derive(Default)]
struct Writes {
    database: PathBuf,
    claims: AtomicUsize,
    /// Outcomes find the database busy until all five are there; and what it refuses is refused until the four others
    /// are written.
    together: AtomicBool,
    /// How many outcomes each writing had.
    sets: Mutex<Vec<usize>>,
    /// The four others were written while it was still refused.
    others_came_first: AtomicBool,
}

impl Hook for Arc<Writes> {
    fn claimed(&self, _: &Claim) {
        self.claims.fetch_add(1, Ordering::SeqCst);
    }

    fn recording(&self, outcomes: usize) -> Result<()> {
        let mut sets = self.sets.lock().unwrap();
        sets.push(outcomes);
        if !self.together.load(Ordering::SeqCst) {
            return Ok(());
        }
        if !sets.contains(&5) {
            return Err(StoreError::Busy(Duration::from_secs(10)));
        }
        let database = Connection::open(&self.database).unwrap();
        let accepted = "select count(*) from attempts where state = 'ACCEPTED'";
        if database.query_row(accepted, [], |row| row.get::<_, u32>(0)).unwrap() == 4 {
            self.others_came_first.store(true, Ordering::SeqCst);
            database.execute_batch(NO_MORE).unwrap();
        }
        Ok(())
    }
}

const LADDER: &str = "[engine]\npreflight = false\n\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

impl Five {
    fn new() -> Self {
        let more: String = (3..=5).map(|n| person(&format!("p{n}"), n)).collect();
        let mut world = World::with(&format!("{LADDER}{more}"));
        let writes = Arc::new(Writes { database: world.parts.config.database.clone(), ..Writes::default() });
        world.parts.store = Arc::new(Forward { inner: Arc::clone(&world.parts.store), hook: Arc::clone(&writes) });
        let people = ["ana", "p3", "p4", "ben", "p5"];
        let meetings = people.map(|id| (id.to_owned(), world.meeting_of(id, "Board sync", "in 170s"))).to_vec();
        Self { world, writes, meetings }
    }

    /// From now on the database refuses this, as it refuses what a damaged row asks of it.
    fn refuses(&self, when: &str) {
        let refusal = format!(
            "create trigger refused before {when} and new.person = 'p4' begin select raise(abort, 'refused'); end"
        );
        self.database().execute_batch(&refusal).unwrap();
    }

    fn refuses_no_more(&self) {
        self.database().execute_batch(NO_MORE).unwrap();
    }

    fn database(&self) -> Connection {
        Connection::open(&self.writes.database).unwrap()
    }

    /// Everybody else was called once, and it is written down.
    #[track_caller]
    fn all_others_were_called(&self) {
        for (person, meeting) in self.meetings.iter().filter(|(person, _)| person != "p4") {
            self.world.phone(person).rang(1);
            assert_eq!(self.world.attempt_states(*meeting), ["ACCEPTED"], "{person}");
            assert_eq!(self.world.steps(*meeting), ["EXECUTED(initiated)"], "{person}");
        }
    }

    /// The meeting of the one of whom something cannot be written.
    fn left(&self) -> MeetingId {
        self.meetings[2].1
    }
}

fn person(id: &str, number: u32) -> String {
    format!("\n[[person]]\nid = \"{id}\"\nname = \"{id}\"\nphone = \"+1202555010{number}\"\nzone = \"UTC\"\n")
}

#[test]
fn a_step_whose_attempt_cannot_be_written_keeps_nobody_else_of_its_set_waiting() {
    let five = Five::new();
    five.refuses("insert on attempts when true");
    let summary = five.world.tick();
    five.all_others_were_called();
    assert_eq!((summary.bad_steps, summary.exit()), (1, Exit::NotDone));
    five.world.phone("p4").rang(0);
    assert_eq!((five.world.steps(five.left()), five.world.attempts(five.left()).len()), (vec!["PENDING".into()], 0));
    let claims = five.writes.claims.load(Ordering::SeqCst);
    assert_eq!(claims, 2 * five.meetings.len(), "all of them in one set, then one by one");
    five.refuses_no_more();
    let summary = five.world.tick();
    assert_eq!((summary.bad_steps, summary.exit()), (0, Exit::Done));
    five.world.phone("p4").rang(1);
    five.all_others_were_called();
}

#[test]
fn an_outcome_that_cannot_be_written_keeps_no_other_of_its_set_from_being_written() {
    let five = Five::new();
    five.writes.together.store(true, Ordering::SeqCst);
    five.refuses("update of state on attempts when new.state = 'ACCEPTED'");
    let summary = five.world.tick();
    let writes = five.writes.sets.lock().unwrap().clone();
    // All five together, and then one by one, until the others were written.
    let one_by_one = writes.iter().skip_while(|outcomes| **outcomes < 5).skip(1);
    assert!(
        writes.contains(&5) && one_by_one.clone().count() >= 5 && one_by_one.clone().all(|n| *n == 1),
        "{writes:?}"
    );
    assert!(five.writes.others_came_first.load(Ordering::SeqCst), "{writes:?}");
    five.all_others_were_called();
    five.world.phone("p4").rang(1);
    assert_eq!((five.world.attempt_states(five.left()), summary.exit()), (vec!["ACCEPTED".into()], Exit::Done));
}

#[test]
fn a_status_that_cannot_be_written_keeps_no_other_of_its_set_from_being_written() {
    let five = Five::new();
    five.world.tick();
    five.refuses("update of call_status on attempts when new.call_status <> old.call_status");
    five.world.advance(60);
    let summary = five.world.tick();
    assert_eq!((summary.calls.len(), summary.bad_steps, summary.exit()), (4, 1, Exit::NotDone));
    let statuses = |five: &Five| {
        let call = |(_, meeting): &(String, MeetingId)| five.world.attempts(*meeting)[0].call_status;
        five.meetings.iter().map(call).collect::<Vec<_>>()
    };
    let over = |five: &Five| statuses(five).into_iter().flatten().filter(|status| status.is_final()).count();
    assert_eq!((over(&five), statuses(&five)[2]), (4, Some(CallStatus::Queued)));
    five.refuses_no_more();
    let summary = five.world.tick();
    assert_eq!((summary.calls.len(), summary.bad_steps, summary.exit()), (1, 0, Exit::Done));
    assert_eq!(over(&five), 5);
}
