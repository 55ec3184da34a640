"""Clients in the wrong place: each has to be told, or let go, as it is written here."""

import asyncio
import ssl

import websocket
from http2 import Http2
from wire import Connection, Failed, Unanswered, exchange, head, response

USE_TLS = b"use https:// (or wss://)"
USE_PLAINTEXT = b"use http:// (or ws://)"
# First flights of others; and a PROXY header from nobody's proxy.
FOREIGN = (
    b"SSH-2.0-OpenSSH_9.2\r\n",
    b"EHLO example\r\n",
    b"USER anonymous\r\n",
    b"*1\r\n$4\r\nPING\r\n",
    bytes.fromhex("0000000804d2162f"),
    bytes.fromhex("050100"),
    bytes.fromhex("101400044d5154540402003c00086f6e65706f727421"),
    b"PROXY TCP4 192.0.2.1 192.0.2.2 1000 2000\r\nGET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
    bytes.fromhex("0d0a0d0a000d0a515549540a21110000"),
)
# Sniffing, answering and lingering, by the defaults.
GONE = 5 + 5 + 2 + 3


def _expect(body, sentence, what):
    if sentence not in body:
        raise Failed(f"{what}: not told: {body[:120]!r}")


async def plaintext_at_tls(world, dice):
    async with await Connection.open(world.tls.port) as connection:
        _expect((await exchange(connection, "GET", "/", expect=426)).body, USE_TLS, "GET")


async def upload_at_tls(world, dice):
    """The answer must survive what the client still sends."""
    async with await Connection.open(world.tls.port) as connection:
        answer = await exchange(connection, "POST", "/echo", body=bytes(2_000_000), expect=426)
        _expect(answer.body, USE_TLS, "POST")


async def h2c_at_tls(world, dice):
    async with await Connection.open(world.tls.port) as connection:
        client = await Http2(connection).begin()
        _, refused = await client.answers([("GET", "/", b"")])
        _expect(bytes(refused[0].body) if refused else b"", USE_TLS, "h2c")


async def websocket_at_tls(world, dice):
    async with await Connection.open(world.tls.port) as connection:
        await connection.send(head("GET", "/echo", *websocket.ASK))
        answer = await response(connection)
        if answer.status != 426:
            raise Failed(f"ws: {answer.status}")


async def tls_at_plaintext(world, dice):
    """By default with bytes that TLS clients name best; they cannot read more."""
    try:
        connection = await Connection.open(world.plain.port, world.contexts["http/1.1"])
    except Unanswered as error:
        if isinstance(error.__cause__, ssl.SSLError):
            return
        raise Failed(f"TLS at plaintext-only: {error}") from error
    await connection.close()
    raise Failed("a handshake with a plaintext-only port")


async def foreign(world, dice):
    server = dice.choice(world.steady)
    async with await Connection.open(server.port) as connection:
        await connection.send(dice.choice(FOREIGN))
        await connection.rest(GONE)


async def no_common_alpn(world, dice):
    context = ssl.create_default_context(cafile=world.ca)
    context.set_alpn_protocols(["smtp"])
    try:
        connection = await Connection.open(world.dual.port, context)
    except Unanswered as error:
        if isinstance(error.__cause__, ssl.SSLError):
            return
        raise Failed(f"ALPN: {error}") from error
    await connection.close()
    raise Failed("a handshake without common ALPN")


async def no_host(world, dice):
    async with await Connection.open(world.dual.port) as connection:
        await connection.send(b"GET / HTTP/1.1\r\n\r\n")
        if (status := (await response(connection)).status) != 400:
            raise Failed(f"without Host: {status}")


async def huge_head(world, dice):
    tls = world.contexts["http/1.1"] if dice.random() < 0.5 else None
    async with await Connection.open(world.dual.port, tls) as connection:
        sending = asyncio.ensure_future(connection.send(head("GET", "/", "x: " + "y" * 70_000)))
        if (status := (await response(connection)).status) != 431:
            raise Failed(f"a head of 70 kB: {status}")
        await sending


async def no_client_certificate(world, dice):
    """Explained (--explain-client-cert), so the handshake succeeds."""
    async with await Connection.open(world.mutual.port, world.contexts["http/1.1"]) as connection:
        await connection.send(head("GET", "/"))
        answer = await response(connection)
        _expect(answer.body, b"client certificate", f"status {answer.status}")


async def rubbish(world, dice):
    """A first flight of the corpus, or none of this world, in pieces or whole."""
    server = dice.choice(world.steady)
    flight = dice.choice(world.flights) if dice.random() < 0.7 else dice.randbytes(dice.randint(1, 600))
    async with await Connection.open(server.port) as connection:
        cut = dice.randint(0, len(flight))
        await connection.send(flight[:cut])
        await asyncio.sleep(0.02)
        await connection.send(flight[cut:])
        try:
            # What is undecided, or good so far, need not end before its deadline.
            await connection.rest(1)
        except asyncio.TimeoutError:
            connection.reset()


KINDS = {
    "plaintext at TLS-only: 426": (plaintext_at_tls, 8),
    "upload at TLS-only: 426": (upload_at_tls, 1),
    "h2c at TLS-only: told in HTTP/2": (h2c_at_tls, 5),
    "ws:// at TLS-only: 426": (websocket_at_tls, 4),
    "TLS at plaintext-only: handshake fails": (tls_at_plaintext, 5),
    "another protocol, PROXY from strangers: ended": (foreign, 4),
    "no common ALPN: alert": (no_common_alpn, 2),
    "no Host: 400": (no_host, 3),
    "a head of 70 kB: 431": (huge_head, 1),
    "no client certificate: told": (no_client_certificate, 4),
    "rubbish: no answer expected": (rubbish, 6),
}
