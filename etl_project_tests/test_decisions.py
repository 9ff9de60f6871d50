"""What people decide: applied on every run, kept when the warehouse is lost, overruled by what they decide later."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from etl_project import decisions
from etl_project.lake import Lake
from etl_project.run import run_job
from etl_project_tests.conftest import rows_of

Papers = Callable[..., Any]

WORDS = " ".join(f"In hall {n} we let lamp {n * 7} burn for a week and count the moths." for n in range(12))
SLOW, WHY, OTHER = "Slow Lamps in Long Halls at Night", "Why Halls Need Lamps", "Moss That Sits Still in the Shade"
PAGE = [(SLOW, WORDS + " They last."), (WHY, WORDS + " None lasts, and we say why."), (OTHER, "Moss sits still. " * 20)]


def page(*records: tuple[str, str]) -> str:
    return "Daily Papers\n\n" + "".join(f"{title}\n\n{abstract}\n\n" for title, abstract in records)


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one capture of three papers, and a lake that took it in. Read, never changed."""
    folder = tmp_path_factory.mktemp("taken_in")
    (folder / "captures").mkdir()
    (folder / "captures" / "page.txt").write_text(page(*PAGE), "utf-8")
    assert run_job(Lake(folder / "lake"), [folder / "captures"]).exit_code == 0
    return folder


@pytest.fixture
def folder(taken_in: Path, tmp_path: Path, lake: Lake) -> Path:
    """The folder with the capture; ``lake`` has taken it in."""
    shutil.copytree(taken_in / "lake", lake.root, symlinks=True)
    return Path(shutil.copytree(taken_in / "captures", tmp_path / "captures"))


def titles(lake: Lake) -> list[list[str]]:
    query = "select list(title order by title) from paper_mentions join parsed_rows using (mention_id) group by paper_id order by 1"
    return [row[0] for row in rows_of(lake, query)]


def states(lake: Lake) -> list[str]:
    return [
        row[0]
        for row in rows_of(lake, "select distinct on (decision_number) state from decisions order by decision_number")
    ]


def mention_of(lake: Lake, title: str) -> str:
    return str(rows_of(lake, f"select max(mention_id) from parsed_rows where title = '{title}'")[0][0])


@pytest.mark.long
def test_a_merge_holds_on_every_run_and_when_the_warehouse_is_lost(folder: Path, lake: Lake, papers: Papers) -> None:
    older = {row[0] for row in rows_of(lake, "select paper_id from papers")}
    done = papers("merge", SLOW, WHY, "--why", "the same report", lake=lake)
    assert done.returncode == 0 and "holds from the next run on" in done.stdout
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER], [SLOW, WHY]]
    assert rows_of(lake, "select rule from paper_mentions where rule = 'decided'") == [("decided",)]
    assert rows_of(lake, "select verdict, why, state from decisions") == [("same", "the same report", "applied")]
    assert "are of one paper: the same report" in papers("explain", SLOW, lake=lake).stdout
    (folder / "later.txt").write_text(page(PAGE[1]), "utf-8")
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER], [SLOW, WHY, WHY]], "a copy goes with the paper that was decided about"
    ids = rows_of(lake, "select mention_id, paper_id from paper_mentions order by 1")
    assert {paper for _, paper in ids} < older
    shutil.rmtree(lake.warehouse.parent)
    shutil.rmtree(lake.published)
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER], [SLOW, WHY, WHY]]
    assert rows_of(lake, "select mention_id, paper_id from paper_mentions order by 1") == ids


def test_a_split_parts_a_mention_and_its_copies(folder: Path, lake: Lake, papers: Papers) -> None:
    revised = WORDS + " Since the first version we have changed our minds about moths."
    (folder / "revised.txt").write_text(page((SLOW, revised)), "utf-8")
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER], [SLOW, SLOW], [WHY]]
    paper = rows_of(lake, f"select paper_id from papers where title = '{SLOW}'")[0][0]
    mention = rows_of(lake, "select mention_id from paper_mentions where rule = 'same_title_similar_abstract'")[0][0]
    assert papers("split", paper, mention, "--why", "a report of the same name", lake=lake).returncode == 0
    (folder / "again.txt").write_text(page((SLOW, revised), PAGE[2]), "utf-8")
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER, OTHER], [SLOW], [SLOW, SLOW], [WHY]]
    assert paper in {row[0] for row in rows_of(lake, "select paper_id from papers")}
    assert states(lake) == ["applied"]
    ids = [row[0] for row in rows_of(lake, f"select paper_id from papers where title = '{SLOW}'")]
    assert "people decided that they are two (decision 1)" in papers("explain", *ids, lake=lake).stdout.replace(
        "\n", " "
    )


@pytest.mark.long
def test_the_later_of_two_decisions_holds(folder: Path, lake: Lake, papers: Papers) -> None:
    assert papers("merge", SLOW, WHY, "--why", "the same", lake=lake).returncode == 0
    assert run_job(lake, [folder]).exit_code == 0
    assert papers("split", SLOW, mention_of(lake, WHY), "--why", "no, it is not", lake=lake).returncode == 0
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER], [SLOW], [WHY]]
    assert states(lake) == ["overruled", "applied"]
    assert papers("merge", SLOW, WHY, "--why", "it is after all", lake=lake).returncode == 0
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER], [SLOW, WHY]]
    assert states(lake) == ["applied", "overruled", "applied"]


