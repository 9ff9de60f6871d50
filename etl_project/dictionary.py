"""Writes the data dictionary, ``data_lake/README.md``, from the declared tables: ``make dictionary``."""

from etl_project.captures import REFUSAL_REASONS
from etl_project.contract import data_dictionary
from etl_project.lake import PROJECT
from etl_project.tables import SCHEMA_VERSION, TABLES

PATH = PROJECT / "data_lake" / "README.md"
_HEAD = f"""# The data lake and its tables

Schema version {SCHEMA_VERSION}. This page is made from the declarations in `etl_project/tables.py` (`make dictionary`).

| folder | what lies there |
|---|---|
| `samples/` | captures of invented papers that ship with the project |
| `inbox/` | drop folder: what is put here is taken in by the next run, and left where it is |
| `fetched/` | pages as a service sent them, by listing, day and read; the next run takes in those of complete reads |
| `raw/` | every capture as received, under the hash of its content, with a receipt (name, time, source) beside it |
| `warehouse/` | the pipeline's own database; never open it, it belongs to the runs |
| `published/papers.duckdb` | the tables below for readers; a run replaces it as a whole, an open reader keeps what it opened |
| `exports/latest/` | the same tables as Parquet, and `manifest.json` with rows, bytes and SHA-256 of each file |
| `published/<run>/` | what the two above lead to, as links; to copy them elsewhere, follow the links (`cp -rL`) |
| `dagster_home/` | Dagster's run history |

`published/papers.duckdb` has one more table, `publication`: one row with the run that made the file, when, and the schema version.
To see a new publication, close the file and open it again.

A value that is not known is null, never 0 and never a guess; a column whose name ends in `_basis` (or `basis`) says how a
value came about. `mention_id` leads to a line of a file: `papers explain PAPER` shows the way.

"""


def render() -> str:
    """Return the whole page as Markdown."""
    reasons = "".join(f"| `{reason}` | {meaning} |\n" for reason, meaning in REFUSAL_REASONS.items())
    return f"{_HEAD}{data_dictionary(TABLES)}## Reasons of refusals\n\n| reason | meaning |\n|---|---|\n{reasons}"


if __name__ == "__main__":
    PATH.write_text(render(), "utf-8")
