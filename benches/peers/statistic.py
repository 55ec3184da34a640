"""Medians, and how sure they are, without an assumption on how noise is spread."""

import math
import statistics


def of_ratios(ratios):
    """The median, and the interval that has the true one with 95 % or more: that
    of the sign test, two order statistics. With fewer than six rounds there is
    none, and it is the whole range; `level` says what it is worth."""
    ordered = sorted(ratios)
    n = len(ordered)
    rank = 0
    while rank < n // 2 and below(n, rank + 1) <= 0.025:
        rank += 1
    at = max(rank, 1) - 1
    return {
        "median": statistics.median(ordered),
        "low": ordered[at],
        "high": ordered[n - 1 - at],
        "level": 1 - 2 * below(n, at + 1),
        "rounds": n,
    }


def below(n, k):
    """How probable it is that fewer than k of n coins show heads."""
    return sum(math.comb(n, i) for i in range(k)) / 2**n


def percentile(samples, share):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
