"""Dagster's own folder in a lake: run history is kept there, nothing is sent anywhere, one run works at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from etl_project.lake import Lake

if TYPE_CHECKING:
    from dagster import DagsterInstance
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
