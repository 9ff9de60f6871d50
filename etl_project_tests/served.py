"""A real ``papers ui`` on a port of this machine, and what its buttons do, by its own API."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from etl_project.lake import PROJECT, Lake

LOCATION, REPOSITORY, JOB = "papers", "__repository__", "captures_to_papers"


@contextmanager
def ui(lake: Lake, **environment: str) -> Iterator[str]:
    """Serve the UI on ``lake`` with these variables besides this process's; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "etl_project.cli", "ui", "--port", str(port), "--lake", str(lake.root)]
    lake.root.mkdir(parents=True, exist_ok=True)
    with (lake.root / "ui.log").open("w") as log:
        served = subprocess.Popen(
            command, cwd=PROJECT, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{address}/server_info", timeout=5).read()
                break
            except OSError:
                if served.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((lake.root / "ui.log").read_text("utf-8")[-3000:]) from None
                time.sleep(0.5)
        yield address
    finally:
        served.send_signal(signal.SIGINT)
        try:
            served.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(served.pid, signal.SIGKILL)


def ask(address: str, query: str, **variables: Any) -> Any:
    """Ask the UI's own API, as its buttons do."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    request = urllib.request.Request(f"{address}/graphql", body, {"Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(request, timeout=60))
    if answer.get("errors"):
        raise RuntimeError(answer["errors"])
    return answer["data"]


_LAUNCH = """mutation ($job: String!, $location: String!, $repository: String!) {
  launchRun(executionParams: {runConfigData: {}, selector:
      {jobName: $job, repositoryName: $repository, repositoryLocationName: $location}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } } } }"""
_RUNS = """{ runsOrError(limit: 50) { ... on Runs { results {
  runId jobName status tags { key value } } } } }"""


def launch(address: str, job: str = JOB) -> str:
    """Start a run as the launchpad does; return its id."""
    told = ask(address, _LAUNCH, job=job, location=LOCATION, repository=REPOSITORY)["launchRun"]
    assert told["__typename"] == "LaunchRunSuccess", told
    return str(told["run"]["runId"])


def runs(address: str) -> list[dict[str, Any]]:
    """Return what the UI tells of the last runs, the newest first."""
    return list(ask(address, _RUNS)["runsOrError"]["results"])


def settled(address: str, count: int, seconds: float = 240) -> list[dict[str, Any]]:
    """Return the runs once there are ``count`` and all have ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = runs(address)
        if len(found) >= count and all(run["status"] in ("SUCCESS", "FAILURE", "CANCELED") for run in found):
            return found
        time.sleep(1)
    raise TimeoutError(f"not {count} runs have ended: {[(run['jobName'], run['status']) for run in runs(address)]}")
