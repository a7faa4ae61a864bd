//! Told by the real binary, on the system's clock.

use crate::support::cli::{ANA, Cli, twilio};
use crate::support::fake_twilio::{ACCOUNT, Behaviour, FakeTwilio, TOKEN};
use crate::support::world::posts;
use savehub::clock::SystemClock;
use serde_json::Value;
use std::sync::Arc;

/// A token that must not be seen anywhere.
const CANARY: &str = "canary-token-0123456789";

fn refused(status: u16, body: &str) -> Behaviour {
    Behaviour::Status(status, body.into(), vec![])
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The names of an object's fields.
fn fields(object: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Names separated by commas, as the manual page lists them.
fn listed(names: &str) -> Vec<&str> {
    let mut names: Vec<&str> = names.split(", ").collect();
    names.sort_unstable();
    names
}

#[test]
fn s3_call_provider_wins_over_the_config() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN).set("CALL_PROVIDER", "mock");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let out = cli.ok(&["tick"]);
    assert!(out.starts_with("i1 Board sync (ana): called ****0101 on the mock phone, call MOCK-"), "{out}");
    assert!(cli.ok(&["status"]).starts_with("MOCK: NO PHONE WILL RING\n"));
    assert_eq!(fake.requests().len(), 0);
}

#[test]
fn s4_credentials_of_the_environment_place_the_call() {
    let fake = FakeTwilio::with(Arc::new(SystemClock), CANARY);
    let config = format!("[call]\nprovider = \"mock\"\n[provider.twilio]\nbase_url = \"{}\"\n{ANA}", fake.base_url());
    let cli = Cli::with(&config)
        .set("CALL_PROVIDER", "twilio")
        .set("TWILIO_ACCOUNT_SID", ACCOUNT)
        .set("TWILIO_AUTH_TOKEN", CANARY)
        .set("TWILIO_FROM_NUMBER", "+12025550177");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    cli.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 1);
    assert_eq!(fake.calls()[0].from, "+12025550177");
}

