"""Killed runs and what readers have: the last publication whole, until the next run completes; long version: `make chaos`."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, NamedTuple

import dagster as dg
import pytest

from etl_project import publish
from etl_project.dagster_home import fail_orphans, prepare
from etl_project.lake import Lake, writer_lock
from etl_project.run import Summary, run_job
from etl_project_tests.chaos import kills, readers, watching
from etl_project_tests.conftest import N_PAPERS, capture, rows_of


class Killed(NamedTuple):
    """The samples' lake after a run on one more file that was killed, and after the next."""

    lake: Lake
    code: int
    before: dict[str, Any]
    after_kill: dict[str, Any]
    left: list[str]
    next_run: Summary


@pytest.fixture(scope="module")
def killed(sample_run: tuple[Lake, Summary], tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """The run is killed by the kernel at the last moment: its publication is built, and the link not moved."""
    folder = tmp_path_factory.mktemp("killed")
    lake = Lake(folder / "lake")
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    (lake.raw / "00").mkdir(exist_ok=True)
    for partial in (lake.raw / "00" / "0.json.1.partial", lake.ids / "000002.parquet.partial"):
        partial.write_bytes(b"half of what a run wrote that was killed before")
    before = watching.content(lake)
    page = folder / "page.txt"
    page.write_text(capture(("Taken by a Run That Was Killed", "sudden ends")), "utf-8")
    done = kills.at_swap(lake, page)
    after = watching.content(lake)
    left = [path.name for path in lake.published.iterdir()]
    with writer_lock(lake, "the next run"):
        return Killed(lake, done, before, after, left, run_job(lake, [page]))


@pytest.mark.long
def test_a_run_that_is_killed_before_the_swap_leaves_readers_what_they_had(killed: Killed) -> None:
    assert killed.code == -9
    assert killed.after_kill == killed.before
    assert len([name for name in killed.left if name.count("-") == 4]) == 2, "it was killed with its publication built"


@pytest.mark.long
def test_the_run_after_a_killed_one_completes_and_clears_up(killed: Killed) -> None:
    assert (killed.next_run.exit_code, killed.next_run.files[0]["outcome"]) == (0, "known")
    assert rows_of(killed.lake, "select count(*) from papers") == [(N_PAPERS + 1,)]
    assert watching.whole(killed.lake) == killed.next_run.run_id
    assert not [
        path
        for pattern in ("raw/*/*.partial", "published/.*", "published/*.next")
        for path in killed.lake.root.glob(pattern)
    ]


@pytest.mark.long
def test_the_history_shows_a_killed_run_as_failed_with_the_reason(killed: Killed) -> None:
    with dg.DagsterInstance.from_config(str(killed.lake.dagster_home)) as instance:
        states = [(run.run_id, run.status) for run in instance.get_runs()]
        assert [status.value for _, status in states] == ["SUCCESS", "FAILURE", "SUCCESS"]
        said = [entry.dagster_event.message for entry in instance.all_logs(states[1][0]) if entry.dagster_event]
    assert [message for message in said if "is gone: it was killed, or the machine stopped" in (message or "")]


def _started(instance: dg.DagsterInstance, pid: int | None) -> str:
    from dagster._core.events import DagsterEvent, DagsterEventType, EngineEventData

    @dg.job
    def nothing() -> None: ...

    run = instance.create_run_for_job(nothing)
    if pid is not None:
        instance.report_engine_event("works", run, EngineEventData.in_process(pid))
    instance.report_dagster_event(
        DagsterEvent(event_type_value=DagsterEventType.RUN_START.value, job_name="nothing"), run.run_id
    )
    return run.run_id


def test_only_runs_whose_process_is_gone_are_failed(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    with dg.DagsterInstance.from_config(str(prepare(lake))) as instance:
        live, dead, silent = (_started(instance, pid) for pid in (os.getpid(), ended.pid, None))
        assert [run.run_id for run in fail_orphans(instance)] == [dead]
        told = time.time() + 400
        with monkeypatch.context() as later:  # a run that has told no process minutes after it began
            later.setattr(time, "time", lambda: told)
            assert [run.run_id for run in fail_orphans(instance)] == [silent]
        # the number of the process is another's now, who began after it was told
        young = subprocess.Popen(["sleep", "30"])
        try:
            with monkeypatch.context() as earlier:
                now = time.time()
                earlier.setattr(time, "time", lambda: now - 3600)
                reused = _started(instance, young.pid)
            assert [run.run_id for run in fail_orphans(instance)] == [reused]
        finally:
            young.kill()
            young.wait()
        assert instance.get_run_by_id(live).status == dg.DagsterRunStatus.STARTED


def test_an_error_after_the_swap_takes_nothing_from_readers(
    samples_copy: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = samples_copy
    sync = publish.sync

    def fail_after_the_swap(path: Path) -> None:
        if path == lake.published and publish._current(lake) == "late":
            raise OSError(5, "Input/output error")
        sync(path)

    monkeypatch.setattr(publish, "sync", fail_after_the_swap)
    with pytest.raises(OSError, match="Input/output"):
        publish.publish(lake, "late")
    assert watching.whole(lake) == "late"


def test_a_run_that_publishes_twice_leaves_the_first_to_its_readers_until_the_swap(
    samples_copy: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = samples_copy
    publish.publish(lake, "again")
    monkeypatch.setattr(publish, "_audit", lambda *_: (_ for _ in ()).throw(publish.PublishError("seeded")))
    with pytest.raises(publish.PublishError):
        publish.publish(lake, "again")
    assert watching.whole(lake) == "again"
    assert sorted(path.name for path in lake.published.glob("again*")) == ["again"]


def test_replaced_publications_are_kept_for_a_day_and_at_most_twelve(samples_copy: Lake) -> None:
    lake = samples_copy
    current = publish._current(lake)
    now = (lake.published / current).stat().st_mtime

    def old(name: str, made: float, whole: bool = True) -> None:
        (lake.published / name / "parquet").mkdir(parents=True)
        if whole:
            (lake.published / name / "parquet" / "manifest.json").touch()
        os.utime(lake.published / name, (made, made))

    hour = 3600
    for n in range(1, 30):
        old(f"old{n:02}", now - n * 3 * hour)
    old("killed", now, whole=False)
    old(f"{publish._BUILDING}x", now)
    publish._drop_old(lake)
    kept = sorted(folder.name for folder in lake.published.iterdir() if folder.is_dir() and not folder.is_symlink())
    # old01 was replaced when the current one was made, old09 when old08 was, 24 hours ago
    assert kept == sorted([current, *(f"old{n:02}" for n in range(1, 9))])
    for n in range(9, 40):
        old(f"quick{n}", now - n)
    publish._drop_old(lake)
    assert len([f for f in lake.published.iterdir() if f.is_dir() and not f.is_symlink()]) == 13


def test_the_last_publication_but_one_is_kept_however_old(samples_copy: Lake) -> None:
    lake = samples_copy
    current = publish._current(lake)
    os.utime(lake.published / current, (10_000, 10_000))
    (lake.published / "older" / "parquet").mkdir(parents=True)
    (lake.published / "older" / "parquet" / "manifest.json").touch()
    os.utime(lake.published / "older", (5_000, 5_000))
    publish._drop_old(lake)
    assert (lake.published / "older").exists()


def test_a_lake_may_lie_in_a_folder_that_reads_like_a_column(sample_run: tuple[Lake, Summary], tmp_path: Path) -> None:
    lake = Lake(tmp_path / "year=2026" / "a [lake], *of* mine")
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    publish.publish(lake, "there")
    assert watching.whole(lake) == "there"


@pytest.mark.long
def test_readers_beside_publications_see_no_error_and_no_mixed_state(samples_copy: Lake, tmp_path: Path) -> None:
    seen = readers.hammer(samples_copy, tmp_path / "hammer", readers=3, publications=3)
    assert (seen["errors"], seen["mixed"]) == ([], [])
    assert seen["reads"] > 3
    assert seen["publications_seen"] > 1
