"""Dagster's own folder in a lake: run history is kept there, nothing is sent anywhere, one run works at a time."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.lake import Lake, is_alive

if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRun

#: A run that has told no process after so many seconds will not tell one.
_LONGEST_START = 300
_SETTINGS = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  start_timeout_seconds: 120
  cancel_timeout_seconds: 60
  max_runtime_seconds: 14400
retention:
  schedule:
    purge_after_days: 30
  sensor:
    purge_after_days: 7
"""


def prepare(lake: Lake) -> Path:
    """Make Dagster's folder in ``lake`` with its settings, unless somebody set other ones; return it."""
    home = lake.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        settings.write_text(_SETTINGS, "utf-8")
    return home


def environment(lake: Lake) -> dict[str, str]:
    """Return this process's environment with Dagster and the pipeline pointed at ``lake``."""
    return {
        **os.environ,
        "DAGSTER_HOME": str(prepare(lake).absolute()),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        "PAPERS_LAKE": str(lake.root.absolute()),
    }


#: Of a run that is found so.
LOST = (
    "the run's process is gone: it was killed, or the machine stopped. Readers have a whole publication as ever, and the "
    "next run takes up what this one left"
)


def fail_orphans(instance: "DagsterInstance") -> list["DagsterRun"]:
    """Mark runs as failed that are said to be at work and whose process is gone; return them.

    After a power cut nobody else does, and with one run at a time the next ones would wait in the queue for ever.
    The caller holds the lake's lock, so that no run that writes is judged.
    """
    from dagster import DagsterRunStatus, RunsFilter

    at_work = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
    failed = []
    for record in instance.get_run_records(RunsFilter(statuses=at_work)):
        run = record.dagster_run
        processes = _processes(instance, run.run_id)
        is_late = time.time() - record.create_timestamp.timestamp() > _LONGEST_START
        if any(_still_runs(*process) for process in processes) or not (processes or is_late):
            continue
        told = ", ".join(str(process) for process, _ in processes) or "never told"
        instance.report_run_failed(
            run,
            f"Process {told}: {LOST}.",
        )
        failed.append(run)
    return failed


def _processes(instance: "DagsterInstance", run_id: str) -> list[tuple[int, float]]:
    """Return the processes that a run told it works in, each with the time when it did."""
    from dagster import DagsterEventType
    from dagster._core.events import EngineEventData

    found = []
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT):
        data = entry.dagster_event.event_specific_data if entry.dagster_event else None
        if isinstance(data, EngineEventData) and "pid" in data.metadata:
            found.append((int(str(data.metadata["pid"].value)), entry.timestamp))
    return found


def _still_runs(process: int, told_at: float) -> bool:
    """Say whether ``process`` runs, and did at ``told_at``: after a restart another one may have its number."""
    if not is_alive(process):
        return False
    try:
        ticks = int(Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[19])
        (boot,) = (line for line in Path("/proc/stat").read_text("utf-8").splitlines() if line.startswith("btime "))
    except (OSError, ValueError):
        return True  # another system: the number alone tells
    return int(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK") < told_at + 2  # both are rounded to a second


@contextmanager
def kept_connections(instance: "DagsterInstance") -> Iterator[None]:
    """Let Dagster write its events over connections that stay open.

    Its event log opens and closes up to three for an event, which costs a third of a short run. What is written, where,
    and that each event is committed by itself stay as they are. Another storage, set by the user, is left alone.
    """
    from dagster._core.storage.event_log import SqliteEventLogStorage
    from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
    from sqlalchemy import Connection, Engine, create_engine

    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        yield
        return
    engines: dict[str, Engine] = {}
    connect_anew = storage._connect

    @contextmanager
    def connect(shard: str) -> Iterator[Connection]:
        if shard not in engines:
            with connect_anew(shard):
                pass  # makes the file with its tables
            address = storage.conn_string_for_shard(shard)
            engines[shard] = create_engine(address, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
        with storage._db_lock, engines[shard].begin() as connection:
            yield connection

    storage._connect = connect  # type: ignore[method-assign]
    try:
        yield
    finally:
        storage._connect = connect_anew  # type: ignore[method-assign]
        for engine in engines.values():
            engine.dispose()
