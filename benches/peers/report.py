"""The tables of a run, in Markdown."""

from servers import AGAIN

# As SPEED's goal: the upper end of the interval, over the limit.
GOAL = 1.05


def markdown(results, charts):
    parts = [head(results), *time_tables(results), held(results), first_byte(results), mismatches(results)]
    parts += [scale(results), problems(results)]
    if charts:
        parts.append("## Charts\n\n" + "\n\n".join(f"![{name[:-4]}]({name})" for name in charts))
    return "\n\n".join(part for part in parts if part) + "\n"


def head(results):
    machine = results["machine"]
    crates = ", ".join(f"{name} {version}" for name, version in machine["crates"].items())
    others = ", ".join(f"{title} {version}" for title, version in results["versions"].items())
    kind = "a virtual machine with " if machine["virtual"] else ""
    changed = " with changes" if machine["changed"] else ""
    lines = [
        "# Side by side",
        f"Made by `{results['command']}` in {results['minutes']:.0f} minutes, {machine['date']}, commit "
        f"{machine['commit']}{changed}, on {kind}{machine['cores']} cores ({machine['cpu']}, "
        f"{machine['kernel']}, {machine['memory_gib']} GiB). {noise(results)}",
        f"{machine['rustc'].split(' (')[0]}, fat LTO, {machine['libc']}; {crates}. {others}.",
    ]
    if results["missing"]:
        lines.append("Not there: " + "; ".join(results["missing"].values()) + ".")
    return "\n\n".join(lines)


def noise(results):
    others, steal = results["busy"]["others"], results["busy"]["steal"]
    text = f"Besides this run, {others:.2f} cores were busy on average with other work"
    text += f", and the hypervisor took {steal:.1%}." if steal >= 0.001 else "."
    if others > 0.1:
        text += " **The machine was not quiet**: believe intervals, not medians, and times least of all."
    return text


def time_tables(results):
    for protocols, title in ((("plaintext", "h2c"), "plaintext"), (("tls", "h2"), "TLS 1.3")):
        workloads = [one for one in results["workloads"] if one["protocol"] in protocols and one["servers"]]
        if workloads:
            yield f"## CPU time of the server per operation, {title}\n\n" + time_table(results, workloads)
    rows = [
        verdict(one, name)
        for one in results["workloads"]
        for name in results["order"]
        if name.startswith("oneport") and name in one["servers"]
    ]
    if rows:
        yield (
            "Ours, one by one. The goal is an upper end of the interval of at most "
            f"{GOAL}; a difference is called one where the interval leaves out 1 and does not "
            "overlap the control's.\n\n"
            + table(["workload", "server", "ratio", "interval", "control", "goal", "finding"], rows)
        )


def time_table(results, workloads):
    names = [name for name in results["order"] if any(name in one["servers"] for one in workloads)]
    rows = []
    for name in names:
        rows.append([results["titles"][name]] + [cell(one, name) for one in workloads])
    return (
        "Ratio to the limit in the same round: the median, and in brackets its 95 % interval. In the limit's "
        "own row: microseconds per operation (median).\n\n"
        + table(["server"] + [f"{one['key']}: {one['title']}" for one in workloads], rows)
    )


def cell(workload, name):
    row = workload["servers"].get(name)
    if row is None:
        return ""
    if name == workload["limit"]:
        return f"{row['microseconds']:,.1f} µs"
    return ratio(row["ratio"])


def interval(ratio):
    rough = "" if ratio["level"] >= 0.95 else ", range"
    return f"{ratio['low']:.3f} to {ratio['high']:.3f}{rough}"


def verdict(workload, name):
    ratio = workload["servers"][name]["ratio"]
    control = workload["servers"].get(workload["limit"] + AGAIN)
    goal = "met" if ratio["high"] <= GOAL else "missed" if ratio["low"] > GOAL else "open"
    finding = "not resolved"
    if control and ratio["level"] >= 0.95:
        if ratio["low"] > max(1, control["ratio"]["high"]):
            finding = "**behind**"
        elif ratio["high"] < min(1, control["ratio"]["low"]):
            finding = "ahead"
    return [
        f"{workload['key']}: {workload['title']}",
        name,
        f"{ratio['median']:.3f}",
        interval(ratio),
        interval(control["ratio"]) if control else "",
        goal if ratio["level"] >= 0.95 else "",
        finding,
    ]


