"""What the user of each client sees when it is refused.

`Shows` is the rule: the sentence is in what the client prints by itself. All
else is listed here by name, with the words that are seen instead and the
reason. A client that shows less than is said here fails the suite, and so does
one that shows more: then its line is out of date.
"""

import expected_tls
from verdicts import Keeps, Says, Shows

SCRIPT = "the WebSocket API keeps everything about a failed handshake from scripts, on purpose"

# Refusals in HTTP: whatever the status is, these do not print what comes with it.
HTTP = {
    "Python aiohttp WebSocket": Keeps("Invalid response status", "`error.headers`"),
    "Python websockets": Keeps("server rejected WebSocket connection: HTTP", "`error.response`"),
    "Node axios": Keeps("Request failed with status code", "`error.response`"),
    "Node ws": Keeps("Unexpected server response:", "the `unexpected-response` event"),
    "Java HttpURLConnection": Keeps("Server returned HTTP response code:", "`getResponseMessage()`"),
    "Java WebSocket": Keeps("Unexpected HTTP response status code", "`WebSocketHandshakeException.getResponse()`"),
    "Go gorilla/websocket": Keeps("websocket: bad handshake", "the response beside the error"),
    "Rust ureq": Says("http status:", "its error has nothing but the number, unless `http_status_as_error(false)` is set"),
    "Rust tungstenite (native-tls)": Keeps("HTTP error:", "Debug, `{error:?}`"),
    "Rust tungstenite (rustls)": Keeps("HTTP error:", "Debug, `{error:?}`"),
    "Chromium WebSocket": Says("Unexpected response code:", SCRIPT),
}
IN_HTTP = ("B", "H", "A opt-in", "M explain", "M CA explain", "M old explain")
ELSEWHERE = {
    ("M explain", "Chromium WebSocket"): expected_tls.MISSING["Chromium WebSocket"],
}

# Case C: the strangers that have no place for a sentence.
STRANGERS = {
    "js-libp2p": Says("protocol selection failed", "multistream-select has no message but \"na\""),
}


def expectation(client, case):
    if (case.name, client.name) in ELSEWHERE:
        return ELSEWHERE[case.name, client.name]
    if case.name == "C":
        return STRANGERS.get(client.name, Shows())
    if case.name in IN_HTTP:
        return HTTP.get(client.name, Shows())
    return expected_tls.ALERTS[case.name].get(client.name, Shows())
