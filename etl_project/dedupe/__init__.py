"""Mentions in, papers out: keys, clusters, stable ids. Frames in, frames out, no I/O.

``keys`` of each mention; ``clusters`` of mentions that are one paper (``contents``: texts under one title, ``neighbours``:
texts under others); ``decided``: what people decided; ``papers``: ids that stay and the rule that joined each mention. ``rules`` holds every threshold.
"""

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from etl_project.decisions import Decision
from etl_project.dedupe.clusters import Texts, find_clusters
from etl_project.dedupe.decided import apply_decisions, decision_rows
from etl_project.dedupe.keys import keys
from etl_project.dedupe.papers import name_papers, relate_papers

__all__ = ["Deduplicated", "decision_rows", "deduplicate", "keys"]


class Deduplicated(NamedTuple):
    """Rows of ``paper_mentions``, ``merged_papers`` and ``related_papers``; counts since the last run.

    ``states`` tells what became of each decision. ``cut`` counts the shingles that were too
    common to be looked up, ``left`` the texts whose title too many others have to be compared.
    """

    paper_mentions: pl.DataFrame
    merged_papers: pl.DataFrame
    related_papers: pl.DataFrame
    new: int
    merged: int
    cut: int
    left: int
    states: list[str]


def deduplicate(
    keyed: pl.DataFrame,
    texts_of: Texts,
    before: pl.DataFrame,
    merged_before: pl.DataFrame,
    load: int,
    decisions: Sequence[Decision] = (),
) -> Deduplicated:
    """Return which paper each mention belongs to, by the rules and by what people decided.

    ``keyed`` is what ``keys`` gives for all mentions, ``texts_of`` gives titles and abstracts of some; for the others
    see ``name_papers``. The result does not depend on the order of rows.
    """
    clusters = find_clusters(keyed, texts_of)
    decided, states = apply_decisions(clusters.mentions, decisions)
    clusters = clusters._replace(mentions=decided)
    mentions, merged, new = name_papers(clusters, before, merged_before, load)
    related = relate_papers(clusters, mentions)
    return Deduplicated(
        mentions, merged, related, new, merged.height - merged_before.height, clusters.cut, clusters.left, states
    )
