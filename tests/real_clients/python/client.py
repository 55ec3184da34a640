"""One request by a Python client: client.py NAME URL.

Prints what the client's user gets to see: an answer that is handed over as its
status, reason and body, an error as its `str`. What an error carries beside
that follows behind "kept: ". Exits with 0 if the request was served, with 1 if
not. The CA to trust is the file that ONEPORT_CA names, the client certificate,
if any, ONEPORT_CERT and ONEPORT_KEY.
"""

import asyncio
import os
import ssl
import sys
import urllib.request

CA = os.environ.get("ONEPORT_CA") or None
CERTIFICATE = (os.environ["ONEPORT_CERT"], os.environ["ONEPORT_KEY"]) if "ONEPORT_CERT" in os.environ else None
LARGE = b"x" * (8 << 20)
WORD = "the same word"


class Refused(Exception):
    """An answer that is no error to its library."""


class Kept(Exception):
    """Beside the error that it is raised from: what only its attributes say."""


def by_urllib(url):
    with urllib.request.urlopen(url, context=context(url)) as answer:
        return answer.read().decode()


def by_requests(url):
    import requests

    answer = requests.get(url, verify=CA, cert=CERTIFICATE)
    return text(answer.status_code, answer.reason, answer.text)


def by_requests_upload(url):
    import requests

    answer = requests.post(url, data=LARGE, verify=CA)
    return text(answer.status_code, answer.reason, answer.text)


def by_httpx(url, **versions):
    import httpx

    with httpx.Client(verify=context(url) or True, **versions) as client:
        answer = client.get(url)
        return text(answer.status_code, answer.reason_phrase, answer.text)


def by_httpx2(url):
    return by_httpx(url, http1=False, http2=True)


def by_aiohttp(url):
    import aiohttp

    async def get():
        async with aiohttp.ClientSession() as session:
            async with session.get(url, ssl=context(url) or True) as answer:
                return text(answer.status, answer.reason, await answer.text())

    return asyncio.run(get())


def by_aiohttp_websocket(url):
    import aiohttp

    async def echo():
        async with aiohttp.ClientSession() as session:
            try:
                socket = await session.ws_connect(url, ssl=context(url) or True)
            except aiohttp.WSServerHandshakeError as error:
                raise Kept(dict(error.headers)) from error
            await socket.send_str(WORD)
            word = await socket.receive_str()
            await socket.close()
            return word

    return asyncio.run(echo())


def by_websockets(url):
    import websockets

    async def echo():
        try:
            async with websockets.connect(url, ssl=context(url)) as socket:
                await socket.send(WORD)
                return await socket.recv()
        except websockets.InvalidStatus as error:
            answer = error.response
            raise Kept(f"{answer.reason_phrase} {answer.body}") from error

    return asyncio.run(echo())


def by_websocket_client(url):
    import websocket

    options = {"ca_certs": CA}
    if CERTIFICATE:
        options["certfile"], options["keyfile"] = CERTIFICATE
    socket = websocket.create_connection(url, sslopt=options)
    socket.send(WORD)
    word = socket.recv()
    socket.close()
    return word


def by_grpc(url):
    """A method that nobody has: a gRPC server that it reaches says status 12."""
    import grpc

    host = url.split("/")[2]
    if url.startswith("https:"):
        certificate, key = map(content, CERTIFICATE or (None, None))
        credentials = grpc.ssl_channel_credentials(content(CA), key, certificate)
        channel = grpc.secure_channel(host, credentials)
    else:
        channel = grpc.insecure_channel(host)
    with channel:
        try:
            channel.unary_unary("/nobody.Has/This")(b"", timeout=5)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return "UNIMPLEMENTED"
            raise Refused(f"{error.code()} {error.details()}") from error


def content(path):
    if path is None:
        return None
    with open(path, "rb") as file:
        return file.read()


def context(url):
    if not url.startswith(("https:", "wss:")):
        return None
    made = ssl.create_default_context(cafile=CA)
    if CERTIFICATE:
        made.load_cert_chain(*CERTIFICATE)
    return made


def text(status, reason, body):
    if status != 200:
        raise Refused(f"{status} {reason} {body}")
    return body


def main():
    name, url = sys.argv[1:]
    try:
        print(globals()[f"by_{name}"](url))
    except Refused as refused:
        print(refused)
    except Kept as kept:
        print(f"{kept.__cause__}\nkept: {kept}")
    except Exception as error:  # Whatever it is, its words are the result.
        print(f"{type(error).__module__}.{type(error).__name__}: {error}")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
