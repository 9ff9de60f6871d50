"""Charts of the report as SVG, coloured by the page's style sheet. Numbers in, markup out; each stands beside its numbers.

Own, and not a library's: Altair with vl-convert draws the same from a JavaScript engine of 60 MB, with colours that do not
follow light and dark.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720.0, 220.0, 46.0, 24.0, 10.0
#: More bars than this are too thin to be seen.
MOST_BARS = 180


class Bar(NamedTuple):
    """One bar: its label, its height, and how much of it is drawn in the stronger colour."""

    label: str
    value: float
    part: float = 0


def scale_top(highest: float) -> float:
    """Return the end of a scale of four steps, each 1, 2 or 5 times a power of ten (at least 1), that holds ``highest``."""
    power = 10.0 ** max(0, math.floor(math.log10(max(highest / 4, 1))))
    return 4 * next(step * power for step in (1, 2, 5, 10) if 4 * step * power >= highest)


def columns(bars: Sequence[Bar], title: str, share: bool = False) -> Markup:
    """Return upright bars over a scale from 0; ``share`` writes the scale in per cent. Some labels are left out, none overlap."""
    top = 1.0 if share else scale_top(max((bar.value for bar in bars), default=0))
    plot = _HEIGHT - _TOP - _BOTTOM
    step = (_WIDTH - _LEFT) / max(len(bars), 1)
    wide = min(step * 0.8, 60)
    parts = [
        Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
            _number(_WIDTH), _number(_HEIGHT), title
        )
    ]
    for n in range(5):
        value = top * n / 4
        y = _TOP + plot * (1 - n / 4)
        parts.append(
            Markup(
                '<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="scale" x="{}" y="{}">{}</text>'
            ).format(*map(_number, (_LEFT, _WIDTH, y, y, _LEFT - 6, y + 4)), f"{value:.0%}" if share else short(value))
        )
    every = max(1, -(-max((len(bar.label) for bar in bars), default=1) * 7.5 // max(step, 1)))
    for n, bar in enumerate(bars):
        x = _LEFT + step * n + (step - wide) / 2
        for kind, value in (("bar", bar.value), ("part", bar.part)):
            height = plot * value / top
            if height > 0:
                parts.append(
                    Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
                        kind,
                        *map(_number, (x, _TOP + plot - height, wide, height)),
                        f"{bar.label}: {bar.value:.0%}"
                        if share
                        else f"{bar.label}: {bar.value:,.0f}"
                        + (f", {bar.part:,.0f} of them marked" if bar.part else ""),
                    )
                )
        if n % every == 0:
            parts.append(
                Markup('<text class="label" x="{}" y="{}">{}</text>').format(
                    _number(min(x + wide / 2, _WIDTH - 3.5 * len(bar.label))), _number(_HEIGHT - 6), bar.label
                )
            )
    parts.append(Markup("</svg>"))
    return Markup("").join(parts)


def line(share: float) -> Markup:
    """Return a lying bar that fills ``share`` (0 to 1) of its place, to stand in a table beside its number."""
    return Markup('<svg class="line" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect class="back" width="100" height="8"/><rect class="bar" width="{}" height="8"/></svg>').format(_number(max(0.0, min(share, 1.0)) * 100))  # fmt: skip


def short(value: float) -> str:
    """Return a number for a scale: 1,500 as 1.5k."""
    for size, sign in ((1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
