"""Captures against hand-checked truth: every field, every link, every line. Floors are all 1.0."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from etl_project.captures import read_capture
from etl_project.captures.catalogue import CARRIED, READ
from etl_project.lake import Lake
from etl_project.links import find_links
from etl_project.raw import decode
from etl_project_tests.conftest import SAMPLES, TRUTH, json_lines, rows_of

Row = dict[str, Any]

#: Fields of the truth by the columns that hold them; those that a row does not name are not asked for.
_COLUMNS = {
    "title": "title",
    "abstract": "abstract",
    "n_authors": "n_authors",
    "handle": "organisation_handle",
    "display_name": "organisation_name",
    "published": "cast(published_on as varchar)",
    "published_raw": "published_raw",
    "published_year_inferred": "published_year_inferred",
    "trailing_count": "comments",
    "line_start": "line_start",
    "line_end": "line_end",
    "arxiv_id": "arxiv_id",
    "upvotes": "upvotes",
    "github_url": "github_url",
    "github_stars": "github_stars",
    "github_stars_step": "github_stars_step",
    "abstract_kind": "abstract_kind",
    "ai_summary": "ai_summary",
}


def _share_right(lake: Lake, truth: list[Row]) -> tuple[float, list[Any]]:
    columns = ", ".join(f"{column} as {name}" for name, column in _COLUMNS.items())
    query = f"select file_name, seq, {columns} from parsed_rows join raw_dumps using (dump_id)"
    found = {(row[0], row[1]): dict(zip(_COLUMNS, row[2:], strict=True)) for row in rows_of(lake, query)}
    wrong = []
    for row in truth:
        organisation = row["organisation"] or {}
        wanted = {
            **row,
            "handle": organisation.get("handle"),
            "display_name": organisation.get("display_name"),
        }
        got = found.get((row["file"], row["seq"]), {})
        if differing := {k: (got.get(k), wanted[k]) for k in _COLUMNS if k in wanted and got.get(k) != wanted[k]}:
            wrong.append((row["file"], row["seq"], differing))
    assert len(found) == len(truth)
    return 1 - len(wrong) / len(truth), wrong[:3]


def _link_rows(lake: Lake) -> list[tuple[Any, ...]]:
    return rows_of(
        lake,
        "select file_name, seq, span_start, span_end, url_raw, url, kind, owner, repo, repo_key "
        "from mention_links join parsed_rows using (mention_id) join raw_dumps using (dump_id) where mention_links.source = 'abstract'",
    )


@pytest.fixture(scope="module")
def real_summary(
    real_captures: Path, papers: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Lake, dict[str, Any]]:
    """The real captures, run by the command line, and what it said."""
    lake = Lake(tmp_path_factory.mktemp("real") / "lake")
    done = papers("run", real_captures / "captures", "--json", lake=lake)
    assert done.returncode == 0, done
    return lake, json.loads(done.stdout)


@pytest.fixture(scope="module")
def real_run(real_summary: tuple[Lake, Any], real_captures: Path) -> tuple[Lake, Path]:
    return real_summary[0], real_captures / "gold"


def test_every_field_of_the_real_captures_is_right(real_run: tuple[Lake, Path]) -> None:
    lake, gold = real_run
    share, wrong = _share_right(lake, json_lines(gold / "records.jsonl"))
    assert share == 1.0, wrong


def test_every_link_of_the_real_captures_is_found_and_no_other(real_run: tuple[Lake, Path]) -> None:
    lake, gold = real_run
    truth = {
        (t["file"], t["seq"], t["url_start"], t["url_end"], t["url_text"], t["normalized"], t["kind"])
        + (((g := t["github"]) and (g["owner"], g["repo"], g["key"])) or (None, None, None))
        for t in json_lines(gold / "links.jsonl")
    }
    assert set(_link_rows(lake)) == truth


def test_pairs_that_look_alike_get_their_verdict(real_run: tuple[Lake, Path]) -> None:
    lake, gold = real_run
    papers = {
        (file, seq): paper
        for file, seq, paper in rows_of(
            lake,
            "select file_name, seq, paper_id from paper_mentions join parsed_rows using (mention_id) join raw_dumps using (dump_id)",
        )
    }
    related = {frozenset(row) for row in rows_of(lake, "select paper_id, related_paper_id from related_papers")}
    judged = set()
    for pair in json_lines(gold / "paper_pairs.jsonl"):
        both = [
            {papers[file, seq] for file, seq in pair[name] if (file, seq) in papers}
            for name in ("mentions_a", "mentions_b")
        ]
        for a, b in product(*both):
            assert pair["verdict"] in ("keep_apart", "keep_apart_related")
            assert a != b, pair["reason"]
            assert (frozenset([a, b]) in related) == (pair["verdict"] == "keep_apart_related"), pair["reason"]
            judged.add(pair["verdict"])
    assert judged == {"keep_apart", "keep_apart_related"}


def test_nothing_that_is_no_link_becomes_one(real_run: tuple[Lake, Path]) -> None:
    lake, gold = real_run
    spans: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for file, seq, start, end, *_ in _link_rows(lake):
        spans.setdefault((file, seq), []).append((start, end))
    titles = {(row["file"], row["seq"]): row["title"] for row in json_lines(gold / "records.jsonl")}
    for negative in json_lines(gold / "negatives.jsonl"):
        key = (negative["file"], negative["seq"])
        if negative["field"] == "title":
            assert find_links(titles[key]) == []
            continue
        for start, end in spans.get(key, []):
            assert end <= negative["start"] or start >= negative["end"], negative


def test_the_same_papers_are_joined_and_no_others(real_run: tuple[Lake, Path]) -> None:
    lake, gold = real_run
    found: dict[str, set[tuple[str, int]]] = {}
    for paper, file, seq in rows_of(
        lake,
        "select paper_id, file_name, seq from paper_mentions join parsed_rows using (mention_id) join raw_dumps using (dump_id)",
    ):
        found.setdefault(paper, set()).add((file, seq))
    truth = {frozenset((file, seq) for file, seq in row["mentions"]) for row in json_lines(gold / "papers.jsonl")}
    assert {frozenset(mentions) for mentions in found.values()} == truth


def test_every_line_of_the_real_captures_is_accounted_for(real_run: tuple[Lake, Path]) -> None:
    lake, gold = real_run
    for row in json_lines(gold / "captures.jsonl"):
        ((total, fields, furniture, refused, records, raw, on),) = rows_of(
            lake,
            "select lines_total, lines_field, lines_furniture, lines_refused, records, captured_raw, captured_on "
            f"from captures join raw_dumps using (dump_id) where file_name = '{row['file']}'",
        )
        assert (total, refused, records) == (row["n_lines"], 0, row["n_records"])
        assert fields + furniture == total
        assert raw == row["capture_date_text"]
        # a day is either right or not known
        assert on is None or row["certainty"] != "certain" or str(on) == row["inferred_capture_date"]


def test_every_field_of_the_samples_is_right(sample_run: tuple[Lake, Any]) -> None:
    share, wrong = _share_right(sample_run[0], json_lines(TRUTH / "records.jsonl"))
    assert share == 1.0, wrong


def test_every_link_of_the_samples_is_found_and_no_other(sample_run: tuple[Lake, Any]) -> None:
    truth = {
        (t["file"], t["seq"], t["url_start"], t["url_end"], t["url_text"], t["normalized"], t["kind"])
        for t in json_lines(TRUTH / "links.jsonl")
    }
    assert {row[:7] for row in _link_rows(sample_run[0])} == truth


def test_the_samples_papers_are_joined_as_they_were_invented(sample_run: tuple[Lake, Any]) -> None:
    lake, _ = sample_run
    found: dict[str, set[tuple[str, int]]] = {}
    for paper, file, seq in rows_of(
        lake,
        "select paper_id, file_name, seq from paper_mentions join parsed_rows using (mention_id) join raw_dumps using (dump_id)",
    ):
        found.setdefault(paper, set()).add((file, seq))
    truth: dict[str, set[tuple[str, int]]] = {}
    for row in json_lines(TRUTH / "records.jsonl"):
        truth.setdefault(row["paper"], set()).add((row["file"], row["seq"]))
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, truth.values()))


def test_the_samples_have_what_they_should_show() -> None:
    truth = json_lines(TRUTH / "records.jsonl")
    assert len(truth) >= 60
    assert len({row["paper"] for row in truth}) >= 45
    for row in truth:
        if row.get("abstract_kind") == "summary":
            continue
        assert 100 <= len(row["abstract"].split()) <= 250, (row["file"], row["seq"])


def test_every_form_of_the_catalogue_has_a_sample_and_carries_what_it_says() -> None:
    forms = {form.name: form for form in READ}
    seen: dict[str, set[str]] = {}
    for path in SAMPLES.iterdir():
        reading = read_capture(decode(path.read_bytes()).text or "")
        carried = {
            w for w, names in CARRIED.items() if any(getattr(r, n) is not None for r in reading.records for n in names)
        }
        seen.setdefault(reading.form, set()).update(carried)
    assert set(seen) == set(forms)
    for name, carried in seen.items():
        assert {"title"} <= carried <= set(forms[name].carries), (name, carried - set(forms[name].carries))


def test_no_sample_is_a_real_paper(real_captures: Path) -> None:
    real = set()
    for row in json_lines(real_captures / "gold" / "records.jsonl"):
        words = row["abstract"].lower().split()
        real |= {tuple(words[i : i + 8]) for i in range(len(words) - 7)}
    for row in json_lines(TRUTH / "records.jsonl"):
        words = row["abstract"].lower().split()
        assert not real & {tuple(words[i : i + 8]) for i in range(len(words) - 7)}, (row["file"], row["seq"])


def test_the_command_line_gives_the_papers_of_the_real_captures(real_summary: tuple[Lake, dict[str, Any]]) -> None:
    _, summary = real_summary
    assert (summary["papers"]["papers"], summary["papers"]["mentions"], summary["papers"]["new"]) == (213, 220, 213)
