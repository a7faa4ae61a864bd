"""Reads calendars of 5,000 and 50,000 events with savehub and with libical, in turn, and prints what each takes.

calendar.py SAVEHUB LIBICAL ROUNDS, where LIBICAL is the program made of calendar_libical.c. Needs GNU time.
"""

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

ZONE = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""

RULES = [
    "FREQ=WEEKLY;BYDAY={day}",
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;UNTIL={until}",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY={day}",
    "FREQ=DAILY;COUNT=400",
    "FREQ=MONTHLY;BYDAY=1MO",
    "FREQ=MONTHLY;BYMONTHDAY=15",
    "FREQ=YEARLY",
]

DESCRIPTION = """DESCRIPTION:Agenda: 1. What happened since last week\\, 2. open questions\\,
  3. decisions. Notes are kept in the usual place\\; please add yours before
  the meeting.\\n\\nJoin with Google Meet: https://meet.google.com/abc-defg-hij
 \\nOr dial: +1 202-555-0123 PIN: 123456#\\nMore numbers: https://tel.meet/abc-
 defg-hij?pin=1234567890123\\n\\nPlease do not edit this section.
"""


def event(n, now, dice):
    """An event as calendar programs write it, about 1 KB; one in ten recurs."""
    recurs = n % 10 == 0
    start = now + timedelta(minutes=15 * dice.randrange(-35_000, 0 if recurs else 35_000))
    stamp = "%Y%m%dT%H%M%S"
    rule = dice.choice(RULES).format(
        day=dice.choice(["MO", "TU", "WE", "TH", "FR"]), until=(now + timedelta(days=200)).strftime(stamp + "Z")
    )
    lines = ["BEGIN:VEVENT", f"DTSTART;TZID=Europe/Berlin:{start:{stamp}}"]
    lines += [f"DTEND;TZID=Europe/Berlin:{start + timedelta(minutes=30):{stamp}}"]
    if recurs:
        lines += [f"RRULE:{rule}", f"EXDATE;TZID=Europe/Berlin:{start + timedelta(days=7):{stamp}}"]
    lines += ["DTSTAMP:20260101T000000Z", "ORGANIZER;CN=Ana:mailto:ana@example.com", f"UID:{n:026x}@example.com"]
    for guest in ("ana", "bo", "cy"):
        lines += ["ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN="]
        lines += [f" {guest}@example.com;X-NUM-GUESTS=0:mailto:{guest}@example.com"]
    lines += ["CREATED:20250101T000000Z", *DESCRIPTION.splitlines(), "LAST-MODIFIED:20260101T000000Z"]
    lines += ["LOCATION:Room 2", "SEQUENCE:0", "STATUS:CONFIRMED", f"SUMMARY:Meeting {n}", "TRANSP:OPAQUE"]
    return lines + ["END:VEVENT"]


def calendar(events, now):
    dice = random.Random(events)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//savehub//bench//EN", *ZONE.splitlines()]
    for n in range(events):
        lines += event(n, now, dice)
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def measured(command):
    """Seconds, peak memory in MB, and what it printed."""
    begun = time.perf_counter()
    ran = subprocess.run(["/usr/bin/time", "-f", "%M", *command], capture_output=True, text=True, check=True)
    return time.perf_counter() - begun, int(ran.stderr.split()[-1]) / 1000, ran.stdout


def compared(events, savehub, libical, rounds, folder):
    now = datetime.now(timezone.utc).replace(second=0, microsecond=0, tzinfo=None)
    path = folder / f"{events}.ics"
    path.write_text(calendar(events, now), encoding="utf-8", newline="")
    config = folder / "config.toml"
    config.write_text('[[person]]\nid = "ana"\nphone = "+12025550101"\n[calendar]\nmax_size = "100 MB"\n')
    begins = int(time.time())
    ours = [savehub, "calendar", "check", path, "--until", "24h", "--json", "--config", config]
    theirs = [libical, path, str(begins), str(begins + 86_400)]
    runs = [(measured(ours), measured(theirs)) for _ in range(rounds)]
    found = len(json.loads(runs[0][0][2])["meetings"]), int(runs[0][1][2])
    (our_time, our_memory), (their_time, their_memory) = (
        (statistics.median(run[who][0] for run in runs), max(run[who][1] for run in runs)) for who in (0, 1)
    )
    size = path.stat().st_size / 1e6
    print(f"| {events:,} events, {size:.0f} MB | savehub {found[0]}, libical {found[1]} ", end="")
    print(f"| {our_time:.3f} s | {their_time:.3f} s | **1/{their_time / our_time:.1f}** ", end="")
    print(f"| {our_memory:.0f} MB | {their_memory:.0f} MB | **1/{their_memory / our_memory:.1f}** |")


def main(savehub, libical, rounds):
    print("| calendar | found | savehub | libical | | savehub | libical | |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for events in (5_000, 50_000):
            compared(events, savehub, libical, int(rounds), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
