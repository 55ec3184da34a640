"""WebSockets: frames of RFC 6455 on a connection."""

import os

from wire import Failed, head, response

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
ASK = ("upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13",
       "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==")
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def frame(opcode, payload=b"", final=True):
    """Masked, as clients have to."""
    length = len(payload)
    begin = bytes([opcode | (0x80 if final else 0)])
    if length < 126:
        begin += bytes([0x80 | length])
    elif length < 1 << 16:
        begin += b"\xfe" + length.to_bytes(2, "big")
    else:
        begin += b"\xff" + length.to_bytes(8, "big")
    mask = os.urandom(4)
    repeated = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")
    return begin + mask + masked.to_bytes(length, "big")


async def upgrade(connection, path="/echo"):
    await connection.send(head("GET", path, *ASK))
    answer = await response(connection, head_only=True)
    if answer.status != 101 or answer.headers.get("sec-websocket-accept") != ACCEPT:
        raise Failed(f"no WebSocket: {answer.status}")


async def receive(connection):
    """(opcode, payload) of the next frame; the server does not fragment."""
    first, second = await connection.read(2)
    length = second & 0x7F
    if length > 125:
        length = int.from_bytes(await connection.read(2 if length == 126 else 8), "big")
    return first & 0x0F, await connection.read(length) if length else b""
