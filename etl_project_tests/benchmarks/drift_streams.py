"""Streams of good captures through the whole job: how often a check fires on data that nothing is wrong with.

Ten runs a stream, of one to six captures of one to 50 papers each, in eight ways of saving a page. ``one_tool``: each
form is always written the same way. ``many_tools``: each capture in another way of its form, with other fields left out.
"""

import json
import sys
import tempfile
from pathlib import Path
from random import Random

from etl_project.lake import Lake
from etl_project.run import run_job
from etl_project_tests import renderer
from etl_project_tests.test_quality import as_json, as_lines, page_of, papers_of, told

_LAYOUTS = ("inline", "references", "link_lines", "numbered")
_WAYS = (*_LAYOUTS, "cards", "saved", "json", "lines")


def content_of(random: Random, way: str, layouts: dict[str, renderer.Layout] | None, number: int) -> tuple[str, str]:
    """Return the ending and the content of one capture of invented papers."""
    seed, count = random.randrange(10**6), random.choice([1, 3, 5, 12, 30, 50])
    if way in _LAYOUTS:
        layout = layouts[way] if layouts else renderer.layout_of(random, way)
        return "md" if way in ("inline", "references") else "txt", renderer.render(papers_of(seed, count), layout)
    if way == "cards":
        return "html", renderer.render_html(papers_of(seed, count), renderer.layout_of(random, "inline"))
    if way == "saved":
        kind = random.choice(["daily", "search", "trending"])
        return "html", page_of(told(seed, count), kind, day="2025-10-01", seed=number)
    return ("json", as_json(told(seed, count))) if way == "json" else ("jsonl", as_lines(told(seed, count)))


def stream(seed: int, one_tool: bool, folder: Path, runs: int = 10) -> list[str]:
    """Run a stream and return what fired."""
    random = Random(seed)
    layouts = {way: renderer.layout_of(random, way) for way in _LAYOUTS} if one_tool else None
    fired = []
    for run in range(runs):
        files = []
        for n in range(random.choice([1, 1, 2, 3, 6])):
            ending, content = content_of(random, random.choice(_WAYS), layouts, 100 * run + n)
            files.append(folder / f"page{run}_{n}.{ending}")
            files[-1].write_text(content, "utf-8")
        summary = run_job(Lake(folder / "lake"), files)
        fired += [f"{check['severity']} {check['check']}: {check['why']}" for check in summary.checks_failed]
    return fired


if __name__ == "__main__":
    streams = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    for one_tool in (True, False):
        for seed in range(streams):
            with tempfile.TemporaryDirectory() as folder:
                fired = stream(seed, one_tool, Path(folder))
            print(json.dumps({"stream": "one_tool" if one_tool else "many_tools", "seed": seed, "fired": fired}))
