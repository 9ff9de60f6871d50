"""How well mentions are matched, and how fast: against the truth of ``labelled_mentions``.

    python -m etl_project_tests.benchmarks.dedup_quality [mentions [seed]]

Precision and recall are of pairs: of all pairs of mentions that were put together, the share that is one paper's; of
all pairs of one paper's mentions, the share that was put together. Retitled versions are left out and counted apart:
no text tells them from an extended version, so they stay apart and have to stand in ``related_papers``.
"""

import resource
import sys
import time
from functools import partial
from typing import NamedTuple

import duckdb
import polars as pl

from etl_project import matching, warehouse
from etl_project.contract import create_table
from etl_project.dedupe.keys import keys
from etl_project.match_store import Store
from etl_project.tables import MERGED_PAPERS, PAPER_MENTIONS, RELATED_PAPERS
from etl_project_tests.benchmarks.labelled_mentions import frames


class Quality(NamedTuple):
    """Of pairs of mentions, without retitled ones; ``by_kind``: the share of each variation's mentions that are with most of their paper's."""

    precision: float
    recall: float
    by_kind: dict[str, float]
    recall_of_related: float


class Run(NamedTuple):
    """Rows of ``paper_mentions`` and of ``related_papers``; seconds for keys, and for the matching with its commit."""

    paper_mentions: pl.DataFrame
    related_papers: pl.DataFrame
    keys: float
    matching: float


def warehouse_of(file: str = ":memory:") -> duckdb.DuckDBPyConnection:
    """Return a DuckDB file with the tables that the matching writes, and the settings of the warehouse."""
    settings = {**warehouse.SETTINGS, "storage_compatibility_version": warehouse.STORAGE_VERSION}
    connection = duckdb.connect(file, config=settings)
    connection.execute(
        "create table if not exists parsed_rows (mention_id text, title text, abstract_clean text)"
    ).fetchall()
    for table in (PAPER_MENTIONS, MERGED_PAPERS, RELATED_PAPERS):
        connection.execute(create_table(table)[0]).fetchall()
    return connection


def add_texts(connection: duckdb.DuckDBPyConnection, labelled: pl.DataFrame) -> None:
    """Write the texts of labelled mentions, as parsing does before they are matched."""
    connection.execute("insert into parsed_rows select mention_id, title, abstract from labelled").fetchall()


def match_into(
    connection: duckdb.DuckDBPyConnection, labelled: pl.DataFrame, batch: int = 50_000
) -> tuple[float, float]:
    """Match labelled mentions that are new, as the job does; return seconds for keys, and for the rest."""
    started = time.perf_counter()
    keyed = pl.concat([keys(_mentions(part)) for part in labelled.iter_slices(batch)])
    made = time.perf_counter()
    with warehouse.transaction(connection):
        matching.match(Store(connection), keyed, partial(warehouse.texts_of, connection), 1)
    return made - started, time.perf_counter() - made


def match(labelled: pl.DataFrame) -> Run:
    """Match labelled mentions from an empty warehouse in memory."""
    with warehouse_of() as connection:
        add_texts(connection, labelled)
        seconds = match_into(connection, labelled)
        tables = (warehouse.read(connection, f"select * from {name}") for name in ("paper_mentions", "related_papers"))
        return Run(*tables, *seconds)


def _mentions(labelled: pl.DataFrame) -> pl.DataFrame:
    return labelled.select(
        "mention_id",
        "arxiv_id",
        "title",
        "abstract_kind",
        abstract_clean="abstract",
        load_number=pl.lit(1, dtype=pl.Int32),
    )


def measure(labelled: pl.DataFrame, found: pl.DataFrame, related: pl.DataFrame | None = None) -> Quality:
    """Return the quality of ``found`` (mention_id, paper_id; any names of papers) and of ``related`` pairs of papers."""
    both = labelled.select("mention_id", "paper", "kind").join(
        found.select("mention_id", "paper_id"), on="mention_id", validate="1:1"
    )
    judged = both.filter(pl.col("kind") != "retitled")
    right = _pairs(judged, "paper", "paper_id")
    most = judged.group_by("paper").agg(most=pl.col("paper_id").mode().min(), mentions=pl.len())
    by_kind = (
        judged.join(most, on="paper")
        .filter(pl.col("mentions") > 1)
        .group_by("kind")
        .agg(share=(pl.col("paper_id") == pl.col("most")).mean())
        .sort("kind")
    )
    return Quality(
        right / max(1, _pairs(judged, "paper_id")),
        right / max(1, _pairs(judged, "paper")),
        dict(by_kind.iter_rows()),
        _related(both, most, related) if related is not None else 0.0,
    )


def _pairs(mentions: pl.DataFrame, *by: str) -> int:
    counts = mentions.group_by(*by).len()["len"].cast(pl.Int64)
    return int((counts * (counts - 1) // 2).sum())


def _related(both: pl.DataFrame, most: pl.DataFrame, related: pl.DataFrame) -> float:
    """Return the share of retitled mentions that are with their paper or stand beside it in ``related``."""
    retitled = both.filter(pl.col("kind") == "retitled").join(most, on="paper").select("paper_id", "most").unique()
    pairs = related.select("paper_id", "related_paper_id")
    beside = pl.concat([pairs, pairs.select(paper_id="related_paper_id", related_paper_id="paper_id")])
    told = retitled.join(beside, left_on=["paper_id", "most"], right_on=["paper_id", "related_paper_id"], how="semi")
    same = retitled.filter(pl.col("paper_id") == pl.col("most")).height
    return (told.height + same) / max(1, retitled.height)


def main(count: int, seed: int) -> None:
    """Print quality by kind, seconds and memory."""
    labelled = pl.concat(frames(count, seed))
    run = match(labelled)
    quality = measure(labelled, run.paper_mentions, run.related_papers)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{count:,} mentions, seed {seed}: keys {run.keys:.1f} s, matching {run.matching:.1f} s, peak {peak:.1f} GB")
    print(
        f"precision {quality.precision:.5f}  recall {quality.recall:.5f}  retitled told {quality.recall_of_related:.4f}"
    )
    for kind, share in sorted(quality.by_kind.items(), key=lambda item: item[1]):
        print(f"  {kind:12} {share:.5f}")


if __name__ == "__main__":
    main(*([int(argument) for argument in sys.argv[1:3]] + [100_000, 11][len(sys.argv) - 1 :]))
