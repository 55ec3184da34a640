"""The words of TLS stacks, where the refusal is below HTTP."""

from verdicts import Names, Says


def table(*rows):
    """Rows of an expectation and the clients that it is for."""
    return {name: expected for expected, *names in rows for name in names}


# Case A. Nothing that a server can send before a handshake carries its text to
# a user; these are what the stacks make of an answer that begins with "HTTP".
NOT_TLS = "its TLS stack sees bytes that are no TLS record, and does not say which"
A = table(
    (
        Says("wrong version number", NOT_TLS),
        "curl", "curl --http2-prior-knowledge", "openssl s_client",
        "Node http, https", "Node http2", "Node fetch", "Node undici", "Node axios", "Node ws", "Node grpc-js",
        "Rust reqwest (native-tls)", "Rust tungstenite (native-tls)",
    ),
    (
        Says("WRONG_VERSION_NUMBER", NOT_TLS),
        "Python urllib", "Python requests", "Python httpx", "Python httpx, HTTP/2", "Python aiohttp",
        "Python aiohttp WebSocket", "Python websockets", "Python websocket-client", "Python grpcio",
    ),
    (
        Says("An unexpected TLS packet was received.", NOT_TLS),
        "libcurl (GnuTLS)", "libcurl (GnuTLS), HTTP/2", "git ls-remote", "wget", "gnutls-cli",
    ),
    (
        Says("received corrupt message of type InvalidContentType", NOT_TLS),
        "Rust reqwest (rustls)", "Rust reqwest, HTTP/2", "Rust hyper", "Rust hyper, HTTP/2", "Rust ureq",
        "Rust tungstenite (rustls)", "Rust tonic",
    ),
    (Says("Some requests were not processed.", "it prints no reason for a failed handshake"), "nghttp"),
    (Names("plaintext connection?"), "Java HttpClient", "Java WebSocket"),
    (Says("Unsupported or unrecognized SSL message", NOT_TLS), "Java HttpURLConnection"),
    (Names("server gave HTTP response to HTTPS client"), "Go net/http"),
    (Says("first record does not look like a TLS handshake", NOT_TLS), "Go gorilla/websocket", "Go grpc-go"),
    (Says("ERR_SSL_PROTOCOL_ERROR", NOT_TLS), "Chromium", "Chromium fetch()", "Chromium WebSocket"),
)

ALERTS = {"A": A}
