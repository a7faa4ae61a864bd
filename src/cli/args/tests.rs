use super::*;
use clap::CommandFactory as _;

fn exit(line: &str) -> Option<i32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    Cli::try_parse_from(words).err().map(|e| e.exit_code())
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn help_and_version_exit_0_and_mistakes_exit_2() {
    for line in ["savehub --help", "savehub --version", "savehub tick --help", "savehub meeting add --help"] {
        assert_eq!(exit(line), Some(0), "{line}");
    }
    for line in [
        "savehub",
        "savehub tok",
        "savehub -v -q tick",
        "savehub resolve",
        "savehub meeting add x",
        "savehub status --max-age soon",
        "savehub status --watch=0",
        "savehub status --watch --json",
        "savehub pause --for soon",
        "savehub db prune",
        "savehub db backup",
        "savehub db copy --to postgres://ana@db/d",
        "savehub db copy --from savehub.db --ca-file ca.pem",
        "savehub call-test --mock=maybe",
        "savehub call-test --keypress --mock",
        "savehub call-test --keypress --test-mode",
        "savehub call-test --person ana --to +12025550101",
        "savehub --color sometimes tick",
    ] {
        assert_eq!(exit(line), Some(2), "{line}");
    }
}

#[test]
fn global_options_stand_before_or_behind_the_command() {
    for line in ["savehub --config a.toml -vv tick", "savehub tick --config a.toml -v -v"] {
        let cli = Cli::try_parse_from(line.split_whitespace()).ok().unwrap();
        assert_eq!((cli.global.config, cli.global.verbose), (Some("a.toml".into()), 2), "{line}");
    }
}

#[test]
fn mock_takes_its_outcome_behind_an_equals_sign_only() {
    for (line, want) in [
        ("savehub call-test", None),
        ("savehub call-test --mock", Some(MockEnd::Answered)),
        ("savehub call-test --mock=lost-reply", Some(MockEnd::LostReply)),
    ] {
        let Ok(Cli { command: Command::CallTest(args), .. }) = Cli::try_parse_from(line.split_whitespace()) else {
            panic!("{line}")
        };
        assert_eq!(args.mock, want, "{line}");
    }
    assert_eq!(exit("savehub call-test --mock busy"), Some(2));
}

#[test]
fn no_line_of_a_help_ends_with_a_backslash() {
    fn look(command: &mut clap::Command) {
        for sub in command.get_subcommands_mut() {
            // The examples may go on in the next line of the shell; what comes behind them is text.
            let help = sub.render_long_help().to_string();
            let text =
                help.split("Examples:").nth(1).and_then(|rest| rest.split_once("\n\n")).map_or("", |(_, text)| text);
            assert!(!text.contains('\\'), "{}: {text}", sub.get_name());
            look(sub);
        }
    }
    look(&mut Cli::command());
}

#[test]
fn every_leaf_command_shows_examples() {
    fn look(command: &clap::Command) {
        for sub in command.get_subcommands() {
            let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            let exempt = sub.has_subcommands() || sub.get_name() == "demo";
            assert!(exempt || help.starts_with("Examples:\n"), "{}", sub.get_name());
            look(sub);
        }
    }
    look(&Cli::command());
}

#[test]
fn a_tick_typed_alone_is_what_the_whole_parser_makes_of_it() {
    for line in [
        "savehub tick",
        "savehub --config a.toml tick",
        "savehub tick --config=a.toml -vv --color never",
        "savehub -q tick --json --dry-run --now 14:30",
    ] {
        let words = || line.split_whitespace().map(Into::into);
        let (Some(alone), Ok(whole)) = (Cli::tick_alone(words()), Cli::try_parse_from(words())) else {
            panic!("{line}")
        };
        let (Command::Tick(a), Command::Tick(b)) = (alone.command, whole.command) else { panic!("{line}") };
        assert_eq!(format!("{:?}{a:?}", alone.global), format!("{:?}{b:?}", whole.global), "{line}");
    }
}

#[test]
fn what_is_no_tick_or_asks_for_help_is_for_the_whole_parser() {
    for line in ["savehub", "savehub --help", "savehub tick --help", "savehub tick -V", "savehub tic", "savehub status"]
    {
        assert!(Cli::tick_alone(line.split_whitespace().map(Into::into)).is_none(), "{line}");
    }
}
