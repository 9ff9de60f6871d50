import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.captures.items import Refused, arxiv_id, is_item, read_item, without_cut_author_lists
from etl_project.captures.model import Record
from etl_project.captures.text import abstract_kind
from etl_project_tests.pages import Paper, flat_item, item_of

PAPERS = st.builds(
    Paper, st.integers(0, 400), st.integers(0, 9), *[st.booleans()] * 4, st.integers(0, 40), st.integers(0, 900),
    st.sampled_from(["", " “and”", " λ", " 漢字", " 😀"]),
)  # fmt: skip


def read(item, key=None):
    assert is_item(item, key)
    return read_item(item, 3, 9, key)


def check(record, paper):
    assert (record.title, record.abstract, record.abstract_kind) == (paper.title, paper.abstract, "abstract")
    assert record.arxiv_id == paper.id
    assert (record.authors, record.n_authors) == (paper.authors, len(paper.authors))


def leaves(value, path=()):
    if isinstance(value, dict):
        for key, one in value.items():
            yield from leaves(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from leaves(one, (*path, number))
    else:
        yield path, value


@settings(deadline=None)
@given(PAPERS, st.booleans())
def test_every_field_of_the_apis_item_comes_back(paper, wrapped):
    record = read(item_of(paper, wrapped))
    check(record, paper)
    assert (record.line_start, record.line_end) == (3, 9)
    assert (record.organisation_handle, record.organisation_name) == paper.org
    assert (record.upvotes, record.comments) == (paper.upvotes, paper.comments)
    assert (record.github_url, record.github_stars, record.project_url) == (paper.github, paper.stars, paper.page)
    assert record.github_stars_step == (1 if paper.repository else None)
    assert record.ai_summary == paper.ai_summary
    assert record.daily_time.startswith("2026-06-")


@settings(deadline=None)
@given(PAPERS)
def test_what_no_field_takes_stays_in_raw_under_its_own_path(paper):
    item = item_of(paper)
    record = read(item)
    raw = dict(leaves(json.loads(record.raw)))
    taken = {value for _, value in leaves(record._asdict()) if value is not None} | set(paper.authors)
    for path, value in leaves(item):
        assert raw.get(path) == value or value in taken, path
    assert set(raw.items()) <= set(leaves(item))


def test_the_papers_own_time_is_arxivs_and_the_outer_one_is_not_used():
    record = read(item_of(Paper(3)))
    assert record.date_text == record.arxiv_time == "2025-04-04T17:01:02.000Z"
    assert json.loads(record.raw)["publishedAt"] == "2025-04-04T13:01:02.000Z"


@pytest.mark.parametrize(
    ("own", "outer", "wanted"),
    [
        ("2026-06-28T00:00:00.000Z", "2026-06-28T17:59:12.000Z", "2026-06-28T17:59:12.000Z"),  # the time on that day
        ("2026-07-18T00:00:00.000Z", "2026-07-17T20:00:00.000Z", "2026-07-18T00:00:00.000Z"),  # New York's clock
        ("2024-07-15T17:54:45.000Z", "2024-07-15T18:39:55.580Z", "2024-07-15T17:54:45.000Z"),  # the submission
        ("2026-06-28T00:00:00.000Z", "soon", "2026-06-28T00:00:00.000Z"),
    ],
)
def test_the_outer_time_is_used_where_the_paper_has_only_its_day(own, outer, wanted):
    item = item_of(Paper(3))
    item["paper"]["publishedAt"], item["publishedAt"] = own, outer
    record = read(item)
    assert (record.date_text, record.arxiv_time) == (own, wanted)
    assert ("publishedAt" in json.loads(record.raw)) == (wanted != outer)


def test_a_flat_item_of_the_api_is_dated_and_an_archives_own_date_is_not():
    paper = item_of(Paper(3))["paper"]
    assert read(paper).date_text == paper["publishedAt"]
    archived = flat_item(Paper(3)) | {"publishedAt": "2026-05-07T10:22:27.768041+00:00"}
    record = read(archived)
    assert (record.date_text, record.arxiv_time) == (None, None)
    assert json.loads(record.raw)["publishedAt"] == archived["publishedAt"]


@settings(deadline=None)
@given(PAPERS, st.integers(0, 3), st.integers(0, 3))
def test_flattened_and_renamed_items_are_read(paper, names, authors):
    record = read(flat_item(paper, names, authors))
    check(record, paper)
    assert record.upvotes == paper.upvotes


def test_an_item_keyed_by_its_id_has_it():
    paper = Paper(5)
    item = {"title": paper.title, "abstract": paper.abstract}
    assert read(item, paper.id).arxiv_id == paper.id
    assert read({"title": paper.title}, paper.id).arxiv_id == paper.id
    assert read(item).arxiv_id is None


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2410.05434", None),
        ("1412.0001", "1412.0001"),
        ("1412.00011", None),
        ("1501.00011", "1501.00011"),
        ("1501.0001", None),
        ("2503.02130v12", "2503.02130"),
        ("arXiv:2503.02130", "2503.02130"),
        (2503.0213, None),
        (250302130, None),
        ("cs/0501001", None),
        ("2513.02130", None),
        ("0612.0001", None),
        ("２５０３.02130", None),
        ("", None),
        (None, None),
        (["2503.02130"], None),
    ],
)
def test_an_arxiv_id_is_a_text_of_its_shape(value, wanted):
    assert arxiv_id(value) == ("2410.05434" if value == "2410.05434" else wanted)


