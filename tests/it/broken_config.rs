//! A broken config must not silence phones: ticks go on with its last good copy, say so, and exit with 2.

mod locked;
mod people;
mod told;

use crate::support::cli::{ANA, Cli, Ran};
use crate::support::fake_twilio::{FakeTwilio, TOKEN};
use savehub::clock::{Clock as _, SystemClock};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::PathBuf;

const CONFIG: &str = ".config/savehub/config.toml";

/// Where a config has been good once, and a call is due.
fn good_once(config: &str) -> Cli {
    let cli = Cli::with(config);
    let first = cli.run(&["tick"]);
    // It says that the database is new.
    assert_eq!((first.code, first.out.as_str()), (0, ""), "{}", first.err);
    cli.ok(&["meeting", "add", "Board", "--at", "in 2m", "--person", "ana"]);
    cli
}

/// The copies that are kept.
fn copies(cli: &Cli) -> Vec<PathBuf> {
    let dir = std::fs::read_dir(cli.path(".local/state/savehub/last-good")).into_iter().flatten();
    let files = dir.map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().unwrap() == "toml").collect()
}

/// What breaks the config.
type Breaks<'a> = &'a dyn Fn(&Cli);

#[track_caller]
fn rings(ran: &Ran) {
    assert!(ran.code == 2 && ran.out.contains("Board (ana): called ****0101"), "{ran:?}");
}

#[test]
fn a_config_saved_half_silences_nobody_and_the_tick_says_so_and_exits_with_2() {
    let cli = good_once(ANA);
    cli.write_config("");
    let ran = cli.run(&["tick"]);
    rings(&ran);
    let told = ran.err.lines().next().unwrap();
    assert!(told.starts_with("error: the config HOME/.config/savehub/config.toml is broken since 20"), "{told}");
    assert!(told.contains(": it has no [[person]]; ticks go on with its last good copy until 20"), "{told}");
    assert!(told.ends_with("; `savehub config check` shows what to write instead"), "{told}");
    assert_eq!(cli.run(&["tick"]), Ran { code: 2, out: String::new(), err: String::new() }, "told once an hour");
    cli.write_config(ANA);
    let over = cli.run(&["tick"]);
    assert!(over.code == 0 && over.err.starts_with("warning: over: broken_config "), "{over:?}");
}

#[test]
fn whatever_is_wrong_with_the_file_ticks_go_on() {
    let remove = |cli: &Cli| std::fs::remove_file(cli.path(CONFIG)).unwrap();
    let broken: [(&str, Breaks<'_>); 8] = [
        ("line 3: `phone` is not a number", &|cli| cli.write_config("[[person]]\nid = \"ana\"\nphone = \"0151\"\n")),
        ("this is not TOML", &|cli| cli.write_config("[[person]\nid")),
        ("line 7: two people with the id `ana`", &|cli| cli.write_config(&ANA.repeat(2))),
        ("a byte that is not UTF-8", &|cli| std::fs::write(cli.path(CONFIG), b"\xff\xfe").unwrap()),
        ("unknown key `nonsense`", &|cli| cli.write_config(&format!("nonsense = 1\n{ANA}"))),
        ("it is gone", &remove),
        ("it cannot be read: is a directory", &|cli| {
            remove(cli);
            std::fs::create_dir(cli.path(CONFIG)).unwrap();
        }),
        ("it is gone", &|cli| {
            remove(cli);
            symlink(cli.path("away/config.toml"), cli.path(CONFIG)).unwrap();
        }),
    ];
    for (what, breaks) in broken {
        let cli = good_once(ANA);
        breaks(&cli);
        let ran = cli.run(&["tick"]);
        rings(&ran);
        assert!(ran.err.contains(what), "{what}: {ran:?}");
    }
}

#[test]
fn a_named_config_that_is_gone_has_a_copy_of_its_own() {
    let cli = Cli::new();
    cli.write("a.toml", ANA);
    cli.write("b.toml", &ANA.replace("ana", "bob").replace("0101", "0102"));
    let (a, b) = (cli.path("a.toml"), cli.path("b.toml"));
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    for config in [a, b] {
        cli.ok(&["--config", config, "tick"]);
    }
    assert_eq!(copies(&cli).len(), 2);
    cli.ok(&["--config", b, "meeting", "add", "Board", "--at", "in 2m"]);
    std::fs::remove_file(b).unwrap();
    let ran = cli.run(&["--config", b, "tick"]);
    assert!(ran.code == 2 && ran.out.contains("Board (bob): called ****0102"), "{ran:?}");
    assert!(ran.err.contains("HOME/b.toml is broken since") && ran.err.contains("it cannot be read: there is none"));
}

#[test]
fn the_copy_is_for_its_owner_alone_and_is_written_only_when_the_config_changed() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["tick"]);
    let copies = copies(&cli);
    let [copy] = copies.as_slice() else { panic!("{copies:?}") };
    let meta = std::fs::metadata(copy).unwrap();
    let dir = std::fs::metadata(copy.parent().unwrap()).unwrap();
    assert_eq!((meta.mode() & 0o777, dir.mode() & 0o777), (0o600, 0o700));
    let held = std::fs::read_to_string(cli.path(CONFIG)).unwrap();
    let kept = std::fs::read_to_string(copy).unwrap();
    assert!(kept.ends_with(&held) && kept.contains(TOKEN), "{kept}");
    cli.ok(&["tick"]);
    assert_eq!(std::fs::metadata(copy).unwrap().ino(), meta.ino());
    cli.write_config(&format!("{held}# more\n"));
    cli.ok(&["tick", "--dry-run"]);
    assert_eq!(std::fs::read_to_string(copy).unwrap(), kept, "a rehearsal leaves no trace");
    cli.ok(&["tick"]);
    assert!(std::fs::read_to_string(copy).unwrap().ends_with("# more\n"));
    // Others can read it now: the config is refused, and the copy of the same text is not.
    std::fs::set_permissions(cli.path(CONFIG), std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = cli.run(&["tick"]);
    assert!(open.code == 2 && open.err.contains("stands in a file that others can read"), "{open:?}");
    assert!(open.err.contains("ticks go on with its last good copy"), "{open:?}");
}

