"""The generated parts of committed files, between two markers each."""

import difflib
import os

from clients import HERE

ROOT = os.path.dirname(os.path.dirname(HERE))
BEGIN, END = "<!-- clients:begin -->\n", "<!-- clients:end -->\n"


def difference(path, generated):
    """A unified diff from what is committed to what was seen; empty if the same."""
    _, now, _ = _parts(path)
    return "".join(difflib.unified_diff(
        now.splitlines(keepends=True), generated.splitlines(keepends=True),
        f"{path} (committed)", f"{path} (seen)",
    ))


def write(path, generated):
    before, _, after = _parts(path)
    with open(os.path.join(ROOT, path), "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}{generated}{END}{after}")


def _parts(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    before, _, rest = text.partition(BEGIN)
    now, marker, after = rest.partition(END)
    if not marker:
        raise RuntimeError(f"{path} has no {BEGIN.strip()} with {END.strip()} behind it")
    return before, now, after
