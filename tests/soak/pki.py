"""A CA, and leaves of it, by openssl."""

import os
import subprocess

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
SERVER = ("basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n"
          "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
CLIENT = "basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n"


def make(directory, leaves):
    """ca.crt, NAME.crt and NAME.key for each leaf, and client.crt, client.key."""
    _openssl(directory, "req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.crt", "-days", "30",
             "-subj", "/CN=oneport soak CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    for name in leaves:
        _leaf(directory, name, SERVER)
    _leaf(directory, "client", CLIENT)


def _leaf(directory, name, extensions):
    with open(os.path.join(directory, "extensions"), "w") as file:
        file.write(extensions)
    _openssl(directory, "req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
    _openssl(directory, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
             "-CAcreateserial", "-out", f"{name}.crt", "-days", "30", "-extfile", "extensions")


def _openssl(directory, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
