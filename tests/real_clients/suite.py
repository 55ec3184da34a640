"""Real clients against the real binary: suite.py BINARY BUILT ARTIFACTS.

BUILT is the directory that `run` has filled with the clients. Prints a line
per check and their number at the end; exits with 1 if one has failed.
"""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from details import every_check
from server import Server


def main():
    binary, built, artifacts = map(os.path.abspath, sys.argv[1:])
    os.makedirs(artifacts, exist_ok=True)
    for picture in os.listdir(artifacts):
        if picture.startswith("chromium-"):
            os.remove(os.path.join(artifacts, picture))
    with tempfile.TemporaryDirectory(prefix="oneport-clients-") as directory:
        servers = []
        try:
            # One after the other: the first makes the certificate.
            for name, *arguments in [
                ("dual", "--allow-plaintext"),
                ("tls-only",),
                ("plaintext-only", "--plaintext-only"),
            ]:
                servers.append(Server(binary, directory, name, *arguments))
            failed, passed = against(servers, built, artifacts)
        finally:
            faults = {server.name: server.stop() for server in servers}
        for name, fault in faults.items():
            print(f"{'FAIL' if fault else 'ok':4} server: {name} ends cleanly {fault or ''}")
        failed += sum(fault is not None for fault in faults.values())
        passed += sum(fault is None for fault in faults.values())
        if failed:
            for server in servers:
                print(f"--- log of {server.name} (end)\n{server.log()[-2000:]}")
    print(f"clients: {passed} passed, {failed} failed")
    return 1 if failed else 0


def against(servers, built, artifacts):
    dual, tls, plaintext = servers
    ca = dual.certificate["trust"]
    environment = {
        "NODE_EXTRA_CA_CERTS": ca,
        "ONEPORT_CA": ca,
        "ONEPORT_CHROMIUM": shutil.which("chromium") or "chromium",
        "ONEPORT_NODE_MODULES": os.path.join(built, "node"),
        "ONEPORT_SPKI": spki(dual.certificate["file"]),
        "SSL_CERT_FILE": ca,
    }
    failed = passed = 0
    # Two at a time: more only make each other late.
    with ThreadPoolExecutor(2) as pool:
        checks = every_check(dual, tls, plaintext, built, ca, artifacts)
        runs = [(check, pool.submit(check.run, environment)) for check in checks]
        for check, run in runs:
            taken, fault, output = run.result()
            failed, passed = failed + bool(fault), passed + (not fault)
            print(f"{'FAIL' if fault else 'ok':4} {check.name} ({taken:.1f} s)", flush=True)
            if fault:
                print(f"     {fault}\n     $ {' '.join(check.command)}\n{output[-2000:]}")
    return failed, passed


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
