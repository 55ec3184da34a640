"""The words of TLS stacks, where the refusal is below HTTP."""

from verdicts import Names, Says, Varies


def table(*rows):
    """Rows of an expectation and the clients that it is for."""
    return {name: expected for expected, *names in rows for name in names}


# Case A. Nothing that a server can send before a handshake carries its text to
# a user; these are what the stacks make of an answer that begins with "HTTP".
SILENT = "it prints no reason for a failed connection"
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
    (Says("Some requests were not processed.", SILENT), "nghttp"),
    (Names("plaintext connection?"), "Java HttpClient", "Java WebSocket"),
    (Says("Unsupported or unrecognized SSL message", NOT_TLS), "Java HttpURLConnection"),
    (Names("server gave HTTP response to HTTPS client"), "Go net/http"),
    (Says("first record does not look like a TLS handshake", NOT_TLS), "Go gorilla/websocket", "Go grpc-go"),
    (Says("ERR_SSL_PROTOCOL_ERROR", NOT_TLS), "Chromium", "Chromium fetch()", "Chromium WebSocket"),
)

# Mutual TLS without the explanation: a TLS alert, and in TLS 1.3 it arrives when
# the client believes that the handshake is over and writes its request.
UNNAMED = "GnuTLS has the alert's name, but they print only that there was one"
LATE = "whether the alert is read before a write fails is luck"
CANCELED = "headless Chromium cancels WebSocket handshakes that ask for a client certificate"


def alerts(openssl, python, rustls, java, go):
    """One alert, by its name in each stack."""
    return table(
        (
            Names(openssl),
            "curl", "curl --http2-prior-knowledge", "openssl s_client",
            "Node http, https", "Node http2", "Node undici", "Node axios", "Node ws", "Node grpc-js",
            "Rust tungstenite (native-tls)",
        ),
        (
            Names(python),
            "Python urllib", "Python requests", "Python httpx", "Python httpx, HTTP/2", "Python aiohttp",
            "Python aiohttp WebSocket", "Python websocket-client", "Python grpcio",
        ),
        (
            Names(rustls),
            "Rust reqwest (rustls)", "Rust reqwest, HTTP/2", "Rust hyper", "Rust hyper, HTTP/2", "Rust ureq",
            "Rust tungstenite (rustls)", "Rust tonic",
        ),
        (Varies((openssl, "connection closed"), LATE), "Rust reqwest (native-tls)"),
        (Names(java), "Java HttpURLConnection", "Java WebSocket"),
        (
            Varies((java, "ClosedChannelException", "request timed out"),
                   LATE + ", and some requests never end, unless they have a timeout"),
            "Java HttpClient",
        ),
        (Names(go), "Go net/http", "Go gorilla/websocket"),
        (Varies(("connection closed", "use of closed network connection", go), LATE), "Go grpc-go"),
        (Names("Received alert"), "gnutls-cli"),
        (
            Says("A TLS fatal alert has been received.", UNNAMED),
            "libcurl (GnuTLS)", "libcurl (GnuTLS), HTTP/2", "git ls-remote",
        ),
        (
            Varies(("The specified session has been invalidated", "A TLS fatal alert has been received."), LATE),
            "wget",
        ),
        (Says("Some requests were not processed.", SILENT), "nghttp"),
        (
            Says("did not receive a valid HTTP response", "the alert is the cause of its error, not in its message"),
            "Python websockets",
        ),
        (
            Varies(("other side closed", "socket has been ended by the other party", "(ends without a word)"), LATE),
            "Node fetch",
        ),
        (
            Varies(("ERR_BAD_SSL_CLIENT_AUTH_CERT", "ERR_CONNECTION_CLOSED", "ERR_SOCKET_NOT_CONNECTED"), LATE),
            "Chromium", "Chromium fetch()",
        ),
        (Says("WebSocket opening handshake was canceled", CANCELED), "Chromium WebSocket"),
    )


MISSING = alerts("certificate required", "CERTIFICATE_REQUIRED", "CertificateRequired",
                 "certificate_required", "certificate required")
UNKNOWN_CA = alerts("unknown ca", "UNKNOWN_CA", "UnknownCA", "unknown_ca", "unknown certificate authority")
EXPIRED = alerts("certificate expired", "CERTIFICATE_EXPIRED", "CertificateExpired",
                 "certificate_expired", "expired certificate")
# These do not send a certificate whose CA the server does not ask for.
UNKNOWN_CA |= {name: MISSING[name] for name in ("Java HttpClient", "Go net/http")}

ALERTS = {"A": A, "M": MISSING, "M CA": UNKNOWN_CA, "M old": EXPIRED}
