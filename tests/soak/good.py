"""Requests that have to succeed, each kind a coroutine; `KINDS` says how often."""

import asyncio
import hashlib
import os

import websocket
from http2 import Http2
from wire import CHUNK, Connection, Failed, Unanswered, exchange, head, response

# /bytes repeats 0..255.
PATTERN = bytes(range(256)) * (CHUNK // 256 + 1)


class Way:
    """How a client comes to a server: the port, its TLS, its address."""

    def __init__(self, server, secure, tls=None, source=None, identity=None):
        self.server, self.secure, self.context = server, secure, tls
        self.source, self.identity = source, identity

    def open(self, alpn="http/1.1", **options):
        # Contexts are per ALPN: asyncio gives no other way.
        tls = self.context[alpn] if self.secure else None
        return Connection.open(self.server.port, tls, self.source, **options)

    def scheme(self):
        return "https" if self.secure else "http"


def check_whoami(way, body):
    if f'"scheme": "{way.scheme()}"'.encode() not in body:
        raise Failed(f"not the scheme that was used: {body[:120]!r}")


async def new_connection(way, _):
    async with await way.open() as connection:
        check_whoami(way, (await exchange(connection, "GET", "/whoami", "connection: close")).body)


async def kept_alive(way, dice):
    """Requests on one connection, some after a pause; a server that closes is asked anew."""
    left = dice.randint(5, 25)
    while left:
        async with await way.open() as connection:
            while left:
                answer = await exchange(connection, "GET", "/whoami")
                check_whoami(way, answer.body)
                left -= 1
                if answer.closes():
                    break
                await asyncio.sleep(dice.choice((0, 0, 0.01, 0.3)))


async def pipelined(way, dice):
    """Three heads at once; a server that drains answers the first and closes."""
    async with await way.open() as connection:
        await connection.send(head("GET", "/healthz") * 3)
        for _ in range(3):
            answer = await response(connection)
            if answer.status != 200 or answer.body != b"ok\n":
                raise Failed(f"pipelined: {answer.status} {answer.body[:40]!r}")
            if answer.closes():
                return


async def half_closed(way, _):
    """FIN after the request; asyncio has no half-close in TLS."""
    if way.secure:
        return await new_connection(way, _)
    async with await way.open() as connection:
        await connection.send(head("GET", "/slow?ms=50"))
        connection.writer.write_eof()
        if (await response(connection)).status != 200:
            raise Failed("half-close")


async def upload(way, dice):
    """A body to /echo and back, in one piece or chunked."""
    body = os.urandom(dice.choice((1, 4_000, 70_000, 1 << 20)))
    async with await way.open() as connection:
        if dice.random() < 0.5:
            back = (await exchange(connection, "POST", "/echo", body=body)).body
        else:
            back = await _chunked(connection, body)
        if hashlib.sha256(back).digest() != hashlib.sha256(body).digest():
            raise Failed(f"an echo of {len(back)} bytes for {len(body)}")


async def _chunked(connection, body):
    async def send():
        await connection.send(head("POST", "/echo", "transfer-encoding: chunked"))
        for at in range(0, len(body), 50_000):
            piece = body[at:at + 50_000]
            await connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        await connection.send(b"0\r\n\r\n")

    sending = asyncio.ensure_future(send())
    try:
        return (await response(connection)).body
    finally:
        sending.cancel()


async def download(way, dice, length=None):
    length = length or dice.choice((100_000, 3_000_000, 12_000_000))
    at = 0

    def check(piece):
        nonlocal at
        if piece != PATTERN[at % 256:at % 256 + len(piece)]:
            raise Failed(f"other bytes after {at}")
        at += len(piece)

    async with await way.open() as connection:
        await connection.send(head("GET", f"/bytes?n={length}"))
        await response(connection, check)
        if at != length:
            raise Failed(f"{at} bytes instead of {length}")


async def http2(way, dice):
    """Rounds of concurrent requests on one connection: answers, downloads, echoes."""
    async with await way.open("h2") as connection:
        client = await Http2(connection).begin()
        for _ in range(dice.randint(1, 3)):
            requests = [("GET", "/whoami", b"")] * dice.randint(1, 8)
            if dice.random() < 0.3:
                requests.append(("GET", "/bytes?n=600000", b""))
            body = os.urandom(dice.choice((10, 100_000))) if dice.random() < 0.4 else b""
            if body:
                requests.append(("POST", "/echo", body))
            bodies = await client.exchange(requests)
            check_whoami(way, bodies[0])
            if body and bodies[-1] != body:
                raise Failed("another echo over HTTP/2")


async def web_socket(way, dice):
    async with await way.open() as connection:
        await websocket.upgrade(connection)
        for _ in range(dice.randint(1, 12)):
            opcode = dice.choice((websocket.TEXT, websocket.BINARY, websocket.PING))
            length = dice.choice((0, 20, 125)) if opcode == websocket.PING else dice.choice((0, 125, 126, 70_000))
            payload = b"o" * length
            await connection.send(websocket.frame(opcode, payload))
            expected = websocket.PONG if opcode == websocket.PING else opcode
            got = await websocket.receive(connection)
            if got[0] == websocket.CLOSE and got[1][:2] == (1001).to_bytes(2, "big"):
                # It is shut down, and says so.
                return await connection.send(websocket.frame(websocket.CLOSE, got[1][:2]))
            if got != (expected, payload):
                raise Failed(f"another echo: {got[0]} {got[1][:20]!r}")
            await asyncio.sleep(dice.choice((0, 0, 0.05)))
        await connection.send(websocket.frame(websocket.CLOSE, (1000).to_bytes(2, "big")))
        opcode, _ = await websocket.receive(connection)
        if opcode != websocket.CLOSE:
            raise Failed(f"no close frame but {opcode}")


def with_curl(ca):
    """A client that others wrote, with its own OpenSSL and nghttp2."""

    async def curl(way, dice):
        version = dice.choice(("--http1.1", "--http2" if way.secure else "--http2-prior-knowledge"))
        command = ["curl", "-sS", "--max-time", "30", "--cacert", ca, version,
                   f"{way.scheme()}://localhost:{way.server.port}/whoami", "--resolve",
                   f"localhost:{way.server.port}:127.0.0.1"]
        if way.identity:
            command += ["--cert", f"{way.identity}.crt", "--key", f"{way.identity}.key"]
        if way.source:
            command += ["--interface", way.source]
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE)
        body, said = await process.communicate()
        # 7 refused, 35 in the handshake, 52 empty answer, 56 reset, 16 GOAWAY.
        if process.returncode:
            unanswered = process.returncode in (7, 16, 35, 52, 56)
            raise (Unanswered if unanswered else Failed)(f"curl: {process.returncode} {said[:120]!r}")
        check_whoami(way, body)

    return curl


def kinds(ca):
    """Name -> (coroutine, how often)."""
    return {
        "new connection": (new_connection, 30),
        "kept alive": (kept_alive, 12),
        "pipelined": (pipelined, 5),
        "half-closed": (half_closed, 5),
        "upload": (upload, 6),
        "download": (download, 3),
        "HTTP/2": (http2, 12),
        "WebSocket": (web_socket, 10),
        "curl": (with_curl(ca), 1),
    }


def choose(dice, table):
    names = list(table)
    return dice.choices(names, [table[name][1] for name in names])[0]


