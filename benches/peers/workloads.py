"""The workloads of which CPU time per operation is measured: w1 to w5, w7, w8.

A count is what one measurement does: some 50 ms of the limit's time, long enough
for what a measurement costs itself, short enough that a server and the limit
beside it have met the same machine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Workload:
    key: str
    title: str
    name: str  # the generator's
    protocol: str
    count: int
    connections: int
    limit: str
    operation: str


CPU = [
    Workload("w1", "keep-alive request, plaintext", "plaintext-request", "plaintext", 4000, 64, "hyper", "request"),
    Workload("w2", "keep-alive request, TLS 1.3", "tls-request", "tls", 3000, 64, "tokio-rustls", "request"),
    Workload("w3", "new plaintext connection, 1 request", "plaintext-connection", "plaintext", 1500, 16, "hyper", "connection"),
    Workload("w4", "full TLS 1.3 handshake, 1 request", "tls-connection", "tls", 400, 16, "tokio-rustls", "connection"),
    Workload("w5", "resumed TLS 1.3 handshake, 1 request", "tls-resumed", "tls", 400, 8, "tokio-rustls", "connection"),
    Workload("w7p", "64 MiB body, plaintext", "plaintext-large", "plaintext", 6, 1, "hyper", "body"),
    Workload("w7t", "64 MiB body, TLS 1.3", "tls-large", "tls", 4, 1, "tokio-rustls", "body"),
    Workload("w8t", "HTTP/2 request over TLS", "h2-request", "h2", 3000, 8, "tokio-rustls", "request"),
    Workload("w8c", "HTTP/2 request, prior knowledge", "h2c-request", "h2c", 3000, 8, "hyper-h2c", "request"),
]
HELD = [
    ("silent", "silent", "silent-held", "plaintext", "hyper"),
    ("plaintext", "plaintext, keep-alive", "plaintext-held", "plaintext", "hyper"),
    ("tls", "TLS 1.3, keep-alive", "tls-held", "tls", "tokio-rustls"),
]
# The rest, by functions of their own.
OTHERS = {
    "w6": "bytes per idle connection",
    "w9": "time to the first byte on a new connection",
    "w10": "what the wrong client gets, and when",
    "scale": "CPU time and memory by the number of connections",
}


def runs(workload, server):
    """Whether a server has what a workload needs."""
    needed = "tls" if workload.protocol == "h2" else workload.protocol
    return (
        needed in server.protocols
        and not server.documented
        and (server.large or not workload.key.startswith("w7"))
        # HTTP/2 over TLS by ALPN: sslh passes it on, Go has it.
        and (workload.key != "w8t" or server.name != "node")
    )
