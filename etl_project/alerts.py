"""Tells people once that a run has failed: in the log, in a file of the lake, and to a webhook if there is one.

Telling fails no run: a webhook that is wrong, slow or not there costs ``_PATIENCE`` seconds and a line in the log. What is
told names files and checks, and holds nothing that is secret; the webhook's address may be, and is written nowhere.
"""

import fcntl
import json
import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from etl_project.lake import Lake
from etl_project.printable import printable

log = logging.getLogger("etl_project")
#: Seconds in which the webhook has to answer, in all.
_PATIENCE = 10.0
_MOST_TEXT = 2000
WEBHOOK, UI = "PAPERS_ALERT_WEBHOOK", "PAPERS_UI_URL"


@dataclass(frozen=True)
class Alerting:
    """Who is told besides the log and the file: the address of a webhook; and where the UI is, to lead there."""

    webhook: str = field(default="", repr=False)
    ui: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Alerting":
        """Return what ``PAPERS_ALERT_WEBHOOK`` and ``PAPERS_UI_URL`` say."""
        return cls(environment.get(WEBHOOK, "").strip(), environment.get(UI, "").strip().rstrip("/"))


@dataclass(frozen=True)
class Problem:
    """What failed (a check, with its table, or a step), what it found, who acts and what to do."""

    what: str
    found: str
    owner: str
    remedy: str
    table: str = ""


@dataclass(frozen=True)
class Alert:
    """A failed run. ``published`` says whether readers got it all the same; ``link`` leads to it, "" where no UI is known."""

    run_id: str
    job: str
    started_by: str
    lake: str
    problems: tuple[Problem, ...]
    published: bool = False
    link: str = ""
    failed_at: str = ""

    def text(self) -> str:
        """Return it in a line a problem, as chats show it."""
        readers = "it was published" if self.published else "readers keep what they had"
        lines = [f"papers: run {self.run_id[:8]} of {self.job} in {self.lake} failed ({readers})"]
        lines += [
            f"- {p.table + '.' if p.table else ''}{p.what}: {p.found} {p.owner}: {p.remedy}" for p in self.problems
        ]
        return "\n".join([*(_plain(line) for line in lines), *filter(None, [self.link])])


def tell(lake: Lake, alert: Alert, alerting: Alerting) -> bool:
    """Tell of a failed run, unless it was told of before; return whether it was told now."""
    if not alert.failed_at:
        alert = Alert(**{**vars(alert), "failed_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"})
    if not _kept(lake, alert):
        return False
    log.error("%s", alert.text())
    if alerting.webhook:
        problem = _sent(alerting.webhook, {"text": alert.text(), **_told(alert)})
        if problem:
            log.warning("the webhook was not told of run %s: %s", alert.run_id[:8], problem)
    return True


def _told(alert: Alert) -> dict[str, object]:
    told = asdict(alert)
    told["problems"] = [{k: _plain(v) for k, v in problem.items()} for problem in told["problems"]]
    return told


def _kept(lake: Lake, alert: Alert) -> bool:
    """Append the alert to the lake's file; return False if the run stands there already."""
    try:
        lake.alerts.parent.mkdir(parents=True, exist_ok=True)
        with lake.alerts.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # the run and Dagster's sensor may tell of it at once
            file.seek(0)
            if any(f'"run_id": "{alert.run_id}"' in line for line in file):
                return False
            file.seek(0, os.SEEK_END)
            file.write(json.dumps(_told(alert), ensure_ascii=False) + "\n")
    except OSError as error:  # as where the disk is full, which is what there is to tell
        log.warning("%s cannot be written: %s", lake.alerts, error.strerror)
    return True


def _sent(webhook: str, told: dict[str, object]) -> str:
    """Post ``told`` as JSON; return what went wrong, without the address, or ""."""
    answers: list[str] = []
    # of its own, since a server that drips its answer keeps each single read waiting for less than the limit
    post = threading.Thread(target=lambda: answers.append(_posted(webhook, told)), daemon=True)
    post.start()
    post.join(_PATIENCE)
    return answers[0] if answers else f"no answer in {_PATIENCE:g} seconds"


def _posted(webhook: str, told: dict[str, object]) -> str:
    import httpx2

    for chatty in ("httpx2", "httpcore2"):  # they log addresses
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    try:
        place = httpx2.URL(webhook)
        if place.scheme not in ("http", "https") or not place.host:
            return f"{WEBHOOK} is no address; give one that begins with https://"
        here = place.host in ("127.0.0.1", "localhost", "::1")
        with (
            httpx2.Client(
                verify=httpx2.create_ssl_context(), timeout=_PATIENCE, follow_redirects=False, trust_env=not here
            ) as client,
            client.stream("POST", place, json=told, headers={"user-agent": "papers-etl"}) as answer,
        ):
            return "" if answer.is_success else f"it answered {answer.status_code}"
    except Exception as error:  # whatever it is, the run has failed for another reason; its words may hold the address
        return f"it cannot be reached ({type(error).__name__})"


def _plain(text: str) -> str:
    """Return text in one line without control characters, cut: it may hold words of a capture."""
    line = printable(text)
    return line if len(line) <= _MOST_TEXT else line[: _MOST_TEXT - 1] + "…"
