//! The watcher of the watcher: heartbeat and metrics, through the real program.

use crate::support::HUNG;
use crate::support::cli::{ANA, Cli, Ran, twilio};
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::fake_tls::{FakeTls, Tls, proxy};
use crate::support::fake_twilio::{Behaviour, Endpoint, FakeTwilio, TOKEN};
use crate::support::wire::Request;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The secret part of the address.
const CANARY: &str = "c4n4ry-0a1b2c3d";

fn ok() -> Serves {
    Serves::Answer(200, Vec::new(), b"OK".to_vec())
}

/// With Ana, and an address that is pinged.
fn pinging(server: &FakeFeed, more: &str) -> Cli {
    let cli = Cli::with("");
    cli.write_config(&config(server, more));
    cli
}

fn config(server: &FakeFeed, more: &str) -> String {
    format!("heartbeat_url = \"http://{}/{CANARY}?create=1\"\n{more}\n{ANA}", server.addr())
}

fn lines(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|r| format!("{} {}", r.method, r.target)).collect()
}

#[track_caller]
fn tick(cli: &Cli) -> Ran {
    let ran = cli.run(&["tick"]);
    assert!(!ran.out.contains(CANARY) && !ran.err.contains(CANARY), "{ran:?}");
    ran
}

/// A Twilio that refuses every call, and the config for it.
fn refusing() -> (FakeTwilio, String) {
    let fake = FakeTwilio::start();
    fake.set_down(Endpoint::Create, Some(Behaviour::error(400, 21201, "No 'To' number is specified")));
    let config = twilio(&fake.base_url(), TOKEN, "");
    (fake, config)
}

fn bad_tick(cli: &Cli) -> Ran {
    cli.ok(&["meeting", "add", "Secret title", "--at", "in 2m"]);
    let ran = tick(cli);
    assert_eq!(ran.code, 1, "{ran:?}");
    ran
}

#[test]
fn a_good_tick_is_pinged_once() {
    let server = FakeFeed::start(ok());
    let cli = pinging(&server, "");
    let made = "warning: made a new database HOME/.local/state/savehub/savehub.db: it knows nothing of earlier meetings and calls\n";
    assert_eq!(tick(&cli), Ran { code: 0, out: String::new(), err: made.into() });
    assert_eq!(lines(&server.requests()), [format!("GET /{CANARY}?create=1")]);
    assert_eq!(server.requests()[0].body, "");
}

#[test]
fn a_watcher_in_the_own_network_is_pinged_with_its_own_certificate_and_through_a_proxy() {
    let server = FakeTls::start(Tls::Answers(200, "OK".into()));
    let url = format!("heartbeat_url = \"{}/{CANARY}\"", server.base_url());
    let cli = Cli::with(&format!("{url}\n{ANA}"));
    let unknown = tick(&cli);
    assert!(unknown.err.contains("an authority that is not trusted (SHA-256 "), "{unknown:?}");
    assert!(unknown.err.contains("name that with `heartbeat_ca_file`"), "{unknown:?}");
    let (address, tunnel) = proxy(200);
    let ca_file = server.ca_file();
    cli.write_config(&format!(
        "{url}\nheartbeat_ca_file = \"{}\"\nheartbeat_proxy = \"{address}\"\n{ANA}",
        ca_file.display()
    ));
    tick(&cli);
    assert!(tunnel.join().unwrap().starts_with(&format!("CONNECT {} HTTP/1.1\r\n", server.addr())));
    assert!(server.came().starts_with(&format!("GET /{CANARY} HTTP/1.1\r\n")));
}

#[test]
fn a_bad_tick_is_told_with_its_exit_code_and_reasons_and_nothing_private() {
    let server = FakeFeed::start(ok());
    let (_fake, broken) = refusing();
    let cli = pinging(&server, &broken);
    bad_tick(&cli);
    let requests = server.requests();
    assert_eq!(lines(&requests), [format!("POST /{CANARY}/fail?create=1")]);
    let told = &requests[0].body;
    assert!(told.starts_with("savehub tick: exit 1, ") && told.contains("1 x failed: invalid_number"), "{told}");
    for private in ["Secret", "ana", "Ana", "0101", "555"] {
        assert!(!told.contains(private), "{private} in {told}");
    }
}

