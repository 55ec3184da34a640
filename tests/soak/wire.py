"""Connections, and HTTP/1 on them: as little as a client can be made of."""

import asyncio
import contextlib
import socket
import struct

# More than any deadline of the server but that of idle connections.
PATIENCE = 40
CHUNK = 64 * 1024


class Failed(Exception):
    """An answer that is not what it has to be, or was cut off."""


class Unanswered(Failed):
    """The connection was refused or ended before any byte of an answer."""


class Connection:
    """One connection, in TLS with a context, from an address of one's choice."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.served = 0

    @classmethod
    async def open(cls, port, tls=None, source=None, limit=CHUNK):
        try:
            return cls(*await asyncio.wait_for(
                asyncio.open_connection(
                    "127.0.0.1", port, limit=limit, ssl=tls,
                    server_hostname="localhost" if tls else None,
                    local_addr=(source, 0) if source else None,
                ), PATIENCE))
        except (OSError, EOFError) as error:
            raise Unanswered(f"no connection: {error!r}") from error
        except asyncio.TimeoutError as error:
            raise Failed(f"no connection in {PATIENCE} s") from error

    def tls(self):
        return self.writer.get_extra_info("ssl_object")

    async def send(self, data):
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), PATIENCE)
        except (OSError, asyncio.TimeoutError):
            # What the server has said before it closed is still to be read.
            pass

    async def read(self, wanted):
        """Exactly so many bytes; the kind of failure depends on what came before."""
        try:
            return await asyncio.wait_for(self.reader.readexactly(wanted), PATIENCE)
        except (OSError, EOFError) as error:
            raise Failed(f"cut off: {error!r}") from error
        except asyncio.TimeoutError as error:
            raise Failed(f"nothing for {PATIENCE} s") from error

    async def line(self):
        try:
            line = await asyncio.wait_for(self.reader.readline(), PATIENCE)
        except OSError as error:
            raise Unanswered(f"ended: {error!r}") from error
        except asyncio.TimeoutError as error:
            raise Failed(f"no answer in {PATIENCE} s") from error
        if not line:
            raise Unanswered("ended before an answer")
        if not line.endswith(b"\n"):
            raise Failed(f"cut off in a line: {line[:40]!r}")
        return line

    async def rest(self, within, most=1 << 20):
        """What comes until the end, which has to come in time."""
        got = bytearray()
        async with asyncio.timeout(within):
            with contextlib.suppress(OSError):
                while len(got) < most and (some := await self.reader.read(CHUNK)):
                    got += some
        return bytes(got)

    def reset(self):
        """RST instead of FIN, as a client that dies."""
        with contextlib.suppress(OSError, AttributeError):
            here = self.writer.get_extra_info("socket")
            here.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self):
        # asyncio's transport has forgotten its loop when it is closed already.
        with contextlib.suppress(AttributeError):
            self.writer.transport.abort()

    async def close(self):
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            self.writer.close()
            await asyncio.wait_for(self.writer.wait_closed(), 3)
        # asyncio waits 30 s for a TLS peer's own end.
        self.abort()

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, *_):
        if kind is None:
            await self.close()
        else:
            self.abort()


def head(method, path, *headers):
    lines = (f"{method} {path} HTTP/1.1", "host: localhost", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"


class Response:
    def __init__(self, status, headers):
        self.status, self.headers, self.body = status, headers, b""

    def closes(self):
        return self.headers.get("connection", "").lower() == "close"


async def response(connection, sink=None, head_only=False):
    """The next response. With a sink, its body goes there piece by piece."""
    line = await connection.line()
    if not line.startswith(b"HTTP/1."):
        raise Failed(f"no HTTP: {line[:40]!r}")
    headers = {}
    status = int(line.split()[1])
    try:
        while (line := await connection.line()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
    except Unanswered as error:
        raise Failed(f"cut off in the head: {error}") from error
    answer = Response(status, headers)
    if head_only or status in (101, 204, 304):
        return answer
    body = bytearray()
    take = sink or body.extend
    if headers.get("transfer-encoding", "") == "chunked":
        while length := int((await connection.line()).split(b";")[0], 16):
            await _take(connection, length, take)
            await connection.read(2)
        await connection.read(2)
    elif "content-length" in headers:
        await _take(connection, int(headers["content-length"]), take)
    else:
        take(await connection.rest(PATIENCE))
    answer.body = bytes(body)
    return answer


async def _take(connection, length, take):
    while length:
        piece = await connection.read(min(length, CHUNK))
        length -= len(piece)
        take(piece)


async def exchange(connection, method, path, *headers, body=b"", expect=200):
    """One request with its response, which must have this status."""
    if body:
        headers = (*headers, f"content-length: {len(body)}")
    # An echo comes back while its body is still on the way.
    sending = asyncio.ensure_future(connection.send(head(method, path, *headers) + body))
    try:
        answer = await response(connection)
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
    if answer.status != expect:
        raise Failed(f"{method} {path}: {answer.status} instead of {expect}: {answer.body[:80]!r}")
    return answer
