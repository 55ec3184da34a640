"""All servers: how each is started, asked whether its answer is right, and ended."""

import http.client
import os
import ssl
import time

import external
import machine
import processes
from generator import Failed

BODY = b"hello\n"
AGAIN = "/again"  # the limit, listed twice: the A/A control
BOTH = ["plaintext", "tls", "h2c"]

# Ours, the limit, and what else there is in Rust: name, title, protocols.
RUST = [
    ("oneport", "**oneport**, both on one port", BOTH),
    ("oneport-plaintext", "**oneport**, plaintext only", ["plaintext", "h2c"]),
    ("oneport-tls", "**oneport**, TLS only", ["tls"]),
    ("hyper", "limit: bare hyper", ["plaintext"]),
    ("hyper-h2c", "limit: bare hyper, HTTP/2", ["h2c"]),
    ("tokio-rustls", "limit: bare tokio-rustls + hyper", ["tls"]),
    ("naive-peek", "naive: MSG_PEEK, Box<dyn>, hyper-util auto", BOTH),
    ("axum-serve", "axum::serve", ["plaintext", "h2c"]),
    ("axum-server", "axum-server", ["tls"]),
    ("dual-protocol", "axum-server-dual-protocol", BOTH),
]
# With the listener that the documentation shows: no TCP_NODELAY.
DOCUMENTED = [
    ("oneport-documented", "**oneport**, as documented", ["plaintext", "tls"]),
    ("axum-server-documented", "axum-server, as documented", ["tls"]),
    ("dual-protocol-documented", "axum-server-dual-protocol, as documented", ["plaintext", "tls"]),
]
CRATES = {"axum-serve": "axum", "axum-server": "axum-server", "dual-protocol": "axum-server-dual-protocol"}
LIMITS = ["hyper", "hyper-h2c", "tokio-rustls"]
SSLH = ("sslh", "sslh-select before bare hyper and tokio-rustls", ["plaintext", "tls"])


class Server:
    """What can be started."""

    def __init__(self, name, title, protocols, version, is_rust, large=True, most=None, documented=False):
        self.name, self.title, self.protocols, self.version = name, title, protocols, version
        self.is_rust, self.large, self.most, self.documented = is_rust, large, most, documented
        self.is_limit = name in LIMITS


class Catalog:
    """Those that are here, and why others are not."""

    def __init__(self, program, directory):
        self.program, self.directory, self.starts = program, directory, 0
        versions = machine.lock()
        self.servers = [Server(n, t, p, versions.get(CRATES.get(n)), True) for n, t, p in RUST]
        self.servers += [Server(n, t, p, None, True, documented=True) for n, t, p in DOCUMENTED]
        here, self.missing = external.found(directory)
        self.external = {one.name: one for one in here}
        for one in here:
            protocols = ["plaintext", "tls"] if one.name.endswith("dual") else BOTH
            if one.name in ("go", "node"):
                protocols = ["plaintext", "tls"]
            self.servers.append(Server(one.name, one.title, protocols, one.version, False, one.large, one.most))
        self.sslh = external.find("sslh-select")
        if self.sslh:
            # select(2) has 1,024 descriptors, and a connection needs two.
            self.servers.append(Server(*SSLH, external.versions(["sslh-select", "-V"]), False, most=400))
        else:
            self.missing["sslh"] = "sslh: sslh-select is not installed"

    def named(self, name):
        return next(one for one in self.servers if one.name == name.removesuffix(AGAIN))

    def title(self, name):
        title = self.named(name).title
        return title + ", again (control)" if name.endswith(AGAIN) else title

    def start(self, name):
        """One that runs, its answers checked."""
        self.starts += 1
        own = os.path.join(self.directory, f"{self.starts}-{name.replace('/', '-')}")
        os.mkdir(own)
        return Running(self, self.named(name), own)


class Running:
    """A server that runs, until the end of the `with` block."""

    def __init__(self, catalog, server, own):
        self.server, self.processes, self.ports = server, [], {}
        self.log = open(os.path.join(own, "stderr"), "w")
        try:
            if server.name == "sslh":
                self._start_sslh(catalog)
            elif server.is_rust:
                address = self._start_rust(catalog, server.name)
                self.ports = dict.fromkeys(server.protocols, address)
            else:
                one = catalog.external[server.name]
                command, environment, self.ports = one.prepare(one.program, catalog.directory, own)
                started = self._start(command, environment)
                if self.ports is None:
                    self.ports = dict(zip(["plaintext", "tls"], started.stdout.readline().split()))
            for protocol in {"plaintext", "tls"} & set(self.ports):
                self._verify(protocol, os.path.join(catalog.directory, "cert.pem"))
            self.pids = processes.tree([one.pid for one in self.processes])
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        for process in self.processes:
            processes.end(process)
        self.log.close()

    def cpu(self):
        return processes.cpu(self.pids)

    def private_bytes(self):
        return processes.private_bytes(self.pids)

    def open_files(self):
        return processes.open_files(self.pids)

    def port(self, protocol):
        return self.ports["tls" if protocol == "h2" else protocol]

    def _start(self, command, environment=None):
        process = processes.start(command, processes.SERVER_CORE, environment, self.log)
        self.processes.append(process)
        return process

    def _start_rust(self, catalog, name):
        return self._start([catalog.program, "serve", name, catalog.directory]).stdout.readline().strip()

    def _start_sslh(self, catalog):
        plaintext, tls = (self._start_rust(catalog, name) for name in ("hyper", "tokio-rustls"))
        (both,) = external.free_ports(1)
        pid = os.path.join(os.path.dirname(self.log.name), "pid")
        command = [catalog.sslh, "-f", "-n", "-P", pid, "-t", "120", "-p", both, "--tls", tls, "--http", plaintext]
        self._start(command)
        self.ports = {"plaintext": both, "tls": both}

    def _verify(self, protocol, certificate):
        """Status and body, exactly."""
        host, port = self.ports[protocol].rsplit(":", 1)
        deadline = time.monotonic() + 15
        while True:
            try:
                if protocol == "tls":
                    context = ssl.create_default_context(cafile=certificate)
                    context.check_hostname = False  # it is for localhost, and this is its address
                    asked = http.client.HTTPSConnection(host, int(port), timeout=5, context=context)
                else:
                    asked = http.client.HTTPConnection(host, int(port), timeout=5)
                asked.request("GET", "/", headers={"Host": "localhost"})
                answer = asked.getresponse()
                found = (answer.status, answer.read())
                asked.close()
                break
            except OSError as error:
                if time.monotonic() > deadline or any(one.poll() is not None for one in self.processes):
                    with open(self.log.name) as log:
                        raise Failed(f"{self.server.name} does not start: {error}; {log.read()[-500:]}") from error
                time.sleep(0.05)
        if found != (200, BODY):
            raise Failed(f"{self.server.name}, {protocol}: not the right answer: {found}")
