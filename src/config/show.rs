//! Problems with their place, and the picture of each: the line, carets under the mistake, and what to write instead.

use super::effective::{Note, Setting, SettingsLog};
use super::input::Input;
use super::screen::{self, Hidden};
use super::steps;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::cell::{OnceCell, RefCell};
use std::fmt;
use std::ops::Range;

/// Every problem of a config, in the order of the file. Holds no line that may not be shown.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    file: Option<String>,
    list: Vec<Problem>,
}

/// One mistake: what is wrong, where, and what to write instead.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    title: String,
    span: Option<Range<usize>>,
    /// Under the carets, or as a help line where no carets are drawn.
    label: Option<String>,
    help: Vec<String>,
    hidden: Option<Hidden>,
    broken: bool,
    key_only: bool,
    only_checked: bool,
    place: Option<CaretPlace>,
}

#[derive(Debug, Clone)]
struct CaretPlace {
    /// From 1.
    line: usize,
    /// From 1, in characters.
    column: usize,
    /// The one line that may be shown and the bytes to point at.
    shown: Option<(String, Range<usize>)>,
}

impl Problem {
    pub(super) fn new(title: impl Into<String>) -> Self {
        let title = title.into();
        let (hidden, place) = (None, None);
        let (broken, key_only, only_checked) = (false, false, false);
        Self { title, span: None, label: None, help: Vec::new(), hidden, broken, key_only, only_checked, place }
    }

    /// Where it is, in bytes of the file.
    pub(super) fn at(mut self, span: &Range<usize>) -> Self {
        self.span = Some(span.clone());
        self
    }

    /// Where it is, when that is in the file at all.
    pub(super) fn maybe_at(mut self, span: Option<&Range<usize>>) -> Self {
        self.span = span.cloned();
        self
    }

    /// What to write instead, in a few words.
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// What to do, in a sentence. May be called again.
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Never show the line.
    pub(super) fn hide(mut self, why: Hidden) -> Self {
        self.hidden = Some(why);
        self
    }

    /// The file did not parse: nothing is known about the line but its text.
    pub(super) fn broken(mut self) -> Self {
        self.broken = true;
        self
    }

    /// Show the key that is pointed at, not its value.
    pub(super) fn key_only(mut self) -> Self {
        self.key_only = true;
        self
    }

    /// Phones rang with it before it was known for a mistake: `config check` refuses it, and ticks go on.
    pub(super) fn only_checked(mut self) -> Self {
        self.only_checked = true;
        self
    }

    fn render(&self, file: &str, renderer: &Renderer) -> String {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.title.as_str()));
        let mut help: Vec<&str> = self.help.iter().map(String::as_str).collect();
        match &self.place {
            Some(CaretPlace { line, shown: Some((text, span)), .. }) => {
                let mark = AnnotationKind::Primary.span(span.clone()).label(self.label.as_deref());
                group = group.element(Snippet::source(text).path(file).line_start(*line).annotation(mark));
            }
            place => {
                if let Some(place) = place {
                    group = group.element(Origin::path(file).line(place.line).char_column(place.column));
                }
                help.splice(0..0, self.label.as_deref());
            }
        }
        for line in help {
            group = group.element(Level::HELP.message(line));
        }
        if let (Some(why), Some(_)) = (self.hidden, &self.place) {
            group = group.element(Level::NOTE.message(why.note()));
        }
        let picture = renderer.render(&[group]);
        match &self.place {
            // Without a line there is no gutter; pictures with and without one should look alike.
            Some(CaretPlace { shown: None, .. }) => picture.replace('\n', "\n "),
            _ => picture,
        }
    }
}

impl Problems {
    /// What is wrong, each in a line, in the order of the file. No line of the file is in it.
    pub fn titles(&self) -> impl ExactSizeIterator<Item = &str> {
        self.list.iter().map(|problem| problem.title.as_str())
    }

    /// The same, each with its line.
    pub(super) fn placed(&self) -> impl Iterator<Item = String> {
        self.list.iter().map(|problem| match &problem.place {
            Some(place) => format!("line {}: {}", place.line, problem.title),
            None => problem.title.clone(),
        })
    }

    /// All pictures, an empty line between two, and a last line that counts them; in colour when asked.
    pub fn render(&self, color: bool) -> String {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let file = self.file.as_deref().unwrap_or_default();
        let text: String = self.list.iter().map(|p| p.render(file, &renderer) + "\n\n").collect();
        let (count, noun) = (self.list.len(), if self.list.len() == 1 { "problem" } else { "problems" });
        let whose = self.file.as_deref().unwrap_or("the environment");
        text + &format!("{count} {noun} in {whose}; nothing was done")
    }
}

