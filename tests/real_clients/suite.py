"""Real clients against the real binary: suite.py BINARY BUILT ARTIFACTS [--write].

BUILT is the directory that `run` has filled with the clients. Prints a line
per check, the table of what was seen, and the number of checks; exits with 1
if one has failed. With --write the table goes into the committed files;
without it, a committed table that differs is a notice.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import document
import pki
import table
from cases import SERVERS
from clients import all_clients
from details import details
from large import large
from made import Made, trust
from matrix import Seen, matrix
from server import Server


def main():
    binary, built, artifacts = map(os.path.abspath, sys.argv[1:4])
    os.makedirs(artifacts, exist_ok=True)
    for picture in os.listdir(artifacts):
        if picture.startswith("chromium-"):
            os.remove(os.path.join(artifacts, picture))
    with tempfile.TemporaryDirectory(prefix="oneport-clients-") as directory:
        client_ca, identities = pki.make(directory)
        servers = {}
        try:
            # One after the other: the first makes the certificate.
            for name, arguments in SERVERS.items():
                arguments = [argument.format(client_ca=client_ca) for argument in arguments]
                servers[name] = Server(binary, directory, name, *arguments)
            made = Made(binary, directory)
            servers |= {server.name: server for server in made.servers.values()}
            failed, passed, seen = against(servers, identities, made, built, artifacts)
        finally:
            faults = {name: server.stop() for name, server in servers.items()}
        for name, fault in faults.items():
            print(f"{'FAIL' if fault else 'ok':4} server: {name} ends cleanly {fault or ''}")
        failed += sum(fault is not None for fault in faults.values())
        passed += sum(fault is None for fault in faults.values())
        if failed:
            for server in servers.values():
                print(f"--- log of {server.name} (end)\n{server.log()[-2000:]}")
    report(seen, failed)
    print(f"clients: {passed} passed, {failed} failed")
    return 1 if failed else 0


def against(servers, identities, made, built, artifacts):
    dual = servers["dual"]
    ca = dual.certificate["trust"]
    environment = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "ONEPORT_CHROMIUM": shutil.which("chromium") or "chromium",
        "ONEPORT_SPKI": spki(dual.certificate["file"]),
        **trust(ca),
    }
    checks = [
        *matrix(all_clients(built), servers, identities, ca),
        *made.checks(all_clients(built)),
        *details(servers, built, ca, artifacts),
        *large(servers["tls-only"], built, ca),
    ]
    failed = passed = 0
    # Two at a time: more only make each other late.
    with ThreadPoolExecutor(2) as pool:
        runs = [(check, pool.submit(check.run, environment)) for check in checks]
        for check, run in runs:
            taken, fault, output = run.result()
            failed, passed = failed + bool(fault), passed + (not fault)
            print(f"{'FAIL' if fault else 'ok':4} {check.name} ({taken:.1f} s)", flush=True)
            if fault:
                print(f"     {fault}\n     $ {' '.join(check.command)}\n{output[-2000:]}")
    return failed, passed, [check for check in checks if isinstance(check, Seen) and check.case.sentence]


def report(seen, failed):
    full, short = table.full(seen), table.short(seen)
    print(f"\n{full}")
    for path, generated in [("tests/real_clients/TABLE.md", full), ("README.md", short)]:
        if "--write" in sys.argv and not failed:
            document.write(path, generated)
        elif difference := document.difference(path, generated):
            print(f"notice: tests/real_clients/run --write would change {path}:\n{difference}")


def spki(certificate):
    """The hash that Chromium's --ignore-certificate-errors-spki-list takes."""
    key = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"],
        check=True, stdout=subprocess.PIPE,
    ).stdout
    der = subprocess.run(
        ["openssl", "pkey", "-pubin", "-outform", "DER"],
        check=True, input=key, stdout=subprocess.PIPE,
    ).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


if __name__ == "__main__":
    sys.exit(main())
