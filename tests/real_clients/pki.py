"""Client certificates, by openssl: a good one, and those that are refused."""

import os
import subprocess
from dataclasses import dataclass

# Name -> who signs it, and for how many days from now.
IDENTITIES = {
    "good": ("client-ca", 2),
    "wrong-ca": ("other-ca", 2),
    "expired": ("client-ca", -1),
}
# Java wants one file, with a password.
PASSWORD = "oneport"
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
EXTENSIONS = "basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n"


@dataclass(frozen=True)
class Identity:
    certificate: str
    key: str
    p12: str

    def environment(self):
        """For the drivers, and for git."""
        return {
            "ONEPORT_CERT": self.certificate,
            "ONEPORT_KEY": self.key,
            "ONEPORT_P12": self.p12,
            "GIT_SSL_CERT": self.certificate,
            "GIT_SSL_KEY": self.key,
        }


def make(directory):
    """The file of the CA that the server is given, and each identity by name."""
    for ca in ("client-ca", "other-ca"):
        openssl(directory, "req", "-x509", *NEW_KEY, "-keyout", f"{ca}.key", "-out", f"{ca}.crt",
                "-days", "2", "-subj", f"/CN=oneport test {ca}")
    with open(os.path.join(directory, "extensions"), "w") as file:
        file.write(EXTENSIONS)
    made = {name: _identity(directory, name, *how) for name, how in IDENTITIES.items()}
    return os.path.join(directory, "client-ca.crt"), made


def _identity(directory, name, ca, days):
    openssl(directory, "req", *NEW_KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr",
            "-subj", f"/CN=oneport test client ({name})")
    openssl(directory, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key",
            "-out", f"{name}.crt", "-days", str(days), "-extfile", "extensions")
    return identity(directory, name)


def identity(directory, name):
    """The certificate and key that are there, in one file too."""
    openssl(directory, "pkcs12", "-export", "-in", f"{name}.crt", "-inkey", f"{name}.key",
            "-out", f"{name}.p12", "-passout", f"pass:{PASSWORD}")
    return Identity(*(os.path.join(directory, f"{name}.{kind}") for kind in ("crt", "key", "p12")))


def openssl(directory, *arguments):
    done = subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
