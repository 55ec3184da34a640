"""The outcome as Markdown."""


def markdown(outcome):
    lines = [
        f"{outcome['date']}, {outcome['minutes']:.0f} minutes, seed {outcome['seed']}; {outcome['machine']}; "
        f"load average before {outcome['load_before']:.1f}. Clients and servers used "
        f"{100 * outcome['share_of_a_core']:.0f} % of a core.",
        "",
        "| server, never restarted | RssAnon idle: start, end (KiB) | under load: first minute, last, most | "
        "slope (KiB/min) | descriptors: start, most, end | threads | connections: most, end | CPU (s) | warnings |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in outcome["servers"]:
        start, end = one["start"], one["end"]
        lines.append(
            f"| {one['server']} | {start['rss_kib']:,}, {end['rss_kib']:,} | {one['rss_first_kib']:,.0f}, "
            f"{one['rss_last_kib']:,.0f}, {one['rss_most_kib']:,} | {one['slope_kib_per_minute']:+} | "
            f"{start['fds']}, {one['fds_most']}, {end['fds']} | {start['threads']}, {one['threads_most']}, "
            f"{end['threads']} | {one['connections_most']}, {end['connections']} | {one['cpu_seconds']} | "
            f"{one['warnings']} |")
    again, swaps = outcome["restarts"], outcome["swaps"]
    drained = "; ".join(f"{how} ({times} times)" for how, times in again["drained"].items())
    lines += [
        "",
        f"* {again['count']} restarts (SIGTERM under load): {again['finished']} requests, downloads and WebSockets in "
        f"flight finished, {len(again['failed'])} failed; {drained}; slowest exit {again['slowest']:.2f} s after "
        "the signal (requests in flight took 5 s).",
        f"* {swaps['count']} certificate swaps; the slowest was seen by all servers after {swaps['slowest']:.1f} s.",
        f"* {outcome['good']:,} clients got what they had to get, {outcome['failed']} did not, "
        f"{outcome['unjudged']} are not judged (this process stood still {len(outcome['stood_still'])} times, "
        f"{max(outcome['stood_still'], default=0)} s at most).",
        "",
        "| kind of client | as it has to be | asked the next server | failed | slowest (s) |",
        "|---|---|---|---|---|",
    ]
    for kind, one in sorted(outcome["clients"].items()):
        lines.append(f"| {kind} | {one['good']:,} | {one['retried']} | {one['failed']} | {one['slowest']:.2f} |")
    lines += ["", "All holds." if not outcome["wrong"] else "Does not hold:"]
    lines += [f"* {one}" for one in outcome["wrong"]]
    return "\n".join(lines) + "\n"
