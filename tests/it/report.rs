//! `savehub report`: the sums of a whole year, and every form of it, from the real program.

use crate::support::cli::{ANA, Cli, Ran};
use rusqlite::Connection;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

const YEAR: [&str; 6] = ["report", "--since", "2025-11-23", "--until", "2026-11-22", "--zone=UTC"];

/// A home with a database of the first so many incidents of the year.
fn home(config: &str, incidents: u32) -> Cli {
    let cli = Cli::with(config);
    std::fs::create_dir_all(cli.database().parent().unwrap()).unwrap();
    drop(crate::support::year::make(&cli.database(), incidents));
    cli
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn report(cli: &Cli, more: &[&str]) -> Value {
    json(&cli.ok(&[&YEAR[..], more, &["--json"]].concat()))
}

/// Keys and numbers of another program's question.
fn asked(database: &Path, sql: &str) -> BTreeMap<String, i64> {
    let connection = Connection::open(database).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Millionths of a decimal text.
fn millionths(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<6}").parse().unwrap()
}

fn one(row: &Value, what: &str) -> i64 {
    row.pointer(what).and_then(Value::as_i64).unwrap_or_else(|| panic!("{what}: {row}"))
}

/// Outcomes of real calls, written as another would: by what stands in the row, not by classes.
const OUTCOMES: &str = "
select 'answered', sum(call_status = 'completed' and answered_by is not 'fax' and coalesce(answered_by, '') not like 'machine%') from real_calls
union all select 'voicemail', sum(call_status = 'completed' and (answered_by = 'fax' or answered_by like 'machine%')) from real_calls
union all select 'no_answer', sum(call_status = 'no-answer') from real_calls
union all select 'busy', sum(call_status = 'busy') from real_calls
union all select 'canceled', sum(call_status = 'canceled') from real_calls
union all select 'failed', sum(call_status = 'failed') from real_calls
union all select 'placed', sum(sid is not null) from real_calls
union all select 'refused', sum(http_status = 400) from real_calls
union all select 'rate_limited', sum(http_status = 429) from real_calls
union all select 'not_sent', sum(http_status is null) from real_calls
union all select 'retries', sum(token like '%-2') from real_calls";

#[test]
fn the_sums_of_a_year_of_200_people_are_those_of_plain_sql() {
    let cli = home(ANA, crate::support::year::INCIDENTS);
    let database = cli.database();
    let real = "with real_calls as (select * from attempts where kind = 'call' and account like 'AC%' and provider = 'twilio')";
    let (days, people) = (report(&cli, &[]), report(&cli, &["--by", "person"]));
    let calls = asked(&database, &format!("{real} {OUTCOMES}"));
    assert!(calls["placed"] > 75_000, "{calls:?}");
    for whole in [&days, &people] {
        for (outcome, n) in &calls {
            assert_eq!(one(&whole["total"]["calls"], &format!("/{outcome}")), *n, "{outcome}");
        }
    }
    assert_eq!((days["rows"].as_array().unwrap().len(), people["rows"].as_array().unwrap().len()), (365, 200));
    // Row by row: the calls and the money of each day and of each person.
    for (rows, key, sql) in [(&days, "day", "date(intent_at / 1000, 'unixepoch')"), (&people, "person", "person")] {
        let placed = asked(&database, &format!("{real} select {sql}, count(sid) from real_calls group by 1"));
        let spend = format!(
            "select {sql}, sum(cast(replace(substr(price, 2), '.', '') as integer) * case length(price) when 7 then 100 else 10 end) \
             from attempts where price_unit = 'USD' and price is not null group by 1"
        );
        let spend = asked(&database, &spend);
        for row in rows["rows"].as_array().unwrap() {
            let name = row[key].as_str().unwrap();
            assert_eq!(one(row, "/calls/placed"), placed.get(name).copied().unwrap_or(0), "{name}");
            let usd = row["spend"].as_array().unwrap().iter().find(|money| money["unit"] == "USD");
            let usd = usd.map_or(0, |money| millionths(money["amount"].as_str().unwrap()));
            assert_eq!(usd, spend.get(name).copied().unwrap_or(0), "{name}");
        }
    }
    the_rest_agrees(&database, &days);
    sums_of_rows(&days);
    sums_of_rows(&people);
}

fn the_rest_agrees(database: &Path, report: &Value) {
    let total = &report["total"];
    // The first ten days were a rehearsal: what something was tried for then is not in a real report.
    let touched = "select distinct step_id / 3 + (step_id % 3 > 0) as id from attempts where provider <> 'twilio'";
    let meetings = format!(
        "with mine as (select i.*, (select count(*) from steps where steps.incident_id = i.id and kind = 'call' and reason in ('initiated', 'merged')) as rang \
           from incidents i left join ({touched}) t using (id) where t.id is null) \
         select 'joined_before_first_call', count(*) from mine where reason in ('joined', 'presence') and rang = 0 \
         union all select 'joined_after_call/0/meetings', count(*) from mine where reason in ('joined', 'presence') and rang = 1 \
         union all select 'joined_after_call/1/meetings', count(*) from mine where reason in ('joined', 'presence') and rang = 2 \
         union all select 'ended_by_operator', count(*) from mine where reason = 'operator' \
         union all select 'acknowledged', count(*) from mine where state = 'MISSED' and acknowledged_by is not null \
         union all select 'missed', count(*) from mine where reason = 'no_check_in' and acknowledged_by is null \
         union all select 'said_missed', count(*) from mine where reason = 'said_missed' \
         union all select 'called_off', count(*) from mine where state = 'CANCELLED' \
         union all select 'ended', count(*) from mine"
    );
    for (what, n) in asked(database, &meetings) {
        assert!(n > 100, "{what}");
        assert_eq!(one(&total["meetings"], &format!("/{what}")), n, "{what}");
    }
    let codes = "select coalesce(error_code, '-') || ' ' || kind, count(*) from attempts where provider = 'twilio' and \
                 (error is not null or call_status in ('failed', 'undelivered')) group by 1";
    let mut told: BTreeMap<String, i64> = BTreeMap::new();
    for failure in report["failures"].as_array().unwrap() {
        let code = failure["code"].as_i64().map_or("-".into(), |code| code.to_string());
        *told.entry(format!("{code} {}", failure["kind"].as_str().unwrap())).or_default() += one(failure, "/count");
    }
    assert_eq!(told, asked(database, codes));
    let skipped = format!(
        "select kind || ' ' || reason, count(*) from steps where state = 'SKIPPED' and incident_id not in ({touched}) group by 1"
    );
    let told: BTreeMap<String, i64> = report["not_tried"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| (format!("{} {}", n["kind"].as_str().unwrap(), n["reason"].as_str().unwrap()), one(n, "/count")))
        .collect();
    assert_eq!(told, asked(database, &skipped));
    // Nearest rank, by sorting all of them.
    let late = "from attempts a, steps s where a.step_id = s.id and a.token like '%-1' and a.kind = 'call' and a.provider = 'twilio'";
    for (what, part) in [("/p50_ms", 50), ("/p99_ms", 99)] {
        let sql = format!(
            "select '', intent_at - due_at {late} order by 2 limit 1 offset (select (count(*) * {part} + 99) / 100 - 1 {late})"
        );
        assert_eq!(one(&report["delay"], what), asked(database, &sql)[""] / 100 * 100, "{what}");
    }
    let unpriced = "select 'unpriced_calls', count(*) from attempts where kind = 'call' and call_status = 'completed' and price is null and provider = 'twilio' \
                    union all select 'unpriced_messages', count(*) from attempts where kind = 'sms' and sid is not null and price is null and provider = 'twilio'";
    for (what, n) in asked(database, unpriced) {
        assert_eq!(one(total, &format!("/{what}")), n, "{what}");
    }
    assert_eq!(
        one(report, "/left_out"),
        asked(database, "select '', count(*) from attempts where provider <> 'twilio'")[""]
    );
}

/// The numbers of the rows add up to those of the total.
fn sums_of_rows(report: &Value) {
    for what in [
        "/calls/placed",
        "/calls/answered",
        "/calls/not_sent",
        "/meetings/ended",
        "/meetings/missed",
        "/not_tried",
        "/unpriced_calls",
    ] {
        let sum: i64 = report["rows"].as_array().unwrap().iter().map(|row| one(row, what)).sum();
        assert_eq!(sum, one(&report["total"], what), "{what}");
    }
}

#[test]
fn what_was_rehearsed_is_said_loudly_and_counted_apart() {
    let cli = home(ANA, 4000);
    let real = cli.ok(&YEAR);
    assert!(real.starts_with("MOCK: NO PHONE WILL RING\nMOCK: 4369 rehearsed tries by the mock phone"), "{real}");
    let mock = cli.ok(&[&YEAR[..], &["--mock"]].concat());
    assert!(
        mock.contains("\nMOCK: these calls were rehearsed by the mock phone or in test mode; no phone rang\n"),
        "{mock}"
    );
    assert!(mock.contains("test mode, not placed"), "{mock}");
    assert!(!mock.contains("Spend"), "a rehearsal costs nothing: {mock}");
    let (real, mock) = (report(&cli, &[]), report(&cli, &["--mock"]));
    assert_eq!(mock["left_out"].as_i64().unwrap() + real["left_out"].as_i64().unwrap(), {
        asked(&cli.database(), "select '', count(*) from attempts")[""]
    });
    assert_eq!(one(&real["total"], "/meetings/ended") + one(&mock["total"], "/meetings/ended"), 4000);
    assert!(mock["month"].is_null());
}

#[test]
fn a_report_of_nothing_says_so_and_costs_nothing() {
    let cli = Cli::with(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 20m"]);
    let out = cli.ok(&["report", "--since", "2026-01-01", "--until", "2026-01-03"]);
    let nothing = "MOCK: NO PHONE WILL RING\nReport of 2026-01-01 to 2026-01-03, UTC\nNothing rang and no meeting ended in this time.\n";
    assert_eq!(out, nothing);
}

#[test]
fn what_was_typed_wrongly_is_refused_with_what_to_write() {
    let cli = Cli::with(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 20m"]);
    for (args, error) in [
        (
            ["--since", "soon"],
            "error: `soon` is no span or date; write `30d`, `12h`, `2026-11-01` or `2026-11-01T09:00:00Z`\n",
        ),
        (["--since", "9999999d"], "error: the report would be of more than ten years; take a later --since\n"),
        (["--zone", "Europe/Berln"], "error: there is no zone `Europe/Berln`; did you mean `Europe/Berlin`?\n"),
        (
            ["--html", "/nowhere/at/all.html"],
            "error: cannot write /nowhere/at/all.html: No such file or directory (os error 2)\n",
        ),
    ] {
        let Ran { code, out, err } = cli.run(&["report", args[0], args[1]]);
        assert_eq!((code, out.as_str(), err.as_str()), (2, "", error));
    }
    assert_eq!(cli.run(&["report", "--json", "--csv"]).code, 2);
    assert_eq!(Cli::with(ANA).run(&["report"]).code, 3, "a report makes no database");
}

#[test]
fn a_name_that_looks_like_a_formula_stays_a_name_in_a_spreadsheet() {
    let people = "[[person]]\nid = \"p001\"\nname = '''=HYPERLINK(\"http://x\",\"y\")'''\nphone = \"+12025550101\"\nzone = \"UTC\"\n\
                  [[person]]\nid = \"p002\"\nname = \"-1+2, @cmd\"\nphone = \"+12025550102\"\n";
    let cli = home(people, 4000);
    let connection = Connection::open(cli.database()).unwrap();
    connection.execute("update attempts set person = '=cmd|x' where person = 'p003'", []).unwrap();
    let csv = cli.ok(&[&YEAR[..], &["--csv", "--by", "person"]].concat());
    assert!(csv.ends_with("\r\n") && csv.lines().count() > 200, "records end as RFC 4180 says");
    let header = csv.lines().next().unwrap();
    assert!(header.starts_with("person,name,calls,answered,voicemail,no_answer,busy,"), "{header}");
    assert!(header.ends_with(",spend,currency,spend_other"), "{header}");
    let line =
        |begin: &str| csv.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("{begin}\n{csv}"));
    assert!(line("p001,").starts_with("p001,\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\","), "{}", line("p001,"));
    assert!(line("p002,").starts_with("p002,\"'-1+2, @cmd\","), "{}", line("p002,"));
    assert!(line("'=cmd|x,").starts_with("'=cmd|x,,"));
    assert!(csv.lines().all(|line| !line.starts_with('=')));
}

#[test]
fn the_rows_of_a_spreadsheet_are_the_days_and_its_columns_never_change() {
    let cli = home(ANA, 4000);
    let csv = cli.ok(&["report", "--since", "2025-12-02", "--until", "2025-12-04", "--csv"]);
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(
        rows.iter().map(|row| (row[0], row.len())).collect::<Vec<_>>(),
        [("day", 38), ("2025-12-02", 38), ("2025-12-03", 38), ("2025-12-04", 38)]
    );
    let whole = report(&cli, &[]);
    let day = whole["rows"].as_array().unwrap().iter().find(|row| row["day"] == "2025-12-03").unwrap();
    let cell = |name: &str| rows[2][rows[0].iter().position(|column| *column == name).unwrap()];
    assert_eq!(cell("calls"), one(day, "/calls/placed").to_string());
    assert_eq!(cell("joined_after_call_2"), one(day, "/meetings/joined_after_call/1/meetings").to_string());
    assert_eq!((cell("currency"), cell("spend")), ("USD", day["spend"][1]["amount"].as_str().unwrap()));
    assert_eq!(cell("spend_other"), format!("{} EUR", day["spend"][0]["amount"].as_str().unwrap()));
    // An empty cell, and no zero, where no call rang to its end.
    let empty = rows[0].iter().position(|column| *column == "answer_rate").unwrap();
    assert_eq!(rows[1][empty], "");
}

#[test]
fn report_json_has_the_fields_the_manual_page_lists() {
    let cli = home(ANA, 4000);
    let report = report(&cli, &["--by", "person"]);
    let listed: Vec<&str> = savehub::cli::report::FIELDS.iter().flat_map(|(names, _)| names.split(", ")).collect();
    let mut fields: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    assert_eq!(fields, sorted);
    let explained = savehub::cli::report::FIELDS.iter().map(|(_, text)| *text).collect::<Vec<_>>().join(" ");
    let named =
        |name: &str| explained.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == name);
    for object in [
        &report["total"],
        &report["rows"][0],
        &report["total"]["calls"],
        &report["total"]["messages"][0],
        &report["total"]["meetings"],
        &report["failures"][0],
        &report["not_tried"][0],
        &report["delay"],
        &report["month"],
    ] {
        for name in object.as_object().unwrap().keys() {
            assert!(named(name), "{name} is not in the manual page");
        }
    }
}

#[test]
fn the_report_fits_a_narrow_terminal_and_a_dumb_one() {
    let cli = home(ANA, 4000).set("TERM", "dumb");
    let dumb = cli.ok(&YEAR);
    assert!(dumb.contains("  ###") && !dumb.contains('█'), "{dumb}");
}