def test_arxiv_ids_that_arrive_later_speak_against_a_merge(folder: Path, lake: Lake, papers: Papers) -> None:
    assert papers("merge", SLOW, OTHER, "--why", "the same", lake=lake).returncode == 0
    items = [
        {
            "title": title,
            "paper": {"id": f"2606.0000{n}", "title": title, "summary": text, "authors": [{"name": "Di Lamp"}]},
        }
        for n, (title, text) in enumerate(PAGE, 1)
    ]
    (folder / "api.json").write_text(json.dumps(items), "utf-8")
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER, OTHER], [SLOW, SLOW], [WHY, WHY]]
    assert states(lake) == ["contradicted"]
    done = papers("merge", SLOW, OTHER, "--why", "still", lake=lake)
    assert done.returncode == 2 and "different arXiv ids" in done.stderr


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (("merge", SLOW, SLOW, "--why", "x"), "is one paper already"),
        (("merge", SLOW, WHY, "--why", " "), "needs a reason"),
        (("merge", SLOW, WHY), "--why"),
        (("split", SLOW, "0000000000000000-1", "--why", "x"), "is no mention of this paper"),
        (("merge", "No Such Paper at All", WHY, "--why", "x"), "no paper has the id or title"),
    ],
)
def test_what_cannot_be_decided_says_why(
    folder: Path, lake: Lake, papers: Papers, command: tuple[str, ...], says: str
) -> None:
    done = papers(*command, lake=lake)
    assert done.returncode in (2, 4)
    assert says in done.stderr
    assert not lake.decisions.exists()


def test_the_only_mention_of_a_paper_cannot_be_split_off(folder: Path, lake: Lake, papers: Papers) -> None:
    done = papers("split", SLOW, mention_of(lake, SLOW), "--why", "x", lake=lake)
    assert done.returncode == 2 and "no mention would stay" in done.stderr


def test_a_damaged_line_of_decisions_is_named_and_nothing_is_published(
    folder: Path, lake: Lake, papers: Papers
) -> None:
    assert papers("merge", SLOW, WHY, "--why", "the same", lake=lake).returncode == 0
    with lake.decisions.open("a") as file:
        file.write('{"verdict": "perhaps"}\n')
    done = papers("run", folder, lake=lake)
    assert done.returncode == 1
    assert f"{lake.decisions}, line 2: no decision" in done.stdout + done.stderr
    assert "mend or delete that line" in done.stdout + done.stderr
    assert titles(lake) == [[OTHER], [SLOW], [WHY]]


def test_decisions_in_a_folder_that_is_taken_in_are_no_capture(folder: Path, lake: Lake, papers: Papers) -> None:
    assert papers("merge", SLOW, WHY, "--why", "the same", lake=lake).returncode == 0
    shutil.copytree(folder, lake.root / "own")
    assert run_job(lake, [lake.root]).exit_code == 0
    assert rows_of(lake, "select file_name from raw_dumps") == [("page.txt",)]


@pytest.mark.long
def test_a_rebuild_matches_all_anew_and_keeps_ids_and_decisions(folder: Path, lake: Lake, papers: Papers) -> None:
    assert papers("merge", SLOW, WHY, "--why", "the same report", lake=lake).returncode == 0
    assert run_job(lake, [folder]).exit_code == 0
    query = "select * from paper_mentions order by mention_id"
    before = rows_of(lake, query)
    done = papers("rebuild", "--json", lake=lake)
    assert done.returncode == 0
    assert json.loads(done.stdout)["papers"] == {"papers": 2, "new": 0, "merged": 0, "mentions": 3, "known": 2}
    assert rows_of(lake, query) == before
    nothing = papers("rebuild", lake=Lake(folder / "nowhere"))
    assert nothing.returncode == 4 and "papers run PATH" in nothing.stderr


@pytest.mark.long
def test_a_decision_that_is_taken_out_of_the_file_no_longer_holds(folder: Path, lake: Lake, papers: Papers) -> None:
    assert papers("merge", SLOW, WHY, "--why", "the same report", lake=lake).returncode == 0
    assert run_job(lake, [folder]).exit_code == 0
    lake.decisions.write_text("", "utf-8")
    assert run_job(lake, [folder]).exit_code == 0
    assert titles(lake) == [[OTHER], [SLOW], [WHY]]


@pytest.mark.parametrize("why", ["two\u2028lines", "next\u0085line", "no\x1cother", 'a "quote"'])
def test_any_reason_is_read_back(lake: Lake, why: str) -> None:
    side = decisions.Side("00000000000000aa-1", "A\u2028title", "atitle", None, None, None)
    made = decisions.Decision(
        "same", side, (side._replace(mention_id="00000000000000aa-2"),), why, datetime(2026, 1, 1)
    )
    decisions.append(lake, made)
    lake.decisions.write_bytes(b"\xef\xbb\xbf" + lake.decisions.read_bytes().rstrip())  # as an editor may leave it
    decisions.append(lake, made)
    assert decisions.read(lake) == [made, made]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"title_key": "atitle"', '"title_key": null'),
        ('"why": "seen"', '"why": null'),
        ("aa-1", "my notes"),
        ("aa-2", "aa-1"),
        ("seen", "\udce9"),
    ],
)
def test_a_damaged_decision_is_named_with_its_line(lake: Lake, old: str, new: str) -> None:
    side = decisions.Side("00000000000000aa-1", "A title", "atitle", None, None, None)
    made = decisions.Decision(
        "same", side, (side._replace(mention_id="00000000000000aa-2"),), "seen", datetime(2026, 1, 1)
    )
    decisions.append(lake, made)
    text = lake.decisions.read_text("utf-8")
    assert old in text
    lake.decisions.write_bytes(text.replace(old, new).encode("utf-8", "surrogateescape"))
    with pytest.raises(decisions.DamagedDecisions, match="line 1"):
        decisions.read(lake)
