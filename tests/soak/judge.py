"""What was sampled, and whether it holds."""

import statistics

# What an allocator may keep of other threads' arenas, whatever is given back.
SLACK_KIB = 1536
SHARE = 0.10


def slope(points):
    """Theil and Sen's: the median over pairs, which peaks do not move. Per second."""
    points = points[:: max(1, len(points) // 300)]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for i, a in enumerate(points) for b in points[i + 1:] if b[0] > a[0]]
    return statistics.median(slopes) if slopes else 0.0


class Watched:
    """One server that is never restarted."""

    def __init__(self, server):
        self.server, self.samples = server, []
        self.start = self.end = None

    def take(self, at):
        self.samples.append({"at": round(at, 1), **self.server.sample()})

    def summary(self):
        points = [(one["at"], one["rss_kib"]) for one in self.samples]
        span = points[-1][0] - points[0][0]
        return {
            "server": self.server.name,
            "start": self.start,
            "end": self.end,
            "rss_first_kib": statistics.median(one for _, one in points[:12]),
            "rss_last_kib": statistics.median(one for _, one in points[-12:]),
            "rss_most_kib": max(one for _, one in points),
            "slope_kib_per_minute": round(60 * slope(points), 2),
            "slope_over_run_kib": round(span * slope(points)),
            "fds_most": max(one["fds"] for one in self.samples),
            "threads_most": max(one["threads"] for one in self.samples),
            "connections_most": max(one["connections"] for one in self.samples),
            "cpu_seconds": round(self.end["cpu"] - self.start["cpu"], 1),
            "warnings": self.server.warnings(),
        }


def wrong(summary):
    """What does not hold for this server."""
    start, end, name = summary["start"], summary["end"], summary["server"]
    allowed = SLACK_KIB + SHARE * start["rss_kib"]
    if summary["slope_over_run_kib"] > allowed:
        yield f"{name}: memory grows by {summary['slope_over_run_kib']} KiB over the run, {allowed:.0f} allowed"
    if end["rss_kib"] > start["rss_kib"] + allowed:
        yield f"{name}: {end['rss_kib']} KiB at the end, {start['rss_kib']} at the start, {allowed:.0f} more allowed"
    if end["fds"] != start["fds"]:
        yield f"{name}: {end['fds']} descriptors at the end, {start['fds']} at the start"
    if end["threads"] > start["threads"]:
        yield f"{name}: {end['threads']} threads at the end, {start['threads']} at the start"
    if end["connections"]:
        yield f"{name}: {end['connections']} connections at the end"
