"""How large and how fast the search index is, beside SQLite's FTS5 and tantivy on the same invented papers in the same run.

    python -m etl_project_tests.benchmarks.search_speed [papers [new]]

The papers are those of ``search_corpus``. Size: what the database file grows by. Cold: the first query of a kind in a process of its
own, planning and opening included (the system's page cache stays as it is); warm: the median and 95th percentile of the
rest. ``incremental``: the index of all papers and ``new`` more, from a publication with the index of the former.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from etl_project import search
from etl_project.warehouse import SETTINGS, STORAGE_VERSION
from etl_project_tests.benchmarks import search_peers
from etl_project_tests.benchmarks.search_corpus import batches

_TABLE = (
    "paper_id varchar, title varchar, abstract varchar, abstract_clean varchar, ai_summary varchar, published_on date"
)


def make(path: Path, papers: int, new: int) -> None:
    """Write the papers without an index; ``new`` of them, of another seed, beside the others."""
    with duckdb.connect(config=SETTINGS | {"temp_directory": str(path.parent / "spill")}) as connection:
        connection.execute(f"attach '{path}' as out (storage_version '{STORAGE_VERSION}')").fetchall()
        connection.execute(f"create table out.main.papers ({_TABLE})").fetchall()
        connection.execute("create temp table made (paper_id varchar, title varchar, abstract varchar)").fetchall()
        for frames in (batches(papers), batches(new, seed=8)):
            for frame in frames:  # noqa: B007 - read by DuckDB
                connection.execute("insert into made select * from frame").fetchall()
        connection.execute(
            "insert into out.main.papers select paper_id, title, null, abstract, null, "
            "date '2020-01-01' + (rowid % 2000)::integer from made order by paper_id"
        ).fetchall()
        connection.execute("checkpoint out").fetchall()


def build(path: Path, before: Path | None) -> float:
    """Write the index into a file of papers; return seconds."""
    with duckdb.connect(config=SETTINGS | {"temp_directory": str(path.parent / "spill")}) as connection:
        connection.execute(f"attach '{path}' as out").fetchall()
        if before:
            connection.execute(f"attach '{before}' as before (read_only)").fetchall()
        began = time.perf_counter()
        search.write(connection, before=before is not None)
        connection.execute("checkpoint out").fetchall()
        return time.perf_counter() - began


def queries(path: Path, each: int) -> dict[str, list[str]]:
    """Queries of each kind, of words and pairs that stand in the papers, by how many of them."""
    with duckdb.connect(str(path), read_only=True) as connection:
        ((papers,),) = connection.execute("select count(*) from papers").fetchall()

        def terms(least: float, most: float, many: int) -> list[str]:
            rows = connection.execute(
                "select term from search_terms where n_papers between ? and ? and length(term) > 2 "
                "and regexp_full_match(term, '[a-z]+') order by hash(term) limit ?",
                [least * papers, most * papers, many],
            ).fetchall()
            return [row[0] for row in rows]

        rare, middle, often = terms(1e-5, 1e-3, each * 3), terms(0.005, 0.1, each * 5), terms(0.25, 1, each * 3)
        titles = connection.execute("select lower(title) from papers using sample 2000 rows (reservoir, 7)").fetchall()
    pairs = [" ".join(title.split()[k : k + 2]) for (title,) in titles for k in range(len(title.split()) - 1)]
    usual = sorted(set(pairs), key=lambda pair: (-pairs.count(pair), pair))[: each * 2]
    pick = lambda some, n, k: " ".join(some[(n * k + j) % len(some)] for j in range(k))  # noqa: E731
    return {
        "1 rare word": [pick(rare, n, 1) for n in range(each)],
        "1 frequent word": [pick(often, n, 1) for n in range(each)],
        "2 words": [pick(middle, n, 2) for n in range(each)],
        "3 frequent words": [pick(often, n, 3) for n in range(each)],
        "5 words": [f"{pick(rare, n, 1)} {pick(middle, n, 3)} {pick(often, n, 1)}" for n in range(each)],
        "a phrase": [f'"{pairs[n * 37 % len(pairs)]}"' for n in range(each)],
        "a frequent phrase": [f'"{usual[n]}"' for n in range(each)],
        "3 words, 1 left out": [f"{pick(middle, n, 2)} -{pick(often, n, 1)}" for n in range(each)],
    }


def _times(ask: Callable[[str, int], object], some: list[str]) -> list[float]:
    took = []
    for query in some:
        began = time.perf_counter()
        ask(query, 10)
        took.append(1000 * (time.perf_counter() - began))
    return took


_COLD = """
import sys, time
began = time.perf_counter()
import duckdb
ready = time.perf_counter()
with duckdb.connect(sys.argv[1], read_only=True) as connection:
    connection.execute("from search_papers($1, most := 10, phrase_depth := 2000)", [sys.argv[2]]).fetchall()
