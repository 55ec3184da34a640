"""All that a run consists of: certificates, servers, ways to them, and what is counted."""

import asyncio
import collections
import os
import random
import ssl
import time

import pki
from changes import Certificates
from good import Way
from server import Server
from wire import Connection, Unanswered

LEAVES = ("leaf-a", "leaf-b", "leaf-c", "leaf-d")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Plaintext of the TLS port is for this one only.
FRIEND = "127.0.0.2"
# Seconds in which this process did not run, after which a client's failure says
# nothing: the server's shortest deadline for silence is 5 s.
STILL = 3


class Counted:
    """Of one kind of client."""

    def __init__(self):
        self.good, self.retried, self.failed, self.unjudged, self.slowest = 0, 0, 0, 0, 0.0


class World:
    def __init__(self, binary, directory, out, seed):
        self.dice = random.Random(seed)
        self.counted = collections.defaultdict(Counted)
        self.failures, self.still = [], []
        pki.make(directory, LEAVES)
        self.ca = os.path.join(directory, "ca.crt")
        self.certificates = Certificates(directory, LEAVES)
        tls = ("--cert", self.certificates.path("leaf.crt"), "--key", self.certificates.path("leaf.key"))
        client = ("--client-ca", self.ca, "--client-auth", "required", "--explain-client-cert")
        self.dual = Server(binary, out, "dual", *tls, "--allow-plaintext")
        self.tls = Server(binary, out, "tls-only", *tls, f"--allow-plaintext={FRIEND}")
        self.plain = Server(binary, out, "plaintext-only", "--plaintext-only")
        self.mutual = Server(binary, out, "client certificates", *tls, *client)
        self.again = Server(binary, out, "restarted", *tls, "--allow-plaintext")
        self.steady = (self.dual, self.tls, self.plain, self.mutual)
        self.servers = (*self.steady, self.again)
        self.contexts = {alpn: self._context(alpn) for alpn in ("h2", "http/1.1")}
        identity = os.path.join(directory, "client")
        identified = {alpn: self._context(alpn, identity) for alpn in self.contexts}
        self.again_ways = (Way(self.again, True, self.contexts), Way(self.again, False))
        self.ways = (
            Way(self.dual, True, self.contexts), Way(self.dual, False),
            Way(self.tls, True, self.contexts), Way(self.tls, False, source=FRIEND),
            Way(self.plain, False), Way(self.mutual, True, identified, identity=identity), *self.again_ways,
        )
        self.flights = _corpus()

    def _context(self, alpn, identity=None):
        context = ssl.create_default_context(cafile=self.ca)
        context.set_alpn_protocols([alpn])
        if identity:
            context.load_cert_chain(f"{identity}.crt", f"{identity}.key")
        return context

    def start(self):
        for server in self.servers:
            server.start()

    async def swap(self):
        with_tls = [server for server in self.servers if server is not self.plain]
        await self.certificates.swap(
            with_tls, lambda server: Connection.open(server.port, self.contexts["http/1.1"]))

    async def watch_the_clock(self):
        """Notes when this process did not get to run."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.5)
            if (late := time.monotonic() - before - 0.5) > STILL:
                self.still.append((time.monotonic(), late))

    def stood_still_since(self, begun):
        return any(at >= begun for at, _ in self.still)

    async def count(self, kind, client, server=None):
        """Runs a client. Where its server was shut down meanwhile, one that got no
        answer at all asks the next server, as clients do."""
        counted, begun = self.counted[kind], time.monotonic()
        changes = server.changes if server else 0
        try:
            try:
                await client()
            except Unanswered:
                if not server or (server.is_up and server.changes == changes):
                    raise
                while not server.is_up:
                    await asyncio.sleep(0.05)
                counted.retried += 1
                await client()
            counted.good += 1
            counted.slowest = max(counted.slowest, time.monotonic() - begun)
        # Whatever it is: the others go on, and the run does not hold.
        except Exception as error:
            if self.stood_still_since(begun):
                # A client that says nothing for so long is let go, as it should be.
                counted.unjudged += 1
                return
            counted.failed += 1
            self.failures.append(f"{kind} at {server.name if server else 'any'}: {error!r}")


def _corpus():
    samples = os.path.join(ROOT, "tests/corpus/samples")
    flights = []
    for name in sorted(os.listdir(samples)):
        with open(os.path.join(samples, name), "rb") as file:
            flights.append(file.read())
    return flights
