"""One run of a client, and what it must show."""

import os
import subprocess
import time

# A client of a server on this machine, whatever the environment says.
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
LIMIT = 60


class Check:
    """A command; `served` is whether it has to succeed, None if it cannot tell."""

    def __init__(self, name, command, *, served, says=(), lacks=(), within=LIMIT, stdin=b"",
                 environment=None, artifact=None):
        self.name = name
        self.command = command
        self.served = served
        self.says = (says,) if isinstance(says, str) else says
        self.lacks = lacks
        self.within = within
        self.stdin = stdin
        self.environment = environment or {}
        self.artifact = artifact

    def run(self, environment):
        """Its duration, what is wrong (None if nothing), and what it printed."""
        begun = time.monotonic()
        try:
            done = subprocess.run(
                self.command,
                input=self.stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=LIMIT,
                env={**ENVIRONMENT, **environment, **self.environment},
            )
        except FileNotFoundError:
            return 0.0, f"{self.command[0]} is not installed", ""
        except subprocess.TimeoutExpired as late:
            output = (late.output or b"").decode(errors="replace")
            return float(LIMIT), f"not done within {LIMIT} s", output
        taken = time.monotonic() - begun
        output = done.stdout.decode(errors="replace")
        return taken, self._fault(done.returncode, output, taken), output

    def judge(self, output):
        """What is wrong with what it printed, None if nothing."""
        shown = on_one_line(output)
        for phrase in self.says:
            if phrase not in shown:
                return f"does not say: {phrase}"
        for phrase in self.lacks:
            if phrase in shown:
                return f"says: {phrase}"
        return None

    def _fault(self, code, output, taken):
        if code < 0:
            return f"ended by signal {-code}"
        if self.served is not None and self.served != (code == 0):
            return f"exit code {code}"
        if taken > self.within:
            return f"took {taken:.1f} s, at most {self.within} s"
        if self.artifact and not _is_picture(self.artifact):
            return f"no picture in {self.artifact}"
        return self.judge(output)


def on_one_line(output):
    """Terminals and HTML wrap lines."""
    return " ".join(output.split())


def _is_picture(path):
    try:
        with open(path, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return False
    return content.startswith(b"\x89PNG") and len(content) > 5000
