"""Keys and near texts in, clusters out: which mentions are one paper, and which papers are related."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping

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
#: first mentions that show them.
PAIRS: dict[str, type[pl.DataType]] = {
    "a": pl.UInt64,
    "b": pl.UInt64,
    "kind": pl.String,
    "containment": pl.Float64,
    "mention_a": pl.String,
    "mention_b": pl.String,
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


def near_pairs(
    texts: pl.DataFrame,
    sketches: Sketches,
    candidates: pl.DataFrame,
    under: Callable[[pl.Series], pl.DataFrame],
    shown: Shown,
) -> pl.DataFrame:
    """Return those of the candidates (nodes a, b) that share passages (``PAIRS``).

    ``texts`` are rows of ``contents.texts_of``, row i's sketch is ``sketches``' i; ``under`` gives such rows of all texts
    for which some stand, with ``content``. Under titles that nearly agree those two texts decide that share most: what
    stands for its title may be a later version.
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
    kinds = np.where(fewer > 0.9 * more, "retitled", "extended_version")
    kinds = np.where(shared < NEAR_TEXT, "similar", kinds).astype(object)
    titles_a, titles_b = (texts["title_key"].gather(ends).to_list() for ends in (a, b))
    near = [i for i in range(len(kept)) if titles_nearly_agree(titles_a[i], titles_b[i])]
    pairs = at.select("a", "b").with_row_index("i").select("i", "a", "b")[kept]
    of_near = pairs[near].with_columns(i=pl.Series(near, dtype=pl.UInt32))
    for i, same in _judged(of_near, under, shown):
        kinds[i] = "same" if same else "same_template"
    return pl.DataFrame(
        {
            "a": pairs["a"],
            "b": pairs["b"],
            "kind": pl.Series(kinds.tolist(), dtype=pl.String),
            "containment": shared,
            "mention_a": texts["mention_id"].gather(a),
            "mention_b": texts["mention_id"].gather(b),
        },
        schema=PAIRS,
    )


def _judged(
    pairs: pl.DataFrame, under: Callable[[pl.Series], pl.DataFrame], shown: Shown
) -> Iterator[tuple[int, bool]]:
    """Yield those of the pairs (i, a, b) of nearly one title that are one paper (True), or reports of one template."""
    if pairs.is_empty():
        return
    texts = under(pl.concat([pairs["a"], pairs["b"]]).unique()).with_row_index("place")
    sketches = Sketches.from_series(texts["sketch"])
    some = texts.select("content", "place", "mention_id", "title_key")
    both = pairs.join(some, left_on="a", right_on="content").join(some, left_on="b", right_on="content", suffix="_b")
    x, y = (both[name].cast(pl.Int64).to_numpy() for name in ("place", "place_b"))
    shorter = np.minimum(sketches.sizes(x), sketches.sizes(y))
    shares = sketches.containment(x, y)
    nearest = (
        both.with_columns(share=shares, shared=np.round(shares * shorter), shorter=shorter)
        .sort("shared", "shorter", "mention_id", "mention_id_b", descending=[True, True, False, False])
        .unique("i", keep="first", maintain_order=True)
        .filter(pl.col("share") >= NEAR_TEXT)
    )
    words = shown({*nearest["mention_id"], *nearest["mention_id_b"]})
    for i, one, other, key_a, key_b in nearest.select(
        "i", "mention_id", "mention_id_b", "title_key", "title_key_b"
    ).iter_rows():
        verdict = judge((key_a, key_b), *words[one], *words[other])
        if verdict != "unproven":
            yield i, verdict == "one"


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
        mention_a="first_mention", mention_b="mention_id",
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
    names = {
        node: (title, text)
        for node, title, text in mentions.filter(pl.col("node").is_in(ends.implode()))
        .select("node", "title_key", "text_key")
        .unique("node")
        .iter_rows()
    }
    anchors: dict[int, int] = {}
    for node in sorted(beside, key=lambda node: (-shown[node], names[node])):
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
            letters=pl.col("title_key").first().str.len_chars(),
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
    by_star, by_title, by_text = (
        _named(told[name], number) for number, name in enumerate(("by_star", "title", "node"))
    )
    has_star = pl.col("by_star").is_not_null() & ~pl.col("ambiguous_star")
    named = told.with_columns(
        found_cluster=pl.coalesce(
            "arxiv",
            pl.when(has_star).then(pl.coalesce("id_star", by_star)),
            pl.when("title_tells").then(pl.coalesce("title_id", by_title)),
            pl.when(pl.col("star").is_not_null() & ~pl.col("ambiguous_node")).then("id_node"),
            by_text,
        )
    )
    rest = pl.col("found_cluster").is_null()
    others = (
        named.filter(rest).select(_others("abstract_kind", "title_key", "text_key", "mention_id"))["other"].to_list()
    )
    of_others = pl.Series("found_cluster", numbers_of([other.encode() for other in others]) & ~np.uint64(1))
    return pl.concat([named.filter(~rest), named.filter(rest).with_columns(of_others)]).select(
        *mentions.columns, "title_tells", "found_cluster", ambiguous="ambiguous_node"
    )


def _others(kind: str, title: str, text: str, mention: str) -> pl.Expr:
    """What a mention without the paper's own words is one with whose title tells nothing: the same other words, else none."""
    words = pl.concat_str(title, kind, text, separator="\0")
    return pl.coalesce("o\0" + words, "m\0" + pl.col(mention)).alias("other")


def _ids(mentions: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return ``id_...``, an arXiv id that stands by each value of ``by``, and whether there are several, ``ambiguous_...``."""
    return (
        mentions.filter(pl.col(by).is_not_null() & pl.col("arxiv").is_not_null())
        .group_by(by)
        .agg(pl.col("arxiv").min().alias(f"id_{by}"), last=pl.col("arxiv").max())
        .select(by, f"id_{by}", (pl.col(f"id_{by}") != pl.col("last")).alias(f"ambiguous_{by}"))
    )


def _named(values: pl.Series, number: int) -> pl.Series:
    """Return the even names of clusters that are called by a star, a title or a text; null where that is missing."""
    names = mixed(values.fill_null(0).to_numpy(), number + 1) & ~np.uint64(1)
    return pl.select(pl.when(values.is_not_null()).then(pl.Series(names))).to_series()
