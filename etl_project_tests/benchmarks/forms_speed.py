"""How fast captures with links are read on one core, form by form, beside a plain line loop on the same texts.

    python -m etl_project_tests.benchmarks.forms_speed [megabytes of each form]

Reading is everything from a capture's text to its records and the account of its lines. Texts are made before.
"""

import os
import sys
import time
from random import Random

from etl_project.captures import read_capture
from etl_project_tests.renderer import CHOICES, layout_of, papers_of, render

_CARDS = 50


def texts_of(form: str, size: int, **fixed: object) -> list[str]:
    """Return pages of ``form`` of at least ``size`` characters together."""
    found: list[str] = []
    made = 0
    while made < size:
        random = Random(f"{form} {len(found)}")
        layout = layout_of(random, form, **fixed)
        found.append(render(papers_of(len(found), _CARDS), layout))
        made += len(found[-1])
    return found


def main(megabytes: float) -> None:
    """Print megabytes a second of each form, whole lines and wrapped, and its time beside the line loop's."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for form in CHOICES:
        for wrapped in (False, True):
            fixed = {} if wrapped else {"width": 0}
            texts = texts_of(form, int(megabytes * 1e6), plain_links=False, **fixed)
            size = sum(len(text.encode()) for text in texts) / 1e6
            start = time.perf_counter()
            records = sum(len(read_capture(text).records) for text in texts)
            middle = time.perf_counter()
            lines = sum(bool(line.strip()) for text in texts for line in text.split("\n"))
            end = time.perf_counter()
            print(
                f"{form:12} {'wrapped' if wrapped else 'whole lines':12} {size:5.1f} MB, {records:6} records:"
                f" {size / (middle - start):6.1f} MB/s, {(middle - start) / (end - middle):5.1f} times a loop over {lines} lines"
            )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4)
