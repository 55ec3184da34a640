"""What is tried with each client, and the sentences that its user should read."""

from dataclasses import dataclass

from clients import GRPC, H2C, HTTP, NOTHING, STRANGER, WEBSOCKET

REQUIRES_TLS = "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://)."
PLAINTEXT_ONLY = "This port speaks plaintext only: use http:// (or ws://) instead of https:// (or wss://)."
STRANGER_HERE = (
    "This port speaks HTTP (or WebSocket, or gRPC), not {protocol}: use the port that serves {protocol}."
)
NO_CERTIFICATE = "This port requires a client certificate from a CA that it trusts: configure the client with a certificate and its key."
EXPIRED = "This port requires a client certificate, and the one that was sent has expired: renew it."
WRONG_CA = (
    "This port requires a client certificate from a CA that it trusts, and the one that was sent is from another CA."
)

# The arguments of each server. The first one makes the certificate.
SERVERS = {
    "dual": ("--allow-plaintext",),
    "tls-only": (),
    "plaintext-only": ("--plaintext-only",),
    "plaintext-only, answers TLS": ("--plaintext-only", "--answer-tls-with-http"),
    "tls-only, for pages": ("--close-websockets", "--redirect=308,browsers"),
    "mutual TLS": ("--client-ca", "{client_ca}"),
    "mutual TLS, explains": ("--client-ca", "{client_ca}", "--explain-client-cert"),
}

# One client for each TLS stack that sends a certificate.
STACKS = (
    "curl", "libcurl (GnuTLS)", "Python requests", "Python grpcio", "Node http, https",
    "Java HttpClient", "Go net/http", "Rust reqwest (rustls)", "Rust tonic",
)

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
    # Only these clients, by name.
    only: tuple | None = None


PLAIN = (HTTP, H2C, GRPC, WEBSOCKET)
SERVED = [
    Case("served", "plaintext", "dual", False, speaks=PLAIN),
    Case("served", "TLS", "dual", True),
    Case("served", "TLS", "tls-only", True),
    Case("served", "plaintext", "plaintext-only", False, speaks=PLAIN),
    Case("served", "with its certificate", "mutual TLS", True, identity="good"),
    Case("served", "with its certificate", "mutual TLS, explains", True, identity="good"),
]
REFUSED = [
    Case("B", "plaintext HTTP/1.1 at a TLS-only port", "tls-only", False, REQUIRES_TLS, (HTTP, WEBSOCKET)),
    Case("H", "HTTP/2 in plaintext (h2c, gRPC) at a TLS-only port", "tls-only", False, REQUIRES_TLS, (H2C, GRPC)),
    Case("C", "another protocol at a TLS-only port", "tls-only", False, STRANGER_HERE, (STRANGER,)),
    Case("A", "TLS at a plaintext-only port", "plaintext-only", True, PLAINTEXT_ONLY),
    Case("A opt-in", "the same with `--answer-tls-with-http`", "plaintext-only, answers TLS", True, PLAINTEXT_ONLY),
    Case("M", "no client certificate for mutual TLS", "mutual TLS", True, NO_CERTIFICATE),
    Case("M explain", "the same with `--explain-client-cert`", "mutual TLS, explains", True, NO_CERTIFICATE),
    Case("M CA", "a client certificate from another CA", "mutual TLS", True, WRONG_CA,
         identity="wrong-ca", only=STACKS),
    Case("M CA explain", "the same with `--explain-client-cert`", "mutual TLS, explains", True, WRONG_CA,
         identity="wrong-ca", only=STACKS),
    Case("M old", "an expired client certificate", "mutual TLS", True, EXPIRED,
         identity="expired", only=STACKS),
    Case("M old explain", "the same with `--explain-client-cert`", "mutual TLS, explains", True, EXPIRED,
         identity="expired", only=STACKS),
]
CASES = SERVED + REFUSED
