"""Suites of cases with a verdict each: h2spec, tlsfuzzer, Autobahn's."""

import collections
import json
import os
import re
import shutil
import xml.etree.ElementTree as xml

import known
from subject import BUILT, Missing, Section

TLSFUZZER_PATIENCE = 60


def h2spec(subject):
    program = os.environ.get("H2SPEC") or shutil.which("h2spec")
    if not program:
        raise Missing("h2spec is not here: H2SPEC=PATH says where it is (https://github.com/summerwind/h2spec)")
    section = Section("h2spec", "2.6.1-dev", "all cases, `/whoami`")
    section.version = subject.run("h2spec-version", [program, "--version"]).split()[1]
    for what, port, bare, options in (
        ("h2c", subject.rsa.port, subject.bare_h2c, []),
        ("over TLS", subject.rsa.port, subject.bare_tls, ["-t", "-k"]),
    ):
        failed, count = _h2spec(subject, program, f"h2spec-{what.replace(' ', '-')}", port, "/whoami", options)
        theirs = _h2spec(subject, program, f"h2spec-{what.replace(' ', '-')}-bare", bare, "/", options) if bare else None
        section.add(what, f"{count - len(failed)} of {count} pass",
                    remark=f"bare hyper: {theirs[1] - len(theirs[0])}" if theirs else "")
        for case in sorted(failed):
            both = " (bare hyper too)" if theirs and case in theirs[0] else ""
            section.add(f"{what}: {case}", f"fails{both}", True)
    return section


def _h2spec(subject, program, name, port, path, options):
    report = subject.path(f"{name}.xml")
    subject.run(name, [program, "-h", "127.0.0.1", "-p", str(port), "-P", path, "-o", "3", "-j", report, *options])
    failed, count = set(), 0
    for suite in xml.parse(report).iter("testsuite"):
        for case in suite.iter("testcase"):
            count += 1
            if case.find("failure") is not None or case.find("error") is not None:
                failed.add(f"{case.get('package')}: {case.get('classname')}")
    return failed, count


