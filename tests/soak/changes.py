"""What happens to servers meanwhile: new certificates, and restarts under load."""

import asyncio
import os
import shutil
import time

import websocket
from http2 import Http2
from wire import Failed, exchange, head, response

# A reload is noticed by inotify, and waits for the files to settle (2 s at most).
SEEN = 6
# Of each way at a restart: requests, a connection of HTTP/2, downloads, WebSockets.
IN_FLIGHT = 17
LARGE = 40_000_000


class Certificates:
    """live/ is a link, as certbot and Kubernetes have it; three ways to renew."""

    def __init__(self, directory, leaves):
        self.directory, self.leaves = directory, leaves
        self.turn, self.swaps = 0, 0
        self._link(self.leaves[0])
        self.slowest = 0.0

    def path(self, name):
        return os.path.join(self.directory, "live", name)

    def _link(self, leaf):
        live = os.path.join(self.directory, "live")
        before = os.path.realpath(live) if os.path.islink(live) else None
        made = os.path.join(self.directory, f"version-{self.turn}")
        os.makedirs(made)
        for kind in ("crt", "key"):
            shutil.copy(os.path.join(self.directory, f"{leaf}.{kind}"), os.path.join(made, f"leaf.{kind}"))
        new = os.path.join(self.directory, "live.new")
        os.symlink(made, new)
        os.replace(new, live)
        if before:
            shutil.rmtree(before)

    async def swap(self, servers, connect):
        """Rewrites the files, waits until new handshakes show it everywhere."""
        self.turn += 1
        leaf = self.leaves[self.turn % len(self.leaves)]
        way = self.turn % 3
        if way == 0:
            self._link(leaf)
        else:
            current = os.path.realpath(os.path.join(self.directory, "live"))
            for kind in ("crt", "key"):
                target = os.path.join(current, f"leaf.{kind}")
                with open(os.path.join(self.directory, f"{leaf}.{kind}"), "rb") as file:
                    content = file.read()
                written = target if way == 1 else f"{target}.new"
                with open(written, "wb") as file:
                    file.write(content)
                if way == 2:
                    os.replace(written, target)
        if way == 1:
            for server in servers:
                server.hang_up()
        begun = time.monotonic()
        for server in servers:
            while server.is_up and await self._subject(server, connect) != leaf:
                if time.monotonic() - begun > SEEN:
                    raise Failed(f"{server.name} has not {leaf} {SEEN} s after the files changed")
                await asyncio.sleep(0.2)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        self.swaps += 1

    async def _subject(self, server, connect):
        try:
            async with await connect(server) as connection:
                subject = connection.tls().getpeercert()["subject"]
                return dict(pair for rdn in subject for pair in rdn)["commonName"]
        except Failed:
            return None


class Restarts:
    """SIGTERM under load, with requests in flight that have to be finished."""

    def __init__(self):
        self.count, self.finished, self.failed = 0, 0, []
        self.drained, self.slowest = {}, 0.0
        self.to_begin = []

    async def restart(self, server, ways, dice):
        self.to_begin = [asyncio.Event() for way in ways for _ in range(IN_FLIGHT)]
        begun = iter(self.to_begin)
        before = [asyncio.ensure_future(one(next(begun))) for way in ways for one in self._in_flight(way)]
        # However slow this machine is now: all have been sent, and who comes after them is answered.
        await asyncio.gather(*(event.wait() for event in self.to_begin))
        for way in ways:
            async with await way.open() as connection:
                await exchange(connection, "GET", "/healthz")
        await asyncio.sleep(0.2)
        begun = server.terminate()
        results = await asyncio.gather(*before, return_exceptions=True)
        while (code := server.ended()) is None:
            if time.monotonic() - begun > 20:
                raise RuntimeError(f"{server.name} is still there 20 s after SIGTERM")
            await asyncio.sleep(0.01)
        self.slowest = max(self.slowest, time.monotonic() - begun)
        drained = f"{server.drained()}, exit code {code}"
        self.drained[drained] = self.drained.get(drained, 0) + 1
        self.count += 1
        wrong = [repr(result)[:200] for result in results if isinstance(result, BaseException)]
        self.failed += wrong
        self.finished += len(results) - len(wrong)
        server.start()

    def _in_flight(self, way):
        """Each says when it has sent its request."""
        async def slow(begun):
            async with await _begun(way.open(), begun) as connection:
                await connection.send(head("GET", "/slow?ms=5000"))
                begun.set()
                if (answer := await response(connection)).status != 200:
                    raise Failed(f"/slow: {answer.status}")

        async def streams(begun):
            async with await _begun(way.open("h2"), begun) as connection:
                client = await Http2(connection).begin()
                # A whole exchange first: then the connection is one of HTTP/2.
                await client.exchange([("GET", "/healthz", b"")])
                begun.set()
                await client.exchange([("GET", "/slow?ms=5000", b"")] * 10)

        async def large(begun):
            async with await _begun(way.open(), begun) as connection:
                await connection.send(head("GET", f"/bytes?n={LARGE}"))
                begun.set()
                pieces = []
                await response(connection, lambda piece: pieces.append(len(piece)))
                if sum(pieces) != LARGE:
                    raise Failed(f"{sum(pieces)} bytes of {LARGE}")

        async def socket(begun):
            async with await _begun(way.open(), begun) as connection:
                await websocket.upgrade(connection)
                begun.set()
                opcode, payload = await websocket.receive(connection)
                if (opcode, payload[:2]) != (websocket.CLOSE, (1001).to_bytes(2, "big")):
                    raise Failed(f"no 1001 but {opcode} {payload[:40]!r}")
                await connection.send(websocket.frame(websocket.CLOSE, payload[:2]))

        return [slow] * 8 + [streams] + [large] * 4 + [socket] * 4


async def _begun(opening, begun):
    """What cannot connect has nothing to wait for."""
    try:
        return await opening
    except Failed:
        begun.set()
        raise
