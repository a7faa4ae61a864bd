//! `status --watch`: the same text again and again, on a screen of its own.

use super::ctx::{StatusCtx, exit, snapshot};
use super::text::render;
use crate::cli::args::StatusArgs;
use crate::cli::ctx::Ctx;
use crate::cli::print::Screen;
use crate::clock::{Clock as _, SystemClock};
use crate::exit::{Exit, UsageError};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use std::io::{self, IsTerminal as _, Read as _};
use std::time::{Duration, Instant};

/// Another screen, no cursor, lines that are cut instead of wrapped.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";

/// The way back.
const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/// Keys that quit: q, Q, and Ctrl-C, which arrives as a key here.
const QUIT: &[u8] = b"qQ\x03";

/// How long a read waits for a key, in tenths of a second (termios(3), `VTIME`).
const WAIT: u8 = 5;

/// Runs until somebody quits. The exit code is that of the last look.
pub(super) fn run(args: &StatusArgs, every: Duration, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !terminal {
        let why = "--watch needs a terminal to draw on and to hear the key q; elsewhere use `savehub status --json`";
        return Err(UsageError(why.into()).into());
    }
    let keys = Keys::on()?;
    ctx.out.write_all(ENTER.as_bytes())?;
    let done = watch(args, every, ctx);
    // Also after an error, which is printed on the screen that was there before.
    let left = ctx.out.write_all(LEAVE.as_bytes()).and_then(|()| ctx.out.flush());
    drop(keys);
    left?;
    done
}

fn watch(args: &StatusArgs, every: Duration, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    loop {
        let now = SystemClock.now();
        let screen = Screen { width: tcgetwinsize(io::stdout()).ok().map(|size| size.ws_col), ..ctx.screen };
        let status = StatusCtx { max_age: args.max_age, ..StatusCtx::of(ctx.config, now, screen) };
        let (text, exit) = match snapshot(ctx.store, now) {
            Ok(seen) => {
                let exit = exit(seen.last_tick.as_ref(), &status);
                let stale = "STALE: the last tick is older than --max-age, or there was none";
                let alarm = if exit == Exit::Stale { screen.paint.alarm(stale) + "\n" } else { String::new() };
                (alarm + &render(&seen, &status), exit)
            }
            // The next look may find it whole again.
            Err(error) => (screen.paint.alarm(&format!("error: {error}")) + "\n", Exit::Store),
        };
        let rows = tcgetwinsize(io::stdout()).map_or(0, |size| size.ws_row);
        let foot = format!("every {} s; q quits", every.as_secs());
        ctx.out.write_all(frame(&text, &foot, rows.into()).as_bytes())?;
        ctx.out.flush()?;
        if quits(every)? {
            return Ok(exit);
        }
    }
}

/// The text from the top of the screen on, as far as it fits, and the foot below it. `rows` is 0 where nobody knows.
fn frame(text: &str, foot: &str, rows: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let room = rows.saturating_sub(2);
    let mut frame = String::from("\x1b[H");
    let shown = if rows == 0 || lines.len() <= room { lines.len() } else { room.saturating_sub(1) };
    let more = lines.len() - shown;
    let more = (more > 0).then(|| format!("… {more} more lines; make the window higher"));
    let below = more.as_deref().into_iter().chain(["", foot]);
    for line in lines.iter().take(shown).copied().chain(below) {
        if frame.len() > 3 {
            frame.push_str("\r\n");
        }
        frame.push_str(line);
        frame.push_str("\x1b[K");
    }
    frame.push_str("\x1b[J");
    frame
}

/// Waits for the next look. `true`: somebody quits, or the terminal is gone. Any other key looks at once.
fn quits(every: Duration) -> io::Result<bool> {
    let began = Instant::now();
    while began.elapsed() < every {
        let mut key = [0; 16];
        let asked = Instant::now();
        match io::stdin().read(&mut key) {
            Ok(0) if asked.elapsed() < Duration::from_millis(10) => return Ok(true), // hung up: it no longer waits
            Ok(0) => {}
            Ok(count) => return Ok(key[..count].iter().any(|key| QUIT.contains(key))),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Keys come one by one and unseen as long as this lives.
struct Keys {
    before: Termios,
}

impl Keys {
    fn on() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut modes = before.clone();
        modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        modes.special_codes[SpecialCodeIndex::VMIN] = 0;
        modes.special_codes[SpecialCodeIndex::VTIME] = WAIT;
        tcsetattr(io::stdin(), OptionalActions::Flush, &modes)?;
        Ok(Self { before })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // Nothing is left to do about a terminal that is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a frame, without what steers the terminal.
    fn lines(frame: &str) -> Vec<String> {
        let frame = frame.strip_prefix("\x1b[H").unwrap().strip_suffix("\x1b[J").unwrap();
        frame.split("\r\n").map(|line| line.strip_suffix("\x1b[K").unwrap().to_owned()).collect()
    }

    #[test]
    fn a_frame_shows_the_text_and_below_it_how_to_quit() {
        assert_eq!(lines(&frame("one\ntwo\n", "q quits", 24)), ["one", "two", "", "q quits"]);
        assert_eq!(lines(&frame("one\ntwo\n", "q quits", 4)), ["one", "two", "", "q quits"]);
        assert_eq!(lines(&frame("one\ntwo\n", "q quits", 0)).len(), 4);
    }

    #[test]
    fn what_does_not_fit_is_counted_and_the_foot_stays() {
        let text = "1\n2\n3\n4\n5\n";
        assert_eq!(lines(&frame(text, "q", 6)), ["1", "2", "3", "… 2 more lines; make the window higher", "", "q"]);
        assert_eq!(lines(&frame(text, "q", 1)).last().unwrap(), "q");
    }
}
