"""A little SVG: panels with axes, bars, dots with intervals, lines. The colours
follow the reader's theme, and have enough contrast in both."""

import math
from html import escape

STYLE = """
svg { background: #ffffff; font: 12px system-ui, sans-serif; }
text { fill: #24292f; } .faint { fill: #57606a; }
.axis { stroke: #8c959f; } .grid { stroke: #d8dee4; }
.s0 { --c: #0550ae; } .s1 { --c: #bc4c00; } .s2 { --c: #6e7781; } .s3 { --c: #1a7f37; }
.fill { fill: var(--c); } .line { stroke: var(--c); fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  text { fill: #e6edf3; } .faint { fill: #9198a1; }
  .axis { stroke: #656c76; } .grid { stroke: #2a313c; }
  .s0 { --c: #58a6ff; } .s1 { --c: #f0883e; } .s2 { --c: #9198a1; } .s3 { --c: #56d364; }
}
"""


class Picture:
    def __init__(self, width, title):
        self.width, self.title, self.parts, self.bottom = width, title, [], 30
        self.text(12, 20, title, bold=True)

    def text(self, x, y, text, anchor="start", kind="", bold=False):
        weight = ' font-weight="600"' if bold else ""
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}"{weight}>{escape(text)}</text>'
        )
        self.bottom = max(self.bottom, y + 10)

    def line(self, x1, y1, x2, y2, kind, dashed=False):
        dashes = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"{dashes}/>')

    def bar(self, x, y, width, height, series):
        self.parts.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}" rx="2" class="fill s{series}"/>'
        )

    def dot(self, x, y, series, radius=4):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" class="fill s{series}"/>')

    def path(self, points, series, dashed=False):
        dashes = ' stroke-dasharray="5 4"' if dashed else ""
        where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{where}" class="line s{series}"{dashes}/>')

    def write(self, path):
        height = self.bottom + 8
        with open(path, "w") as file:
            file.write(
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {height:.0f}" '
                f'width="{self.width}" height="{height:.0f}" role="img">\n'
                f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n"
            )
            file.write("\n".join(self.parts) + "\n</svg>\n")


class Scale:
    """Values to pixels, straight or by the logarithm."""

    def __init__(self, low, high, start, end, log=False):
        self.f = math.log10 if log else float
        self.log, self.low, self.high, self.start, self.end = log, low, high, start, end

    def __call__(self, value):
        low, high = self.f(self.low), self.f(self.high)
        share = (self.f(min(max(value, self.low), self.high)) - low) / ((high - low) or 1)
        return self.start + share * (self.end - self.start)

    def marks(self):
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            return [10**n for n in range(first, last + 1) if self.low <= 10**n <= self.high]
        step = 10 ** math.floor(math.log10((self.high - self.low) or 1))
        for finer in (1, 2, 5, 10):
            if (self.high - self.low) / (step / finer) >= 4:
                step /= finer
                break
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [n * step for n in range(first, last + 1)]


def short(value):
    """1,200,000 as 1.2M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"
