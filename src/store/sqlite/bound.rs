//! A statement of `store::sql` as SQLite runs it fastest: prepared once, and run for each set of parameters.

/// A set of parameters is bound, not read from a table: a statement that is prepared once and run often is faster here.
/// What inserts values is no query: SQLite writes down what it could take back of one that is.
pub(super) fn bound(sql: &str) -> String {
    const FROM: &str = " from ";
    let mut bound = String::with_capacity(sql.len());
    let mut parts = sql.split("{each}");
    bound.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let joined = part.strip_prefix(" cross join ").or(part.strip_prefix(", "));
        if joined.is_none() && bound.ends_with(FROM) {
            bound.truncate(bound.len() - FROM.len());
        }
        bound.push_str(joined.unwrap_or(part));
    }
    bound
}

/// The same of an insert, `insert into t(a) select ?1 from {each}`.
pub(super) fn bound_insert(sql: &str) -> Option<String> {
    let (into, query) = sql.strip_prefix("insert ")?.split_once(") select ")?;
    let (values, rest) = query.split_once(" from {each}")?;
    Some(format!("insert {into}) values ({values}){}", rest.strip_prefix(" where true").unwrap_or(rest)))
}

/// An insert that returns columns of its row, and what reads them by the row's id: SQLite makes a table for what a
/// statement returns, each time that it runs.
pub(super) fn returning(sql: &str) -> Option<(&str, String)> {
    let (table, _) = sql.strip_prefix("insert into ")?.split_once('(')?;
    let (insert, columns) = sql.split_once(" returning ")?;
    Some((insert, format!("select {columns} from {table} where id = ?1")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_for_each_set_becomes_one_with_bound_values() {
        for (sql, is) in [
            ("select ?2 from {each} where ?1 > 0", "select ?2 where ?1 > 0"),
            ("select a from {each} cross join t where id = ?1", "select a from t where id = ?1"),
            ("select a from {each}, t where id = ?1", "select a from t where id = ?1"),
            ("select a from t where a in (select ?1 from {each})", "select a from t where a in (select ?1)"),
            (
                "select {place}, (select a from t where id = ?1) from {each}",
                "select {place}, (select a from t where id = ?1)",
            ),
        ] {
            assert_eq!((bound(sql).as_str(), bound_insert(sql)), (is, None));
        }
        let insert =
            |rest| bound_insert(&format!("insert into t(a, b) select ?1, (select b from u) from {{each}}{rest}"));
        assert_eq!(insert("").unwrap(), "insert into t(a, b) values (?1, (select b from u))");
        assert_eq!(insert(" where true on conflict do nothing").unwrap(), insert(" on conflict do nothing").unwrap());
    }

    #[test]
    fn what_an_insert_returns_is_read_by_its_id() {
        let (insert, select) = returning("insert into t(a) values (?1) returning id, a").unwrap();
        assert_eq!((insert, select.as_str()), ("insert into t(a) values (?1)", "select id, a from t where id = ?1"));
        assert_eq!(returning("select a from t"), None);
    }
}
