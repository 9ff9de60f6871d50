"""Pictures of every page of the Dagster UI, on a lake with real runs: ``make ui-pictures``.

They are for looking at: what is unfinished, cut off or empty is seen there and nowhere else. The lake has the samples, a
second delivery, a run whose publication a check stopped, a backfill of days from a service on this machine, and runs
that the UI and the inbox's sensor started. Told are also the addresses other than its own that the UI asks for
(``ASKED_ELSEWHERE``, none of which leaves the machine): a page that needs the network is one that breaks without it.

Needs Chromium, and Playwright's Python package, which no lock has: ``make`` puts it into a venv of its own.
"""

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from etl_project.lake import PROJECT, Lake
from etl_project_tests.conftest import SAMPLES, capture
from etl_project_tests.hub import DAY, Hub, item
from etl_project_tests.served import JOB, LOCATION, REPOSITORY, ask, launch, runs, settled, ui

CODE = f"{REPOSITORY}@{LOCATION}"
DAYS = [str(DAY - timedelta(days=n)) for n in range(3)]


def papers(lake: Lake, *words: object) -> int:
    """Run the command line as a user does; return its exit code."""
    command = [sys.executable, "-m", "etl_project.cli", *map(str, words), "--lake", str(lake.root)]
    return subprocess.run(command, cwd=PROJECT, check=False, capture_output=True).returncode


def deliver(lake: Lake, folder: Path) -> None:
    """Let the command line make three runs: the samples, more papers, and a capture that a check stops."""
    assert papers(lake, "run", SAMPLES) == 0
    more = folder / "more_papers.txt"
    more.write_text(capture(*[(f"Invented Paper {n} on Gravel", f"gravel number {n}") for n in range(30)]), "utf-8")
    assert papers(lake, "run", more) == 0
    same = folder / "every_title_the_same.txt"  # as a scraper does that takes the page's own heading for the title
    same.write_text(capture(*[("The Page of the Day", f"chalk number {n}") for n in range(30)]), "utf-8")
    assert papers(lake, "run", same) == 1


_BACKFILL = """mutation ($days: [String!]) {
  launchPartitionBackfill(backfillParams: {assetSelection: [{path: ["fetched_days"]}], partitionNames: $days}) {
    __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }"""
_START_SENSOR = """mutation ($name: String!, $location: String!, $repository: String!) {
  startSensor(sensorSelector: {sensorName: $name, repositoryName: $repository, repositoryLocationName: $location}) {
    __typename ... on PythonError { message } } }"""


def work(lake: Lake, address: str) -> list[dict[str, Any]]:
    """Make runs from the UI: a backfill, a launch, and one that the sensor asks for; return all runs."""
    ask(address, _BACKFILL, days=DAYS)
    settled(address, 4)
    (bad,) = [file for file in lake.raw.glob("??/*.json") if "every_title_the_same" in file.read_text("utf-8")]
    assert papers(lake, "leave-out", bad.stem[:16], "--why", "its titles are the page's heading") == 0
    launch(address)
    settled(address, 5)
    lake.inbox.mkdir(exist_ok=True)
    page = [(f"Delivered Paper {n}", f"slate number {n}") for n in range(8)]
    (lake.inbox / "from_the_inbox.txt").write_text(capture(*page), "utf-8")
    ask(address, _START_SENSOR, name="inbox", location=LOCATION, repository=REPOSITORY)
    return settled(address, 6)


def pages(address: str, found: list[dict[str, Any]], assets: list[str]) -> dict[str, str]:
    """Return the pages of which pictures are taken, by the picture's name."""
    ended = {status: next(r["runId"] for r in found if r["status"] == status and r["jobName"] == JOB) for status in ("SUCCESS", "FAILURE")}  # fmt: skip
    shown = {
        "lineage": "asset-groups",
        "assets": "assets",
        "runs": "runs",
        "backfills": "runs?tab=backfills",
        "timeline": "timeline",
        "jobs": "jobs",
        "job": f"locations/{CODE}/jobs/{JOB}",
        "launchpad": f"locations/{CODE}/jobs/{JOB}/playground",
        "fetch_job": f"locations/{CODE}/jobs/fetch_daily_papers",
        "fetch_partitions": f"locations/{CODE}/jobs/fetch_daily_papers/partitions",
        "automation": "automation",
        "schedule": f"locations/{CODE}/schedules/daily",
        "schedule_fetch": f"locations/{CODE}/schedules/fetch_recent_days",
        "sensor": f"locations/{CODE}/sensors/inbox",
        "locations": "deployment/locations",
        "location": f"locations/{CODE}",
        "resources": f"locations/{CODE}/resources",
        "daemons": "deployment/health",
        "config": "deployment/config",
        "run": f"runs/{ended['SUCCESS']}",
        "failed_run": f"runs/{ended['FAILURE']}",
        "report": "report",
    }
    for group in ("0_fetched", "1_raw", "2_parsed", "3_papers", "4_derived", "5_quality", "6_published"):
        shown[f"group_{group}"] = f"locations/{CODE}/asset-groups/{group}"
    for asset in assets:
        shown[f"asset_{asset}"] = f"assets/{asset}"
    for asset in ("papers", "paper_dates", "fetched_days", "captures", "parsed_rows", "run_statistics"):
        shown |= {f"asset_{asset}_{view}": f"assets/{asset}?view={view}" for view in ("events", "checks", "lineage")}
    shown["asset_fetched_days_partitions"] = "assets/fetched_days?view=partitions"
    return {name: f"{address}/{path}" for name, path in shown.items()}


