//! What a store of SQLite reads for a tick, a check-in or a change does not grow with what is over: the past of years
//! stands in the same tables. Deleting what is old costs what is deleted, and not what stays. The tests run alone, since
//! they count the bytes that the process reads.

use crate::support::alone::alone;
use crate::support::world::{BEGIN, World};
use rusqlite::Connection;
use savehub::clock::Clock as _;
use savehub::feed::NoFeeds;
use savehub::model::Timestamp;
use savehub::store::Forgotten;
use savehub::tick;
use std::sync::Arc;
use std::time::Duration;

/// The past of 200 people, as the benches use it.
const PAST: &str = include_str!("../../benches/oneshot_history.sql");

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Bytes this process has read from files so far, from the disk or not (proc(5), `rchar`).
fn bytes_read() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap();
    io.lines().find_map(|line| line.strip_prefix("rchar: ")).unwrap().parse().unwrap()
}

/// A world with so many past meetings.
fn world(past: u32) -> World {
    let mut world = World::on_twilio("");
    world.parts.feeds = Arc::new(NoFeeds);
    let sql = PAST.replace("MEETINGS", &past.to_string()).replace("unixepoch()", &(BEGIN.ms() / 1000).to_string());
    Connection::open(&world.parts.config.database).unwrap().execute_batch(&sql).unwrap();
    world.new_process();
    world
}

/// What each part of a story reads.
fn story(past: u32) -> Vec<(&'static str, u64)> {
    let world = world(past);
    let mut read = Vec::new();
    let mut part = |name, act: &mut dyn FnMut()| {
        let before = bytes_read();
        act();
        read.push((name, bytes_read() - before));
    };
    let [joined, missed, moved, cancelled, resolved] = ["ana", "ana", "ben", "ben", "ana"];
    let meeting = |person, at| world.meeting_of(person, "Board sync", at);
    let (joined, missed, moved) = (meeting(joined, "in 200s"), meeting(missed, "in 10m"), meeting(moved, "in 200s"));
    let (cancelled, resolved) = (meeting(cancelled, "in 10m"), meeting(resolved, "in 20m"));
    part("a dry run", &mut || _ = world.dry_run());
    part("a plan", &mut || _ = tick::plan(&world.parts, world.now().plus(DAY)).unwrap());
    part("an idle tick", &mut || _ = world.tick());
    world.advance(30);
    part("a tick that calls", &mut || _ = world.tick());
    assert_eq!(world.posts(), 2);
    world.advance(10);
    part("a tick that follows calls", &mut || _ = world.tick());
    part("a check-in", &mut || _ = world.check_in(joined));
    part("a moved meeting", &mut || _ = world.move_to(moved, "in 15m"));
    world.advance(400);
    part("a tick that calls again", &mut || _ = world.tick());
    part("a cancelled meeting", &mut || _ = world.call_off(cancelled));
    world.advance(30);
    part("another tick", &mut || _ = world.tick());
    world.advance(600);
    part("a tick that calls a third time", &mut || _ = world.tick());
    part("a resolved incident", &mut || _ = world.resolve(resolved, None));
    world.advance(1200);
    part("a tick that closes", &mut || _ = world.tick());
    assert_eq!(world.state(missed), "MISSED(no_check_in)");
    assert!(world.clock.now() > BEGIN);
    read
}

#[test]
fn what_is_over_costs_no_use_case_anything_to_speak_of() {
    alone(what_is_over_costs_no_use_case_anything_to_speak_of, || {
        let (young, old) = (story(20), story(10_000));
        let grown: Vec<_> = young.iter().zip(&old).map(|((name, few), (_, many))| (*name, *few, *many)).collect();
        for (name, few, many) in &grown {
            assert!(
                *many < few + 250_000,
                "{name} reads {many} bytes after ten thousand meetings, {few} without: {grown:#?}"
            );
        }
    });
}

#[test]
fn deleting_what_is_old_reads_what_is_deleted_and_not_what_stays() {
    alone(deleting_what_is_old_reads_what_is_deleted_and_not_what_stays, || {
        let (past, old) = (20_000, 400);
        let world = world(past);
        let oldest = BEGIN.ms() / 1000 - 86_400 - 63_072_000;
        let until = Timestamp::from_ms(1000 * (oldest + 63_072_000 * i64::from(old + 1) / i64::from(past) - 60));
        let (store, before) = (&world.parts.store, bytes_read());
        let mut gone = Forgotten::default();
        loop {
            let some = store.forget(until, 100).unwrap();
            gone = gone.and(some);
            if some.is_nothing() {
                break;
            }
        }
        let read = bytes_read() - before;
        assert_eq!((gone.incidents, gone.meetings), (old, old));
        let (each, file) = (read / u64::from(old), std::fs::metadata(&world.parts.config.database).unwrap().len());
        assert!(each < 16_384, "{each} bytes for each meeting with its eight rows, of a file of {file}");
        assert!(read < file / 4, "{read} bytes of a file of {file}");
    });
}
