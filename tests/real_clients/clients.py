"""The real clients: how each is called, and what it can speak.

In a command, {url}, {port} and {ca} stand for what the case says, and the word
"{identity}" for the arguments that name the client certificate. Clients that
are called with `DRIVER` take the CA and the certificate from the environment.
"""

import os
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))

# What a client speaks when it is not asked for TLS.
HTTP, H2C, GRPC, WEBSOCKET, NOTHING, STRANGER = "http", "h2c", "grpc", "websocket", "nothing", "stranger"
DRIVER = ()
NO_IDENTITY = None
# The proof of those that cannot be served: strangers, and scripts, which may
# read a refusal from everywhere, but what is served only from the same origin.
NEVER = "\0"


@dataclass(frozen=True)
class Client:
    name: str
    # The row of the short table.
    family: str
    speaks: str
    command: tuple
    # The arguments for a client certificate, or one of the two above.
    identity: tuple | None = DRIVER
    path: str = "/whoami"
    # In what it prints when it is served; None: what its kind gets.
    proof: str | None = None
    # Whether its exit code says that it was served.
    tells: bool = True
    # The same code as another client when TLS has no part in it: not counted.
    twin: bool = False
    # Whether it keeps back a certificate whose CA the server does not ask for.
    withholds: bool = False
    # What a stranger speaks.
    protocol: str = ""
    stdin: bytes = b""


