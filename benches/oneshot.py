"""Runs savehub and what people would use instead in turn, and prints one table.

oneshot.py SAVEHUB SIZE_WITH_POSTGRES [ROUNDS] [ROWS...]; benches/oneshot.sh says what for. Each ratio is the median of the
ratios of neighbouring runs, so that what else the machine does weighs on both alike.
"""

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

SID, TOKEN = "AC0123456789abcdef0123456789abcdef", "your_auth_token"
HERE = Path(__file__).parent
SCRIPT = """#!/bin/bash
# One due call, as a script of a few lines: take what is due, mark it, call, write down what came of it.
set -euo pipefail
id=$(sqlite3 "$1" "select id from due where state = 'PENDING' and at <= unixepoch() order by at limit 1")
[ -n "$id" ] || exit 0
sqlite3 "$1" "update due set state = 'RUNNING' where id = $id"
if curl -sf -o /dev/null -u "$3" --data-binary "@$4" "$2"; then state=EXECUTED; else state=FAILED; fi
sqlite3 "$1" "update due set state = '$state' where id = $id"
"""


class Took:
    """One run: milliseconds on the wall and of the processor."""

    def __init__(self, argv, env=None, stdin=None):
        files = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
        files.append((os.POSIX_SPAWN_OPEN, 0, str(stdin or os.devnull), os.O_RDONLY, 0))
        began = time.perf_counter()
        pid = os.posix_spawnp(argv[0], argv, env or os.environ, file_actions=files)
        _, status, used = os.wait4(pid, 0)
        self.wall = 1000 * (time.perf_counter() - began)
        self.cpu = 1000 * (used.ru_utime + used.ru_stime)
        if status:
            sys.exit(f"{argv[0]} ended with {os.waitstatus_to_exitcode(status)}: {argv}")


