"""New mentions against what is known: which of it they can change, the steps of ``dedupe`` on that, and what is written.

A mention's paper depends on the mentions under its title, on near texts under other titles, and on what people decided.
So of a million known mentions only those are read, matched and written that share a title, a looked-up passage or a
paper with a new one; the result is that of matching all anew.
"""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from etl_project.decisions import Decision
from etl_project.dedupe.clusters import (
    PLACES,
    Shown,
    judged,
    near_pairs,
    nearest_texts,
    resolve,
    same_titles,
    stars,
)
from etl_project.dedupe.contents import find_contents, in_order
from etl_project.dedupe.decided import apply_decisions, clusters_decided
from etl_project.dedupe.keys import of_title_keys
from etl_project.dedupe.neighbours import MOST_OF_ONE_SHINGLE, common, find_pairs, lookups
from etl_project.dedupe.papers import name_papers, paper_rows, relate_papers
from etl_project.dedupe.sketches import Sketches
from etl_project.match_store import MENTIONS, TEXTS, WORDS, Store

_KEYS = [name for name in MENTIONS if name not in PLACES]


class Matched(NamedTuple):
    """Counts of one run: mentions that are new and that were matched with them, papers, ids given up.

    ``cut`` counts the shingles of new texts that too many others have, ``left`` the texts that were not compared since
    too many others have their title. ``states`` tells what became of each decision.
    """

    new: int
    matched: int
    new_papers: int
    merged: int
    cut: int
    left: int
    states: list[str]

    def and_then(self, later: "Matched") -> "Matched":
        """Return the counts of two batches of one run."""
        return Matched(
            self.new + later.new,
            self.matched + later.matched,
            self.new_papers + later.new_papers,
            self.merged + later.merged,
            self.cut + later.cut,
            self.left + later.left,
            later.states,
        )


def match(
    store: Store,
    new: pl.DataFrame,
    shown: Shown,
    load: int,
    decisions: Sequence[Decision] = (),
    dumps: Sequence[str] = (),
) -> Matched:
    """Match new mentions (``dedupe.keys``) and write what changes, within a transaction of the caller's.

    ``shown`` gives title and abstract of mentions, ``load`` is the number of the newest load, ``dumps`` are those
    whose mentions are new. Papers known before keep their ids.
    """
    sides = [side for decision in decisions for side in (decision.a, *decision.b)]
    titles = pl.concat([new["title"], of_title_keys(side.title_key for side in sides)]).unique()
    known = store.of_titles(titles)
    group = pl.concat([known.select(_KEYS), new.select(_KEYS)])
    words = _Words(store, new)
    texts = _compare_titles(group, known, words)
    near = _compare_neighbours(store, texts, words, shown)
    group = group.join(texts.contents, on="node", how="left", maintain_order="left")
    titled = _Pairs(known["content"].drop_nulls().unique(), same_titles(group))
    more, same = _reached(store, group, texts, near)
    old = pl.concat([known.select("mention_id", *PLACES), more.select("mention_id", *PLACES)])
    group = pl.concat([group, more.select(group.columns)])
    placed = resolve(
        group.join(stars(same, group), on="content", how="left", maintain_order="left").with_columns(
            star=pl.coalesce("star", "content")
        )
    )
    placed, old, states = _decided(store, placed, old, words, decisions)

    beside = store.of_clusters(pl.concat([placed["cluster"], old["cluster"]])).join(placed, on="mention_id", how="anti")
    clustered = pl.concat([placed.select(list(MENTIONS)), beside])
    before = store.papers(clustered["mention_id"])
    restored = store.restored_papers(clustered["mention_id"]).join(before, on="mention_id", how="anti")
    named = name_papers(clustered, pl.concat([before, restored]), words.of, store.taken, load)
    touched = pl.concat([named.mentions["paper_id"], before["paper_id"]]).unique()
    pairs = _pairs_now(store, clustered["content"], near, titled)
    related = relate_papers(pairs, _papers_of(store, pairs, named.mentions)).filter(
        pl.col("paper_id").is_in(touched.implode()) | pl.col("related_paper_id").is_in(touched.implode())
    )

    moved = placed.select(list(MENTIONS)).join(old, on=["mention_id", *PLACES], how="anti", nulls_equal=True)
    store.put_mentions(moved)
    store.add("words", new)
    store.add("texts", texts.texts.join(known, on="node", how="anti"))
    store.forget_texts(texts.removed)
    store.add("lookups", near.lookups)
    store.put_pairs(near.pairs.anew, near.pairs.pairs, "kind <> 'same_title'")
    store.put_pairs(titled.anew, titled.pairs, "kind = 'same_title'")
    changed = named.mentions.join(before, on=before.columns, how="anti")
    gone = before.join(named.mentions, on=before.columns, how="anti")["mention_id"]
    kinds = clustered.select("mention_id", "abstract_kind").join(words.of(changed["mention_id"]), on="mention_id")
    store.put_papers(gone, paper_rows(changed, kinds))
    store.put_merged(named.given_up, named.mentions["paper_id"])
    store.put_related(touched, related)
    store.add_dumps(dumps)
    return Matched(new.height, clustered.height, named.new, named.given_up.height, near.cut, texts.left, states)


