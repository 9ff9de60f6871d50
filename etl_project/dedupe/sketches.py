"""Texts in, sketches out: a few numbers of each text by which texts are compared without reading them again. Pure.

A sketch is a sample of a text's shingles (all runs of ``SHINGLE`` letters). Which are taken depends on the run alone
("mod p" sampling: Broder, "On the resemblance and containment of documents", 1997), so two texts that share a passage
share its sample, whatever stands before and after, and the share of one sketch that is in another estimates
containment: also of a text that was cut off, for which a minimum over the whole text (MinHash) would not do.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

#: Letters in a shingle. Shorter runs are phrases that many abstracts share.
SHINGLE = 24
#: One shingle of 2 ** SAMPLED is taken: of an abstract of 1,200 letters about 37.
SAMPLED = 5
#: Texts whose shingles are computed at once: their arrays then fit a processor's cache.
_AT_ONCE = 120
_PAIRS_AT_ONCE = 4096
_THREADS = 2

_MULTIPLIER = 0x9E3779B97F4A7C15  # odd, so it has an inverse modulo 2 ** 64
_INVERSE = pow(_MULTIPLIER, -1, 1 << 64)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


class Sketches(NamedTuple):
    """Sampled shingles of many texts: ``hashes[starts[i]:starts[i + 1]]`` are text ``i``'s, rising, each once."""

    starts: NDArray[np.int64]
    hashes: NDArray[np.uint32]

    @classmethod
    def from_series(cls, sketches: pl.Series) -> "Sketches":
        """Return the sketches in a column of lists."""
        lists = sketches.rechunk().to_arrow()
        starts = np.asarray(lists.offsets, np.int64)
        return cls(starts - starts[0], np.asarray(lists.values[starts[0] : starts[-1]]))

    def to_series(self, name: str) -> pl.Series:
        """Return the sketches as a column of lists."""
        # of buffers: to make an array of numpy's, pyarrow would import pandas
        starts = pa.Array.from_buffers(pa.int64(), len(self.starts), [None, pa.py_buffer(self.starts)])
        hashes = pa.Array.from_buffers(pa.uint32(), len(self.hashes), [None, pa.py_buffer(self.hashes)])
        lists = pa.LargeListArray.from_arrays(starts, hashes)
        return pl.Series(name, lists, dtype=pl.List(pl.UInt32))

    def of(self, text: int) -> NDArray[np.uint32]:
        """Return the sketch of one text."""
        return self.hashes[self.starts[text] : self.starts[text + 1]]

    def sizes(self, texts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many shingles the sketches of ``texts`` hold."""
        return self.starts[texts + 1] - self.starts[texts]

    def gather(self, texts: NDArray[np.int64], most: int | None = None) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
        """Return (place in ``texts``, hash) of all shingles of ``texts``, or of the ``most`` smallest of each."""
        sizes = self.sizes(texts) if most is None else np.minimum(self.sizes(texts), most)
        firsts = self.starts[texts] - np.concatenate([[0], np.cumsum(sizes)[:-1]])
        places = np.repeat(np.arange(len(texts)), sizes)
        return places, self.hashes[np.arange(len(places)) + firsts[places]]

    def containment(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return for each pair the share of the smaller sketch that is in the other; 0 where one is empty."""
        shared = np.zeros(len(a))
        order = np.argsort(b, kind="stable")  # so that a text that is asked often is looked up once
        for first in range(0, len(order), _PAIRS_AT_ONCE):
            pairs = order[first : first + _PAIRS_AT_ONCE]
            held, which = np.unique(b[pairs], return_inverse=True)
            places, hashes = self.gather(held)
            table = places.astype(np.uint64) << np.uint64(32) | hashes
            places, hashes = self.gather(a[pairs])
            asked = which.astype(np.uint64)[places] << np.uint64(32) | hashes
            found = np.minimum(np.searchsorted(table, asked), max(0, len(table) - 1))
            hit = table[found] == asked if len(table) else np.zeros(len(asked), bool)
            shared[pairs] = np.bincount(places, weights=hit, minlength=len(pairs))
        return shared / np.maximum(1, np.minimum(self.sizes(a), self.sizes(b)))


def sketch(letters: Sequence[bytes]) -> Sketches:
    """Return the sketches of texts, given as their letters and digits. Texts shorter than ``SHINGLE`` have empty ones."""
    parts = [letters[first : first + _AT_ONCE] for first in range(0, len(letters), _AT_ONCE)]
    powers = _Powers(max((sum(map(len, part)) for part in parts), default=0) + 1)
    with ThreadPoolExecutor(_THREADS) as pool:  # NumPy computes without the lock
        found = list(pool.map(partial(_sample, powers=powers), parts))
    counts = np.concatenate([np.zeros(1, np.int64), *(counts for counts, _ in found)])
    return Sketches(np.cumsum(counts), np.concatenate([np.empty(0, np.uint32), *(hashes for _, hashes in found)]))


class _Powers:
    """The first ``count`` powers of the multiplier and of its inverse modulo 2 ** 64."""

    def __init__(self, count: int) -> None:
        self.up, self.down = (np.full(count, np.uint64(base)) for base in (_MULTIPLIER, _INVERSE))
        for powers in (self.up, self.down):
            powers[0] = 1
            np.multiply.accumulate(powers, out=powers)


def _sample(letters: Sequence[bytes], powers: _Powers) -> tuple[NDArray[np.int64], NDArray[np.uint32]]:
    """Return how many shingles were taken of each text, and their hashes, text by text, rising, each once.

    The hash of a window is a polynomial, got as the difference of one running sum (modulo 2 ** 64), then mixed.
    """
    codes = np.frombuffer(b"".join(letters), np.uint8)
    size = len(codes)
    if size < SHINGLE:
        return np.zeros(len(letters), np.int64), np.empty(0, np.uint32)
    sums = np.zeros(size + 1, np.uint64)
    np.cumsum(codes * powers.up[:size], out=sums[1:])
    windows = (sums[SHINGLE:] - sums[:-SHINGLE]) * powers.down[: size + 1 - SHINGLE]
    windows ^= windows >> np.uint64(29)
    windows *= _MIX
    taken = np.flatnonzero(windows >> np.uint64(64 - SAMPLED) == 0)
    ends = np.cumsum(np.fromiter(map(len, letters), np.int64, len(letters)))
    text = np.searchsorted(ends, taken, side="right")
    within = taken + SHINGLE <= ends[text]
    keys = text[within].astype(np.uint64) << np.uint64(32) | windows[taken[within]] >> np.uint64(32 - SAMPLED)
    keys.sort()
    keys = keys[np.concatenate([np.ones(1, bool), keys[1:] != keys[:-1]])[: len(keys)]]
    return np.bincount((keys >> np.uint64(32)).astype(np.int64), minlength=len(letters)), keys.astype(np.uint32)
