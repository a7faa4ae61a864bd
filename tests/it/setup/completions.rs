//! `savehub generate completions`, loaded and used in the shells themselves, on a terminal that script(1) makes.

use super::have;
use crate::support::cli::Cli;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What is typed, and the arguments savehub gets when Tab has done its work.
const TYPED: [(&str, &str); 6] = [
    ("savehub sta\t", "status"),
    ("savehub call-test --mock=no\t", "call-test --mock=no-answer"),
    ("savehub call-test --mock=lo\t --y\t", "call-test --mock=lost-reply --yes"),
    ("savehub meeting ca\t m3", "meeting cancel m3"),
    ("savehub config sh\t --j\t", "config show --json"),
    ("savehub generate completions fi\t", "generate completions fish"),
];

/// A home with the script of this shell in a file of this name.
fn home(shell: &str, file: &str) -> Cli {
    let cli = Cli::new();
    let script = cli.ok(&["generate", "completions", shell]);
    cli.write(file, &script);
    cli
}

/// Types the lines into a shell; a function called savehub notes its arguments.
fn type_into(cli: &Cli, shell: &str) -> Vec<String> {
    let mut script = Command::new("script");
    script.args(["-qec", shell, "/dev/null"]).env_clear().env("HOME", cli.path("")).env("ZDOTDIR", cli.path(""));
    script.env("PATH", "/usr/bin:/bin").env("TERM", "dumb").current_dir(cli.path(""));
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines: Vec<&str> = TYPED.iter().map(|(typed, _)| *typed).collect();
    lines.push("exit\n");
    script.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    let seen = script.wait_with_output().unwrap();
    let noted = fs::read_to_string(cli.path("noted"));
    let noted = noted.unwrap_or_else(|_| panic!("nothing ran: {}", String::from_utf8_lossy(&seen.stdout)));
    noted.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn expected() -> Vec<String> {
    TYPED.iter().map(|(_, arguments)| (*arguments).to_owned()).collect()
}

#[test]
fn bash_completes_commands_options_and_values_behind_an_equals_sign() {
    if !(have("script") && have("bash")) {
        return;
    }
    let cli = home("bash", "savehub.bash");
    cli.write("rc", "savehub() { echo \"$*\" >>~/noted; }\nsource ~/savehub.bash\n");
    assert_eq!(type_into(&cli, "bash --noprofile --rcfile ~/rc -i"), expected());
}

#[test]
fn zsh_completes_commands_options_and_values_behind_an_equals_sign() {
    if !(have("script") && have("zsh")) {
        return;
    }
    let cli = home("zsh", "zfunc/_savehub");
    cli.write(
        ".zshrc",
        "fpath=(~/zfunc $fpath)\nautoload -Uz compinit\ncompinit -u -D\nsavehub() { echo \"$*\" >>~/noted }\n",
    );
    assert_eq!(type_into(&cli, "zsh -d -i"), expected());
}

#[test]
fn fish_completes_commands_options_and_values_behind_an_equals_sign() {
    if !have("fish") {
        return;
    }
    let cli = home("fish", "savehub.fish");
    for (typed, _) in TYPED {
        let typed = typed.trim_end_matches('\t').rsplit('\t').next().unwrap();
        let line = if typed.starts_with("savehub") { typed.to_owned() } else { format!("savehub call-test{typed}") };
        let script = format!("source ~/savehub.fish; complete -C '{line}'");
        let mut fish = Command::new("fish");
        fish.args(["--no-config", "-c", &script]).env_clear().env("HOME", cli.path("")).env("PATH", "/usr/bin:/bin");
        let output = fish.output().unwrap();
        let offered = String::from_utf8(output.stdout).unwrap();
        let offered: Vec<_> = offered.lines().map(|line| line.split('\t').next().unwrap()).collect();
        let want = match line.rsplit(' ').next().unwrap() {
            "sta" => vec!["status"],
            "--mock=no" => vec!["--mock=no-answer"],
            "--y" => vec!["--yes"],
            "sh" => vec!["show"],
            "fi" => vec!["fish"],
            // A meeting's name: nothing to offer but files.
            _ => continue,
        };
        assert_eq!(offered, want, "{line}");
    }
}
