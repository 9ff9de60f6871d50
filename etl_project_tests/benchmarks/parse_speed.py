"""How fast text captures are parsed on one core, beside a plain line loop on the same texts in the same run.

    python -m etl_project_tests.benchmarks.parse_speed [captures]

Parsing is everything from a dump's text to the frames that the warehouse takes: recognising the form,
records, line accounts, dates, links, cleaning. Texts are made in batches outside the measured time.
"""

import os

os.environ["POLARS_MAX_THREADS"] = "1"

import resource
import statistics
import sys
import time
from datetime import datetime
from itertools import islice

import polars as pl

from etl_project.contract import polars_schema
from etl_project.parse import parse_dumps
from etl_project.raw import count_lines
from etl_project.tables import RAW_DUMPS
from etl_project_tests.benchmarks.corpus import Corpus


def _dumps(texts: list[str], first: int) -> pl.DataFrame:
    rows = [
        {
            "dump_id": f"{first + i:016x}",
            "content_sha256": "0" * 64,
            "stored_sha256": "0" * 64,
            "file_name": f"capture_{first + i}.txt",
            "source": "generated",
            "received_at": datetime(2026, 11, 21),
            "modified_at": None,
            "load_number": 1,
            "byte_count": len(text.encode()),
            "opened_byte_count": len(text.encode()),
            "compression": "none",
            "encoding": "utf-8",
            "encoding_basis": "utf8",
            "damaged_lines": [],
            "line_count": count_lines(text),
            "unread_reason": None,
            "content": text,
        }
        for i, text in enumerate(texts)
    ]
    return pl.DataFrame(rows, schema=polars_schema(RAW_DUMPS))


def _plain_loop(texts: list[str]) -> int:
    count = 0
    for text in texts:
        for line in text.split("\n"):
            if line.strip():
                count += 1
    return count


def main(captures: int) -> None:
    """Print megabytes a second of both, their ratio batch by batch, and peak memory."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    megabytes = mentions = refused = 0.0
    ours: list[float] = []
    ratios: list[float] = []
    source = Corpus().captures(captures)
    number = 0
    while texts := list(islice(source, 200)):
        size = sum(len(text.encode()) for text in texts) / 1e6
        dumps = _dumps(texts, number)
        number += len(texts)
        start = time.perf_counter()
        parsed = parse_dumps(dumps)
        middle = time.perf_counter()
        _plain_loop(texts)
        end = time.perf_counter()
        megabytes += size
        mentions += parsed.parsed_rows.height
        refused += parsed.refused_records.height
        ours.append(size / (middle - start))
        ratios.append((middle - start) / (end - middle))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{captures} captures, {megabytes:.0f} MB, {mentions:.0f} mentions, {refused:.0f} refused, one core")
    print(f"parse: median {statistics.median(ours):.0f} MB/s (min {min(ours):.0f}, max {max(ours):.0f})")
    print(f"parse / plain line loop: median {statistics.median(ratios):.1f} times its time")
    print(f"peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
