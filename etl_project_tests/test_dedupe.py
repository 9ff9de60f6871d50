"""Which mentions are one paper, and which id it has: against a slow oracle, in any order, run after run."""

import random
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project import matching
from etl_project.contract import create_table
from etl_project.decisions import Decision, Side
from etl_project.dedupe import contents, neighbours
from etl_project.dedupe.contents import MOST_OF_ONE_TITLE
from etl_project.dedupe.keys import keys
from etl_project.dedupe.rules import judge, titles_nearly_agree
from etl_project.dedupe.sketches import SAMPLED, SHINGLE, Sketches, sketch
from etl_project.fields import abstract_letters, key_of_letters, stable_id, title_key
from etl_project.match_store import Store
from etl_project.matching import Matched, match
from etl_project.tables import MERGED_PAPERS, PAPER_MENTIONS, RELATED_PAPERS
from etl_project_tests.examples import examples

MULTIPLIER, MIX = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9  # of the sketches' hash


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
    return keys(frame)


class Run(NamedTuple):
    """A warehouse after a run: its tables by name, and the counts of the run."""

    tables: dict[str, pl.DataFrame]
    counts: Matched

    @property
    def paper_mentions(self) -> pl.DataFrame:
        return self.tables["main.paper_mentions"]

    @property
    def merged_papers(self) -> pl.DataFrame:
        return self.tables["main.merged_papers"]

    @property
    def related_papers(self) -> pl.DataFrame:
        return self.tables["main.related_papers"]


def run(
    mentions: Sequence[Row],
    before: Run | None = None,
    load: int = 1,
    rebuild: bool = False,
    decisions: Sequence[Decision] = (),
) -> Run:
    """Match those of the mentions that the run before did not have; or all of them anew."""
    rows = [Mention(*row) for row in mentions]
    texts = {m.mention_id: (m.title, m.abstract_clean or "") for m in rows}

    def shown(asked: Collection[str]) -> dict[str, tuple[str, str]]:
        return {mention: texts[mention] for mention in asked}

    with duckdb.connect() as connection:
        for table in (PAPER_MENTIONS, MERGED_PAPERS, RELATED_PAPERS):
            connection.execute(create_table(table)[0]).fetchall()
        Store(connection)
        tables = before.tables if before else {}
        for name in [name for name in tables if not (rebuild and name.startswith("matching."))]:
            stored = tables[name]  # noqa: F841
            connection.execute(f"delete from {name}").fetchall()
            connection.execute(f"insert into {name} select * from stored").fetchall()
        store = Store(connection)
        known = set() if store.is_empty else {row[0] for row in store._rows("select mention_id from matching.mentions")}
        new = [row for row in rows if row.mention_id not in known]
        counts = match(store, keyed(new), shown, load, decisions)
        names = connection.execute("select schema_name || '.' || table_name from duckdb_tables() order by 1").fetchall()
        tables = {name: connection.sql(f"select * from {name} order by all").pl() for (name,) in names}
    return Run(tables, counts)


def clusters(result: Run) -> set[frozenset[str]]:
    grouped = result.paper_mentions.group_by("paper_id").agg("mention_id")
    return {frozenset(ids) for ids in grouped["mention_id"].to_list()}


def paper_of(result: Run, mention: str) -> str:
    return str(result.paper_mentions.filter(pl.col("mention_id") == mention)["paper_id"].item())


def sample_of(letters: bytes) -> list[int]:
    """A text's sketch, window by window."""
    found = set()
    for start in range(len(letters) - SHINGLE + 1):
        window = sum(
            code * pow(MULTIPLIER, place, 1 << 64) for place, code in enumerate(letters[start : start + SHINGLE])
        )
        window %= 1 << 64
        window = (window ^ window >> 29) * MIX % (1 << 64)
        if window >> (64 - SAMPLED) == 0:
            found.add(window >> (32 - SAMPLED) & 0xFFFFFFFF)
    return sorted(found)


