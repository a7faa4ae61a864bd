//! Programs of the user's config: run without a shell, with nothing on their input, and with a limit to their time.
//!
//! A secret may be printed by one (`config`), a rung may be one (`provider`), and one may say whether a person is in
//! the meeting (`presence`). What they have in common stands here:
//!
//! - The words of the config are the arguments: nothing is split, expanded or quoted.
//! - The program's end decides. What it printed is complete by then, unless it handed its output on to another program
//!   that lives on: that one is not waited for, and not ended either.
//! - At the limit it is killed. A program in a group of its own takes with it whatever it started; one that may ask for
//!   a password at a terminal must stay in ours: a terminal stops what reads from it in the background.
//! - It is reaped only after the last signal: its number cannot have become that of another program.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long the output of a program that has ended may still take to end as well.
const OUTPUT_ENDS_WITHIN: Duration = Duration::from_millis(500);

/// What to run, and how.
#[derive(Clone)]
pub struct Program<'a> {
    /// The program and its arguments.
    pub argv: Vec<&'a str>,
    /// The whole environment; `None`: ours.
    pub env: Option<Vec<(&'a str, &'a str)>>,
    /// It and all it starts are one group, and end together at the limit.
    pub own_group: bool,
    /// Are complaints (stderr) kept like output, or thrown away?
    pub keep_stderr: bool,
    /// How much of the output is kept, in bytes; the rest is read and dropped, so that no program dies of a full pipe.
    pub keep: usize,
    /// How long it may run.
    pub limit: Duration,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this code; 0 means success.
    Code(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// It was killed: at its limit, or because it could not be watched.
    Killed,
}

/// A program that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// How it ended.
    pub ended: Ended,
    /// The first of what it printed, as it came.
    pub output: Vec<u8>,
}

impl Program<'_> {
    /// Runs it to its end or its limit. `Err`: it was not started.
    pub fn run(&self) -> io::Result<Ran> {
        let started = Instant::now();
        let (reader, writer) = io::pipe()?;
        let output = Output::follow(reader, self.keep)?;
        let watch = Watch::new()?;
        let mut child = self.spawn(writer)?;
        let pid = Pid::from_child(&child);
        let ended_itself = watch.ends(pid, self.limit.saturating_sub(started.elapsed()));
        if !ended_itself {
            self.kill(pid);
        }
        let ended = child.wait().ok().filter(|_| ended_itself).map_or(Ended::Killed, how);
        Ok(Ran { ended, output: output.take(OUTPUT_ENDS_WITHIN) })
    }

    fn spawn(&self, writer: PipeWriter) -> io::Result<Child> {
        let (program, arguments) = self.argv.split_first().ok_or(io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null());
        command.stderr(if self.keep_stderr { Stdio::from(writer.try_clone()?) } else { Stdio::null() });
        command.stdout(writer);
        if let Some(env) = &self.env {
            command.env_clear().envs(env.iter().copied());
        }
        if self.own_group {
            command.process_group(0);
        }
        // Our end of the pipe closes with `command`: its output ends when the last program that holds it does.
        command.spawn()
    }

    fn kill(&self, pid: Pid) {
        // It may have ended in this moment: then there is nobody to kill.
        let _ = if self.own_group { kill_process_group(pid, Signal::KILL) } else { kill_process(pid, Signal::KILL) };
    }
}

fn how(status: ExitStatus) -> Ended {
    status.code().map_or_else(|| Ended::Signal(status.signal().unwrap_or_default()), Ended::Code)
}

/// A thread that waits for a program. It is there before the program, so that none runs that nobody watches.
struct Watch {
    begin: Sender<Pid>,
    ended: Receiver<bool>,
}

impl Watch {
    fn new() -> io::Result<Self> {
        let (begin, begun) = mpsc::channel();
        let (tell, ended) = mpsc::channel();
        thread::Builder::new().spawn(move || {
            // Without reaping, so that the number stays the program's own until `child.wait`.
            let waits = |pid| waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).is_ok();
            begun.recv().map(|pid| tell.send(waits(pid)))
        })?;
        Ok(Self { begin, ended })
    }

    /// Did it end within this time?
    fn ends(&self, pid: Pid, within: Duration) -> bool {
        self.begin.send(pid).is_ok() && self.ended.recv_timeout(within) == Ok(true)
    }
}

