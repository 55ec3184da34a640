"""Processes that this run starts, pins, reads and ends; no others."""

import ctypes
import os
import re
import resource
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

# The server has the last core to itself, as far as the machine is quiet; the
# generator and this script share the first.
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, GENERATOR_CORE = CORES[-1], CORES[0]


def descriptors():
    """Raises the limit of open files as far as it may be, for all that follow."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def start(command, core, environment=None, log=None):
    """A process group of its own, which dies with this script."""

    def prepare():
        os.sched_setaffinity(0, {core})
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log if log is not None else sys.stderr,
        text=True,
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        preexec_fn=prepare,
    )


def wait(command):
    subprocess.run(command, check=True, timeout=60)


def end(process):
    """By the end of its input, which is enough for ours; or by SIGTERM."""
    if process.poll() is None:
        process.stdin.close()
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=5)
    process.stdout.close()


def tree(pids):
    """These processes and what they have started."""
    found = list(pids)
    for pid in found:
        for task in tasks(pid):
            try:
                with open(f"/proc/{pid}/task/{task}/children") as children:
                    found += map(int, children.read().split())
            except FileNotFoundError:
                pass
    return found


def cpu(pids):
    """Nanoseconds that all threads of these processes have run, in user mode and
    in the kernel's: counted at every switch, not sampled."""
    ran = 0
    for pid in pids:
        for task in tasks(pid):
            try:
                with open(f"/proc/{pid}/task/{task}/schedstat") as stat:
                    ran += int(stat.read().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                pass
    return ran


def private_bytes(pids):
    """Private pages (RssAnon) of these processes."""
    found = 0
    for pid in pids:
        with open(f"/proc/{pid}/status") as status:
            found += 1024 * int(re.search(r"^RssAnon:\s+(\d+) kB", status.read(), re.MULTILINE)[1])
    return found


def open_files(pids):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)


def tasks(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError:
        return []
