"""One run of the Dagster job in this process, and what there is to say about it afterwards."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etl_project import raw
from etl_project.dagster_home import LOST, environment, fail_orphans, kept_connections
from etl_project.failed import STARTED_BY, first_error, run_failed
from etl_project.lake import Lake


@dataclass
class Summary:
    """What a run did, as ``papers run`` tells it. ``files`` has a row a delivered file, ``checks`` the failed ones.

    ``changes`` is what reading dumps again changed (``reparse.Changes``), where that was asked for. ``hidden`` files in the
    folders given, or the inbox, were passed over for the dot before their names.
    """

    run_id: str
    published: bool
    files: list[dict[str, Any]] = field(default_factory=list)
    papers: dict[str, int] = field(default_factory=dict)
    checks_run: int = 0
    checks_failed: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    changes: dict[str, Any] | None = None
    hidden: int = 0

    @property
    def exit_code(self) -> int:
        """0 ok; 1 nothing was published, it failed later, or something was refused; 4 an input could not be read."""
        if not self.published or self.error:
            return 1
        if any(file["outcome"] == "unreadable" for file in self.files):
            return 4
        return 1 if any(file["refused"] for file in self.files) else 0


def run_job(lake: Lake, paths: Sequence[Path], accepted: Sequence[str] = ()) -> Summary:
    """Run the whole job on ``lake`` with ``paths`` as input (the inbox if there are none); return what it did.

    ``accepted`` names checks that may fail without stopping publication (``drift.ACCEPTABLE``). The caller holds the
    lake's lock. Failures inside the job are told in the summary, not raised.
    """
    from dagster import DagsterInvariantViolationError
    from sqlalchemy.exc import DBAPIError

    before = lake.database.resolve()
    try:
        summary = _run(lake, paths, accepted)
        summary.hidden = sum(map(raw.hidden_below, paths or [lake.inbox]))
        return summary
    except DagsterInvariantViolationError:
        if lake.dagster_home.is_dir():
            raise
        gone = "is gone (a mount was lost, or the folder removed); bring it back and run again"
        return Summary("", False, error=f"{lake.dagster_home} {gone}")
    except DBAPIError as error:  # not from a step, whose errors Dagster catches: its own history
        reason = str(error.orig)
        if "full" in reason:
            reason = "the disk is full (no space left); free some and run again"
        published = lake.database.resolve() != before
        return Summary("", published, error=f"the history in {lake.dagster_home} cannot be written: {reason}")


def rebuild(lake: Lake) -> Summary:
    """Make every table anew from the lake's raw/, and run the whole job; return what it did.

    Papers keep their ids. If nothing is published, the warehouse stays as it was. The caller holds the lake's lock.
    Raises WarehouseError if the warehouse is open elsewhere or of a newer program.
    """
    from etl_project import warehouse
    from etl_project.tables import CHECK_RESULTS, RUN_STATISTICS

    aside = warehouse.set_aside(lake)
    if aside is not None:  # of runs that published nothing only the warehouse tells
        warehouse.copy_rows(lake, aside, (RUN_STATISTICS, CHECK_RESULTS))
    summary = run_job(lake, [])
    if aside is not None:
        if summary.published:
            aside.unlink(missing_ok=True)
        else:
            warehouse.put_back(lake, aside)
    return summary


def reparse(lake: Lake, everything: bool = False) -> Summary:
    """Read again what was refused or read by an older parser (or everything), run the whole job, and tell what changed.

    The caller holds the lake's lock. Raises WarehouseError if the warehouse cannot be used.
    """
    from etl_project.reparse import NOTHING, compare, take_again

    if not take_again(lake, everything):
        return Summary("", True, changes=vars(NOTHING))
    summary = run_job(lake, [])
    if changes := compare(lake):
        summary.changes = vars(changes)
    return summary


def _run(lake: Lake, paths: Sequence[Path], accepted: Sequence[str]) -> Summary:
    before = lake.database.resolve()
    os.environ.update(environment(lake))
    import dagster as dg

    from etl_project.definitions import JOB, REPOSITORY, build_definitions, default_alerting

    job = build_definitions(lake).resolve_job_def(JOB)
    config = {
        "ops": {"raw_dumps": {"config": {"paths": [str(path.absolute()) for path in paths]}}},
        "resources": {"lake": {"config": {"root": str(lake.root), "accepted": list(accepted)}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},  # our own progress lines say it shorter
    }
    with dg.DagsterInstance.get() as instance, kept_connections(instance):
        for run in fail_orphans(instance):
            run_failed(lake, instance, run, default_alerting(), LOST)
        tags = {STARTED_BY: "cli", **REPOSITORY}
        result = job.execute_in_process(run_config=config, instance=instance, raise_on_error=False, tags=tags)
        metadata: dict[str, Any] = {
            event.asset_key.to_user_string(): event.materialization.metadata
            for event in result.all_events
            if event.is_step_materialization and event.asset_key
        }
        evaluations = result.get_asset_check_evaluations()
        # readers' link says what they have, also where something failed after it was moved
        summary = Summary(result.run_id, lake.database.resolve() != before)
        summary.checks_run = len(evaluations)
        summary.checks_failed = [
            {
                "table": evaluation.asset_key.to_user_string(),
                "check": evaluation.check_name,
                "severity": "critical" if evaluation.blocking else "warning",
                "owner": str(evaluation.metadata["owner"].value),
                "accepted": bool(evaluation.metadata["accepted"].value),
                "why": evaluation.description,
            }
            for evaluation in evaluations
            if not evaluation.passed
        ]
        step, reason = ("", "") if result.success else first_error(result.all_events)
        summary.error = f"{step}: {reason}" if step and reason else reason
    if "raw_dumps" in metadata:
        summary.files = _files(lake, [dict(record.data) for record in metadata["raw_dumps"]["deliveries"].records])
    if "publication" in metadata:
        summary.papers = {
            "papers": int(metadata["publication"]["dagster/row_count"].value),
            # to readers: a run before may have taken them in and published nothing
            "new": int(metadata["run_statistics"]["papers_new"].value),
            "merged": int(metadata["run_statistics"]["papers_merged"].value),
            "mentions": int(metadata["paper_mentions"]["dagster/row_count"].value),
        }
        summary.papers["known"] = summary.papers["papers"] - summary.papers["new"]
    return summary


def _files(lake: Lake, deliveries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each delivered file: what it was and what it gave."""
    from etl_project import warehouse

    with warehouse.connect(lake) as connection:
        ids = [delivery["dump_id"] for delivery in deliveries if delivery["dump_id"]]
        read = {
            row[0]: row[1:]
            for row in connection.execute(
                "select dump_id, form, records, refusals from captures where dump_id in (select unnest(?))", [ids]
            ).fetchall()
        }
        first = {
            row[0]: row[1:]
            for row in connection.execute(
                "select dump_id, min_by(reason, line_start), min_by(line_start, line_start), min_by(detail, line_start) "
                "from refused_records where dump_id in (select unnest(?)) group by dump_id",
                [ids],
            ).fetchall()
        }
    rows = []
    for delivery in deliveries:
        form, records, refused = read.get(delivery["dump_id"], (None, None, None))
        reason, line, detail = first.get(delivery["dump_id"], (None, None, None))
        if reason == "left_out":  # somebody decided that: nothing went wrong
            refused, line = 0, None
        if refused and refused > 1:
            detail += f" (and {refused - 1} more)"
        rows.append(
            {
                "file": delivery["path"],
                "outcome": delivery["outcome"],
                "form": form,
                "records": records,
                "refused": refused or 0,
                "dump_id": delivery["dump_id"],
                "note": delivery["detail"] or _note(line, reason, detail),
            }
        )
    return rows


def _note(line: int | None, reason: str | None, detail: str | None) -> str:
    if reason is None:
        return ""
    return f"line {line}: {reason}: {detail}" if line else f"{reason}: {detail}"
