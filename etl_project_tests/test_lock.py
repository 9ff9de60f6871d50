"""One writer at a time: who has the lake is told, dead holders and deleted lock files change nothing."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from etl_project import warehouse
from etl_project.lake import PROJECT, Lake, LakeBusy, writer_lock

_HOLD = """
import subprocess, sys, time
from pathlib import Path
from etl_project.lake import Lake, writer_lock
with writer_lock(Lake(Path(sys.argv[1])), "papers run"):
    child = subprocess.Popen(["sleep", "60"])
    print(child.pid, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(lake: Lake):
    """A process that has the lake's lock, and a child of it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(lake.root)], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )
    assert process.stdout
    child = int(process.stdout.readline())
    yield process
    process.kill()
    process.wait()
    subprocess.run(["kill", "-9", str(child)], check=False)


def test_who_has_the_lake_is_told_with_process_and_since_when(lake: Lake, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(LakeBusy) as busy, writer_lock(lake, "another"):
        pass
    assert f"in use by papers run (process {holder.pid}, since " in str(busy.value)
    since = re.search(r"since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC\)", str(busy.value))
    assert since and abs(time.mktime(time.strptime(since[1] + " UTC", "%Y-%m-%d %H:%M:%S %Z")) - time.time()) < 86400


def test_a_lock_file_that_is_deleted_or_replaced_lets_nobody_in(lake: Lake, holder: subprocess.Popen[str]) -> None:
    file = lake.warehouse.with_name("lock")
    file.unlink()
    with pytest.raises(LakeBusy), writer_lock(lake, "another"):
        pass
    ended = subprocess.Popen(["true"])
    ended.wait()
    file.write_text(f"papers run (process {ended.pid}, since 2026-06-12 05:30:00 UTC)", "utf-8")  # of a dead process
    with pytest.raises(LakeBusy, match="in use by another run"), writer_lock(lake, "another"):
        pass


def test_the_lock_of_a_process_that_was_killed_is_free_though_its_child_lives(
    lake: Lake, holder: subprocess.Popen[str]
) -> None:
    holder.kill()
    holder.wait()
    file = lake.warehouse.with_name("lock")
    assert f"process {holder.pid}" in file.read_text("utf-8"), "what it wrote is still there"
    with writer_lock(lake, "the next"):
        assert file.read_text("utf-8").startswith("the next (process ")
    assert file.read_text("utf-8") == ""


def test_a_run_that_waits_gets_the_lake_when_it_is_free(lake: Lake, holder: subprocess.Popen[str]) -> None:
    told: list[str] = []

    def kill(reason: str) -> None:
        told.append(reason)
        holder.kill()

    with writer_lock(lake, "the next", wait=30, waiting=kill):
        pass
    assert [reason for reason in told if "in use by papers run" in reason]


def test_a_lake_that_was_replaced_or_lost_under_a_run_is_not_written(lake: Lake) -> None:
    with writer_lock(lake, "a run"):
        with warehouse.connect(lake):
            pass
        lake.root.rename(lake.root.with_name("elsewhere"))
        lake.warehouse.parent.mkdir(parents=True)  # as where a mount is lost, or somebody starts afresh
        gone = pytest.raises(warehouse.WarehouseError, match="no longer the lake that this run began with")
        with gone, warehouse.connect(lake):
            pass
        assert not lake.warehouse.exists()


def test_the_lock_is_free_again_where_the_disk_is_gone(lake: Lake, tmp_path: Path) -> None:
    with writer_lock(lake, "a run"):
        lake.warehouse.with_name("lock").unlink()
        lake.warehouse.parent.rmdir()
    with writer_lock(lake, "the next"):
        assert lake.warehouse.with_name("lock").exists()
