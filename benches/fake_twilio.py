"""The part of a provider that a due call meets: it takes a call (POST) and lists none (GET). Loopback only, keep-alive.

Usage: fake_twilio.py. Prints its port. `GET /last` is the body of the last POST, `GET /posts` their number; a path that
starts with /slow is answered 200 ms later.
"""

import asyncio
import email.utils
import json

SLOW = 0.2
seen = {"last": b"", "posts": 0}


def head(status, kind, body):
    date = email.utils.formatdate(usegmt=True)
    text = f"HTTP/1.1 {status}\r\nDate: {date}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return text.encode() + body


def taken(path):
    """What Twilio says to a new call or message."""
    sid = f"{'SM' if 'Messages' in path else 'CA'}{seen['posts']:032x}"
    body = {"sid": sid, "status": "queued", "date_created": email.utils.formatdate(), "price": None, "error_code": None}
    return head("201 CREATED", "application/json", json.dumps(body).encode())


def answer(method, path, body):
    if path == "/last":
        return head("200 OK", "text/plain", seen["last"])
    if path == "/posts":
        return head("200 OK", "text/plain", str(seen["posts"]).encode())
    if method == "POST":
        seen.update(last=body, posts=seen["posts"] + 1)
        return taken(path)
    empty = {"calls": [], "messages": [], "conferences": [], "page": 0, "page_size": 50, "next_page_uri": None}
    return head("200 OK", "application/json", json.dumps(empty).encode())


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.bytes = transport, b""

    def data_received(self, data):
        self.bytes += data
        while True:
            top, found, rest = self.bytes.partition(b"\r\n\r\n")
            if not found:
                return
            lines = top.decode("latin-1").split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
            length = int(fields.get("content-length", "0"))
            if len(rest) < length:
                return
            self.bytes = rest[length:]
            method, path, _ = lines[0].split(" ", 2)
            said = answer(method, path, rest[:length])
            if path.startswith("/slow"):
                asyncio.get_running_loop().call_later(SLOW, self.say, said)
            else:
                self.say(said)

    def say(self, said):
        if not self.transport.is_closing():
            self.transport.write(said)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
