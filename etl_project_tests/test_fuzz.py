"""The inputs that fuzzing kept, and new ones made of them for some seconds: what must hold of any input holds."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from random import Random
from time import process_time

import pytest

from etl_project.lake import PROJECT
from etl_project_tests.fuzz import seeds
from etl_project_tests.fuzz.targets import TARGETS, timed

#: Processor seconds for each target.
_SECONDS = 0.8


@pytest.mark.parametrize("name", TARGETS)
def test_what_fuzzing_kept_still_holds(name: str) -> None:
    kept = seeds.kept(name)
    assert len(kept) > 20
    for data in kept[:: 12 if name == "rows" else 1]:  # each costs a frame of every table
        timed(TARGETS[name], data)


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_inputs_hold(name: str) -> None:
    chance = Random(f"{name} 1")
    inputs = [*seeds.of(name), *seeds.kept(name)]
    start, tried = process_time(), 0
    while process_time() - start < _SECONDS:
        data = seeds.damaged(chance.choice(inputs), chance)
        timed(TARGETS[name], data)
        tried += 1
    assert tried > 5


def test_the_kept_corpus_is_small() -> None:
    assert sum(path.stat().st_size for path in seeds.KEPT.iterdir()) < 300_000


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="the extra `fuzz` (atheris) is not installed")
def test_the_fuzzer_runs_and_finds_nothing_in_some_seconds(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "etl_project_tests.fuzz.run", "fields", "0.05", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=PROJECT)
    assert "number_of_executed_units" in done.stderr, done.stderr[-2000:]
    assert not list((tmp_path / "fields" / "findings").iterdir())
