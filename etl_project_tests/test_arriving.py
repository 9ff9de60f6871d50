"""Files that are still being written are left alone and told, and taken once when they are complete."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from etl_project.arriving import growing
from etl_project.definitions import build_definitions
from etl_project.lake import Lake
from etl_project.raw import take_all
from etl_project_tests.conftest import capture

NOW = datetime(2026, 6, 12, tzinfo=UTC)
PAGE = capture(("A Page That Takes Its Time", "slow copies"))


@pytest.fixture
def half(lake: Lake) -> Iterator[Path]:
    """A file in the inbox, half-copied, that is still open for writing."""
    lake.inbox.mkdir(parents=True)
    path = lake.inbox / "page.txt"
    with path.open("w", encoding="utf-8") as file:
        file.write(PAGE[: len(PAGE) // 2])
        file.flush()
        yield path


def test_a_file_that_somebody_has_open_for_writing_is_left_alone_and_told(lake: Lake, half: Path) -> None:
    (left,) = take_all([half], lake.raw, NOW, named=False)
    assert left[1:] == ("unfinished", None, "left alone, still being written; the next run looks again")
    (folder,) = take_all([lake.inbox], lake.raw, NOW)
    assert folder.outcome == "unfinished"
    (asked_for,) = take_all([half], lake.raw, NOW)
    assert asked_for.outcome == "unreadable"
    assert "still being written; run again when it is complete" in asked_for.detail
    assert not list(lake.raw.glob("??/*"))


def test_a_fresh_lake_with_nothing_but_a_file_that_is_being_written_is_no_failure(
    lake: Lake, half: Path, papers: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    done = papers("run", lake=lake)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{half}: left alone, still being written",
        "nothing is there to take in yet; run again when it is complete",
    ]
    told = json.loads(papers("run", lake.inbox, "--json", lake=lake).stdout)
    assert (told["exit_code"], told["files"][0]["outcome"]) == (0, "unfinished")


def test_it_is_taken_once_when_it_is_complete(lake: Lake, half: Path) -> None:
    list(take_all([half], lake.raw, NOW, named=False))
    half.unlink()
    half.write_text(PAGE, "utf-8")
    outcomes = [delivery.outcome for _ in range(2) for delivery in take_all([half], lake.raw, NOW, named=False)]
    assert outcomes == ["new", "known"]


def test_a_file_that_grows_between_two_looks_is_growing_and_one_that_rests_is_not(tmp_path: Path) -> None:
    grows, rests = tmp_path / "grows.txt", tmp_path / "rests.txt"
    for file in (grows, rests):
        file.write_text("half", "utf-8")

    def extend() -> None:  # opened and closed each time, as a shell's >> does
        with grows.open("a", encoding="utf-8") as file:
            file.write(" and the other half")

    later = threading.Timer(0.3, extend)
    later.start()
    assert growing([grows, rests, tmp_path / "gone.txt"]) == {grows}
    later.join()


@pytest.mark.parametrize(
    "name", ["page.html.part", "page.txt.crdownload", "a.partial", "x.TMP", "page.html.download/page.html", "y.aria2"]
)
def test_names_of_unfinished_copies_are_left_alone_where_they_are_found(name: str, lake: Lake) -> None:
    path = lake.inbox / name
    path.parent.mkdir(parents=True)
    path.write_text(PAGE, "utf-8")
    top = [lake.inbox / Path(name).parts[0]]
    for delivery in (*take_all(top, lake.raw, NOW, named=False), *take_all([lake.inbox], lake.raw, NOW)):
        assert (delivery.path, delivery.outcome) == (str(path), "unfinished")
        assert "is the name of an unfinished copy; if it is complete, rename it" in delivery.detail
    assert [delivery.outcome for delivery in take_all([path], lake.raw, NOW)] == ["new"], "somebody asked for it"


def test_the_name_that_a_browser_keeps_for_a_download_is_left_alone(lake: Lake) -> None:
    lake.inbox.mkdir(parents=True)
    (lake.inbox / "page.html").touch()
    (lake.inbox / "page.html.part").write_text("half", "utf-8")
    deliveries = list(take_all([lake.inbox], lake.raw, NOW))
    assert {delivery.outcome for delivery in deliveries} == {"unfinished"}
    assert "page.html.part is beside it" in deliveries[0].detail


def test_the_sensor_asks_for_no_run_while_a_file_is_open_and_for_one_when_it_is_closed(lake: Lake) -> None:
    sensor = build_definitions(lake).resolve_sensor_def("inbox")

    def look(cursor: str | None) -> dg.SensorResult | dg.SkipReason:
        with dg.DagsterInstance.ephemeral() as instance:
            return sensor(dg.build_sensor_context(instance=instance, cursor=cursor))

    lake.inbox.mkdir(parents=True)
    with (lake.inbox / "page.txt").open("w", encoding="utf-8") as file:
        file.write(PAGE)
        file.flush()
        skipped = look(None)
        assert isinstance(skipped, dg.SkipReason)
        assert "still being written" in str(skipped.skip_message)
    closed = look(None)  # nothing about the file has changed since, but that nobody writes it
    assert len(look(closed.cursor).run_requests) == 1


def test_a_file_that_is_replaced_under_its_name_gives_each_content_once(lake: Lake) -> None:
    lake.inbox.mkdir(parents=True)
    page, other = lake.inbox / "page.txt", capture(("Another Page of That Name", "quick swaps"))
    outcomes = []
    for text in (PAGE, other, PAGE, other):
        page.write_text(text, "utf-8")
        outcomes += [delivery.outcome for delivery in take_all([page], lake.raw, NOW, named=False)]
    assert outcomes == ["new", "new", "known", "known"]
