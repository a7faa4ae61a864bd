//! The address of a server in the place of the database's file.

use crate::support::cli::{ANA, Cli};
use std::fmt::Write as _;

fn cli() -> Cli {
    Cli::with(&format!("database = \"postgres://ana:canary@db.example.com/savehub\"\n{ANA}"))
}

#[test]
fn a_database_that_is_an_address_is_refused_by_config_check_which_names_store() {
    let checked = cli().run(&["config", "check"]);
    assert_eq!((checked.code, checked.out.as_str()), (2, ""));
    let expected = "error: `database` is the path of a file, not an address; a PostgreSQL server is named with `store`
 --> HOME/.config/savehub/config.toml:1:12
  = help: take this line out, and write the address into the config as store or, without a password in it, as \
store_file. Until then a file of that name is the database: hosts do not share it
  = note: the line is not shown, because it may hold a secret

1 problem in HOME/.config/savehub/config.toml; nothing was done
";
    assert_eq!(checked.err, expected);
    let json = cli().run(&["config", "check", "--json"]);
    assert!(json.code == 2 && json.out.contains("\"ok\": false") && json.out.contains("`store`"), "{json:?}");
}

#[test]
fn ticks_go_on_with_an_address_as_the_database_and_tell_a_lasting_fault() {
    let cli = cli();
    let first = cli.run(&["tick"]);
    assert_eq!((first.code, first.out.as_str()), (0, ""), "{first:?}");
    assert!(first.err.contains("`savehub config check` refuses the config, and ticks go on with it: "), "{first:?}");
    assert_eq!(cli.run(&["tick"]).err, "", "once an hour is enough");
    cli.ok(&["meeting", "add", "Board sync", "--person", "ana", "--at", "in 10m"]);
    assert!(cli.ok(&["status"]).contains("Board sync"));
}

#[test]
fn the_password_of_an_address_as_the_database_is_never_shown() {
    let cli = cli();
    let mut seen = String::new();
    let commands: [&[&str]; 8] = [
        &["status"],
        &["doctor", "--offline"],
        &["config", "check"],
        &["config", "show"],
        &["config", "show", "--json"],
        &["tick", "-vv"],
        &["db", "check"],
        &["doctor", "--offline"],
    ];
    for command in commands {
        write!(seen, "{:?}", cli.run(command)).unwrap();
    }
    // A file is where its directory should be.
    let broken = Cli::with(&format!("database = \"postgres://ana:canary@db/savehub\"\n{ANA}"));
    broken.write(".config/savehub/postgres:", "");
    for command in [&["tick", "-vv"][..], &["status"], &["doctor", "--offline"]] {
        write!(seen, "{:?}", broken.run(command)).unwrap();
    }
    assert!(seen.contains("HOME/.config/savehub/postgres://…"), "{seen}");
    assert!(!seen.contains("canary"), "{seen}");
}
