//! A company's working day: 5,000 people and 30,000 meetings, most of which start on the hour or the half hour, on both
//! stores, with real ticks on a turned clock and a provider that starts so many calls in a second and queues the rest.
//!
//! Every 30 seconds a tick begins, also while an earlier one still waits for turns. One in five people joins by themselves:
//! whenever, just before a rung, or between the claim of their call and its sending. Meetings are moved and called off,
//! people are paused, requests fail. Whatever happens: nothing rings outside its window, at the provider neither; nothing
//! rings twice; who has joined is left alone; the caps hold; and every step ends, with a reason.
//!
//! `cargo test` plays a small company; the whole, and its numbers:
//! SAVEHUB_PROOF=whole cargo test --release --all-features --test it company_day:: -- --nocapture --test-threads=1

#[cfg(feature = "postgres")]
#[path = "../../support/postgres.rs"]
#[allow(dead_code, unreachable_pub, reason = "every test binary uses another part of it")]
mod cluster;

mod book;
mod day;
mod phones;
mod plan;
mod verdict;

use day::Day;
use plan::Size;
use savehub::store::Store;
use savehub::store::sqlite::{Create, SqliteStore};
use std::path::Path;
use std::sync::Arc;

/// Ticks that begin while others wait stand on one stack.
const STACK: usize = 256 << 20;

/// The size that was asked for.
fn size() -> Size {
    let whole = std::env::var("SAVEHUB_PROOF").is_ok_and(|v| v == "whole");
    if whole { Size::WHOLE } else { Size::SAMPLE }
}

fn plays_out(name: &'static str, store: Arc<dyn Store>) {
    let play = move || {
        let day = Day::new(size(), store);
        day.passes();
        println!("company day, {name}: {}", verdict::holds(&day));
    };
    std::thread::Builder::new().stack_size(STACK).spawn(play).unwrap().join().unwrap();
}

#[test]
fn a_company_day_on_sqlite_rings_nobody_wrongly_and_loses_nothing() {
    // A sample is about what is decided; the whole also about the disk.
    let memory = Path::new("/dev/shm");
    let in_memory = size().people == Size::SAMPLE.people && memory.is_dir();
    let dir = if in_memory { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
    plays_out("sqlite", Arc::new(SqliteStore::open(&dir.path().join("savehub.db"), Create::Yes).unwrap()));
}

#[cfg(feature = "postgres")]
#[test]
fn a_company_day_on_postgres_rings_nobody_wrongly_and_loses_nothing() {
    let Some(cluster) = cluster::cluster() else { return };
    let database = cluster.database();
    plays_out("postgres", Arc::new(database.open(Create::Yes)));
}
