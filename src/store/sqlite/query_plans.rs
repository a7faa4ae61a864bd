//! What every tick asks must not walk through history, however SQLite plans it: it knows nothing of how the rows are
//! spread.

use super::{SqliteStore, attempts, claims, reconcile};

/// How SQLite goes about it, a line for each part.
fn plan(sql: &str) -> Vec<String> {
    let store = SqliteStore::in_memory().unwrap();
    let connection = store.lock();
    let mut statement = connection.prepare(&format!("explain query plan {sql}")).unwrap();
    let nulls = vec![rusqlite::types::Null; statement.parameter_count()];
    let lines = statement.query_map(rusqlite::params_from_iter(nulls), |r| r.get(3)).unwrap();
    lines.collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn what_a_tick_asks_of_attempts_goes_by_what_is_open_or_young() {
    let of_present = |line: &String| {
        let Some((_, index)) =
            line.split_once("attempts USING INDEX ").or(line.split_once("attempts USING COVERING INDEX "))
        else {
            return !line.starts_with("SCAN attempts") && !line.starts_with("SEARCH attempts");
        };
        let present = [
            "attempts_open ",
            "attempts_to_look_at ",
            "attempts_by_intent (intent_at>?)",
            "attempts_of_day (kind=? AND intent_at>?)",
        ];
        present.iter().any(|name| index.starts_with(name)) || index.contains("to_number=? AND intent_at>?")
    };
    for sql in [
        attempts::to_settle_sql(),
        attempts::too_late_sql(),
        claims::calls_today_sql(),
        claims::today_by_person_sql(),
        claims::NUMBER_FACTS.to_owned(),
        reconcile::DOUBTFUL.to_owned(),
    ] {
        let lines = plan(&sql);
        assert!(lines.iter().all(of_present), "{sql}\n{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("attempts USING")), "{sql}\n{lines:#?}");
    }
}
