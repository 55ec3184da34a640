"""Certificates by `oneport cert`, and the TLS stacks that have to accept them."""

import os
import subprocess

from cases import STACKS, Case
from clients import HTTP
from matrix import Seen
from pki import identity
from server import Server

# The certificate -> what its clients trust, and whether they need one too.
SERVERS = {"server": ("ca", True), "serverSS": ("serverSS", False)}
ALSO = ("openssl s_client", "gnutls-cli", "wget", "Python urllib", "Rust reqwest (native-tls)", "Rust hyper")


def trust(ca):
    """What makes clients trust a CA that is not on their command line."""
    return {
        "GIT_SSL_CAINFO": ca,
        "NODE_EXTRA_CA_CERTS": ca,
        "ONEPORT_CA": ca,
        "SSL_CERT_FILE": ca,
    }


class Made:
    """The certificates, and a running server for each."""

    def __init__(self, binary, directory):
        self.directory = os.path.join(directory, "made")
        for what in (["server"], ["self-signed"], ["client", "client1"]):
            subprocess.run(
                [binary, "cert", what[0], "--out", self.directory, *what[1:]],
                check=True, stdout=subprocess.DEVNULL,
            )
        self.client = identity(self.directory, "client1")
        self.servers = {}
        for name, (_, mutual) in SERVERS.items():
            arguments = ["--cert", self._path(f"{name}.crt"), "--key", self._path(f"{name}.key")]
            if mutual:
                arguments += ["--client-ca", self._path("ca4clients.crt")]
            self.servers[name] = Server(binary, directory, f"oneport cert, {name}", *arguments)

    def checks(self, clients):
        for client in clients:
            if client.name not in STACKS + ALSO:
                continue
            for name, (ca, mutual) in SERVERS.items():
                ca = self._path(f"{ca}.crt")
                title = f"{name}.crt by `oneport cert`"
                case = Case("served", title, self.servers[name].name, True, speaks=(HTTP,))
                check = Seen(client, case, self.servers[name], self.client if mutual else None, ca)
                check.environment |= trust(ca)
                yield check

    def _path(self, name):
        return os.path.join(self.directory, name)
