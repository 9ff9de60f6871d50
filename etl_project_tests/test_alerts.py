"""A failed run is told once: in the log, in the lake's file, and to a webhook, which can neither fail the run nor hold it up."""

import json
import logging
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from etl_project import alerts
from etl_project.alerts import Alert, Alerting, Problem
from etl_project.daemon import fail_lost_runs
from etl_project.dagster_home import environment
from etl_project.definitions import FETCH_JOB, JOB, build_definitions
from etl_project.lake import Lake
from etl_project.run import run_job
from etl_project_tests.conftest import capture, json_lines
from etl_project_tests.hub import Wire
from etl_project_tests.test_atomic import _started

SECRET = "T0ken-in-the-address"


class Webhook:
    """Takes what is posted on a port of this machine; answers ``status``."""

    def __init__(self, context: ssl.SSLContext | None = None, status: int = 200) -> None:
        self.told: list[dict[str, Any]] = []
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.headers["Content-Type"] == "application/json"
                webhook.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.server.server_port}/{SECRET}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "Webhook":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as webhook:
        yield webhook


def _alert(run_id: str = "0" * 32, found: str = "3 rows.") -> Alert:
    problem = Problem("key_is_unique", found, "whoever maintains the program", "report it", "papers")
    return Alert(run_id, JOB, "ui", "/a/lake", (problem,))


def _failing(folder: Path) -> Path:
    """A capture whose titles are all the page's own."""
    page = folder / "page.txt"
    page.write_text(capture(*[("The Page of the Day", f"chalk number {n}") for n in range(30)]), "utf-8")
    return page


