import json
import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.captures import read_capture
from etl_project_tests.form_checks import check_account
from etl_project_tests.pages import Paper, check_unmixed, flat_item, item_of, to_json
from etl_project_tests.test_items import PAPERS

UNIQUE = st.lists(PAPERS, min_size=1, max_size=6, unique_by=lambda paper: paper.number)
WRAPPERS = {
    "array": to_json,
    "papers": lambda items, random: to_json({"count": len(items), "papers": items}, random),
    "dated": lambda items, random: to_json({"date": "2026-06-11", "papers": items, "status": "ok"}, random),
    "dated_after": lambda items, random: to_json({"papers": items, "dateString": "2026-06-11"}, random),
    "by_day": lambda items, random: to_json({"2026-06-11": items}, random),
    "deep": lambda items, random: to_json({"data": {"result": {"items": items}}, "tags": ["a", "b"]}, random),
    "by_name": lambda items, random: to_json({f"p{n}": item for n, item in enumerate(items)}, random),
    "lines": lambda items, random: "\n".join(json.dumps(item, ensure_ascii=random.random() < 0.5) for item in items) + "\n",
    "one_after_the_other": lambda items, random: "\n".join(to_json(item, random) for item in items),
    "texts": lambda items, random: to_json([str(item) for item in items], random),
    "json_texts": lambda items, random: to_json([json.dumps(item) for item in items], random),
}  # fmt: skip


def shuffled(value, random):
    if isinstance(value, dict):
        keys = list(value)
        random.shuffle(keys)
        return {key: shuffled(value[key], random) for key in keys}
    return [shuffled(one, random) for one in value] if isinstance(value, list) else value


def sample(count=3, **changes):
    return [
        Paper(number + 1, organisation=number % 2 == 0, repository=True, ai=True, **changes) for number in range(count)
    ]


@settings(deadline=None, max_examples=40)
@given(UNIQUE, st.integers(0, 2**32), st.sampled_from(["api", "wrapped", "flat"]))
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_every_field_of_every_item_comes_back(wrapper, papers, seed, shape):
    random = Random(seed)
    items = [flat_item(p, seed % 4, seed % 4) if shape == "flat" else item_of(p, shape == "wrapped") for p in papers]
    if random.random() < 0.5:
        items = [shuffled(item, random) for item in items]
    text = WRAPPERS[wrapper](items, random)
    reading = read_capture(text)
    check_account(reading, text)
    assert reading.refusals == []
    assert [(r.title, r.abstract, r.arxiv_id, r.n_authors, r.upvotes) for r in reading.records] == [
        (p.title, p.abstract, p.id, len(p.authors), p.upvotes) for p in papers
    ]
    lines = text.split("\n")
    for record, paper in zip(reading.records, papers, strict=True):
        own = "\n".join(lines[record.line_start - 1 : record.line_end])
        assert paper.word in own
        assert (
            "\n" not in text
            or len(papers) == 1
            or wrapper in ("dated_after",)
            or own.count("upvotes") < 2 * len(papers)
        )
    several = wrapper in ("lines", "one_after_the_other") and len(papers) > 1
    assert reading.form == ("json_lines" if several else "api_json")
    assert reading.days == ((("json", "2026-06-11"),) if wrapper in ("dated", "dated_after", "by_day") else ())


def test_an_items_lines_are_its_own():
    text = json.dumps({"papers": [item_of(paper) for paper in sample(4)]}, indent=1)
    reading = read_capture(text)
    for record, paper in zip(reading.records, sample(4), strict=True):
        own = json.loads("\n".join(text.split("\n")[record.line_start - 1 : record.line_end]).rstrip(","))
        assert own == item_of(paper)
    assert reading.lines_furniture == 4


def test_lists_of_several_days_give_each_paper_its_own():
    first, second = sample(2)
    reading = read_capture(json.dumps({"2026-06-10": [item_of(first)], "2026-06-11": [item_of(second)]}))
    assert (reading.days, [record.page_day for record in reading.records]) == ((), ["2026-06-10", "2026-06-11"])


@pytest.mark.parametrize("text", ["[]", "[]\n", " [ ]", '{"papers": []}', '{"date": "2026-06-13", "papers": []}', '{"dailyPapers": []}'])  # fmt: skip
def test_a_day_without_papers_is_read_and_empty(text):
    reading = read_capture(text)
    check_account(reading, text)
    assert (reading.form, reading.records, reading.refusals) == ("api_json", [], [])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"error": "Invalid date"}', "api_error"),
        ('{"a": 1}\n{"a": 2}\n', "no_records"),
        ('{"name": "ants", "keywords": []}', "no_records"),
        ('[{"title": "Ants"}]', "no_records"),
        ('{"2503.02130": "Ants"}', "no_records"),
    ],
)
def test_json_without_papers_is_refused_whole(text, reason):
    reading = read_capture(text)
    check_account(reading, text)
    assert [refusal.reason for refusal in reading.refusals] == [reason]
    assert reading.lines_refused == reading.lines_total
    assert reason != "api_error" or "Invalid date" in reading.refusals[0].detail


