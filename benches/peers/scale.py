"""How CPU time per operation and memory grow with the number of connections:
idle ones beside the same work, and active ones. Ours against the limit."""

import contextlib
import statistics
import time

from generator import Failed
from held import opened, settled
from paired import microseconds
from progress import say
from servers import AGAIN
from statistic import of_ratios
from workloads import CPU

IDLE = [1, 10, 100, 1000, 3000, 10_000]
ACTIVE = [1, 4, 16, 64, 256, 1000]
PAIRS = [("plaintext", "hyper"), ("tls", "tokio-rustls")]
REQUESTS = {"plaintext": 4000, "tls": 3000}
WORK = {one.key: one for one in CPU}


def measure(catalog, generator, rounds, most, until):
    """By protocol and server: points of a number of connections, microseconds
    per operation, and private bytes of all connections together."""
    idle, active, failed = {}, {}, {}
    for protocol, limit in PAIRS:
        names = ["oneport", limit, limit + AGAIN]
        for counts, curve, into in ((IDLE, beside_idle, idle), (ACTIVE, of_active, active)):
            into[protocol] = {name: [] for name in names}
            for count in counts:
                if count > most or time.monotonic() > until:
                    failed[f"scale {protocol}, {count}"] = "beyond the limit of open files, or of time"
                    continue
                try:
                    for name, point in curve(catalog, generator, protocol, names, count, rounds).items():
                        into[protocol][name].append({"connections": count, **point})
                except Failed as error:
                    failed[f"scale {protocol}, {count}"] = str(error)
            say(f"scale, {protocol}, {curve.__name__}")
    return {"idle": idle, "active": active}, failed


def beside_idle(catalog, generator, protocol, names, count, rounds):
    """64 connections work, and many more are open: requests, new connections."""
    request, connection = (WORK["w1"], WORK["w3"]) if protocol == "plaintext" else (WORK["w2"], WORK["w4"])
    with contextlib.ExitStack() as stack:
        fleet, points = {}, {}
        for name in names:
            running = fleet[name] = stack.enter_context(catalog.start(name))
            before = settled(running.private_bytes)
            address = running.port(protocol)
            stack.enter_context(opened(catalog, running, f"{protocol}-held", address, count))
            points[name] = {"bytes": settled(running.private_bytes) - before}
        for work, key in ((request, "request"), (connection, "connection")):
            spent = {name: [] for name in names}
            for at in range(rounds):
                for name in names[:: 1 if at % 2 else -1]:
                    spent[name].append(microseconds(generator, work, fleet[name], work.count))
            compare(points, key, spent)
        return points


def of_active(catalog, generator, protocol, names, count, rounds):
    """So many connections work, one request in flight on each."""
    workload = f"{protocol}-request"
    with contextlib.ExitStack() as stack:
        fleet = {name: stack.enter_context(catalog.start(name)) for name in names}
        before = {name: settled(running.private_bytes) for name, running in fleet.items()}
        spent, points = {name: [] for name in names}, {name: {} for name in names}
        for at in range(rounds):
            for name in names[:: 1 if at % 2 else -1]:
                running = fleet[name]
                generator.prepare(workload, running.port(protocol), max(count, REQUESTS[protocol]), count)
                if at == 0:
                    points[name]["bytes"] = settled(running.private_bytes) - before[name]
                start = running.cpu()
                done = generator.go()
                spent[name].append((running.cpu() - start) / 1e3 / done["operations"])
        compare(points, "request", spent)
        return points


def compare(points, key, spent):
    """The second server is the limit."""
    limit = list(spent.values())[1]
    for name, values in spent.items():
        points[name][key] = statistics.median(values)
        points[name][f"{key}_ratio"] = of_ratios([one / bare for one, bare in zip(values, limit)])
