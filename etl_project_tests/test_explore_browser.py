"""The notebook as marimo runs it, and as its real server shows it in a real browser."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl_project.explore import asked
from etl_project.lake import PROJECT, Lake
from etl_project_tests.conftest import FormsRun
from etl_project_tests.test_explore import change, empty, published  # noqa: F401 - a fixture

marimo = pytest.importorskip("marimo", reason="marimo comes with: make test-long")
pytestmark = pytest.mark.long

Page = Any
#: marimo takes a moment for what a hand does; so long at most.
_PATIENCE = 60_000


def run(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> tuple[str, dict[str, Any]]:
    """Run the notebook without a browser: all that it shows, as HTML, and what its cells define."""
    from etl_project.explore.app import app

    monkeypatch.setenv("PAPERS_LAKE", str(lake.root))
    outputs, defined = app.run()
    return "".join(marimo.as_html(output).text for output in outputs if output is not None), dict(defined)


def test_every_cell_runs_on_each_publication(forms_run: FormsRun, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, defined = run(forms_run.lake, monkeypatch)
    assert f"{defined['opened'].run_id[:8]}" in shown
    assert defined["chosen"] == defined["opened"].papers > 50
    assert defined["table"].data.height == defined["chosen"]
    defined["opened"].connection.close()


def test_every_cell_runs_where_nothing_is_published_or_known(
    published: Lake,  # noqa: F811
    lake: Lake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown, defined = run(Lake(lake.root / "none"), monkeypatch)
    assert "Nothing is published in" in shown and defined["opened"] is None
    change(published, "update papers set published_on = null, n_authors = null, abstract = null, abstract_clean = null")
    shown, defined = run(published, monkeypatch)
    assert defined["chosen"] == defined["opened"].papers > 50
    defined["opened"].connection.close()
    empty(published)
    shown, defined = run(published, monkeypatch)
    assert "0 papers, published" in shown and "No paper fits" in shown
    defined["opened"].connection.close()


class Served:
    """``papers explore`` in a process of its own, and pages of it; what they say or ask for elsewhere is written down."""

    def __init__(self, lake: Lake, browser: Any) -> None:
        self.lake, self._browser, self.heard, self.contexts = lake, browser, list[str](), list[Any]()
        self.said: list[str] = []
        command = [sys.executable, "-m", "etl_project.cli", "explore", "--port", "0", "--no-browser"]
        self.process = subprocess.Popen(
            [*command, "--lake", str(lake.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
        )
        assert self.process.stdout
        said = self.process.stdout.readline()
        found = re.match(r"(http://127\.0\.0\.1:\d+) ", said)
        assert found, (said, self.process.poll())
        self.address = found[1]

    def page(self, **options: Any) -> Page:
        context = self._browser.new_context(**{"viewport": {"width": 1280, "height": 2000}, **options})
        self.contexts.append(context)
        shown = context.new_page()
        shown.set_default_timeout(_PATIENCE)
        # its hints on speed are none of ours
        shown.on("console", lambda said: self.heard.append(said.text) if said.type == "error" else None)
        shown.on("pageerror", lambda error: self.heard.append(f"error: {error}"))
        shown.on("request", lambda request: self._ask(request.url))
        shown.on("websocket", lambda channel: self._ask(channel.url))
        shown.goto(self.address)
        return shown

    def _ask(self, url: str) -> None:
        own = (self.address, self.address.replace("http", "ws"), "data:", "blob:")
        if not url.startswith(own):
            self.heard.append(url)

    def stop(self) -> tuple[int, str]:
        """Stop as Ctrl+C does: the exit code, and what was said on the way."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        if not self.said:
            self.said = [self.process.communicate(timeout=30)[1]]
        return self.process.returncode, self.said[0]


@pytest.fixture
def served(published: Lake, browser: Any) -> Iterator[Served]:  # noqa: F811
    server = Served(published, browser)
    yield server
    for context in server.contexts:
        context.close()
    code, said = server.stop()
    assert (code, said, server.heard) == (0, "", [])


def waits(shown: Page, words: str) -> None:
    shown.get_by_text(words).first.wait_for()


def own_query(shown: Page, query: str) -> None:
    editor = shown.locator("[data-language=sql], .cm-content").last
    editor.click()
    shown.keyboard.press("Control+a")
    shown.keyboard.insert_text(query)
    shown.get_by_role("button", name="Run", exact=True).click()


