"""Builds the programs of this directory."""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def rust():
    """The program with all Rust servers and the generator."""
    command = ["cargo", "build", "--release", "--locked", "--message-format=json-render-diagnostics"]
    built = subprocess.run(command, cwd=os.path.join(HERE, "rust"), check=True, stdout=subprocess.PIPE, text=True)
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("target", {}).get("name") == "oneport-peers" and message.get("executable"):
            return message["executable"]
    sys.exit("cargo built no oneport-peers")


def go(directory):
    """The Go server; None without Go."""
    if not shutil.which("go"):
        return None
    program = os.path.join(directory, "go-server")
    source = os.path.join(HERE, "external", "server.go")
    environment = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    subprocess.run(["go", "build", "-o", program, source], check=True, env=environment, timeout=300)
    return program
