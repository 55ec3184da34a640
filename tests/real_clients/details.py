"""What each client must show in each mode."""

import os

from check import Check

HERE = os.path.dirname(os.path.abspath(__file__))
REQUIRES_TLS = (
    "This port requires TLS: use https:// (or wss://) instead of http:// (or ws://)."
)
OVER = {scheme: f'"scheme": "{scheme}"' for scheme in ("http", "https")}
# A refusal may linger for two seconds; a JVM or a browser on a busy machine
# takes a few more to start.
QUICKLY = 20

REQUEST = b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def every_check(dual, tls, plaintext, built, ca, artifacts):
    """`built` holds the compiled clients, `python` and Node's packages."""
    checks = []
    for name, command, wrong in requests_by(built, ca):
        checks += in_every_mode(name, command, dual, tls, plaintext, wrong)
    for name, command in websockets_by(built):
        checks += websockets_in_every_mode(name, command, dual, tls, plaintext)
    for name, command in grpc_by(built):
        checks += grpc_in_every_mode(name, command, dual, tls, plaintext)
    checks += curl_in_detail(dual, tls, plaintext, ca)
    checks += openssl(dual, tls, plaintext, ca)
    checks += chromium(dual, tls, plaintext, artifacts)
    return checks


def requests_by(built, ca):
    """Clients for GET: how to call them, and their words for no TLS there."""
    curl = ["curl", "-sS", "--fail-with-body", "--max-time", "20", "--cacert", ca]
    wget = ["wget", "-nv", "-O-", "--tries=1", "--timeout=20", f"--ca-certificate={ca}"]
    python = [f"{built}/venv/bin/python", f"{HERE}/client.py"]
    node = ["node", f"{HERE}/client.mjs"]
    openssl = "wrong version number"
    yield "curl", curl, openssl
    yield "curl --http1.1", [*curl, "--http1.1"], openssl
    yield "curl --http2-prior-knowledge", [*curl, "--http2-prior-knowledge"], openssl
    yield "wget", wget, ""
    yield "nghttp", ["nghttp", "-t", "20"], ""
    yield "python urllib", [*python, "urllib"], "WRONG_VERSION_NUMBER"
    yield "python requests", [*python, "requests"], "WRONG_VERSION_NUMBER"
    yield "python httpx", [*python, "httpx"], "WRONG_VERSION_NUMBER"
    yield "python httpx http2", [*python, "httpx2"], "WRONG_VERSION_NUMBER"
    yield "python aiohttp", [*python, "aiohttp"], "WRONG_VERSION_NUMBER"
    yield "node http", [*node, "http"], openssl
    yield "node http2", [*node, "http2"], openssl
    yield "node fetch", [*node, "fetch"], openssl
    yield "node undici", [*node, "undici"], openssl
    yield "java", ["java", "-cp", f"{built}/java", "Client", "http"], "plaintext connection?"
    yield "go", [f"{built}/go-client"], "server gave HTTP response to HTTPS client"


def in_every_mode(name, command, dual, tls, plaintext, wrong):
    # It ends with 0 whatever the server says.
    yes, no = (None, None) if name == "nghttp" else (True, False)
    for server, schemes in [(dual, ("http", "https")), (tls, ["https"]), (plaintext, ["http"])]:
        for scheme in schemes:
            title = f"{name}: {scheme} to {server.name}"
            yield Check(title, [*command, server.url(scheme)], served=yes, says=OVER[scheme])
    yield Check(
        f"{name}: http to {tls.name}",
        [*command, tls.url("http")],
        served=no, says=REQUIRES_TLS, within=QUICKLY,
    )
    yield Check(
        f"{name}: https to {plaintext.name}",
        [*command, plaintext.url("https")],
        served=no, says=wrong, lacks=[OVER["https"]], within=QUICKLY,
    )


def websockets_by(built):
    python = [f"{built}/venv/bin/python", f"{HERE}/client.py"]
    yield "python websockets", [*python, "websockets"]
    yield "python aiohttp ws", [*python, "aiohttp_websocket"]
    yield "node ws", ["node", f"{HERE}/client.mjs", "ws"]
    yield "java WebSocket", ["java", "-cp", f"{built}/java", "Client", "websocket"]


def websockets_in_every_mode(name, command, dual, tls, plaintext):
    word = "the same word"
    for server, schemes in [(dual, ("ws", "wss")), (tls, ["wss"]), (plaintext, ["ws"])]:
        for scheme in schemes:
            title = f"{name}: {scheme} to {server.name}"
            yield Check(title, [*command, server.url(scheme, "/echo")], served=True, says=word)
    yield Check(
        f"{name}: ws to {tls.name}",
        [*command, tls.url("ws", "/echo")],
        served=False, says=REQUIRES_TLS, within=QUICKLY,
    )
    yield Check(
        f"{name}: wss to {plaintext.name}",
        [*command, plaintext.url("wss", "/echo")],
        served=False, lacks=[word], within=QUICKLY,
    )


def grpc_by(built):
    yield "python grpcio", [f"{built}/venv/bin/python", f"{HERE}/client.py", "grpc"]
    yield "node grpc-js", ["node", f"{HERE}/client.mjs", "grpc"]


def grpc_in_every_mode(name, command, dual, tls, plaintext):
    for server, schemes in [(dual, ("http", "https")), (tls, ["https"]), (plaintext, ["http"])]:
        for scheme in schemes:
            title = f"{name}: {scheme} to {server.name}"
            yield Check(title, [*command, server.url(scheme)], served=True, says="UNIMPLEMENTED")
    # Exit code 1, not a signal: grpcio aborts the process on some answers.
    yield Check(
        f"{name}: http to {tls.name}",
        [*command, tls.url("http")],
        served=False, says=REQUIRES_TLS, within=QUICKLY,
    )
    yield Check(
        f"{name}: https to {plaintext.name}",
        [*command, plaintext.url("https")],
        served=False, lacks=["UNIMPLEMENTED"], within=QUICKLY,
    )


def curl_in_detail(dual, tls, plaintext, ca):
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


def openssl(dual, tls, plaintext, ca):
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
    yield check(plaintext, "-tls1_3", [*named, "-tls1_3"], stdin=REQUEST, served=False,
                says="wrong version number", within=QUICKLY)


def chromium(dual, tls, plaintext, artifacts):
    def check(what, scheme, server, **expected):
        path = f"{artifacts}/chromium-{scheme}-{server.name}.png"
        command = ["node", f"{HERE}/chromium.mjs", what, server.url(scheme, "/"), path]
        return Check(f"chromium: {scheme} to {server.name}", command, **expected)

    def picture(scheme, server):
        return f"{artifacts}/chromium-{scheme}-{server.name}.png"

    for server, schemes in [(dual, ("http", "https")), (tls, ["https"]), (plaintext, ["http"])]:
        for scheme in schemes:
            ws = {"http": "ws", "https": "wss"}[scheme]
            yield check(
                "page", scheme, server, served=True, artifact=picture(scheme, server),
                says=["200", f"WebSocket echo works: {ws}"],
                lacks=["page error", "console:"],
            )
    yield check(
        "visit", "http", tls, served=False, artifact=picture("http", tls),
        says=["426", REQUIRES_TLS], within=40,
    )
    yield check(
        "visit", "https", plaintext, served=False, says="ERR_SSL_PROTOCOL_ERROR", within=40,
    )
