"""Large uploads to a TLS-only port, in plaintext: who writes 8 MiB before it
reads still gets the answer, every time."""

import socket
import time

from cases import REQUIRES_TLS
from check import Check
from clients import HERE

TIMES = 30
BODY = b"x" * (8 << 20)


def large(server, built, ca):
    url = server.url("http", "/echo")
    yield Uploads("raw sockets", lambda: by_socket(server.port))
    for name, *command in [
        ("Go net/http", f"{built}/go-client", "upload", url),
        ("Node http", "node", f"{built}/node/client.mjs", "upload", url),
        ("Python requests", f"{built}/venv/bin/python", f"{HERE}/python/client.py", "requests_upload", url),
        ("Rust ureq", f"{built}/rust/debug/oneport-rust-clients", "ureq-upload", url),
    ]:
        yield Uploads(name, Check(name, command, served=False, says=REQUIRES_TLS))


class Uploads:
    """As a `Check`: the same upload again and again."""

    def __init__(self, name, upload):
        self.name = f"8 MiB POST refused, {TIMES} times: {name}"
        self.command = getattr(upload, "command", ["(in this process)"])
        self._upload = upload

    def run(self, environment):
        begun = time.monotonic()
        faults = []
        for _ in range(TIMES):
            if isinstance(self._upload, Check):
                _, fault, output = self._upload.run(environment)
            else:
                output = self._upload()
                fault = None if REQUIRES_TLS in output else "the answer is lost"
            if fault:
                faults.append(f"{fault}\n{output[-500:]}")
        fault = f"{len(faults)} of {TIMES} did not read the answer" if faults else None
        return time.monotonic() - begun, fault, "\n".join(faults)


def by_socket(port):
    """Writes everything, then reads: the client that a hasty close hurts most."""
    head = f"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}\r\n\r\n"
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(head.encode() + BODY)
            while chunk := connection.recv(65536):
                answer += chunk
    except OSError as error:
        return f"{error!r} behind {answer!r}"
    return answer.decode(errors="replace")
