"""Which mentions are one paper, and which id it has: against a slow oracle, in any order, run after run."""

import random
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project.contract import polars_schema
from etl_project.dedupe import Deduplicated, deduplicate, keys, title_keys
from etl_project.fields import abstract_letters, title_key
from etl_project.tables import MERGED_PAPERS, PAPER_MENTIONS

NOTHING = pl.DataFrame(schema=polars_schema(PAPER_MENTIONS))
NONE_MERGED = pl.DataFrame(schema=polars_schema(MERGED_PAPERS))


class Mention(NamedTuple):
    mention_id: str
    arxiv_id: str | None
    load_number: int
    title: str
    abstract_clean: str | None = None
    abstract_kind: str | None = "abstract"


Row = Mention | tuple[str, str | None, int, str, str]  # a plain tuple has a full abstract

LONG = "Deep Ants Walk Far in Cold Rain"  # long enough to tell the paper by itself
SHORT = "Deep Ants"


def keyed(rows: Sequence[Row]) -> pl.DataFrame:
    frame = pl.DataFrame(
        [Mention(*row) for row in rows],
        schema={
            "mention_id": pl.String,
            "arxiv_id": pl.String,
            "load_number": pl.Int32,
            "title": pl.String,
            "abstract_clean": pl.String,
            "abstract_kind": pl.String,
        },
        orient="row",
    )
    return keys(frame, title_keys(frame.filter(pl.col("abstract_kind") == "cut")["title"]))


def run(mentions: Sequence[Row], before: Deduplicated | None = None, load: int = 1) -> Deduplicated:
    if before is None:
        return deduplicate(keyed(mentions), NOTHING, NONE_MERGED, load)
    return deduplicate(keyed(mentions), before.paper_mentions, before.merged_papers, load)


def clusters(result: Deduplicated) -> set[frozenset[str]]:
    grouped = result.paper_mentions.group_by("paper_id").agg("mention_id")
    return {frozenset(ids) for ids in grouped["mention_id"].to_list()}


def paper_of(result: Deduplicated, mention: str) -> str:
    return str(result.paper_mentions.filter(pl.col("mention_id") == mention)["paper_id"].item())


def oracle(mentions: list[Mention]) -> set[frozenset[str]]:
    """Pair by pair: the same arXiv id; or the same text, or a title that tells, by what stands under it in all mentions."""

    def title(m: Mention) -> str:
        return title_key(m.title)

    def letters(m: Mention) -> bytes:
        return abstract_letters(m.abstract_clean or "")

    def is_full(m: Mention) -> bool:
        return m.abstract_kind == "abstract"

    def ids_of(group: list[Mention]) -> set[str]:
        return {m.arxiv_id for m in group if m.arxiv_id}

    def tells(key: str) -> bool:
        group = [m for m in mentions if title(m) == key]
        full = {letters(m) for m in group if is_full(m)}
        cut = {letters(m) for m in group if m.abstract_kind == "cut"}
        longest = max(full or cut or {b""}, key=len)
        return (
            max(len(m.title.split()) for m in group) >= 4
            and len(key) >= 20
            and len(ids_of(group)) <= 1
            and len(full) <= 1
            and all(longest.startswith(text) for text in cut)
        )

    def are_one(a: Mention, b: Mention) -> bool:
        if a.arxiv_id and b.arxiv_id:
            return a.arxiv_id == b.arxiv_id
        if title(a) != title(b):
            return False
        if tells(title(a)):
            return True
        same_text = a.abstract_kind == b.abstract_kind and a.abstract_clean is not None and letters(a) == letters(b)
        if not same_text:
            return False
        if a.arxiv_id is None and b.arxiv_id is None:
            return True
        of_text = [m for m in mentions if title(m) == title(a) and is_full(m) and letters(m) == letters(a)]
        return is_full(a) and len(ids_of(of_text)) == 1

    groups = {m.mention_id: {m.mention_id} for m in mentions}
    for a in mentions:
        for b in mentions:
            if are_one(a, b) and groups[a.mention_id] is not groups[b.mention_id]:
                groups[a.mention_id] |= groups[b.mention_id]
                for member in groups[a.mention_id]:
                    groups[member] = groups[a.mention_id]
    return {frozenset(group) for group in groups.values()}


