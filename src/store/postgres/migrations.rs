//! The schema as a list of migrations: the index of an entry is the version it leads to, and the table `savehub_meta`
//! holds the version. One host makes the schema, under an advisory lock; the others wait for it.
//!
//! Rules: never change or remove an entry that has been released; never drop a column that an older savehub reads.

use super::tx::PostgresTx;
use crate::store::sql::{Tx, TxResult, params};
use crate::store::{Result, StoreError};

type Migration = fn() -> String;

const MIGRATIONS: &[Migration] = &[first, second, third];

/// The newest version this savehub knows.
pub(super) const NEWEST: i64 = MIGRATIONS.len() as i64;

/// `SAVH`: the host that makes the schema holds this advisory lock.
const LOCK: i64 = 0x5341_5648;

/// The version of the schema that is there, 0: none.
pub(super) fn version(tx: &dyn Tx) -> TxResult<i64> {
    // to_regclass would not do: it may see the state from before the transaction that was waited for.
    let known: bool = tx.value(
        "select exists(select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace \
           where n.nspname = 'savehub' and c.relname = 'savehub_meta')",
        &[],
    )?;
    if !known {
        return Ok(0);
    }
    let version = tx.optional("select version from savehub.savehub_meta", &[], |r| r.get(0))?;
    Ok(version.unwrap_or(0))
}

/// Refuses a schema of a newer savehub. `true`: it is the present one.
pub(super) fn check(version: i64, name: &str) -> Result<bool> {
    if version > NEWEST {
        return Err(StoreError::Unusable(format!(
            "{name} was written by a newer savehub (schema {version}, this one knows {NEWEST}); update savehub on this host"
        )));
    }
    Ok(version == NEWEST)
}

/// Brings the schema up to date, inside a transaction. Two hosts at once: the second finds nothing left to do.
pub(super) fn migrate(session: &PostgresTx<'_>, name: &str) -> TxResult<()> {
    let tx: &dyn Tx = session;
    tx.row("select pg_advisory_xact_lock(?1)::text", params![LOCK], |_| Ok(()))?;
    let from = version(tx)?;
    check(from, name)?;
    let left = usize::try_from(from).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(left) {
        session.batch(&migration())?;
    }
    tx.run(
        "insert into savehub.savehub_meta(id, version) values (1, ?1) on conflict(id) do update set version = ?1",
        params![NEWEST],
    )?;
    Ok(())
}

fn first() -> String {
    include_str!("schema_1.sql").to_owned()
}

/// Every owed call rings.
fn second() -> String {
    include_str!("schema_2.sql").to_owned()
}

/// Marks in events.
fn third() -> String {
    include_str!("schema_3.sql").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_placeholder_of_the_schema_is_filled() {
        for migration in MIGRATIONS {
            let sql = migration();
            assert!(!sql.contains('{'), "{sql}");
        }
    }
}
