"""Dagster's own folder in a lake: run history is kept there, nothing is sent anywhere, one run works at a time."""

import os
from pathlib import Path

from etl_project.lake import Lake

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
