"""Server CPU per operation of several servers, in rounds that are compared pairwise.

What is measured is the CPU time of a server's threads (schedstat, in
nanoseconds) over a fixed number of operations. In each round all servers do the
same work, one after another, in an order that alternates; what counts is the
ratio within a round.
"""

import glob
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

from support.processes import ended

# Workload, operations per connection, connections at once.
WORKLOADS = [
    ("plaintext-connection", 250, 16),
    ("plaintext-connection", 1500, 2),
    ("plaintext-request", 600, 64),
    ("plaintext-request", 10000, 2),
    ("tls-connection", 60, 16),
    ("tls-connection", 400, 2),
    ("tls-request", 500, 64),
    ("tls-request", 8000, 2),
]
TITLES = {
    "plaintext-connection": "new plaintext connection, 1 request",
    "plaintext-request": "keep-alive request, plaintext",
    "tls-connection": "new TLS 1.3 connection, 1 request",
    "tls-request": "keep-alive request, TLS 1.3",
}


def compare(servers, client, rounds):
    """Prints the tables; `servers` are commands by name, the first one the base."""
    print(f"| server CPU, µs per operation (median of {rounds}) | " + " | ".join(servers) + " |")
    print("|---|" + "---|" * len(servers))
    measured = []
    for workload, count, connections in WORKLOADS:
        title = f"{TITLES[workload]}; {connections} at once"
        spent = measure(servers, client, rounds, [workload, count, connections])
        medians = " | ".join(f"{statistics.median(spent[name]):.1f}" for name in servers)
        print(f"| {title} | {medians} |", flush=True)
        measured.append((title, spent))
    base, *others = servers
    print(f"\n| ratio to {base}: median (quartiles) | " + " | ".join(others) + " |")
    print("|---|" + "---|" * len(others))
    for title, spent in measured:
        cells = []
        for name in others:
            paired = [ours / theirs for ours, theirs in zip(spent[name], spent[base])]
            low, middle, high = statistics.quantiles(paired, n=4)
            cells.append(f"{middle:.3f} ({low:.3f} to {high:.3f})")
        print(f"| {title} | " + " | ".join(cells) + " |")


def measure(servers, client, rounds, load):
    """Microseconds per operation, of each server in each round."""
    spent = {name: [] for name in servers}
    running = {}
    try:
        for name, command in servers.items():
            running[name] = Served(command)
        # The first round warms up.
        for number in range(-1, rounds):
            order = list(running) if number % 2 else list(reversed(running))
            for name in order:
                took = running[name].cpu_of(client, *load)
                if number >= 0:
                    spent[name].append(took)
    finally:
        for served in running.values():
            served.end()
    return spent


class Served:
    """A server that runs: its command, and the file for its certificate."""

    def __init__(self, command):
        self.directory = tempfile.TemporaryDirectory()
        self.ca = os.path.join(self.directory.name, "ca.der")
        self.process = subprocess.Popen(
            [*command, self.ca], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.address = self.process.stdout.readline().strip()

    def end(self):
        with self.directory, ended(self.process):
            pass

    def cpu_of(self, client, workload, count, connections):
        before = self.cpu()
        command = [client, "load", workload, self.address, self.ca, str(count), str(connections)]
        subprocess.run(command, check=True, timeout=120)
        return (self.cpu() - before) / 1000 / (count * connections)

    def cpu(self):
        """Nanoseconds on a CPU, of all threads."""
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path) as stat:
                total += int(stat.read().split()[0])
        return total

    def resident(self):
        """Bytes of private pages."""
        with open(f"/proc/{self.process.pid}/status") as status:
            return 1024 * int(re.search(r"^RssAnon:\s+(\d+) kB", status.read(), re.MULTILINE)[1])

    def held(self, client, workload, count):
        """Opens so many connections, and gives the client that has them."""
        command = [client, "hold", workload, self.address, self.ca, str(count)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "open\n":
            sys.exit(f"{workload}: the client could not open {count} connections")
        # The server has accepted and read what it will.
        time.sleep(1)
        return process
