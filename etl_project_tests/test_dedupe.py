"""Which mentions are one paper, and which id it has: against a slow oracle, in any order, run after run."""

import random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.contract import polars_schema
from etl_project.dedupe import Deduplicated, deduplicate, keys
from etl_project.fields import abstract_key, title_key
from etl_project.tables import MERGED_PAPERS, PAPER_MENTIONS

NOTHING = pl.DataFrame(schema=polars_schema(PAPER_MENTIONS))
NONE_MERGED = pl.DataFrame(schema=polars_schema(MERGED_PAPERS))

Mention = tuple[str, str | None, int, str, str]  # id, arXiv id, load, title, abstract


def keyed(mentions: list[Mention]) -> pl.DataFrame:
    frame = pl.DataFrame(
        mentions,
        schema={
            "mention_id": pl.String,
            "arxiv_id": pl.String,
            "load_number": pl.Int32,
            "title": pl.String,
            "abstract_clean": pl.String,
        },
        orient="row",
    )
    return keys(frame)


def run(mentions: list[Mention], before: Deduplicated | None = None, load: int = 1) -> Deduplicated:
    if before is None:
        return deduplicate(keyed(mentions), NOTHING, NONE_MERGED, load)
    return deduplicate(keyed(mentions), before.paper_mentions, before.merged_papers, load)


def clusters(result: Deduplicated) -> set[frozenset[str]]:
    grouped = result.paper_mentions.group_by("paper_id").agg("mention_id")
    return {frozenset(ids) for ids in grouped["mention_id"].to_list()}


def paper_of(result: Deduplicated, mention: str) -> str:
    return str(result.paper_mentions.filter(pl.col("mention_id") == mention)["paper_id"].item())


def oracle(mentions: list[Mention]) -> set[frozenset[str]]:
    """Pair by pair: the same arXiv id, or the same text if that text stands under one arXiv id at most."""

    def text(mention: Mention) -> tuple[str, str | None]:
        return title_key(mention[3]), abstract_key(mention[4])

    def ids_of(key: tuple[str, str | None]) -> set[str]:
        return {m[1] for m in mentions if text(m) == key and m[1]}

    groups = {m[0]: {m[0]} for m in mentions}
    for a in mentions:
        for b in mentions:
            same_id = a[1] is not None and a[1] == b[1]
            same_text = text(a) == text(b) and (len(ids_of(text(a))) <= 1 or (a[1] is None and b[1] is None))
            if (same_id or same_text) and groups[a[0]] is not groups[b[0]]:
                groups[a[0]] |= groups[b[0]]
                for member in groups[a[0]]:
                    groups[member] = groups[a[0]]
    return {frozenset(group) for group in groups.values()}


@st.composite
def mention_lists(draw: st.DrawFn) -> list[Mention]:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from([None, None, "2401.00001", "2401.00002", "2401.00003"]),
                st.sampled_from(["Deep Ants", "deep ants!", "Deep  Ants", "Other Moss", "Moss: Other"]),
                st.sampled_from(["We walk. Far.", "we walk far", "We sit still."]),
            ),
            min_size=1,
            max_size=14,
        )
    )
    return [(f"m{n:02}", arxiv, 1, title, abstract) for n, (arxiv, title, abstract) in enumerate(rows)]


@settings(deadline=None, max_examples=150)
@given(mention_lists())
def test_clusters_are_those_of_the_slow_oracle(mentions: list[Mention]) -> None:
    assert clusters(run(mentions)) == oracle(mentions)


@settings(deadline=None, max_examples=80)
@given(mention_lists(), st.randoms())
def test_the_order_of_rows_changes_nothing(mentions: list[Mention], order: random.Random) -> None:
    shuffled = order.sample(mentions, len(mentions))
    assert run(mentions).paper_mentions.equals(run(shuffled).paper_mentions)


@settings(deadline=None, max_examples=80)
@given(mention_lists())
def test_a_second_run_keeps_every_id_and_rule(mentions: list[Mention]) -> None:
    first = run(mentions)
    second = run(mentions, first)
    assert second.paper_mentions.equals(first.paper_mentions)
    assert (second.new, second.merged) == (0, 0)


