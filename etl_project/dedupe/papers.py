"""Clusters in, papers out: ids that stay, the rule that joined each mention, and the papers that are related."""

from collections.abc import Callable, Collection
from typing import NamedTuple

import polars as pl

from etl_project.contract import polars_schema
from etl_project.fields import stable_id
from etl_project.tables import MERGED_PAPERS, RELATED_PAPERS

#: Gives arxiv_id, title_key, shown_title_key and text_key of mentions, by mention_id.
Words = Callable[[pl.Series], pl.DataFrame]
#: Says which of some paper ids some paper has.
Taken = Callable[[Collection[str]], set[str]]


class Named(NamedTuple):
    """The paper of each mention (mention_id, paper_id, rule), and rows of ``merged_papers`` for the ids given up now; how many papers are new."""

    mentions: pl.DataFrame
    given_up: pl.DataFrame
    new: int


def name_papers(clustered: pl.DataFrame, before: pl.DataFrame, words: Words, taken: Taken, load: int) -> Named:
    """Return the paper of each mention.

    ``clustered`` are mentions with places, all that are in one of their clusters, and all of the papers that these
    were: ``before`` holds their papers of the last run (mention_id, paper_id, rule). ``words`` gives the keys that ids
    are made of, ``load`` is the number of the newest load. Papers known before keep their ids; of several that turn out
    to be one, the id seen first stays.
    """
    known = clustered.with_columns(text=pl.when(pl.col("abstract_kind") == "abstract").then("node")).join(
        before.rename({"paper_id": "was", "rule": "was_rule"}), on="mention_id", how="left", maintain_order="left"
    )
    ids = _mint(known, _claims(known), words, taken)
    mentions = _with_rules(known.join(ids, on="cluster", how="left"))
    return Named(mentions, _given_up(mentions, before, load), ids.filter(~pl.col("known")).height)


def relate_papers(pairs: pl.DataFrame, papers: pl.DataFrame) -> pl.DataFrame:
    """Return rows of ``related_papers``: of pairs of texts (``clusters.PAIRS``) those of two papers, each pair of papers once.

    ``papers`` holds mention_id and paper_id of all mentions of the pairs.
    """
    of = papers.select("mention_id", "paper_id")
    named = (
        pairs.with_columns(pl.col("kind").replace("same", "similar"))
        .join(of.rename({"mention_id": "mention_a", "paper_id": "paper_a"}), on="mention_a")
        .join(of.rename({"mention_id": "mention_b", "paper_id": "paper_b"}), on="mention_b")
        .filter(pl.col("paper_a") != pl.col("paper_b"))
    )
    turned = pl.col("paper_a") > pl.col("paper_b")

    def ordered(name: str, one: str, other: str) -> pl.Expr:
        return pl.when(turned).then(other).otherwise(one).alias(name)

    return (
        named.select(
            ordered("paper_id", "paper_a", "paper_b"),
            ordered("related_paper_id", "paper_b", "paper_a"),
            "kind",
            "containment",
            ordered("mention_id", "mention_a", "mention_b"),
            ordered("related_mention_id", "mention_b", "mention_a"),
        )
        .sort("paper_id", "related_paper_id", -pl.col("containment"), "kind", "mention_id", "related_mention_id")
        .unique(["paper_id", "related_paper_id"], keep="first", maintain_order=True)
        .select(list(polars_schema(RELATED_PAPERS)))
    )


def _claims(known: pl.DataFrame) -> pl.DataFrame:
    """Return (cluster, paper_id) for clusters that keep an id: each id and each cluster at most once.

    A cluster with several old ids keeps the one first seen. An id whose mentions now lie in several
    clusters stays with the one that holds the mention that made the paper.
    """
    old = known.filter(pl.col("was").is_not_null()).rename({"was": "paper_id"})
    age = old.group_by("paper_id").agg(first_load=pl.col("load_number").min())
    claims = (
        old.group_by("cluster", "paper_id")
        .agg(founded=(pl.col("was_rule") == "new_paper").any())
        .join(age, on="paper_id", how="left")
        .sort(~pl.col("founded"), "first_load", "paper_id", "cluster")
    )
    # the founder's cluster first claims its id; then every cluster takes the oldest of its claims
    holders = claims.unique("paper_id", keep="first", maintain_order=True)
    return (
        holders.sort("first_load", "paper_id")
        .unique("cluster", keep="first", maintain_order=True)
        .select("cluster", "paper_id")
    )