FULL = ["We walk. Far, in cold rain.", "we walk far in cold rain", "We sit still."]


@st.composite
def mention_lists(draw: st.DrawFn) -> list[Mention]:
    texts = st.one_of(
        st.tuples(st.sampled_from(FULL), st.just("abstract")),
        st.tuples(st.sampled_from(["We walk. F...", "We walk far in\u2026", "We sit", "We"]), st.just("cut")),
        st.tuples(st.sampled_from(["Ants walk.", "Ants sit.", "We sit still."]), st.just("summary")),
        st.just((None, None)),
    )
    # few titles, so that most lists have rows that meet; a title of each kind, written in two ways
    titles = draw(
        st.sampled_from(
            [
                [LONG, "Deep Ants: walk far in Cold-Rain"],
                [SHORT, "deep  ants!", LONG],
                [LONG, LONG.upper(), "Other Moss Sits Still in the Shade", SHORT],
            ]
        )
    )
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from([None, None, "2401.00001", "2401.00001", "2401.00002"]),
                st.sampled_from(titles),
                texts,
            ),
            min_size=1,
            max_size=12,
        )
    )
    return [Mention(f"m{n:02}", arxiv, 1, title, *text) for n, (arxiv, title, text) in enumerate(rows)]


@settings(deadline=None, max_examples=400)
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
    late = [mention._replace(load_number=2) for mention in mentions[cut:]]
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
    rows: list[Row] = [(m, None, n, f"Title {m}", "We walk.") for n, m in enumerate("abc", 1)]
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


ABSTRACT = "We walk. Far, in cold rain, and find that ants do not mind."
TEXT = Mention("text", None, 1, LONG, ABSTRACT)
CARD = Mention("card", "2401.00001", 2, LONG, None, None)
TRENDING = Mention("trending", "2401.00001", 2, LONG, "Ants walk in rain.", "summary")
TRENDING_WITHOUT_ID = Mention("unnamed", None, 2, LONG, "Ants walk in rain.", "summary")
CUT = Mention("cut", None, 2, LONG, "We walk. Far, in co\u2026", "cut")
JSON = Mention("json", "2401.00001", 2, LONG, ABSTRACT)


@pytest.mark.parametrize("later", [CARD, TRENDING, TRENDING_WITHOUT_ID, CUT, JSON], ids=lambda m: m.mention_id)
@pytest.mark.parametrize("order", [1, -1], ids=["text first", "text last"])
def test_the_same_paper_in_another_form_is_one_paper_and_keeps_its_id(later: Mention, order: int) -> None:
    rows = [TEXT, later][::order]
    first = run(rows[:1])
    both = run(rows, first, 2)
    assert clusters(both) == {frozenset(m.mention_id for m in rows)}
    assert paper_of(both, rows[1].mention_id) == paper_of(first, rows[0].mention_id)
    assert (both.new, both.merged) == (0, 0)


def test_all_forms_of_one_paper_are_one_paper_with_the_rule_of_each() -> None:
    result = run([TEXT, CARD, TRENDING, TRENDING_WITHOUT_ID, CUT, JSON])
    assert dict(result.paper_mentions.select("mention_id", "rule").rows()) == {
        "text": "new_paper",
        "card": "same_title",
        "trending": "same_title",
        "unnamed": "same_title",
        "cut": "same_title",
        "json": "same_title_and_abstract",
    }


