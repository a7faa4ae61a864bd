//! What belongs to the package.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `savehub generate`.
#[derive(Debug, Clone, Subcommand)]
pub enum GenerateCommand {
    /// Write the manual page savehub.1
    Man(ManArgs),
    /// Print a contact with the number that calls come from, for phones that are to let it through
    Vcard(VcardArgs),
}

/// `savehub generate man`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub generate man man
  savehub generate man ~/.local/share/man/man1")]
pub struct ManArgs {
    /// The directory to write to; it must exist
    pub dir: PathBuf,
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
