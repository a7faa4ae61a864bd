//! What savehub says in its log, for tests that look for secrets in it.

use log::{LevelFilter, Log, Metadata, Record};
use savehub::http::LOG_CAPS;
use std::fmt::Write as _;
use std::sync::Mutex;

/// Keeps every line at trace level, but for the modules that may not log so loud.
struct Capture(Mutex<String>);

static LOG: Capture = Capture(Mutex::new(String::new()));

impl Log for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let cap = LOG_CAPS.iter().find(|(module, _)| metadata.target().split("::").next() == Some(*module));
        cap.is_none_or(|(_, cap)| metadata.level() <= *cap)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            writeln!(self.0.lock().unwrap(), "{} {}", record.level(), record.args()).unwrap();
        }
    }

    fn flush(&self) {}
}

/// What is logged while this runs, each line behind its level, and what it returns. Once in a process, whose log
/// this is: the test runs [`alone`](super::alone::alone).
pub fn logged<T>(run: impl FnOnce() -> T) -> (T, String) {
    log::set_logger(&LOG).expect("one test of a process captures its log");
    log::set_max_level(LevelFilter::Trace);
    let done = run();
    let log = LOG.0.lock().unwrap().clone();
    (done, log)
}
