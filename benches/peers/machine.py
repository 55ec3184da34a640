"""What was measured, on what, and when: without which no figure says anything."""

import datetime
import os
import platform
import re
import subprocess

import processes
from build import ROOT


def described():
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": output("git", "rev-parse", "--short", "HEAD"),
        "changed": bool(output("git", "status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock")),
        "cpu": field("/proc/cpuinfo", r"model name\s*:\s*(.*)") or platform.machine(),
        "cores": len(processes.CORES),
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "memory_gib": round(int(field("/proc/meminfo", r"MemTotal:\s*(\d+)") or 0) / 2**20),
        "virtual": "hypervisor" in (field("/proc/cpuinfo", r"flags\s*:\s*(.*)") or ""),
        "open_files": processes.descriptors(),
        "load_before": os.getloadavg()[0],
        "rustc": output("rustc", "--version"),
        "libc": " ".join(platform.libc_ver()),
        "crates": crates(),
    }


def crates():
    """The versions of what the servers are made of, from the lock file."""
    found = lock()
    names = ["hyper", "hyper-util", "h2", "tokio", "tokio-rustls", "rustls", "aws-lc-rs", "axum"]
    return {name: found.get(name, "?") for name in names}


def lock():
    with open(os.path.join(ROOT, "benches/peers/rust/Cargo.lock")) as file:
        return dict(re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', file.read()))


def stolen():
    """Jiffies that the hypervisor has given to others, and that were worked."""
    with open("/proc/stat") as stat:
        user, nice, system, _, _, irq, softirq, steal = map(int, stat.readline().split()[1:9])
    return steal, user + nice + system + irq + softirq


def busy(jiffies, own, took):
    """How many cores had other work meanwhile, and what the hypervisor took."""
    now = stolen()
    second = os.sysconf("SC_CLK_TCK")
    # All that this script has started has ended: it is among its children.
    ours = sum(os.times()[:4]) - sum(own[:4])
    return {
        "others": max(0, (now[1] - jiffies[1]) / second - ours) / took,
        "steal": (now[0] - jiffies[0]) / second / took / (os.cpu_count() or 1),
    }


def output(*command):
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        return ""
    return (ran.stdout or ran.stderr).strip()


def field(file, pattern):
    with open(file) as lines:
        found = re.search(pattern, lines.read())
    return found and found[1].strip()
