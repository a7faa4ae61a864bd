//! The log: `log` and `env_logger`, to stderr, without times (cron's mail and the journal carry their own).

use crate::model::printable;
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::io::Write as _;

/// Starts the log. `-v` and `-q` win over `RUST_LOG`, which wins over the default, info.
///
/// A second start is ignored: the first one keeps its settings.
pub fn init(verbose: u8, quiet: bool, colour: bool) {
    let chosen = match (quiet, verbose) {
        (true, _) => Some(LevelFilter::Warn),
        (false, 0) => None,
        (false, 1) => Some(LevelFilter::Debug),
        (false, _) => Some(LevelFilter::Trace),
    };
    let mut builder = env_logger::Builder::new();
    builder.filter_module("savehub", chosen.unwrap_or(LevelFilter::Info));
    if let (None, Ok(filters)) = (chosen, std::env::var("RUST_LOG")) {
        builder.parse_filters(&filters);
    }
    let style = if colour { env_logger::WriteStyle::Always } else { env_logger::WriteStyle::Never };
    builder.write_style(style).format(|out, record| {
        let (prefix, message) = line(record.level(), &record.args().to_string());
        let style = out.default_level_style(record.level());
        if prefix.is_empty() {
            return writeln!(out, "{message}");
        }
        writeln!(out, "{style}{prefix}{style:#}{message}")
    });
    let logger = builder.build();
    let level = logger.filter();
    if log::set_boxed_logger(Box::new(Capped(logger))).is_ok() {
        log::set_max_level(level);
    }
}

/// Does something that logs nothing meanwhile, such as a rehearsal: what that would log did not happen.
pub fn silenced<T>(work: impl FnOnce() -> T) -> T {
    let level = log::max_level();
    log::set_max_level(LevelFilter::Off);
    let done = work();
    log::set_max_level(level);
    done
}

/// Lets nothing but savehub say more than info, whatever `RUST_LOG` asks for: below info, `ureq` prints whole requests
/// with their Authorization header.
struct Capped<L>(L);

impl<L: Log> Log for Capped<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        may_speak(metadata) && self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if may_speak(record.metadata()) {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

fn may_speak(metadata: &Metadata<'_>) -> bool {
    let ours = metadata.target() == "savehub" || metadata.target().starts_with("savehub::");
    ours || metadata.level() <= Level::Info
}

/// The prefix and the cleaned message of one line. `[CALL]` lines stand alone at every level: people grep for them.
fn line(level: Level, message: &str) -> (&'static str, String) {
    let message = printable(message);
    let prefix = match level {
        Level::Info => "",
        _ if message.starts_with("[CALL]") => "",
        Level::Error => "error: ",
        Level::Warn => "warning: ",
        Level::Debug => "debug: ",
        Level::Trace => "trace: ",
    };
    (prefix, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[test]
    fn a_call_line_is_its_message_alone_and_others_carry_their_level() {
        let text = |level, message| {
            let (prefix, message) = line(level, message);
            format!("{prefix}{message}")
        };
        assert_eq!(text(Level::Info, "[CALL] Provider=twilio"), "[CALL] Provider=twilio");
        assert_eq!(text(Level::Warn, "[CALL] RATE LIMITED - ana"), "[CALL] RATE LIMITED - ana");
        assert_eq!(text(Level::Warn, "the clock jumped"), "warning: the clock jumped");
        assert_eq!(text(Level::Error, "no database"), "error: no database");
        assert_eq!(text(Level::Debug, "2 steps due"), "debug: 2 steps due");
    }

    #[test]
    fn a_message_can_neither_steer_a_terminal_nor_fake_a_second_line() {
        assert_eq!(line(Level::Info, "a\u{1b}[31m\n[CALL] fake").1, "a [31m [CALL] fake");
    }

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Log for &Heard {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn log(&self, record: &Record<'_>) {
            self.0.lock().unwrap().push(format!("{} {}", record.target(), record.level()));
        }
        fn flush(&self) {}
    }

    #[test]
    fn nobody_but_savehub_says_more_than_info() {
        let heard = Heard::default();
        let capped = Capped(&heard);
        for target in ["ureq", "ureq_proto::client", "rustls::conn", "savehubble", "savehub", "savehub::tick"] {
            for level in [Level::Info, Level::Debug, Level::Trace] {
                capped.log(&Record::builder().target(target).level(level).build());
            }
        }
        let heard = heard.0.lock().unwrap();
        let beyond: Vec<_> = heard.iter().filter(|h| !h.ends_with("INFO")).map(String::as_str).collect();
        assert_eq!(beyond, ["savehub DEBUG", "savehub TRACE", "savehub::tick DEBUG", "savehub::tick TRACE"]);
        assert_eq!(heard.len(), 10);
    }
}