def autobahn(subject):
    python, packages = os.environ.get("PYTHON2", "python2.7"), os.path.join(BUILT, "autobahn")
    if not os.path.exists(os.path.join(packages, "installed")):
        raise Missing("wstest is not here: it needs Python 2.7 (PYTHON2=PATH), then tests/conformance/prepare")
    report = subject.path("autobahn-reports")
    spec = subject.path("autobahn.json")
    port = subject.dual.port
    with open(spec, "w") as file:
        json.dump({
            "outdir": report, "exclude-cases": [], "exclude-agent-cases": {},
            "servers": [{"agent": scheme, "url": f"{scheme}://127.0.0.1:{port}/echo"} for scheme in ("ws", "wss")],
            # 12 and 13 are permessage-deflate, which is not offered.
            "cases": [f"{chapter}.*" for chapter in (1, 2, 3, 4, 5, 6, 7, 9, 10)],
        }, file)
    # By way of `site`: its packages share namespaces.
    start = f"import site; site.addsitedir({packages!r}); from autobahntestsuite.wstest import run; run()"
    subject.run("autobahn", [python, "-c", start, "-m", "fuzzingclient", "-s", spec])
    with open(os.path.join(report, "index.json")) as file:
        found = json.load(file)
    section = Section("Autobahn's wstest", "25.10.1", "cases 1 to 7, 9 and 10 against `/echo` (axum, tungstenite); "
                      "12 and 13, compression, are not offered")
    for agent, cases in sorted(found.items()):
        counts = collections.Counter(one["behavior"] for one in cases.values())
        section.add(agent, ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
        for case, one in sorted(cases.items()):
            verdicts = {one["behavior"], one["behaviorClose"]} - {"OK", "INFORMATIONAL"}
            if verdicts:
                section.add(f"{agent}: case {case}", ", ".join(sorted(verdicts)), True)
    return section


def tlsfuzzer(subject):
    checkout, python = os.environ.get("TLSFUZZER"), os.path.join(BUILT, "tlsfuzzer/bin/python")
    if not checkout or not os.path.exists(python):
        raise Missing("tlsfuzzer is not here: TLSFUZZER=DIR, a checkout of https://github.com/tlsfuzzer/tlsfuzzer "
                      "(it is in no registry), then tests/conformance/prepare")
    section = Section("tlsfuzzer", _tlsfuzzer_version(checkout), "its scripts for servers, an RSA certificate")
    scripts = sorted(one for one in os.listdir(os.path.join(checkout, "scripts")) if one.startswith("test-"))
    totals, unfit, slow, failing = collections.Counter(), [], [], []
    for script in scripts:
        name = script.removesuffix(".py")
        if any(re.search(pattern, name) for pattern in known.TLSFUZZER_LEFT_OUT):
            totals["left out"] += 1
            continue
        ours = _conversations(subject, checkout, python, script, subject.rsa.port, name)
        if ours is None:
            slow.append(name)
            continue
        passed, failed, reasons = ours
        if "sanity" in failed:
            unfit.append(name)
            continue
        totals["scripts"] += 1
        totals["passed"] += passed
        totals["failed"] += len(failed)
        if not failed:
            continue
        theirs = None
        if subject.bare_tls:
            theirs = _conversations(subject, checkout, python, script, subject.bare_tls, f"{name}-bare")
        # Which conversations a script has is chance in part: reasons are compared.
        more = sorted(reasons - theirs[2]) if theirs else sorted(reasons)
        failing.append((name, len(failed), passed + len(failed), "; ".join(more if theirs else ["not compared"]) if more else ""))
    section.add("scripts", f"{totals['scripts']} run to their end", remark=f"left out {totals['left out']}, for what "
                "rustls has not (known.py)")
    section.add("not for rustls", ", ".join(unfit), remark="their first conversation, which is to succeed, wants what "
                "rustls has not: RSA key exchange, CBC, other curves")
    section.add(f"not done in {TLSFUZZER_PATIENCE} s", ", ".join(slow) or "none")
    section.add("conversations", f"{totals['passed']} as expected, {totals['failed']} otherwise")
    for name, count, of, more in failing:
        section.add(name, f"{count} of {of} otherwise" + (f"; not with bare tokio-rustls: {more[:300]}" if more else ""),
                    bool(more), "for the same reasons with bare tokio-rustls")
    return section


def _tlsfuzzer_version(checkout):
    with open(os.path.join(checkout, "pyproject.toml")) as file:
        found = re.search(r'^version\s*=\s*"([^"]+)"', file.read(), re.MULTILINE)
    return found[1] if found else "a checkout"


def _conversations(subject, checkout, python, script, port, name):
    """How many are as expected, which are not, and why; None if they take too long."""
    source = os.path.join(checkout, "scripts", script)
    # Half of the scripts are a stub that calls the module of their name.
    app = os.path.join(checkout, "tlsfuzzer/_apps", script.replace("-", "_"))
    with open(app if os.path.exists(app) else source) as file:
        text = file.read()
    # (EC)DHE instead of RSA key exchange, where a script knows both.
    dhe = ["-d"] if "opt == '-d'" in text or 'opt == "-d"' in text else []
    command = [python, f"scripts/{script}", *dhe, "-h", "127.0.0.1", "-p", str(port)]
    try:
        text = subject.run(f"tlsfuzzer-{name}", command, timeout=TLSFUZZER_PATIENCE,
                           environment={"PYTHONPATH": "."}, cwd=checkout)
    except RuntimeError:
        return None
    passed = re.search(r"^PASS: (\d+)", text, re.MULTILINE)
    if not passed:
        return 0, ["sanity"], set()
    names = text.partition("\nFAILED:")[2].partition("\nXPASSED:")[0]
    reasons = re.findall(r"^(?:AssertionError|[\w.]*(?:Error|timeout)): .*$", text, re.MULTILINE)
    reasons = {re.sub(r"0x[0-9a-f]+|\d+", "N", one) for one in reasons}
    return int(passed[1]), re.findall(r"^\t'(.*)'$", names, re.MULTILINE), reasons