def test_an_object_among_papers_that_is_none_is_refused_alone():
    first, second = sample(2)
    for text in (
        json.dumps([item_of(first), {"summary": "moss"}, item_of(second)], indent=1),
        "\n".join(json.dumps(value) for value in (item_of(first), {"summary": "moss"}, item_of(second))),
    ):
        reading = read_capture(text)
        check_account(reading, text)
        assert [record.arxiv_id for record in reading.records] == [first.id, second.id]
        assert [refusal.reason for refusal in reading.refusals] == ["incomplete_item"]


def test_numbers_that_json_cannot_write_again_are_kept_as_text():
    text = json.dumps([item_of(Paper(1))]).replace(
        '"followerCount": 3', '"followerCount": NaN, "a": -Infinity, "b": 1e999, "c": ' + "9" * 6000
    )
    raw = json.loads(read_capture(text).records[0].raw, parse_constant=pytest.fail)
    assert (raw["submittedBy"]["followerCount"], raw["submittedBy"]["a"], raw["submittedBy"]["b"]) == (
        "NaN",
        "-Infinity",
        "1e999",
    )


@pytest.mark.parametrize("escape", ["\\ud83d", "\\udc00 \\ud800", "\\u0000"])
def test_what_no_database_stores_becomes_the_replacement_character(escape):
    text = json.dumps([item_of(paper) for paper in sample()]).replace("moss.", f"moss{escape}.")
    reading = read_capture(text)
    check_account(reading, text)
    assert len(reading.records) == 3
    assert all("moss\ufffd" in record.abstract for record in reading.records)


def test_a_pair_of_escapes_is_one_character():
    text = json.dumps([item_of(Paper(1, odd=" 😀"))])
    assert "\\ud83d\\ude00" in text
    assert "😀" in read_capture(text).records[0].title


# ---- damage


def test_an_object_that_says_a_thing_twice_is_refused_and_no_other():
    found = sample(3)
    texts = [json.dumps(item_of(paper)) for paper in found]
    texts[1] = texts[1].replace('"title":', '"title": "Ants", "title":', 1)
    for text in ("[" + ",\n".join(texts) + "]", "\n".join(texts), '{"papers": [' + ",\n".join(texts) + "]}"):
        reading = read_capture(text)
        check_account(reading, text)
        assert [record.arxiv_id for record in reading.records] == [found[0].id, found[2].id]
        assert [(r.reason, r.line_start, r.line_end) for r in reading.refusals] == [("damaged_json", 2, 2)]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("wrapper", ["array", "papers", "lines"])
def test_a_file_that_breaks_off_keeps_the_items_before(wrapper, indent):
    found = sample(4)
    items = [item_of(paper) for paper in found]
    text = json.dumps(items if wrapper == "array" else {"date": "2026-06-11", "papers": items}, indent=indent)
    if wrapper == "lines":
        text = "\n".join(json.dumps(item) for item in items)
    for cut in range(text.index(found[3].word), len(text) - 12, 97):
        reading = read_capture(text[:cut])
        check_account(reading, text[:cut])
        assert [record.arxiv_id for record in reading.records] == [paper.id for paper in found[:3]]
        assert [refusal.reason for refusal in reading.refusals] == ["damaged_json"]
        assert wrapper != "papers" or reading.days == (("json", "2026-06-11"),)


@pytest.mark.parametrize("wrapper", ["array", "papers", "lines"])
def test_a_broken_item_costs_no_other(wrapper):
    found = sample(4)
    texts = [json.dumps(item_of(paper), indent=1) for paper in found]
    body = {
        "array": ("[\n", ",\n", "\n]\n"),
        "papers": ('{"papers": [\n', ",\n", '\n], "count": 4}\n'),
        "lines": ("", "\n", "\n"),
    }[wrapper]
    for at in range(3, len(texts[1]) - 3, 61):
        broken = [texts[0], texts[1][:at] + texts[1][at + 40 :], *texts[2:]]
        text = body[0] + body[1].join(broken) + body[2]
        reading = read_capture(text)
        check_account(reading, text)
        check_unmixed(reading, found)
        ids = [record.arxiv_id for record in reading.records]
        assert [number for number in ids if number != found[1].id] == [found[n].id for n in (0, 2, 3)]
        try:
            json.loads(broken[1])
        except ValueError:
            assert "damaged_json" in {refusal.reason for refusal in reading.refusals}
            assert found[1].id not in ids


