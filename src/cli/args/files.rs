//! What belongs to the package.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `savehub generate`.
#[derive(Debug, Clone, Subcommand)]
pub enum GenerateCommand {
    /// Write the manual pages
    Man(ManArgs),
    /// Print a contact with the number that calls come from, so that phones can let it through
    Vcard(VcardArgs),
    /// Print the systemd units that run a tick every 30 seconds
    Systemd(SystemdArgs),
    /// Print the crontab lines that run a tick every 30 seconds
    Cron(CronArgs),
    /// Print completions of commands and options for a shell
    Completions(CompletionsArgs),
}

/// `savehub generate man`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate man man
  savehub generate man --sections ~/.local/share/man

man(1) looks in the subdirectories man1, man5 and man7; --sections writes into these.")]
pub struct ManArgs {
    /// The directory to write to; it must exist
    pub dir: PathBuf,
    /// Write into the subdirectories man1, man5 and man7; make those that are missing
    #[arg(long)]
    pub sections: bool,
}

/// `savehub generate vcard`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate vcard >savehub.vcf
  savehub generate vcard --name \"Meeting alarm\" >alarm.vcf

Send the file to the phone, add the contact, and let it through Do Not Disturb there.")]
pub struct VcardArgs {
    /// What the contact is called
    #[arg(long, value_name = "NAME", default_value = "savehub")]
    pub name: String,
}

/// `savehub generate systemd`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate systemd
  savehub generate systemd --user --dir ~/.config/systemd/user
  savehub generate systemd --dir /etc/systemd/system

The service of the system runs as the user savehub. It reads /etc/xdg/savehub/config.toml, or the file that --config \
names. It takes the Twilio token from the credential savehub.twilio_auth_token if there is one. With --user the units \
are your own and read your config.")]
pub struct SystemdArgs {
    /// Units of your own, instead of the system's
    #[arg(long)]
    pub user: bool,
    /// Write savehub.service and savehub.timer to this directory, which must exist
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The program that the service starts (default: this one)
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
}

/// `savehub generate cron`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate cron
  { crontab -l; savehub generate cron; } | crontab -")]
pub struct CronArgs {
    /// The program that cron starts (default: this one)
    #[arg(long, value_name = "FILE")]
    pub program: Option<PathBuf>,
}

/// `savehub generate completions`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate completions bash >~/.local/share/bash-completion/completions/savehub.bash
  savehub generate completions zsh >~/.zfunc/_savehub
  savehub generate completions fish >~/.config/fish/completions/savehub.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: CompletedShell,
}

/// The shells that complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CompletedShell {
    /// Bash
    Bash,
    /// Zsh, where ~/.zfunc is in $fpath
    Zsh,
    /// Fish
    Fish,
}
