"""A whole company at nine o'clock: one tick that calls everybody, on both stores, beside plain updates of the same size.

company.py SAVEHUB [PEOPLE]; benches/company.sh says what for. All rows of a table are of one run on one machine; what a
ratio compares stands in the same row.
"""

import os
import re
import shutil
import socket
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

NINE = "2026-03-02T09:00:00Z"
SET = 64  # steps in one transaction, as in src/tick/claim.rs


def config(home, people, store):
    """One calendar file each, all meetings at nine, the mock phone, as many workers as there may be."""
    (home / "cal").mkdir(parents=True)
    lines = [f'store = "{store}"' if store else f'database = "{home}/savehub.db"']
    lines += ["[call]", 'provider = "mock"', "[engine]", "parallel = 64", "[guards]", "daily_cap = 1000000"]
    for n in range(people):
        event = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\nBEGIN:VEVENT\r\n"
            f"UID:m{n}@bench.example\r\nDTSTAMP:20260301T000000Z\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T093000Z\r\n"
            f"SUMMARY:Meeting {n}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        (home / "cal" / f"{n}.ics").write_text(event, newline="")
        lines += ["[[person]]", f'id = "p{n}"', f'name = "Person {n}"', f'phone = "+{12025550000 + n}"']
        lines += ['zone = "UTC"', f'calendars = ["{home}/cal/{n}.ics"]']
    (home / "config.toml").write_text("\n".join(lines) + "\n")
    (home / "config.toml").chmod(0o600)


class Tick:
    """One tick: seconds on the wall and of the processor, and how many calls it placed."""

    def __init__(self, savehub, home, now, before=()):
        env = dict(os.environ, SAVEHUB_CONFIG=str(home / "config.toml"))
        argv = [*before, savehub, "tick", "--now", now, "--quiet"]
        with open(home / "out", "w") as out:
            began = time.perf_counter()
            child = subprocess.Popen(argv, env=env, stdout=out, stderr=out)
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        self.wall = time.perf_counter() - began
        self.cpu = used.ru_utime + used.ru_stime
        self.code = child.returncode

    def __str__(self):
        return f"{self.wall:.2f} s, {self.cpu:.2f} s of the processor"


def placed(home, store):
    sql = "select count(*) from attempts where state = 'ACCEPTED'"
    if store:
        argv = ["psql", "-Atc", sql.replace("attempts", "savehub.attempts"), store]
    else:
        argv = ["sqlite3", str(home / "savehub.db"), sql]
    return int(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def nine(savehub, people, name, store=None, before=(), root=None):
    """The ticks around nine o'clock, and what they cost."""
    home = Path(tempfile.mkdtemp(prefix="company-", dir=root))
    try:
        config(home, people, store)
        first = Tick(savehub, home, "2026-03-02T08:50:00Z")
        calls = Tick(savehub, home, "2026-03-02T08:57:10Z", before)
        count = placed(home, store)
        follows = Tick(savehub, home, "2026-03-02T08:57:40Z")
        print(f"| {name} | first look {first} | {count} calls: {calls} (exit {calls.code}) | tick after: {follows} |", flush=True)
        return calls
    finally:
        shutil.rmtree(home)


def main():
    savehub, people = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 6000
    nine(savehub, people, "SQLite")
    slow = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fdatasync"]
    for ms in (4, 10):
        nine(savehub, people, f"SQLite, fdatasync of {ms} ms", before=[*slow, "-e", f"inject=fdatasync:delay_exit={ms}ms"])


main()
