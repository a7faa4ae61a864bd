//! `savehub generate systemd` and `savehub generate cron`: what runs a tick every 30 seconds.

use crate::cli::args::{CronArgs, SystemdArgs};
use crate::cli::ctx::Invocation;
use crate::cli::open;
use crate::config::{Config, LAST_GOOD};
use crate::exit::{Exit, UsageError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the config of the system's service is: the first of the XDG places that is nobody's own.
pub(in crate::cli) const SYSTEM_CONFIG: &str = "/etc/xdg/savehub/config.toml";

/// Where the database of the system's service is.
pub(in crate::cli) const SYSTEM_DATABASE: &str = "/var/lib/savehub/savehub.db";

/// Where its copies of configs may be: its home is its state directory.
const SYSTEM_STATES: [&str; 2] = ["/var/lib/savehub/.local/state/savehub", "/var/lib/savehub"];

/// A tick ends by itself. Only one that is stuck is ended by systemd, this long after its limit.
const SLACK: Duration = Duration::from_secs(30);

/// What a service of the system may do: make calls, and keep its database. `/proc` stays as it is, since savehub reads
/// there which boot this is, and whether the process that holds a call still lives.
const HARDENING: &str = "\
# Programs of the config (commands, presence_command, …_command) run in here, too. What they need besides, or calendars
# in home directories, goes into a file of yours: systemctl edit savehub.service
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
LimitCORE=0
UMask=0077
";

/// What a service of a user may do: their manager has no right to hide parts of the system.
const USER_HARDENING: &str = "\
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
LimitCORE=0
UMask=0077
";

/// What the units are made of.
struct Units<'a> {
    user: bool,
    program: &'a Path,
    config: &'a Path,
    tick_limit: Duration,
}

/// Runs `generate systemd`.
pub(in crate::cli) fn systemd(
    args: &SystemdArgs,
    Invocation { file, out, .. }: Invocation<'_>,
) -> anyhow::Result<Exit> {
    let program = program(args.program.as_deref())?;
    let config = match file {
        None if !args.user => PathBuf::from(SYSTEM_CONFIG),
        file => config_file(file)?,
    };
    for path in [&program, &config] {
        fits_one_line(path)?;
    }
    // A config that is not there yet, or not to be read by this user, has the usual limit.
    let tick_limit = open::config(Some(&config)).unwrap_or_else(|_| Config::standard(&open::env)).engine.tick_limit;
    let units = Units { user: args.user, program: &program, config: &config, tick_limit };
    let files = [("savehub.service", units.service()), ("savehub.timer", units.timer())];
    for (name, text) in files {
        let Some(dir) = &args.dir else {
            writeln!(out, "# {name}\n{text}")?;
            continue;
        };
        let path = dir.join(name);
        std::fs::write(&path, text).map_err(|error| UsageError(format!("cannot write {}: {error}", path.display())))?;
        writeln!(out, "{}", path.display())?;
    }
    Ok(Exit::Done)
}

/// Runs `generate cron`.
pub(in crate::cli) fn cron(args: &CronArgs, Invocation { file, out, .. }: Invocation<'_>) -> anyhow::Result<Exit> {
    let (program, config) = (program(args.program.as_deref())?, config_file(file)?);
    for path in [&program, &config] {
        fits_one_line(path)?;
    }
    out.write_all(crontab(&program, &config).as_bytes())?;
    Ok(Exit::Done)
}

/// Two lines, since cron knows no seconds. With `--quiet`, cron mails results and errors alone.
pub(in crate::cli) fn crontab(program: &Path, config: &Path) -> String {
    let word = |path: &Path| cron_word(&path.display().to_string());
    let tick = format!("{} --config {} --quiet tick", word(program), word(config));
    format!("# savehub, every 30 seconds\n* * * * * {tick}\n* * * * * sleep 30; {tick}\n")
}

impl Units<'_> {
    fn service(&self) -> String {
        let (program, config) = (unit_word(self.program), unit_word(self.config));
        let timeout = self.tick_limit.saturating_add(SLACK).as_secs();
        let condition = self.condition();
        let network = if self.user { "" } else { "Wants=network-online.target\nAfter=network-online.target\n" };
        let who = if self.user {
            String::new()
        } else {
            "User=savehub\nGroup=savehub\nStateDirectory=savehub\nStateDirectoryMode=0700\n\
             # The Twilio token: /etc/credstore/savehub.twilio_auth_token, if it is there (mode 600, root's).\n\
             LoadCredential=twilio_auth_token:savehub.twilio_auth_token\n"
                .to_owned()
        };
        let hardening = if self.user { USER_HARDENING } else { HARDENING };
        format!(
            "[Unit]\nDescription=One tick of savehub, which phones people who are about to miss a meeting\n\
             Documentation=man:savehub(1)\n{network}{condition}\n\
             [Service]\nType=oneshot\nExecStart={program} --config {config} --quiet tick\n\
             # A tick ends by itself within {} (tick_limit).\nTimeoutStartSec={timeout}\n{who}\n{hardening}",
            humantime::format_duration(self.tick_limit)
        )
    }

    fn timer(&self) -> String {
        format!(
            "[Unit]\nDescription=A tick of savehub every 30 seconds\nDocumentation=man:savehub(1)\n\
             {}\n[Timer]\nOnCalendar=*-*-* *:*:00/30\n\
             # Without it, systemd may be a minute late.\nAccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n",
            self.condition()
        )
    }

    /// Nothing is done before there is a config. One that is gone has left its last good copy, with which ticks go on.
    fn condition(&self) -> String {
        let homes: &[&str] = if self.user { &["%h/.local/state/savehub"] } else { &SYSTEM_STATES };
        let copies = homes.iter().map(|home| format!("{home}/{LAST_GOOD}"));
        let any = std::iter::once(unit_path(self.config)).chain(copies);
        any.flat_map(|path| ["ConditionPathExists=|".to_owned(), path, "\n".to_owned()]).collect()
    }
}

