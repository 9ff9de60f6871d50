"""Why two papers are two, or would be one: the rules of the matching, asked for two papers alone."""

from typing import NamedTuple

import numpy as np
import polars as pl

from etl_project.dedupe.contents import share_a_passage
from etl_project.dedupe.keys import OWN_WORDS, keys
from etl_project.dedupe.rules import (
    LEAST_TITLE_LETTERS,
    LEAST_TITLE_WORDS,
    NEAR_TEXT,
    SAME_TEXT,
    Verdict,
    edits_between,
    judge,
    titles_nearly_agree,
)
from etl_project.dedupe.sketches import Sketches

_Ids = tuple[str | None, str | None]


class Comparison(NamedTuple):
    """What two papers share: keys, scores, and why they are one or two.

    ``title_edits`` is the least number of edits between two of their titles; ``containment`` the largest share of the
    shorter text that is in the other, with the two mentions; None where one shows no abstract. ``would_join``: nothing
    parts the two alone, so others do: people, other ids or texts under their titles, or too many of them.
    """

    arxiv_ids: _Ids
    title_edits: int
    same_text: bool
    containment: float | None
    mention_a: str | None
    mention_b: str | None
    reason: str
    would_join: bool = False


def compare(a: pl.DataFrame, b: pl.DataFrame) -> Comparison:
    """Compare two papers, given as the mentions of each: mention_id, load_number, arxiv_id, title, abstract_clean, abstract_kind."""
    keyed_a, keyed_b = keys(a), keys(b)
    ids = (_id_of(keyed_a), _id_of(keyed_b))
    titles = [
        (one, other) for one in keyed_a["title_key"].unique().sort() for other in keyed_b["title_key"].unique().sort()
    ]
    near = min(titles, key=lambda pair: edits_between(*pair))
    edits = edits_between(*near)
    own = pl.col("abstract_kind").is_in(OWN_WORDS) & pl.col("text_key").is_not_null()
    texts_a, texts_b = (keyed.filter(own).unique("text_key").sort("mention_id") for keyed in (keyed_a, keyed_b))
    if texts_a.is_empty() or texts_b.is_empty():
        return Comparison(ids, edits, False, None, None, None, _without_texts(ids, edits, keyed_a, near[0]))
    both = pl.concat([texts_a, texts_b])
    sketches = Sketches.from_series(both["sketch"])
    at_a = np.repeat(np.arange(texts_a.height), texts_b.height)
    at_b = np.tile(np.arange(texts_b.height), texts_a.height) + texts_a.height
    shared = sketches.containment(at_a, at_b)
    best = int(np.argmax(np.round(shared * np.minimum(sketches.sizes(at_a), sketches.sizes(at_b)))))
    mention_a, mention_b = (both["mention_id"][int(at[best])] for at in (at_a, at_b))
    same = bool(set(texts_a["text_key"]) & set(texts_b["text_key"]))
    share = 1.0 if same else float(shared[best])
    versions = same or bool(share_a_passage(sketches, both["head"].to_list(), at_a[[best]], at_b[[best]])[0])
    shown = [_shown(frame, mention) for frame, mention in ((a, mention_a), (b, mention_b))]
    verdict = judge(*shown[0], *shown[1])
    reason = _reason(ids, edits, near, share, versions, verdict)
    joins = versions if not edits else titles_nearly_agree(*near) and share >= NEAR_TEXT and verdict == "one"
    return Comparison(ids, edits, same, share, mention_a, mention_b, reason, joins and _by_ids(ids) is None)


def _id_of(keyed: pl.DataFrame) -> str | None:
    return next(iter(keyed["arxiv_id"].drop_nulls().sort()), None)


def _shown(mentions: pl.DataFrame, mention: str) -> tuple[str, str]:
    row = mentions.filter(pl.col("mention_id") == mention).row(0, named=True)
    return row["title"], row["abstract_clean"] or ""


def _by_ids(ids: _Ids) -> str | None:
    if None in ids:
        return None
    return "one arXiv id is one paper" if ids[0] == ids[1] else "two arXiv ids are two papers, whatever the text says"


def _without_texts(ids: _Ids, edits: int, keyed: pl.DataFrame, title: str) -> str:
    if told := _by_ids(ids):
        return told
    if edits:
        return "the titles differ, and one of the two shows no abstract"
    words = int(keyed.filter(pl.col("title_key") == title)["title_words"].max() or 0)  # type: ignore[arg-type]
    if words < LEAST_TITLE_WORDS or len(title) < LEAST_TITLE_LETTERS:
        return f"one title, but too short to tell a paper alone (fewer than {LEAST_TITLE_WORDS} words or {LEAST_TITLE_LETTERS} letters), and one of the two shows no abstract"
    return "one title, and one of the two shows no abstract: it would join if no other text and no other id stood under the title"


def _reason(ids: _Ids, edits: int, titles: tuple[str, str], share: float, versions: bool, verdict: Verdict) -> str:
    told = _by_ids(ids)
    if told:
        return told
    shown = f"{share:.0%} of the shorter text is in the other"
    if not edits:
        return (
            f"one title, and {shown}: versions of one text"
            if versions
            else f"one title, but {shown}, and {SAME_TEXT:.0%} is asked for"
        )
    if not titles_nearly_agree(*titles):
        return f"{shown}, and the titles are {edits} edits apart: texts under other titles never join without an id"
    if share < NEAR_TEXT:
        return f"the titles nearly agree, but {shown}, and {NEAR_TEXT:.0%} is asked for"
    if verdict == "two":
        return f"the titles nearly agree and {shown}, but they speak of two things: other numbers, a word more in the title, or one that the text repeats"
    if verdict == "unproven":
        return f"the titles nearly agree, and {shown}, but more differs than typing errors explain"
    return f"the titles nearly agree, and {shown}: one paper with typing errors"
