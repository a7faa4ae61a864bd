"""Expands calendars with recurring-ical-events and compares.

Reads lines of JSON: a calendar, the stretch of time that was looked at, and what savehub saw in it. Prints what was
compared and each difference that no row of EXPLAINED accounts for; such a difference makes it fail.
"""

import json
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

WIDER = timedelta(days=2)

# Whose clocks the calendars' own zone follows.
NEW_YORK = ZoneInfo("America/New_York")


def expanded(case):
    """What recurring-ical-events sees: (UID, start, title), each once."""
    calendar = Calendar.from_ical(case["ics"])
    own_zone = ZoneInfo(case["zone"])
    start, end = (datetime.fromtimestamp(case[key], timezone.utc) for key in ("from", "until"))
    found = set()
    for event in recurring_ical_events.of(calendar).between(start - WIDER, end + WIDER):
        at = event.start
        if not isinstance(at, datetime):
            continue
        if at.tzinfo is None:
            at = at.replace(tzinfo=own_zone)
        if start <= at.astimezone(timezone.utc) < end:
            found.add((event["UID"], int(at.timestamp()), str(event["SUMMARY"])))
    return found


class Difference:
    """An occurrence only one of the two sees, with the components of its UID."""

    def __init__(self, case, occurrence, ours):
        uid, start, title = occurrence
        components = [c for c in Calendar.from_ical(case["ics"]).walk("VEVENT") if c["UID"] == uid]
        self.ours = ours
        self.own_zone = ZoneInfo(case["zone"])
        self.start = start
        self.master = next((c for c in components if "RECURRENCE-ID" not in c), {})
        self.overrides = [c for c in components if "RECURRENCE-ID" in c]
        self.component = next(c for c in components if c["SUMMARY"] == title)

    def instant(self, at):
        return (at if at.tzinfo else at.replace(tzinfo=self.own_zone)).timestamp()

    def until(self):
        return self.master.get("RRULE", {}).get("UNTIL", [None])[0]

    def exceptions(self):
        dates = self.master.get("EXDATE", [])
        return [date.dt for line in (dates if isinstance(dates, list) else [dates]) for date in line.dts]

    def planned(self):
        """The time the occurrence was planned for, as it is written or would be."""
        if self.component is self.master:
            return self.local(self.start)
        original = self.component["RECURRENCE-ID"]
        if original.params.get("RANGE") != "THISANDFUTURE":
            return original.dt
        shift = self.component["DTSTART"].dt.replace(tzinfo=None) - original.dt.replace(tzinfo=None)
        return self.local(self.start) - shift

    def local(self, instant):
        at, zone = datetime.fromtimestamp(instant, timezone.utc), self.master["DTSTART"].dt.tzinfo
        return at.astimezone(zone) if zone else at.astimezone(self.own_zone).replace(tzinfo=None)


def digits(at):
    """A time as recurring-ical-events compares it: without its zone, and in UTC without that."""
    return {at.replace(tzinfo=None), at.astimezone(timezone.utc).replace(tzinfo=None)} if at.tzinfo else {at}


def in_gap(at):
    """The digits a rule gave for a time that a gap of an hour, or of half an hour, shifted."""
    if at.tzinfo is None:
        return set()
    earlier = [at.replace(tzinfo=None) - timedelta(minutes=minutes) for minutes in (30, 60)]
    return {digits for digits in earlier if digits.replace(tzinfo=at.tzinfo).timestamp() == at.timestamp()}


def same_digits(difference):
    """EXDATE and RECURRENCE-ID are compared as digits, local ones with those of UTC: 15:45 on the wall and 15:45 UTC
    are taken for the same time."""
    planned = difference.planned()
    written = digits(planned) | in_gap(planned)
    others = [override["RECURRENCE-ID"].dt for override in difference.overrides]
    return difference.ours and any(
        written & digits(other) and difference.instant(planned) != difference.instant(other)
        for other in others + difference.exceptions()
    )


def until_before_start(difference):
    """A series whose UNTIL is before its DTSTART still takes place at DTSTART (RFC 5545 section 3.8.5.3: it is always
    the first occurrence)."""
    at_start = difference.start == difference.instant(difference.master["DTSTART"].dt)
    until = difference.until()
    return difference.ours and at_start and isinstance(until, datetime) and difference.instant(until) < difference.start


def until_day(difference):
    """A day as UNTIL includes that day, in the zone of the series; the other takes it for midnight in UTC."""
    until = difference.until()
    if not difference.ours or until is None or isinstance(until, datetime):
        return False
    midnight = datetime(until.year, until.month, until.day, tzinfo=timezone.utc).timestamp()
    return difference.planned().date() <= until and difference.instant(difference.planned()) > midnight


def gap_of_own_zone(difference):
    """A time in the gap of a VTIMEZONE that stands for itself shifts forward (RFC 5545 section 3.3.5); the other shifts
    it back."""
    tzid = difference.component["DTSTART"].params.get("TZID")
    before, after = (datetime.fromtimestamp(difference.start + d, NEW_YORK).utcoffset() for d in (-3601, 3600))
    return tzid == "Our own time" and before < after


def override_in_gap(difference):
    """An override stands for the instant its RECURRENCE-ID names, also for an occurrence that a gap shifts to it; the
    other compares times without a zone as digits."""
    instants = [difference.instant(o["RECURRENCE-ID"].dt) for o in difference.overrides]
    floating = difference.master["DTSTART"].dt.tzinfo is None
    return not difference.ours and floating and difference.start in instants


def override_of_left_out(difference):
    """An override counts also where an EXDATE leaves out the occurrence it stands for."""
    exceptions = {difference.instant(at) for at in difference.exceptions()}
    overrides = difference.component is not difference.master
    return difference.ours and overrides and difference.instant(difference.planned()) in exceptions


EXPLAINED = [same_digits, until_before_start, until_day, gap_of_own_zone, override_in_gap, override_of_left_out]


def explanation(case, occurrence, ours):
    difference = Difference(case, occurrence, ours)
    return next((row.__doc__ for row in EXPLAINED if row(difference)), None)


def main(path):
    calendars = occurrences = 0
    explained, unexplained = {}, []
    with open(path, encoding="utf-8") as lines:
        for case in map(json.loads, lines):
            calendars += 1
            ours = {tuple(occurrence) for occurrence in case["seen"]}
            theirs = expanded(case)
            occurrences += len(ours & theirs)
            for occurrence in sorted(ours ^ theirs):
                why = explanation(case, occurrence, occurrence in ours)
                if why:
                    explained[why] = explained.get(why, 0) + 1
                else:
                    unexplained.append((case, occurrence, occurrence in ours))
    print(f"{calendars} calendars: {occurrences} occurrences seen by both")
    for why, count in sorted(explained.items()):
        print(f"{count} explained: {why}")
    print(f"{len(unexplained)} unexplained")
    for case, (uid, start, title), ours in unexplained[:10]:
        at = datetime.fromtimestamp(start, timezone.utc)
        print(f"\n{case['name']}: only {'savehub' if ours else 'the other'} sees {title} at {at:%Y-%m-%dT%H:%MZ}")
        print(f"looked at for {case['zone']}\n{case['ics']}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
