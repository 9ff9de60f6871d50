"""A run that stands still for ever is ended from outside, and one that works, waits for a disk or was stopped is not."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from etl_project.lake import PROJECT, Lake, writer_lock
from etl_project.run import run_job
from etl_project_tests.conftest import N_PAPERS, SAMPLES, rows_of

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="no /proc here")

#: A process that has the lake's lock and is watched, with limits of a second; then as the test says.
_HOLD = """
import ctypes, os, signal, sys, threading, time
from pathlib import Path
from etl_project import watchdog
from etl_project.lake import Lake, writer_lock
watchdog.LONGEST_STANDSTILL, watchdog.EVERY = 1.0, 0.1
with writer_lock(Lake(Path(sys.argv[1])), "papers run"), watchdog.watched():
    print("begun", flush=True)
    {does}
print("done", flush=True)
"""

STUCK = {
    "the interpreter's lock is held for ever": "ctypes.PyDLL(None).pause()",
    "a lock is waited for whose holder waits for it": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "other threads wake up and look": (
        "[threading.Thread(target=lambda: [time.sleep(0.3) for _ in range(999)]).start() for _ in range(9)]"
        "; threading.Event().wait()"
    ),
}
AT_WORK = {
    "computes now and then": "[(time.sleep(0.4), sum(range(2_000_000))) for _ in range(6)]",
    "writes now and then": "[(time.sleep(0.4), Path('/dev/null').write_bytes(bytes(1 << 20))) for _ in range(6)]",
}


def started(lake: Lake, does: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", _HOLD.format(does=does), str(lake.root)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT)
    assert process.stdout and process.stdout.readline() == "begun\n"
    return process


@pytest.mark.parametrize("does", STUCK.values(), ids=STUCK)
def test_a_process_that_stands_still_is_ended_and_frees_the_lake(lake: Lake, does: str) -> None:
    process = started(lake, does)
    try:
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert said.startswith("papers: the run stood still for 1 seconds and was ended"), said
    with writer_lock(lake, "the next"):
        pass


@pytest.mark.parametrize("does", AT_WORK.values(), ids=AT_WORK)
def test_a_process_that_works_is_left_alone(lake: Lake, does: str) -> None:
    process = started(lake, does)
    out, said = process.communicate(timeout=30)
    assert (process.returncode, out, said) == (0, "done\n", "")


def test_a_process_that_was_stopped_is_left_alone(lake: Lake) -> None:
    process = started(lake, "threading.Event().wait(0.5)")
    process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    process.send_signal(signal.SIGCONT)
    assert process.communicate(timeout=20) == ("done\n", "")


def test_the_watcher_ends_with_the_run_however_that_ends(lake: Lake) -> None:
    for does, says in (
        ("raise SystemExit(3)", ""),
        ("os.kill(os.getpid(), signal.SIGKILL)", "papers: the run died"),
        ("os.abort()", "papers: the run died"),
    ):
        process = started(lake, does)
        _, said = process.communicate(timeout=20)  # to the end of stderr, which the watcher has open, too
        assert said.startswith(says) and bool(said) == bool(says)


def test_a_run_that_stands_still_is_ended_and_the_next_one_completes(lake: Lake, samples_copy: Lake) -> None:
    script = (
        "import ctypes, sys\nfrom pathlib import Path\nfrom etl_project import parse, watchdog\nfrom etl_project.lake import Lake\n"
        "from etl_project.run import reparse\nwatchdog.LONGEST_STANDSTILL, watchdog.EVERY = 1.0, 0.1\n"
        "parse.parse_dumps = lambda *_: ctypes.PyDLL(None).pause()\nreparse(Lake(Path(sys.argv[1])), True)"
    )
    command = [sys.executable, "-c", script, str(lake.root)]
    stuck = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT, timeout=60)
    assert stuck.returncode == -signal.SIGKILL, stuck.stderr
    assert "readers have the last whole publication" in stuck.stderr
    assert rows_of(lake, "select count(*) from papers") == [(N_PAPERS,)]
    again = run_job(lake, [SAMPLES])
    assert (again.exit_code, again.published) == (0, True)
    assert rows_of(lake, "select count(*) from papers") == [(N_PAPERS,)]
