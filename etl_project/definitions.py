"""What Dagster loads: assets, checks, the job, its schedule and sensor. Environment variables are read here and in cli.py.

``PAPERS_LAKE`` names the data lake; without it, it is ``data_lake/`` of the project.
"""

import hashlib
import json
import os
from pathlib import Path

import dagster as dg

from etl_project.assets import LakeResource, matched, parsed, publication, raw_dumps, sql_assets, table_checks
from etl_project.lake import PROJECT, Lake

JOB = "captures_to_papers"


def default_lake() -> Lake:
    """Return the lake that the environment names, else the project's own."""
    return Lake(Path(os.environ.get("PAPERS_LAKE") or PROJECT / "data_lake").absolute())


def build_definitions(lake: Lake) -> dg.Definitions:
    """Return everything that runs on ``lake``; tests build it on a lake of their own."""
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        description="Captures in, checked and published tables out: the whole chain.",
        executor_def=dg.in_process_executor,  # one writer: processes would only wait for each other
        tags={"lake": lake.root.name},
    )
    schedule = dg.ScheduleDefinition(
        name="daily",
        job=job,
        cron_schedule="30 5 * * *",
        execution_timezone="UTC",
        description="Takes in what lies in the inbox, every day at 05:30 UTC. Off until you switch it on.",
    )

    @dg.sensor(
        name="inbox",
        job=job,
        minimum_interval_seconds=30,
        description="Runs the job when a file in the inbox is new and has stopped growing. Off until you switch it on.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return _look_into_inbox(lake, context.cursor)

    return dg.Definitions(
        assets=[raw_dumps, parsed, matched, *sql_assets, publication],
        asset_checks=table_checks,
        jobs=[job],
        schedules=[schedule],
        sensors=[inbox],
        resources={"lake": LakeResource(root=str(lake.root))},
        executor=dg.in_process_executor,
    )


def _look_into_inbox(lake: Lake, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run when the inbox holds what it held at the last look, and no run was asked for that yet.

    The cursor is the last look. A file that is still being copied differs from look to look; the run key
    is made of names, sizes and times, so the same content of the inbox never asks twice.
    """
    if not lake.inbox.is_dir():
        return dg.SkipReason(f"{lake.inbox} does not exist; make it and put captures in it")
    files = [file for file in sorted(lake.inbox.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    if not files:
        return dg.SkipReason(f"{lake.inbox} is empty")
    seen = [(str(file.relative_to(lake.inbox)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    look = hashlib.sha256(json.dumps(seen).encode("utf-8", "surrogateescape")).hexdigest()
    if cursor != look:
        return dg.SensorResult(skip_reason="new or growing files: looking again before a run", cursor=look)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=look)], cursor=look)


defs = build_definitions(default_lake())
