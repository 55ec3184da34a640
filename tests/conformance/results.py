"""RESULTS.md."""

from known import NEW, remark

HEAD = """# What others' tools find

Written by `tests/conformance/run --write`, as it is; [run](run) says how to repeat it. All of it went
to the released binary on 127.0.0.1, with plaintext allowed. A finding that is not as it should be has a
remark on whose it is, from [known.py](known.py); {new} is one that nobody has looked at, and fails the run.

"Bare" is a server of `benches/peers` with nothing of oneport's. What tlsfuzzer expects otherwise than rustls does
(which alert, which extension) is counted as `otherwise`, and compared with the bare server by its reasons. Slow readers
ask for 300 kB each: of larger answers the kernel takes 1.7 MB for each of them at once, and while it does, on
a busy machine, a bare server had no time for others for seconds either.

"""


def markdown(sections):
    lines = [HEAD.format(new=NEW)]
    lines += ["| tool | on | what was asked | findings that are not as they should be |", "|---|---|---|---|"]
    for one in sections:
        lines.append(f"| {one['tool']} {one['version']} | {one['date']}, {one['commit']} | {one['ran']} | {bad(one)} |")
    for one in sections:
        lines += ["", f"## {one['tool']} {one['version']}", "", "| what | found | remark |", "|---|---|---|"]
        lines += [f"| {_cell(row[0])} | {_cell(row[1])} | {_cell(remark(one['tool'], row))} |" for row in one["rows"]]
    return "\n".join(lines) + "\n"


def bad(section):
    remarks = [remark(section["tool"], row) for row in section["rows"] if row[2]]
    new = remarks.count(NEW)
    counts = [f"{new} **new**"] if new else []
    ours = sum("**ours**" in one for one in remarks)
    counts += [f"{ours} ours"] if ours else []
    rest = len(remarks) - new - ours
    return ", ".join(counts + [f"{rest} explained"] if rest else counts) or "none"


def _cell(text):
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