class Case:
    """Something that is run, what is to be done before each run of it, and how it went."""

    def __init__(self, argv, before=lambda: None, after=lambda: None, stdin=None):
        self.argv, self.before, self.after, self.stdin, self.runs = [str(a) for a in argv], before, after, stdin, []

    def once(self, keep=True):
        self.before()
        took = Took(self.argv, stdin=self.stdin)
        self.after()
        if keep:
            self.runs.append(took)

    def median(self, what):
        return statistics.median(getattr(run, what) for run in self.runs)

    def peak(self):
        """MiB, by GNU time: what this process itself holds would count as its children's."""
        self.before()
        with tempfile.NamedTemporaryFile("r") as said:
            stdin = open(self.stdin) if self.stdin else subprocess.DEVNULL
            command = ["/usr/bin/time", "-q", "-f", "%M", "-o", said.name, *self.argv]
            subprocess.run(command, stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            return int(said.read()) / 1024


def in_turn(rounds, *cases):
    for case in cases:
        case.once(keep=False)
    for turn in range(rounds):
        for case in cases if turn % 2 else reversed(cases):
            case.once()


def ratio(ours, theirs, what):
    pairs = zip(ours.runs, theirs.runs)
    return statistics.median(getattr(a, what) / max(getattr(b, what), 0.001) for a, b in pairs)


class World:
    """A config, a database, and how it was before it was used."""

    def __init__(self, scratch, savehub, name, people, provider, rung="call", preflight=True):
        self.place = scratch / name
        self.place.mkdir()
        self.savehub, self.database, self.whole = savehub, self.place / "savehub.db", self.place / "before.db"
        self.config, self.made = self.place / "config.toml", 0
        persons = "".join(
            f'[[person]]\nid = "p{n:04}"\nphone = "+1{201 + n // 100}55501{n % 100:02}"\nzone = "UTC"\n' for n in range(people)
        )
        self.config.write_text(
            f'database = "{self.database}"\n[call]\n{provider}[engine]\npreflight = {str(preflight).lower()}\nparallel = 32\n'
            f'[guards]\ndaily_cap = 5000\n{persons}[[ladder]]\nstep = "{rung}"\nbefore = "3m"\n'
        )
        self.config.chmod(0o600)
        self.tick = [savehub, "--config", self.config, "tick"]

    def sql(self, text):
        subprocess.run(["sqlite3", self.database], input=text, text=True, check=True, stdout=subprocess.DEVNULL)

    def open(self, people):
        """A meeting for each in 190 s, and a tick that opens its incident."""
        self.once_idle()
        self.sql(
            "with recursive n(i) as (select 0 union all select i + 1 from n where i < %d) "
            "insert into meetings(person, uid, recurrence, title, starts_at, source, state, generation, watched, created_at, "
            "updated_at) select format('p%%04d', i), 'u' || i, '', 'Meeting ' || i, 1000 * (unixepoch() + 190), 'manual', "
            "'SCHEDULED', 1, 0, 0, 0 from n" % (people - 1)
        )
        self.once_idle()
        self.sql("pragma wal_checkpoint(truncate)")
        shutil.copy(self.database, self.whole)
        return self

    def once_idle(self):
        subprocess.run(self.tick, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def make_due(self):
        """As it was before, but that all steps have been due for 30 s."""
        for old in self.place.glob("savehub.db*"):
            old.unlink()
        shutil.copy(self.whole, self.database)
        start = "1000 * (unixepoch() + 150)"
        self.sql(
            f"update meetings set starts_at = {start}; update incidents set starts_at = {start}; update steps set "
            f"starts_at = {start}, deadline_at = {start}, due_at = {start} - 180000, ready_at = {start} - 180000; "
            "pragma wal_checkpoint(truncate)"
        )

    def one_due(self):
        """One more meeting, whose first call was due 30 s ago; each time another person's."""
        self.made += 1
        self.sql(
            "insert into meetings(person, uid, recurrence, title, starts_at, source, state, generation, watched, created_at, "
            f"updated_at) values ('p{self.made % 200:04}', 'new{self.made}', '', 'Meeting', 1000 * (unixepoch() + 150), "
            "'manual', 'SCHEDULED', 1, 0, 0, 0)"
        )

    def last_done(self):
        """Did the newest step ring?"""
        query = ["sqlite3", self.database, "select state from steps order by id desc limit 1"]
        if (state := subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()) != "EXECUTED":
            sys.exit(f"the due call is {state}")

    def all_done(self, count):
        """Were all of them done?"""
        query = "select count(*) from steps where state = 'EXECUTED'"
        done = subprocess.run(["sqlite3", self.database, query], capture_output=True, text=True, check=True).stdout
        if int(done) != count:
            sys.exit(f"{done.strip()} of {count} steps were done")


class Table:
    def __init__(self):
        print("| | wall | processor | | wall | processor | **wall** | **processor** |\n|---|---|---|---|---|---|---|---|", flush=True)

    def row(self, name, ours, other, theirs):
        cells = [name, *(f"{ours.median(w):.2f} ms" for w in ("wall", "cpu")), other]
        cells += [f"{theirs.median(w):.2f} ms" for w in ("wall", "cpu")]
        cells += [f"**{ratio(ours, theirs, w):.2f}**" for w in ("wall", "cpu")]
        print("| " + " | ".join(cells) + " |", flush=True)


def history(scratch, savehub, rows, table, rounds):
    """An idle tick with so much behind it, beside one with nothing."""
    need, free = rows * 400, shutil.disk_usage(scratch).free
    if need > free - (4 << 30):
        print(f"\n{rows:,} rows of history need {need >> 30} GB of disk, and {free >> 30} GB are free: left out\n")
        return []
    world, new = (World(scratch, savehub, f"{name}{rows}", 200, 'provider = "mock"\n') for name in ("past", "new"))
    world.once_idle()
    new.once_idle()
    world.sql((HERE / "oneshot_history.sql").read_text().replace("MEETINGS", str(rows // 8)))
    case, idle = Case(world.tick), Case(new.tick)
    # The first tick takes over the log of what was just made.
    case.once(keep=False)
    peak = case.peak()
    in_turn(rounds, case, idle)
    size = world.database.stat().st_size / 1e6
    table.row(f"idle tick of 200 people, {rows:,} rows of history ({size:,.0f} MB)", case, "no history", idle)
    calls = [Case(w.tick, before=w.one_due, after=w.last_done) for w in (world, new)]
    in_turn(rounds // 5, *calls)
    table.row(f"one due call, mock, {rows:,} rows of history", calls[0], "no history", calls[1])
    shutil.rmtree(world.place)
    return [(f"idle tick, {rows:,} rows of history", peak)]


def due_script(scratch, url, body):
    database, script = scratch / "script.db", scratch / "call.sh"
    script.write_text(SCRIPT)

    def again():
        database.unlink(missing_ok=True)
        make = "create table due(id integer primary key, at integer, state text); insert into due values (1, 1, 'PENDING')"
        subprocess.run(["sqlite3", database, make], check=True)

    return Case(["bash", script, database, url, f"{SID}:{TOKEN}", body], before=again)


def thousand_updates(scratch, count):
    """The least that remembers each of so many steps: one update each, each on the disk before the next."""
    database, updates = scratch / "updates.db", scratch / "updates.sql"
    updates.write_text(
        "pragma synchronous = full;\n" + "".join(f"update due set state = 'EXECUTED' where id = {n};\n" for n in range(count))
    )

    def again():
        for old in scratch.glob("updates.db*"):
            old.unlink()
        make = (
            "pragma journal_mode = wal; create table due(id integer primary key, state text); with recursive n(i) as "
            f"(select 0 union all select i + 1 from n where i < {count - 1}) insert into due select i, 'PENDING' from n"
        )
        subprocess.run(["sqlite3", database, make], check=True, stdout=subprocess.DEVNULL)

    return Case(["sqlite3", database], before=again, stdin=updates)


def instructions(argv):
    with tempfile.TemporaryDirectory() as place:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={place}/out", *map(str, argv)]
        ran = subprocess.run(command, capture_output=True, text=True)
    found = re.search(r"Collected : (\d+)", ran.stderr)
    # What valgrind cannot run to its end has not been counted.
    return f"{int(found[1]) / 1e6:.2f} M" if found and ran.returncode == 0 else "cannot be counted here"


def measure(scratch, savehub, port, rounds, rows):
    table, peaks = Table(), []

    # Idle.
    world = World(scratch, savehub, "idle", 1, 'provider = "mock"\n')
    world.once_idle()
    idle, select = Case(world.tick), Case(["sqlite3", world.database, "select 1"])
    read = Case(["sqlite3", world.database, "select count(*) from meetings"])
    in_turn(5 * rounds, idle, select, read)
    table.row("idle tick", idle, "`sqlite3 FILE 'select 1'`", select)
    table.row("the same", idle, "`sqlite3 FILE 'select count(*) from meetings'`", read)
    peaks += [("idle tick", idle.peak()), ("`sqlite3 FILE 'select 1'`", select.peak())]
    counts = [("idle tick", idle.argv), ("`sqlite3 FILE 'select 1'`", select.argv), ("the same with `count(*)`", read.argv)]

    # One call.
    def twilio(path):
        base = f"http://127.0.0.1:{port}{path}"
        return (
            f'provider = "twilio"\n[provider.twilio]\naccount_sid = "{SID}"\nauth_token = "{TOKEN}"\nfrom = "+12025550199"\n'
            f'calls_per_second = 30.0\nbase_url = "{base}"\n'
        )

    calls = [World(scratch, savehub, f"one{p}", 1, twilio(""), preflight=p).open(1) for p in (False, True)]
    plain, asked = (Case(w.tick, before=w.make_due, after=lambda w=w: w.all_done(1)) for w in calls)
    plain.once(keep=False)
    body, url = scratch / "body", f"http://127.0.0.1:{port}/2010-04-01/Accounts/{SID}/Calls.json"
    body.write_bytes(urllib.request.urlopen(f"http://127.0.0.1:{port}/last").read())
    post = ["curl", "-sf", "-o", "/dev/null", "-u", f"{SID}:{TOKEN}", "--data-binary", f"@{body}"]
    curl, script = Case([*post, url]), due_script(scratch, url, body)
    in_turn(2 * rounds, plain, asked, curl, script)
    table.row("one due call, `preflight = false`", plain, "`curl` alone, the same request", curl)
    table.row("one due call as it is (asks for the list of calls first)", asked, "`curl` alone, the same request", curl)
    table.row("one due call as it is", asked, "bash, sqlite3 and curl", script)
    peaks += [("one due call", asked.peak()), ("`curl` alone", curl.peak())]

    # 100 at once.
    hundred = scratch / "hundred"
    hundred.write_text("".join(f"http://127.0.0.1:{port}/slow/2010-04-01/Accounts/{SID}/Calls.json\n" for _ in range(100)))
    crowd = Case(["xargs", "-a", hundred, "-P32", "-n1", *post])
    texts = World(scratch, savehub, "texts", 100, twilio("/slow"), rung="sms", preflight=False).open(100)
    rings = World(scratch, savehub, "rings", 100, twilio("/slow"), preflight=False).open(100)
    texts, rings = (Case(w.tick, before=w.make_due, after=lambda w=w: w.all_done(100)) for w in (texts, rings))
    in_turn(max(rounds // 3, 3), texts, rings, crowd)
    table.row("100 due messages, answers after 200 ms", texts, "`xargs -P32 curl`", crowd)
    table.row("100 due calls, at most 30 a second", rings, "`xargs -P32 curl`, as fast as they come", crowd)
    peaks += [("100 due calls", rings.peak())]

    # 1,000 steps.
    steps = World(scratch, savehub, "steps", 1000, 'provider = "mock"\n').open(1000)
    thousand = Case(steps.tick, before=steps.make_due, after=lambda: steps.all_done(1000))
    updates = thousand_updates(scratch, 1000)
    in_turn(max(rounds // 3, 3), thousand, updates)
    table.row("1,000 due steps, mock", thousand, "`sqlite3`, 1,000 durable updates", updates)
    peaks += [("1,000 due steps, mock", thousand.peak())]

    for many in filter(None, rows):
        peaks += history(scratch, savehub, many, table, 5 * rounds)

    print("\n| peak memory | |\n|---|---|")
    for name, mib in peaks:
        print(f"| {name} | {mib:.1f} MiB |")
    print("\n| instructions (callgrind) | |\n|---|---|")
    if shutil.which("valgrind"):
        for name, argv in counts:
            print(f"| {name} | {instructions(argv)} |")
    else:
        print("| valgrind is not installed | |")


def machine():
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    load = " ".join(f"{n:.1f}" for n in os.getloadavg())
    cpu = model[1] if model else platform.machine()
    return f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} x {cpu}, Linux {platform.release()}, load {load}"


def main():
    savehub, with_postgres = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    rounds, rows = int(sys.argv[3]) if len(sys.argv) > 3 else 21, [int(n) for n in sys.argv[4:]] or [1_000_000]
    os.environ.pop("CALL_PROVIDER", None)
    print(f"{machine()}; medians of runs in turn\n")
    fake = subprocess.Popen([sys.executable, HERE / "fake_twilio.py"], stdout=subprocess.PIPE, text=True)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            measure(Path(scratch), savehub, int(fake.stdout.readline()), rounds, rows)
    finally:
        fake.kill()
    print(f"\nsize of the program: {savehub.stat().st_size / 1e6:.2f} MB, with PostgreSQL {with_postgres / 1e6:.2f} MB")
    print(f"load at the end: {os.getloadavg()[0]:.1f}")


main()
