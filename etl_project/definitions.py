"""What Dagster loads: assets, checks, the job, its schedule and sensor. Environment variables are read here and in cli.py.

``PAPERS_LAKE`` names the data lake; without it, it is ``data_lake/`` of the project. ``HF_ENDPOINT``,
``HF_TOKEN`` and ``HF_HUB_OFFLINE`` are those of the service that ``fetch_daily_papers`` asks; no other job touches the network.
``PAPERS_ALERT_WEBHOOK`` is told of failed runs, with a link to the UI at ``PAPERS_UI_URL``.
"""

import hashlib
import json
import os
from datetime import UTC, timedelta
from pathlib import Path

import dagster as dg

from etl_project.alerts import Alerting
from etl_project.arriving import is_being_written, unfinished_by_name
from etl_project.assets import (
    Fetching,
    LakeResource,
    fetched_days,
    matched,
    measured,
    parsed,
    publication,
    raw_dumps,
    report,
    sql_assets,
    table_checks,
)
from etl_project.failed import run_failed
from etl_project.lake import PROJECT, Lake
from etl_project.sources import fetched
from etl_project.sources.huggingface import FIRST_DAY, Service

JOB = "captures_to_papers"
FETCH_JOB = "fetch_daily_papers"
#: The tag by which Dagster's pages find the runs of these definitions; it sets it itself on those that it starts.
REPOSITORY = {".dagster/repository": "__repository__@papers"}


def default_lake() -> Lake:
    """Return the lake that the environment names, else the project's own."""
    return Lake(Path(os.environ.get("PAPERS_LAKE") or PROJECT / "data_lake").absolute())


def default_service() -> Service:
    """Return the service that the environment names, else Hugging Face without a token."""
    return Service.of(os.environ)


def default_alerting() -> Alerting:
    """Return who is told of failed runs, as the environment says."""
    return Alerting.of(os.environ)


def build_definitions(lake: Lake, service: Service | None = None, alerting: Alerting | None = None) -> dg.Definitions:
    """Return everything that runs on ``lake`` and fetches from ``service``; tests build it on their own."""
    told = alerting or default_alerting()
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all() - dg.AssetSelection.assets(fetched_days),  # never touches the network
        description="Captures in, checked and published tables out: the whole chain. *Launch Run* in the launchpad takes in what lies "
        "in the inbox and what was fetched, or the files and folders in `paths`. How the last run went: [the report](/report).",
        executor_def=dg.in_process_executor,  # one writer: processes would only wait for each other
        tags={"lake": lake.root.name},
    )
    schedule = dg.ScheduleDefinition(
        name="daily",
        job=job,
        cron_schedule="30 5 * * *",
        execution_timezone="UTC",
        description="Takes in what lies in the inbox and what was fetched, every day at 05:30 UTC. Off until you switch it on.",
    )
    fetch_job = dg.define_asset_job(
        FETCH_JOB,
        selection=dg.AssetSelection.assets(fetched_days),
        description="Asks the service for the listings of days and keeps them in the lake; takes nothing in.",
        executor_def=dg.in_process_executor,
        tags={"lake": lake.root.name},
    )

    @dg.schedule(
        name="fetch_recent_days",
        job=fetch_job,
        cron_schedule="0 5 * * *",
        execution_timezone="UTC",
        description="Fetches today, yesterday and the day before, which is over, every day at 05:00 UTC. Off until you switch it on.",
    )
    def fetch_recent_days(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
        today = context.scheduled_execution_time.astimezone(UTC).date()
        recent = [day for n in (2, 1, 0) if (day := today - timedelta(days=n)) >= FIRST_DAY]
        return [dg.RunRequest(run_key=f"{today} {day}", partition_key=day.isoformat()) for day in recent]

    @dg.sensor(
        name="inbox",
        job=job,
        minimum_interval_seconds=30,
        description="Runs the job when a file in the inbox is new and has stopped growing, or a day was fetched. "
        "Off until you switch it on.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        return _look_into_inbox(lake, context.cursor)

    @dg.run_failure_sensor(
        name="failed_runs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Tells of runs that could not tell of their failure themselves, since they were killed or never began, "
        "and of days that were not fetched. On, and starts nothing.",
    )
    def failed_runs(context: dg.RunFailureSensorContext) -> None:
        run_failed(lake, context.instance, context.dagster_run, told, str(context.failure_event.message))

    return dg.Definitions(
        assets=[fetched_days, raw_dumps, parsed, matched, *sql_assets, measured, publication, report],
        asset_checks=table_checks,
        jobs=[job, fetch_job],
        schedules=[schedule, fetch_recent_days],
        sensors=[inbox, failed_runs],
        resources={
            "lake": LakeResource(root=str(lake.root), alerting=dg.ResourceDefinition.hardcoded_resource(told)),
            "fetching": Fetching(lake, service or default_service()),
        },
        executor=dg.in_process_executor,
    )


def _look_into_inbox(lake: Lake, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    """Ask for a run when inbox and fetched pages are what they were at the last look, and no run was asked for that yet.

    The cursor is the last look. A file that is still being copied differs from look to look; the run key
    is made of names, sizes and times, so the same content of the inbox never asks twice.
    """
    pages = sorted(fetched.untaken(lake))
    if not lake.inbox.is_dir() and not pages:
        return dg.SkipReason(f"{lake.inbox} does not exist; make it and put captures in it")
    found = [file for file in sorted(lake.inbox.rglob("*")) if file.is_file() and not file.name.startswith(".")]
    # a run would leave these alone; once they are complete, the look is another one
    files = [file for file in found if not unfinished_by_name(file, lake.inbox) and not is_being_written(file)]
    if not files and not pages:
        return dg.SkipReason(
            f"{len(found)} files in {lake.inbox} are still being written" if found else f"{lake.inbox} is empty"
        )
    seen = [
        (str(file.relative_to(lake.root)), file.stat().st_size, file.stat().st_mtime_ns) for file in (*files, *pages)
    ]
    look = hashlib.sha256(json.dumps(seen).encode("utf-8", "surrogateescape")).hexdigest()
    if cursor != look:
        return dg.SensorResult(skip_reason="new or growing files: looking again before a run", cursor=look)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=look)], cursor=look)


defs = build_definitions(default_lake())