def take(shown: dict[str, str], folder: Path, chromium: str) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Take the pictures; return the addresses elsewhere that pages asked for, and what went wrong on them."""
    from playwright.sync_api import Error, Route, sync_playwright

    elsewhere: dict[str, list[str]] = {}
    wrong: dict[str, str] = {}
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1500, "height": 1000})
        now = ""

        def decide(route: Route) -> None:
            parts = urlsplit(route.request.url)
            if parts.scheme in ("data", "blob") or parts.hostname in ("127.0.0.1", "localhost"):
                route.continue_()
            else:
                elsewhere.setdefault(now, []).append(route.request.url)
                route.abort()

        page.route("**/*", decide)
        page.on("pageerror", lambda error: wrong.setdefault(now, str(error)[:300]))
        for now, url in shown.items():
            try:
                page.goto(url, wait_until="domcontentloaded", timeout=60_000)
                try:  # it asks again and again for what is new
                    page.wait_for_load_state("networkidle", timeout=2_500)
                except Error:
                    pass
                page.wait_for_timeout(1500)
                page.screenshot(path=str(folder / f"{now}.png"))
                _scrolled(page, "longest.clientHeight - 60", folder / f"{now}_below.png")
                _scrolled(page, "longest.scrollHeight", folder / f"{now}_end.png")
            except Error as error:
                wrong[now] = str(error)[:300]
        browser.close()
    return elsewhere, wrong


def _scrolled(page: Any, to: str, path: Path) -> None:
    """Take another picture of a page whose main part goes on below: the UI scrolls a part of itself."""
    moved = page.evaluate(
        """() => {
        const longest = [...document.querySelectorAll('*')]
            .filter(e => e.scrollHeight > e.clientHeight + 40 && e.clientHeight > 300 && e.clientWidth > 500
                && ['auto', 'scroll'].includes(getComputedStyle(e).overflowY))
            .sort((a, b) => b.scrollHeight - a.scrollHeight)[0];
        if (!longest) return false;
        const before = longest.scrollTop;
        longest.scrollTop = TO;
        return longest.scrollTop > before + 20; }""".replace("TO", to)
    )
    if moved:
        page.wait_for_timeout(700)
        page.screenshot(path=str(path))


def main(folder: Path, chromium: str) -> None:
    """Make the lake (once), serve the UI on it, take the pictures."""
    from etl_project.tables import TABLES

    lake = Lake(folder / "lake")
    made = folder / "made"
    with Hub() as hub:
        hub.days.update({day: [item(n, DAY - timedelta(days=d)) for n in range(1, 6)] for d, day in enumerate(DAYS)})
        if not made.exists():
            folder.mkdir(parents=True, exist_ok=True)
            deliver(lake, folder)
        with ui(lake, HF_ENDPOINT=hub.url) as address:
            found = runs(address) if made.exists() else work(lake, address)
            made.touch()
            for run in found:
                tags = ", ".join(f"{t['key']}={t['value']}" for t in run["tags"] if not t["key"].startswith("."))
                print(f"{run['runId'][:8]} {run['jobName']} {run['status']} {tags}")
            assets = ["fetched_days", *(table.name for table in TABLES), "publication"]
            shown = pages(address, found, assets)
            if wanted := sys.argv[3:]:
                shown = {name: url for name, url in shown.items() if any(word in name for word in wanted)}
            elsewhere, wrong = take(shown, folder / "pictures", chromium)
    print(f"{len(shown)} pages in {folder / 'pictures'}")
    for name, reason in wrong.items():
        print(f"  {name}: {reason}")
    print(f"asked elsewhere: {json.dumps(elsewhere, indent=1) if elsewhere else 'nothing'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), shutil.which(sys.argv[2]) or sys.exit(f"no {sys.argv[2]} is installed"))