@settings(deadline=None, max_examples=150)
@given(UNIQUE, st.integers(0, 2**32), st.data())
def test_mutated_json_never_fails_loses_no_line_and_mixes_no_papers(papers, seed, data):
    random = Random(seed)
    wrapper = data.draw(st.sampled_from(list(WRAPPERS)))
    text = WRAPPERS[wrapper]([item_of(paper) for paper in papers], random)
    # one loss of lines: after several a flat item can be put together that nothing tells from a whole one
    for number in range(data.draw(st.integers(1, 3))):
        lines = text.split("\n")
        at, much = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(1, 40))
        place = data.draw(st.integers(0, max(len(text) - 1, 0)))
        what = data.draw(
            st.sampled_from([*["drop", "double", "shuffle", "lose"][: 0 if number else 4], "cut", "head", "flip"])
        )
        if what == "drop":
            del lines[at : at + much]
        elif what == "double":
            lines[at:at] = lines[at : at + much]
        elif what == "shuffle" and wrapper == "lines":
            random.shuffle(lines)
        text = "\n".join(lines)
        if what == "cut":
            text = text[:place]
        elif what == "head":
            text = text[place:]
        elif what == "lose":
            text = text[:place] + text[place + much :]
        elif what == "flip":
            text = text[:place] + data.draw(st.sampled_from('{}[]",:\\x\ufffd 0\n')) + text[place + 1 :]
    reading = read_capture(text)
    if reading.form in ("api_json", "json_lines"):
        check_account(reading, text)
    check_unmixed(reading, papers)


PIECES = ["{", "}", "[", "]", '"', ",", ":", "\n", '{"paper":', '"title":', '"id": "2503.02130"', '"Ants"', "null", "\\", "{'paper': {", '"papers": [', "1", "\ufffd", '\\"', "]}", "\\ud800"]  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join), st.sets(st.integers(-1, 9), max_size=3))
def test_reading_never_fails_and_accounts_for_every_line_of_any_json(rest, damaged):
    for start in ('[{"paper": {"id": "2503.02130", "title": "Ants"}},', '{"papers": [', '{"a":'):
        reading = read_capture(start + rest, damaged)
        check_account(reading, start + rest)


@pytest.mark.parametrize("wrapper", ["lines", "array"])
def test_an_item_on_a_damaged_line_is_refused_only_if_the_damage_is_its_own(wrapper):
    found = sample(3)
    texts = [json.dumps(item_of(paper)) for paper in found]
    texts[1] = texts[1].replace("moss", "mo\ufffds", 1)
    text = "\n".join(texts) if wrapper == "lines" else "[" + ", ".join(texts) + "]"
    reading = read_capture(text, [1, 2, 3])
    check_account(reading, text)
    assert [record.arxiv_id for record in reading.records] == [found[0].id, found[2].id]
    assert [refusal.reason for refusal in reading.refusals] == ["damaged_bytes"]


@pytest.mark.parametrize(
    "text",
    [
        '[{"a":' * 50_000,
        '{"papers":' * 50_000,
        "[" + '{"a": [1, 2, ' * 20_000,
        "[" * 200_000,
        '{"a": "' * 50_000,
        '[{"title": "' + '\\"{' * 100_000,
        '{"date": 1, "x": ' * 20_000,
    ],
    ids=range(7),
)
def test_text_made_to_be_slow_is_not(text):
    start = time.process_time()
    reading = read_capture(text)
    assert time.process_time() - start < 5
    assert reading.lines_total == 1


def test_a_text_capture_with_braces_is_no_json():
    for start in ("{", "[", '{"', "[1]", "{ants} and", '"Ants"'):
        assert read_capture(start + " moss\n\nAnts carry moss.\n").form == "unknown"


@pytest.mark.parametrize("lost", ["abstract", "authors", "upvotes"])
def test_an_item_without_what_all_others_have_is_refused(lost):
    found = sample(4)
    items = [flat_item(paper) for paper in found]
    del items[1][lost]
    reading = read_capture(json.dumps(items))
    assert [record.title for record in reading.records] == [found[i].title for i in (0, 2, 3)]
    assert [refusal.reason for refusal in reading.refusals] == ["incomplete_item"]
