"""sslscan, sslyze and testssl.sh: what a TLS port offers."""

import json
import os
import re
import shutil
import xml.etree.ElementTree as xml

from subject import BUILT, Missing, Section

OLD = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1")
# Without forward secrecy or authentication of the ciphertext.
STRONG = re.compile(r"^(TLS_(AES|CHACHA20)|ECDHE-(ECDSA|RSA)-(AES\d+-GCM|CHACHA20))")

def sslscan(subject):
    report = subject.path("sslscan.xml")
    text = subject.run("sslscan", ["sslscan", "--no-colour", f"--xml={report}", f"127.0.0.1:{subject.dual.port}"])
    test = xml.parse(report).find("ssltest")
    version = re.search(r"Version:\s*(\S+)", text)[1]
    section = Section("sslscan", version, "the dual port")
    offered = {f"{'SSL' if one.get('type') == 'ssl' else 'TLS'}v{one.get('version')}": one.get("enabled") == "1"
               for one in test.findall("protocol")}
    for old in OLD:
        section.add(old, "offered" if offered[old] else "not offered", offered[old])
    for wanted in ("TLSv1.2", "TLSv1.3"):
        section.add(wanted, "offered" if offered[wanted] else "not offered", not offered[wanted])
    ciphers = [one.get("cipher") for one in test.findall("cipher")]
    weak = [cipher for cipher in ciphers if not STRONG.match(cipher)]
    section.add("cipher suites", ", ".join(ciphers), weak or not ciphers)
    renegotiation = test.find("renegotiation")
    section.add("renegotiation", "no" if renegotiation.get("supported") == "0" else "yes",
                renegotiation.get("supported") != "0")
    bleeds = [one.get("sslversion") for one in test.findall("heartbleed") if one.get("vulnerable") != "0"]
    section.add("Heartbleed", ", ".join(bleeds) or "not vulnerable", bleeds)
    return section


def sslyze(subject):
    python = os.path.join(BUILT, "sslyze/bin/python")
    if not os.path.exists(python):
        raise Missing("sslyze is not here: tests/conformance/prepare installs it")
    report = subject.path("sslyze.json")
    subject.run("sslyze", [python, "-m", "sslyze", f"127.0.0.1:{subject.dual.port}", f"--json_out={report}"])
    with open(report) as file:
        result = json.load(file)
    found = {name: (one or {}).get("result") for name, one in result["server_scan_results"][0]["scan_result"].items()}
    section = Section("sslyze", result["sslyze_version"], "the dual port")
    for version, wanted in (("ssl_2_0", 0), ("ssl_3_0", 0), ("tls_1_0", 0), ("tls_1_1", 0), ("tls_1_2", 3), ("tls_1_3", 3)):
        suites = found[f"{version}_cipher_suites"]["accepted_cipher_suites"]
        section.add(f"{version} cipher suites", len(suites), len(suites) != wanted)
    expected = {
        "tls_compression": ("supports_compression", False),
        "openssl_ccs_injection": ("is_vulnerable_to_ccs_injection", False),
        "heartbleed": ("is_vulnerable_to_heartbleed", False),
        "robot": ("robot_result", "NOT_VULNERABLE_RSA_NOT_SUPPORTED"),
        "session_renegotiation": ("is_vulnerable_to_client_renegotiation_dos", False),
        "tls_extended_master_secret": ("supports_ems_extension", True),
        "tls_fallback_scsv": ("supports_fallback_scsv", True),
    }
    for name, (key, wanted) in expected.items():
        section.add(key, found[name][key], found[name][key] != wanted)
    curves = [one["name"] for one in found["elliptic_curves"]["supported_curves"]]
    section.add("groups (those it knows)", ", ".join(curves))
    return section


def testssl(subject):
    report = subject.path("testssl.json")
    if os.path.exists(report):
        os.remove(report)
    subject.run("testssl", [
        "testssl", "--color", "0", "--quiet", "--warnings", "off", "--ip", "one", "--jsonfile", report,
        f"127.0.0.1:{subject.dual.port}"])
    with open(report) as file:
        findings = json.load(file)
    with open(shutil.which("testssl") or "/dev/null", errors="replace") as file:
        version = re.search(r'VERSION="([^"]+)"', file.read())
    section = Section("testssl.sh", version[1] if version else "", "the dual port, all of its checks")
    counts = {}
    for one in findings:
        counts[one["severity"]] = counts.get(one["severity"], 0) + 1
    section.add("findings", ", ".join(f"{count} {severity}" for severity, count in sorted(counts.items())))
    for one in findings:
        if one["severity"] not in ("OK", "INFO"):
            section.add(f"{one['severity']}: {one['id']}", one["finding"], True)
    simulated = [one for one in findings if one["id"].startswith("clientsimulation")]
    without = [one["id"].split("-", 1)[1] for one in simulated if "no connection" in one["finding"].lower()]
    section.add("simulated clients", f"{len(simulated) - len(without)} of {len(simulated)} connect",
                remark=f"those without are too old for TLS 1.2 with ECDHE and AEAD: {', '.join(without)}")
    return section
