"""How well search finds: nDCG@10 on labelled queries over the real captures, beside SQLite's FTS5 and tantivy on the same papers.

    python -m etl_project_tests.benchmarks.search_quality LAKE

``LAKE`` is one in which the real captures were run (``papers run shared/captures --lake LAKE``). ``search_labels.jsonl`` has
queries as people type them, and for each the papers that answer it (2) or touch it (1), by a hash of their titles. They were made
by one reader, from all titles for each query, then from the first six papers of each engine that had no grade yet, shown
without the engine's name (its scores were in sight). No weight of the search was
fitted to them: k1, b and the title's weight are usual ones, and the peers have the same title weight.
"""

import hashlib
import json
import math
import random
import sys
from collections.abc import Iterable
from pathlib import Path

import duckdb

from etl_project.fields import title_key
from etl_project.search import TITLE_WEIGHT
from etl_project_tests.benchmarks import search_peers

LABELS = Path(__file__).with_name("search_labels.jsonl")


def labels() -> dict[str, dict[str, int]]:
    """Grades by query, then by the key of a paper's title."""
    rows = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    return {row["query"]: row["grades"] for row in rows}


def key(title: str) -> str:
    return hashlib.sha256(title_key(title).encode()).hexdigest()[:12]


def ndcg(found: Iterable[str], grades: dict[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain, with gains 2^grade - 1 (Burges and others, 2005)."""

    def gain(ordered: Iterable[int]) -> float:
        return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(list(ordered)[:depth]))

    return gain(grades.get(one, 0) for one in found) / gain(sorted(grades.values(), reverse=True))


def measure(database: Path) -> dict[str, list[float]]:
    """nDCG@10 of every query, in the order of the labels, by engine; tantivy only where it is installed."""
    with duckdb.connect(str(database), read_only=True) as connection:
        papers = connection.execute(
            "select paper_id, title, coalesce(abstract_clean, abstract, ai_summary, '') from papers order by paper_id"
        ).fetchall()
        keys = {paper: key(title) for paper, title, _ in papers}

        def ours(query: str, most: int) -> list[str]:
            rows = connection.execute("select paper_id from search_papers($1) limit $2", [query, most]).fetchall()
            return [row[0] for row in rows]

        engines = {"search_papers": ours}
        for every in (False, True):
            how = "all words" if every else "any word"
            engines[f"FTS5, {how}"] = search_peers.fts5(papers, TITLE_WEIGHT, every)
            try:
                engines[f"tantivy, {how}"] = search_peers.tantivy(papers, TITLE_WEIGHT, every)
            except ImportError:
                print("tantivy is not installed (make bench-search)", file=sys.stderr)
        return {
            name: [ndcg([keys[paper] for paper in ask(query, 10)], grades) for query, grades in labels().items()]
            for name, ask in engines.items()
        }


def main(database: Path) -> None:
    found = measure(database)
    ours = found["search_papers"]
    draw = random.Random(7)
    print(
        f"{len(ours)} queries\n\n| engine | nDCG@10 | ours better / worse | ours - it, 95 % of 10,000 bootstraps |\n|---|---|---|---|"
    )
    for name, values in found.items():
        differences = [a - b for a, b in zip(ours, values, strict=True)]
        means = sorted(sum(draw.choices(differences, k=len(ours))) / len(ours) for _ in range(10_000))
        better, worse = sum(d > 1e-9 for d in differences), sum(d < -1e-9 for d in differences)
        print(
            f"| {name} | {sum(values) / len(values):.3f} | {better} / {worse} | {means[250]:+.3f} to {means[9750]:+.3f} |"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) / "published" / "papers.duckdb")
