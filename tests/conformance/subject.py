"""What is tested: the released binary, and beside it hyper and rustls bare."""

import os
import subprocess
import sys
from dataclasses import dataclass, field

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests/soak"))
import pki
from server import Server

BUILT = os.path.join(ROOT, "target/conformance")


class Missing(Exception):
    """A tool that is not here; says how to get it."""


@dataclass
class Section:
    """What a tool found: rows of (what, found, whether that is bad, remark)."""

    tool: str
    version: str
    ran: str
    rows: list = field(default_factory=list)

    def add(self, what, found, bad=False, remark=""):
        self.rows.append((what, str(found), bool(bad), remark))


class Bare:
    """A server of benches/peers: tokio-rustls or hyper's HTTP/2, with nothing of ours."""

    def __init__(self, program, name, directory):
        self.process = subprocess.Popen(
            [program, "serve", name, directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def end(self):
        self.process.stdin.close()
        self.process.wait(timeout=5)


class Subject:
    """The servers, each on a port of 127.0.0.1, until `end`."""

    def __init__(self, binary, bare, directory):
        self.directory, self.out = directory, BUILT
        self.bare_tls = self.bare_h2c = None
        self.bares = []
        # tlsfuzzer's clients want RSA by default, the others take what is usual.
        kinds = {"p256": pki.KEY, "rsa": ("-newkey", "rsa:2048", "-nodes")}
        self.ca = {}
        for kind, key in kinds.items():
            pki.KEY = key
            into = os.path.join(directory, kind)
            os.makedirs(into)
            pki.make(into, ["leaf"])
            self.ca[kind] = os.path.join(into, "ca.crt")
        self.dual = self._start(binary, "p256", "--allow-plaintext")
        self.rsa = self._start(binary, "rsa", "--allow-plaintext")
        if bare:
            for here, there in (("leaf.crt", "cert.pem"), ("leaf.key", "key.pem")):
                os.link(os.path.join(directory, "rsa", here), os.path.join(directory, "rsa", there))
            self.bares = [Bare(bare, name, os.path.join(directory, "rsa")) for name in ("tokio-rustls", "hyper-h2c")]
            self.bare_tls, self.bare_h2c = (one.port for one in self.bares)

    def _start(self, binary, kind, *arguments):
        leaf = os.path.join(self.directory, kind, "leaf")
        arguments = ("--cert", f"{leaf}.crt", "--key", f"{leaf}.key", *arguments)
        # Of this run: two may be under way.
        return Server(binary, self.directory, f"server-{kind}", *arguments).start()

    def end(self):
        """What is wrong with the servers' end or logs."""
        wrong = []
        for bare in self.bares:
            bare.end()
        for server in (self.dual, self.rsa):
            server.terminate()
            if (code := server.process.wait(timeout=15)) != 0:
                wrong.append(f"{server.name}: exit code {code}")
            wrong += [f"{server.name}: {line}" for line in server.troubles()]
        return wrong

    def path(self, name):
        return os.path.join(self.out, name)

    def run(self, name, command, timeout=600, environment=None, cwd=None):
        """Runs a tool; its output, which is left in target/conformance too."""
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=cwd,
                text=True, errors="replace", timeout=timeout, env={**os.environ, **(environment or {})})
        except FileNotFoundError as error:
            raise Missing(f"{command[0]} is not here: tests/conformance/prepare installs it") from error
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"{name}: not done in {timeout} s") from error
        with open(self.path(f"{name}.txt"), "w") as file:
            file.write(done.stdout)
        return done.stdout
