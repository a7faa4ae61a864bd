//! What belongs to the package.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `savehub generate`.
#[derive(Debug, Clone, Subcommand)]
pub enum GenerateCommand {
    /// Write the manual pages
    Man(ManArgs),
    /// Print a contact with the number that calls come from, for phones that are to let it through
    Vcard(VcardArgs),
}

/// `savehub generate man`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate man man
  savehub generate man --sections ~/.local/share/man

man(1) looks below its directories in man1, man5 and man7: --sections makes these.")]
pub struct ManArgs {
    /// The directory to write to; it must exist
    pub dir: PathBuf,
    /// Write into man1, man5 and man7 below the directory, and make what is missing
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