/// One problem, for programs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FoundProblem {
    /// What is wrong.
    pub problem: String,
    /// The line, from 1; `None`: it is not in the file.
    pub line: Option<usize>,
    /// The column, from 1, in characters.
    pub column: Option<usize>,
    /// What to write or do instead.
    pub help: Vec<String>,
}

impl Problems {
    /// The file; `None`: they are all in the environment.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }

    /// The problems, for programs: nothing of the lines themselves.
    pub fn found(&self) -> Vec<FoundProblem> {
        let found = |problem: &Problem| FoundProblem {
            problem: problem.title.clone(),
            line: problem.place.as_ref().map(|place| place.line),
            column: problem.place.as_ref().map(|place| place.column),
            help: problem.label.iter().chain(&problem.help).cloned().collect(),
        };
        self.list.iter().map(found).collect()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// Collects what there is to say while a file is read: problems, and settings when somebody wants to see them.
pub(super) struct CheckReport<'t> {
    pub(super) input: &'t Input<'t>,
    list: RefCell<Vec<Problem>>,
    settings: Option<RefCell<SettingsLog>>,
    /// Where each line ends. Made when the first line is asked for.
    lines: OnceCell<Vec<usize>>,
}

impl<'t> CheckReport<'t> {
    pub(super) fn new(input: &'t Input<'t>) -> Self {
        Self { input, list: RefCell::default(), settings: None, lines: OnceCell::new() }
    }

    /// One that collects settings, too.
    pub(super) fn with_settings(input: &'t Input<'t>) -> Self {
        Self { settings: Some(RefCell::default()), ..Self::new(input) }
    }

    /// Does somebody want to see the settings?
    pub(super) fn collects_settings(&self) -> bool {
        self.settings.is_some()
    }

    /// Keeps the settings of one table; `entry` says which of several it is.
    pub(super) fn add_settings(&self, table: &'static str, entry: Option<&str>, notes: &[Note]) {
        if let Some(settings) = &self.settings {
            settings.borrow_mut().add(table, entry, notes);
        }
    }

    /// The settings that were collected.
    pub(super) fn take_settings(&self) -> Vec<Setting> {
        self.settings.as_ref().map(|settings| settings.take().finish()).unwrap_or_default()
    }

    /// The text of the file between two bytes; empty where there is none.
    pub(super) fn source(&self, span: &Range<usize>) -> &'t str {
        self.input.text.get(span.clone()).unwrap_or_default()
    }

    /// The number of the line, from 1, that this byte stands in. The text is walked through once, however many ask.
    pub(super) fn line_of(&self, at: usize) -> usize {
        let ends = || {
            steps::count(self.input.text.len());
            self.input.text.match_indices('\n').map(|(end, _)| end).collect()
        };
        steps::count(1);
        self.lines.get_or_init(ends).partition_point(|end| *end < at) + 1
    }

    /// Notes a problem. Its line is looked at here, once: what may not be shown is not kept.
    pub(super) fn push(&self, mut problem: Problem) {
        if let Some(span) = problem.span.clone() {
            problem.place = Some(self.place(&span, &mut problem));
        }
        self.list.borrow_mut().push(problem);
    }

    /// Notes what is wrong at this place, and what to write instead.
    pub(super) fn wrong(&self, at: &Range<usize>, title: impl Into<String>, label: impl Into<String>) {
        self.push(Problem::new(title).at(at).label(label));
    }

    /// Can the config be used? Mistakes that only `config check` refuses do not keep it from that.
    pub(super) fn is_empty(&self) -> bool {
        self.list.borrow().iter().all(|problem| problem.only_checked)
    }

    /// The problems, in the order of the file; those outside of it last.
    pub(super) fn finish(self) -> Problems {
        let mut list = self.list.into_inner();
        list.sort_by_key(|p| p.span.as_ref().map_or(usize::MAX, |s| s.start));
        Problems { file: self.input.name(), list }
    }

    fn place(&self, span: &Range<usize>, problem: &mut Problem) -> CaretPlace {
        let text = self.input.text;
        let at = floor(text, span.start);
        let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        let column = text[start..at].chars().count() + 1;
        if problem.hidden.is_none() {
            let screened = if problem.broken { screen::broken_line(text, start, line) } else { screen::line(line) };
            problem.hidden = screened.err();
        }
        let from = (at - start).min(line.len());
        let to = floor(text, span.end.max(at)).saturating_sub(start).clamp(from, line.len());
        let mut shown = line.to_owned();
        if problem.key_only {
            if line[..from].trim().is_empty() {
                shown.truncate(to);
                shown.push_str(" = …");
            } else {
                problem.hidden = problem.hidden.or(Some(Hidden::Secret));
            }
        }
        let shown = problem.hidden.is_none().then_some((shown, from..to));
        CaretPlace { line: self.line_of(at), column, shown }
    }
}

/// The nearest byte at or before `at` where a character starts.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