class _Words:
    """What new and known mentions show."""

    def __init__(self, store: Store, new: pl.DataFrame) -> None:
        self.store, self.new = store, new

    def of(self, mentions: pl.Series) -> pl.DataFrame:
        """Return the words (``WORDS``) of mentions."""
        asked = mentions.unique().to_frame("mention_id")
        own = self.new.select(list(WORDS)).join(asked, on="mention_id", how="semi")
        if own.height == asked.height:
            return own
        return pl.concat([own, self.store.words(asked.join(own, on="mention_id", how="anti")["mention_id"])])

    def of_texts(self, mentions: pl.DataFrame) -> pl.DataFrame:
        """Return the texts (``TEXTS``) of mentions, each once with the first mention that shows it, ``in_order``."""
        shown = mentions.filter(pl.col("node").is_not_null())
        first = shown.group_by("node").agg(pl.col("mention_id").min())
        known = self.store.texts(first["node"])
        # rows first: sketches are copied once
        rows = self.new.select("node").with_row_index("row").join(first.join(known, on="node", how="anti"), on="node")
        new = self.new.select(list(TEXTS))[rows.unique("node", keep="any")["row"]]
        texts = pl.concat([known, new])
        return in_order(
            texts.with_columns(texts.select("node").join(first, on="node", how="left", maintain_order="left"))
        )


class _Texts(NamedTuple):
    """The texts under the titles of new mentions, and their ``contents`` (node, content).

    Of those that stand for a paper (nodes each): ``added`` and ``removed`` ones, and ``changed`` ones, which stand for
    another text now or are first shown by another mention.
    """

    texts: pl.DataFrame
    sketches: Sketches
    contents: pl.DataFrame
    added: pl.Series
    removed: pl.Series
    changed: pl.Series
    left: int

    def places(self, nodes: pl.Series) -> pl.Series:
        """Return the rows of ``nodes``."""
        return self.texts.select("node").with_row_index().join(nodes.to_frame("node"), on="node", how="semi")["index"]


class _Pairs(NamedTuple):
    """``pairs`` take the place of all that are stored of the texts ``anew`` (nodes)."""

    anew: pl.Series
    pairs: pl.DataFrame

    def still(self, stored: pl.DataFrame) -> pl.DataFrame:
        """Return the stored pairs that stay."""
        return stored.filter(~pl.col("a").is_in(self.anew.implode()) & ~pl.col("b").is_in(self.anew.implode()))


class _Near(NamedTuple):
    """Pairs of near texts; ``asked``: the texts whose pairs were all found anew; what is looked up of added texts."""

    pairs: _Pairs
    asked: pl.Series
    lookups: pl.DataFrame
    cut: int


