"""Keys and near texts in, clusters out: which mentions are one paper, and which papers are related."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping

import numpy as np
import polars as pl

from etl_project.dedupe.keys import mixed, numbers_of
from etl_project.dedupe.rules import (
    LEAST_SKETCH,
    LEAST_TITLE_LETTERS,
    LEAST_TITLE_WORDS,
    NEAR_TEXT,
    RELATED_TEXT,
    judge,
    titles_nearly_agree,
)
from etl_project.dedupe.sketches import Sketches

#: Gives the title and the cleaned abstract of mentions, by mention_id.
Shown = Callable[[Collection[str]], Mapping[str, tuple[str, str]]]

#: Pairs of texts that stand for their papers (nodes a < b): ``kind`` is ``same``, or how they are related; and the
#: first mentions that show them. Where the titles nearly agree, ``judged_a`` and ``judged_b`` are the mentions whose texts
#: decided.
PAIRS: dict[str, type[pl.DataType]] = {
    "a": pl.UInt64,
    "b": pl.UInt64,
    "kind": pl.String,
    "containment": pl.Float64,
    "mention_a": pl.String,
    "mention_b": pl.String,
    "judged_a": pl.String,
    "judged_b": pl.String,
}

#: Where a mention was put: ``content`` is the text (node) that stands for its paper under its title, ``star`` that which
#: stands for it under all titles that nearly agree, ``title_tells`` that its title alone joins, ``ambiguous`` that its text
#: stands under several ids; ``found_cluster`` is the rules' word, ``cluster`` what holds once people's decisions are applied.
PLACES: dict[str, type[pl.DataType]] = {
    "content": pl.UInt64,
    "star": pl.UInt64,
    "title_tells": pl.Boolean,
    "ambiguous": pl.Boolean,
    "found_cluster": pl.UInt64,
    "cluster": pl.UInt64,
}


def near_pairs(texts: pl.DataFrame, sketches: Sketches, candidates: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return those of the candidates (nodes a, b) that share passages (``PAIRS``), and which of them have nearly one title.

    ``texts`` holds the candidates (node, title, title_key, letters, mention_id), row i's sketch is ``sketches``' i.
    """
    place = pl.DataFrame({"node": texts["node"], "place": np.arange(texts.height)})
    at = candidates.join(place, left_on="a", right_on="node").join(place, left_on="b", right_on="node", suffix="_b")
    a, b = at["place"].to_numpy(), at["place_b"].to_numpy()
    containment = sketches.containment(a, b)
    short = np.minimum(sketches.sizes(a), sketches.sizes(b)) < LEAST_SKETCH
    title = texts["title"].to_numpy()  # texts under one title were compared before
    kept = np.flatnonzero((containment >= RELATED_TEXT) & ~short & (title[a] != title[b]))
    a, b, shared = a[kept], b[kept], containment[kept]
    letters = texts["letters"].to_numpy()
    fewer, more = np.minimum(letters[a], letters[b]), np.maximum(letters[a], letters[b])
    kinds = np.where(fewer > 0.9 * more, 1, 2)
    kinds[shared < NEAR_TEXT] = 0
    titles_a, titles_b = (texts["title_key"].gather(ends).to_list() for ends in (a, b))
    near = [titles_nearly_agree(one, other) for one, other in zip(titles_a, titles_b, strict=True)]
    pairs = at.select("a", "b")[kept].with_columns(
        kind=pl.Series(["similar", "retitled", "extended_version"]).gather(kinds),
        containment=pl.Series(shared),
        mention_a=texts["mention_id"].gather(a),
        mention_b=texts["mention_id"].gather(b),
        judged_a=pl.lit(None, pl.String),
        judged_b=pl.lit(None, pl.String),
    )
    return pairs, pl.Series(near, dtype=pl.Boolean)


