//! Output: colours, tables, JSON. Everything writes to a `&mut dyn Write`, so that tests read what people see.

use anstyle::{AnsiColor, Style};
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};

/// How to show things here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Colours or not.
    pub paint: Paint,
    /// Columns of the terminal; `None` where there is none, and lines are never cut or wrapped.
    pub width: Option<u16>,
}

impl Screen {
    /// A file or a pipe: no colours, any width.
    pub const PLAIN: Self = Self { paint: Paint { on: false }, width: None };

    /// What stdout is; `always` is what `--color` asks for.
    pub fn stdout(always: Option<bool>) -> Self {
        Self::of(io::stdout(), always)
    }

    /// What stderr is.
    pub fn stderr(always: Option<bool>) -> Self {
        Self::of(io::stderr(), always)
    }

    fn of(stream: impl IsTerminal + std::os::fd::AsFd, always: Option<bool>) -> Self {
        let paint = Paint::decide(always, stream.is_terminal(), std::env::var_os("NO_COLOR").as_deref());
        let size = rustix::termios::tcgetwinsize(stream).ok();
        Self { paint, width: size.map(|size| size.ws_col).filter(|columns| *columns > 0) }
    }
}

/// Colours or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    on: bool,
}

impl Paint {
    /// `always` is what was asked for; without a wish, a terminal decides, and NO_COLOR (no-color.org: set and not
    /// empty) says no.
    pub fn decide(always: Option<bool>, terminal: bool, no_color: Option<&OsStr>) -> Self {
        Self { on: always.unwrap_or(terminal && no_color.is_none_or(OsStr::is_empty)) }
    }

    /// Are there colours?
    pub const fn is_on(self) -> bool {
        self.on
    }

    /// A heading.
    pub fn heading(self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    /// Something that needs attention.
    pub fn alarm(self, text: &str) -> String {
        self.with(AnsiColor::Red.on_default().bold(), text)
    }

    /// Something to know about.
    pub fn notice(self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }

    fn with(self, style: Style, text: &str) -> String {
        if self.on { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// A table without borders, two spaces between columns; the last column wraps where the terminal ends.
///
/// Cells must be clean (`model::printable`) and without colours, whose bytes would count as width.
pub fn table(rows: Vec<Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The lines of a table, two columns from the left edge of the screen.
pub fn indented_table(rows: Vec<Vec<String>>, screen: Screen) -> Vec<String> {
    let width = screen.width.map(|width| width.saturating_sub(2));
    table(rows, width).lines().map(|line| format!("  {line}")).collect()
}

/// A bar of at most `longest` columns for `n` of `of`: in eighths of a column, or in `#` on a dumb terminal.
pub fn bar(n: u64, of: u64, longest: u16) -> String {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    if dumb { bar_of(n, of, longest, &["", "#"]) } else { bar_of(n, of, longest, &EIGHTHS) }
}

/// Nothing to a whole column (Unicode block elements).
const EIGHTHS: [&str; 9] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];

/// What is there is seen: above zero a bar is at least one part long.
fn bar_of(n: u64, of: u64, longest: u16, parts: &[&str]) -> String {
    let each = parts.len().saturating_sub(1).max(1) as u64;
    let all = u64::from(longest).saturating_mul(each);
    let length = n.min(of).saturating_mul(all).checked_div(of).unwrap_or(0).max(u64::from(n > 0 && of > 0));
    let whole = usize::try_from(length / each).unwrap_or(usize::MAX);
    let rest = usize::try_from(length % each).unwrap_or(0);
    let full = parts.last().copied().unwrap_or_default();
    full.repeat(whole) + parts.get(rest).copied().unwrap_or_default()
}

/// Pretty JSON in the order of declaration, with a line end.
pub fn json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    // In one piece: standard output would write line by line.
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    out.write_all(&text)
}

/// A text as TOML writes it (TOML 1.0, basic strings).
pub fn toml_text(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\U{:08X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// A writer for stdout that outlives its reader: when the pipe is gone, what is left to say is dropped and the work
/// goes on. A check-in must hang up even if it is typed as `savehub checkin | head -0`.
#[derive(Debug)]
pub struct BrokenPipeWriter<W> {
    inner: W,
    gone: bool,
}

impl<W: Write> BrokenPipeWriter<W> {
    /// Wraps a writer.
    pub const fn new(inner: W) -> Self {
        Self { inner, gone: false }
    }

    fn forgive<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for BrokenPipeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.forgive(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let result = self.inner.flush();
        self.forgive(result, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_wish_then_no_color_then_the_terminal() {
        let on = |wish, terminal, no_color: Option<&str>| Paint::decide(wish, terminal, no_color.map(OsStr::new)).on;
        assert!(on(None, true, None));
        assert!(on(None, true, Some("")));
        assert!(!on(None, true, Some("1")));
        assert!(!on(None, false, None));
        assert!(on(Some(true), false, Some("1")));
        assert!(!on(Some(false), true, None));
    }

    #[test]
    fn paint_adds_nothing_when_it_is_off() {
        assert_eq!(Screen::PLAIN.paint.alarm("x"), "x");
        assert_eq!(Paint { on: true }.notice("x"), "\u{1b}[33mx\u{1b}[0m");
    }

    fn rows() -> Vec<Vec<String>> {
        [["m3", "09:00", "Board sync"], ["m12", "10:30", "A title with several words"]]
            .map(|row| row.map(str::to_owned).to_vec())
            .to_vec()
    }

    #[test]
    fn a_table_has_aligned_columns_and_no_trailing_spaces() {
        assert_eq!(table(rows(), None), "m3   09:00  Board sync\nm12  10:30  A title with several words\n");
    }

    #[test]
    fn a_table_keeps_to_the_width_of_the_terminal() {
        let text = table(rows(), Some(30));
        assert!(text.lines().all(|line| line.chars().count() <= 30), "{text}");
        assert!(text.starts_with("m3   09:00  Board sync\n"), "{text}");
    }

    #[test]
    fn a_bar_is_as_long_as_its_part_and_never_longer_than_asked() {
        for (n, of, text) in
            [(0, 8, ""), (8, 8, "████"), (1, 8, "▌"), (4, 8, "██"), (1, 1_000_000, "▏"), (9, 8, "████")]
        {
            assert_eq!(bar_of(n, of, 4, &EIGHTHS), text, "{n} of {of}");
        }
        assert_eq!((bar_of(3, 8, 4, &["", "#"]), bar_of(3, 0, 4, &EIGHTHS)), ("#".into(), String::new()));
    }

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_went_away_does_not_end_the_work() {
        let mut out = BrokenPipeWriter::new(Closed);
        writeln!(out, "one").unwrap();
        json(&mut out, &["two"]).unwrap();
        out.flush().unwrap();
    }
}
