"""Every client in every case that it can be in."""

from cases import CASES, NO_CERTIFICATE
from check import Check, on_one_line
from clients import GRPC, NEVER, NO_IDENTITY, WEBSOCKET
from expected import expectation

WORD = "the same word"
# A refusal may linger for two seconds; a JVM or a browser on a busy machine
# takes a few more to start.
QUICKLY = 30


def matrix(clients, servers, identities, ca):
    for client in clients:
        for case in CASES:
            if applies(client, case):
                yield Seen(client, case, servers[case.server], identities.get(case.identity), ca)


def applies(client, case):
    if client.twin and not case.tls and case.sentence:
        return False
    if case.only and client.name not in case.only:
        return False
    if case.identity and client.identity is NO_IDENTITY:
        return False
    if client.proof is NEVER and case.sentence is None:
        return False
    return client.speaks in case.speaks


class Seen(Check):
    """What the user of one client sees in one case."""

    def __init__(self, client, case, server, identity, ca):
        self.client, self.case = client, case
        self.sentence = sentence(client, case)
        self.expected = expectation(client, case) if case.sentence else None
        self.seen = ""
        served = None if not client.tells else case.sentence is None
        super().__init__(
            f"{client.name}: {case.name}, {case.title} ({case.server})",
            command(client, case, server, identity, ca),
            served=served,
            within=QUICKLY,
            stdin=client.stdin,
            environment=identity.environment() if identity else {},
        )

    def judge(self, output):
        lines = output.splitlines()
        self.seen = "\n".join(line for line in lines if not line.startswith("kept: "))
        kept = "\n".join(line for line in lines if line.startswith("kept: "))
        proof = proof_of(self.client, self.case)
        if self.sentence is None:
            return None if proof in on_one_line(output) else f"does not say: {proof}"
        if proof in on_one_line(output):
            return f"was served: {proof}"
        return self.expected.fault(self.sentence, on_one_line(self.seen), on_one_line(kept))


def sentence(client, case):
    """What this client should be told: without a certificate, that there is none."""
    if client.withholds and case.identity == "wrong-ca":
        return NO_CERTIFICATE
    return case.sentence and case.sentence.format(protocol=client.protocol)


def command(client, case, server, identity, ca):
    schemes = ("ws", "wss") if client.speaks == WEBSOCKET else ("http", "https")
    path = "/echo" if client.speaks == WEBSOCKET else client.path
    values = {"ca": ca, "port": server.port, "url": server.url(schemes[case.tls], path)}
    if identity:
        values |= {"cert": identity.certificate, "key": identity.key}
    arguments = []
    for part in client.command:
        if part == "{identity}":
            arguments += client.identity if identity else ()
        else:
            arguments.append(part)
    return [argument.format(**values) for argument in arguments]


def proof_of(client, case):
    """What only a client prints that was served."""
    if client.proof:
        return client.proof
    if client.speaks == WEBSOCKET:
        return WORD
    if client.speaks == GRPC:
        return "UNIMPLEMENTED"
    return f'"scheme": "{"https" if case.tls else "http"}"'
