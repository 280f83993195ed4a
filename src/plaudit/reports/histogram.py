"""Histogram: how the scores of a term are spread, as numbers and as inline SVG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plaudit.core.score import Floats
from plaudit.reports.findings import figure

__all__ = ["Bin", "bins", "svg"]

#: Up to so many different values each get a bar of their own.
DISTINCT = 12
#: Bars otherwise.
BARS = 24
#: Size of the picture in its own units; the page scales it.
WIDTH, HEIGHT = 168, 34


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar: how many values lie in ``[low, high)``; the last bar, and one of a single value, includes ``high``."""

    low: float
    high: float
    count: int


def bins(values: Floats) -> list[Bin]:
    """Return the bars of finite values, in ascending order: one a value where they are few, else 24 of equal width."""
    if not len(values):
        return []
    low, high = float(values.min()), float(values.max())
    some = np.unique(values[: 10 * DISTINCT])  # enough to tell most continuous scores without sorting them all
    if len(some) <= DISTINCT:
        distinct, counts = np.unique(values, return_counts=True)
        if len(distinct) <= DISTINCT:
            return [Bin(v, v, c) for v, c in zip(distinct.tolist(), counts.tolist(), strict=True)]
    edges = low * (1 - np.arange(BARS + 1) / BARS) + high * (np.arange(BARS + 1) / BARS)  # no overflow at 1e308
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, BARS - 1)
    counts = np.bincount(place, minlength=BARS)
    return [Bin(*bar) for bar in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)]


def svg(values: Floats, label: str) -> str:
    """Return the histogram of finite values as an SVG element without any reference to the outside.

    Bars of single values stand where the value lies between the least and the greatest. Every bar has its count as
    a tooltip, and the whole has ``label`` and its range as text for those who do not see it.

    Args:
        values: the scores; if empty, nothing is drawn.
        label: what is shown, before it is escaped.
    """
    from markupsafe import escape

    bars = bins(values)
    if not bars:
        return ""
    low, high = bars[0].low, bars[-1].high
    tallest = max(bar.count for bar in bars)
    single = bars[0].low == bars[0].high
    width = WIDTH / BARS if single else WIDTH / len(bars)
    drawn = []
    for k, bar in enumerate(bars):
        if not bar.count:
            continue
        x = (WIDTH - width) * _place(bar.low, low, high) if single else k * width
        height = max(HEIGHT * bar.count / tallest, 1.0)
        where = figure(bar.low) if single else f"{figure(bar.low)} to {figure(bar.high)}"
        drawn.append(
            f'<rect x="{x:.2f}" y="{HEIGHT - height:.2f}" width="{width - 0.8:.2f}" height="{height:.2f}">'
            f"<title>{where}: {bar.count:,}</title></rect>"
        )
    said = f"{label}: {len(values):,} scores from {figure(low)} to {figure(high)}"
    return (
        f'<svg class="histogram" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(said)}">{"".join(drawn)}</svg>'
    )


def _place(value: float, low: float, high: float) -> float:
    """Where a value lies between two others, 0 to 1; the middle if there is nothing between."""
    return 0.5 if low == high else (value / 2 - low / 2) / (high / 2 - low / 2)
