//! What a mistake gets: one clear message, the documented exit code, and nothing half done. Whole texts, so that who
//! changes the wording sees it in the diff; the home directory is written `HOME`.

mod database;

use crate::support::cli::{ANA, Cli, Ran, twilio};
use crate::support::fake_twilio::{FakeTwilio, TOKEN};
use rusqlite::Connection;
use savehub::clock::{Clock as _, SystemClock};
use std::path::Path;
use std::time::Duration;

const BEN: &str = "[[person]]\nid = \"ben\"\nphone = \"+12025550102\"\nzone = \"UTC\"\n";

/// Asserts the whole of what a run said: nothing on stdout, this on stderr.
#[track_caller]
fn says(ran: &Ran, code: i32, err: &str) {
    let expected = Ran { code, out: String::new(), err: format!("{}\n", err.trim_matches('\n')) };
    assert_eq!(*ran, expected, "\n{}", ran.err);
}

fn mock(config: &str) -> Cli {
    Cli::with(config).set("CALL_PROVIDER", "mock")
}

/// This time of a day a month from now, in UTC.
fn at(time: &str) -> String {
    let day = SystemClock.now().plus(Duration::from_secs(30 * 24 * 3600));
    format!("{}{time}", &day.to_rfc3339()[..10])
}

/// A mock world with a database.
fn begun(config: &str) -> Cli {
    let cli = mock(config);
    cli.ok(&["tick"]);
    cli
}

/// Every file below the directory, with its bytes.
fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// Runs it and sees to it that no file was made, changed or removed.
#[track_caller]
fn in_vain(cli: &Cli, args: &[&str]) -> Ran {
    let before = files(&cli.path(""));
    let ran = cli.run(args);
    assert!(files(&cli.path("")) == before, "{args:?} changed a file");
    ran
}

// --- config ---

#[test]
fn no_config() {
    for args in [&["tick"][..], &["status"], &["checkin"], &["meeting", "add", "x", "--at", "in 1h"]] {
        says(
            &in_vain(&Cli::new(), args),
            2,
            "
error: there is no config, so nobody would be called; looked for
  HOME/.config/savehub/config.toml
  HOME/etc/xdg/savehub/config.toml
help: `savehub init` makes one; name a file elsewhere with --config or SAVEHUB_CONFIG
help: to try savehub without a config, set CALL_PROVIDER=mock
nothing was done
",
        );
    }
}

#[test]
fn a_named_config_that_is_not_there() {
    let cli = Cli::new();
    let path = cli.path("nowhere.toml");
    says(
        &in_vain(&cli, &["--config", path.to_str().unwrap(), "tick"]),
        2,
        "
error: the config file HOME/nowhere.toml cannot be read: there is none
nothing was done
",
    );
}

#[test]
fn an_unknown_key() {
    says(
        &in_vain(&mock(&format!("[guards]\nmax_cals = 2\n{ANA}")), &["tick"]),
        2,
        "
error: unknown key `max_cals`
 --> HOME/.config/savehub/config.toml:2:1
  |
2 | max_cals = 2
  | ^^^^^^^^ did you mean `max_calls`?

1 problem in HOME/.config/savehub/config.toml; nothing was done
",
    );
}

#[test]
fn a_duplicate_person() {
    says(
        &in_vain(&mock(&format!("{ANA}\n{ANA}")), &["tick"]),
        2,
        r#"
error: two people with the id `ana`
 --> HOME/.config/savehub/config.toml:8:6
  |
8 | id = "ana"
  |      ^^^^^ the first is in line 2

error: two people with the number ****0101; the first is in line 4
 --> HOME/.config/savehub/config.toml:10:9
  = help: correct one of them, or write `shared_phone = true` for both
  = note: the line is not shown, because it holds a phone number

2 problems in HOME/.config/savehub/config.toml; nothing was done
"#,
    );
}

