"""What the matching found in earlier runs, in the warehouse's schema ``matching``: asked by key, changed row by row.

Not published, and not kept for ever: all of it can be made again from ``parsed_rows`` (``warehouse.forget_matching``, then the next match).
Ids cannot, they stand in ``paper_mentions`` and ``merged_papers``.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import polars as pl

from etl_project import history, warehouse
from etl_project.dedupe.clusters import PAIRS, PLACES
from etl_project.dedupe.keys import KEYS, MATCHING_VERSION
from etl_project.dedupe.neighbours import LOOKUPS
from etl_project.tables import MERGED_PAPERS, PAPER_MENTIONS, RELATED_PAPERS

#: What ids are made of, and decisions told by: read for few mentions, and never changed.
WORDS = {name: KEYS[name] for name in ("mention_id", "arxiv_id", "title_key", "shown_title_key", "text_key")}
#: What texts are compared by; each once, and never changed.
TEXTS = {name: KEYS[name] for name in ("node", "title", "title_key", "text_key", "letters", "head", "sketch")}
#: What groups mentions, and where each was put.
_ELSEWHERE = (WORDS.keys() | TEXTS.keys()) - {"mention_id", "title", "node"}
MENTIONS = {**{name: KEYS[name] for name in KEYS if name not in _ELSEWHERE}, **PLACES}
_STATE = {"version": pl.Int32}
_DUMPS = {"dump_id": pl.String}
PAPERS = ["mention_id", "paper_id", "rule"]
_RESULTS = (PAPER_MENTIONS, MERGED_PAPERS, RELATED_PAPERS)
_TABLES: dict[str, dict[str, Any]] = {
    "state": _STATE,
    "dumps": _DUMPS,
    "mentions": dict(MENTIONS),
    "words": dict(WORDS),
    "texts": dict(TEXTS),
    "lookups": dict(LOOKUPS),
    "pairs": dict(PAIRS),
}


class Store:
    """The schema ``matching`` of an open warehouse, made if it is missing or of another version of the rules."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        made = {
            row[0]
            for row in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'matching'"
            ).fetchall()
        }
        if made and (made != set(_TABLES) or self._rows("select version from matching.state") != [(MATCHING_VERSION,)]):
            warehouse.forget_matching(connection)
            made = set()
        if not made:
            connection.execute("create schema if not exists matching").fetchall()
            for name, schema in _TABLES.items():
                empty = pl.DataFrame(schema=schema)  # noqa: F841  (DuckDB finds the frame by this name)
                connection.execute(f"create table matching.{name} as select * from empty").fetchall()
            connection.execute("insert into matching.state values (?)", [MATCHING_VERSION]).fetchall()
        tables = [f"matching.{name}" for name in _TABLES] + [f"main.{table.name}" for table in _RESULTS]
        self.empty = {table for table in tables if not self._rows(f"select 1 from {table} limit 1")}
        self.restored = history.is_restored(connection)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was matched before: then all is new."""
        return "matching.mentions" in self.empty

    def new_dumps(self, most: int) -> Iterator[list[str]]:
        """Yield the dumps that were read and not matched yet, in batches of about ``most`` mentions; at least one batch."""
        batch: list[str] = []
        mentions = 0
        for dump_id, records in self._rows(
            "select dump_id, records from captures join raw_dumps using (dump_id) anti join matching.dumps using (dump_id) "
            "order by load_number, dump_id"
        ):
            if batch and mentions + records > most:
                yield batch
                batch, mentions = [], 0
            batch.append(dump_id)
            mentions += records
        yield batch

    # -------------------------------------------------------------------------------------------
    # what is known; a frame of no rows is answered without asking

    def of_titles(self, titles: pl.Series) -> pl.DataFrame:
        """Return the mentions (``MENTIONS``) under titles."""
        return self._of("matching.mentions", "title", titles, list(MENTIONS))

    def of_nodes(self, nodes: pl.Series) -> pl.DataFrame:
        """Return all mentions (``MENTIONS``) that show texts."""
        return self._of("matching.mentions", "node", nodes, list(MENTIONS))

    def of_clusters(self, clusters: pl.Series, found: bool = False) -> pl.DataFrame:
        """Return the mentions (``MENTIONS``) in clusters, as they are with people's decisions, or as the rules found them."""
        return self._of("matching.mentions", "found_cluster" if found else "cluster", clusters, list(MENTIONS))

    def decided(self) -> pl.DataFrame:
        """Return the mentions (``MENTIONS``) that people's decisions put elsewhere."""
        return warehouse.read(
            self.connection, f"select {', '.join(MENTIONS)} from matching.mentions where cluster <> found_cluster"
        )

    def words(self, mentions: pl.Series) -> pl.DataFrame:
        """Return the words (``WORDS``) of mentions."""
        return self._of("matching.words", "mention_id", mentions, list(WORDS))

    def texts(self, nodes: pl.Series) -> pl.DataFrame:
        """Return texts (``TEXTS``)."""
        return self._of("matching.texts", "node", nodes, list(TEXTS))

    def lookups(self, values: pl.Series, most: int) -> pl.DataFrame:
        """Return the texts that are found under values, ``most`` of each value at most."""
        return self._of(
            "matching.lookups",
            "value",
            values,
            list(LOOKUPS),
            f"qualify row_number() over (partition by value order by node) <= {most}",
        )

    def pairs(self, nodes: pl.Series) -> pl.DataFrame:
        """Return the pairs that have one of the texts."""
        columns = list(PAIRS)
        return pl.concat([self._of("matching.pairs", side, nodes, columns) for side in ("a", "b")]).unique()

    def papers(self, mentions: pl.Series) -> pl.DataFrame:
        """Return the papers of mentions (``PAPERS``); those of all if the store is empty, so that ids are kept."""
        if self.is_empty:
            return warehouse.read(self.connection, f"select {', '.join(PAPERS)} from paper_mentions")
        return self._of("main.paper_mentions", "mention_id", mentions, PAPERS)

    def restored_papers(self, mentions: pl.Series) -> pl.DataFrame:
        """Return the papers (``PAPERS``) that mentions had in a warehouse before this one; of the rule only ``new_paper``."""
        if not self.restored:
            return pl.DataFrame(schema=dict.fromkeys(PAPERS, pl.String))
        rule = "case when founder then 'new_paper' end as rule"
        return self._of("restored.mention_papers", "mention_id", mentions, ["mention_id", "paper_id", rule])

    def taken(self, paper_ids: Collection[str]) -> set[str]:
        """Return those of the ids that some paper has, or had in a warehouse before this one."""
        asked = pl.Series(sorted(paper_ids), dtype=pl.String)
        tables = ["main.paper_mentions", *(["restored.mention_papers"] if self.restored else [])]
        return {paper for table in tables for paper in self._of(table, "paper_id", asked, ["paper_id"])["paper_id"]}

    # -------------------------------------------------------------------------------------------
    # what changes; within a transaction of the caller's

    def put_mentions(self, mentions: pl.DataFrame) -> None:
        """Write mentions, in place of those that are known."""
        # deleted and written again: an update would rewrite the columns of all mentions
        self._delete("matching.mentions", ["mention_id"], mentions["mention_id"])
        self.add("mentions", mentions)

    def forget_texts(self, nodes: pl.Series) -> None:
        """Delete what texts are found under."""
        self._delete("matching.lookups", ["node"], nodes)

    def put_pairs(self, nodes: pl.Series, pairs: pl.DataFrame, kinds: str) -> None:
        """Write pairs, in place of all of some kinds that have one of the texts."""
        self._delete("matching.pairs", ["a", "b"], nodes, kinds)
        self.add("pairs", pairs)

    def add(self, table: str, rows: pl.DataFrame) -> None:
        """Add rows to a table of this schema."""
        if rows.is_empty():
            return
        rows = rows.select(list(_TABLES[table]))
        self.connection.execute(f"insert into matching.{table} select * from rows").fetchall()

    def add_dumps(self, dump_ids: Iterable[str]) -> None:
        """Remember that dumps are matched."""
        self.add("dumps", pl.DataFrame({"dump_id": list(dump_ids)}, schema=_DUMPS))

    def put_papers(self, gone: pl.Series, mentions: pl.DataFrame) -> None:
        """Write rows of ``paper_mentions``, and delete those of some mentions."""
        self._delete("main.paper_mentions", ["mention_id"], gone)
        warehouse.append(self.connection, PAPER_MENTIONS, mentions)

    def put_merged(self, given_up: pl.DataFrame, named: pl.Series) -> None:
        """Write rows of ``merged_papers``; older ones that led to an id which is now given up lead on.

        ``named`` are papers of now: an id that is one's again is given up no more.
        """
        self._delete("main.merged_papers", ["merged_paper_id"], named)
        if given_up.is_empty():
            return
        self.connection.execute(
            "update merged_papers set paper_id = given_up.paper_id from given_up "
            "where merged_papers.paper_id = given_up.merged_paper_id"
        ).fetchall()
        warehouse.append(self.connection, MERGED_PAPERS, given_up)

    def put_related(self, papers: pl.Series, related: pl.DataFrame) -> None:
        """Write rows of ``related_papers``, in place of all of ``papers``."""
        self._delete("main.related_papers", ["paper_id", "related_paper_id"], papers)
        warehouse.append(self.connection, RELATED_PAPERS, related)

    def _of(self, table: str, column: str, values: pl.Series, columns: list[str], which: str = "") -> pl.DataFrame:
        if table in self.empty or values.is_empty():
            return warehouse.read(self.connection, f"select {', '.join(columns)} from {table} limit 0")
        asked = values.drop_nulls().unique().to_frame(column)  # noqa: F841
        # first which rows, then their columns: else the widest are read of all rows
        found: pl.DataFrame = self.connection.sql(
            f"select {', '.join(columns)} from {table} where rowid in "
            f"(select rowid from {table} semi join asked using ({column})) {which}"
        ).pl()
        return found

    def _delete(self, table: str, columns: list[str], values: pl.Series, which: str = "true") -> None:
        if table in self.empty or values.is_empty():
            return
        gone = values.unique().to_frame("value")  # noqa: F841
        any_of = " or ".join(f"{column} in (select value from gone)" for column in columns)
        self.connection.execute(f"delete from {table} where ({any_of}) and {which}").fetchall()

    def _rows(self, query: str) -> list[Any]:
        rows: list[Any] = self.connection.execute(query).fetchall()
        return rows
