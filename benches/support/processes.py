"""What the scripts share: building a program, and ending one that they started."""

import contextlib
import json
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def build(example):
    """The path of an example, built as released."""
    # The provider of the binary; ring makes nine getrandom calls per handshake.
    command = ["cargo", "build", "--release", "--features", "aws-lc-rs", "--example", example]
    command.append("--message-format=json-render-diagnostics")
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == example and message.get("executable"):
            return message["executable"]
    sys.exit(f"cargo built no {example}")


@contextlib.contextmanager
def ended(process):
    """A server ends with its input."""
    try:
        yield
    finally:
        process.stdin.close()
        process.wait(timeout=20)
