"""Writes what is made from declarations, with ``make dictionary``: the data dictionary ``data_lake/README.md``, the
catalogue ``docs/forms.md``, the table of forms in the README, and ``docs/schema.json``: tables, columns and types that
readers get, by which a change that breaks their queries is noticed.
"""

import json
import re
import sys
from typing import Any

from etl_project.captures import REFUSAL_REASONS, catalogue
from etl_project.contract import data_dictionary
from etl_project.lake import PROJECT
from etl_project.tables import SCHEMA_VERSION, TABLES

PATH = PROJECT / "data_lake" / "README.md"
FORMS_PATH = PROJECT / "docs" / "forms.md"
README_PATH = PROJECT / "README.md"
SCHEMA_PATH = PROJECT / "docs" / "schema.json"
_TABLE = re.compile(r"(?<=<!-- forms -->\n).*?(?=<!-- /forms -->)", re.DOTALL)
_HEAD = f"""# The data lake and its tables

Schema version {SCHEMA_VERSION}. This page is made from the declarations in `etl_project/tables.py` (`make dictionary`).

| folder | what lies there |
|---|---|
| `samples/` | captures of invented papers that ship with the project |
| `inbox/` | drop folder: what is put here is taken in by the next run, and left where it is |
| `fetched/` | pages as a service sent them, by listing, day and read; the next run takes in those of complete reads |
| `raw/` | every capture as received, under the hash of its content, with a receipt (name, time, source) beside it |
| `raw/ids/` | in which load each capture came and which paper each mention is of, so that all tables can be made anew from `raw/` |
| `warehouse/` | the pipeline's own database; never open it, it belongs to the runs |
| `published/papers.duckdb` | the tables below for readers; a run replaces it as a whole, an open reader keeps what it opened |
| `exports/latest/` | the same tables as Parquet, `manifest.json` with rows, bytes and SHA-256 of each file, and what describes them to people and programs (`docs/exports.md`) |
| `published/<run>/` | what the two above lead to, as links; to copy them elsewhere, follow the links (`cp -rL`) |
| `alerts/alerts.jsonl` | runs that failed, a line each, as people were told |
| `reports/latest.html` | the page about the last run and what is published; one file that needs nothing else |
| `dagster_home/` | Dagster's run history |

`published/papers.duckdb` has one more table, `publication`: one row with the run that made the file, when, and the schema version;
and the index of search: `search_terms`, `search_postings`, `search_documents`, `search_index`, asked with
`from search_papers('...')` ([docs/search.md](../docs/search.md)).
To see a new publication, close the file and open it again.

A value that is not known is null, never 0 and never a guess; a column whose name ends in `_basis` (or `basis`) says how a
value came about. `mention_id` leads to a line of a file: `papers explain PAPER` shows the way.

"""


def render() -> str:
    """Return the whole page as Markdown."""
    reasons = "".join(f"| `{reason}` | {meaning} |\n" for reason, meaning in REFUSAL_REASONS.items())
    return f"{_HEAD}{data_dictionary(TABLES)}## Reasons of refusals\n\n| reason | meaning |\n|---|---|\n{reasons}"


def with_forms(readme: str) -> str:
    """Return the README's text with its table of forms as the catalogue has it now."""
    return _TABLE.sub(lambda _: catalogue.table() + "\n", readme)


def schema() -> dict[str, Any]:
    """Return what readers get: ``schema_version``, and ``tables``: by name, the type of each column by its name."""
    tables = {table.name: {column.name: column.sql_type for column in table.published_columns} for table in TABLES}
    return {"schema_version": SCHEMA_VERSION, "tables": tables}


def broken(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return what of one schema is not in a later one of the same version: tables, columns and types that are gone."""
    if before["schema_version"] != now["schema_version"]:
        return []
    old, new = (
        {(table, column, kind) for table, columns in which["tables"].items() for column, kind in columns.items()}
        for which in (before, now)
    )
    return [f"{table}.{column} ({kind})" for table, column, kind in sorted(old - new)]


def main() -> None:
    """Write all of it, unless readers would lose a column without a new ``SCHEMA_VERSION``."""
    if gone := broken(json.loads(SCHEMA_PATH.read_text("utf-8")), schema()):
        sys.exit(
            f"readers would lose {', '.join(gone)}: move SCHEMA_VERSION in etl_project/tables.py, and say in CHANGELOG.md "
            "what to query instead"
        )
    SCHEMA_PATH.write_text(json.dumps(schema(), indent=1) + "\n", "utf-8")
    PATH.write_text(render(), "utf-8")
    FORMS_PATH.write_text(catalogue.document(), "utf-8")
    README_PATH.write_text(with_forms(README_PATH.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