def nearest_texts(pairs: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs that share enough to be judged, with those two texts of each that share most, ``judged_a``, ``judged_b``.

    ``texts`` holds all texts for which those of the pairs stand (``content``, mention_id, sketch): what stands for its
    title may be a later version than that under the other title.
    """
    texts = texts.with_row_index("place")
    sketches = Sketches.from_series(texts["sketch"])
    some = texts.select("content", "place", "mention_id")
    both = pairs.drop("judged_a", "judged_b").join(some, left_on="a", right_on="content")
    both = both.join(some, left_on="b", right_on="content", suffix="_b")
    x, y = (both[name].cast(pl.Int64).to_numpy() for name in ("place", "place_b"))
    shorter, shares = np.minimum(sketches.sizes(x), sketches.sizes(y)), sketches.containment(x, y)
    return (
        both.with_columns(share=shares, shared=np.round(shares * shorter), shorter=shorter)
        .sort("shared", "shorter", "mention_id", "mention_id_b", descending=[True, True, False, False])
        .unique(["a", "b"], keep="first", maintain_order=True)
        .filter(pl.col("share") >= NEAR_TEXT)
        .rename({"mention_id": "judged_a", "mention_id_b": "judged_b"})
        .select(list(PAIRS))
    )


def judged(pairs: pl.DataFrame, shown: Shown) -> pl.DataFrame:
    """Return pairs of nearly one title with the kind that the texts of judged_a and judged_b give them.

    ``same``, ``same_template``, or what they were where nothing proves either.
    """
    words = shown({*pairs["judged_a"], *pairs["judged_b"]})
    kinds = {"one": "same", "two": "same_template", "unproven": None}
    told = [kinds[judge(*words[one], *words[other])] for one, other in pairs.select("judged_a", "judged_b").iter_rows()]
    return pairs.with_columns(kind=pl.coalesce(pl.Series(told, dtype=pl.String), "kind"))


def same_titles(mentions: pl.DataFrame) -> pl.DataFrame:
    """Return pairs (``PAIRS``) of the texts that stand for the papers of one title: the first with each other.

    ``mentions`` are all of their titles, with ``title`` and ``content``.
    """
    hubs = (
        mentions.filter(pl.col("content").is_not_null())
        .group_by("title", "content")
        .agg(pl.col("mention_id").min())
        .filter(pl.len().over("title") > 1)
        .sort("title", "content")
        .with_columns(
            first=pl.col("content").first().over("title"), first_mention=pl.col("mention_id").first().over("title")
        )
        .filter(pl.col("content") != pl.col("first"))
    )
    return hubs.select(
        a="first", b="content", kind=pl.lit("same_title"), containment=pl.lit(0.0),
        mention_a="first_mention", mention_b="mention_id", judged_a=pl.lit(None, pl.String), judged_b=pl.lit(None, pl.String),
    )  # fmt: skip


def stars(same: pl.DataFrame, mentions: pl.DataFrame) -> pl.DataFrame:
    """Return for each text that joins others (``content``) its anchor, ``star``, of pairs of the kind ``same``.

    Each text is joined to the anchor itself, never by way of a third: a chain of small steps would lead from one title
    to quite another. The text with most mentions is the first anchor. ``mentions`` are all of the texts' titles, with
    their ``content``.
    """
    beside: dict[int, list[int]] = defaultdict(list)
    for a, b in same.select("a", "b").iter_rows():
        beside[a].append(b)
        beside[b].append(a)
    ends = pl.Series("content", list(beside), dtype=pl.UInt64)
    shown = dict(mentions.filter(pl.col("content").is_in(ends.implode())).group_by("content").len().iter_rows())
    anchors: dict[int, int] = {}
    for node in sorted(beside, key=lambda node: (-shown[node], node)):
        if node not in anchors:
            for other in (node, *beside[node]):
                anchors.setdefault(other, node)
    return pl.DataFrame(
        {"content": list(anchors), "star": list(anchors.values())}, schema={"content": pl.UInt64, "star": pl.UInt64}
    )


def resolve(mentions: pl.DataFrame) -> pl.DataFrame:
    """Return the mentions (keys, ``content``, ``star``) with ``title_tells``, ``ambiguous`` and ``found_cluster``.

    They have to be all mentions of their titles and of their stars. A mention's cluster is its arXiv id; without one,
    the only id of the texts that are one with its own (``star``), or those texts themselves. Where they show several
    ids, its title decides if that tells, else the id under which the same text stands, else the text alone: which paper
    is meant cannot be known. A mention without the paper's own words goes by its title, if that tells.
    """
    titles = (
        mentions.group_by("title")
        .agg(
            title_id=pl.col("arxiv").min(),
            last_id=pl.col("arxiv").max(),
            title_star=pl.col("star").min(),
            last_star=pl.col("star").max(),
            words=pl.col("title_words").max(),  # a search page that marks its words loses and adds spaces
            letters=pl.col("title_letters").first(),
        )
        .select(
            "title",
            "title_id",
            "title_star",
            title_tells=pl.col("title_id").eq_missing(pl.col("last_id"))
            & pl.col("title_star").eq_missing(pl.col("last_star"))
            & (pl.col("words") >= LEAST_TITLE_WORDS)
            & (pl.col("letters") >= LEAST_TITLE_LETTERS),
        )
    )
    of_texts = mentions.select("star", "arxiv")
    of_titles = titles.filter("title_tells").select(star="title_star", arxiv="title_id")
    of_stars = _ids(pl.concat([of_texts, of_titles]), "star")
    told = (
        mentions.join(titles, on="title", how="left", maintain_order="left")
        .with_columns(by_star=pl.coalesce("star", pl.when("title_tells").then("title_star")))
        .join(of_stars, left_on="by_star", right_on="star", how="left", maintain_order="left")
        .join(_ids(mentions, "node"), on="node", how="left", maintain_order="left")
        .with_columns(pl.col("ambiguous_star", "ambiguous_node").fill_null(False))
    )
    by_star, by_title, by_text, by_words = (
        _named(told[name], number) for number, name in enumerate(("by_star", "title", "node", "other"))
    )
    has_star = pl.col("by_star").is_not_null() & ~pl.col("ambiguous_star")
    named = told.with_columns(
        found_cluster=pl.coalesce(
            "arxiv",
            pl.when(has_star).then(pl.coalesce("id_star", by_star)),
            pl.when("title_tells").then(pl.coalesce("title_id", by_title)),
            pl.when(pl.col("star").is_not_null() & ~pl.col("ambiguous_node")).then("id_node"),
            by_text,
            by_words,
        )
    )
    alone = named.filter(pl.col("found_cluster").is_null())
    names = numbers_of([mention.encode() for mention in alone["mention_id"].to_list()]) & ~np.uint64(1)
    alone = alone.with_columns(found_cluster=pl.Series(names, dtype=pl.UInt64))
    return pl.concat([named.filter(pl.col("found_cluster").is_not_null()), alone]).select(
        *mentions.columns, "title_tells", "found_cluster", ambiguous="ambiguous_node"
    )


def _ids(mentions: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return ``id_...``, an arXiv id that stands by each value of ``by``, and whether there are several, ``ambiguous_...``."""
    return (
        mentions.filter(pl.col(by).is_not_null() & pl.col("arxiv").is_not_null())
        .group_by(by)
        .agg(pl.col("arxiv").min().alias(f"id_{by}"), last=pl.col("arxiv").max())
        .select(by, f"id_{by}", (pl.col(f"id_{by}") != pl.col("last")).alias(f"ambiguous_{by}"))
    )


def _named(values: pl.Series, number: int) -> pl.Series:
    """Return the even names of clusters that are called by a star, a title, a text or other words; null where that is missing."""
    names = mixed(values.fill_null(0).to_numpy(), number + 1) & ~np.uint64(1)
    return pl.select(pl.when(values.is_not_null()).then(pl.Series(names))).to_series()
