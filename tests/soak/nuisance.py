"""Clients that get stuck, and clients that die: what counts is that they are gone."""

import asyncio

import websocket
from http2 import OURS, PREFACE, SETTINGS, Http2, frame, request_block
from wire import Connection, Failed, head

HELLO_BEGIN = bytes.fromhex("1603010200010001fc0303") + bytes(20)
# On top of a deadline: the system's own, and a busy machine's.
MARGIN = 8


async def _half_hello(world, secure):
    connection = await Connection.open(world.dual.port)
    await connection.send(HELLO_BEGIN)
    return connection


async def _handshaken(world, secure):
    return await Connection.open(world.tls.port, world.contexts["http/1.1"])


async def _nothing(world, secure):
    return await Connection.open(world.dual.port)


def _sent(data):
    async def stuck(world, secure):
        tls = world.contexts["http/1.1"] if secure else None
        connection = await Connection.open(world.dual.port, tls)
        await connection.send(data)
        return connection

    return stuck


async def _idle(world, secure):
    connection = await _sent(head("GET", "/healthz"))(world, secure)
    await connection.line()
    return connection


async def _idle_http2(world, secure):
    tls = world.contexts["h2"] if secure else None
    connection = await Connection.open(world.dual.port, tls)
    await (await Http2(connection).begin()).exchange([("GET", "/healthz", b"")])
    return connection


async def _no_reader(world, secure):
    """Takes what fits into its own buffers and no more."""
    tls = world.contexts["http/1.1"] if secure else None
    connection = await Connection.open(world.dual.port, tls, limit=1)
    await connection.send(head("GET", "/bytes?n=200000000"))
    connection.writer.transport.pause_reading()
    return connection


async def _no_window(world, secure):
    """HTTP/2 without a byte of window for its answers."""
    tls = world.contexts["h2"] if secure else None
    connection = await Connection.open(world.dual.port, tls)
    none = OURS[:8] + bytes(4)
    block = request_block("GET", "/bytes?n=9000000", secure)
    requests = b"".join(frame(1, 5, number, block) for number in range(1, 21, 2))
    await connection.send(PREFACE + frame(SETTINGS, 0, 0, none) + requests)
    return connection


# Name -> (how it gets stuck, the deadline that ends it in seconds).
PHASES = {
    "silent": (_nothing, 5),
    "half a ClientHello": (_half_hello, 10),
    "silent after the handshake": (_handshaken, 10),
    "half a request line": (_sent(b"GET /whoami HT"), 10),
    "half a head": (_sent(b"GET /whoami HTTP/1.1\r\nhost: localhost\r\nx"), 10),
    "idle, kept alive": (_idle, 60),
    "idle, HTTP/2": (_idle_http2, 60),
    "takes nothing of a response": (_no_reader, 30),
    "HTTP/2 without window": (_no_window, 30 + 60),
}


async def stuck(world, name, dice):
    """Held until the server ends it, which has to be in time."""
    begin, deadline = PHASES[name]
    secure = dice.random() < 0.5
    connection = await begin(world, secure)
    try:
        if begin is _no_reader:
            await asyncio.sleep(deadline + MARGIN)
            connection.writer.transport.resume_reading()
            # What is in the buffers, then the end: by no means all 200 MB.
            await connection.rest(5, most=100 << 20)
        else:
            await connection.rest(deadline + MARGIN)
    except asyncio.TimeoutError as error:
        raise Failed(f"still there {deadline + MARGIN} s later") from error
    finally:
        connection.reset()


async def die(world, dice):
    """RST somewhere between connecting and the end of a response."""
    server = dice.choice(world.steady)
    secure = server is not world.plain and dice.random() < 0.5
    try:
        if dice.random() < 0.2:
            connection = await Connection.open(server.port)
            await connection.send(dice.choice((b"", HELLO_BEGIN, b"G", PREFACE[:10], PREFACE)))
        else:
            context = world.contexts[dice.choice(("h2", "http/1.1"))] if secure else None
            connection = await Connection.open(server.port, context)
            flights = (head("GET", "/bytes?n=3000000"), head("GET", "/slow?ms=500"), head("GET", "/"),
                       head("POST", "/echo", "content-length: 100000") + bytes(40_000),
                       head("GET", "/echo", *websocket.ASK),
                       PREFACE + frame(SETTINGS, 0, 0) + frame(1, 5, 1, request_block("GET", "/", secure)),
                       PREFACE + frame(SETTINGS, 0, 0) + frame(1, 4, 1, request_block("POST", "/echo", secure)))
            await connection.send(dice.choice(flights))
    except Failed:
        return
    await asyncio.sleep(dice.choice((0, 0, 0.005, 0.1)))
    connection.reset()