print(1000 * (time.perf_counter() - ready))
"""


def _cold(path: Path, query: str) -> float:
    done = subprocess.run([sys.executable, "-c", _COLD, str(path), query], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(papers: int, new: int, each: int) -> None:
    """Print sizes, times of building, and times of queries as Markdown."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, both = folder / "first.duckdb", folder / "both.duckdb"
        make(first, papers, 0)
        make(both, papers, new)
        bare = first.stat().st_size
        whole = build(first, None)
        more = build(both, first)
        with duckdb.connect(str(first), read_only=True) as connection:
            ((text, terms, postings),) = connection.execute(
                "select (select sum(strlen(title) + strlen(abstract_clean)) from papers), "
                "(select count(*) from search_terms), (select count(*) from search_postings)"
            ).fetchall()
            grown = first.stat().st_size - bare
            print(
                f"{papers:,} papers, {text / 1e6:,.0f} MB of text, {terms:,} terms, {postings:,} postings, {os.cpu_count()} cores"
            )
            print(
                f"index {grown / 1e6:,.0f} MB, {grown / text:.1%} of the text; built in {whole:,.0f} s; {new:,} new: {more:,.0f} s\n"
            )

            def rows():
                return iter(
                    connection.cursor().execute("select paper_id, title, abstract_clean from papers").fetchall()
                )

            def ask(query: str, most: int) -> object:
                return connection.execute(
                    "from search_papers($1, most := $2, phrase_depth := 2000)", [query, most]
                ).fetchall()

            def ask_plain(query: str, most: int) -> object:
                return connection.execute("from search_papers($1) limit $2", [query, most]).fetchall()

            began = time.perf_counter()
            fts5 = search_peers.fts5(rows(), search.TITLE_WEIGHT, path=folder / "fts5.db")
            print(
                f"FTS5 with its texts: {(folder / 'fts5.db').stat().st_size / 1e6:,.0f} MB, built in {time.perf_counter() - began:,.0f} s"
            )
            engines = {"search_papers": ask, "search_papers limit 10": ask_plain, "FTS5": fts5}
            try:
                (folder / "tantivy").mkdir()
                began = time.perf_counter()
                engines["tantivy"] = search_peers.tantivy(rows(), search.TITLE_WEIGHT, path=folder / "tantivy")
                size = sum(file.stat().st_size for file in (folder / "tantivy").iterdir())
                print(f"tantivy without texts: {size / 1e6:,.0f} MB, built in {time.perf_counter() - began:,.0f} s")
            except ImportError:
                print("tantivy is not installed (make bench-search)", file=sys.stderr)
            print(f"\nmilliseconds of {each} queries, best 10 papers; p50 / p95 (p50 to ours)\n")
            print("| query | cold, p50 | " + " | ".join(engines) + " |\n|---" + "|---" * (1 + len(engines)) + "|")
            for kind, some in queries(first, each).items():
                cold = statistics.median(_cold(first, query) for query in some[:5])
                cells, ours = [], 0.0
                for engine in engines.values():
                    took = sorted(_times(engine, some))
                    middle = statistics.median(took)
                    ours = ours or middle
                    cells.append(f"{middle:,.0f} / {took[int(0.95 * (len(took) - 1))]:,.0f} ({middle / ours:.2f})")
                print(f"| {kind} | {cold:,.0f} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Size and speed of the search index, beside its peers.")
    parser.add_argument("papers", type=int, nargs="?", default=1_000_000)
    parser.add_argument("new", type=int, nargs="?", default=1_000)
    parser.add_argument("--each", type=int, default=20, help="queries of each kind")
    given = parser.parse_args()
    main(given.papers, given.new, given.each)
