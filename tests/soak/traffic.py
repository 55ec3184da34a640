"""Who does what, how often, and with how much of the machine."""

import asyncio
import contextlib
import os
import time

import good
import nuisance
import refused

GOOD, REFUSED, DEAD, STUCK_EACH = 10, 4, 2, 3
# A swap of certificates every so many seconds.
SWAP = 20


class Pace:
    """The pause of each client between two connections, for a share of one core."""

    def __init__(self, share):
        self.share, self.pause, self.used = share, 0.1, []

    async def run(self, servers):
        before, at = self._cpu(servers), time.monotonic()
        while True:
            await asyncio.sleep(3)
            now, then = self._cpu(servers), time.monotonic()
            used = max(0, now - before) / (then - at)
            self.used.append(used)
            self.pause = min(2, max(0.02, self.pause * min(1.5, max(0.7, used / self.share))))
            before, at = now, then

    def _cpu(self, servers):
        """This process, its children that have ended, and the servers."""
        used = sum(os.times()[:4])
        for server in servers:
            with contextlib.suppress(OSError):
                used += server.sample()["cpu"]
        return used


class Traffic:
    """Clients of all kinds until it is stopped, which leaves no connection open."""

    def __init__(self, world, pace):
        self.world, self.pace, self.tasks = world, pace, []
        self.stopping = False

    def start(self):
        kinds = good.kinds(self.world.ca)
        self.stopping = False
        self.finishing = [self._begin(self._loop(self._good(kinds))) for _ in range(GOOD)]
        self.finishing += [self._begin(self._loop(self._refused)) for _ in range(REFUSED)]
        self.finishing += [self._begin(self._loop(self._die)) for _ in range(DEAD)]
        self.finishing += [self._begin(self._swaps())]
        self.stuck = [self._begin(self._stuck(name)) for name in nuisance.PHASES for _ in range(STUCK_EACH)]

    def _begin(self, coroutine):
        return asyncio.ensure_future(coroutine)

    async def stop(self):
        """Requests are finished; who is stuck goes."""
        self.stopping = True
        await asyncio.gather(*self.finishing)
        for task in self.stuck:
            task.cancel()
        for result in await asyncio.gather(*self.stuck, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _loop(self, client):
        while not self.stopping:
            await client()
            await asyncio.sleep(self.pace.pause * self.world.dice.uniform(0.5, 1.5))

    def _good(self, kinds):
        dice = self.world.dice

        async def client():
            name, way = good.choose(dice, kinds), dice.choice(self.world.ways)
            shown = f"{name}, {'TLS' if way.secure else 'plaintext'}"
            await self.world.count(shown, lambda: kinds[name][0](way, dice), way.server)

        return client

    async def _refused(self):
        name = good.choose(self.world.dice, refused.KINDS)
        await self.world.count(name, lambda: refused.KINDS[name][0](self.world, self.world.dice))

    async def _die(self):
        await self.world.count("RST at any point", lambda: nuisance.die(self.world, self.world.dice))

    async def _stuck(self, name):
        while not self.stopping:
            await self.world.count(
                f"stuck: {name}", lambda: nuisance.stuck(self.world, name, self.world.dice))
            await asyncio.sleep(1)

    async def _swaps(self):
        while not self.stopping:
            await self.world.count("certificate swap", self.world.swap)
            for _ in range(SWAP):
                if not self.stopping:
                    await asyncio.sleep(1)
