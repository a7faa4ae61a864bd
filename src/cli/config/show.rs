//! `savehub config show`: every setting that is in force, and where it comes from.

use crate::cli::args::ConfigShowArgs;
use crate::cli::json::object;
use crate::cli::open;
use crate::cli::print::{self, Screen, toml_text as quoted};
use crate::config::{Effective, Origin, Setting, Value};
use crate::exit::Exit;
use crate::model::printable;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

/// The fields of `config show --json`, for the manual page.
pub(in crate::cli) const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("file", "the file; null when there is none and CALL_PROVIDER is set"),
    (
        "settings",
        "one for each key that takes a value, in each of its tables: table, entry (which of several tables: id, name \
         or number; otherwise null), key, value (null: not set, or not shown), set, secret (true: the value is never \
         shown), note (where a secret comes from, or why it is not set; otherwise null), source (file, environment \
         or default), line (from 1; null when it is not in the file), variable (null when it comes from none)",
    ),
];

/// Runs the command.
pub(super) fn run(
    args: &ConfigShowArgs,
    file: Option<&Path>,
    screen: Screen,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let effective = open::effective(file)?;
    if args.json {
        print::json(out, &report(&effective))?;
    } else {
        out.write_all(text(&effective, screen).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// Tables with their settings, an empty line between two.
fn text(effective: &Effective, screen: Screen) -> String {
    let file = effective.file.as_ref().map(|path| printable(&path.display().to_string()));
    let name = effective.file.as_ref().and_then(|path| path.file_name()).map(|name| printable(&name.to_string_lossy()));
    let mut text = match &file {
        Some(file) => format!("{file}\n"),
        None => "no config file: environment and defaults\n".to_owned(),
    };
    let tables = effective.settings.chunk_by(|a, b| (a.table, &a.entry) == (b.table, &b.entry));
    for table in tables {
        let Some(first) = table.first() else { continue };
        if !first.table.is_empty() {
            text.extend(["\n", &screen.paint.heading(&heading(first)), "\n"]);
        }
        if is_list(first.table) && first.entry.is_none() {
            let keys: Vec<_> = table.iter().map(|setting| setting.key).collect();
            text.extend(["none (it may hold ", &keys.join(", "), ")\n"]);
            continue;
        }
        let rows = table.iter().map(|setting| {
            let origin = match setting.origin {
                Origin::Default => "default".to_owned(),
                Origin::Line(line) => format!("{}:{line}", name.as_deref().unwrap_or_default()),
                Origin::Variable(name) => format!("from {name}"),
            };
            vec![setting.key.to_owned(), render(&setting.value), origin]
        });
        text += &print::table(rows.collect(), screen.width);
    }
    text
}

fn is_list(table: &str) -> bool {
    ["person", "calendars", "contact", "ladder", "webhook", "headers", "command"].contains(&table)
}

/// `[engine]`, `[[person]] ana`.
fn heading(setting: &Setting) -> String {
    let table = match setting.table {
        "person" | "contact" | "ladder" => format!("[[{}]]", setting.table),
        "calendars" => "calendars of [[person]]".into(),
        "headers" => "headers of [webhook.NAME]".into(),
        "webhook" | "command" => match &setting.entry {
            Some(name) => return format!("[{}.{name}]", setting.table),
            None => format!("[{}.NAME]", setting.table),
        },
        table => format!("[{table}]"),
    };
    setting.entry.as_ref().map_or_else(|| table.clone(), |entry| format!("{table} {entry}"))
}

/// A value as a config would say it; what is not shown, in words.
fn render(value: &Value) -> String {
    match value {
        Value::NotSet(None) => "not set".into(),
        Value::NotSet(Some(why)) => format!("not set: {why}"),
        Value::Text(text) => quoted(text),
        Value::Number(number) => number.to_string(),
        Value::Rate(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(texts) => {
            format!("[{}]", texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", "))
        }
        Value::Described(text) => text.clone(),
        Value::Secret(from) => format!("set, {from}"),
    }
}

fn report(effective: &Effective) -> impl Serialize + use<> {
    let file = effective.file.as_ref().map(|path| path.display().to_string());
    let settings: Vec<_> = effective.settings.iter().map(row).collect();
    object! { schema: 1, file: file, settings: settings }
}

fn row(setting: &Setting) -> impl Serialize + use<> {
    let (value, note): (Option<serde_json::Value>, _) = match &setting.value {
        Value::NotSet(why) => (None, why.map(str::to_owned)),
        Value::Text(text) | Value::Described(text) => (Some(text.as_str().into()), None),
        Value::Number(number) => (Some((*number).into()), None),
        Value::Rate(number) => (Some((*number).into()), None),
        Value::Flag(flag) => (Some((*flag).into()), None),
        Value::List(texts) => (Some(texts.as_slice().into()), None),
        Value::Secret(from) => (None, Some(from.clone())),
    };
    let (source, line, variable) = match setting.origin {
        Origin::Default => ("default", None, None),
        Origin::Line(line) => ("file", Some(line), None),
        Origin::Variable(name) => ("environment", None, Some(name)),
    };
    object! {
        table: setting.table,
        entry: setting.entry.clone(),
        key: setting.key,
        value: value,
        set: !matches!(setting.value, Value::NotSet(_)),
        secret: matches!(setting.value, Value::Secret(_)),
        note: note,
        source: source,
        line: line,
        variable: variable,
    }
}
