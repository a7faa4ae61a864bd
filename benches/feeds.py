"""Thousands of subscriptions behind one slow server: how fast the first look at all of them is beside curl, and whether
each is looked at within its interval afterwards. Called by feeds.sh.

Usage: feeds.py SAVEHUB [CALENDARS] [MINUTES]
"""

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SLOW = 0.2
REFRESH = 300
EVERY = 30
PARALLEL = 32

CALENDAR = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//example//EN\r
{events}END:VCALENDAR\r
"""
EVENT = """BEGIN:VEVENT\r
UID:{number}@example.org\r
DTSTAMP:20260101T000000Z\r
DTSTART:20260105T{hour:02}0000Z\r
DURATION:PT30M\r
RRULE:FREQ=WEEKLY\r
SUMMARY:Meeting {number}\r
END:VEVENT\r
"""
BODY = CALENDAR.format(events="".join(EVENT.format(number=n, hour=n % 24) for n in range(100))).encode()


class Server(asyncio.Protocol):
    """Answers each request 200 ms later, with 304 where the copy is known."""

    looks = {}
    whole = 0
    open = 0
    most_open = 0

    def connection_made(self, transport):
        self.transport, self.bytes = transport, b""

    def data_received(self, data):
        self.bytes += data
        while b"\r\n\r\n" in self.bytes:
            head, _, self.bytes = self.bytes.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            path = lines[0].split(" ")[1]
            known = any(line.lower().startswith("if-none-match:") for line in lines)
            Server.looks.setdefault(path, []).append(time.monotonic())
            Server.open += 1
            Server.most_open = max(Server.most_open, Server.open)
            asyncio.get_running_loop().call_later(SLOW, self.say, known)

    def say(self, known):
        Server.open -= 1
        Server.whole += not known
        if known:
            self.transport.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
        else:
            head = f'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Type: text/calendar\r\nContent-Length: {len(BODY)}\r\n\r\n'
            self.transport.write(head.encode() + BODY)


def serve():
    """Runs the server in a thread of its own; gives its port."""
    port, ready = [], threading.Event()

    async def run():
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=512)
        port.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(run()), daemon=True).start()
    ready.wait()
    return port[0]


def run(*command, **options):
    """Wall and processor seconds of a program."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu


def config(scratch, port, calendars):
    text = [f'database = "savehub.db"\n[call]\nprovider = "mock"\n[calendar]\nrefresh = "{REFRESH}s"\n']
    for n in range(calendars):
        phone = f"+1{202 + n // 100}55501{n % 100:02}"
        url = f"http://127.0.0.1:{port}/{n}.ics"
        text.append(f'[[person]]\nid = "p{n}"\nphone = "{phone}"\nzone = "UTC"\ncalendars = [{{ url = "{url}" }}]\n')
    path = scratch / "config.toml"
    path.write_text("".join(text))
    path.chmod(0o600)
    return path


def main():
    savehub, calendars, minutes = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    port = serve()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        path = config(scratch, port, calendars)
        tick = [savehub, "tick", "-q", "--config", path]
        urls = "".join(f'url = "http://127.0.0.1:{port}/curl{n}.ics"\noutput = "/dev/null"\n' for n in range(calendars))
        (scratch / "urls").write_text(urls)
        # Its own picture of the progress is of no use here.
        quiet = {"stderr": subprocess.DEVNULL}
        curl = run("curl", "-s", "-Z", "--parallel-max", str(PARALLEL), "-K", scratch / "urls", **quiet)
        Server.looks.clear()
        first, ticks = (0.0, 0.0), 0
        while len(Server.looks) < calendars:
            took = run(*tick)
            first, ticks = (first[0] + took[0], first[1] + took[1]), ticks + 1
        print(f"first look at {calendars} calendars of 100 events, 200 ms each: savehub {first[0]:.1f} s ({ticks} ticks), "
              f"{first[1]:.1f} s of the processor; curl -Z --parallel-max {PARALLEL}, which reads none of it: {curl[0]:.1f} s, {curl[1]:.1f} s")
        Server.whole = 0
        for looks in Server.looks.values():
            del looks[:-1]
        before = {path: looks[0] for path, looks in Server.looks.items()}
        end, each = time.monotonic() + minutes * 60, []
        while time.monotonic() < end:
            began, count = time.monotonic(), sum(map(len, Server.looks.values()))
            took = run(*tick)
            each.append((sum(map(len, Server.looks.values())) - count, *took))
            time.sleep(max(0.0, began + EVERY - time.monotonic()))
        pauses = [b - a for looks in Server.looks.values() for a, b in zip(looks, looks[1:])]
        late = [time.monotonic() - looks[-1] for looks in Server.looks.values()]
        looks = [n for n, _, _ in each]
        print(f"then a tick every {EVERY} s for {minutes:g} min: {sum(looks)} looks, {Server.whole} of them for the whole calendar, "
              f"{min(looks)} to {max(looks)} in a tick (median {statistics.median(looks):.0f}), {Server.most_open} at once at most; "
              f"a calendar waited {max(pauses + late):.0f} s at most (refresh {REFRESH} s); "
              f"a tick took {statistics.median(t for _, t, _ in each):.1f} s (longest {max(t for _, t, _ in each):.1f} s) "
              f"and {1000 * statistics.median(c for _, _, c in each):.0f} ms of the processor")
        assert len(before) == calendars


if __name__ == "__main__":
    main()
