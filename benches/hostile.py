"""Files of the size limit that are written to hurt, each read by `calendar check`, and what each takes of the processor.

hostile.py SAVEHUB ROUNDS. The families are those of tests/it/calendar_hostile; here each is as large as a feed may be.
"""

import os
import sys
import tempfile
from pathlib import Path

SIZE = 19_900_000
MOST_S = 2.0
RULE = "DTSTART:19700101T093000Z\r\nRRULE:FREQ=DAILY\r\n"
PART = "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZNAME:ODD\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\n"
TIMES = ["2020-01-01T00:00:00.000000000+01:00", "2020-01-01 24:00:00", "20200101T000000000Z", "2020-01-01T0:0", "20200101T0+"]


def event(n, lines):
    return f"BEGIN:VEVENT\r\nUID:bad-{n}\r\n{lines}END:VEVENT\r\n"


def zone(name):
    return f"BEGIN:VTIMEZONE\r\nTZID:{name}\r\n{PART}END:VTIMEZONE\r\n"


def calendars(n):
    return f"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n{zone('Odd')}{event(n % 7, 'DTSTART;TZID=Odd:20200101T000000' + chr(10))}END:VCALENDAR\r\n"


def plain(n):
    text = "Agenda\\, questions\\, decisions.\\nJoin: https://meet.google.com/abc-defg-hij\\n" * 10
    return event(n, f"DTSTART:20260101T{n % 24:02}0000Z\r\nSUMMARY:Meeting {n}\r\nDESCRIPTION:{text}\r\n")


# Each writes the n-th piece of a file.
FAMILIES = {
    "a plain calendar": plain,
    "unknown zone names": lambda n: event(n, f"DTSTART;TZID=Nowhere/{n}:20200101T000000\r\nRRULE:FREQ=WEEKLY\r\n"),
    "zone names that are nearly one": lambda n: event(
        n, f"DTSTART;TZID=GMT Standard Time {n}:20200101T000000\r\nRRULE:FREQ=WEEKLY\r\n"
    ),
    "zones and abbreviations": lambda n: zone(f"Odd {n}")
    + event(n, f"DTSTART;TZID=ODD{n}:20200101T000000\r\nRRULE:FREQ=WEEKLY\r\n"),
    "links": lambda n: event(n, RULE + "DESCRIPTION:" + "https://zoom.us/j/1 <a href=\"https://" * 2500 + "\r\n"),
    "links that end each other": lambda n: event(n, RULE + "DESCRIPTION:" + "https://a&lt;" * 7500 + "\r\n"),
    "rules that must be walked": lambda n: event(n, "DTSTART:19700101T000000Z\r\nRRULE:FREQ=MINUTELY;COUNT=999999999\r\n"),
    "a flood of series": lambda n: event(n, RULE),
    "a flood of series that are over": lambda n: event(
        n, "DTSTART:19700101T000000Z\r\nRRULE:FREQ=DAILY;UNTIL=19990101T000000Z\r\n"
    ),
    "times as programs write them": lambda n: event(n, f"DTSTART:{TIMES[n % len(TIMES)]}\r\n"),
    "calendars in one file": calendars,
    "alarms that are not closed": lambda n: event(n, RULE + "BEGIN:VALARM\r\nSTATUS:CANCELLED\r\n"),
    "marks": lambda n: event(n, RULE + "DESCRIPTION:" + "savehub: 15 minuets\\n<br>savehub: off<a <&nbsp;" * 2000 + "\r\n"),
}


def text(piece):
    parts, length = ["BEGIN:VCALENDAR\r\n"], 0
    n = 0
    while length < SIZE:
        parts.append(piece(n))
        length += len(parts[-1])
        n += 1
    end = "" if parts[-1].endswith("END:VCALENDAR\r\n") else "END:VCALENDAR\r\n"
    return "".join(parts[:-1]) + end


def taken(savehub, path):
    """Seconds of the processor."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os.execv(savehub, [savehub, "calendar", "check", path, "--until", "26h", "--json"])
    _, status, usage = os.wait4(child, 0)
    assert status == 0, f"{path}: exit {status}"
    return usage.ru_utime + usage.ru_stime


def main():
    savehub, rounds = str(Path(sys.argv[1]).resolve()), int(sys.argv[2])
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.update(HOME=scratch, XDG_CONFIG_HOME=scratch, TZ="UTC")
        files = {}
        for at, (name, piece) in enumerate(FAMILIES.items()):
            files[name] = Path(scratch) / f"{at}.ics"
            files[name].write_bytes(text(piece).encode())
        whole = text(FAMILIES["a flood of series"])
        files["a flood of series in UTF-16"] = Path(scratch) / "utf16.ics"
        half = whole[: len(whole) // 2].rsplit("BEGIN:VEVENT", 1)[0] + "END:VCALENDAR\r\n"
        files["a flood of series in UTF-16"].write_bytes(half.encode("utf-16-le"))
        best = {name: min(taken(savehub, path) for _ in range(rounds)) for name, path in files.items()}
    usual = best["a plain calendar"]
    for name, seconds in best.items():
        print(f"{seconds:6.2f} s  {seconds / usual:6.1f} times  {name}")
    slow = [name for name, seconds in best.items() if seconds > MOST_S]
    sys.exit(f"more than {MOST_S} s: {', '.join(slow)}" if slow else 0)


main()
