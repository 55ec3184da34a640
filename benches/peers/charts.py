"""The charts of a run."""

import os
import re

from servers import AGAIN
from svg import Picture, Scale, short

OURS, LIMIT, OTHER = 0, 1, 2
MIN_RATIO, MAX_RATIO = 0.7, 1.6
WIDTH = 900


def write(results, directory):
    """The files that were written."""
    made = []
    for name, draw in (("ratios", ratios), ("cpu", cpu), ("memory", memory), ("idle", idle), ("active", active)):
        picture = draw(results)
        if picture:
            path = os.path.join(directory, f"{name}.svg")
            picture.write(path)
            made.append(f"{name}.svg")
    return made


def series(name):
    if name.startswith("oneport"):
        return OURS
    return LIMIT if name.split("/")[0] in ("hyper", "hyper-h2c", "tokio-rustls") else OTHER


def plain(results, name):
    return re.sub(r"\*\*|^limit: ", "", results["titles"][name])


def ratios(results):
    """Ours and the other Rust servers, with their intervals."""
    picture = Picture(WIDTH, "Server CPU time per operation, ratio to the limit in the same round (median, 95 % interval)")
    y = 44
    x = Scale(MIN_RATIO, MAX_RATIO, 300, WIDTH - 30)
    for workload in results["workloads"]:
        rows = {
            name: row for name, row in workload["servers"].items() if results["rust"][name] and name != workload["limit"]
        }
        if not rows:
            continue
        picture.text(12, y + 4, f"{workload['key']}: {workload['title']}", bold=True)
        top = y + 12
        y = top + 10
        for name, row in sorted(rows.items(), key=lambda item: (series(item[0]), item[0])):
            ratio = row["ratio"]
            picture.text(290, y + 4, plain(results, name), "end")
            picture.line(x(ratio["low"]), y, x(ratio["high"]), y, f"line s{series(name)}")
            picture.dot(x(ratio["median"]), y, series(name))
            if ratio["median"] > MAX_RATIO:
                picture.text(x(MAX_RATIO) - 8, y + 4, f"{ratio['median']:.1f} ", "end")
            y += 18
        marks(picture, x, top, y - 6)
        picture.line(x(1), top, x(1), y - 6, "axis", dashed=True)
        y += 24
    return picture if len(picture.parts) > 1 else None


def marks(picture, x, top, bottom):
    for mark in x.marks():
        picture.line(x(mark), top, x(mark), bottom, "grid")
        picture.text(x(mark), bottom + 13, f"{mark:g}" if not x.log else short(mark), "middle", "faint")


def cpu(results):
    """All servers, in microseconds."""
    picture = Picture(WIDTH, "Server CPU time per operation, microseconds (median)")
    y = 44
    for workload in results["workloads"]:
        if workload["servers"]:
            values = {name: row["microseconds"] for name, row in workload["servers"].items()}
            y = bars(picture, results, y, f"{workload['key']}: {workload['title']}", values)
    return picture if len(picture.parts) > 1 else None


def memory(results):
    """All servers, in bytes per connection."""
    picture = Picture(WIDTH, "Private memory of the server per idle connection, bytes")
    y = 44
    for kind in results.get("held", []):
        if kind["bytes"]:
            y = bars(picture, results, y, kind["title"], kind["bytes"])
    return picture if len(picture.parts) > 1 else None


def bars(picture, results, y, title, values):
    picture.text(12, y + 4, title, bold=True)
    y += 14
    x = Scale(0, max(values.values()), 0, WIDTH - 400)
    for name, value in sorted(values.items(), key=lambda item: item[1]):
        if name.endswith(AGAIN):
            continue
        picture.text(310, y + 10, plain(results, name), "end")
        picture.bar(318, y, x(value), 12, series(name))
        picture.text(324 + x(value), y + 10, f"{value:,.1f}" if value < 100 else f"{value:,.0f}", kind="faint")
        y += 18
    return y + 20


def idle(results):
    picture = Picture(WIDTH, "Beside 1 to 10,000 idle connections: ours and bare hyper (its control is dashed)")
    panels = [
        ("request", "CPU per request, µs"),
        ("connection", "CPU per new connection, µs"),
        ("bytes", "private memory of all, bytes"),
    ]
    return grid(picture, results, "idle", panels)


def active(results):
    picture = Picture(WIDTH, "With 1 to 1,000 active connections: ours and bare hyper (its control is dashed)")
    return grid(picture, results, "active", [("request", "CPU per request, µs"), ("bytes", "private memory of all, bytes")])


def grid(picture, results, which, panels):
    curves = results.get("scale", {}).get(which)
    if not curves or not any(points for by_name in curves.values() for points in by_name.values()):
        return None
    width = (WIDTH - 20) / len(panels)
    for row, (protocol, by_name) in enumerate(curves.items()):
        for column, (key, label) in enumerate(panels):
            at = (column * width + 10, 40 + row * 230)
            lines(picture, at, width, f"{protocol.replace('tls', 'TLS')}: {label}", by_name, key)
    return picture


def lines(picture, at, width, title, by_name, key):
    left, top = at
    curves = {
        name: [(one["connections"], one[key]) for one in points if one[key] > 0] for name, points in by_name.items()
    }
    points = [point for curve in curves.values() for point in curve]
    if not points:
        return
    most = max(value for _, value in points)
    x = Scale(1, max(count for count, _ in points) * 1.1 + 1, left + 45, left + width - 15, log=True)
    if key == "bytes":
        y = Scale(min(value for _, value in points) * 0.9, most * 1.2, top + 190, top + 20, log=True)
    else:
        y = Scale(0, most * 1.15, top + 190, top + 20)
    picture.text(left + 8, top + 8, title, bold=True)
    for mark in y.marks():
        picture.line(left + 45, y(mark), left + width - 15, y(mark), "grid")
        picture.text(left + 41, y(mark) + 4, short(mark), "end", "faint")
    for mark in x.marks():
        picture.text(x(mark), top + 205, short(mark), "middle", "faint")
    picture.line(left + 45, top + 190, left + width - 15, top + 190, "axis")
    for name, curve in curves.items():
        if curve:
            where = [(x(count), y(value)) for count, value in curve]
            picture.path(where, series(name), dashed=name.endswith(AGAIN))
            if not name.endswith(AGAIN):
                for point in where:
                    picture.dot(*point, series(name), radius=3)
    for place, (name, number) in enumerate((("oneport", OURS), ("bare", LIMIT))):
        picture.dot(left + 60 + 75 * place, top + 24, number)
        picture.text(left + 68 + 75 * place, top + 28, name)
