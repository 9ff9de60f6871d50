"""A publication with rows of one's own choice, without a run: for values that no capture of the tests brings."""

import re
from datetime import date, datetime
from typing import Any

import duckdb

from etl_project.contract import Column, create_table
from etl_project.lake import Lake
from etl_project.tables import BY_NAME, SCHEMA_VERSION, TABLES

_OF_A_TYPE: dict[str, Any] = {
    "text": "", "integer": 1, "bigint": 1, "double": 0.5, "boolean": False, "date": date(2024, 3, 1),
    "timestamp": datetime(2024, 3, 1, 18, 30, 5), "integers": [1],
}  # fmt: skip


def paper_id(n: int) -> str:
    return f"p{n:016x}"


MENTION = f"{'a' * 16}-1"
#: Of the first that a column's pattern takes: keys of rows that are there.
_SHAPES = (MENTION, "a" * 16, paper_id(0), "0" * 64, "https://example.org/a", "x")


def _value(column: Column, given: dict[str, Any]) -> Any:
    if column.name in given or not column.required:
        return given.get(column.name)
    if column.pattern:
        return next(shape for shape in _SHAPES if re.fullmatch(column.pattern, shape))
    return column.one_of[0] if column.one_of else _OF_A_TYPE[column.type]


def publish(lake: Lake, rows: dict[str, list[dict[str, Any]]]) -> Lake:
    """Put ``rows`` (what is not given is null, or a plain value) where readers look; the other tables have none."""
    path = lake.published / "run" / "papers.duckdb"
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as out (storage_version 'v1.4.0')").fetchall()
        for table in TABLES:
            for statement in create_table(table, "out.main", published=True):
                connection.execute(statement).fetchall()
        for name, given in rows.items():
            columns = BY_NAME[name].published_columns
            made = [tuple(_value(column, row) for column in columns) for row in given]
            order = [[c.name for c in columns].index(key) for key in BY_NAME[name].key]
            for row in sorted(made, key=lambda row: [row[n] for n in order]):
                marks = ", ".join("?" for _ in row)
                connection.execute(f"insert into out.main.{name} values ({marks})", list(row)).fetchall()
        connection.execute(
            "create table out.main.publication as select 'the-run' as run_id, "
            f"timestamp '2026-07-01 12:00:00' as published_at, {SCHEMA_VERSION}::integer as schema_version"
        ).fetchall()
        connection.execute("checkpoint out").fetchall()
    lake.database.symlink_to("run/papers.duckdb")
    return lake


#: Texts that programs trip over, one a paper.
HARD = (
    '=HYPERLINK("https://example.org")', "  @SUM(A1)", "-1", 'a "quoted", comma', "line\nbreak\r\nand tab\t", "ﬁ e\u0301 é 日本 עברית",
    "👩‍👩‍👧 emoji 🤖", "nul\x00 bell\x07 esc\x1b[31m", "\u2028 line \u2029 paragraph \u200b zero", r"\LaTeX{} $x^2_1$ 50% & #1 ~ {a} }{",
    "null", "NA", "", "007", "2403.01000", "x" * 40_000, "🤖" * 16_384 + "!", "_x000D_", "'", " ", "\ufeffbom", "ＡＢ ＝1",
)  # fmt: skip
NAMES = ("Ada Pebble", "Bo and Co", "Müller, Ünal", 'O\'Neil "X"', "{Brace", "Li", "others", "山田 太郎", "A & B_c")


def hard_rows() -> dict[str, list[dict[str, Any]]]:
    """Papers whose titles and abstracts are HARD, dates at both ends and none, authors with names of all kinds."""
    papers = [
        {
            "paper_id": paper_id(n), "title": text, "abstract": text, "arxiv_id": f"2403.{n:05}" if n % 2 else None,
            "published_on": (None, date(1991, 8, 14), date(2024, 12, 31), date(2024, 1, 1))[n % 4],
            "published_year_inferred": n % 3 == 0, "arxiv_published_at": datetime(2024, 3, 1, 18, 30, 5, n % 2 * 17) if n % 5 == 1 else None,
            "n_authors": None if n % 2 else n, "organisation_name": text if n % 7 == 0 else None,
        }
        for n, text in enumerate(HARD)
    ]  # fmt: skip
    authors = [{"paper_id": paper_id(1), "position": n, "name": name} for n, name in enumerate(NAMES, 1)]
    dumps = [
        {"dump_id": "a" * 16, "damaged_lines": [], "file_name": "=1+1.txt", "modified_at": None},
        {
            "dump_id": "b" * 16,
            "damaged_lines": [1, 22],
            "opened_byte_count": 2**40,
            "modified_at": datetime(1890, 1, 2, 3),
        },
    ]
    months = [{"month": date(2024, 1, 1), "papers": 2}, {"month": date(2024, 12, 1), "papers": 1}]
    return {
        "parsed_rows": [{"mention_id": MENTION}], "papers": papers, "paper_authors": authors, "raw_dumps": dumps, "papers_by_month": months,
        "coverage": [{"field": "abstract", "share": 1 / 3}, {"field": "stars", "share": None}],
        "run_statistics": [{"run_id": "r", "form": "", "dimension": "", "value": 1e300}],
    }  # fmt: skip