#[test]
fn missing_credentials() {
    let cli = Cli::with(&format!("[call]\nprovider = \"twilio\"\n{ANA}"));
    says(
        &in_vain(&cli, &["tick"]),
        2,
        r#"
error: the provider twilio is chosen, but `account_sid`, `auth_token` and `from` are missing
 --> HOME/.config/savehub/config.toml:2:12
  |
2 | provider = "twilio"
  |            ^^^^^^^^
  |
  = help: account_sid: write account_sid = "AC…" under [provider.twilio], or set TWILIO_ACCOUNT_SID
  = help: auth_token: write auth_token_file = "…" (or _env, _command) under [provider.twilio], or set TWILIO_AUTH_TOKEN
  = help: from: write from = "+12025550100" under [provider.twilio], or set TWILIO_FROM_NUMBER

1 problem in HOME/.config/savehub/config.toml; nothing was done
"#,
    );
}

// --- people, meetings, incidents, times ---

#[test]
fn an_unknown_person() {
    let cli = begun(&format!("{ANA}{BEN}"));
    says(
        &in_vain(&cli, &["meeting", "add", "x", "--at", "in 1h", "--person", "anna"]),
        2,
        "error: there is no person `anna`; did you mean ana?",
    );
    says(
        &in_vain(&cli, &["checkin", "--person", "zoe"]),
        2,
        "error: there is no person `zoe`; the config knows ana, ben",
    );
    says(&in_vain(&cli, &["checkin"]), 2, "error: say for whom with --person; the config knows ana, ben");
    says(
        &in_vain(&cli, &["call-test", "--person", "bem", "--mock"]),
        2,
        "error: there is no person `bem`; did you mean ben?",
    );
}

