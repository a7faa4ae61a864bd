"""A whole company at nine o'clock: one tick that calls everybody, on both stores, beside plain updates of the same size.

company.py SAVEHUB [PEOPLE]; benches/company.sh says what for. All rows of a table are of one run on one machine; what a
ratio compares stands in the same row.
"""

import os
import queue
import shutil
import socket
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
    return count(home, store, "attempts", "state = 'ACCEPTED'")


def known(home, store):
    return count(home, store, "meetings", "true")


def count(home, store, table, which):
    sql = f"select count(*) from {table} where {which}"
    if store:
        argv = ["psql", "-Atc", sql.replace(table, f"savehub.{table}", 1), store]
    else:
        argv = ["sqlite3", str(home / "savehub.db"), sql]
    return int(subprocess.run(argv, check=True, capture_output=True, text=True).stdout)


def plain(people, store=None, before=(), root=None):
    """The same number of steps as nothing but updates by the database's own program, in sets of the same size: a set is
    claimed and written down in two transactions. Seconds on the wall."""
    home = Path(tempfile.mkdtemp(prefix="company-plain-", dir=root))
    try:
        table = "create table plain(id integer primary key, state text, sid text);\n"
        rows = [f"insert into plain values ({n}, 'PENDING', null);\n" for n in range(people)]
        lines = []
        for first in range(0, people, SET):
            of_set = range(first, min(first + SET, people))
            for change in ("state = 'RUNNING'", "state = 'EXECUTED', sid = 'CA'"):
                lines += ["begin;\n", *(f"update plain set {change} where id = {n};\n" for n in of_set), "commit;\n"]
        if store:
            program = ["psql", "-qX", "-v", "ON_ERROR_STOP=1", store]
            start = table
        else:
            program = ["sqlite3", str(home / "plain.db")]
            start = "pragma journal_mode = wal;\n" + table
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run(program, input=(start + "begin;\n" + "".join(rows) + "commit;\n").encode(), **quiet)
        script = ("" if store else "pragma synchronous = full;\n") + "".join(lines)
        began = time.perf_counter()
        subprocess.run([*before, *program], input=script.encode(), **quiet)
        return time.perf_counter() - began
    finally:
        shutil.rmtree(home)


def nine(savehub, people, name, store=None, before=(), root=None):
    """The ticks around nine o'clock, and what they cost."""
    home = Path(tempfile.mkdtemp(prefix="company-", dir=root))
    try:
        config(home, people, store)
        first, ticks = Tick(savehub, home, "2026-03-02T08:50:00Z"), 1
        # What a tick has no time for is left to the next one.
        while known(home, store) < people and ticks < 10:
            Tick(savehub, home, f"2026-03-02T08:5{ticks // 2}:{ticks % 2 * 3}0Z")
            ticks += 1
        calls = Tick(savehub, home, "2026-03-02T08:57:10Z", before)
        made = placed(home, store)
        follows = Tick(savehub, home, "2026-03-02T08:57:40Z")
        updates = plain(people, store, before, root)
        looked = f"{first}, {ticks} ticks" if ticks > 1 else first
        print(
            f"| {name} | {made} calls: {calls} | {updates:.2f} s, {calls.wall / updates:.1f} | {looked} | {follows} |",
            flush=True,
        )
    finally:
        shutil.rmtree(home)


class Cluster:
    """A PostgreSQL server of the bench's own, on a socket and a port of this machine."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="company-pg-"))
        self.home.chmod(0o777)
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.ctl = [*(["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []), str(programs / "pg_ctl")]
        self.data = str(self.home / "data")
        auth = "--auth=trust --username=savehub --no-locale --encoding=UTF8"
        self.run("initdb", "-s", "-o", auth)
        options = f"-p {self.port} -k {self.home} -c listen_addresses=127.0.0.1 -c max_connections=200"
        self.run("start", "-w", "-s", "-l", str(self.home / "log"), "-o", options)
        self.count = 0

    def run(self, *argv):
        subprocess.run([*self.ctl, "-D", self.data, *argv], check=True, stdout=subprocess.DEVNULL)

    def database(self, port=None):
        """A new database; its address, on this port."""
        self.count += 1
        name = f"company{self.count}"
        server = f"postgres://savehub@127.0.0.1:{self.port}"
        subprocess.run(["psql", "-qc", f"create database {name}", f"{server}/postgres"], check=True)
        return f"postgres://savehub@127.0.0.1:{port or self.port}/{name}"

    def stop(self):
        self.run("stop", "-m", "immediate", "-s")
        shutil.rmtree(self.home, ignore_errors=True)


class Far:
    """Makes the server seem this far away: what passes waits on its way, in each direction half of it."""

    def __init__(self, port, seconds):
        self.to, self.half = port, seconds / 2
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.to))
            for a, b in ((client, server), (server, client)):
                for s in (a, b):
                    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    def carry(self, a, b):
        way = queue.SimpleQueue()
        threading.Thread(target=self.arrive, args=(way, b), daemon=True).start()
        try:
            while data := a.recv(1 << 16):
                way.put((time.monotonic() + self.half, data))
        except OSError:
            pass
        way.put((0, b""))

    def arrive(self, way, b):
        try:
            while data := (next := way.get())[1]:
                time.sleep(max(0, next[0] - time.monotonic()))
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def main():
    savehub, people = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 6000
    print(f"{people} people, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}")
    print("| store | one tick with all calls | plain updates in sets of the same size, ratio | first look | tick after |")
    print("|---|---|---|---|---|", flush=True)
    which = sys.argv[3:] or ["sqlite", "slow", "postgres", "far"]
    if "sqlite" in which:
        nine(savehub, people, "SQLite")
    slow = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fdatasync"]
    for ms in (4, 10) if "slow" in which else ():
        nine(savehub, people, f"SQLite, fdatasync of {ms} ms", before=[*slow, "-e", f"inject=fdatasync:delay_exit={ms}ms"])
    if "postgres" in which or "far" in which:
        cluster = Cluster()
        try:
            if "postgres" in which:
                nine(savehub, people, "PostgreSQL", store=cluster.database())
            if "far" in which:
                far = Far(cluster.port, 0.005)
                nine(savehub, people, "PostgreSQL, 5 ms away", store=cluster.database(far.port))
        finally:
            cluster.stop()


main()
