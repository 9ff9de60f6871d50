"""Keys of mentions in, clusters out: which mentions are one paper, and which papers are related."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl_project.dedupe.contents import DESCENDING, ORDER, find_contents
from etl_project.dedupe.keys import OWN_WORDS
from etl_project.dedupe.neighbours import find_candidates
from etl_project.dedupe.rules import (
    LEAST_SKETCH,
    LEAST_TITLE_LETTERS,
    LEAST_TITLE_WORDS,
    NEAR_TEXT,
    RELATED_TEXT,
    texts_of_one_template,
    titles_nearly_agree,
)
from etl_project.dedupe.sketches import Sketches

#: Gives the title and the cleaned abstract of mentions, by mention_id.
Texts = Callable[[Collection[str]], Mapping[str, tuple[str, str]]]


class Clusters(NamedTuple):
    """``mentions``: the keys with ``cluster`` (equal for mentions of one paper) and what joined them; ``pairs``: near texts.

    ``pairs`` has a row for each two texts under other titles that share passages: mention_a, mention_b (a < b),
    ``kind`` (``same``, or how they are related) and ``containment``. ``cut`` counts shingles too common to be looked up, ``left``
    texts that were not compared since too many others stand under their title.
    """

    mentions: pl.DataFrame
    pairs: pl.DataFrame
    cut: int
    left: int


def find_clusters(keyed: pl.DataFrame, texts_of: Texts) -> Clusters:
    """Return the clusters of mentions, whatever their order. ``keyed`` is what ``keys`` gives."""
    own = keyed.filter(pl.col("abstract_kind").is_in(OWN_WORDS) & pl.col("text_key").is_not_null())
    texts = (
        own.group_by("title_key", "text_key")
        .agg(pl.col("letters", "head", "sketch").first(), pl.col("mention_id").min(), shown=pl.len())
        .sort(*ORDER, descending=list(DESCENDING))
    )
    sketches = Sketches.from_series(texts["sketch"])
    hubs, left = find_contents(texts, sketches)
    pairs, cut = _near_pairs(texts, sketches, np.unique(hubs), texts_of)
    shown = np.bincount(hubs, weights=texts["shown"].to_numpy(), minlength=texts.height).astype(np.int64)
    stars = _stars(pairs.filter(pl.col("kind") == "same"), texts, shown)
    star = np.arange(texts.height)
    for place, anchor in stars.items():
        star[place] = anchor
    placed = texts.select("title_key", "text_key", content=pl.Series(hubs), star=pl.Series(star[hubs]))
    return Clusters(_resolve(keyed, placed), pairs.drop("a", "b"), cut, left)


def _near_pairs(
    texts: pl.DataFrame, sketches: Sketches, hubs: NDArray[np.int64], texts_of: Texts
) -> tuple[pl.DataFrame, int]:
    """Return (a, b, mention_a, mention_b, kind, containment) of hubs under different titles, and how many shingles were cut."""
    found = find_candidates(sketches, hubs, texts["head"].to_list())
    containment = sketches.containment(found.a, found.b)
    short = np.minimum(sketches.sizes(found.a), sketches.sizes(found.b)) < LEAST_SKETCH
    kept = (containment >= RELATED_TEXT) & ~short
    a, b, shared = found.a[kept], found.b[kept], containment[kept]
    titles, mentions, letters = texts["title_key"].to_list(), texts["mention_id"].to_list(), texts["letters"].to_list()
    near = [i for i in range(len(a)) if shared[i] >= NEAR_TEXT and titles_nearly_agree(titles[a[i]], titles[b[i]])]
    shown = texts_of({mentions[place] for i in near for place in (a[i], b[i])}) if near else {}
    kinds = [_related(float(shared[i]), letters[a[i]], letters[b[i]]) for i in range(len(a))]
    for i in near:
        alike = texts_of_one_template(*shown[mentions[a[i]]], *shown[mentions[b[i]]])
        kinds[i] = "same_template" if alike else "same"
    rows = pl.DataFrame(
        {"a": a, "b": b, "kind": pl.Series(kinds, dtype=pl.String), "containment": shared},
    ).with_columns(
        mention_a=pl.Series([mentions[place] for place in a], dtype=pl.String),
        mention_b=pl.Series([mentions[place] for place in b], dtype=pl.String),
    )
    return rows, found.cut


def _related(shared: float, letters_a: int, letters_b: int) -> str:
    """Return how papers under different titles are related whose texts share so much of the smaller."""
    if shared < NEAR_TEXT:
        return "similar"
    return "retitled" if min(letters_a, letters_b) > 0.9 * max(letters_a, letters_b) else "extended_version"


def _stars(same: pl.DataFrame, texts: pl.DataFrame, shown: NDArray[np.int64]) -> dict[int, int]:
    """Return for each text that joins another its anchor.

    Each text is joined to the anchor itself, never by way of a third: a chain of small steps would lead from one title
    to quite another. The text with most mentions is the first anchor.
    """
    beside: dict[int, list[int]] = defaultdict(list)
    for a, b in same.select("a", "b").iter_rows():
        beside[a].append(b)
        beside[b].append(a)
    titles, keys = texts["title_key"], texts["text_key"]
    anchors: dict[int, int] = {}
    for place in sorted(beside, key=lambda at: (-shown[at], titles[at], keys[at])):
        if place not in anchors:
            for other in (place, *beside[place]):
                anchors.setdefault(other, place)
    return anchors


def _resolve(keyed: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Return the keys with ``cluster``, ``content``, ``star`` and ``title_tells``.

    A mention's cluster is its arXiv id; without one, the only id of the texts that are one with its own (``star``), or
    those texts themselves. Where they show several ids, its title decides if that tells, else the id under which the
    same text stands, else the text alone: which paper is meant cannot be known. A mention without the paper's own words
    goes by its title, if that tells.
    """
    own = pl.col("abstract_kind").is_in(OWN_WORDS)
    joined = keyed.join(placed, on=["title_key", "text_key"], how="left").with_columns(
        content=pl.when(own).then("content"), star=pl.when(own).then("star")
    )
    titles = (
        joined.group_by("title_key")
        .agg(
            title_ids=pl.col("arxiv_id").drop_nulls().n_unique(),
            title_id=pl.col("arxiv_id").drop_nulls().min(),
            title_stars=pl.col("star").drop_nulls().n_unique(),
            title_star=pl.col("star").min(),
            words=pl.col("title_words").max(),  # a search page that marks its words loses and adds spaces
        )
        .with_columns(
            title_tells=(pl.col("title_ids") <= 1)
            & (pl.col("title_stars") <= 1)
            & (pl.col("words") >= LEAST_TITLE_WORDS)
            & (pl.col("title_key").str.len_chars() >= LEAST_TITLE_LETTERS)
        )
        .drop("words")
    )
    of_texts = joined.filter(pl.col("star").is_not_null()).select("star", "arxiv_id")
    of_titles = (
        titles.filter("title_tells").select(star="title_star", arxiv_id="title_id").filter(pl.col("star").is_not_null())
    )
    stars = (
        pl.concat([of_texts, of_titles])
        .group_by("star")
        .agg(star_ids=pl.col("arxiv_id").drop_nulls().n_unique(), star_id=pl.col("arxiv_id").drop_nulls().min())
    )
    same_text = (
        joined.filter(pl.col("star").is_not_null())
        .group_by("title_key", "text_key")
        .agg(text_ids=pl.col("arxiv_id").drop_nulls().n_unique(), text_id=pl.col("arxiv_id").drop_nulls().min())
    )
    told = joined.join(titles, on="title_key", how="left").with_columns(
        by_star=pl.coalesce("star", pl.when("title_tells").then("title_star"))
    )
    return (
        told.join(stars, left_on="by_star", right_on="star", how="left")
        .join(same_text, on=["title_key", "text_key"], how="left")
        .with_columns(
            cluster=pl.coalesce(
                "a\0" + pl.col("arxiv_id"),
                pl.when(pl.col("star_ids") == 1).then("a\0" + pl.col("star_id")),
                pl.when(pl.col("star_ids") == 0).then("s\0" + pl.col("by_star").cast(pl.String)),
                pl.when("title_tells").then(pl.coalesce("a\0" + pl.col("title_id"), "n\0" + pl.col("title_key"))),
                pl.when((pl.col("text_ids") == 1) & pl.col("star").is_not_null()).then("a\0" + pl.col("text_id")),
                pl.when(pl.col("star").is_not_null()).then("t\0" + pl.col("title_key") + "\0" + pl.col("text_key")),
                "o\0" + pl.concat_str("title_key", "abstract_kind", "text_key", separator="\0"),
                "m\0" + pl.col("mention_id"),
            )
        )
    )
