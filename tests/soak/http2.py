"""HTTP/2, as far as a client needs it: frames, windows, no Huffman."""

import asyncio

from wire import CHUNK, Failed, Unanswered

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32
WINDOW = 1 << 20
# HEADER_TABLE_SIZE 0: nothing to remember; INITIAL_WINDOW_SIZE.
OURS = bytes([0, 1, 0, 0, 0, 0]) + bytes([0, 4]) + WINDOW.to_bytes(4, "big")


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(prefix, value):
    """A header with an indexed name (RFC 7541 6.2.2), up to 126 bytes long."""
    return bytes([prefix, len(value)]) + value


def field(name, value):
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def request_block(method, path, secure, *fields):
    methods = {"GET": b"\x82", "POST": b"\x83"}
    block = methods[method] + (b"\x87" if secure else b"\x86")
    block += literal(0x04, path.encode()) + literal(0x01, b"localhost")
    return block + b"".join(field(name, value) for name, value in fields)


class Stream:
    def __init__(self, body, window):
        self.to_send, self.window = body, window
        self.ok = None
        self.body = bytearray()
        self.done = False
        self.unread = 0


class Http2:
    """One connection with its streams, each a whole request."""

    def __init__(self, connection):
        self.connection = connection
        self.secure = connection.tls() is not None
        self.next = 1
        self.streams = {}
        self.window, self.initial, self.greeted = 65_535, 65_535, False
        self.last = None

    async def begin(self):
        update = frame(WINDOW_UPDATE, 0, 0, (1 << 30).to_bytes(4, "big"))
        await self.connection.send(PREFACE + frame(SETTINGS, 0, 0, OURS) + update)
        return self

    async def exchange(self, requests):
        """(method, path, body) each; the bodies of their 200s."""
        bodies, refused = await self.answers(requests)
        if refused:
            raise Failed(f"no 200 for {len(refused)} of {len(requests)}: {bytes(refused[0].body)[:80]!r}")
        return bodies

    async def answers(self, requests):
        """The bodies, and the streams that are no 200."""
        opened = []
        flights = bytearray()
        # How much may be sent is in the server's first frame.
        while not self.greeted:
            await self._frame()
        for method, path, body in requests:
            stream = self.streams[self.next] = Stream(body, self.initial)
            opened.append((self.next, stream))
            flags = END_HEADERS | (0 if body else END_STREAM)
            flights += frame(HEADERS, flags, self.next, request_block(method, path, self.secure))
            self.next += 2
        await self.connection.send(bytes(flights))
        await self._send_bodies()
        while not all(stream.done for _, stream in opened):
            for number, stream in opened:
                if self.last is not None and number > self.last and not stream.done:
                    raise Unanswered("GOAWAY before this request")
            await self._frame()
        refused = [stream for _, stream in opened if not stream.ok]
        for number, _ in opened:
            del self.streams[number]
        return [bytes(stream.body) for _, stream in opened], refused

    async def _frame(self):
        try:
            begin = await asyncio.wait_for(self.connection.reader.readexactly(9), 40)
        except (OSError, asyncio.IncompleteReadError) as error:
            begun = any(stream.ok is not None for stream in self.streams.values())
            raise (Failed if begun or self.last is not None else Unanswered)(f"ended: {error!r}") from error
        except asyncio.TimeoutError as error:
            raise Failed("no frame in 40 s") from error
        length, kind, flags = int.from_bytes(begin[:3], "big"), begin[3], begin[4]
        number = int.from_bytes(begin[5:], "big")
        payload = await self.connection.read(length) if length else b""
        await self._handle(kind, flags, number, payload)

    async def _handle(self, kind, flags, number, payload):
        stream = self.streams.get(number)
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                if payload[at + 1] == 4:
                    self.initial = int.from_bytes(payload[at + 2:at + 6], "big")
            self.greeted = True
            await self.connection.send(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            await self.connection.send(frame(PING, ACK, 0, payload))
        elif kind == GOAWAY:
            self.last = int.from_bytes(payload[:4], "big")
            if int.from_bytes(payload[4:8], "big"):
                raise Failed(f"GOAWAY with error {payload[4:8].hex()} {payload[8:48]!r}")
        elif kind == WINDOW_UPDATE:
            more = int.from_bytes(payload, "big")
            if number == 0:
                self.window += more
            elif stream:
                stream.window += more
            await self._send_bodies()
        elif kind == RST_STREAM and stream:
            code = int.from_bytes(payload, "big")
            # NO_ERROR: the response is whole, the rest of the body not wanted.
            if code == 7:
                raise Unanswered("REFUSED_STREAM")
            if code or not stream.done:
                raise Failed(f"RST_STREAM {code}")
        elif kind == HEADERS and stream:
            stream.ok = _says_200(flags, payload)
            stream.done = bool(flags & END_STREAM)
        elif kind == DATA and stream:
            await self._data(number, stream, flags, payload)

    async def _data(self, number, stream, flags, payload):
        if flags & PADDED:
            payload = payload[1:len(payload) - payload[0]]
        stream.body += payload
        stream.done = bool(flags & END_STREAM)
        stream.unread += len(payload)
        if stream.unread > WINDOW // 2 and not stream.done:
            more = stream.unread.to_bytes(4, "big")
            stream.unread = 0
            await self.connection.send(frame(WINDOW_UPDATE, 0, number, more) + frame(WINDOW_UPDATE, 0, 0, more))

    async def _send_bodies(self):
        flights = bytearray()
        for number, stream in self.streams.items():
            while stream.to_send and (room := min(self.window, stream.window, 16_384)) > 0:
                piece, stream.to_send = stream.to_send[:room], stream.to_send[room:]
                self.window -= len(piece)
                stream.window -= len(piece)
                flights += frame(DATA, 0 if stream.to_send else END_STREAM, number, piece)
        if flights:
            # Not waited for: an echo comes back meanwhile.
            self.connection.writer.write(bytes(flights))


def _says_200(flags, block):
    """:status comes first, and 200 is one byte of it (RFC 7541, appendix A)."""
    if flags & PADDED:
        block = block[1:]
    if flags & PRIORITY:
        block = block[5:]
    # Size updates of the dynamic table.
    while block and block[0] & 0xE0 == 0x20:
        block = block[1:]
    return block[:1] == b"\x88"


assert CHUNK > 16_384
