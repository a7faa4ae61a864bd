//! The real binary in an environment of its own: nothing of this machine's user, zone, locale or config reaches it.

use super::fake_twilio::{ACCOUNT, FakeTwilio};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A home directory, and savehub in it.
pub struct Cli {
    dir: TempDir,
    env: Vec<(String, String)>,
}

/// What a run left behind; the home directory is written `HOME`.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Ana, and nothing else.
pub const ANA: &str = "[[person]]\nid = \"ana\"\nname = \"Ana\"\nphone = \"+12025550101\"\nzone = \"UTC\"\n";

impl Cli {
    /// Without a config.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), env: Vec::new() }
    }

    /// With this config.
    pub fn with(config: &str) -> Self {
        let cli = Self::new();
        cli.write_config(config);
        cli
    }

    /// With Ana, and this Twilio.
    pub fn on_twilio(fake: &FakeTwilio, token: &str) -> Self {
        Self::with(&twilio(&fake.base_url(), token, ANA))
    }

    /// Sets a variable.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Replaces the config.
    pub fn write_config(&self, config: &str) {
        self.write(".config/savehub/config.toml", config);
    }

    /// Writes a file below the home directory, for its owner alone.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A path below the home directory.
    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Where the database is when the config does not say.
    pub fn database(&self) -> PathBuf {
        self.path(".local/state/savehub/savehub.db")
    }

    /// Runs savehub.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.ran(self.command(Path::new(env!("CARGO_BIN_EXE_savehub"))).args(args))
    }

    /// Runs savehub, which must exit with 0, and gives what it printed.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.out
    }

    /// Runs a shell script in which `$1` is savehub and the rest its arguments.
    pub fn sh(&self, script: &str, args: &[&str]) -> Ran {
        let mut command = self.command(Path::new("/bin/sh"));
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        self.ran(command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_savehub")]).args(args))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let own = [("HOME", self.path("")), ("XDG_CONFIG_DIRS", self.path("etc/xdg"))];
        command.env_clear().envs(own).env("TZ", "UTC").stdin(Stdio::null());
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    fn ran(&self, command: &mut Command) -> Ran {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let home = self.dir.path().to_str().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(home, "HOME");
        Ran { code: status.code().unwrap_or(-1), out: text(stdout), err: text(stderr) }
    }
}

/// A config with this Twilio, and more.
pub fn twilio(base_url: &str, token: &str, more: &str) -> String {
    format!(
        "[call]\nprovider = \"twilio\"\n\n[provider.twilio]\naccount_sid = \"{ACCOUNT}\"\nauth_token = \"{token}\"\n\
         from = \"+12025550199\"\nbase_url = \"{base_url}\"\n\n{more}"
    )
}
