"""What idle connections hold: private pages of the server, before and after
thousands of connections. A fresh process for each figure."""

import time

from generator import Failed, held
from progress import say
from servers import AGAIN
from workloads import HELD

# The first ones fill what all share: pools, tables, session storage.
FIRST, MORE = 500, 2000


def measure(catalog, names, until, more=MORE):
    """Bytes per connection by kind and server, and what failed."""
    found, failed = {kind: {} for kind, *_ in HELD}, {}
    for kind, title, workload, protocol, limit in HELD:
        for name in names:
            server = catalog.named(name)
            asked, how = protocol, workload
            if kind == "silent" and protocol not in server.protocols:
                asked, how = "tls", "tls-silent-held"
            if asked not in server.protocols or server.documented or time.monotonic() > until:
                continue
            if server.is_limit and name.removesuffix(AGAIN) != limit:
                continue
            if server.most:
                failed[f"w6 {kind}, {name}"] = f"holds no more than {server.most} connections"
                continue
            try:
                found[kind][name] = per_connection(catalog, name, how, asked, more)
            except Failed as error:
                failed[f"w6 {kind}, {name}"] = str(error)
        say(f"w6, {title}")
    return found, failed


def per_connection(catalog, name, workload, protocol, more):
    with catalog.start(name) as running:
        address = running.port(protocol)
        with opened(catalog, running, workload, address, FIRST):
            before = settled(running.private_bytes)
            with opened(catalog, running, workload, address, more):
                return (settled(running.private_bytes) - before) / more


class opened:
    """Connections that the server has accepted, all of them."""

    def __init__(self, catalog, running, workload, address, count):
        self.running, self.count = running, count
        self.held = held(catalog.program, catalog.directory, workload, address, count)

    def __enter__(self):
        # Those of the check at the start are closed by now.
        wanted = settled(self.running.open_files) + self.count
        self.held.__enter__()
        deadline = time.monotonic() + 10
        while self.running.open_files() < wanted:
            if time.monotonic() > deadline:
                self.held.__exit__(None, None, None)
                raise Failed("not all connections were accepted")
            time.sleep(0.02)

    def __exit__(self, *error):
        return self.held.__exit__(*error)


def settled(count):
    """A figure that has stopped to change, or the one after three seconds."""
    last = count()
    for _ in range(20):
        time.sleep(0.15)
        now = count()
        if now == last:
            break
        last = now
    return last
