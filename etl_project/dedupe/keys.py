"""Mentions in, keys out: what mentions are compared by. Made of a mention alone, so they are stored and never change."""

import hashlib
import re
from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from etl_project.cleaning import clean_text
from etl_project.dedupe.rules import HEAD
from etl_project.dedupe.sketches import sketch
from etl_project.fields import abstract_letters, title_key

#: Moves when the keys or a rule change: what is stored was then made by others, and all is matched anew.
MATCHING_VERSION = 1

#: What a text is that shows the paper's own words; a summary is somebody else's.
OWN_WORDS = ("abstract", "cut")

#: Columns of ``keys``. Numbers of 64 bits stand for what is compared for being equal: in ten million of them two
#: collide with a probability of 3e-6.
KEYS: dict[str, type[pl.DataType] | pl.DataType] = {
    "mention_id": pl.String,
    "load_number": pl.Int32,
    "abstract_kind": pl.String,
    "arxiv_id": pl.String,
    "title_key": pl.String,  # without LaTeX
    "shown_title_key": pl.String,  # with it: ids are made of it
    "text_key": pl.String,  # the abstract's, or that of other words
    "arxiv": pl.UInt64,  # odd; see ``of_arxiv_ids``
    "title": pl.UInt64,
    "title_words": pl.Int32,
    "title_letters": pl.Int32,
    "other": pl.UInt64,  # this title over these other words; null without
    "node": pl.UInt64,  # this title over this abstract; null without the paper's own words
    "letters": pl.Int32,  # of the abstract
    "head": pl.Binary,  # its first letters
    "sketch": pl.List(pl.UInt32),
}


def keys(mentions: pl.DataFrame) -> pl.DataFrame:
    """Return the keys of mentions (``KEYS``), a row each, in order.

    Of their mention_id, load_number, arxiv_id, title, abstract_clean and abstract_kind. ``node``, ``letters``, ``head`` and
    ``sketch`` are null where a mention shows no words of the paper's own, ``text_key`` where it shows none at all.
    """
    titles = mentions["title"].to_list()
    shown = [title_key(title) for title in titles]
    plain = [_plain_key(title, key) for title, key in zip(titles, shown, strict=True)]
    # copies are read once: most captures show papers that others show, too
    places: dict[str, int] = {}
    place = [places.setdefault(text, len(places)) for text in mentions["abstract_clean"].fill_null("").to_list()]
    letters = [abstract_letters(text) for text in places]
    digests = [_digest(text) for text in letters]
    of_texts = pl.DataFrame({
        "text_key": pl.Series(digests, dtype=pl.Binary).bin.encode("hex"),
        "text": _numbers(digests),
        "letters": pl.Series([len(text) for text in letters], dtype=pl.Int32),
        "head": pl.Series([text[:HEAD] for text in letters], dtype=pl.Binary),
        "sketch": sketch(letters).to_series("sketch"),
    })[place]  # fmt: skip
    own = pl.col("abstract_kind").is_in(OWN_WORDS) & (pl.col("letters") > 0)
    keyed = mentions.with_columns(
        of_texts,
        arxiv=of_arxiv_ids(mentions["arxiv_id"]),
        title=pl.Series(numbers_of([key.encode() for key in plain])),
        title_key=pl.Series(plain, dtype=pl.String),
        shown_title_key=pl.Series(shown, dtype=pl.String),
        title_words=pl.Series([_words(title) for title in titles], dtype=pl.Int32),
        title_letters=pl.Series([len(key) for key in plain], dtype=pl.Int32),
    ).with_columns(
        pl.when(pl.col("letters") > 0).then("text_key"),
        pl.when(own).then("letters"),
        pl.when(own).then("head"),
        pl.when(own).then("sketch"),
    )
    both = pl.Series(mixed(keyed["title"].to_numpy(), keyed["text"].to_numpy()))
    return keyed.with_columns(
        node=pl.when(own).then(both), other=pl.when(~own & pl.col("text_key").is_not_null()).then(both)
    ).select(list(KEYS))


def of_title_keys(title_keys: Iterable[str]) -> pl.Series:
    """Return the numbers that stand for title keys, as in ``keys``' ``title``."""
    return pl.Series("title", numbers_of([key.encode() for key in title_keys]), dtype=pl.UInt64)


def of_arxiv_ids(arxiv_ids: pl.Series) -> pl.Series:
    """Return the odd numbers that stand for arXiv ids: they are clusters' names, too, and those of others are even."""
    known = arxiv_ids.drop_nulls().unique()
    numbers = numbers_of([b"arxiv:" + arxiv_id.encode() for arxiv_id in known.to_list()]) | np.uint64(1)
    return arxiv_ids.replace_strict(known, pl.Series(numbers, dtype=pl.UInt64), default=None, return_dtype=pl.UInt64)


def mixed(one: NDArray[np.uint64], other: NDArray[np.uint64] | int) -> NDArray[np.uint64]:
    """Return numbers that stand for pairs of numbers.

    The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
    """
    with np.errstate(over="ignore"):
        state = one * np.uint64(0x9E3779B97F4A7C15) + np.asarray(other, np.uint64) * np.uint64(0xD6E8FEB86659FD93)
        state = (state ^ state >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ state >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    mixed_: NDArray[np.uint64] = state ^ state >> np.uint64(31)
    return mixed_


def _digest(letters: bytes) -> bytes:
    return hashlib.blake2b(letters, digest_size=8).digest()


def numbers_of(texts: list[bytes]) -> NDArray[np.uint64]:
    """Return the numbers that stand for texts."""
    return _numbers([_digest(text) for text in texts])


def _numbers(digests: list[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(digests), ">u8").astype(np.uint64)


#: Letters of scripts without spaces between words.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _words(title: str) -> int:
    return len(title.split()) + (0 if title.isascii() else len(_UNSPACED.findall(title)))


def _plain_key(title: str, shown: str) -> str:
    """Return the key of a title without LaTeX, "and" for "&": a page shows "$\\alpha$" where another shows the letter."""
    if "\\" in title or "$" in title:
        title = clean_text(title)
    elif "&" not in title:
        return shown
    return title_key(title.replace("&amp;", "&").replace(" & ", " and "))
