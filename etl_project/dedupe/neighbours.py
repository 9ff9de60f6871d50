"""Papers whose texts share passages under titles that are not the same: candidates, and how similar they are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from etl_project.dedupe.sketches import Sketches

#: Of each text so many of the smallest shingles are looked up. A passage of a fifth of an abstract holds one of them in
#: 83 of 100 cases, a half in 996 of 1,000; the head of a text is looked up, too, since a text that was cut off has it.
LOOKED_UP = 8
#: A shingle that more texts have than these is a phrase: it is not looked up, so that frequent ones cannot explode.
MOST_OF_ONE_SHINGLE = 40


class Candidates(NamedTuple):
    """Pairs of places (a < b), and how many shingles were too common to be looked up."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    cut: int


def find_candidates(sketches: Sketches, texts: NDArray[np.int64], heads: list[bytes | None]) -> Candidates:
    """Return the pairs of ``texts`` (places in ``sketches``) that share a looked-up shingle or the head."""
    owners, hashes = sketches.gather(texts, LOOKED_UP)
    known = {head: number for number, head in enumerate(dict.fromkeys(heads[text] for text in texts))}
    begins = np.fromiter((known[heads[text]] for text in texts), np.uint64, len(texts))
    some = np.fromiter((heads[text] is not None for text in texts), bool, len(texts))
    # heads beside shingles: numbers above 32 bits cannot meet a hash
    values = np.concatenate([hashes.astype(np.uint64), begins[some] | np.uint64(1 << 32)])
    places = np.concatenate([owners, np.flatnonzero(some)])
    order = np.lexsort((places, values))
    values, places = values[order], places[order]
    starts = np.flatnonzero(np.concatenate([np.ones(min(1, len(values)), bool), values[1:] != values[:-1]]))
    sizes = np.diff(np.append(starts, len(values)))
    pairs = [np.empty(0, np.uint64)]
    for distance in range(1, int(min(MOST_OF_ONE_SHINGLE, sizes.max(initial=1)))):
        fit = (sizes > distance) & (sizes <= MOST_OF_ONE_SHINGLE)
        counts = sizes[fit] - distance
        firsts = starts[fit] - np.concatenate([[0], np.cumsum(counts)[:-1]])
        at = np.arange(counts.sum()) + np.repeat(firsts, counts)
        one, other = places[at], places[at + distance]
        pairs.append(
            np.minimum(one, other).astype(np.uint64) << np.uint64(32) | np.maximum(one, other).astype(np.uint64)
        )
    found = np.sort(np.concatenate(pairs))
    found = found[np.concatenate([np.ones(min(1, len(found)), bool), found[1:] != found[:-1]])]
    a, b = (found >> np.uint64(32)).astype(np.int64), (found & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return Candidates(texts[a], texts[b], int((sizes > MOST_OF_ONE_SHINGLE).sum()))