@pytest.mark.parametrize("number", [2503.0213, 25030213, "cs/0501001", True, None, "17", {"a": 1}])
def test_what_is_no_id_stays_in_raw(number):
    paper = Paper(1)
    record = read({"id": number, "title": paper.title, "abstract": paper.abstract})
    assert record.arxiv_id is None
    assert json.loads(record.raw)["id"] == number
    refused = read({"id": number, "title": "Ants", "paper": {"id": number, "title": "Ants"}})
    assert isinstance(refused, Refused) and refused.reason == "incomplete_item"


def test_fields_of_a_wrong_type_are_not_used_and_stay_in_raw():
    item = item_of(Paper(2, repository=True))
    odd = {"upvotes": [3], "githubStars": -1, "githubRepo": "not an address", "projectPage": 5, "publishedAt": "soon", "submittedOnDailyAt": 0, "ai_summary": {}}  # fmt: skip
    item["paper"] |= odd
    item["numComments"] = True
    record = read(item)
    assert record[8:14] == (None, None, record.arxiv_id, None, None, None)
    assert (record.date_text, record.daily_time, record.project_url, record.ai_summary) == (None,) * 4
    raw = json.loads(record.raw)
    assert all(raw["paper"][name] == value for name, value in odd.items()) and raw["numComments"] is True


@pytest.mark.parametrize("count", [2**31, 10**30, -1, 1.5, "1.2k", "many", ""])
def test_a_count_that_is_none_is_not_used(count):
    assert read(item_of(Paper(2)) | {"numComments": count}).comments is None


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Why Beetles Sort Every Kettle Twice"},
        {"summary": "Beetles sort every kettle twice, and nobody knows why they do so at night."},
        {"thumbnail": "https://cdn-thumbnails.huggingface.co/social-thumbnails/papers/2401.00001.png"},
        {"id": "2401.00001"},
        {"url": "https://arxiv.org/abs/2401.00001v2"},
        {"organization": {"name": "beetles", "fullname": "Beetles"}},
    ],
)
def test_an_item_whose_fields_name_two_papers_is_refused(changed):
    refused = read(item_of(Paper(4, organisation=True)) | changed)
    assert isinstance(refused, Refused) and refused.reason == "contradicting_fields"


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        ("$\\textit{Moss-Drift}$: Towards Efficient Ants", "Moss-Drift: Towards Efficient\n  Ants"),
        ("MossLLM$\\times$Ants: Simplified Long Marsh Walks", "MossLLMtimesAnts: Simplified Long Marsh Walks"),
        ("VOLE$^2$: Voles Among Voles", "VOLE^2: Voles Among Voles"),
        ("漢字", "漢字"),
    ],
)
def test_formulas_of_the_outer_title_are_no_contradiction(outer, inner):
    item = item_of(Paper(4))
    item["title"], item["paper"]["title"] = outer, inner
    assert read(item).title == " ".join(inner.split())


@pytest.mark.parametrize("title", [None, "", " \n", 7])
def test_an_item_without_a_title_is_refused(title):
    item = item_of(Paper(4))
    del item["title"]
    item["paper"]["title"] = title
    assert read(item).reason == "incomplete_item"


def test_an_item_without_abstract_is_known_by_its_id_or_refused():
    item = item_of(Paper(4))
    del item["summary"], item["paper"]["summary"]
    record = read(item)
    assert (record.abstract, record.abstract_kind, record.arxiv_id) == (None, None, Paper(4).id)
    del item["paper"]["id"], item["thumbnail"]
    assert read(item).reason == "incomplete_item"


def test_a_summary_stands_in_for_a_missing_abstract_and_says_so():
    paper = Paper(4, ai=True)
    item = item_of(paper)
    del item["summary"], item["paper"]["summary"]
    record = read(item)
    assert (record.abstract, record.abstract_kind, record.ai_summary) == (paper.ai_summary, "summary", None)