/// The program a scheduler starts, by its whole path: cron's PATH is short, and systemd has none.
pub(in crate::cli) fn program(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let path = match named {
        Some(path) => std::path::absolute(path),
        None => std::env::current_exe(),
    };
    Ok(path.map_err(|error| UsageError(format!("--program: this program does not know where it is: {error}")))?)
}

fn config_file(file: Option<&Path>) -> anyhow::Result<PathBuf> {
    let found = open::config_file(file);
    let found = found.ok_or_else(|| UsageError("HOME is not set: name the config with --config".into()))?;
    Ok(std::path::absolute(&found).unwrap_or(found))
}

/// Neither a crontab nor a unit can hold another path: what stands behind a line's end would be a line of its own.
fn fits_one_line(path: &Path) -> Result<(), UsageError> {
    match path.to_str() {
        Some(text) if !text.contains(char::is_control) => Ok(()),
        _ => Err(UsageError(format!(
            "the path {} cannot stand in a file of a scheduler; rename it",
            path.display().to_string().escape_debug()
        ))),
    }
}

/// A path in a setting of a unit: `%` starts a specifier there.
fn unit_path(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}

/// A word of `ExecStart` (systemd.service(5), "Command lines").
fn unit_word(path: &Path) -> String {
    let text = unit_path(path).replace('$', "$$");
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,%$".contains(c);
    if text.chars().all(plain) { text } else { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) }
}

/// A word of a crontab line: quoted for the shell, and without a bare `%`, which cron reads as a line's end.
fn cron_word(text: &str) -> String {
    crate::config::shell_word(text).replace('%', "\\%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(user: bool) -> Units<'static> {
        let (program, config) = (Path::new("/usr/bin/savehub"), Path::new(SYSTEM_CONFIG));
        Units { user, program, config, tick_limit: Duration::from_secs(60) }
    }

    #[test]
    fn a_stuck_tick_is_ended_by_systemd_only_after_its_own_limit() {
        assert!(units(false).service().contains("\nTimeoutStartSec=90\n"));
        let slow = Units { tick_limit: Duration::from_secs(300), ..units(true) };
        assert!(slow.service().contains("\nTimeoutStartSec=330\n"));
    }

    #[test]
    fn the_service_keeps_sight_of_proc_which_tells_whose_calls_are_lost() {
        for user in [false, true] {
            let service = units(user).service();
            assert!(!service.contains("ProtectProc=") && !service.contains("ProcSubset="), "{service}");
        }
    }

    #[test]
    fn the_timer_is_on_the_second_and_both_units_wait_for_a_config_or_its_copy() {
        let timer = units(false).timer();
        assert!(timer.contains("\nOnCalendar=*-*-* *:*:00/30\n") && timer.contains("\nAccuracySec=1s\n"), "{timer}");
        let condition = format!(
            "\nConditionPathExists=|{SYSTEM_CONFIG}\n\
             ConditionPathExists=|/var/lib/savehub/.local/state/savehub/last-good\n\
             ConditionPathExists=|/var/lib/savehub/last-good\n\n"
        );
        assert!(units(true).timer().contains("\nConditionPathExists=|%h/.local/state/savehub/last-good\n\n"));
        assert!(timer.contains(&condition) && units(false).service().contains(&condition));
    }

    #[test]
    fn a_service_of_the_system_has_a_user_a_state_and_a_credential_and_one_of_a_user_has_none() {
        for word in
            ["User=savehub", "StateDirectory=savehub", "LoadCredential=twilio_auth_token:", "ProtectSystem=strict"]
        {
            assert!(units(false).service().contains(word) && !units(true).service().contains(word), "{word}");
        }
        for user in [false, true] {
            assert!(units(user).service().contains("\nNoNewPrivileges=yes\n"));
        }
    }

    #[test]
    fn a_path_that_is_more_than_one_line_or_no_text_is_refused() {
        use std::os::unix::ffi::OsStrExt as _;
        let refused = fits_one_line(Path::new("/a\n* * * * * b")).unwrap_err().to_string();
        assert!(refused.starts_with("the path /a\\n* * * * * b cannot stand in"), "{refused}");
        assert!(fits_one_line(Path::new(std::ffi::OsStr::from_bytes(b"/a\xff"))).is_err());
        assert_eq!(fits_one_line(Path::new("/a b/50%/ö")), Ok(()));
    }

    #[test]
    fn odd_paths_stay_one_word_for_systemd_and_for_cron() {
        let odd = Path::new("/home/ana b/50%/$x/\"q\"");
        assert_eq!(unit_word(odd), "\"/home/ana b/50%%/$$x/\\\"q\\\"\"");
        assert_eq!(
            crontab(Path::new("/bin/s"), Path::new("/a b/50%/c's")).lines().nth(1),
            Some("* * * * * /bin/s --config '/a b/50\\%/c'\\''s' --quiet tick")
        );
    }
}