def _compare_titles(group: pl.DataFrame, known: pl.DataFrame, words: _Words) -> _Texts:
    texts = words.of_texts(group)
    sketches = Sketches.from_series(texts["sketch"])
    hubs, left = find_contents(texts, sketches)
    contents = texts.select("node", content=texts["node"].gather(hubs))
    now = contents.filter(pl.col("node") == pl.col("content")).select("node")
    was = known.filter(pl.col("node") == pl.col("content")).select("node").unique()
    shown = known.group_by("node", "content").agg(pl.col("mention_id").min())
    standing = texts.select("node", "mention_id").join(contents, on="node")
    changed = standing.join(shown, on=["node", "content", "mention_id"], how="anti")["content"].unique()
    return _Texts(
        texts,
        sketches,
        contents,
        added=now.join(was, on="node", how="anti")["node"],
        removed=was.join(now, on="node", how="anti")["node"],
        changed=changed,
        left=left,
    )


def _compare_neighbours(store: Store, texts: _Texts, words: _Words, shown: Shown) -> _Near:
    """Find the near texts of all that came or changed, and of those that meet others now, or no longer, since a shingle
    became common or rare."""
    added = lookups(texts.texts, texts.sketches, texts.places(texts.added).to_numpy())
    removed = lookups(texts.texts, texts.sketches, texts.places(texts.removed).to_numpy())
    # a phrase has any number of texts: so many tell that it is one, before and after
    most = MOST_OF_ONE_SHINGLE + texts.removed.len() + 1

    def found_under(values: pl.Series) -> pl.DataFrame:
        stored = store.lookups(values, most).filter(~pl.col("node").is_in(texts.removed.implode()))
        return pl.concat([stored, added.filter(pl.col("value").is_in(values.implode()))]).unique()

    def with_stored(compared: pl.DataFrame, nodes: pl.Series) -> tuple[pl.DataFrame, Sketches]:
        missing = nodes.unique().to_frame("node").join(compared, on="node", how="anti")["node"]
        compared = pl.concat([compared, words.of_texts(store.of_nodes(missing))])
        return compared, Sketches.from_series(compared["sketch"])

    compared, sketches, asked, found = texts.texts, texts.sketches, texts.added, added
    if not store.is_empty:
        values = pl.concat([added["value"], removed["value"]]).unique()
        were, are = common(store.lookups(values, most)), common(found := found_under(values))
        turned = pl.concat([were.join(are, on="value", how="anti"), are.join(were, on="value", how="anti")])
        met = found.join(turned, on="value", how="semi")["node"]
        asked = pl.concat([texts.changed, met]).unique()
        compared, sketches = with_stored(compared, asked)
        places = compared.select("node").with_row_index().join(asked.to_frame("node"), on="node", how="semi")["index"]
        found = found_under(lookups(compared, sketches, places.to_numpy())["value"].unique())
    candidates = find_pairs(found)
    if not store.is_empty:
        candidates = candidates.filter(pl.col("a").is_in(asked.implode()) | pl.col("b").is_in(asked.implode()))
        compared, sketches = with_stored(compared, pl.concat([candidates["a"], candidates["b"]]))
    pairs, near = near_pairs(compared, sketches, candidates)
    close = _judged(store, texts, words, shown, pairs.filter(near))
    pairs = pl.concat([close, pairs.join(close, on=["a", "b"], how="anti")])
    return _Near(_Pairs(pl.concat([asked, texts.removed]), pairs), asked, added, common(found).height)