#[test]
fn an_unknown_meeting() {
    let cli = begun(ANA);
    says(&in_vain(&cli, &["checkin", "board"]), 2, "error: there is no meeting `board`, and none to come");
    says(
        &in_vain(&cli, &["checkin"]),
        2,
        "error: ana has no meeting that runs, ended in the last 30 min or starts in the next 30 min, and none to come",
    );
    cli.ok(&["meeting", "add", "Board sync", "--at", &at("T09:00:00Z")]);
    let days = at(" 09:00");
    let ran = in_vain(&cli, &["meeting", "cancel", "bord"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.starts_with(&format!("error: there is no meeting `bord`; near it:\n  m1 {days} (in ")), "{ran:?}");
    assert!(ran.err.ends_with(" days) Board sync, ana\n"), "{ran:?}");
    let ran = in_vain(&cli, &["checkin", "m7"]);
    assert!(ran.err.starts_with(&format!("error: there is no meeting `m7`; to come:\n  m1 {days} (in ")), "{ran:?}");
}

#[test]
fn an_ambiguous_meeting() {
    let cli = begun(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", &at("T09:00:00Z")]);
    cli.ok(&["meeting", "add", "Board dinner", "--at", &at("T19:00:00Z")]);
    let ran = in_vain(&cli, &["checkin", "board"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines[0], "error: `board` could be several meetings; write its id:");
    assert!(
        lines[1].starts_with(&format!("  m1 {} (in ", at(" 09:00"))) && lines[1].ends_with(" Board sync, ana"),
        "{ran:?}"
    );
    assert!(
        lines[2].starts_with(&format!("  m2 {} (in ", at(" 19:00"))) && lines[2].ends_with(" Board dinner, ana"),
        "{ran:?}"
    );
    assert_eq!(lines.len(), 3);
}

#[test]
fn an_unknown_incident() {
    let cli = begun(ANA);
    says(&in_vain(&cli, &["resolve", "i9"]), 2, "error: there is no incident i9; none is open");
    says(
        &in_vain(&cli, &["resolve", "board"]),
        2,
        "error: `board` is not the id of an incident, such as i7; `savehub status` lists them",
    );
}

#[test]
fn a_time_that_cannot_be() {
    let cli = begun(ANA);
    let add = |at: &str, more: &[&str]| {
        let args = [&["meeting", "add", "Board sync", "--at", at][..], more].concat();
        in_vain(&cli, &args)
    };
    let past = add("2020-01-01T09:00:00Z", &[]);
    assert_eq!((past.code, past.out.as_str()), (2, ""));
    assert!(past.err.starts_with("error: --at: `2020-01-01T09:00:00Z` was "), "{past:?}");
    assert!(past.err.ends_with(" days ago; write `tomorrow 9:00` or another time to come\n"), "{past:?}");
    says(
        &add("half past nine", &[]),
        2,
        "error: --at: `half past nine` is not a time savehub knows; write `14:30`, `tomorrow 9:00`, `2026-11-23 14:30`, `in 10m` or `2026-11-23T14:30:00+01:00`",
    );
    says(
        &add("2024-02-30 9:00", &[]),
        2,
        "error: --at: `2024-02-30 9:00` does not exist: hours go from 0 to 23, minutes from 00 to 59, and the day must be in the calendar",
    );
    says(
        &add(&at("T09:00:00Z"), &["--end", "8:00"]),
        2,
        &format!(
            "error: --end: {} is not after the start, {}; write an end with its date if it is later",
            at(" 08:00"),
            at(" 09:00")
        ),
    );
    says(
        &add(&at("T09:00:00Z"), &["--link", "room 7"]),
        2,
        "error: --link: a link starts with https:// or http:// and has no spaces",
    );
    says(
        &in_vain(&cli, &["meeting", "add", " ", "--at", &at("T09:00:00Z")]),
        2,
        "error: the title is empty; write what the meeting is called",
    );
    assert_eq!(cli.ok(&["meeting", "list"]), "no meetings to come; `savehub meeting add TITLE --at TIME` adds one\n");
}

#[test]
fn a_turned_clock_with_a_real_provider() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    says(
        &in_vain(&cli, &["tick", "--now", "tomorrow 8:57"]),
        2,
        "error: --now turns the clock for a rehearsal; with a real provider phones would ring at the wrong time. Add --dry-run, or set CALL_PROVIDER=mock",
    );
    says(
        &in_vain(&mock(ANA), &["tick", "--now", "soon"]),
        2,
        "error: --now: `soon` is not a time savehub knows; write `14:30`, `tomorrow 9:00`, `2026-11-23 14:30`, `in 10m` or `2026-11-23T14:30:00+01:00`",
    );
    // It only says what it would do: no database, no request.
    assert_eq!(in_vain(&cli, &["tick", "--now", "tomorrow 8:57", "--dry-run"]).code, 0);
    assert_eq!(fake.requests().len(), 0);
}

// --- call-test and status ---

#[test]
fn a_real_test_call_without_yes() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    says(
        &in_vain(&cli, &["call-test", "--person", "ana"]),
        2,
        "error: this places a real call; add --yes, or rehearse with --mock",
    );
    assert_eq!(fake.requests().len(), 0);
}

#[test]
fn a_test_call_to_no_number() {
    says(
        &in_vain(&mock(ANA), &["call-test", "--mock", "--to", "12025550101"]),
        2,
        "error: --to: a number starts with `+` and the country code, such as +12025550123",
    );
    let cli = Cli::with(&twilio(&FakeTwilio::refuse(), TOKEN, ANA));
    says(
        &in_vain(&cli, &["call-test", "--yes", "--to", "+1 202 555 0101"]),
        2,
        "error: --to: after `+` come digits only, without spaces or dashes, and no leading 0, such as +12025550123",
    );
}

#[test]
fn an_age_that_is_none() {
    says(
        &in_vain(&begun(ANA), &["status", "--max-age", "soon"]),
        2,
        "
error: invalid value 'soon' for '--max-age <AGE>': expected number at 0

For more information, try '--help'.
",
    );
}

#[test]
fn an_unknown_incident_beside_an_open_one() {
    let cli = mock(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 10m"]);
    cli.ok(&["tick"]);
    says(&in_vain(&cli, &["resolve", "i9"]), 2, "error: there is no incident i9; open:\n  i1 Board sync, ana");
}

#[test]
fn a_tick_too_long_ago() {
    let cli = mock(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", &at("T09:00:00Z")]);
    let ran = cli.run(&["status", "--max-age", "90s"]);
    assert_eq!((ran.code, ran.err.as_str()), (4, ""), "there was none yet: {ran:?}");
    cli.ok(&["tick"]);
    assert_eq!(cli.run(&["status", "--max-age", "90s"]).code, 0);
    let hour_ago = "update ticks set started_at = started_at - 3600000, ended_at = ended_at - 3600000";
    Connection::open(cli.database()).unwrap().execute_batch(hour_ago).unwrap();
    let ran = cli.run(&["status", "--max-age", "90s"]);
    assert_eq!((ran.code, ran.err.as_str()), (4, ""));
    assert!(ran.out.contains("last tick 1 h ago: is cron running?\n"), "{ran:?}");
    assert_eq!(cli.run(&["status", "--max-age", "2h"]).code, 0);
}
