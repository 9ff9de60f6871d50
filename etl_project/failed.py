"""What is done once when a run has failed, whoever started it: people are told what failed, who acts and what to do.

A run tells of itself as it ends, still under the lake's lock. Who lost its process is told of by who finds that out: the
next run, ``papers ui``, or Dagster's sensor ``failed_runs``, which looks at all that Dagster started.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from etl_project import alerts
from etl_project.alerts import Alert, Alerting, Problem
from etl_project.command import command_line
from etl_project.contract import OWNERS
from etl_project.lake import Lake
from etl_project.report import write as report

if TYPE_CHECKING:
    from dagster import DagsterInstance, DagsterRun

#: Tag of a run, and how one that nobody told was started: by a hand, in the UI.
STARTED_BY, BY_HAND = "started_by", "ui"
_OWN_ERRORS = ("WarehouseError", "DamagedWarehouse", "PublishError", "DamagedHistory", "DamagedReceipt", "DamagedBytes")
#: How DuckDB tells of a file that was cut or changed.
_DAMAGE = ("Corrupt database file", "Could not read enough bytes", "checksum")
#: How Python, DuckDB and Polars tell that there is no memory left; which of them asks for it last is chance.
_NO_MEMORY = ("MemoryError", "bad allocation", "bad_alloc", "PyObject pointer is null", "failed to allocate")
#: Somebody stopped it: he knows.
_STOPPED = ("DagsterExecutionInterruptedError", "KeyboardInterrupt")


def run_failed(lake: Lake, instance: "DagsterInstance", run: "DagsterRun", alerting: Alerting, why: str = "") -> None:
    """Do what is to be done once a run has failed; a run that was done with before, or that somebody stopped, is passed over.

    ``why`` is told where no step of the run tells it. Raises nothing: the run's own failure is what matters.
    """
    try:
        events = _events(instance, run.run_id)
        if any(_is_stop(event) for event in events):
            return
        alert = Alert(
            run_id=run.run_id,
            job="fetched_days" if run.job_name.startswith("__") else run.job_name,  # of assets chosen by hand
            started_by=started_by(run.tags),
            lake=str(lake.root),
            problems=tuple(problems(lake, events, why)),
            published=any(_made(event) == "publication" for event in events),
            link=f"{alerting.ui}/runs/{run.run_id}" if alerting.ui else "",
        )
        alerts.tell(lake, alert, alerting)
    except Exception:
        alerts.log.exception("that run %s failed cannot be told", run.run_id[:8])


def report_failed(lake: Lake, instance: "DagsterInstance", run: "DagsterRun") -> None:
    """Write the report of a run that has failed. The caller holds the lake's lock. Raises nothing."""
    try:
        events = _events(instance, run.run_id)
        step, reason = first_error(events)
        published = any(_made(event) == "publication" for event in events)
        report.write(lake, run.run_id, published, f"{step}: {reason}".removeprefix(": ") if reason else "")
    except Exception as error:  # a full disk, a damaged warehouse: the alert tells of it
        alerts.log.warning(
            "the report of run %s was not written: %s", run.run_id[:8], " ".join(str(error).split())[:200]
        )


def started_by(tags: Any) -> str:
    """Return who started a run with these tags: ``cli``, ``schedule NAME``, ``sensor NAME``, ``backfill`` or ``ui``."""
    for kind in ("schedule", "sensor"):
        if name := tags.get(f"dagster/{kind}_name"):
            return f"{kind} {name}"
    return str(tags.get(STARTED_BY) or ("backfill" if tags.get("dagster/backfill") else BY_HAND))


def has_failed_steps(instance: "DagsterInstance", run_id: str) -> bool:
    """Say whether a step of the run failed; to be asked before its end is written down."""
    from dagster import DagsterEventType

    return bool(instance.all_logs(run_id, of_type=DagsterEventType.STEP_FAILURE))


def problems(lake: Lake, events: Sequence[Any], why: str = "") -> list[Problem]:
    """Return what failed in a run: the checks that stopped it, else the first error, else ``why``."""
    found = []
    for event in events:
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            result = event.asset_check_evaluation_data
            if not result.passed and result.blocking and result.severity.value == "ERROR":
                metadata = {name: str(value.value) for name, value in result.metadata.items()}
                owner, remedy = metadata.get("owner", OWNERS["operator"]), metadata.get("remedy", "")
                description = (result.description or "").removesuffix(remedy).strip()
                table = result.asset_key.to_user_string()
                found.append(Problem(result.check_name, description, owner, remedy, table))
    if not found:
        step, reason = first_error(events)
        remedy = f"{command_line(lake, 'doctor')} names what is damaged; then run again"
        found.append(Problem(step or "the run", reason or why or "it ended without a word", OWNERS["operator"], remedy))
    return found


def first_error(events: Sequence[Any]) -> tuple[str, str]:
    """Return the first failed step ("" where it was none) and, in one line, the innermost reason that is ours to tell.

    No reason where a check failed: its result says it.
    """
    for event in events:
        if event.is_step_failure and event.step_failure_data.error:
            error = event.step_failure_data.error
            # our own errors say what to do; below them, and without them, the innermost one is the reason
            while error.cause is not None and error.cls_name not in _OWN_ERRORS:
                error = error.cause
            if "No space left" in error.message or "ENOSPC" in error.message:
                return event.step_key, "the disk is full (no space left); free some and run again"
            if any(sign in error.message for sign in _DAMAGE):
                first = next(iter(error.message.strip().splitlines()), "")
                return event.step_key, f"a file is damaged ({first}); papers doctor names it, and what mends it"
            lines = [line for line in error.message.strip().splitlines() if line.strip()]
            if "DagsterAssetCheckFailedError" in error.message or "asset check" in error.message.lower():
                return event.step_key, ""  # the failed checks say it
            reason = lines[0].partition(": ")[2] or lines[0] if lines else "failed"  # after the class's name
            if (
                any(sign in error.message for sign in _NO_MEMORY) and " used)" not in error.message
            ):  # DuckDB's own limit
                return event.step_key, (
                    f"memory ran out ({reason.strip()}); what was taken in is kept: run again with more "
                    "(the largest captures need about 4 GB)"
                )
            return event.step_key, reason
    for event in events:
        if event.is_failure:
            return "", str(event.message).splitlines()[0]
    return "", ""


def _events(instance: "DagsterInstance", run_id: str) -> list[Any]:
    return [entry.dagster_event for entry in instance.all_logs(run_id) if entry.dagster_event]


def _made(event: Any) -> str:
    return event.asset_key.to_user_string() if event.is_step_materialization and event.asset_key else ""


def _is_stop(event: Any) -> bool:
    if event.event_type_value in ("PIPELINE_CANCELING", "PIPELINE_CANCELED"):
        return True
    error = event.step_failure_data.error if event.is_step_failure else None
    while error is not None:
        if error.cls_name in _STOPPED:
            return True
        error = error.cause
    return False
