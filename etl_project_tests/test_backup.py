"""The commands of docs/operations.md, typed as they stand there: a lake is backed up, destroyed and restored."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from etl_project.doctor import examine
from etl_project.lake import PROJECT, Lake
from etl_project.run import rebuild
from etl_project_tests.conftest import capture
from etl_project_tests.test_job import _parquet

_DOCS = (PROJECT / "docs" / "operations.md").read_text("utf-8")


def _type(name: str, lake: Lake, backup: Path) -> None:
    """Run a block of the page in a shell (where rsync is missing, with what the page says does the same); ours here."""
    (block,) = re.findall(rf"^```sh {name}\n(.*?)^```", _DOCS, re.MULTILINE | re.DOTALL)
    if not shutil.which("rsync"):
        block = block.replace("rsync -a", "cp -a")
    shell, ours = re.fullmatch(r"(.*?)((?:^papers .*\n)*)", block, re.MULTILINE | re.DOTALL).groups()
    assert "papers " not in shell
    places = {"LAKE": lake, "BACKUP": Lake(backup)}
    environment = {**os.environ, **{name: str(place.root) for name, place in places.items()}}
    subprocess.run(["sh", "-euc", shell], check=True, env=environment, cwd="/")
    for command, place in re.findall(r'^papers (\w+(?: --backup)?) --lake "\$(\w+)"$', ours, re.MULTILINE):
        if command == "rebuild":
            assert rebuild(places[place]).exit_code == 0
        else:
            assert command in ("doctor", "doctor --backup")
            found = examine(places[place], backup="--backup" in command)
            assert [finding for finding in found if finding.outcome == "problem"] == []


@pytest.mark.long
def test_a_lake_that_is_lost_comes_back_from_its_backup_with_the_same_tables_and_ids(
    samples_copy: Lake, tmp_path: Path
) -> None:
    lake, backup = samples_copy, tmp_path / "backup"
    (lake.inbox / "waiting.txt").write_text(capture(("Waiting For the Next Run", "reed")), "utf-8")
    before = _parquet(lake)
    _type("backup", lake, backup)
    assert {path.name for path in backup.iterdir()} == {"raw", "inbox"}
    (backup / "inbox" / "waiting.txt").rename(tmp_path / "waiting.txt")  # taken in, it would add its paper
    shutil.rmtree(lake.root)
    _type("restore", lake, backup)
    assert _parquet(lake) == before
