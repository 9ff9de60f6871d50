"""A run that the command line, the UI, the sensor or the schedule starts is the same run: readers get the same bytes."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import pytest

from etl_project.lake import Lake
from etl_project.run import Summary
from etl_project.tables import TABLES
from etl_project_tests.conftest import N_FILES, SAMPLES, rows_of
from etl_project_tests.served import JOB, LOCATION, REPOSITORY, ask, launch, settled, ui

#: Tables of the data; the others tell of runs.
DATA = [table for table in TABLES if not table.tells_of_a_run]
_DRY_RUN = """mutation ($name: String!, $location: String!, $repository: String!, $at: Float!) {
  scheduleDryRun(timestamp: $at, selectorData: {scheduleName: $name, repositoryName: $repository,
      repositoryLocationName: $location}) {
    ... on DryRunInstigationTick { evaluationResult { runRequests { runConfigYaml tags { key value } } } }
    ... on PythonError { message } } }"""
_LAUNCH_AS = """mutation ($job: String!, $location: String!, $repository: String!, $config: RunConfigData!, $tags: [ExecutionTag!]) {
  launchRun(executionParams: {runConfigData: $config, executionMetadata: {tags: $tags}, selector:
      {jobName: $job, repositoryName: $repository, repositoryLocationName: $location}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
_START_SENSOR = """mutation ($name: String!, $location: String!, $repository: String!) {
  startSensor(sensorSelector: {sensorName: $name, repositoryName: $repository, repositoryLocationName: $location}) {
    __typename ... on PythonError { message } } }"""
_HERE = {"location": LOCATION, "repository": REPOSITORY}


def _by_hand(address: str) -> None:
    launch(address)


def _by_the_schedule(address: str) -> None:
    """What the schedule asks for at its time, as the UI's *Preview tick result* evaluates and launches it."""
    tick = ask(address, _DRY_RUN, name="daily", at=1782970200.0, **_HERE)["scheduleDryRun"]
    (request,) = tick["evaluationResult"]["runRequests"]
    tags = [{"key": tag["key"], "value": tag["value"]} for tag in request["tags"]]
    told = ask(address, _LAUNCH_AS, job=JOB, config=request["runConfigYaml"], tags=tags, **_HERE)["launchRun"]
    assert told["__typename"] == "LaunchRunSuccess", told


def _by_the_sensor(address: str) -> None:
    ask(address, _START_SENSOR, name="inbox", **_HERE)


def _bytes(lake: Lake) -> dict[str, str]:
    return {t.name: hashlib.sha256((lake.exports / f"{t.name}.parquet").read_bytes()).hexdigest() for t in DATA}


def _rows(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    return {table.name: rows_of(lake, f"select * from {table.name} order by all") for table in DATA}


@pytest.mark.long
def test_every_way_to_start_a_run_gives_the_same_bytes(
    sample_run: tuple[Lake, Summary], tmp_path: Path, papers: Any
) -> None:
    """Of the same captures, received at the same time: each run begins with the receipts alone, and all of them in the inbox."""
    cli, served = Lake(tmp_path / "cli"), Lake(tmp_path / "served")
    for lake in (cli, served):
        shutil.copytree(SAMPLES, lake.inbox)
        shutil.copytree(sample_run[0].raw, lake.raw)
    assert papers("run", lake=cli).returncode == 0
    made, rows = _bytes(cli), _rows(cli)
    assert len(made) == len(DATA) and len(rows["papers"]) > 0
    # the sensor stays on, so it is the last
    ways = {"ui": _by_hand, "schedule daily": _by_the_schedule, "sensor inbox": _by_the_sensor}
    with ui(served) as address:
        for number, (way, start) in enumerate(ways.items(), 1):
            for folder in (served.raw, served.warehouse.parent, served.published, served.exports.parent):
                shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(sample_run[0].raw, served.raw)
            start(address)
            run = settled(address, number)[0]
            tags = {tag["key"]: tag["value"] for tag in run["tags"]}
            assert (run["jobName"], run["status"], tags["started_by"]) == (JOB, "SUCCESS", way)
            assert (tags["files"], tags["new_files"]) == (str(N_FILES), str(N_FILES))
            assert _bytes(served) == made, way
            assert _rows(served) == rows, way