class Text(NamedTuple):
    """A text under a title, as the oracle compares it."""

    title: str
    letters: bytes
    sample: list[int]
    shown: int
    mention: Mention

    @property
    def order(self) -> tuple[str, int, str]:
        return self.title, -len(self.letters), key_of_letters(self.letters)

    def shares_with(self, other: "Text") -> float:
        both = len(set(self.sample) & set(other.sample))
        return both / max(1, min(len(self.sample), len(other.sample)))

    def is_version_of(self, other: "Text") -> bool:
        if self.shares_with(other) >= 0.2:
            return True
        if min(len(self.sample), len(other.sample)) >= 4:
            return False
        one, longer = sorted((self.letters[:40], other.letters[:40]), key=len)
        return bool(one) and longer.startswith(one)

    def meets(self, other: "Text") -> bool:
        if self.title == other.title or min(len(self.sample), len(other.sample)) < 4 or self.shares_with(other) < 0.3:
            return False
        return (
            bool(set(self.sample[:8]) & set(other.sample[:8])) or self.letters[:40] == other.letters[:40]
        )  # or the whole


def are_nearly(one: list[Text], other: list[Text]) -> bool:
    """Whether the texts of two papers under two titles are one paper's: the two that share most decide."""
    pairs = [(a, b) for a in one for b in other]
    a, b = min(
        pairs,
        key=lambda pair: (
            -len(set(pair[0].sample) & set(pair[1].sample)),
            -min(len(pair[0].sample), len(pair[1].sample)),
            pair[0].mention.mention_id,
            pair[1].mention.mention_id,
        ),
    )
    texts = [(text.mention.title, text.mention.abstract_clean or "") for text in (a, b)]
    return titles_nearly_agree(a.title, b.title) and a.shares_with(b) >= 0.5 and judge(*texts[0], *texts[1]) == "one"


def oracle(mentions: list[Mention]) -> set[frozenset[str]]:
    """One mention after another, each text against each: slow, and as the rules are told."""
    shown: dict[tuple[str, bytes], list[Mention]] = {}
    for m in mentions:
        if m.abstract_kind in ("abstract", "cut") and m.abstract_clean:
            shown.setdefault((title_key(m.title), abstract_letters(m.abstract_clean)), []).append(m)
    texts = [
        Text(title, letters, sample_of(letters), len(group), min(group, key=lambda m: m.mention_id))
        for (title, letters), group in shown.items()
    ]
    hub_of: dict[tuple[str, bytes], Text] = {}
    hubs: list[Text] = []
    for text in sorted(texts, key=lambda text: text.order):
        hub = next((hub for hub in hubs if hub.title == text.title and text.is_version_of(hub)), text)
        hubs += [text] if hub is text else []
        hub_of[text.title, text.letters] = hub
    linked = {
        frozenset([hub.order, hub_of[text.title, text.letters].order])
        for text in texts
        for hub in hubs
        if hub.title == text.title and min(len(hub.sample), len(text.sample)) >= 4 and hub.shares_with(text) >= 0.2
    }
    groups = [{hub.order} for hub in hubs]
    for link in linked:
        joined = [group for group in groups if group & link]
        groups = [group for group in groups if not group & link] + [set().union(*joined)]
    by_order = {hub.order: hub for hub in hubs}
    first = {order: by_order[min(group)] for group in groups for order in group}
    hub_of = {key: first[hub.order] for key, hub in hub_of.items()}
    hubs = [hub for hub in hubs if hub_of[hub.title, hub.letters] is hub]

    def under_hub(hub: Text) -> list[Text]:
        return [text for text in texts if hub_of[text.title, text.letters] == hub]

    members = {hub.order: sum(text.shown for text in texts if hub_of[text.title, text.letters] == hub) for hub in hubs}
    anchors: dict[tuple[str, int, str], Text] = {}
    for hub in sorted(hubs, key=lambda hub: (-members[hub.order], keyed([hub.mention])["node"][0])):
        near = [other for other in hubs if hub.meets(other) and are_nearly(under_hub(hub), under_hub(other))]
        if near and hub.order not in anchors:
            for other in (hub, *near):
                anchors.setdefault(other.order, hub)

    def star(m: Mention) -> object:
        if m.abstract_kind not in ("abstract", "cut") or not m.abstract_clean:
            return None
        hub = hub_of[title_key(m.title), abstract_letters(m.abstract_clean)]
        return anchors.get(hub.order, hub).order

    def under(title: str) -> list[Mention]:
        return [m for m in mentions if title_key(m.title) == title]

    def tells(title: str) -> bool:
        group = under(title)
        return (
            max(len(m.title.split()) for m in group) >= 3
            and len(title) >= 16
            and len({m.arxiv_id for m in group} - {None}) <= 1
            and len({star(m) for m in group} - {None}) <= 1
        )

    def star_of_title(title: str) -> object:
        return next(iter({star(m) for m in under(title)} - {None}), None)

    def ids_of(wanted: object) -> set[str | None]:
        by_text = {m.arxiv_id for m in mentions if star(m) == wanted}
        titles = {title_key(m.title) for m in mentions}
        by_title = {
            m.arxiv_id for title in titles if tells(title) and star_of_title(title) == wanted for m in under(title)
        }
        return (by_text | by_title) - {None}

    def cluster(m: Mention) -> object:
        title = title_key(m.title)
        if m.arxiv_id:
            return m.arxiv_id
        beside = star(m) or (star_of_title(title) if tells(title) else None)
        if beside is not None:
            ids = ids_of(beside)
            if len(ids) < 2:
                return next(iter(ids), beside)
        if tells(title):
            ids = {o.arxiv_id for o in under(title)} - {None}
            return next(iter(ids), ("title", title))
        letters = abstract_letters(m.abstract_clean or "")
        if star(m) is not None:
            ids = {o.arxiv_id for o in shown[title, letters]} - {None}
            return next(iter(ids)) if len(ids) == 1 else (title, letters)
        return (title, m.abstract_kind, letters) if m.abstract_clean else m.mention_id

    groups: dict[object, set[str]] = {}
    for m in mentions:
        groups.setdefault(cluster(m), set()).add(m.mention_id)
    return {frozenset(group) for group in groups.values()}


