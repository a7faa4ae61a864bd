//! A running installation moves from its file to a server, and goes on.

use crate::cluster::cluster;
use crate::support::cli::{ANA, Cli, twilio};
use crate::support::fake_twilio::{Behaviour, Endpoint, FakeTwilio, TOKEN};
use rusqlite::Connection;
use savehub::store::sqlite::{Create, SqliteStore};
use std::collections::BTreeMap;

const BEN: &str = "[[person]]\nid = \"ben\"\nname = \"Ben\"\nphone = \"+12025550102\"\nzone = \"UTC\"\n";

/// Every value of every table, as text.
fn rows(path: &std::path::Path) -> BTreeMap<String, Vec<String>> {
    let file = Connection::open(path).unwrap();
    let mut tables =
        file.prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'").unwrap();
    let tables: Vec<String> = tables.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    let of_table = |table: String| {
        let mut all = file.prepare(&format!("select * from {table}")).unwrap();
        let width = all.column_count();
        let names: Vec<String> = all.column_names().map(str::to_owned).collect();
        let text = |r: &rusqlite::Row<'_>, at: usize| match r.get_ref(at).unwrap() {
            rusqlite::types::ValueRef::Null => String::new(),
            rusqlite::types::ValueRef::Integer(n) => n.to_string(),
            rusqlite::types::ValueRef::Text(t) => String::from_utf8(t.to_vec()).unwrap(),
            other => format!("{:?}", other.as_blob().unwrap()),
        };
        let mut rows: Vec<String> = all
            .query_map([], |r| {
                Ok((0..width).map(|at| format!("{}={}", names[at], text(r, at))).collect::<Vec<_>>().join(" "))
            })
            .unwrap()
            .map(Result::unwrap)
            .collect();
        rows.sort();
        (table, rows)
    };
    tables.into_iter().map(of_table).collect()
}

#[test]
fn a_running_installation_moves_with_open_incidents_calls_in_doubt_and_calendars_and_goes_on() {
    let Some(cluster) = cluster() else { return };
    let (fake, database) = (FakeTwilio::start(), cluster.database());
    let calendars = "calendars = [{ file = \"ana.ics\" }]\n";
    let people = format!("{ANA}{calendars}\n{BEN}");
    let cli = Cli::with(&twilio(&fake.base_url(), TOKEN, &people));
    let event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:far\r\nDTSTAMP:20260101T000000Z\r\n\
                 DTSTART:20990101T090000Z\r\nSUMMARY:Far away\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    cli.write(".config/savehub/ana.ics", event);
    cli.ok(&["meeting", "add", "Board sync", "--person", "ana", "--at", "in 2m"]);
    cli.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 1);
    // Ben's call is made, and nobody here knows of it.
    cli.ok(&["meeting", "add", "Review", "--person", "ben", "--at", "in 2m"]);
    fake.script([Behaviour::AcceptAndLoseReply]);
    fake.set_down(Endpoint::List, Some(Behaviour::Reset));
    cli.run(&["tick"]);
    fake.set_down(Endpoint::List, None);
    assert_eq!(fake.calls().len(), 2);
    let before = rows(&cli.database());
    assert!(before["attempts"].iter().any(|row| row.contains("state=UNKNOWN")), "{:?}", before["attempts"]);
    assert_eq!((before["calendar_bodies"].len(), before["incidents"].len()), (1, 2));

    let config = format!("store = \"{}\"\n{}", database.url(), twilio(&fake.base_url(), TOKEN, &people));
    cli.write_config(&config);
    let said = cli.ok(&["db", "copy", "--from", &format!("sqlite:{}", cli.database().display())]);
    let count: usize = before.values().map(Vec::len).sum();
    assert!(said.starts_with(&format!("{count} rows went to PostgreSQL at 127.0.0.1")), "{said}");
    for (table, rows) in &before {
        assert_eq!(database.sql(&format!("select count(*) from {table}")), rows.len().to_string(), "{table}");
    }
    let again = cli.run(&["db", "copy", "--from", cli.database().to_str().unwrap()]);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.err.contains("is not empty"), "{again:?}");

    // The next ticks adopt Ben's call, follow Ana's, and ring nobody again.
    cli.ok(&["tick"]);
    cli.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 2);
    assert_eq!(database.sql("select string_agg(distinct state, ',') from attempts"), "ACCEPTED");
    cli.ok(&["checkin", "--person", "ana"]);
    let added = cli.ok(&["meeting", "add", "Later", "--person", "ana", "--at", "in 5h"]);
    assert!(added.contains("Later"), "new ids do not collide with those that were taken over: {added}");
}

