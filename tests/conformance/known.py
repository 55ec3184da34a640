"""Findings that somebody has looked at, and whose they are. Others fail the run."""

import re

NEW = "**new**"

# Tool -> pattern of what -> remark.
REMARKS = {
    "testssl.sh": {
        "engine_problem": "of the scanning machine",
        "cipher_order": "rustls' default: the client chooses, among suites that are all AEAD with forward secrecy",
        "cert_chain_of_trust": "of the test: its CA is its own",
        "cert_(expirationStatus|notAfter|revocation)": "of the test's certificate",
        "DNS_CAArecord": "of the test: there is no DNS for it",
        "sessionresumption_ticket": "of a machine that was busy: two runs before this and two after said `Tickets: yes`",
        "HSTS": "opt-in (`--hsts`): it concerns all ports of a host",
    },
    "h2spec": {
        "h2c: .*invalid connection preface": "meant so: what is no preface on a plaintext port is another protocol, "
                                             "which gets a sentence instead of GOAWAY, and the end",
    },
    "Autobahn's wstest": {
        "case 6.4.[34]": "tungstenite's: invalid UTF-8 is noticed at the end of a frame, not within it; the connection "
                         "fails either way, as RFC 6455 8.1 wants",
    },
    "tlsfuzzer": {
        "test-tls13-lengths": "wants a server that sends back as much as it is sent",
    },
}

# For what rustls has not and these scripts cannot do without: RSA and DHE key
# exchange, CBC, DSA, SSLv2, client certificates, measuring of times.
TLSFUZZER_LEFT_OUT = (
    "aesccm", "bleichenbacher", "certificate-malformed", "certificate-request", "certificate-verify",
    "client-certificate", "client-compatibility", "dsa", "dhe-(key|no|rsa)", "eddsa", "export-ciphers", "ffdhe",
    "kRSA", "lucky13", "mlkem", "marvin", "minerva", "no-unknown-groups", "post-handshake-auth", "psk_", "record-size-limit", "renegotiation-",
    "rsa-key-exchange", "sslv2-force", "with-client-cert",
)


def remark(tool, row):
    """What is to be said of a finding: its own remark, or, of a bad one, whose it is."""
    what, _, bad, said = row
    if not bad:
        return said
    remarks = (text for pattern, text in REMARKS.get(tool, {}).items() if re.search(pattern, what))
    return next(remarks, NEW)
