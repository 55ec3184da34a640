"""What is tried with each client, and the sentences that its user should read."""

from dataclasses import dataclass

from clients import GRPC, H2C, HTTP, NOTHING, WEBSOCKET

REQUIRES_TLS = "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://)."
PLAINTEXT_ONLY = "This port speaks plaintext only: use http:// (or ws://) instead of https:// (or wss://)."

# The arguments of each server. The first one makes the certificate.
SERVERS = {
    "dual": ("--allow-plaintext",),
    "tls-only": (),
    "plaintext-only": ("--plaintext-only",),
}

ANY = (HTTP, H2C, GRPC, WEBSOCKET, NOTHING)


@dataclass(frozen=True)
class Case:
    """With a `sentence` the client has to be refused, without one served."""

    name: str
    title: str
    server: str
    tls: bool
    sentence: str | None = None
    speaks: tuple = ANY
    # The client certificate: a name in pki.IDENTITIES.
    identity: str | None = None


PLAIN = (HTTP, H2C, GRPC, WEBSOCKET)
SERVED = [
    Case("served", "plaintext", "dual", False, speaks=PLAIN),
    Case("served", "TLS", "dual", True),
    Case("served", "TLS", "tls-only", True),
    Case("served", "plaintext", "plaintext-only", False, speaks=PLAIN),
]
REFUSED = [
    Case("B", "plaintext HTTP/1.1 to a TLS-only port", "tls-only", False, REQUIRES_TLS, (HTTP, WEBSOCKET)),
    Case("H", "HTTP/2 in plaintext (h2c, gRPC) to a TLS-only port", "tls-only", False, REQUIRES_TLS, (H2C, GRPC)),
    Case("A", "TLS to a plaintext-only port", "plaintext-only", True, PLAINTEXT_ONLY),
]
CASES = SERVED + REFUSED
