"""How fast captures with links are read on one core, form by form, beside what cannot be avoided on the same texts.

    python -m etl_project_tests.benchmarks.forms_speed [megabytes of each form]

Reading is everything from a capture's text to its records and the account of its lines. Texts are made before, with
abstracts of 800 to 1,500 characters. Beside it stand a plain line loop, and *pieces alone*: one pass of ``re.finditer``
for the ends of links and the words between, and a ``Piece`` for each, before anything is understood. Each of the three
is the best of three runs, in turn.
"""

import os
import re
import sys
import time
from collections.abc import Callable
from random import Random

from etl_project.captures import read_capture
from etl_project.captures.pieces import Piece
from etl_project_tests.renderer import CHOICES, layout_of, papers_of, render

_CARDS = 50
_SHORTEST_ABSTRACT = 800
_PIECE = re.compile(r"[^\[\]\n]+|\]\([^()\s]*\)|\]\[\d+\]|\[\d+\]")


def texts_of(form: str, size: int, **fixed: object) -> list[str]:
    """Return pages of ``form`` of at least ``size`` characters together."""
    found: list[str] = []
    made = 0
    while made < size:
        random = Random(f"{form} {len(found)}")
        layout = layout_of(random, form, **fixed)
        papers = [p for p in papers_of(len(found), 2 * _CARDS) if len(p.abstract) >= _SHORTEST_ABSTRACT]
        found.append(render(papers[:_CARDS], layout))
        made += len(found[-1])
    return found


def _records(texts: list[str]) -> int:
    return sum(len(read_capture(text).records) for text in texts)


def _lines(texts: list[str]) -> int:
    return sum(bool(line.strip()) for text in texts for line in text.split("\n"))


def _pieces(texts: list[str]) -> int:
    return sum(len([Piece(1, 1, match[0], None) for match in _PIECE.finditer(text)]) for text in texts)


def _seconds(function: Callable[[list[str]], int], texts: list[str]) -> float:
    start = time.perf_counter()
    function(texts)
    return time.perf_counter() - start


def main(megabytes: float) -> None:
    """Print megabytes a second of each form, whole lines and wrapped, and of what stands beside it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for form in CHOICES:
        for wrapped in (False, True):
            fixed = {} if wrapped else {"width": 0}
            texts = texts_of(form, int(megabytes * 1e6), plain_links=False, **fixed)
            size = sum(len(text.encode()) for text in texts) / 1e6
            runs = [[_seconds(function, texts) for function in (_records, _pieces, _lines)] for _ in range(3)]
            ours, pieces, lines = (size / min(times) for times in zip(*runs, strict=True))
            print(
                f"{form:12} {'wrapped' if wrapped else 'whole lines':12} {size:5.1f} MB, {_records(texts):6} records:"
                f" {ours:6.1f} MB/s; pieces alone {pieces:6.1f} MB/s; line loop {lines:6.0f} MB/s"
            )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4)