/// What a program prints, read in a thread until it ends or nobody asks any more.
struct Output {
    kept: Arc<Mutex<Vec<u8>>>,
    end: Receiver<()>,
}

impl Output {
    fn follow(mut from: PipeReader, keep: usize) -> io::Result<Self> {
        let kept = Arc::<Mutex<Vec<u8>>>::default();
        let (tell, end) = mpsc::channel();
        thread::Builder::new().spawn({
            let kept = Arc::clone(&kept);
            move || {
                let mut piece = [0; 4096];
                while let Ok(read @ 1..) = from.read(&mut piece) {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    let room = keep.saturating_sub(kept.len()).min(read);
                    kept.extend(piece.iter().take(room));
                }
                tell.send(())
            }
        })?;
        Ok(Self { kept, end })
    }

    /// What came until its end, or within this time.
    fn take(self, within: Duration) -> Vec<u8> {
        // Either way, what is there is what there is.
        let _ = self.end.recv_timeout(within);
        std::mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    /// What takes this long hangs.
    const HUNG: Duration = Duration::from_secs(600);

    fn sh(script: &str) -> Program<'_> {
        let limit = Duration::from_secs(60);
        let argv = vec!["/bin/sh", "-c", script];
        Program { argv, env: Some(vec![("A", "b c")]), own_group: true, keep_stderr: true, keep: 100, limit }
    }

    fn ran(ended: Ended, output: &str) -> Ran {
        Ran { ended, output: output.into() }
    }

    #[test]
    fn a_program_gets_its_arguments_as_they_stand_and_no_environment_but_its_own() {
        let printed = Program { argv: vec!["printf", "%s|", "$A", "a b", "*"], ..sh("") }.run().unwrap();
        assert_eq!(printed, ran(Ended::Code(0), "$A|a b|*|"));
        assert_eq!(sh("printf \"$A$HOME$USER\"; cat; exit 3").run().unwrap(), ran(Ended::Code(3), "b c"));
    }

    #[test]
    fn complaints_are_kept_only_when_asked_for_and_output_only_up_to_its_length() {
        let loud = sh("echo out; echo err >&2");
        assert_eq!(loud.run().unwrap(), ran(Ended::Code(0), "out\nerr\n"));
        assert_eq!(Program { keep_stderr: false, ..loud }.run().unwrap(), ran(Ended::Code(0), "out\n"));
        let long = sh("yes | head -c 1000000").run().unwrap();
        assert_eq!((long.ended, long.output.len()), (Ended::Code(0), 100));
    }

    #[test]
    fn at_its_limit_a_program_ends_with_everything_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("alive");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let script = format!("exec 3>{}; echo begun; sleep 1200 & wait", fifo.display());
        let (started, limit) = (Instant::now(), Duration::from_secs(3));
        // Ends when nobody has it open for writing any more.
        let alive = thread::spawn(move || std::fs::read(fifo).unwrap());
        assert_eq!(Program { limit, ..sh(&script) }.run().unwrap(), ran(Ended::Killed, "begun\n"));
        alive.join().unwrap();
        assert!(started.elapsed() < HUNG);
    }

    #[test]
    fn a_program_that_leaves_another_one_behind_has_ended_all_the_same() {
        let started = Instant::now();
        let left = sh("echo out; sleep 1200 & echo $!").run().unwrap();
        assert!(started.elapsed() < HUNG);
        let printed = String::from_utf8(left.output).unwrap();
        let pid = printed.strip_prefix("out\n").unwrap().trim().parse().unwrap();
        // Still alive, so it can be killed.
        kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
        assert_eq!(left.ended, Ended::Code(0));
    }

    #[test]
    fn a_signal_is_no_exit_code_and_a_program_that_is_not_there_never_started() {
        assert_eq!(sh("kill -9 $$").run().unwrap(), ran(Ended::Signal(9), ""));
        let none = Program { argv: vec!["/nonexistent/program"], ..sh("") };
        assert_eq!(none.run().unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(Program { argv: vec![], ..none }.run().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