def _mint(known: pl.DataFrame, claims: pl.DataFrame, words: Words, taken: Taken) -> pl.DataFrame:
    """Return (cluster, paper_id, known) for all clusters, with new ids made of the paper's own text.

    So the same paper gets the same id in whatever file or lake it first comes with that text, and has it again if it was
    given up by a merge that no longer holds; its arXiv id counts only where two papers have the same text, or where no
    full abstract is known.
    """
    full = pl.col("abstract_kind") == "abstract"
    unnamed = known.select("cluster", "mention_id", "abstract_kind", "ambiguous").join(claims, on="cluster", how="anti")
    shown = unnamed.join(words(unnamed["mention_id"]), on="mention_id").with_columns(
        abstract_key=pl.when(full).then("text_key"),
        other_key=pl.when(~full).then(pl.concat_str("abstract_kind", pl.lit(":"), "text_key")),
        alone=pl.len().over("cluster") == 1,
    )
    order = (pl.col("abstract_key").is_null(), "shown_title_key", "abstract_key", "other_key", "mention_id")
    first = (
        pl.concat([shown.filter("alone"), shown.filter(~pl.col("alone")).sort(*order)])
        .group_by("cluster", maintain_order=True)
        .agg(
            pl.col("shown_title_key", "abstract_key", "other_key", "mention_id").first(),
            pl.col("arxiv_id").drop_nulls().first(),
            pl.col("ambiguous").any(),
        )
        .sort("cluster")
    )
    parts = [
        [title, abstract, arxiv_id or "" if ambiguous else ""]
        if abstract is not None
        else ["", "", arxiv_id]
        if arxiv_id
        else [title, other or mention, ""]
        for _, title, abstract, other, mention, arxiv_id, ambiguous in first.iter_rows()
    ]
    minted = [stable_id("p", *part) for part in parts]
    used = taken(minted)
    for place, paper_id in enumerate(minted):
        while paper_id in used:  # no id twice
            parts[place].append("")
            paper_id = stable_id("p", *parts[place])
            used |= taken([paper_id])
        used.add(paper_id)
        minted[place] = paper_id
    new = first.select("cluster", paper_id=pl.Series(minted, dtype=pl.String), known=pl.lit(False))
    return pl.concat([new, claims.with_columns(known=pl.lit(True))])


def _with_rules(assigned: pl.DataFrame) -> pl.DataFrame:
    """Return ``paper_mentions``: each mention with the rule that joined it to its paper's founder.

    The founder is the mention that made the paper, as long as it is there, else the first by load and id.
    """
    founding = (pl.col("was") == pl.col("paper_id")) & (pl.col("was_rule") == "new_paper")
    compared = ("text", "arxiv", "title", "content", "star", "found_cluster")
    founders = (
        assigned.select("cluster", "load_number", "mention_id", *compared, founder=founding.fill_null(False))
        .sort(~pl.col("founder"), "load_number", "mention_id")
        .unique("cluster", keep="first", maintain_order=True)
        .select("cluster", founder_mention_id="mention_id", **{f"founder_{name}": name for name in compared})
    )
    ranked = assigned.join(founders, on="cluster", how="left")
    for name in ("text", "content", "star"):
        counts = ranked.filter(pl.col(name).is_not_null()).group_by("cluster", name).agg(pl.len().alias(f"with_{name}"))
        ranked = ranked.join(counts, on=["cluster", name], how="left")

    def founders_(name: str) -> pl.Expr:
        return pl.col(name) == pl.col(f"founder_{name}")

    def others(name: str) -> pl.Expr:
        return pl.col(f"with_{name}") > 1

    # straight to the founder where that can be; else by what leads to another mention of the paper
    rule = (
        pl.when(founders_("mention_id"))
        .then(pl.lit("new_paper"))
        .when(~founders_("found_cluster"))
        .then(pl.lit("decided"))
        .when(founders_("text"))
        .then(pl.lit("same_title_and_abstract"))
        .when(founders_("arxiv"))
        .then(pl.lit("same_arxiv_id"))
        .when(founders_("content"))
        .then(pl.lit("same_title_similar_abstract"))
        .when(founders_("star"))
        .then(pl.lit("similar_title_and_abstract"))
        .when(pl.col("title_tells") & founders_("title"))
        .then(pl.lit("same_title"))
        .when(pl.col("arxiv").is_not_null())
        .then(pl.lit("same_arxiv_id"))
        .when(others("text"))
        .then(pl.lit("same_title_and_abstract"))
        .when(others("content"))
        .then(pl.lit("same_title_similar_abstract"))
        .when(others("star"))
        .then(pl.lit("similar_title_and_abstract"))
        .when("title_tells")
        .then(pl.lit("same_title"))
        .otherwise(pl.lit("same_title_and_abstract"))  # the same summary twice
    )
    return ranked.select("mention_id", "paper_id", rule=rule)


def paper_rows(named: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    """Return rows of ``paper_mentions``, of what was named and the mentions' abstract_kind and words."""
    return named.join(words, on="mention_id").select(
        "mention_id",
        "paper_id",
        "rule",
        "title_key",
        abstract_key=pl.when(pl.col("abstract_kind") == "abstract").then("text_key"),
    )


def _given_up(mentions: pl.DataFrame, before: pl.DataFrame, load: int) -> pl.DataFrame:
    """Return a row of ``merged_papers`` for every id that no mention has any more: to the paper of its founder."""
    return (
        before.sort(pl.col("rule") != "new_paper", "mention_id")
        .unique("paper_id", keep="first", maintain_order=True)
        .select("mention_id", merged_paper_id="paper_id")
        .join(mentions.select("mention_id", "paper_id"), on="mention_id", how="inner")
        .join(mentions.select(merged_paper_id="paper_id"), on="merged_paper_id", how="anti")
        .select("merged_paper_id", "paper_id", load_number=pl.lit(load, dtype=pl.Int32))
        .select(list(polars_schema(MERGED_PAPERS)))
    )
