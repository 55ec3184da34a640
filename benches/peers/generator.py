"""The generator as this side has it: workloads in, results out."""

import contextlib
import json
import select

import processes

# The program gives up on a workload after 20 s by itself.
PATIENCE = 30


class Failed(Exception):
    """A workload that was not done, or an answer that was wrong."""


class Generator:
    def __init__(self, program, directory):
        self.command = [program, "load", directory]
        self.process = None

    def __enter__(self):
        self.process = processes.start(self.command, processes.GENERATOR_CORE)
        return self

    def __exit__(self, *_):
        processes.end(self.process)

    def prepare(self, workload, address, count, connections):
        """Opens what is kept open, for instance."""
        self._say(f"{workload} {address} {count} {connections}")
        if self._hear() != "ready":
            raise Failed(f"{workload}: not ready")

    def go(self):
        """The measured part."""
        self._say("go")
        word, _, result = self._hear().partition(" ")
        if word != "done":
            raise Failed("not done")
        return json.loads(result)

    def run(self, workload, address, count, connections):
        self.prepare(workload, address, count, connections)
        return self.go()

    def _say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _hear(self):
        # One line is one answer: nothing is left in the buffer in between.
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline().rstrip("\n") if readable else ""
        if not line:
            # It may answer late: never to the next question.
            processes.end(self.process)
            self.__enter__()
            raise Failed("the generator did not answer")
        if line.startswith("error "):
            raise Failed(line[len("error ") :])
        return line


@contextlib.contextmanager
def held(program, directory, workload, address, count):
    """Connections that are open meanwhile, by a process of their own. Each has
    to answer at the end."""
    with Generator(program, directory) as holder:
        holder.prepare(workload, address, count, count)
        yield
        holder.go()