def test_an_id_joins_papers_that_the_text_kept_apart_and_the_older_id_stays() -> None:
    early = Mention("early", None, 1, SHORT, ABSTRACT)
    card = Mention("card", "2401.00001", 2, SHORT, None, None)
    first = run([early])
    second = run([early, card], first, 2)
    assert len(clusters(second)) == 2, "a short title joins nothing"
    bridge = Mention("bridge", "2401.00001", 3, SHORT, ABSTRACT)
    third = run([early, card, bridge], second, 3)
    assert len(clusters(third)) == 1
    assert paper_of(third, "card") == paper_of(first, "early")
    assert third.merged_papers.rows() == [(paper_of(second, "card"), paper_of(first, "early"), 3)]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Mention("x", "2401.00002", 1, LONG, None, None), id="another id"),
        pytest.param(Mention("x", None, 1, LONG, "We sit still, and that is all."), id="another abstract"),
        pytest.param(Mention("x", None, 1, LONG, "We sit st...", "cut"), id="the beginning of another abstract"),
    ],
)
def test_a_title_over_two_papers_joins_nothing(other: Mention) -> None:
    summary = TRENDING_WITHOUT_ID
    card = CARD if other.arxiv_id else CARD._replace(arxiv_id=None, abstract_clean="Rain.", abstract_kind="summary")
    assert {frozenset([m]) for m in ("text", "card", "unnamed", "x")} == clusters(run([TEXT, card, summary, other]))


@pytest.mark.parametrize("title", ["Technical Report", "A Survey of It", "Supercalifragilisticexpialidocious"])
def test_a_short_title_joins_nothing(title: str) -> None:
    text, card = TEXT._replace(title=title), CARD._replace(title=title)
    assert len(clusters(run([text, card]))) == 2


def test_cut_abstracts_of_several_lengths_agree_with_the_longest() -> None:
    cuts = [CUT._replace(mention_id=f"c{n}", abstract_clean=ABSTRACT[:n] + " ...") for n in (8, 20, 30)]
    assert len(clusters(run(cuts))) == 1
    assert len(clusters(run([*cuts, CUT._replace(abstract_clean="We walked ...")]))) == 4


def test_the_same_summary_twice_is_one_paper_though_the_title_is_short() -> None:
    cards = [Mention(m, None, n, SHORT, "Ants walk.", "summary") for n, m in enumerate("ab", 1)]
    assert clusters(run(cards)) == {frozenset("ab")}
    assert len(clusters(run([cards[0], cards[1]._replace(abstract_clean="Ants sit.")]))) == 2


def test_a_summary_is_never_compared_with_an_abstract() -> None:
    text = Mention("a", None, 1, SHORT, "Ants walk.")
    assert len(clusters(run([text, Mention("b", None, 1, SHORT, "Ants walk.", "summary")]))) == 2


def test_mentions_that_a_title_joined_part_when_a_second_abstract_shows_that_it_tells_nothing() -> None:
    first = run([TEXT, CARD])
    assert len(clusters(first)) == 1
    other = Mention("other", "2401.00001", 3, LONG, "We sit still, and that is all.")
    second = run([TEXT, CARD, other], first, 3)
    assert clusters(second) == {frozenset(["text"]), frozenset(["card", "other"])}
    assert paper_of(second, "text") == paper_of(first, "text")


def test_an_id_made_without_an_abstract_does_not_depend_on_how_the_title_is_written() -> None:
    again = CARD._replace(title="Deep Ants Walk Far in Rain")
    assert paper_of(run([CARD]), "card") == paper_of(run([again]), "card")


@settings(deadline=None, max_examples=80)
@given(mention_lists())
def test_no_paper_has_two_arxiv_ids_and_no_title_joins_two_abstracts(mentions: list[Mention]) -> None:
    rows = {m.mention_id: m for m in mentions}
    result = run(mentions)
    for group in clusters(result):
        assert len({rows[m].arxiv_id for m in group} - {None}) <= 1
    for mention, rule in result.paper_mentions.select("mention_id", "rule").rows():
        if rule == "same_title":
            same = [m for m in mentions if title_key(m.title) == title_key(rows[mention].title)]
            assert len({abstract_letters(m.abstract_clean or "") for m in same if m.abstract_kind == "abstract"}) <= 1
