"""One request by a Python client: client.py NAME URL.

Prints what the client's user gets to see. Exits with 0 if the request was
served, with 1 if not. The CA to trust is the file that ONEPORT_CA names.
"""

import asyncio
import os
import ssl
import sys
import urllib.request

CA = os.environ.get("ONEPORT_CA") or None
WORD = "the same word"


def by_urllib(url):
    with urllib.request.urlopen(url, context=context(url)) as answer:
        return answer.read().decode()


def by_requests(url):
    import requests

    answer = requests.get(url, verify=CA)
    answer.raise_for_status()
    return answer.text


def by_httpx(url, **versions):
    import httpx

    with httpx.Client(verify=context(url) or True, **versions) as client:
        answer = client.get(url)
        # HTTP/2 has no reason phrase: what is left is the body.
        print(answer.http_version, answer.text)
        answer.raise_for_status()
        return answer.text


def by_httpx2(url):
    return by_httpx(url, http1=False, http2=True)


def by_aiohttp(url):
    import aiohttp

    async def get():
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            async with session.get(url, ssl=context(url) or True) as answer:
                return await answer.text()

    return asyncio.run(get())


def by_aiohttp_websocket(url):
    import aiohttp

    async def echo():
        async with aiohttp.ClientSession() as session:
            try:
                socket = await session.ws_connect(url, ssl=context(url) or True)
            except aiohttp.WSServerHandshakeError as error:
                # Its words are always the same; the headers are what differs.
                raise RuntimeError(f"{error} {dict(error.headers)}") from error
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
            raise RuntimeError(f"{error} {answer.reason_phrase} {answer.body}") from error

    return asyncio.run(echo())


def by_grpc(url):
    """A method that nobody has: a gRPC server that it reaches says status 12."""
    import grpc

    host = url.split("/")[2]
    if url.startswith("https:"):
        with open(CA, "rb") as file:
            channel = grpc.secure_channel(host, grpc.ssl_channel_credentials(file.read()))
    else:
        channel = grpc.insecure_channel(host)
    with channel:
        try:
            channel.unary_unary("/nobody.Has/This")(b"", timeout=5)
        except grpc.RpcError as error:
            if error.code() == grpc.StatusCode.UNIMPLEMENTED:
                return "UNIMPLEMENTED"
            raise RuntimeError(f"{error.code()} {error.details()}") from error


def context(url):
    if url.startswith(("https:", "wss:")):
        return ssl.create_default_context(cafile=CA)
    return None


def main():
    name, url = sys.argv[1:]
    try:
        print(globals()[f"by_{name}"](url))
    except Exception as error:  # Whatever it is, its words are the result.
        print(f"{type(error).__module__}.{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
