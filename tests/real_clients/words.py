"""What a client printed, as it is the same in every run."""

import re

from check import on_one_line

SENTENCE = "{sentence}"
# In this order.
VARYING = [
    (r"\x1b\[[0-9;]*m", ""),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", ""),
    (r"\b[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ ", ""),
    (r":(\.\./)+[\w./]+\.c:\d+:", " "),
    (r"\bport([= ])\d+", r"port\1PORT"),
    (r"\b(localhost|127\.0\.0\.1):\d+", r"\1:PORT"),
    (r"/tmp/[^\s'\"]*/", ""),
    (r"\b[0-9A-F]{12,16}:error:", "error:"),
    (r"0x[0-9a-f]+", "0x..."),
    # hyper-util's two names for a connection that fails while a request is sent.
    (r"\(Canceled\): operation was canceled: connection error", "(SendRequest): connection error"),
    (r"\.(c|cc|cpp|js|mjs):\d+(:\d+)?", r".\1"),
    (r"\b(OpenSSL/\d+)[\d.]*", r"\1"),
    (r"\b\d+(\.\d+)? ?(ms|s|seconds)\b", "TIME"),
]


def words(seen, phrase, sentence, longest=170):
    """The line with `phrase`, short enough for a table, without what varies."""
    lines = [line for line in seen.splitlines() if phrase in line]
    shown = on_one_line(lines[0] if lines else seen)
    if sentence:
        shown = shown.replace(sentence, SENTENCE)
        # As reason phrase, as header, as body.
        shown = re.sub(rf"{re.escape(SENTENCE)}(.*{re.escape(SENTENCE)})+", SENTENCE, shown)
    for pattern, instead in VARYING:
        shown = re.sub(pattern, instead, shown).strip()
    if len(shown) <= longest:
        return shown
    # From a word's beginning, and with the phrase in it.
    at = max(shown.find(SENTENCE if phrase == sentence else phrase), 0)
    begin = 0 if at < longest // 2 else shown.rfind(" ", 0, at - longest // 4) + 1
    end = len(shown) if len(shown) - begin <= longest else shown.rfind(" ", 0, begin + longest)
    return ("... " if begin else "") + shown[begin:end] + (" ..." if end < len(shown) else "")


def code(text):
    """As code in a Markdown table."""
    return "`" + text.replace("`", "'").replace("|", "\\|") + "`"
