"""What is asked of one client only: curl's options, openssl's, Chromium's pages."""

from cases import REQUIRES_TLS
from check import Check

OVER = {scheme: f'"scheme": "{scheme}"' for scheme in ("http", "https")}
REQUEST = b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def details(servers, built, ca, artifacts):
    """`built` holds Node's packages; pictures are left in `artifacts`."""
    dual, tls, plaintext = (servers[name] for name in ("dual", "tls-only", "plaintext-only"))
    pages = servers["tls-only, for pages"]
    yield from curl(dual, tls, ca)
    yield from openssl(dual, tls, ca)
    yield from chromium(dual, tls, plaintext, pages, built, artifacts)


def curl(dual, tls, ca):
    def check(name, options, url, **expected):
        command = ["curl", "-sS", "--max-time", "20", "--cacert", ca, *options, url]
        return Check(f"curl {name}", command, **{"served": True, **expected})

    large = b"all the work and no play makes a large body\n" * 120_000  # 5 MB
    for scheme in ("http", "https"):
        whoami, echo = dual.url(scheme), dual.url(scheme, "/echo")
        at = f"{scheme} to {dual.name}"
        yield check(f"HTTP/1.0: {at}", ["--http1.0", "-i"], whoami, says=["HTTP/1.0", OVER[scheme]])
        yield check(f"HEAD: {at}", ["-I"], whoami, says="application/json", lacks=["scheme"])
        yield check(f"POST: {at}", ["-d", "a=b&c"], echo, says="a=b&c")
        expect = ["-v", "--http1.1", "-H", "Expect: 100-continue", "-d", "a=b&c"]
        # /echo answers before it reads, so there may be no 100 in between.
        yield check(f"Expect: {at}", expect, echo, says="a=b&c")
        size = ["--data-binary", "@-", "-o", "/dev/null", "-w", "%{size_download}"]
        yield check(f"5 MB back: {at}", size, echo, stdin=large, says=str(len(large)))
    https = dual.url("https")
    yield check("TLS 1.2", ["--tls-max", "1.2"], https, says='"version": "TLS 1.2"')
    yield check("TLS 1.3", ["--tlsv1.3"], https, says='"version": "TLS 1.3"')
    yield check("ALPN h2", ["--http2"], https, says=['"alpn": "h2"', '"http_version": "HTTP/2"'])
    yield check("ALPN http/1.1", ["--http1.1"], https, says='"alpn": "http/1.1"')
    yield check("no ALPN", ["--no-alpn"], https, says='"alpn": null')
    h2c = ["--http2-prior-knowledge"]
    yield check("h2c", h2c, dual.url("http"), says='"http_version": "HTTP/2"')
    strangers_ca = ["--cacert", "/dev/null"]
    yield check("without the CA", strangers_ca, https, served=False, says="curl: (")

    refused, upload = tls.url("http"), ["--data-binary", "@-", "-H", "Expect:"]
    yield check("sees 426", ["-i"], refused, says=[
        f"HTTP/1.1 426 {REQUIRES_TLS}", f"x-error: {REQUIRES_TLS}", "upgrade: TLS/1.2, HTTP/1.1",
        "oneport-mismatch: ", "Client sent an HTTP request to an HTTPS server.",
    ])
    yield check("sees 421 over h2c", ["-i", *h2c], refused, says=["HTTP/2 421", REQUIRES_TLS])
    yield check("refused HEAD", ["-I"], refused, says=["426", REQUIRES_TLS])
    yield check("refused 5 MB", upload, refused, stdin=large, says=REQUIRES_TLS)
    # What is longer than 64 KiB is answered before it has arrived, and over
    # HTTP/2 many clients do not read an answer that comes so early.
    small = large[:60_000]
    yield check("refused 60 kB over h2c", [*upload, *h2c], refused, stdin=small, says=REQUIRES_TLS)


def openssl(dual, tls, ca):
    def check(server, name, options, **expected):
        command = ["openssl", "s_client", "-connect", f"localhost:{server.port}"]
        command += ["-CAfile", ca, "-verify_return_error", *options]
        return Check(f"openssl {name}: {server.name}", command, **{"served": True, **expected})

    named = ["-quiet", "-servername", "localhost"]
    for server in (dual, tls):
        for option, version in [("-tls1_2", "TLS 1.2"), ("-tls1_3", "TLS 1.3")]:
            says = [f'"version": "{version}"', '"sni": "localhost"']
            yield check(server, option, [*named, option], stdin=REQUEST, says=says)
        yield check(server, "-noservername", ["-quiet", "-noservername"], stdin=REQUEST, says='"sni": null')
        for protocol in ("h2", "http/1.1"):
            yield check(server, f"-alpn {protocol}", ["-alpn", protocol], says=f"ALPN protocol: {protocol}")
        yield check(server, "-alpn nobody", ["-alpn", "nobody"], served=False, says="no application protocol")
        # TLS 1.1 is refused by the security level already, unless lowered.
        old = ["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"]
        yield check(server, "-tls1_1", old, served=False, says="alert")


def chromium(dual, tls, plaintext, pages, built, artifacts):
    def check(what, scheme, server, **expected):
        picture = f"{artifacts}/chromium-{scheme}-{server.name}.png"
        command = ["node", f"{built}/node/chromium.mjs", what, server.url(scheme, "/"), picture]
        return Check(f"chromium: {scheme} to {server.name}", command, **{"artifact": picture, **expected})

    for server, schemes in [(dual, ("http", "https")), (tls, ["https"]), (plaintext, ["http"])]:
        for scheme in schemes:
            ws = {"http": "ws", "https": "wss"}[scheme]
            yield check(
                "page", scheme, server, served=True,
                says=["200", f"WebSocket echo works: {ws}"],
                lacks=["page error", "console:"],
            )
    # The corrected link is put together by the page's script.
    corrected = tls.url("https", "/")
    yield check("visit", "http", tls, served=False, says=["426", REQUIRES_TLS, corrected])
    yield check("page", "http", pages, served=True, says=["200", "WebSocket echo works: wss"])
    # The one answer that JavaScript can read from a WebSocket.
    closed = f'close event: code 1008, reason "{REQUIRES_TLS}"'
    yield check("websocket", "ws", pages, served=False, says=closed, artifact=None)