FULL = ["We walk. Far, in cold rain.", "we walk far in cold rain", "We sit still."]
#: Long enough for sketches: a text, with typing errors, cut, revised, with other numbers; and another.
WALK = (
    "Ants that walk far in cold rain lose their way. We follow 40 of them through moss and gravel for 12 days, and "
    "count each turn. A compass of grass does not help them; a song does. With a song 31 of 40 come home, without one "
    "only 7. We close with a map of all paths, and with the song, which is short and easily learned by other ants."
)
LONG_TEXTS = [
    (WALK, "abstract"),
    (WALK.replace("compass", "compas").replace("learned", "lerned"), "abstract"),
    (WALK[:150] + "...", "cut"),
    (WALK[:200] + "Nothing else is known of them, and nobody will ask again before the next rain comes.", "abstract"),
    (WALK.replace("40", "90").replace("12", "3").replace("31", "8").replace("7", "2"), "abstract"),
    (
        "Moss sits still. " + "It does so for long, and nobody has asked it why it does not mind the cold rain. " * 4,
        "abstract",
    ),
]


@st.composite
def mention_lists(draw: st.DrawFn) -> list[Mention]:
    texts = st.one_of(
        st.tuples(st.sampled_from(FULL), st.just("abstract")),
        st.tuples(st.sampled_from(["We walk. F...", "We walk far in\u2026", "We sit", "We"]), st.just("cut")),
        st.tuples(st.sampled_from(["Ants walk.", "Ants sit.", "We sit still."]), st.just("summary")),
        st.sampled_from(LONG_TEXTS),
        st.sampled_from(LONG_TEXTS),
        st.just((None, None)),
    )
    # few titles, so that most lists have rows that meet; a title of each kind, written in two ways
    titles = draw(
        st.sampled_from(
            [
                [LONG, "Deep Ants: walk far in Cold-Rain"],
                [LONG, LONG.replace("Walk", "Wlak"), LONG.replace("Cold", "Colld").replace("Rain", "Rian")],
                [LONG + " 1", LONG + " 2", LONG],
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


@examples(60, 400, mention_lists())
def test_clusters_are_those_of_the_slow_oracle(mentions: list[Mention]) -> None:
    assert clusters(run(mentions)) == oracle(mentions)


@examples(15, 100, mention_lists(), st.randoms())
def test_the_order_of_rows_changes_nothing(mentions: list[Mention], order: random.Random) -> None:
    shuffled = order.sample(mentions, len(mentions))
    assert run(mentions).paper_mentions.equals(run(shuffled).paper_mentions)


@examples(15, 100, mention_lists())
def test_a_second_run_keeps_every_id_and_rule(mentions: list[Mention]) -> None:
    first = run(mentions)
    second = run(mentions, first)
    assert second.paper_mentions.equals(first.paper_mentions)
    assert (second.counts.new_papers, second.counts.merged) == (0, 0)


@examples(15, 100, mention_lists(), st.data())
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
    assert third.counts.merged == 1


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
    assert (both.counts.new_papers, both.counts.merged) == (0, 0)


def test_all_forms_of_one_paper_are_one_paper_with_the_rule_of_each() -> None:
    result = run([TEXT, CARD, TRENDING, TRENDING_WITHOUT_ID, CUT, JSON])
    assert dict(result.paper_mentions.select("mention_id", "rule").rows()) == {
        "text": "new_paper",
        "card": "same_title",
        "trending": "same_title",
        "unnamed": "same_title",
        "cut": "same_title_similar_abstract",
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
    other = CUT._replace(abstract_clean="We walked ...")
    assert clusters(run([*cuts, other])) == {frozenset(m.mention_id for m in cuts), frozenset(["cut"])}


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


@settings(deadline=None, max_examples=40)
@given(mention_lists())
def test_no_paper_has_two_arxiv_ids_and_no_title_joins_two_abstracts(mentions: list[Mention]) -> None:
    rows = {m.mention_id: m for m in mentions}
    result = run(mentions)
    for group in clusters(result):
        assert len({rows[m].arxiv_id for m in group} - {None}) <= 1
    for mention, rule in result.paper_mentions.select("mention_id", "rule").rows():
        if rule == "same_title":
            same = {m.mention_id for m in mentions if title_key(m.title) == title_key(rows[mention].title)}
            assert result.paper_mentions.filter(pl.col("mention_id").is_in(same))["paper_id"].n_unique() == 1


# ---------------------------------------------------------------------------------------------
# texts that are not the same


def of_walk(
    mention: str, title: str = LONG, text: str = WALK, arxiv_id: str | None = None, kind: str = "abstract"
) -> Mention:
    return Mention(mention, arxiv_id, 1, title, text, kind)


@pytest.mark.parametrize(
    ("title", "text", "kind"),
    [
        pytest.param(LONG, WALK[:120] + "...", "cut", id="cut off"),
        pytest.param(SHORT, WALK[:120], "abstract", id="cut off without a mark, short title"),
        pytest.param(LONG, WALK.replace("compass of grass", "cmpass fo gras"), "abstract", id="typing errors"),
        pytest.param(LONG, LONG_TEXTS[3][0], "abstract", id="revised"),
        pytest.param(LONG, WALK.replace(" ", "").replace(".", ". "), "abstract", id="glued words"),
        pytest.param(LONG.replace("Walk", "Wlak"), WALK, "abstract", id="typing error in the title"),
        pytest.param("Deep \\textbf{Ants} Walk Far in Cold Rain", WALK, "abstract", id="LaTeX in the title"),
        pytest.param("deep ants — walk far in coldrain", WALK.upper(), "abstract", id="case, dash, glued title"),
    ],
)
def test_versions_of_one_text_are_one_paper(title: str, text: str, kind: str) -> None:
    base = of_walk("base", SHORT if title == SHORT else LONG)
    assert len(clusters(run([base, of_walk("other", title, text, kind=kind)]))) == 1


@pytest.mark.parametrize(
    ("title", "text", "arxiv_id", "kind"),
    [
        pytest.param(LONG, LONG_TEXTS[5][0], None, "same_title", id="same title"),
        pytest.param("Songs That Bring Ants Home", WALK, None, "retitled", id="retitled"),
        pytest.param(
            "Songs That Bring Ants Home",
            WALK + " " + LONG_TEXTS[5][0],
            None,
            "extended_version",
            id="extended version",
        ),
        pytest.param(LONG.replace("Walk", "Wake"), LONG_TEXTS[4][0], None, "same_template", id="other numbers"),
        pytest.param(LONG, WALK, "2401.00002", None, id="another arXiv id"),
    ],
)
def test_papers_that_look_alike_stay_apart_and_are_told(
    title: str, text: str, arxiv_id: str | None, kind: str | None
) -> None:
    base = of_walk("base", arxiv_id="2401.00001" if arxiv_id else None)
    result = run([base, of_walk("other", title, text, arxiv_id)])
    assert len(clusters(result)) == 2
    assert result.related_papers["kind"].to_list() == ([kind] if kind else [])


@pytest.mark.parametrize(
    ("a", "b"),
    [("Ants of Iran in Cold Rain", "Ants of Iraq in Cold Rain"), ("Ants in Rain: Part II", "Ants in Rain: Part I")],
)
def test_a_word_of_the_title_that_the_text_repeats_is_no_typing_error(a: str, b: str) -> None:
    rows = [of_walk(m, title, f"{WALK} These are the {title}.") for m, title in (("a", a), ("b", b))]
    assert len(clusters(run(rows))) == 2


def test_small_steps_do_not_chain_one_title_to_another() -> None:
    steps = ["Deep Ants Walk Far in Cold Rain by Night", "Deep Ants Walk Far in Cold Rian by Night"]
    steps += ["Deep Ants Walk Far in Cold Rian by Nihgt", "Deep Ants Wlak Fra in Cold Rian by Nihgt"]
    rows = [of_walk(f"m{i}", title) for i, title in enumerate(steps)]
    assert len(clusters(run([*rows[:2]]))) == 1
    assert len(clusters(run([rows[0], rows[3]]))) == 2
    papers = {m: paper_of(run(rows), m) for m in ("m0", "m3")}
    assert papers["m0"] != papers["m3"]


def test_a_text_under_two_ids_tells_neither_and_near_texts_go_with_their_own() -> None:
    one, two = of_walk("one", arxiv_id="2401.00001"), of_walk("two", text=LONG_TEXTS[1][0], arxiv_id="2401.00002")
    same, cut = of_walk("same"), of_walk("cut", text=WALK[:150], kind="cut")
    assert clusters(run([one, two, same, cut])) == {frozenset(["one", "same"]), frozenset(["two"]), frozenset(["cut"])}


@given(st.lists(st.binary(max_size=90).map(lambda text: bytes(97 + code % 3 for code in text)), max_size=5))
def test_sketches_are_those_of_every_window(texts: list[bytes]) -> None:
    texts = [text * 3 for text in texts]
    sketches = sketch(texts)
    assert [sketches.of(i).tolist() for i in range(len(texts))] == [sample_of(text) for text in texts]
    assert Sketches.from_series(sketches.to_series("s")).hashes.tolist() == sketches.hashes.tolist()


def test_a_title_over_very_many_texts_is_cut_and_told() -> None:
    rows = [
        of_walk(f"m{n:04}", "Untitled", f"Text number {n} of the moss says {n * 7919} things. " * 6) for n in range(300)
    ]
    result = run([*rows, rows[0]._replace(mention_id="again")])
    assert (len(clusters(result)), result.counts.left) == (300, 300 - MOST_OF_ONE_TITLE)
    assert paper_of(result, "again") == paper_of(result, "m0000")


def test_a_passage_that_very_many_texts_have_is_a_phrase_and_told() -> None:
    phrase = "We thank the moss of all the ravines for the patience that it has shown to us and to the ants. "
    rows = [
        of_walk(f"m{n:04}", f"Paper on Ravine Number {n}", phrase + f"Ravine {n} holds {n * 31} stones, no more. " * 9)
        for n in range(60)
    ]
    result = run(rows)
    assert len(clusters(result)) == 60
    assert result.counts.cut > 0


def test_an_id_is_made_of_the_title_as_the_page_shows_it() -> None:
    """LaTeX is undone to compare titles; ids of papers that are known by their title and abstract stay what they were."""
    title = "Deep \\textbf{Ants} Walk Far in Cold Rain"
    made = paper_of(run([of_walk("a", title)]), "a")
    assert made == stable_id("p", title_key(title), key_of_letters(abstract_letters(WALK)), "")


# ---------------------------------------------------------------------------------------------
# new mentions against what is known


@st.composite
def many_alike(draw: st.DrawFn) -> list[Mention]:
    """Mentions of few titles and of texts made of few passages, so that many meet and shingles become common and rare."""
    passages = [
        "".join(
            f"Of the {name * n} ants none walks by night, {n} sing {name} by day and so do we. " for n in range(1, 5)
        )
        for name in "abcde"
    ]
    text = st.lists(st.sampled_from(passages), min_size=1, max_size=4).map("".join)
    title = st.sampled_from([LONG, LONG.replace("Walk", "Wlak"), LONG.replace("Rain", "Rian"), "Moss " + LONG, SHORT])
    ids = st.sampled_from([None, None, None, "2401.00001", "2401.00002"])
    kind = st.sampled_from(["abstract", "abstract", "abstract", "cut", "summary"])
    rows = draw(st.lists(st.tuples(ids, title, text, kind), min_size=1, max_size=16))
    return [Mention(f"m{n:02}", arxiv, 1, title, *text) for n, (arxiv, title, *text) in enumerate(rows)]


def side_of(mention: Mention) -> Side:
    row = keyed([mention]).row(0, named=True)
    return Side(
        mention.mention_id, mention.title, row["title_key"], row["text_key"], row["abstract_kind"], row["arxiv_id"]
    )


@st.composite
def decision_lists(draw: st.DrawFn, mentions: list[Mention]) -> list[Decision]:
    one = st.sampled_from(mentions).map(side_of)
    verdicts = st.sampled_from(["same", "different"])
    return [
        Decision(verdict, a, (b,), "seen", datetime(2026, 1, 1))
        for verdict, a, b in draw(st.lists(st.tuples(verdicts, one, one), max_size=3))
    ]


@pytest.mark.parametrize("most", [40, 3, 1], ids=["no common shingle", "some common", "all common"])
@examples(12, 100, st.one_of(mention_lists(), many_alike()), st.data())
def test_any_order_of_arrival_ends_where_one_run_of_all_does(
    most: int, mentions: list[Mention], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(mentions))
    loads = data.draw(st.lists(st.integers(0, len(order)), max_size=3))
    known = [data.draw(decision_lists(mentions)) for _ in range(len(loads) + 1)]
    with pytest.MonkeyPatch.context() as patch:
        for module in (neighbours, matching):
            patch.setattr(module, "MOST_OF_ONE_SHINGLE", most)
        patch.setattr(contents, "MOST_OF_ONE_TITLE", most)
        state = None
        for load, (end, decisions) in enumerate(zip([*sorted(loads), len(order)], known, strict=True), 1):
            state = run(order[:end], state, load, decisions=decisions)
        assert state is not None
        at_once = run(mentions, decisions=known[-1])
        rebuilt = run(mentions, state, len(known), rebuild=True, decisions=known[-1])
    assert clusters(state) == clusters(at_once)
    for name, rows in state.tables.items():
        # also what is stored: else a later run would start from something else
        assert rows.equals(rebuilt.tables[name]), name
        if name in ("matching.mentions", "matching.words", "matching.texts", "matching.lookups", "matching.pairs"):
            assert rows.equals(at_once.tables[name]), name


def test_a_text_parts_from_its_neighbour_when_a_longer_one_stands_for_its_title() -> None:
    """The longer text shares a passage with the one, so under one title they are versions, and too little with the neighbour."""
    parts = [
        " ".join(f"{name} {n * 37} ants walk by night." for n in range(9))
        for name in ("Red", "Old", "Big", "New", "Odd")
    ]
    rows = [
        of_walk("one", LONG, " ".join(parts[:3])),
        of_walk("near", LONG.replace("Walk", "Wlak"), " ".join(parts[:3])),
    ]
    longer = of_walk("longer", LONG, " ".join([parts[0], parts[3] * 2, parts[4] * 3, "We end. " * 30]))
    first = run(rows)
    assert len(clusters(first)) == 1
    second = run([*rows, longer], first, 2)
    at_once = run([*rows, longer])
    assert clusters(second) == clusters(at_once) == {frozenset(["one", "longer"]), frozenset(["near"])}
    assert second.tables["matching.mentions"].equals(at_once.tables["matching.mentions"])


def test_a_few_new_mentions_read_and_write_only_what_they_touch() -> None:
    rows = [
        of_walk(f"m{n:03}", f"Ants Number {n} and the Long Rain", f"{n} ants walk. {WALK[::-1]} {n}") for n in range(50)
    ]
    first = run(rows)
    second = run([*rows, rows[7]._replace(mention_id="again")], first, 2)
    assert (second.counts.new, second.counts.matched) == (1, 2)


# ---------------------------------------------------------------------------------------------
# what people decided


def decided(verdict: str, a: Mention, b: Mention) -> Decision:
    return Decision(verdict, side_of(a), (side_of(b),), "seen", datetime(2026, 1, 1))


ALONE = [of_walk(name, f"Paper {name} on Moss and its Ravines", f"{name} holds stones. " * 20) for name in "abcd"]


def test_a_split_takes_a_mention_out_of_a_chain_of_merges() -> None:
    a, b, c, d = ALONE
    chain = [decided("same", a, b), decided("same", b, c), decided("same", c, d)]
    result = run(ALONE, decisions=[*chain, decided("different", d, b)])
    assert clusters(result) == {frozenset("acd"), frozenset("b")}
    assert result.counts.states == ["overruled", "overruled", "applied", "applied"]


def test_a_split_of_one_mention_leaves_the_others_where_they_were_merged() -> None:
    full, cut = of_walk("full"), of_walk("cut", text=WALK[:150], kind="cut")
    merge = decided("same", full, ALONE[0])
    result = run([full, cut, ALONE[0]], decisions=[merge, decided("different", ALONE[0], full)])
    assert clusters(result) == {frozenset(["cut", "a"]), frozenset(["full"])}


def test_what_is_merged_after_a_split_is_merged_with_the_part() -> None:
    a, b, c, _ = ALONE
    decisions = [decided("same", a, b), decided("different", a, b), decided("same", b, c)]
    assert clusters(run(ALONE, decisions=decisions)) == {frozenset("a"), frozenset("bc"), frozenset("d")}


def test_an_id_that_a_merge_gave_up_comes_back_when_the_merge_is_taken_back() -> None:
    first = run(ALONE)
    merged = run(ALONE, first, 2, decisions=[decided("same", ALONE[0], ALONE[1])])
    assert merged.merged_papers.height == 1
    back = run(ALONE, merged, 3)
    assert back.paper_mentions.equals(first.paper_mentions)
    assert back.merged_papers.is_empty()


# ---------------------------------------------------------------------------------------------
# what new users found


@pytest.mark.parametrize(("a", "b"), [("Part A", "Part II"), ("Part I", "Part A"), ("Model S", "Model M")])
def test_labels_of_a_letter_or_two_are_no_typing_errors(a: str, b: str) -> None:
    rows = [of_walk(m, f"{LONG}: {title}") for m, title in (("a", a), ("b", b))]
    assert len(clusters(run(rows))) == 2


def test_a_copy_is_found_where_all_its_passages_are_phrases() -> None:
    rows = [of_walk(f"m{n:02}", f"Paper on {n * 7919} Ravines and on Long Rain by Night") for n in range(60)]
    rows = [row._replace(abstract_clean=f"{WALK} {n}") for n, row in enumerate(rows)]
    copy = rows[7]._replace(mention_id="copy", title=rows[7].title.replace("Night", "Nihgt"))
    result = run([*rows, copy])
    assert paper_of(result, "copy") == paper_of(result, "m07")


def test_a_title_without_spaces_tells_by_its_letters() -> None:
    title = "冷雨中行走的蚂蚁如何在夜间找到回家的路"
    rows = [Mention("text", None, 1, title, WALK), Mention("card", "2401.00001", 2, title, None, None)]
    assert len(clusters(run(rows))) == 1
