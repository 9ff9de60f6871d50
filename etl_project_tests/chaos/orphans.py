"""A power cut of the orchestrator: `papers ui` with a run at work is killed whole, and started again."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from etl_project.lake import Lake
from etl_project_tests.chaos.trials import Chain, Outcome, environment
from etl_project_tests.chaos.watching import Broken, whole

_START = """mutation($p: ExecutionParams!) { launchPipelineExecution(executionParams: $p) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""


class Interface:
    """`papers ui` on ``lake``, with all its processes in a group of their own."""

    def __init__(self, lake: Lake) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "etl_project.cli", "ui", "--port", str(self.port), "--lake", str(lake.root)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(), start_new_session=True
        )
        end = time.monotonic() + 180
        while time.monotonic() < end:
            try:
                self.ask("{ version }")
                return
            except OSError:
                time.sleep(0.5)
        self.kill()
        raise Broken("papers ui did not start")

    def ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["data"]

    def launch(self, delivery: Path) -> str:
        selector = {
            "repositoryLocationName": "etl_project.definitions",
            "repositoryName": "__repository__",
            "pipelineName": "captures_to_papers",
        }
        locations = self.ask(
            "{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } } } } }"
        )
        (node,) = locations["repositoriesOrError"]["nodes"]
        selector |= {"repositoryLocationName": node["location"]["name"], "repositoryName": node["name"]}
        config = {"ops": {"raw_dumps": {"config": {"paths": [str(delivery)]}}}}
        answer = self.ask(_START, p={"selector": selector, "runConfigData": json.dumps(config), "mode": "default"})
        started = answer["launchPipelineExecution"]
        if started["__typename"] != "LaunchRunSuccess":
            raise Broken(f"the run was not launched: {started}")
        return str(started["run"]["runId"])

    def status(self, run_id: str) -> str:
        answer = self.ask("query($r: ID!) { runOrError(runId: $r) { ... on Run { status } } }", r=run_id)
        return str(answer["runOrError"].get("status"))

    def wait_for(self, run_id: str, states: set[str], seconds: float) -> str:
        end = time.monotonic() + seconds
        while (status := self.status(run_id)) not in states and time.monotonic() < end:
            time.sleep(0.5)
        if status not in states:
            raise Broken(f"run {run_id[:8]} is {status} after {seconds} s")
        return status

    def kill(self) -> None:
        """Kill every process of the group and those that they started in groups of their own, as a power cut does."""
        for process in [*_below(self.process.pid), self.process.pid]:
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


def _below(process: int) -> list[int]:
    """Return the ids of all processes that ``process`` started, and those that they did."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text("utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, todo = [], [process]
    while todo:
        children = parents.get(todo.pop(), [])
        found += children
        todo += children
    return found


def power_cut(chain: Chain, place: Path) -> Outcome:
    """Cut the power while a run is at work; after the start the run is failed, and the next one in the queue works."""
    outcome = Outcome("power cut of papers ui", "a run at work, services killed whole")
    shutil.rmtree(place, ignore_errors=True)
    lake = Lake(place)
    shutil.copytree(chain.lake(0).root, place, symlinks=True)
    interface = None
    try:
        interface = Interface(lake)
        first = interface.launch(chain.delivery(1))
        interface.wait_for(first, {"STARTED"}, 180)
        time.sleep(3)
        interface.kill()
        whole(lake)
        interface = Interface(lake)
        interface.wait_for(first, {"FAILURE"}, 10)
        second = interface.launch(chain.delivery(1))
        interface.wait_for(second, {"SUCCESS"}, 240)
        whole(lake)
        outcome.survived = True
    except Broken as error:
        outcome.why = str(error)
    finally:
        if interface:
            interface.kill()
    if outcome.survived:
        shutil.rmtree(place, ignore_errors=True)
    return outcome
