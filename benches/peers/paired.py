"""CPU time per operation, in pairs: in each round every server does the same
work, the limit among them twice, so that a ratio compares neighbours in time."""

import contextlib
import random
import statistics
import time

from generator import Failed
from progress import say
from servers import AGAIN
from statistic import of_ratios
from workloads import runs

# So many rounds on the same processes, then all are started anew: two processes
# of one program differ too, by where their memory happens to lie.
BLOCK = 6
# Servers in other languages are far from the limit, or near it by other means:
# a third of the rounds is enough to see where.
EXTERNAL_EVERY = 3


def measure(catalog, generator, workloads, names, rounds, until):
    """For each workload and server the microseconds of each round (None: not in
    that round), and what failed."""
    found = {one.key: {} for one in workloads}
    failed = {}
    order = random.Random(1)  # shuffled, the same in every run
    for begin in range(0, rounds, BLOCK):
        if time.monotonic() > until:
            failed[f"rounds {begin + 1} to {rounds}"] = "the time was up"
            break
        with contextlib.ExitStack() as stack:
            fleet = {}
            for name in names:
                try:
                    fleet[name] = stack.enter_context(catalog.start(name))
                except Failed as error:
                    failed[name] = str(error)
            for workload in workloads:
                end = min(begin + BLOCK, rounds)
                for at in range(begin, end):
                    if time.monotonic() < until:
                        one_round(generator, workload, fleet, at, order, found[workload.key], failed)
                say(f"{workload.key}, {workload.title}: round {end} of {rounds}")
    return found, failed


def one_round(generator, workload, fleet, at, order, found, failed):
    taking_part = [
        name
        for name, running in fleet.items()
        if runs(workload, running.server)
        and (running.server.is_rust or at % EXTERNAL_EVERY == 0)
        and (not running.server.is_limit or name.removesuffix(AGAIN) == workload.limit)
        and f"{workload.key}, {name}" not in failed
    ]
    order.shuffle(taking_part)
    for name in taking_part:
        try:
            spent = microseconds(generator, workload, fleet[name], workload.count)
            found.setdefault(name, {})[at] = spent
        except Failed as error:
            failed[f"{workload.key}, {name}"] = str(error)


def microseconds(generator, workload, running, count):
    """Of the server's CPU time, per operation."""
    generator.prepare(workload.name, running.port(workload.protocol), count, workload.connections)
    before = running.cpu()
    done = generator.go()
    return (running.cpu() - before) / 1e3 / done["operations"]


def summary(workload, found):
    """Ratios to the limit in the same round."""
    limit = found.get(workload.limit, {})
    rows = {}
    for name, spent in found.items():
        ratios = [spent[at] / limit[at] for at in spent if at in limit]
        if ratios:
            rows[name] = {
                "microseconds": statistics.median(spent.values()),
                "ratio": of_ratios(ratios),
                "ratios": [round(one, 4) for one in ratios],
            }
    return rows
