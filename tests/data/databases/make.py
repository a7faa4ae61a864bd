#!/usr/bin/env python3
"""Writes schema_1.sql to schema_7.sql: a database of each earlier schema as text, made of that schema's own words and
the same seven meetings, one for each state an attempt can be in. Run it beside the schemas: python3 make.py
"""

import sqlite3
from pathlib import Path

HERE = Path(__file__).parent
SCHEMAS = HERE.parents[2] / "src" / "store" / "sqlite"
# 2026-11-23T10:00:00Z, when all meetings start.
START = 1_795_428_000_000
CALLED = START - 180_000
OWNER = "00000000-0000-0000-0000-000000000000:17:99"

# State of the attempt, and of its step with the reason.
STATES = [
    ("SENDING", "RUNNING", None),
    ("ACCEPTED", "EXECUTED", "initiated"),
    ("REJECTED", "FAILED", "rejected"),
    ("NOT_SENT", "PENDING", None),
    ("UNKNOWN", "RUNNING", None),
    ("ABSENT", "PENDING", None),
    ("ABANDONED", "FAILED", "unknown"),
]


def insert(db, table, **row):
    """The columns that this schema has."""
    known = {name for (_, name, *_) in db.execute(f"pragma table_info({table})")}
    row = {name: value for name, value in row.items() if name in known}
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    db.execute(f"insert into {table}({names}) values ({marks})", list(row.values()))


def meeting(db, n, state, step, reason):
    person = f"p{n}"
    open_attempt = state in ("SENDING", "UNKNOWN")
    tries = 1 if state in ("NOT_SENT", "ABSENT") else 0
    insert(db, "meetings", id=n, person=person, uid=f"{n}@example.org", recurrence="", title=f"Meeting {n}",
           starts_at=START, source="manual", state="SCHEDULED", generation=1, watched=1,
           created_at=START - 3_600_000, updated_at=START - 3_600_000)
    insert(db, "incidents", id=n, meeting_id=n, person=person, generation=1, starts_at=START, state="ESCALATING",
           opened_at=START - 600_000)
    for rung, before in enumerate((180_000, 90_000)):
        first = rung == 0
        insert(db, "steps", id=10 * n + rung, incident_id=n, rung=rung, kind="call", before_ms=before,
               due_at=START - before, ready_at=START - before, starts_at=START, deadline_at=START,
               state="PENDING", tries=tries if first else 0, updated_at=CALLED)
    # As it happened: the triggers of newer schemas count what ends.
    db.execute("update steps set state = ?, reason = ? where id = ?", (step, reason, 10 * n))
    taken = state == "ACCEPTED"
    insert(db, "attempts", id=n, token=f"token{n}", key=f"token{n}", step_id=10 * n, person=person, provider="mock",
           account="mock", kind="call", to_number=f"+1202555010{n}", from_number="+12025550199",
           message="Hello", state=state, owner=OWNER, lease_until_boot_ms=120_000, intent_at=CALLED,
           intent_boot_ms=0, request_deadline_at=CALLED + 20_000, deadline_boot_ms=20_000,
           finished_at=None if state == "SENDING" else CALLED + 1000, sid=f"MOCK-token{n}" if taken else None,
           call_status="completed" if taken else None, hang_up="NONE")
    insert(db, "attempt_steps", attempt_id=n, step_id=10 * n, incident_id=n)
    if state not in ("REJECTED", "NOT_SENT"):
        insert(db, "call_tracker", attempt_id=n, meeting_id=n, person=person, at=CALLED)
    assert open_attempt == (step == "RUNNING")


def main():
    for version in range(1, 8):
        db = sqlite3.connect(":memory:", isolation_level=None)
        for n in range(1, version + 1):
            db.executescript((SCHEMAS / f"schema_{n}.sql").read_text())
        for n, (state, step, reason) in enumerate(STATES, start=1):
            meeting(db, n, state, step, reason)
        insert(db, "ticks", id=1, owner=OWNER, boottime_ms=1000, started_at=CALLED, ended_at=CALLED + 1000, exit=1,
               placed=1, not_placed=1)
        insert(db, "faults", key="clock", since=CALLED, told_at=CALLED)
        head = f"pragma foreign_keys = off;\npragma application_id = {0x53415648};\npragma user_version = {version};\n"
        text = head + "\n".join(db.iterdump()) + "\n"
        (HERE / f"schema_{version}.sql").write_text(text)


main()