@pytest.mark.parametrize(
    ("text", "may", "kind"),
    [
        ("Ants carry moss over the …", False, "cut"),
        ("Ants carry moss over the...", True, "cut"),
        ("Ants carry moss.", True, "summary"),
        ("Ants 2.0 carry e.g. moss.", True, "summary"),
        ("Ants carry moss. They rest.", True, "abstract"),
        ("Ants carry moss.", False, "abstract"),
        ("ants " * 120, True, "abstract"),
    ],
)
def test_what_stands_in_the_abstracts_place_is_told(text, may, kind):
    assert abstract_kind(text, may) == kind


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ("Ada Moss, Bo de Marsh", ("Ada Moss", "Bo de Marsh")),
        ("Ada Moss", ("Ada Moss",)),
        ("Moss, Ada, Marsh, Bo", None),
        ("Ada Moss and Bo Marsh", None),
        ("Ada Moss, Bo Marsh et al.", None),
        ("Ada Moss, +5", None),
        ([], None),
        (["Ada Moss,", "Bo Marsh"], ("Ada Moss", "Bo Marsh")),
        (["Ada Moss", "et al."], None),
        (["Ada Moss", 5], None),
        (["Ada Moss", ""], None),
        ([{"name": "Ada"}, {"name": "Bo", "hidden": True}], ("Ada", "Bo")),
        ({"name": "Ada"}, None),
    ],
)
def test_authors_are_taken_only_where_each_name_is_certain(authors, names):
    item = {"id": "2503.02130", "title": "Ants", "authors": authors}
    record = read(item)
    assert (record.authors, record.n_authors) == (names, len(names) if names else None)
    assert names or json.loads(record.raw)["authors"] == authors


@pytest.mark.parametrize("nameless", [{"_id": "5"}, {"name": None}, {"name": " "}])
@pytest.mark.parametrize("others", [[{"name": "Ada"}], ["Ada", {"name": "Bo"}]])
def test_an_author_without_a_name_counts_and_the_names_of_the_others_stay_in_raw(others, nameless):
    authors = [*others, nameless]
    record = read({"id": "2503.02130", "title": "Ants", "authors": authors})
    assert (record.authors, record.n_authors) == (None, len(authors))
    assert json.loads(record.raw)["authors"] == authors


def test_names_are_taken_whether_objects_or_text_hold_them():
    record = read({"id": "2503.02130", "title": "Ants", "authors": [{"name": "Ada"}, "Bo Moss", {"name": " Cy "}]})
    assert (record.authors, record.n_authors, record.raw) == (("Ada", "Bo Moss", "Cy"), 3, None)
    for other in ({"name": None}, {"name": "Cy"}):
        record = read({"id": "2503.02130", "title": "Ants", "authors": [other, "et al."]})
        assert (record.authors, record.n_authors) == (None, None)


@pytest.mark.parametrize("longest", [5, 10])
def test_lists_of_names_that_all_end_at_a_number_are_no_count(longest):
    names = [f"{name} Moss" for name in "ABCDEFGHIJ"[:longest]]
    items = [{"id": f"2503.{n:05}", "title": "Ants", "authors": names[: n + 3]} for n in range(12)]
    records = [record for item in items if isinstance(record := read(item), Record)]
    cut = without_cut_author_lists(records)
    assert {record.n_authors for record in cut} == {None}
    assert [json.loads(record.raw)["authors"] for record in cut] == [list(record.authors) for record in records]
    assert without_cut_author_lists(records[:4]) == records[:4]


@pytest.mark.parametrize(
    "value",
    [
        None, [], "x", 5, {}, {"title": "Ants"}, {"id": "2503.02130"}, {"name": "Ada", "hidden": False}, {"paper": {}},
        {"title": "Ants", "id": "quoll/space"}, {"title": "Daily", "summary": "Ants", "papers": [{"id": "2503.02130", "title": "Ants"}]},
    ],
)  # fmt: skip
def test_what_is_no_paper_is_no_item(value):
    assert not is_item(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [*item_of(Paper(1, organisation=True, repository=True)), *item_of(Paper(1))["paper"], "abstract", "url"]
)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(KEYS, JSON, max_size=6), st.dictionaries(KEYS, JSON, max_size=6), st.booleans())
def test_no_item_of_any_types_fails(outer, inner, whole):
    base = item_of(Paper(1)) if whole else {}
    item = {**base, **outer, "paper": {**base.get("paper", {}), **inner}}
    made = read_item(item, 1, 1)
    assert isinstance(made, Refused) or (made.title and (made.abstract or made.arxiv_id))
