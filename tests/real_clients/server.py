"""The server under test: the real binary on a port of its own choice."""

import json
import os
import signal
import subprocess


class Server:
    """Running from construction to `stop`."""

    def __init__(self, binary, directory, name, *arguments):
        self.name = name
        self.log_path = os.path.join(directory, f"{name}.log")
        self._log = open(self.log_path, "wb")
        data = ("--data-dir", os.path.join(directory, "data"))
        if arguments == ("--plaintext-only",):
            data = ()
        self._process = subprocess.Popen(
            [binary, "--listen", "127.0.0.1:0", "--log-format", "json", *data, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{name} did not start: {self.log()}")
        report = json.loads(line)
        self.port = int(report["address"].rsplit(":", 1)[1])
        self.certificate = report["certificate"]

    def url(self, scheme, path="/whoami"):
        return f"{scheme}://localhost:{self.port}{path}"

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def stop(self):
        """Asks it to stop, and says what is wrong with how it did, if anything."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return "still there 15 s after SIGTERM"
        finally:
            self._log.close()
        if code != 0:
            return f"exit code {code}"
        if "panicked" in self.log():
            return "a panic in its log"
        return None