def test_a_run_that_a_check_stopped_is_told_once_with_who_acts_and_what_to_do(
    lake: Lake, tmp_path: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(alerts.WEBHOOK, webhook.url)
    monkeypatch.setenv(alerts.UI, "https://papers.invented/")
    with caplog.at_level(logging.INFO, "etl_project"):
        summary = run_job(lake, [_failing(tmp_path)])
    assert not summary.published
    (kept,) = json_lines(lake.alerts)
    (told,) = webhook.told
    assert kept == {name: value for name, value in told.items() if name != "text"}
    assert (told["run_id"], told["job"], told["started_by"], told["published"]) == (summary.run_id, JOB, "cli", False)
    assert told["link"] == f"https://papers.invented/runs/{summary.run_id}"
    (failed,) = [check for check in summary.checks_failed if check["severity"] == "critical"]
    (problem,) = told["problems"]
    assert (problem["table"], problem["what"], problem["owner"]) == (failed["table"], failed["check"], failed["owner"])
    assert "The Page of the Day" in problem["found"]
    assert "papers leave-out" in problem["remedy"]
    assert "titles_differ" in told["text"]
    assert [r for r in caplog.records if r.levelname == "ERROR" and "readers keep what they had" in r.getMessage()]
    everything = caplog.text + "".join(p.read_text("utf-8", "replace") for p in lake.root.rglob("*") if p.is_file())
    assert SECRET not in everything

    # what Dagster's sensor finds was told already
    definitions = build_definitions(lake, alerting=Alerting(webhook.url))
    with dg.DagsterInstance.from_config(str(lake.dagster_home)) as instance:
        run = instance.get_run_by_id(summary.run_id)
        (entry,) = instance.all_logs(summary.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        for name in ("failed_runs",):
            sensor = definitions.resolve_sensor_def(name)
            context = dg.build_run_status_sensor_context(name, entry.dagster_event, instance, run).for_run_failure()
            sensor(context)
    assert len(webhook.told) == len(json_lines(lake.alerts)) == 1


def test_a_run_whose_process_is_gone_is_told_by_who_finds_it(
    lake: Lake, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**environment(lake), alerts.WEBHOOK: webhook.url}.items():
        monkeypatch.setenv(name, value)
    ended = subprocess.Popen(["true"])
    ended.wait()
    with dg.DagsterInstance.get() as instance:
        run_id = _started(instance, ended.pid)
    assert fail_lost_runs(lake, "a test") == [run_id]
    assert fail_lost_runs(lake, "a test") == []
    (told,) = webhook.told
    assert told["run_id"] == run_id
    assert "process is gone" in told["problems"][0]["found"]
    assert "doctor" in told["problems"][0]["remedy"]


def test_days_that_were_not_fetched_are_told_by_the_sensor(lake: Lake, webhook: Webhook) -> None:
    from etl_project.sources.huggingface import Service
    from etl_project_tests.hub import QUICK

    service = Service("http://127.0.0.1:9", None, QUICK)
    definitions = build_definitions(lake, service, Alerting(webhook.url))
    job = definitions.resolve_job_def(FETCH_JOB)
    with dg.DagsterInstance.from_config(str(environment(lake)["DAGSTER_HOME"])) as instance:
        result = job.execute_in_process(partition_key="2026-06-25", instance=instance, raise_on_error=False)
        (entry,) = instance.all_logs(result.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        run = instance.get_run_by_id(result.run_id)
        context = dg.build_run_status_sensor_context("failed_runs", entry.dagster_event, instance, run)
        for _ in range(2):
            definitions.resolve_sensor_def("failed_runs")(context.for_run_failure())
    (told,) = webhook.told
    assert told["job"] == FETCH_JOB
    assert "1 of 1 days were not fetched" in told["problems"][0]["found"]


def _drips(connection: Any) -> None:
    for _ in range(100):
        connection.sendall(b"H")
        time.sleep(0.1)


@pytest.mark.parametrize("talk", [lambda connection: None, lambda connection: time.sleep(5), _drips], ids=["hangs up", "is silent", "drips"])  # fmt: skip
def test_a_webhook_that_does_not_answer_costs_a_bounded_time_and_a_line(
    lake: Lake, talk: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(alerts, "_PATIENCE", 1.0)
    with Wire(talk) as wire:
        begun = time.monotonic()
        assert alerts.tell(lake, _alert(), Alerting(f"{wire.url}/{SECRET}"))
        assert time.monotonic() - begun < 3
    assert "the webhook was not told" in caplog.text
    assert SECRET not in caplog.text
    assert len(json_lines(lake.alerts)) == 1


@pytest.mark.parametrize("address", ["no address", "file:///etc/passwd", "http://127.0.0.1:9/x", "https://", "http://[::1"])  # fmt: skip
def test_a_webhook_that_is_none_is_a_line(lake: Lake, address: str, caplog: pytest.LogCaptureFixture) -> None:
    assert alerts.tell(lake, _alert(), Alerting(address))
    assert "the webhook was not told" in caplog.text


def test_a_webhook_that_nobody_vouches_for_or_that_sends_elsewhere_is_told_nothing_more(
    lake: Lake, certificate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Webhook(context) as strange, Webhook(status=307) as moved:
        alerts.tell(lake, _alert("a" * 32), Alerting(strange.url))
        assert strange.told == []
        alerts.tell(lake, _alert("b" * 32), Alerting(moved.url))
        assert len(moved.told) == 1
    assert "it cannot be reached (ConnectError)" in caplog.text
    assert "it answered 307" in caplog.text


def test_what_captures_say_steers_neither_the_file_nor_the_terminal(lake: Lake, webhook: Webhook) -> None:
    found = 'a "quoted"\x1b[31m title\n{"run_id": "x"}\u202e' + "y" * 5000
    alerts.tell(lake, _alert(found=found), Alerting(webhook.url))
    (kept,) = json_lines(lake.alerts)
    assert len(lake.alerts.read_text("utf-8").splitlines()) == 1
    assert all(text["problems"][0]["found"].isprintable() for text in (kept, webhook.told[0]))
    assert len(kept["problems"][0]["found"]) <= 2000


def test_where_the_file_cannot_be_written_the_webhook_is_told_all_the_same(lake: Lake, webhook: Webhook) -> None:
    lake.root.mkdir()
    (lake.root / "alerts").write_text("in the way", "utf-8")
    assert alerts.tell(lake, _alert(), Alerting(webhook.url))
    assert len(webhook.told) == 1


def test_two_that_tell_at_once_tell_once(lake: Lake, webhook: Webhook) -> None:
    threads = [threading.Thread(target=alerts.tell, args=(lake, _alert(), Alerting(webhook.url))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(webhook.told) == len(json_lines(lake.alerts)) == 1