def all_clients(built):
    """`built` is where `prepare` has put those that are no programs."""
    curl = ("curl", "-sS", "--max-time", "20", "--cacert", "{ca}", "{identity}")
    curls = ("--cert", "{cert}", "--key", "{key}")
    wget = ("wget", "-O-", "--tries=1", "--timeout=20", "--ca-certificate={ca}", "{identity}", "{url}")
    # Debian's, which is linked with libcurl-gnutls, whatever else is in PATH.
    git = ("/usr/bin/git", "ls-remote", "{url}")
    nghttp = ("nghttp", "-t", "20", "{identity}", "{url}")
    openssl = (
        "openssl", "s_client", "-quiet", "-connect", "localhost:{port}",
        "-servername", "localhost", "-CAfile", "{ca}", "-verify_return_error", "{identity}",
    )
    gnutls = ("gnutls-cli", "--x509cafile={ca}", "-p", "{port}", "{identity}", "localhost")
    python = lambda name: (f"{built}/venv/bin/python", f"{HERE}/python/client.py", name, "{url}")
    libcurl = (f"{built}/venv/bin/python", f"{HERE}/python/libcurl.py")
    node = lambda name: ("node", f"{built}/node/client.mjs", name, "{url}")
    java = lambda name: ("java", "-cp", f"{built}/java", "Client", name, "{url}")
    go = lambda name: (f"{built}/go-client", name, "{url}")
    rust = lambda name: (f"{built}/rust/debug/oneport-rust-clients", name, "{url}")
    chromium = lambda what: ("node", f"{built}/node/chromium.mjs", what, "{url}")
    by_hand = b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    files = ("-cert", "{cert}", "-key", "{key}")

    return [
        Client("curl", "curl", HTTP, (*curl, "{url}"), curls, tells=False),
        Client("curl --http2-prior-knowledge", "curl", H2C, (*curl, "--http2-prior-knowledge", "{url}"),
               curls, tells=False),
        Client("libcurl (GnuTLS)", "curl", HTTP, (*libcurl, "{url}")),
        Client("libcurl (GnuTLS), HTTP/2", "curl", H2C, (*libcurl, "-2", "{url}")),
        Client("git ls-remote", "git", HTTP, git, path="/", tells=False, proof="not found"),
        Client("wget", "wget", HTTP, wget, ("--certificate={cert}", "--private-key={key}")),
        Client("openssl s_client", "openssl, gnutls-cli", NOTHING, openssl, files, tells=False, stdin=by_hand),
        Client("gnutls-cli", "openssl, gnutls-cli", NOTHING, gnutls,
               ("--x509certfile={cert}", "--x509keyfile={key}"), tells=False, stdin=by_hand),
        # It ends with 0 whatever the server says.
        Client("nghttp", "nghttp", H2C, nghttp, ("--cert={cert}", "--key={key}"), tells=False),
        Client("Python urllib", "Python", HTTP, python("urllib")),
        Client("Python requests", "Python", HTTP, python("requests")),
        Client("Python httpx", "Python", HTTP, python("httpx")),
        Client("Python httpx, HTTP/2", "Python", H2C, python("httpx2")),
        Client("Python aiohttp", "Python", HTTP, python("aiohttp")),
        Client("Python aiohttp WebSocket", "Python WebSockets", WEBSOCKET, python("aiohttp_websocket")),
        Client("Python websockets", "Python WebSockets", WEBSOCKET, python("websockets")),
        Client("Python websocket-client", "Python WebSockets", WEBSOCKET, python("websocket_client")),
        Client("Python grpcio", "gRPC", GRPC, python("grpc")),
        Client("Node http, https", "Node", HTTP, node("http")),
        Client("Node http2", "Node", H2C, node("http2")),
        Client("Node fetch", "Node", HTTP, node("fetch"), NO_IDENTITY),
        Client("Node undici", "Node", HTTP, node("undici")),
        Client("Node axios", "Node", HTTP, node("axios")),
        Client("Node ws", "Node WebSockets", WEBSOCKET, node("ws")),
        Client("Node grpc-js", "gRPC", GRPC, node("grpc")),
        Client("Java HttpClient", "Java", HTTP, java("http"), withholds=True),
        Client("Java HttpURLConnection", "Java", HTTP, java("connection")),
        Client("Java WebSocket", "Java", WEBSOCKET, java("websocket")),
        Client("Go net/http", "Go", HTTP, go("http"), withholds=True),
        Client("Go gorilla/websocket", "Go", WEBSOCKET, go("gorilla")),
        Client("Go grpc-go", "gRPC", GRPC, go("grpc")),
        Client("Rust reqwest (rustls)", "Rust", HTTP, rust("reqwest-rustls")),
        Client("Rust reqwest (native-tls)", "Rust", HTTP, rust("reqwest-native"), twin=True),
        Client("Rust reqwest, HTTP/2", "Rust", H2C, rust("reqwest-h2")),
        Client("Rust hyper", "Rust", HTTP, rust("hyper")),
        Client("Rust hyper, HTTP/2", "Rust", H2C, rust("hyper-h2")),
        Client("Rust ureq", "Rust", HTTP, rust("ureq")),
        Client("Rust tungstenite (rustls)", "Rust WebSockets", WEBSOCKET, rust("tungstenite-rustls")),
        Client("Rust tungstenite (native-tls)", "Rust WebSockets", WEBSOCKET, rust("tungstenite-native"), twin=True),
        # It reads any answer as gRPC, also the one of a page that is not there.
        Client("Rust tonic", "gRPC", GRPC, rust("tonic"), proof="404 Not Found", tells=False),
        Client("Chromium", "Chromium", HTTP, chromium("visit"), NO_IDENTITY, path="/", proof="You came"),
        Client("Chromium fetch()", "Chromium", HTTP, chromium("fetch"), NO_IDENTITY, proof=NEVER),
        Client("Chromium WebSocket", "Chromium", WEBSOCKET, chromium("websocket"), NO_IDENTITY),
        *strangers(built),
    ]


def strangers(built):
    """Who speaks neither HTTP nor TLS."""
    ssh = (
        "ssh", "-p", "{port}", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
        "-o", "UserKnownHostsFile=/dev/null", "localhost", "true",
    )
    psql = ("psql", "host=localhost port={port} user=nobody dbname=nothing", "-c", "select 1")
    libp2p = ("node", f"{built}/node/libp2p.mjs", "{port}")
    for name, protocol, command, tells in [
        ("ssh", "SSH", ssh, True),
        ("redis-cli", "Redis", ("redis-cli", "-p", "{port}", "ping"), False),
        ("psql", "PostgreSQL", psql, True),
        ("js-libp2p", "libp2p", libp2p, True),
    ]:
        yield Client(name, name, STRANGER, command, proof=NEVER, protocol=protocol, tells=tells)