#[test]
fn after_its_time_the_copy_is_used_no_more_and_the_tick_exits_with_2_without_work() {
    let cli = good_once(&format!("[call]\nlast_good_config = \"2h\"\n{ANA}"));
    cli.write_config("[call]\nlast_good_config = \"9h\"\n");
    let note = copies(&cli)[0].with_extension("broken");
    std::fs::write(&note, (SystemClock.now().ms() - 2 * 3_600_000).to_string()).unwrap();
    let ran = cli.run(&["tick"]);
    assert!(ran.code == 2 && ran.out.is_empty(), "{ran:?}");
    assert!(ran.err.starts_with("error: HOME/.config/savehub/config.toml has no [[person]], so nobody"), "{ran:?}");
    assert!(ran.err.contains("ticks went on with its last good copy until 20"), "{ran:?}");
    assert!(ran.err.ends_with(", and do nothing now\n"), "{ran:?}");
    let status = cli.ok(&["status"]);
    assert!(status.contains("and do nothing now"), "{status}");
    // A note that is ahead of the clock was written by a wrong one.
    std::fs::write(&note, (SystemClock.now().ms() + 3_600_000).to_string()).unwrap();
    rings(&cli.run(&["tick"]));
}

#[test]
fn with_no_time_for_it_no_copy_is_kept() {
    let cli = good_once(ANA);
    assert_eq!(copies(&cli).len(), 1);
    cli.write_config(&format!("[call]\nlast_good_config = \"0s\"\n{ANA}"));
    cli.ok(&["tick"]);
    assert_eq!(copies(&cli).len(), 0);
}

#[test]
fn a_strict_tick_refuses_a_broken_config_at_once() {
    let cli = good_once(ANA);
    cli.write_config("");
    let ran = cli.run(&["tick", "--strict"]);
    assert_eq!(
        ran,
        Ran {
            code: 2,
            out: String::new(),
            err: "error: HOME/.config/savehub/config.toml has no [[person]], so nobody would be called\n\
                  help: write a [[person]] with id and phone, or `person = []` at the top if nobody is to be called\n\
                  nothing was done\nnote: its last good copy is not used with --strict\n"
                .into()
        }
    );
    rings(&cli.run(&["tick"]));
}

#[test]
fn where_there_is_no_copy_a_config_that_names_nobody_is_refused_and_person_empty_is_good() {
    let cli = Cli::with("");
    let ran = cli.run(&["tick"]);
    assert!(ran.code == 2 && ran.err.contains("has no [[person]], so nobody would be called"), "{ran:?}");
    assert!(!cli.database().exists());
    let checked = cli.run(&["config", "check"]);
    assert_eq!((checked.code, checked.err), (2, ran.err));
    cli.write_config("person = []\n");
    let first = cli.run(&["tick"]);
    assert_eq!((first.code, first.out.as_str()), (0, ""), "{}", first.err);
    assert!(cli.ok(&["config", "check"]).starts_with("ok: "));
}

#[test]
fn the_environment_and_stop_hold_for_the_copy_too() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["tick"]);
    cli.ok(&["meeting", "add", "Board", "--at", "in 2m"]);
    cli.write_config("");
    cli.write(".config/savehub/STOP", "");
    let stopped = cli.run(&["tick"]);
    assert!(stopped.code == 2 && stopped.out.contains("STOP") && fake.posts() == 0, "{stopped:?}");
    std::fs::remove_file(cli.path(".config/savehub/STOP")).unwrap();
    let cli = cli.set("CALL_TEST_MODE", "true");
    cli.ok(&["meeting", "add", "Lunch", "--at", "in 2m"]);
    let simulated = cli.run(&["tick"]);
    assert!(simulated.code == 2 && simulated.out.contains("Lunch (ana)") && fake.posts() == 0, "{simulated:?}");
}

#[test]
fn a_config_from_a_pipe_has_no_copy() {
    let cli = Cli::new();
    let piped = cli.sh("printf '%s' \"$2\" | \"$1\" --config /dev/stdin tick", &[ANA]);
    assert_eq!(piped.code, 0, "{piped:?}");
    cli.write("ana.toml", ANA);
    let file = cli.sh("\"$1\" --config /dev/stdin tick < \"$HOME/ana.toml\"", &[]);
    assert_eq!(file.code, 0, "{file:?}");
    assert_eq!(copies(&cli).len(), 0);
    let broken = cli.sh("\"$1\" --config /dev/stdin tick < /dev/null", &[]);
    assert!(broken.code == 2 && broken.err.ends_with("nothing was done\n"), "{broken:?}");
}
