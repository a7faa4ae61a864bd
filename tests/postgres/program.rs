//! The real binary on a shared store.

use crate::cluster::cluster;
use crate::proxy::Proxy;
use crate::support::cli::{ANA, Cli, Ran, twilio};
use crate::support::fake_twilio::{FakeTwilio, TOKEN};
use std::net::SocketAddr;

/// A host with this Twilio and store.
fn host(fake: &FakeTwilio, url: &str, people: &str) -> Cli {
    Cli::with(&format!("store = \"{url}\"\n{}", twilio(&fake.base_url(), TOKEN, people)))
}

#[test]
fn two_hosts_on_one_database_call_once_and_a_check_in_on_one_ends_it_for_both() {
    let Some(cluster) = cluster() else { return };
    let (fake, database) = (FakeTwilio::start(), cluster.database());
    let (one, two) = (host(&fake, &database.url(), ANA), host(&fake, &database.url(), ANA));
    one.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    two.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 1);
    one.ok(&["tick"]);
    two.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 1, "the other host knows of the call");
    let status = one.ok(&["status"]);
    assert!(status.contains("Board sync") && status.contains("****0101"), "{status}");
    let answer = one.ok(&["checkin"]);
    assert!(answer.contains("Board sync"), "{answer}");
    two.ok(&["tick"]);
    let json = two.ok(&["status", "--json"]);
    assert!(json.contains("\"RESOLVED\"") && json.contains("\"joined\""), "{json}");
    assert!(!one.database().exists(), "nothing is kept in a file");
}

#[test]
fn a_status_before_the_first_tick_names_the_server_and_makes_nothing() {
    let Some(cluster) = cluster() else { return };
    let (fake, database) = (FakeTwilio::start(), cluster.database());
    let ran = host(&fake, &database.url(), ANA).run(&["status"]);
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("there is no savehub database at PostgreSQL at 127.0.0.1"), "{ran:?}");
    assert_eq!(database.sql("select count(*) from pg_namespace where nspname = 'savehub'"), "0");
}

#[test]
fn a_dry_run_says_what_it_would_do_and_changes_nothing() {
    let Some(cluster) = cluster() else { return };
    let (fake, database) = (FakeTwilio::start(), cluster.database());
    let cli = host(&fake, &database.url(), ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let said = cli.ok(&["tick", "--dry-run"]);
    assert!(said.contains("would call ****0101"), "{said}");
    assert_eq!(fake.posts(), 0);
    assert_eq!(database.sql("select (select count(*) from ticks), (select count(*) from incidents)"), "0|0");
    cli.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 1);
    assert_eq!(cli.ok(&["tick", "--dry-run"]), "", "what is open is copied, too");
}

#[test]
fn an_attempt_whose_commit_has_no_answer_is_not_sent() {
    let Some(cluster) = cluster() else { return };
    let (fake, database) = (FakeTwilio::start(), cluster.database());
    host(&fake, &database.url(), ANA).ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let server: SocketAddr = format!("127.0.0.1:{}", cluster.port).parse().unwrap();
    let proxy = Proxy::start(server, "insert into attempts");
    let through = database.url().replace(&server.to_string(), &proxy.addr.to_string());
    let Ran { code, err, .. } = host(&fake, &through, ANA).run(&["tick"]);
    assert!(proxy.is_cut());
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("nobody knows whether it is"), "{err}");
    assert_eq!(fake.posts(), 0, "what may not be written down is not sent");
    // The server does first what it was asked.
    let at_it =
        "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'savehub'";
    while database.sql(at_it) != "0" {}
    assert_eq!(database.sql("select state from attempts"), "SENDING", "here it was written");
    // Its process is gone: the next tick asks the provider, and does not ring blindly.
    host(&fake, &database.url(), ANA).ok(&["tick"]);
    assert_eq!((database.sql("select state from attempts"), fake.posts()), ("UNKNOWN".into(), 0));
}

#[test]
fn the_password_of_the_store_is_in_no_output() {
    let fake = FakeTwilio::start();
    for (url, code) in [
        ("postgres://ana:canary-secret@127.0.0.1:1/d", 3),
        ("postgres://ana:canary-secret@127.0.0.1:1/d?sslmode=prefer", 2),
        ("postgres://ana:canary/secret@127.0.0.1:1/d", 3),
        ("postgres://ana:canary-secret@127.0.0.1:canary/d", 2),
        ("postgres://ana:canary-secret@127.0.0.1/d?canary=1", 3),
        ("mysql://ana:canary-secret@127.0.0.1/d", 2),
    ] {
        for verbose in ["-q", "-vv"] {
            let ran = host(&fake, url, ANA).run(&[verbose, "tick"]);
            assert_eq!(ran.code, code, "{url}: {ran:?}");
            assert!(!format!("{ran:?}").contains("canary"), "{url}: {ran:?}");
            assert!(!ran.err.is_empty() && ran.out.is_empty(), "{ran:?}");
        }
    }
}

#[test]
fn nothing_of_a_row_is_in_the_log_however_much_is_asked_for() {
    let Some(cluster) = cluster() else { return };
    let (fake, database) = (FakeTwilio::start(), cluster.database());
    let cli = host(&fake, &database.url(), ANA).set("RUST_LOG", "trace");
    let added = cli.run(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let ticked = cli.run(&["tick"]);
    assert_eq!((added.code, ticked.code), (0, 0));
    let log = format!("{} {}", added.err, ticked.err);
    assert!(log.contains("[CALL]") && !log.contains("+12025550101") && !log.contains("insert into"), "{log}");
}

#[test]
fn the_address_may_come_from_the_environment() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let config = format!("store_env = \"STATE\"\n[call]\nprovider = \"mock\"\n{ANA}");
    let cli = Cli::with(&config).set("STATE", &database.url());
    cli.ok(&["tick"]);
    assert_eq!(database.sql("select count(*) from ticks"), "1");
}

#[test]
fn doctor_looks_at_the_server_and_its_ticks_and_makes_nothing() {
    let Some(cluster) = cluster() else { return };
    let (fake, database) = (FakeTwilio::start(), cluster.database());
    let cli = host(&fake, &database.url(), ANA);
    let line = |check: &str| {
        let out = cli.run(&["doctor"]).out;
        out.lines().find(|line| line.split_whitespace().nth(1) == Some(check)).unwrap_or_default().to_owned()
    };
    let empty = line("database");
    assert!(empty.starts_with("  warning ") && empty.contains("holds nothing of savehub yet"), "{empty}");
    assert_eq!(database.sql("select count(*) from pg_namespace where nspname = 'savehub'"), "0");
    cli.ok(&["tick"]);
    let good = line("database");
    assert!(good.starts_with("  ok ") && good.contains("answers and can be written"), "{good}");
    assert!(line("ticks").contains(" 1 in the last 24 h"), "{}", line("ticks"));
    assert!(!cli.database().exists(), "nothing is kept in a file");
}
