"""Dagster's daemon on one lake: ``python -m etl_project.daemon``, after runs that lost their process are marked as failed.

For services that start daemon and webserver apart (docs/deploy/); ``papers ui`` starts both. Runs work where the daemon is,
so that only there it can be seen whether their processes are.
"""

import os
import sys
from pathlib import Path

from etl_project.alerts import Alerting
from etl_project.dagster_home import LOST, environment, fail_orphans
from etl_project.failed import run_failed
from etl_project.lake import PROJECT, Lake, LakeBusy, writer_lock


def fail_lost_runs(lake: Lake, holder: str) -> list[str]:
    """Mark runs as failed whose process is gone, tell of them, and return their ids; none while a run works, which looks itself.

    ``environment(lake)`` is set. Raises OSError if the lake cannot be written.
    """
    try:
        with writer_lock(lake, holder):
            import dagster as dg

            with dg.DagsterInstance.get() as instance:
                lost = fail_orphans(instance)
                for run in lost:
                    run_failed(lake, instance, run, Alerting.of(os.environ), LOST)
                return [run.run_id for run in lost]
    except LakeBusy:
        return []


def main() -> None:
    """Look for lost runs in the lake that ``PAPERS_LAKE`` names, then become Dagster's daemon."""
    lake = Lake(Path(os.environ.get("PAPERS_LAKE") or PROJECT / "data_lake").absolute())
    os.environ.update(environment(lake))
    try:
        for run_id in fail_lost_runs(lake, "Dagster's daemon"):
            print(f"run {run_id[:8]} had lost its process; it is marked as failed", file=sys.stderr)
    except OSError as error:
        sys.exit(f"papers: the lake {lake.root} cannot be written: {error.strerror}")
    daemon = str(Path(sys.executable).with_name("dagster-daemon"))
    os.execv(daemon, [daemon, "run", "-w", str(PROJECT / "workspace.yaml")])


if __name__ == "__main__":
    main()
