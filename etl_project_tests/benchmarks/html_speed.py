"""How fast JSON and saved pages are read on one core, beside what the libraries under them cost on the same bytes.

    python -m etl_project_tests.benchmarks.html_speed [pages [papers a page]]

Reading is everything from text to records and line accounts. The pages are those of the tests with the weight that
real ones have: a head of scripts and styles, classes on every element, pictures of vectors. Pages are made outside
the measured time; each line is the median of the pages, and the ratios are of the same page in the same run.
"""

import json
import os
import re
import statistics
import sys
import time

from lxml import html as lxml_html

from etl_project.captures import html, json_text
from etl_project_tests.pages import Paper, item_of, page_of

_CLASSES = "inline-flex min-w-0 max-w-full items-center rounded-full border border-blue-200/70 bg-blue-50 py-0.5 dark:bg-blue-900/30"
_HEAD = "<script>window.plausible = window.plausible || function () { (plausible.q = plausible.q || []).push(arguments); };</script>\n"


def _seconds(function, *arguments):
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def _weighted(page):
    page = re.sub(r'class="', f'class="{_CLASSES} ', page)
    return page.replace("</head>", _HEAD * 60 + "</head>")


def _line(name, sizes, times, of, others):
    speed = statistics.median(size / seconds for size, seconds in zip(sizes, times, strict=True))
    ratio = statistics.median(mine / other for mine, other in zip(times, others, strict=True))
    print(f"{name}: {speed:.1f} MB/s, {ratio:.2f} times the time of {of} on the same bytes")


def main(pages, papers):
    """Print megabytes a second and ratios for JSON, pages with their JSON, and pages of cards."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    texts = {
        "api json": [],
        "daily page, with its json": [],
        "daily page, cards": [],
        "search page, cards": [],
        "trending page, cards": [],
    }
    for page in range(pages):
        found = [
            Paper(page * papers + n, page, n % 2 == 0, n % 3 == 0, n % 4 == 0, True, n % 7, n) for n in range(papers)
        ]
        texts["api json"].append(json.dumps([item_of(paper) for paper in found], ensure_ascii=False, indent=1))
        texts["daily page, with its json"].append(_weighted(page_of(found, "daily", seed=page)))
        for kind in ("daily", "search", "trending"):
            texts[f"{kind} page, cards"].append(_weighted(page_of(found, kind, data=False, seed=page)))
    for name, group in texts.items():
        is_json = name == "api json"
        read, of, alone = (json_text.read, "json.loads", json.loads) if is_json else (html.read, "lxml alone", lxml_html.document_fromstring)  # fmt: skip
        assert all(len(read(text).records) == papers for text in group[:3])
        sizes = [len(text.encode()) / 1e6 for text in group]
        print(f"{len(group)} of {statistics.median(sizes) * 1000:.0f} kB,", end=" ")
        # one after the other on each page, since other work on the machine comes and goes
        times = [(_seconds(read, text), _seconds(alone, text)) for text in group]
        _line(name, sizes, [mine for mine, _ in times], of, [other for _, other in times])


if __name__ == "__main__":
    main(*(int(argument) for argument in (sys.argv[1:] + ["40", "40"][len(sys.argv) - 1 :])))