def test_filters_a_paper_and_a_query_answer_and_nobody_else_is_asked(served: Served, tmp_path: Path) -> None:
    opened = asked.open_newest(served.lake)
    found = asked.choose(opened.connection, asked.Chosen(words="lantern"))
    in_2025 = asked.choose(opened.connection, asked.Chosen(year="2025"))
    papers, repositories = (
        opened.papers,
        opened.connection.execute("select count(*) from github_links").fetchall()[0][0],
    )
    opened.connection.close()

    shown = served.page()
    waits(shown, f"{papers} of {papers} papers")
    shown.locator("svg.marks, canvas.marks").nth(2).wait_for()  # three charts are drawn
    shown.get_by_placeholder("in title, abstract, names").fill("lantern")
    shown.keyboard.press("Enter")
    waits(shown, f"{found} of {papers} papers")
    shown.get_by_role("checkbox").first.click()
    waits(shown, "Where each value is from")
    waits(shown, "page.txt")
    shown.get_by_placeholder("in title, abstract, names").fill("")
    shown.keyboard.press("Enter")
    waits(shown, f"{papers} of {papers} papers")
    shown.get_by_label("Year").select_option("2025")
    waits(shown, f"{in_2025} of {papers} papers")
    with shown.expect_download() as download:
        shown.get_by_text("As CSV").first.click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) == in_2025 + 1

    own_query(shown, "select count(*) * 1000 as thousandfold from github_links")
    waits(shown, "thousandfold")
    waits(shown, str(repositories * 1000))
    own_query(shown, "delete from papers")
    waits(shown, "read-only mode")


def test_the_newest_publication_is_opened_on_a_press(served: Served) -> None:
    shown = served.page()
    opened = asked.open_newest(served.lake)
    opened.connection.close()
    waits(shown, f"{opened.papers} papers, published")
    change(served.lake, "delete from papers where title like 'A%'; update publication set run_id = 'abcdefgh'", "later")
    newest = asked.open_newest(served.lake)
    newest.connection.close()
    shown.get_by_role("button", name="Open the newest publication").click()
    waits(shown, f"{newest.papers} papers, published")
    waits(shown, "abcdefgh")


def test_hostile_titles_do_nothing_and_pictures_of_others_are_not_fetched(served: Served) -> None:
    hostile = "<img src=x onerror=window.hurt=1> **{mo}** {{1}} $x$"
    picture = "https://evil.example/a.png"
    change(
        served.lake,
        f"update papers set title = '{hostile}', abstract_clean = '{hostile}', organisation_name = '{picture}', organisation_handle = 'h'",
    )
    shown = served.page()
    fetched: list[str] = []
    shown.route("**://evil.example/**", lambda route: (fetched.append(route.request.url), route.abort()))
    waits(shown, "onerror=window.hurt")
    shown.get_by_role("checkbox").first.click()
    waits(shown, "Where each value is from")
    own_query(shown, f"select '{picture}' as picture from range(3)")
    waits(shown, "3 rows")
    for _ in range(100):  # the table wants the picture, or this would prove nothing, and the browser itself refuses
        if any("Content Security Policy" in said for said in served.heard):
            break
        shown.wait_for_timeout(200)
    assert any("Content Security Policy" in said for said in served.heard), served.heard
    assert fetched == []
    assert shown.evaluate("window.hurt") is None
    served.heard.clear()


def test_it_answers_this_machine_only(served: Served) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(served.address, headers=headers))
        assert refused.value.code == 403


def test_it_ends_on_control_c_while_a_page_is_open(served: Served) -> None:
    waits(served.page(), "papers, published")
    assert served.stop() == (0, "")
    served.contexts.pop().close()
    served.heard.clear()  # the page said that its server is gone


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light"), (1280, "dark")])
def test_it_follows_light_and_dark_and_fits_the_screen(served: Served, width: int, scheme: str) -> None:
    shown = served.page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    waits(shown, "papers, published")
    ground, ink = (shown.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color"))
    lightness = [sum(float(part) for part in re.findall(r"[\d.]+", colour)[:3]) for colour in (ground, ink)]
    assert (lightness[0] > lightness[1]) == (scheme == "light"), (ground, ink)
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
