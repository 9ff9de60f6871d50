"""Mentions in, papers out: keys, clusters, stable ids. Frames in, frames out, no I/O.

``keys`` of each mention; ``clusters`` of mentions that are one paper (``contents``: texts under one title, ``neighbours``:
texts under others); ``papers``: ids that stay and the rule that joined each mention. ``rules`` holds every threshold.
"""

from typing import NamedTuple

import polars as pl

from etl_project.dedupe.clusters import Texts, find_clusters
from etl_project.dedupe.keys import keys
from etl_project.dedupe.papers import name_papers, relate_papers

__all__ = ["Deduplicated", "deduplicate", "keys"]


class Deduplicated(NamedTuple):
    """Rows of ``paper_mentions``, ``merged_papers`` and ``related_papers``; counts since the last run.

    ``cut`` counts the shingles that were too common to be looked up.
    """

    paper_mentions: pl.DataFrame
    merged_papers: pl.DataFrame
    related_papers: pl.DataFrame
    new: int
    merged: int
    cut: int


def deduplicate(
    keyed: pl.DataFrame, texts_of: Texts, before: pl.DataFrame, merged_before: pl.DataFrame, load: int
) -> Deduplicated:
    """Return which paper each mention belongs to.

    ``keyed`` is what ``keys`` gives for all mentions, ``texts_of`` gives titles and abstracts of some; for the others
    see ``name_papers``. The result does not depend on the order of rows.
    """
    clusters = find_clusters(keyed, texts_of)
    mentions, merged, new = name_papers(clusters, before, merged_before, load)
    related = relate_papers(clusters, mentions)
    return Deduplicated(mentions, merged, related, new, merged.height - merged_before.height, clusters.cut)