#[test]
fn s4_missing_credentials_are_named_and_nothing_is_done() {
    let cli = Cli::with(&format!("[call]\nprovider = \"twilio\"\n{ANA}"));
    let ran = cli.run(&["tick"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    for name in ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM_NUMBER"] {
        assert!(ran.err.contains(name), "{name}: {}", ran.err);
    }
    assert!(!cli.database().exists());
}

#[test]
fn s5_the_third_call_is_refused_across_processes() {
    let fake = FakeTwilio::start();
    let cli = Cli::with(&twilio(&fake.base_url(), TOKEN, &format!("[guards]\nnumber_gap = \"0s\"\n{ANA}")));
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    for calls in 1..=2 {
        cli.ok(&["tick"]);
        assert_eq!(fake.calls().len(), calls);
        // A new generation of the same meeting; the call under way is hung up.
        cli.ok(&["meeting", "move", "m1", "--at", "in 2m"]);
        assert_eq!(fake.calls()[calls - 1].status, "completed");
    }
    let ran = cli.run(&["tick"]);
    let uid = json(&cli.ok(&["meeting", "list", "--json"]))["meetings"][0]["uid"].as_str().unwrap().to_owned();
    assert_eq!(ran.err, format!("[CALL] RATE LIMITED - ana already has 2 calls for event {uid}\n"));
    let why = format!(
        "the call limit for this meeting is used up (ana already has 2 calls for event {uid}, at most 2 in 10 min)"
    );
    assert_eq!(ran.out, format!("i3 Board sync (ana): skipped: {why}\n"));
    assert_eq!((ran.code, fake.calls().len()), (0, 2));
}

#[test]
fn s9_a_failing_provider_leaves_its_reason_and_exit_1() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    fake.script([refused(400, r#"{"code":99999,"message":"No calls to +12025550101 today","status":400}"#)]);
    let ran = cli.run(&["tick"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = "99999 No calls to ****0101 today";
    assert!(ran.out.starts_with("i1 Board sync (ana): failed: ") && ran.out.contains(said), "{}", ran.out);
    let report = json(&cli.ok(&["status", "--json"]));
    let step = &report["incidents"][0]["steps"][0];
    assert_eq!((step["state"].as_str(), step["reason"].as_str()), (Some("FAILED"), Some("rejected")));
    assert_eq!(step["detail"].as_str(), Some(said));
    assert_eq!(report["last_tick"]["exit"].as_u64(), Some(1));
    assert_eq!(report["incidents"][0]["steps"][1]["state"].as_str(), Some("PENDING"), "the other rung goes on");
    assert_eq!(cli.run(&["tick"]).code, 0, "told once");
}

#[test]
fn s10_the_log_of_a_call() {
    let fake = FakeTwilio::with(Arc::new(SystemClock), CANARY);
    let cli = Cli::on_twilio(&fake, CANARY);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let uid = json(&cli.ok(&["meeting", "list", "--json"]))["meetings"][0]["uid"].as_str().unwrap().to_owned();
    let ran = cli.run(&["tick"]);
    let sid = &fake.calls()[0].sid;
    // The third request: on a new database the list is asked for twice.
    let expected = format!(
        "[CALL] Provider=twilio\n[CALL] Initiating call to ****0101\n\
         [CALL] Creating TwiML for event={uid}, user=ana\n[CALL] Twilio request id=RQ00000000000000000000000000000003\n\
         [CALL] Twilio call initiated\n[CALL] Call SID={sid}\n[CALL] To=****0101\n[CALL] Status=initiated\n\
         [CALL] Call completed - Status=initiated, Provider=twilio\n"
    );
    assert_eq!(ran.err, expected);
    assert_eq!(ran.out, format!("i1 Board sync (ana): called ****0101, call {sid}\n"));
    assert_eq!(cli.run(&["tick"]), crate::support::cli::Ran { code: 0, out: String::new(), err: String::new() });
}

#[test]
fn s10_the_log_of_a_mock_call_of_test_mode_and_of_refusals() {
    let cli = Cli::with(ANA).set("CALL_PROVIDER", "mock");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let ran = cli.run(&["tick"]);
    let sid = ran.out.trim_end().rsplit(' ').next().unwrap().to_owned();
    let message = "Hello Ana. This is savehub. Board sync starts in";
    let lines = [
        "[CALL] Provider=mock",
        "[CALL] Initiating call to ****0101",
        "[CALL][MOCK] Mock call initiated",
        "[CALL][MOCK] To=****0101",
        &format!("[CALL][MOCK] Message=\"{message} …\""),
        &format!("[CALL][MOCK] Mock call SID={sid}"),
        &format!("[CALL] Call SID={sid}"),
        "[CALL] To=****0101",
        "[CALL] Status=initiated",
        "[CALL] Call completed - Status=initiated, Provider=mock",
    ];
    assert_eq!(ran.err.lines().collect::<Vec<_>>(), lines);

    let cli = Cli::with(ANA).set("CALL_PROVIDER", "mock").set("CALL_TEST_MODE", "true");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    let err = cli.run(&["tick"]).err;
    assert!(err.contains("[CALL] TEST MODE - Call not placed (simulated)\n"), "{err}");
    assert!(err.ends_with("[CALL] Call completed - Status=test_mode, Provider=test\n"), "{err}");

    let rung = "[guards]\ncritical_window = \"10m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"10m\"\n";
    let cli = Cli::with(&format!("{rung}{ANA}")).set("CALL_PROVIDER", "mock");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 11m"]);
    // A rehearsal from the beginning: `--now` is refused on what real ticks have written.
    cli.ok(&["tick", "--now", "in 1s"]);
    // The window of today's config counts, not that of the day the incident was opened.
    let rung = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";
    cli.write_config(&format!("{rung}{ANA}"));
    let ran = cli.run(&["tick", "--now", "in 2m"]);
    assert!(ran.err.starts_with("[CALL] HARD STOP - Outside critical window (5"), "{ran:?}");
    assert!(ran.err.ends_with("s before)\n"), "{ran:?}");
}

#[test]
fn s10_the_log_of_a_failure() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    fake.script([refused(400, r#"{"code":21211,"message":"The 'To' number +12025550101 is not valid","status":400}"#)]);
    let ran = cli.run(&["tick"]);
    let line = |start: &str| ran.err.lines().find(|l| l.starts_with(start)).unwrap_or_else(|| panic!("{}", ran.err));
    let reason = "21211: The 'To' number ****0101 is not valid (Check the person's phone number.)";
    assert!(
        line("[CALL] Twilio error - Reason=").starts_with(&format!("[CALL] Twilio error - Reason={reason}, Elapsed="))
    );
    assert!(line("[CALL] Twilio error").ends_with("ms"));
    assert_eq!(line("[CALL] Call failed"), "[CALL] Call failed - Reason=The 'To' number ****0101 is not valid");
}

#[test]
fn s10_no_secret_and_no_number_is_ever_printed() {
    use base64::Engine as _;
    let fake = FakeTwilio::with(Arc::new(SystemClock), CANARY);
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{CANARY}"));
    let config = twilio(&fake.base_url(), CANARY, &format!("[guards]\nnumber_gap = \"0s\"\n{ANA}"));
    let cli = Cli::with(&config).set("RUST_LOG", "trace").set("RUST_BACKTRACE", "1");
    // What the fake answers repeats what it was sent, as a debugging proxy would.
    let echo = format!(r#"{{"code":20003,"message":"Basic {basic} of {CANARY} for +12025550101"}}"#);
    fake.script([Behaviour::Answer, refused(401, &echo), refused(500, &echo)]);
    let mut said = Vec::new();
    for _ in 0..2 {
        cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
        for args in [
            &["tick"][..],
            &["-vv", "tick", "--json"],
            &["status", "--json"],
            &["checkin"],
            &["call-test", "--yes", "--to", "+12025550101"],
        ] {
            let ran = cli.run(args);
            said.extend([ran.out, ran.err]);
        }
    }
    cli.write_config(&twilio(&fake.base_url(), CANARY, &format!("banana = 1\n{ANA}")));
    said.push(cli.run(&["tick"]).err);
    let said = said.concat();
    assert_eq!(posts(&fake), 3, "every answer of the script was heard");
    assert!(said.contains("trace") || said.contains("debug"), "the log was as loud as it can be:\n{said}");
    for secret in [CANARY, &basic, "2025550101", "2025550199"] {
        assert!(!said.contains(secret), "{secret} in\n{said}");
    }
}

#[test]
fn s11_no_way_to_a_call_but_tick_and_call_test() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    cli.ok(&["tick", "--dry-run"]);
    std::fs::create_dir(cli.path("man")).unwrap();
    let man = cli.path("man");
    for args in [
        &["status"][..],
        &["status", "--json", "--max-age", "1h"],
        &["meeting", "list", "--all", "--json"],
        &["meeting", "add", "Standup", "--at", "in 1m"],
        &["meeting", "move", "standup", "--at", "in 100s"],
        &["checkin", "m1"],
        &["checkin", "m1", "--missed"],
        &["resolve", "i1", "--note", "by hand"],
        &["meeting", "cancel", "standup"],
        &["call-test", "--mock"],
        &["call-test", "--mock=lost-reply"],
        &["call-test", "--test-mode", "--to", "+12025550144"],
        &["call-test", "--person", "ana"],
        &["demo"],
        &["generate", "man", man.to_str().unwrap()],
        &["--help"],
        &["--version"],
    ] {
        let ran = cli.run(args);
        assert_eq!((posts(&fake), fake.calls().len()), (0, 0), "{args:?}: {ran:?}");
        assert!(ran.code <= 4, "{args:?}: {ran:?}");
    }
    // The other way round: these two do place one.
    cli.ok(&["meeting", "add", "Dentist", "--at", "in 2m"]);
    cli.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 1);
    cli.ok(&["call-test", "--to", "+12025550123", "--yes"]);
    assert_eq!(fake.calls().len(), 2);
}

#[test]
fn s11_only_the_workers_of_the_tick_ask_a_provider_to_place_a_call() {
    fn look(dir: &std::path::Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                look(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let calls = text.lines().filter(|l| l.contains(".place(") || l.contains("Provider::place"));
                let file = path.file_name().unwrap().to_str().unwrap();
                found.extend(calls.filter(|l| l.contains("gate")).map(|l| format!("{file}: {}", l.trim())));
            }
        }
    }
    let mut found = Vec::new();
    look(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert_eq!(found, ["calls.rs: Ok(()) => provider.place(&request, gate.as_ref()),"]);
}

#[test]
fn s16_status_json_has_the_fields_the_manual_page_lists() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m", "--end", "in 1h", "--link", "https://example.com/room"]);
    cli.ok(&["tick"]);
    let report = json(&cli.ok(&["status", "--json"]));
    let top: Vec<&str> = savehub::cli::status::FIELDS.iter().map(|(name, _)| *name).collect();
    let mut sorted = top.clone();
    sorted.sort_unstable();
    assert_eq!(fields(&report), sorted);
    assert_eq!((report["schema"].as_u64(), report["provider"].as_str()), (Some(1), Some("twilio")));
    assert_eq!((report["test_mode"].as_bool(), report["stopped"].as_bool()), (Some(false), Some(false)));
    assert_eq!(fields(&report["last_tick"]), listed("started_at, ended_at, exit, skew_ms, age_s"));
    assert_eq!(report["last_tick"]["exit"].as_u64(), Some(0));
    let meeting = "id, person, uid, recurrence, title, starts_at, ends_at, link, dial_in, marks, source, state, generation, ended";
    assert_eq!(fields(&report["next_meetings"][0]), listed(meeting));
    let incident = &report["incidents"][0];
    let names = "id, meeting, person, title, starts_at, generation, state, reason, note, opened_at, ended_at, acknowledged, steps";
    assert_eq!(fields(incident), listed(names));
    assert_eq!((incident["state"].as_str(), incident["person"].as_str()), (Some("ESCALATING"), Some("ana")));
    let step = &incident["steps"][0];
    assert_eq!(fields(step), listed("id, rung, kind, contact, channel, due_at, state, reason, detail, attempts"));
    assert_eq!((step["state"].as_str(), step["reason"].as_str()), (Some("EXECUTED"), Some("initiated")));
    let attempt = &step["attempts"][0];
    let names = "id, state, provider, to, intent_at, call_id, call_status, duration_s, answered_by, price, price_unit, \
                 rang_s, error, error_code, request_id, hang_up";
    assert_eq!(fields(attempt), listed(names));
    assert_eq!((attempt["state"].as_str(), attempt["to"].as_str()), (Some("ACCEPTED"), Some("****0101")));
    assert_eq!(attempt["call_id"].as_str(), Some(fake.calls()[0].sid.as_str()));
    assert_eq!((attempt["call_status"].as_str(), attempt["hang_up"].as_str()), (Some("queued"), Some("NONE")));
    let time = attempt["intent_at"].as_str().unwrap();
    assert!(time.ends_with('Z') && time.len() == 24, "{time}");
}
