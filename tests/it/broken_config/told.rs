//! Who is told, and who needs no secret.

use super::{ANA, Cli, FakeTwilio, TOKEN, good_once, rings};
use crate::support::cli::twilio;
use crate::support::fake_feed::{FakeFeed, Serves};

#[test]
fn status_doctor_metrics_and_heartbeat_say_that_the_config_is_broken() {
    let server = FakeFeed::start(Serves::Answer(200, Vec::new(), b"OK".to_vec()));
    let watched = format!("heartbeat_url = \"http://{}/x\"\nmetrics_file = \"s.prom\"\n{ANA}", server.addr());
    let cli = good_once(&watched);
    let metrics = || std::fs::read_to_string(cli.path(".config/savehub/s.prom")).unwrap();
    assert!(metrics().contains("\nsavehub_config_broken 0\n"), "{}", metrics());
    cli.write_config("person = 3\n");
    let before = cli.ok(&["status"]);
    assert!(before.contains("config.toml is broken: line 1: `person` must be a list"), "{before}");
    rings(&cli.run(&["tick"]));
    assert!(metrics().contains("\nsavehub_config_broken 1\n"), "{}", metrics());
    assert!(metrics().contains("\nsavehub_faults_active{fault=\"broken_config\"} 1\n"), "{}", metrics());
    let told = &server.requests().pop().unwrap();
    assert_eq!((told.method.as_str(), told.target.as_str()), ("POST", "/x/fail"));
    assert!(
        told.body.contains("\nthe config is broken since 20") && !told.body.contains("config.toml"),
        "{}",
        told.body
    );
    let status = cli.ok(&["status"]);
    assert!(status.contains("the config HOME/.config/savehub/config.toml is broken since "), "{status}");
    assert!(status.contains("exit 2: the command line or the config is wrong\n"), "{status}");
    assert!(status.contains("\nfault: broken_config "), "{status}");
    let json: serde_json::Value = serde_json::from_str(&cli.ok(&["status", "--json"])).unwrap();
    let problems = &json["broken_config"]["problems"];
    assert_eq!(problems[0], "line 1: `person` must be a list of tables, not a whole number");
    let doctor = cli.run(&["doctor", "--offline"]);
    assert!(doctor.code == 1 && doctor.out.contains("ticks go on with its last good copy until"), "{doctor:?}");
    let tick: serde_json::Value = serde_json::from_str(&cli.run(&["tick", "--json"]).out).unwrap();
    assert_eq!(tick["broken_config"]["problems"], *problems);
}

#[test]
fn people_check_in_with_the_copy_while_the_config_is_broken() {
    let cli = good_once(ANA);
    cli.write_config("[[person]]\n");
    rings(&cli.run(&["tick"]));
    let done = cli.run(&["checkin"]);
    assert!(done.code == 0 && done.out.starts_with("checked in: Board (i1)"), "{done:?}");
    assert!(done.err.starts_with("warning: the config HOME/.config/savehub/config.toml is broken since "), "{done:?}");
    assert!(cli.ok(&["explain", "i1"]).contains("Board"));
}

/// A password manager that is locked.
const LOCKED: &str = "auth_token_command = [\"false\"]";

#[test]
fn a_locked_secret_refuses_no_check_in_and_the_call_is_left_to_the_ticks() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["meeting", "add", "Board", "--at", "in 2m"]);
    cli.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 1);
    let literal = format!("auth_token = \"{TOKEN}\"");
    cli.write_config(&twilio(&fake.base_url(), TOKEN, ANA).replace(&literal, LOCKED));
    // The copy has the secret: the call is hung up at once.
    let done = cli.run(&["checkin"]);
    assert!(done.code == 0 && done.out.starts_with("checked in: Board (i1)"), "{done:?}");
    assert_eq!(fake.calls()[0].status, "canceled");
}

#[test]
fn what_needs_a_secret_that_cannot_be_had_is_said_and_nothing_else_is_refused() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, "your_auth_token");
    let unlocked = "auth_token_command = [\"sh\", \"-c\", \"cat ~/token\"]";
    let literal = format!("auth_token = \"{TOKEN}\"");
    cli.write_config(&twilio(&fake.base_url(), TOKEN, ANA).replace(&literal, unlocked));
    let cli = cli.set("PATH", "/usr/bin:/bin");
    cli.write("token", TOKEN);
    cli.ok(&["meeting", "add", "Board", "--at", "in 2m"]);
    cli.ok(&["tick"]);
    assert_eq!(fake.calls().len(), 1);
    std::fs::remove_file(cli.path("token")).unwrap();
    for command in [&["status"][..], &["explain", "i1"], &["meeting", "list"]] {
        cli.ok(command);
    }
    let done = cli.run(&["checkin"]);
    assert!(done.out.ends_with(", 1 pending step cancelled, 1 call to hang up\n"), "{done:?}");
    let left = "[CALL] the calls of i1 are left to the next tick to hang up: line 6: no secret comes from \
                `auth_token_command`: the program failed (exit status: 1)\n";
    assert_eq!(done.err, left);
    cli.write("token", TOKEN);
    cli.ok(&["tick"]);
    assert_eq!(fake.calls()[0].status, "canceled");
}

#[test]
fn what_only_the_scheduler_knows_of_the_provider_is_not_asked_of_people() {
    let cli = Cli::with(&format!("[call]\nprovider = \"twilio\"\n{ANA}"));
    let missing = cli.run(&["tick"]);
    assert!(missing.code == 2 && missing.err.contains("`account_sid`, `auth_token` and `from` are missing"));
    cli.ok(&["meeting", "add", "Board", "--at", "in 2m"]);
    assert!(cli.ok(&["checkin"]).starts_with("checked in: Board (i1)"));
    let odd = cli.set("TWILIO_AUTH_TOKEN", "not a token");
    assert!(odd.ok(&["status"]).contains("Board"));
}
