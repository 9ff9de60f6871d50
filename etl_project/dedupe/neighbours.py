"""Papers whose texts share passages under titles that are not the same: where texts are looked up, and who meets there."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl_project.dedupe.keys import numbers_of
from etl_project.dedupe.sketches import Sketches

#: Of each text so many of the smallest shingles are looked up. A passage of a fifth of an abstract holds one of them in
#: 83 of 100 cases, a half in 996 of 1,000; the head of a text is looked up, too, since a text that was
#: cut off has it, and the whole text, since all of its passages may be phrases.
LOOKED_UP = 8
#: A shingle that more texts have than these is a phrase: it is not looked up, so that frequent ones cannot explode.
MOST_OF_ONE_SHINGLE = 40

#: A value under which a text (``node``) is found: a shingle below 2 ** 32, or above it the hash of a head or
#: of a whole text.
LOOKUPS: dict[str, type[pl.DataType]] = {"value": pl.UInt64, "node": pl.UInt64}


def lookups(texts: pl.DataFrame, sketches: Sketches, places: NDArray[np.int64]) -> pl.DataFrame:
    """Return the values (``LOOKUPS``) under which the texts in rows ``places`` are found, each once."""
    owners, hashes = sketches.gather(places, LOOKED_UP)
    nodes = texts["node"].to_numpy()[places]
    some = texts.select("head", "text_key")[places]
    whole = some["text_key"].str.to_integer(base=16, dtype=pl.UInt64).to_numpy() | np.uint64(1 << 32)
    return pl.DataFrame(
        {
            "value": np.concatenate([hashes.astype(np.uint64), _of_heads(some["head"]), whole]),
            "node": np.concatenate([nodes[owners], nodes, nodes]),
        },
        schema=LOOKUPS,
    )


def _of_heads(heads: pl.Series) -> NDArray[np.uint64]:
    return numbers_of(heads.to_list()) | np.uint64(1 << 32)  # above 32 bits they cannot meet a shingle


def common(found: pl.DataFrame) -> pl.DataFrame:
    """Return the values of lookups that too many texts have: ``value`` and their number, ``texts``."""
    return found.group_by("value").agg(texts=pl.len()).filter(pl.col("texts") > MOST_OF_ONE_SHINGLE)


def find_pairs(found: pl.DataFrame) -> pl.DataFrame:
    """Return the pairs of texts (nodes a < b), each once, that share a value which not too many have."""
    found = found.sort("value")
    values, nodes = found["value"].to_numpy(), found["node"].to_numpy()
    starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(values)), bool), values[1:] != values[:-1]]))
    sizes = np.diff(np.append(starts, len(values)))
    pairs = [np.empty((2, 0), np.uint64)]
    for distance in range(1, int(min(MOST_OF_ONE_SHINGLE, sizes.max(initial=1)))):
        fit = (sizes > distance) & (sizes <= MOST_OF_ONE_SHINGLE)
        counts = sizes[fit] - distance
        firsts = starts[fit] - np.concatenate([[0], np.cumsum(counts)[:-1]])
        at = np.arange(counts.sum()) + np.repeat(firsts, counts)
        one, other = nodes[at], nodes[at + distance]
        pairs.append(np.stack([np.minimum(one, other), np.maximum(one, other)]))
    a, b = np.concatenate(pairs, axis=1)
    return pl.DataFrame({"a": a, "b": b}, schema={"a": pl.UInt64, "b": pl.UInt64}).unique()
