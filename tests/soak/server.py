"""Servers: the binary, its log, and what the system says of its process."""

import json
import os
import re
import signal
import subprocess
import time

TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """Running from `start` to `stop`; the port stays the same over restarts."""

    def __init__(self, binary, directory, name, *arguments):
        self.name, self.binary, self.arguments = name, binary, arguments
        self.log_path = os.path.join(directory, f"{name}.log")
        self.port, self.process = 0, None
        # Counts up at each signal to stop and at each start.
        self.changes = 0
        self.is_up = False
        self._log = open(self.log_path, "wb")

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "--listen", f"127.0.0.1:{self.port}", "--log-format", "json", *self.arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} did not start: see {self.log_path}")
        self.port = int(json.loads(line)["address"].rsplit(":", 1)[1])
        self.is_up = True
        self.changes += 1
        return self

    def terminate(self):
        self.is_up = False
        self.changes += 1
        self.process.send_signal(signal.SIGTERM)
        return time.monotonic()

    def ended(self):
        """The exit code, once there is one."""
        code = self.process.poll()
        if code is not None:
            self.process.stdout.close()
        return code

    def hang_up(self):
        if self.is_up:
            self.process.send_signal(signal.SIGHUP)

    def drained(self):
        """What the last line about it in the log says."""
        found = re.findall(r'"drained":"([^"]*)"', self.log())
        return found[-1] if found else "not said"

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def troubles(self):
        """Lines of the log that must not be there."""
        return [line[:300] for line in self.log().splitlines()
                if '"level":"ERROR"' in line or "panicked" in line or not line.startswith("{")]

    def warnings(self):
        return self.log().count('"level":"WARN"')

    def sample(self):
        """Private memory in KiB, descriptors, threads, connections, CPU seconds."""
        here = f"/proc/{self.process.pid}"
        with open(f"{here}/status") as file:
            status = dict(line.split(":", 1) for line in file if ":" in line)
        with open(f"{here}/stat") as file:
            user, system = file.read().rsplit(")", 1)[1].split()[11:13]
        return {
            "rss_kib": int(status["RssAnon"].split()[0]),
            "fds": len(os.listdir(f"{here}/fd")),
            "threads": int(status["Threads"]),
            "connections": self._connections(),
            "cpu": (int(user) + int(system)) / TICK,
        }

    def _connections(self):
        """Sockets of this port that a process has (an inode), the listener not."""
        wanted, found = f":{self.port:04X}", 0
        with open("/proc/net/tcp") as file:
            next(file)
            for line in file:
                _, local, _, state, *others = line.split()
                found += local.endswith(wanted) and state != "0A" and others[5] != "0"
        return found
