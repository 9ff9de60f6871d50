"""Clusters in, papers out: ids that stay, the rule that joined each mention, and the papers that are related."""

import polars as pl

from etl_project.contract import polars_schema
from etl_project.dedupe.clusters import Clusters
from etl_project.fields import stable_id
from etl_project.tables import MERGED_PAPERS, PAPER_MENTIONS, RELATED_PAPERS


def name_papers(
    clusters: Clusters, before: pl.DataFrame, merged_before: pl.DataFrame, load: int
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return rows of ``paper_mentions`` and ``merged_papers``, and how many papers are new.

    ``before`` and ``merged_before`` are these tables of the last run (empty on the first); ``load`` is the number of
    the newest load. Papers known before keep their ids; of several that turn out to be one, the id seen first stays.
    """
    clustered = _with_texts(clusters.mentions)
    claims = _claims(clustered, before)
    ids = _mint(clustered, claims, set(merged_before["merged_paper_id"]) | set(before["paper_id"]))
    assigned = clustered.join(ids, on="cluster", how="left", validate="m:1")
    mentions = _with_rules(assigned, before)
    return mentions, _merged(mentions, before, merged_before, load), ids.filter(~pl.col("known")).height


def relate_papers(clusters: Clusters, mentions: pl.DataFrame) -> pl.DataFrame:
    """Return rows of ``related_papers``: pairs of papers whose texts share passages, or that have one title.

    ``mentions`` holds rows of ``paper_mentions``.
    """
    papers = mentions.select("mention_id", "paper_id")
    near = clusters.pairs.with_columns(kind=pl.col("kind").replace("same", "similar"))
    pairs = (
        pl.concat([near, _same_titles(clusters.mentions)])
        .join(papers.rename({"mention_id": "mention_a", "paper_id": "paper_a"}), on="mention_a")
        .join(papers.rename({"mention_id": "mention_b", "paper_id": "paper_b"}), on="mention_b")
        .filter(pl.col("paper_a") != pl.col("paper_b"))
    )
    turned = pl.col("paper_a") > pl.col("paper_b")

    def ordered(name: str, one: str, other: str) -> pl.Expr:
        return pl.when(turned).then(other).otherwise(one).alias(name)

    return (
        pairs.select(
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


def _same_titles(mentions: pl.DataFrame) -> pl.DataFrame:
    """Return pairs of mentions that stand for the texts of one title which are not one paper's: the first with each other."""
    hubs = (
        mentions.filter(pl.col("content").is_not_null())
        .group_by("title_key", "content")
        .agg(pl.col("mention_id").min())
        .filter(pl.len().over("title_key") > 1)
        .sort("title_key", "content")
        .with_columns(first=pl.col("mention_id").first().over("title_key"))
        .filter(pl.col("mention_id") != pl.col("first"))
    )
    return hubs.select(
        kind=pl.lit("same_title"),
        containment=pl.lit(0.0),
        mention_a=pl.min_horizontal("first", "mention_id"),
        mention_b=pl.max_horizontal("first", "mention_id"),
    )


def _with_texts(mentions: pl.DataFrame) -> pl.DataFrame:
    """Add what ids are made of: abstract_key, of full abstracts; other_key, of other words; text, of title and abstract."""
    full = pl.col("abstract_kind") == "abstract"
    keyed = mentions.with_columns(
        abstract_key=pl.when(full).then("text_key"),
        other_key=pl.when(~full).then(pl.concat_str("abstract_kind", pl.lit(":"), "text_key")),
    )
    return keyed.with_columns(text=pl.concat_str("title_key", "abstract_key", separator="\0"))


def _claims(clustered: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return (cluster, paper_id) for clusters that keep an id: each id and each cluster at most once.

    A cluster with several old ids keeps the one first seen. An id whose mentions now lie in several
    clusters stays with the one that holds the mention that made the paper.
    """
    old = clustered.join(before.select("mention_id", "paper_id", "rule"), on="mention_id", how="inner")
    age = old.group_by("paper_id").agg(first_load=pl.col("load_number").min())
    claims = (
        old.group_by("cluster", "paper_id")
        .agg(founded=(pl.col("rule") == "new_paper").any())
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


def _mint(clustered: pl.DataFrame, claims: pl.DataFrame, taken: set[str]) -> pl.DataFrame:
    """Return (cluster, paper_id, known) for all clusters, with new ids made of the paper's own text.

    So the same paper gets the same id in whatever file, order or lake it first comes; its arXiv id counts
    only where two papers have the same text, or where no full abstract is known.
    """
    first = (
        clustered.sort(pl.col("abstract_key").is_null(), "shown_title_key", "abstract_key", "other_key", "mention_id")
        .group_by("cluster", maintain_order=True)
        .agg(
            pl.col("shown_title_key", "abstract_key", "other_key", "mention_id").first(),
            pl.col("arxiv_id").drop_nulls().first(),
            ambiguous=(pl.col("text_ids") > 1).any(),
        )
        .join(claims, on="cluster", how="left")
        .sort("cluster")
    )
    minted: list[str] = []
    for title, abstract, other, mention, arxiv_id, ambiguous, known in first.select(
        "shown_title_key", "abstract_key", "other_key", "mention_id", "arxiv_id", "ambiguous", "paper_id"
    ).iter_rows():
        if known is not None:
            minted.append(known)
            continue
        if abstract is not None:
            parts = [title, abstract, arxiv_id or "" if ambiguous else ""]
        else:
            parts = ["", "", arxiv_id] if arxiv_id else [title, other or mention, ""]
        paper_id = stable_id("p", *parts)
        while paper_id in taken:  # a given-up id is never used again, and no id twice
            parts.append("")
            paper_id = stable_id("p", *parts)
        taken.add(paper_id)
        minted.append(paper_id)
    return first.select("cluster", known=pl.col("paper_id").is_not_null()).with_columns(
        paper_id=pl.Series(minted, dtype=pl.String)
    )


def _with_rules(assigned: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return ``paper_mentions``: each mention with the rule that joined it to its paper's founder.

    The founder is the mention that made the paper, as long as it is there, else the first by load and id.
    """
    old = before.select("mention_id", was=pl.col("paper_id"), was_rule=pl.col("rule"))
    compared = ("text", "arxiv_id", "title_key", "content", "star", "found_cluster")
    ranked = (
        assigned.join(old, on="mention_id", how="left")
        .with_columns(
            founder=((pl.col("was") == pl.col("paper_id")) & (pl.col("was_rule") == "new_paper")).fill_null(False)
        )
        .sort("paper_id", ~pl.col("founder"), "load_number", "mention_id")
        .with_columns(
            pl.int_range(pl.len()).over("paper_id").alias("place"),
            *(pl.col(name).first().over("paper_id").alias(f"founder_{name}") for name in compared),
            *(pl.len().over("paper_id", name).alias(f"with_{name}") for name in ("text", "content", "star")),
        )
    )

    def founders(name: str) -> pl.Expr:
        return pl.col(name) == pl.col(f"founder_{name}")

    def others(name: str) -> pl.Expr:
        return pl.col(name).is_not_null() & (pl.col(f"with_{name}") > 1)

    # straight to the founder where that can be; else by what leads to another mention of the paper
    rule = (
        pl.when(pl.col("place") == 0)
        .then(pl.lit("new_paper"))
        .when(~founders("found_cluster"))
        .then(pl.lit("decided"))
        .when(founders("text"))
        .then(pl.lit("same_title_and_abstract"))
        .when(founders("arxiv_id"))
        .then(pl.lit("same_arxiv_id"))
        .when(founders("content"))
        .then(pl.lit("same_title_similar_abstract"))
        .when(founders("star"))
        .then(pl.lit("similar_title_and_abstract"))
        .when(pl.col("title_tells") & founders("title_key"))
        .then(pl.lit("same_title"))
        .when(pl.col("arxiv_id").is_not_null())
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
    return ranked.with_columns(rule=rule).select(list(polars_schema(PAPER_MENTIONS))).sort("mention_id")


def _merged(mentions: pl.DataFrame, before: pl.DataFrame, merged_before: pl.DataFrame, load: int) -> pl.DataFrame:
    """Return ``merged_papers``: older rows pointed to the papers of today, and a row for every id given up now."""
    went = (
        before.sort(pl.col("rule") != "new_paper", "mention_id")
        .unique("paper_id", keep="first", maintain_order=True)
        .select("mention_id", merged_paper_id="paper_id")
        .join(mentions.select("mention_id", "paper_id"), on="mention_id", how="inner")
        .filter(~pl.col("merged_paper_id").is_in(mentions["paper_id"].implode()))
        .select("merged_paper_id", "paper_id", load_number=pl.lit(load, dtype=pl.Int32))
    )
    now = dict(went.select("merged_paper_id", "paper_id").iter_rows())
    older = merged_before.with_columns(pl.col("paper_id").replace(now))
    return pl.concat([older, went]).select(list(polars_schema(MERGED_PAPERS))).sort("merged_paper_id")
