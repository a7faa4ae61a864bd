//! What an operator shows: what came of it.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `savehub report`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  savehub report
  savehub report --since 7d --by person
  savehub report --since 2026-10-01 --until 2026-10-31 --csv >october.csv
  savehub report --html report.html
  savehub report --mock

A span of whole days counts today as its last day. Calls by the mock phone or in test mode are counted apart, with --mock.")]
pub struct ReportArgs {
    /// From when on: a span such as 30d or 12h, or a date
    #[arg(long, value_name = "SPAN|DATE", default_value = "30d")]
    pub since: String,
    /// Until when: a date (that day included), or a span for so long ago; now, unless given
    #[arg(long, value_name = "SPAN|DATE")]
    pub until: Option<String>,
    /// One row for each
    #[arg(long, value_name = "WHAT", default_value = "day")]
    pub by: ReportBy,
    /// The zone in which days begin; that of the first person of the config, unless given
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Count what the mock phone did and what was recorded in test mode, and nothing real
    #[arg(long)]
    pub mock: bool,
    /// Print JSON (its fields are in the manual page)
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print CSV: a row for each day or person
    #[arg(long, group = "form")]
    pub csv: bool,
    /// Write one page with charts, for a browser; a file that is there is replaced
    #[arg(long, group = "form", value_name = "FILE")]
    pub html: Option<PathBuf>,
}

/// What the rows of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportBy {
    /// Days
    Day,
    /// People
    Person,
}