def held(results):
    kinds = [kind for kind in results.get("held", []) if kind["bytes"]]
    if not kinds:
        return ""
    names = [name for name in results["order"] if any(name in kind["bytes"] for kind in kinds)]
    rows = [
        [results["titles"][name]] + [f"{kind['bytes'][name]:,.0f}" if name in kind["bytes"] else "" for kind in kinds]
        for name in names
    ]
    return (
        f"## w6: private memory per idle connection\n\nBytes (RssAnon) that {results['held_count']:,} more "
        "connections add, over their number; one figure each, from a fresh process. Counted within "
        "seconds of their opening, when some of ours hibernate already: `benches/memory` has both.\n\n"
        + table(["server"] + [kind["title"] for kind in kinds], rows)
    )


def first_byte(results):
    found = {protocol: by_name for protocol, by_name in results.get("first_byte", {}).items() if by_name}
    if not found:
        return ""
    columns = [(protocol, key) for protocol in found for key in ("p50", "p99")]
    names = [name for name in results["order"] if any(name in by_name for by_name in found.values())]
    rows = [
        [results["titles"][name]] + [f"{found[p][name][k]:,.0f}" if name in found[p] else "" for p, k in columns]
        for name in names
    ]
    return (
        "## w9: time to the first byte on a new connection\n\nMicroseconds from before the connect, one "
        "connection after the other: wall-clock time, which a busy machine stretches. \"As documented\": the "
        "listener that the documentation shows, without TCP_NODELAY; all others have it.\n\n"
        + table(["server"] + [f"{p.replace('tls', 'TLS')} {k}" for p, k in columns], rows)
    )


def mismatches(results):
    found = results.get("mismatches")
    if not found:
        return ""
    titles = {"plaintext-mismatch": "GET to the TLS port", "tls-mismatch": "ClientHello to the plaintext port"}
    rows = []
    for workload, by_name in found.items():
        for name, one in by_name.items():
            time = f"{one['microseconds']:,.0f}" if one["ended"] != "still open after 2 s" else ""
            rows.append([titles[workload], results["titles"][name], f"`{one['came_back']}`", one["ended"], time])
    return "## w10: what the wrong client gets\n\nServers of both on one port refuse neither.\n\n" + table(
        ["sent", "server", "came back", "then", "µs, median"], rows
    )


def scale(results):
    if not results.get("scale"):
        return ""
    parts = [
        "## By the number of connections\n\nCPU time per operation, ours as a ratio to the limit's in the same "
        "round, and the limit's control; private memory of all connections together. Beside idle connections, 64 "
        "work."
    ]
    for which, keys in (("idle", ["request", "connection"]), ("active", ["request"])):
        for protocol, by_name in results["scale"][which].items():
            if not any(by_name.values()):
                continue
            header = [f"{which} connections, {protocol.replace('tls', 'TLS')}"]
            for key in keys:
                header += [f"{key}: bare, µs", "oneport / bare", "control"]
            rows = []
            for ours, bare, again in zip(*by_name.values()):
                row = [f"{ours['connections']:,}"]
                for key in keys:
                    row += [f"{bare[key]:,.1f}", ratio(ours[f"{key}_ratio"]), ratio(again[f"{key}_ratio"])]
                rows.append(row + [f"{ours['bytes']:,}", f"{bare['bytes']:,}"])
            parts.append(table(header + ["oneport, bytes", "bare, bytes"], rows))
    return "\n\n".join(parts)


def ratio(found):
    return f"{found['median']:.3f} ({interval(found)})"


def problems(results):
    if not results["failed"]:
        return ""
    lines = [f"* {what}: {why}" for what, why in sorted(results["failed"].items())]
    return "## Not measured\n\n" + "\n".join(lines)


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