def _judged(store: Store, texts: _Texts, words: _Words, shown: Shown, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return those of the pairs of nearly one title that share enough to be judged; what was judged before is not again."""
    hubs = pl.concat([pairs["a"], pairs["b"]]).unique()
    own = texts.texts.join(texts.contents, on="node").filter(pl.col("content").is_in(hubs.implode()))
    elsewhere = store.of_nodes(hubs.filter(~hubs.is_in(own["content"].implode())))
    others = store.of_titles(elsewhere["title"]).filter(pl.col("content").is_in(hubs.implode()))
    stored = words.of_texts(others).join(others.select("node", "content").unique("node"), on="node")
    nearest = nearest_texts(pairs, pl.concat([own, stored]))
    ends = ["a", "b", "judged_a", "judged_b"]
    before = store.pairs(nearest["a"]).select(*ends, was="kind")
    again = nearest.join(before, on=ends).with_columns(kind="was").drop("was")
    return pl.concat([again, judged(nearest.join(before, on=ends, how="anti"), shown)])


def _reached(store: Store, group: pl.DataFrame, texts: _Texts, near: _Near) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the known mentions under all other titles that pairs of the kind ``same`` lead to, and these pairs.

    Also of those that lead there no longer, and of all texts whose pairs were found anew.
    """
    same = [near.pairs.pairs.filter(pl.col("kind") == "same")]
    lost = store.pairs(near.pairs.anew).filter(pl.col("kind") == "same")
    reached = [store.of_titles(pl.Series(dtype=pl.UInt64))]
    titles = group["title"].unique()
    nodes = pl.concat(
        [group["content"].drop_nulls(), near.asked, *(pair[end] for pair in (lost, *same) for end in "ab")]
    )
    while nodes.len() and not store.is_empty:
        same.append(near.pairs.still(store.pairs(nodes)).filter(pl.col("kind") == "same"))
        nodes = pl.concat([nodes, same[-1]["a"], same[-1]["b"]]).unique()
        there = pl.concat([group["content"], *(more["content"] for more in reached)])
        beyond = nodes.filter(~nodes.is_in(pl.concat([there.drop_nulls(), texts.removed]).implode()))
        more = store.of_titles(store.of_nodes(beyond)["title"]).filter(~pl.col("title").is_in(titles.implode()))
        reached.append(more)
        nodes = more["content"].drop_nulls()
        titles = pl.concat([titles, more["title"]]).unique()
    return pl.concat(reached), pl.concat(same).unique(["a", "b"])


def _decided(
    store: Store, placed: pl.DataFrame, old: pl.DataFrame, words: _Words, decisions: Sequence[Decision]
) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Return the mentions, and all others of clusters that are or were decided about, with ``cluster``; their old places."""
    found = [store.decided()]
    if decisions:
        placed = placed.join(words.of(placed["mention_id"]), on="mention_id")
        clusters = pl.Series(clusters_decided(placed, decisions).values(), dtype=pl.UInt64)
        found.append(store.of_clusters(clusters, found=True))
    others = pl.concat(found).unique("mention_id").join(placed, on="mention_id", how="anti")
    old = pl.concat([old, others.select(old.columns)])
    if decisions:
        others = others.join(words.of(others["mention_id"]), on="mention_id")
    decided, states = apply_decisions(pl.concat([placed, others.select(placed.columns)]), decisions)
    return decided, old, states


def _pairs_now(store: Store, contents: pl.Series, near: _Near, titled: _Pairs) -> pl.DataFrame:
    stored = store.pairs(contents)
    of_titles = pl.col("kind") == "same_title"
    stays = [near.pairs.still(stored.filter(~of_titles)), titled.still(stored.filter(of_titles))]
    return pl.concat([near.pairs.pairs, titled.pairs, *stays])


def _papers_of(store: Store, pairs: pl.DataFrame, named: pl.DataFrame) -> pl.DataFrame:
    """Return the papers of the mentions of pairs: as they were named now, else as they are known."""
    ends = pl.concat([pairs["mention_a"], pairs["mention_b"]]).unique().to_frame("mention_id")
    others = store.papers(ends.join(named, on="mention_id", how="anti")["mention_id"])
    return pl.concat([named, others])
