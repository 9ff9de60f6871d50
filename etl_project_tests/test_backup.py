"""The commands of docs/operations.md, typed as they stand there: a lake is backed up, destroyed and restored."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from etl_project.lake import PROJECT, Lake
from etl_project.run import Summary
from etl_project_tests.conftest import capture
from etl_project_tests.test_job import _parquet

_DOCS = (PROJECT / "docs" / "operations.md").read_text("utf-8")


def _type(name: str, lake: Lake, backup: Path, programs: Path) -> subprocess.CompletedProcess[str]:
    """Run a block of the page in a shell; where rsync is missing, with what the page says does the same."""
    (block,) = re.findall(rf"^```sh {name}\n(.*?)^```", _DOCS, re.MULTILINE | re.DOTALL)
    if not shutil.which("rsync"):
        block = block.replace("rsync -a", "cp -a")
    environment = {**os.environ, "LAKE": str(lake.root), "BACKUP": str(backup), "PATH": f"{programs}:{os.environ['PATH']}"}
    return subprocess.run(["sh", "-euc", block], capture_output=True, text=True, check=False, env=environment, cwd=PROJECT)


def test_a_lake_that_is_lost_comes_back_from_its_backup_with_the_same_tables_and_ids(
    samples_copy: Lake, tmp_path: Path
) -> None:
    lake, backup, programs = samples_copy, tmp_path / "backup", tmp_path / "bin"
    programs.mkdir()
    (programs / "papers").write_text(f'#!/bin/sh\nexec {sys.executable} -m etl_project.cli "$@"\n', "utf-8")
    (programs / "papers").chmod(0o755)
    (lake.inbox / "waiting.txt").write_text(capture(("Waiting For the Next Run", "reed")), "utf-8")
    before = _parquet(lake)
    done = _type("backup", lake, backup, programs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^raw +ok$", done.stdout, re.MULTILINE)
    assert {path.name for path in backup.iterdir()} <= {"raw", "decisions", "inbox", "fetched"}
    (lake.inbox / "waiting.txt").unlink()
    shutil.rmtree(lake.root)
    (backup / "inbox" / "waiting.txt").rename(tmp_path / "waiting.txt")  # taken in, it would add its paper
    done = _type("restore", lake, backup, programs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 problems" in done.stderr
    assert _parquet(lake) == before
