"""h2load: nothing fails under load. slowhttptest: slow clients do not close a port."""

import csv
import re

from subject import Section

# Well below the limits of the machine, above those of a naive server's patience.
SLOW = 400
# Seconds; the longest deadline of the server in these is 30.
PATIENCE = 60
WAYS = {
    "slow heads": (["-H", "-i", "5"], "/whoami", "Limits::request_head ends them"),
    "slow bodies": (["-B", "-s", "8192", "-i", "5"], "/whoami", "answered before the body, which this page ignores"),
    "overlapping ranges": (["-R", "-a", "1", "-b", "3000"], "/whoami", "ranges are not asked of this page: 200"),
    # No more than this: with 8 MB each the kernel takes 1.7 MB for each of them, and
    # a bare server of tokio-rustls has no time for others meanwhile either.
    "slow readers": (["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32"], "/bytes?n=300000",
                     "they take a few bytes now and then, so `Limits::write_stall` need not end them"),
}


def h2load(subject):
    version = re.search(r"nghttp2/(\S+)", subject.run("h2load-version", ["h2load", "--version"]))[1]
    section = Section("h2load", version, "20 clients with 10 streams each, and HTTP/1.1")
    port = subject.dual.port
    for what, arguments, scheme in (
        ("HTTP/2 over TLS", ["-m", "10"], "https"), ("h2c", ["-m", "10"], "http"),
        ("HTTP/1.1 over TLS", ["--h1"], "https"), ("HTTP/1.1", ["--h1"], "http"),
        ("HTTP/2 over TLS, 60 kB each", ["-m", "10"], "https-large"),
    ):
        path = "/bytes?n=60000" if scheme == "https-large" else "/whoami"
        url = f"{scheme.split('-')[0]}://127.0.0.1:{port}{path}"
        text = subject.run(f"h2load-{what.replace(' ', '-').replace('/', '')}",
                           ["h2load", "-n", "4000", "-c", "20", *arguments, url], timeout=60)
        line = re.search(r"^requests: .*$", text, re.MULTILINE)
        line = line[0] if line else "no requests line"
        good = "4000 succeeded, 0 failed, 0 errored, 0 timeout" in line and "4000 2xx" in text
        section.add(what, line.removeprefix("requests: "), not good)
    return section


def slowhttptest(subject):
    text = subject.run("slowhttptest-version", ["slowhttptest", "-v", "0", "-h"])
    section = Section("slowhttptest", re.search(r"version (\S+)", text)[1],
                      f"{SLOW} slow clients, for {PATIENCE} s at most; meanwhile it asks by itself whether it is served")
    for scheme in ("http", "https"):
        for what, (arguments, path, remark) in WAYS.items():
            _slow(subject, section, scheme, what, arguments, path, remark)
    return section


def _slow(subject, section, scheme, what, arguments, path, remark):
    name = f"slowhttptest-{scheme}-{what.replace(' ', '-')}"
    url = f"{scheme}://127.0.0.1:{subject.dual.port}{path}"
    text = subject.run(name, ["slowhttptest", *arguments, "-c", str(SLOW), "-r", "200", "-l", str(PATIENCE), "-p", "3",
                       "-u", url, "-g", "-o", subject.path(name)], timeout=PATIENCE + 60)
    with open(subject.path(f"{name}.csv")) as file:
        rows = list(csv.DictReader(file))
    # It marks a second in which its own probe was not answered with 0.
    down = sum(int(row["Service Available"]) == 0 for row in rows)
    ended = re.search(r"Exit status:(?:\x1b\[[\d;]*m)?\s*(.*)", text)
    section.add(f"{what}, {scheme}",
                f"served in {len(rows) - down} of {len(rows)} seconds; {ended[1].lower() if ended else 'no end'}",
                down or not ended, remark)