@settings(deadline=None, max_examples=80)
@given(mention_lists(), st.data())
def test_mentions_that_come_later_give_the_same_clusters_as_all_at_once(
    mentions: list[Mention], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(mentions)))
    late = [(m, a, 2, t, x) for m, a, _, t, x in mentions[cut:]]
    first = run(mentions[:cut])
    both = run([*mentions[:cut], *late], first, 2)
    assert clusters(both) == clusters(run(mentions))
    in_use = set(both.paper_mentions["paper_id"])
    given_up = set(first.paper_mentions["paper_id"]) - in_use
    # an id of the first run is in use or leads to a paper of today
    assert set(both.merged_papers["merged_paper_id"]) == given_up
    assert set(both.merged_papers["paper_id"]) <= in_use


def test_ids_do_not_depend_on_files_lakes_or_neighbours() -> None:
    paper = ("a", None, 1, "Deep Ants", "We walk. Far.")
    other = ("b", None, 1, "Moss", "We sit.")
    assert paper_of(run([paper]), "a") == paper_of(run([other, ("z", *paper[1:])]), "z")


def test_a_merge_keeps_the_id_seen_first_and_leaves_a_row() -> None:
    old, young = ("a", None, 1, "Deep Ants", "We walk."), ("b", None, 2, "Deeper Ants", "We walk on.")
    first = run([old])
    second = run([old, young], first, 2)
    bridge = [("c", "2401.00001", 3, "Deep Ants", "We walk."), ("d", "2401.00001", 3, "Deeper Ants", "We walk on.")]
    third = run([old, young, *bridge], second, 3)
    assert clusters(third) == {frozenset("abcd")}
    assert paper_of(third, "b") == paper_of(first, "a")
    assert third.merged_papers.rows() == [(paper_of(second, "b"), paper_of(first, "a"), 3)]
    assert third.merged == 1


def test_a_merged_id_leads_to_the_paper_of_today_after_another_merge() -> None:
    rows: list[Mention] = [(m, None, n, f"Title {m}", "We walk.") for n, m in enumerate("abc", 1)]
    state = run(rows[:1])
    for n in (2, 3):
        state = run(rows[:n], state, n)
    # b and c become one, then that one and a
    rows += [("d", "2401.00001", 4, "Title b", "We walk."), ("e", "2401.00001", 4, "Title c", "We walk.")]
    state = run(rows, state, 4)
    rows += [("f", "2401.00001", 5, "Title a", "We walk.")]
    last = run(rows, state, 5)
    assert clusters(last) == {frozenset("abcdef")}
    assert set(last.merged_papers["paper_id"]) == {paper_of(last, "a")}
    assert last.merged_papers.height == 2


def test_two_arxiv_ids_are_two_papers_whatever_the_text_says() -> None:
    same = ("Deep Ants", "We walk.")
    result = run([("a", "2401.00001", 1, *same), ("b", "2401.00002", 1, *same), ("c", None, 1, *same)])
    assert clusters(result) == {frozenset("a"), frozenset("b"), frozenset("c")}


def test_the_same_title_with_another_abstract_is_another_paper() -> None:
    assert len(clusters(run([("a", None, 1, "A Survey", "Of ants."), ("b", None, 1, "A Survey", "Of moss.")]))) == 2


@pytest.mark.parametrize(
    ("title", "abstract"),
    [
        ("DEEP ANTS", "We walk far."),
        ("Deep-Ants?", "We walk far."),
        ("Deep\u2010Ants", "We  walk, far!"),
        ("Deep Ants", "we walk far"),
    ],
)
def test_case_punctuation_and_spaces_make_no_other_paper(title: str, abstract: str) -> None:
    assert len(clusters(run([("a", None, 1, "Deep Ants", "We walk far."), ("b", None, 1, title, abstract)]))) == 1


def test_the_rule_tells_what_joined_a_mention() -> None:
    result = run(
        [
            ("a", "2401.00001", 1, "Deep Ants", "We walk."),
            ("b", "2401.00001", 1, "Deep Ants, Retitled", "We walk on."),
            ("c", None, 1, "deep ants", "We walk."),
        ]
    )
    assert dict(result.paper_mentions.select("mention_id", "rule").rows()) == {
        "a": "new_paper",
        "b": "same_arxiv_id",
        "c": "same_title_and_abstract",
    }
