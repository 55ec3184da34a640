"""Times: to the first byte on a new connection (w9), and of an answer to the
wrong client (w10). One connection after the other: nobody waits in a queue."""

import statistics
import time

from generator import Failed
from progress import say
from servers import AGAIN
from statistic import percentile

FIRST_BYTE = [("plaintext", "plaintext-first-byte"), ("tls", "tls-first-byte")]
SAMPLES = 200


def first_byte(catalog, generator, names, rounds, until):
    """p50 and p99 over all rounds, in microseconds, by protocol and server."""
    samples, failed = {protocol: {} for protocol, _ in FIRST_BYTE}, {}
    fleet = {}
    try:
        for name in names:
            try:
                fleet[name] = catalog.start(name)
            except Failed as error:
                failed[f"w9, {name}"] = str(error)
        for at in range(rounds):
            for protocol, workload in FIRST_BYTE:
                for name, running in fleet.items():
                    if protocol not in running.server.protocols or time.monotonic() > until:
                        continue
                    try:
                        done = generator.run(workload, running.port(protocol), SAMPLES, 1)
                        samples[protocol].setdefault(name, []).extend(done["microseconds"])
                    except Failed as error:
                        failed[f"w9 {protocol}, {name}"] = str(error)
            say(f"w9: round {at + 1} of {rounds}")
    finally:
        for running in fleet.values():
            running.end()
    found = {
        protocol: {
            name: {"p50": percentile(all_of, 0.5), "p99": percentile(all_of, 0.99), "samples": len(all_of)}
            for name, all_of in by_name.items()
        }
        for protocol, by_name in samples.items()
    }
    return found, failed


# What is sent, and to a port of which protocol.
MISMATCHES = [("plaintext-mismatch", "tls"), ("tls-mismatch", "plaintext")]


def mismatches(catalog, generator, names):
    """What comes back, how it ends, and the median time to the end."""
    found, failed = {workload: {} for workload, _ in MISMATCHES}, {}
    for name in names:
        server = catalog.named(name)
        if server.documented or name.endswith(AGAIN):
            continue
        try:
            with catalog.start(name) as running:
                for workload, protocol in MISMATCHES:
                    # A port for both refuses neither.
                    if protocol in running.ports and running.ports.get("plaintext") != running.ports.get("tls"):
                        done = generator.run(workload, running.port(protocol), 50, 1)
                        found[workload][name] = {
                            "came_back": described(bytes.fromhex(done["came_back"])),
                            "ended": done["ended"],
                            "microseconds": statistics.median(done["microseconds"]),
                        }
        except Failed as error:
            failed[f"w10, {name}"] = str(error)
    return found, failed


def described(answer):
    """The status line and the start of the text, or the alert."""
    if not answer:
        return "nothing"
    if answer[0] == 0x15 and len(answer) >= 7:
        return f"TLS alert {answer[6]}"
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b"\r\n")[0].decode("latin-1")
    text = body.strip().split(b"\n")[0].decode("latin-1")
    if not text:
        return f"{status}, no text"
    if text in status:
        return f"{status}, and so the text"
    return f"{status}: {text[:90]}"
