"""Which texts under one title are one paper's: titles that agree in every letter, texts that share passages."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl_project.dedupe.rules import LEAST_SKETCH, SAME_TEXT
from etl_project.dedupe.sketches import Sketches

#: Papers of one title that are told apart. A title over more ("Untitled", a table's caption) names nothing, and to compare
#: each text with each hub would cost the square of their number: what is left then stands alone.
MOST_OF_ONE_TITLE = 64


def find_contents(texts: pl.DataFrame, sketches: Sketches) -> tuple[NDArray[np.int64], int]:
    """Return for each text the place of the text that stands for its paper, its *hub*; and how many were not compared.

    ``texts`` holds each text of each title once (title, letters, text_key, head), ``in_order``; row i's sketch is
    ``sketches``' i. Under a title the longest text is a hub and takes all that share a passage with
    it; of those left the longest is the next, and so on. So the result does not depend on the order of arrival, and
    costs one comparison a text for each paper that has the title.
    """
    hubs = np.full(texts.height, -1, np.int64)
    group = texts["title"].rle_id().to_numpy()
    heads = texts["head"].to_list()
    left = np.arange(texts.height)
    for _ in range(MOST_OF_ONE_TITLE):
        if not len(left):
            break
        begins = np.concatenate([np.ones(1, bool), group[left][1:] != group[left][:-1]])
        hub = left[begins][np.cumsum(begins) - 1]
        same = left == hub
        others = np.flatnonzero(~same)
        same[others] = share_a_passage(sketches, heads, left[others], hub[others])
        hubs[left[same]] = hub[same]
        left = left[~same]
    hubs[left] = left
    return _joined(texts, sketches, hubs, np.setdiff1d(np.arange(texts.height), left)), len(left)


def _joined(
    texts: pl.DataFrame, sketches: Sketches, hubs: NDArray[np.int64], compared: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the hubs, where a text shares a passage with several the longest of these."""
    placed = pl.DataFrame({"text": compared, "hub": hubs[compared]}).with_columns(title=texts["title"].gather(compared))
    several = placed.select("title", other="hub").unique().filter(pl.len().over("title") > 1)
    pairs = placed.join(several, on="title").filter(pl.col("hub") != pl.col("other"))
    a, b = (pairs[name].to_numpy() for name in ("text", "other"))
    # by sketches alone: the few words of a short text begin many a paper
    shares = (sketches.containment(a, b) >= SAME_TEXT) & (
        np.minimum(sketches.sizes(a), sketches.sizes(b)) >= LEAST_SKETCH
    )
    joined = np.arange(len(hubs))

    def first(hub: int) -> int:
        while joined[hub] != hub:
            hub = int(joined[hub])
        return hub

    for one, other in pairs.filter(pl.Series(shares)).select("hub", "other").unique().iter_rows():
        ends = first(one), first(other)
        joined[max(ends)] = min(ends)  # the longest text stands first
    for hub in several["other"].to_list():
        joined[hub] = first(hub)
    found: NDArray[np.int64] = joined[hubs]
    return found


def in_order(texts: pl.DataFrame) -> pl.DataFrame:
    """Return texts in the order that ``find_contents`` needs: a title after another, the longest text first."""
    return texts.sort("title", "letters", "text_key", descending=[False, True, False])


def share_a_passage(
    sketches: Sketches, heads: list[bytes | None], a: NDArray[np.int64], b: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say for each pair of texts under one title whether they are versions of one text.

    Texts too short for a sketch are if one's head begins the other's.
    """
    same = sketches.containment(a, b) >= SAME_TEXT
    short = np.minimum(sketches.sizes(a), sketches.sizes(b)) < LEAST_SKETCH
    for i in np.flatnonzero(short & ~same):
        one, other = sorted((heads[a[i]] or b"", heads[b[i]] or b""), key=len)
        same[i] = bool(one) and other.startswith(one)
    return same