#[test]
fn a_copy_needs_a_store_in_the_config_and_a_file_that_is_there() {
    let cli = Cli::with(&format!("[call]\nprovider = \"mock\"\n{ANA}"));
    let ran = cli.run(&["db", "copy", "--from", "nothing.db"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("names no `store`"), "{ran:?}");
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    cli.write_config(&format!("store = \"{}\"\n[call]\nprovider = \"mock\"\n{ANA}", database.url()));
    let ran = cli.run(&["db", "copy", "--from", "nothing.db"]);
    assert_eq!((ran.code, ran.err.contains("nothing.db")), (3, true), "{ran:?}");
}

#[test]
fn a_copy_goes_to_an_address_that_is_typed_and_says_what_belongs_into_the_config() {
    let Some(cluster) = cluster() else { return };
    let (cli, database) = (Cli::with(&format!("[call]\nprovider = \"mock\"\n{ANA}")), cluster.database());
    cli.ok(&["meeting", "add", "Board sync", "--person", "ana", "--at", "in 5h"]);
    let (from, to) = (format!("sqlite:{}", cli.database().display()), database.url());
    // No config is needed, nor is one read.
    for config in [Cli::new(), Cli::with("nonsense = 1\n")] {
        let ran = config.run(&["db", "copy", "--from", "nothing.db", "--to", &to]);
        assert_eq!((ran.code, ran.err.contains("nothing.db")), (3, true), "{ran:?}");
    }
    let said = cli.ok(&["db", "copy", "--from", &from, "--to", &to]);
    assert!(said.contains("rows went to PostgreSQL at 127.0.0.1"), "{said}");
    assert_eq!(database.sql("select title from meetings"), "Board sync");
    let lines: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    assert_eq!(lines, [format!("store = \"{to}\"")]);
    cli.write_config(&format!("{}\n[call]\nprovider = \"mock\"\n{ANA}", lines[0]));
    cli.ok(&["tick"]);
    assert_eq!(database.sql("select count(*) from ticks"), "1", "{said}");
    let again = cli.run(&["db", "copy", "--from", &from, "--to", &to]);
    assert!(again.code == 2 && again.err.contains("is not empty"), "{again:?}");
}

#[test]
fn an_address_with_a_password_is_refused_on_the_command_line_and_not_repeated() {
    for to in [
        "postgres://ana:canary@127.0.0.1:1/d",
        "postgres://ana@127.0.0.1:1/d?password=canary",
        "postgres://127.0.0.1:1/d?user=ana&pass%77ord=canary",
        "ana:canary@127.0.0.1:1/d",
    ] {
        let ran = Cli::new().run(&["-vv", "db", "copy", "--from", "nothing.db", "--to", to]);
        assert!(ran.code == 2 && ran.out.is_empty(), "{to}: {ran:?}");
        assert!(ran.err.contains("store_file") && !ran.err.contains("canary"), "{to}: {ran:?}");
    }
    let ran = Cli::new().run(&["db", "copy", "--from", "nothing.db", "--to", "postgres://ana@db/d?sslmode=prefer"]);
    assert!(ran.code == 2 && ran.err.contains("sslmode is disable, require or verify-full"), "{ran:?}");
}

#[test]
fn every_table_of_the_file_is_known_to_the_copy() {
    let Some(cluster) = cluster() else { return };
    let (database, dir) = (cluster.database(), tempfile::tempdir().unwrap());
    drop(database.open(Create::Yes));
    let path = dir.path().join("savehub.db");
    drop(SqliteStore::open(&path, Create::Yes).unwrap());
    let file = Connection::open(&path).unwrap();
    let mut columns = file
        .prepare(
            "select t.name || '.' || c.name from sqlite_schema t join pragma_table_info(t.name) c \
             where t.type = 'table' and t.name not like 'sqlite_%' order by 1",
        )
        .unwrap();
    let in_file: Vec<String> = columns.query_map([], |r| r.get(0)).unwrap().map(Result::unwrap).collect();
    let on_server = database.sql(
        "select (table_name || '.' || column_name) collate \"C\" as name from information_schema.columns where table_schema = 'savehub' \
         and table_name not like 'savehub%' and table_name <> 'calls_of_day' and column_name not like '%\\_server\\_ms' \
         and (table_name, column_name) not in (('counters', 'part'), ('ticks', 'timeline')) order by name",
    );
    assert_eq!(in_file, on_server.lines().collect::<Vec<_>>());
}
