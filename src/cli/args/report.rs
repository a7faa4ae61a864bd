//! What an operator shows others: the results.

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

A span of whole days ends with today. Only --mock counts what the mock phone and test mode did.")]
pub struct ReportArgs {
    /// The start: a span such as 30d or 12h, or a date
    #[arg(long, value_name = "SPAN|DATE", default_value = "30d")]
    pub since: String,
    /// The end: a date (that day included), or a span before now (default: now)
    #[arg(long, value_name = "SPAN|DATE")]
    pub until: Option<String>,
    /// Print one row for each day or each person
    #[arg(long, value_name = "WHAT", default_value = "day")]
    pub by: ReportBy,
    /// The zone in which days begin (default: that of the first person of the config)
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Count only what the mock phone did and test mode recorded
    #[arg(long)]
    pub mock: bool,
    /// Print JSON (its fields are in the manual page)
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print CSV: a row for each day or person
    #[arg(long, group = "form")]
    pub csv: bool,
    /// Write one page with charts, for a browser; replace an existing file
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
