//! A year of a team in a database, always the same (`year.sql`).

use rusqlite::Connection;
use savehub::model::Timestamp;
use savehub::store::sqlite::{Create, SqliteStore};
use std::path::Path;

/// Incidents of the whole year, 274 a day.
pub const INCIDENTS: u32 = 100_000;

/// 2025-11-23 00:00 UTC: the first day.
pub const BEGIN: Timestamp = Timestamp::from_ms(1_763_856_000_000);

/// Makes a database that holds the first so many incidents of the year.
pub fn make(path: &Path, incidents: u32) -> SqliteStore {
    let store = SqliteStore::open(path, Create::Yes).unwrap();
    let sql = include_str!("year.sql");
    let last = format!("where i < {}", INCIDENTS - 1);
    assert_eq!(sql.matches(&last).count(), 1);
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(&sql.replace(&last, &format!("where i < {}", incidents - 1))).unwrap();
    store
}
