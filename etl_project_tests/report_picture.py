"""Takes the README's picture of the report, ``docs/report.png``, of a run on the samples; with ``make picture``."""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from etl_project.lake import PROJECT, Lake
from etl_project.run import run_job

PATH = PROJECT / "docs" / "report.png"


def take(report: Path, place: Path) -> None:
    """Write a picture of what the page shows first."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1180, "height": 860}, device_scale_factor=1, color_scheme="light")
        page.goto(report.as_uri())
        page.wait_for_function("document.getElementById('found').textContent")
        page.screenshot(path=place)
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        if not run_job(lake, [PROJECT / "data_lake" / "samples"]).published:
            sys.exit("the samples were not published")
        take(lake.report, PATH)