#[test]
fn a_database_that_cannot_be_used_is_told_too() {
    let server = FakeFeed::start(ok());
    let cli = pinging(&server, "");
    cli.write(".local/state/savehub/savehub.db", &"this is no database ".repeat(100));
    let ran = tick(&cli);
    assert_eq!(ran.code, 3, "{ran:?}");
    let requests = server.requests();
    assert_eq!(lines(&requests), [format!("POST /{CANARY}/fail?create=1")]);
    assert!(requests[0].body.starts_with("savehub tick: exit 3, the store cannot be used"), "{}", requests[0].body);
}

#[test]
fn a_rehearsal_is_no_sign_of_life() {
    let server = FakeFeed::start(ok());
    let cli = pinging(&server, &format!("metrics_file = \"{}\"", "savehub.prom"));
    cli.ok(&["tick", "--dry-run"]);
    cli.ok(&["tick", "--now", "2026-11-22T09:00:00Z"]);
    assert_eq!(lines(&server.requests()), [""; 0]);
    assert!(!cli.path(".config/savehub/savehub.prom").exists());
}

#[test]
fn a_ping_that_fails_is_told_once_and_when_it_is_over_and_the_tick_stays_good() {
    let server = FakeFeed::start(Serves::status(500));
    let cli = pinging(&server, "");
    let first = tick(&cli);
    assert!(first.code == 0 && first.err.contains("heartbeat_url: HTTP 500"), "{first:?}");
    assert_eq!(tick(&cli), Ran { code: 0, out: String::new(), err: String::new() });
    assert!(cli.ok(&["status"]).contains("fault: heartbeat, for "));
    server.serve(ok());
    let over = tick(&cli);
    assert!(over.code == 0 && over.err.contains("over: heartbeat"), "{over:?}");
    assert_eq!(server.requests().len(), 3, "nothing is repeated within a tick");
}

#[test]
fn a_fault_of_an_address_that_is_gone_from_the_config_is_over() {
    let server = FakeFeed::start(Serves::redirect(302, "http://127.0.0.1:9/elsewhere"));
    let cli = pinging(&server, "");
    let first = tick(&cli);
    assert!(first.err.contains("HTTP 302: a redirect, not followed"), "{first:?}");
    cli.write_config(ANA);
    assert!(tick(&cli).err.contains("over: heartbeat"));
}

#[test]
fn a_service_that_stays_silent_costs_eight_seconds_and_no_more() {
    let server = FakeFeed::start(Serves::Silence);
    let cli = pinging(&server, "");
    let began = Instant::now();
    let ran = tick(&cli);
    assert!(ran.code == 0 && ran.err.contains("heartbeat_url: no answer within 8.0 s"), "{ran:?}");
    assert!(began.elapsed() >= Duration::from_secs(7) && began.elapsed() < HUNG);
}

#[test]
fn the_address_may_come_from_a_file_and_one_that_cannot_be_had_stops_nothing() {
    let server = FakeFeed::start(ok());
    let cli = Cli::with(&format!("heartbeat_url_file = \"beat\"\n{ANA}"));
    let ran = tick(&cli);
    assert!(ran.code == 0 && ran.err.contains("no address comes from `heartbeat_url_file`"), "{ran:?}");
    cli.write(".config/savehub/beat", &format!("http://{}/{CANARY}\n", server.addr()));
    assert!(tick(&cli).err.contains("over: heartbeat"));
    cli.write(".config/savehub/beat", "http://hc.example/c4n4ry-0a1b2c3d\n");
    assert!(tick(&cli).err.contains("http:// shows the address to everybody on the way"));
    assert_eq!(lines(&server.requests()), [format!("GET /{CANARY}")]);
}

/// With Ana and a metrics file.
fn counting(more: &str) -> Cli {
    Cli::with(&format!("metrics_file = \"savehub.prom\"\n{more}\n{ANA}"))
}

fn metrics(cli: &Cli) -> String {
    std::fs::read_to_string(cli.path(".config/savehub/savehub.prom")).unwrap()
}

/// The value of a sample.
#[track_caller]
fn value<'t>(text: &'t str, sample: &str) -> &'t str {
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("savehub_{sample} ")));
    line.unwrap_or_else(|| panic!("{sample} is not in\n{text}"))
}

