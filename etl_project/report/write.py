"""The report's file: written beside and moved into its place, after every run, also after one that published nothing."""

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from etl_project import version, warehouse
from etl_project.command import command_line
from etl_project.lake import Lake, sync
from etl_project.reading import open_read_only
from etl_project.report.page import RunFacts, render


def write(lake: Lake, run_id: str, published: bool, error: str = "") -> Path:
    """Write the report of a run that has ended, and return its place.

    A run that ``published`` is told from the publication alone; of one that did not, the warehouse has the checks, and the
    rest is of what readers still have. The caller holds the lake's lock. OSError or duckdb.Error if it cannot be made; the
    page before it stays then.
    """
    with ExitStack() as stack:
        readers = stack.enter_context(open_read_only(lake.database.resolve())) if lake.database.exists() else None
        of_run = readers if published and readers else stack.enter_context(warehouse.connect(lake))
        looked = of_run.execute(
            "select 1 from check_results where run_id = ? and table_name = 'deliveries' limit 1", [run_id]
        ).fetchall()
        facts = {
            "database": lake.database,
            "parquet": lake.exports,
            "sql": command_line(lake, 'sql "from papers limit 5"'),
            "explain": command_line(lake, "explain PAPER"),
            "inputs_known": bool(looked),  # else the files that stand there are those of a run before
            "version": version(),
        }
        ended = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
        text = render(RunFacts(run_id, published, error, ended), facts, of_run, readers)
    place = lake.report
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(place.name + ".next")
    partial.write_text(text, "utf-8")
    sync(partial)
    partial.replace(place)
    return place
