"""Floors of the matching, on labelled mentions."""

import polars as pl

from etl_project_tests.benchmarks.dedup_quality import match, measure
from etl_project_tests.benchmarks.labelled_mentions import TRAPS, VARIATIONS, frames

#: Shares of mentions that are with most of their paper's. A summary goes by its title, and some titles are too short.
FLOORS = {**dict.fromkeys([*VARIATIONS, *TRAPS], 0.99), "same title": 0.9, "summary": 0.93}


def test_quality_stays_above_its_floors() -> None:
    labelled = pl.concat(frames(10_000, seed=7))
    result = match(labelled)
    quality = measure(labelled, result.paper_mentions, result.related_papers)
    assert quality.precision >= 0.999
    assert quality.recall >= 0.99
    assert quality.recall_of_related >= 0.95
    assert {kind: share for kind, share in quality.by_kind.items() if share < FLOORS[kind]} == {}


def test_quality_counts_pairs() -> None:
    labelled = pl.DataFrame(
        {"mention_id": list("abcde"), "paper": [1, 1, 1, 2, 2], "kind": ["exact", "case", "exact", "exact", "retitled"]}
    )
    found = pl.DataFrame({"mention_id": list("abcde"), "paper_id": ["x", "x", "y", "y", "z"]})
    related = pl.DataFrame({"paper_id": ["y"], "related_paper_id": ["z"]})
    quality = measure(labelled, found, related)
    assert (quality.precision, quality.recall, quality.recall_of_related) == (1 / 2, 1 / 3, 1.0)
    assert quality.by_kind == {"case": 1.0, "exact": 0.5}


def test_mentions_are_the_same_for_a_seed_and_any_number() -> None:
    few, many = next(frames(500, seed=3)), next(frames(2_000, seed=3, batch=500))
    assert few.equals(many)