#[test]
fn the_metrics_say_how_the_tick_went_and_what_there_is() {
    let (_fake, broken) = refusing();
    let cli = counting(&broken);
    tick(&cli);
    let good = metrics(&cli);
    assert_eq!(value(&good, "tick_exit_code"), "0");
    assert!(good.contains(&format!("savehub_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"))));
    let number = |sample| value(&good, sample).parse::<f64>().unwrap();
    let started = number("tick_last_started_timestamp_seconds");
    assert!(started > 1.7e9 && number("tick_last_completed_timestamp_seconds") >= started);
    assert!(number("tick_duration_seconds") < 60.0);
    assert_eq!([value(&good, "paused"), value(&good, "stopped"), value(&good, "steps_pending")], ["0"; 3]);
    bad_tick(&cli);
    cli.ok(&["pause"]);
    cli.ok(&["pause", "--person", "ana"]);
    cli.write(".config/savehub/STOP", "");
    tick(&cli);
    let bad = metrics(&cli);
    assert_eq!(value(&bad, "incidents_open{state=\"escalating\"}"), "1");
    assert_eq!(value(&bad, "attempts_total{kind=\"call\",state=\"rejected\"}"), "1");
    assert_eq!(value(&bad, "steps_ended_total{state=\"failed\",reason=\"invalid_number\"}"), "1");
    assert_eq!([value(&bad, "paused"), value(&bad, "people_paused"), value(&bad, "stopped")], ["1"; 3]);
    assert_eq!(value(&bad, "faults_active{fault=\"pause\"}"), "2");
    assert_eq!(value(&bad, "faults_active{fault=\"STOP_file\"}"), "1");
    for private in ["Secret", "ana", "Ana", "0101", "555", "savehub.db"] {
        assert!(!bad.contains(private), "{private} in\n{bad}");
    }
}

#[test]
fn without_a_database_the_metrics_tell_the_exit_code() {
    let cli = counting("");
    cli.write(".local/state/savehub/savehub.db", &"this is no database ".repeat(100));
    assert_eq!(tick(&cli).code, 3);
    let text = metrics(&cli);
    assert_eq!(value(&text, "tick_exit_code"), "3");
    assert!(!text.contains("steps_pending"), "{text}");
    accepted_by_promtool(&text);
}

#[test]
fn promtool_accepts_the_metrics() {
    let (_fake, broken) = refusing();
    let cli = counting(&broken);
    tick(&cli);
    accepted_by_promtool(&metrics(&cli));
    bad_tick(&cli);
    cli.ok(&["pause"]);
    tick(&cli);
    accepted_by_promtool(&metrics(&cli));
}

/// `promtool check metrics` finds nothing to say: neither a mistake nor a name against the conventions.
fn accepted_by_promtool(text: &str) {
    let started =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut promtool) = started else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "promtool is not there");
        eprintln!("NOT TESTED: promtool (Debian: prometheus) is not there, the metrics are not checked");
        return;
    };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    assert!(said.status.success(), "{}\n{text}", String::from_utf8_lossy(&said.stdout));
}

#[test]
fn the_metrics_are_replaced_in_one_step_and_everybody_may_read_them() {
    let cli = counting("");
    cli.write(".config/savehub/savehub.prom", "old");
    let open = std::fs::File::open(cli.path(".config/savehub/savehub.prom")).unwrap();
    // The strictest umask there is.
    let ran = cli.sh("umask 077; exec \"$1\" tick", &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(std::io::read_to_string(open).unwrap(), "old", "whoever reads the old one reads it whole");
    let mode = std::fs::metadata(cli.path(".config/savehub/savehub.prom")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);
    let names = std::fs::read_dir(cli.path(".config/savehub")).unwrap().map(|e| e.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["config.toml", "savehub.prom"]);
}

#[test]
fn metrics_that_cannot_be_written_are_a_fault_and_the_tick_stays_good() {
    let cli = Cli::with(&format!("metrics_file = \"nowhere/savehub.prom\"\n{ANA}"));
    let first = tick(&cli);
    assert_eq!((first.code, first.out.as_str()), (0, ""));
    assert!(
        first.err.contains("metrics_file: HOME/.config/savehub/nowhere/savehub.prom cannot be written"),
        "{first:?}"
    );
    assert_eq!(tick(&cli), Ran { code: 0, out: String::new(), err: String::new() });
    std::fs::create_dir(cli.path(".config/savehub/nowhere")).unwrap();
    assert!(tick(&cli).err.contains("over: metrics file"));
}
