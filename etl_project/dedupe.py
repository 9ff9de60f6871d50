"""Mentions in, papers out: keys, clusters, stable ids. Frames in, frames out, no I/O.

Exact keys only. Two mentions are the same paper if they have the same arXiv id; or the same title (by
its letters and digits) with the same abstract (cleaned, mirrors mapped, by its letters and digits); or,
where one of them shows no full abstract, the same title, if nothing that stands under that title
speaks against it. Two different arXiv ids are two papers, whatever the text says.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

import polars as pl

from etl_project.contract import polars_schema
from etl_project.fields import abstract_key, abstract_letters, stable_id, title_key
from etl_project.tables import MERGED_PAPERS, PAPER_MENTIONS

#: A title joins by itself only if it has this many words and letters. Shorter ones are used again: "A Survey on
#: Agents" and "Technical Report" name several papers, and a wrong join gives one paper another's abstract.
LEAST_TITLE_WORDS = 4
LEAST_TITLE_LETTERS = 20


class Deduplicated(NamedTuple):
    """Rows of ``paper_mentions`` and ``merged_papers``; ``new`` and ``merged`` count papers since the last run."""

    paper_mentions: pl.DataFrame
    merged_papers: pl.DataFrame
    new: int
    merged: int


def title_keys(titles: Iterable[str]) -> frozenset[str]:
    """Return the keys of ``titles``."""
    return frozenset(title_key(title) for title in titles)


def keys(mentions: pl.DataFrame, cut_titles: Collection[str] = ()) -> pl.DataFrame:
    """Return what mentions are compared by, from their title, abstract_clean, abstract_kind and arxiv_id.

    mention_id, arxiv_id, load_number; ``title_key``; ``title_words``; ``abstract_key``, of full abstracts
    only; ``other_key``, of a summary or a cut abstract, with its kind; and ``letters`` of full and cut
    abstracts under ``cut_titles``, the keys of the titles that stand over a cut one: a cut abstract can
    only be compared by its letters, and those of all abstracts would fill the memory.
    """
    titles = [title_key(title) for title in mentions["title"].to_list()]
    texts = mentions["abstract_clean"].to_list()
    kinds = mentions["abstract_kind"].to_list()
    hashes = [abstract_key(text) for text in texts]
    letters = [
        abstract_letters(text).decode("utf-8") if text and title in cut_titles and kind in ("abstract", "cut") else None
        for title, text, kind in zip(titles, texts, kinds, strict=True)
    ]
    full = pl.col("abstract_kind") == "abstract"
    return mentions.with_columns(
        pl.Series("title_key", titles, dtype=pl.String),
        pl.Series("hash", hashes, dtype=pl.String),
        pl.Series("letters", letters, dtype=pl.String),
    ).select(
        "mention_id",
        "arxiv_id",
        "load_number",
        "title_key",
        title_words=pl.col("title").str.count_matches(r"\S+"),
        abstract_key=pl.when(full).then("hash"),
        other_key=pl.when(~full).then(pl.concat_str("abstract_kind", pl.lit(":"), "hash")),
        letters="letters",
    )


def deduplicate(keyed: pl.DataFrame, before: pl.DataFrame, merged_before: pl.DataFrame, load: int) -> Deduplicated:
    """Return which paper each mention belongs to.

    ``keyed`` is what ``keys`` gives for all mentions; ``before`` and ``merged_before`` are the tables
    ``paper_mentions`` and ``merged_papers`` of the last run (empty on the first); ``load`` is the number
    of the newest load. The result does not depend on the order of rows. Papers known before keep their
    ids; of several that turn out to be one, the id seen first stays.
    """
    clustered = _clusters(keyed)
    claims = _claims(clustered, before)
    ids = _mint(clustered, claims, set(merged_before["merged_paper_id"]) | set(before["paper_id"]))
    assigned = clustered.join(ids, on="cluster", how="left", validate="m:1")
    mentions = _with_rules(assigned, before)
    merged = _merged(mentions, before, merged_before, load)
    return Deduplicated(
        mentions,
        merged,
        new=ids.filter(~pl.col("known")).height,
        merged=merged.height - merged_before.height,
    )


def _clusters(keyed: pl.DataFrame) -> pl.DataFrame:
    """Add ``text`` (the joint key of title and full abstract) and ``cluster`` (equal for mentions of one paper).

    A mention's cluster is its arXiv id; without one, that of its title if the title tells (``_telling``); else
    the only arXiv id of its text; else its text. A text that stands under two arXiv ids joins nothing to
    either: which one is meant cannot be known. A summary or a cut abstract joins only its own repetitions.
    """
    with_text = keyed.with_columns(text=pl.concat_str("title_key", "abstract_key", separator="\0"))
    ids_of_text = (
        with_text.filter(pl.col("text").is_not_null())
        .group_by("text")
        .agg(
            text_ids=pl.col("arxiv_id").drop_nulls().n_unique(),
            text_arxiv_id=pl.col("arxiv_id").drop_nulls().min(),
        )
    )
    only_id = pl.when(pl.col("text_ids") == 1).then("text_arxiv_id")
    by_title = pl.coalesce("a\0" + pl.col("title_arxiv_id"), "n\0" + pl.col("title_key"))
    return (
        with_text.join(ids_of_text, on="text", how="left", validate="m:1")
        .join(_telling(keyed), on="title_key", how="left", validate="m:1")
        .with_columns(pl.col("title_tells").fill_null(False))
        .with_columns(
            cluster=pl.coalesce(
                "a\0" + pl.col("arxiv_id"),
                pl.when("title_tells").then(by_title),
                "a\0" + only_id,
                "t\0" + pl.col("text"),
                "o\0" + pl.concat_str("title_key", "other_key", separator="\0"),
                "m\0" + pl.col("mention_id"),
            )
        )
    )


def _telling(keyed: pl.DataFrame) -> pl.DataFrame:
    """Return title_key, title_tells (true) and the title's arXiv id, if any, for titles that tell the paper alone.

    Long enough, and of all mentions under the title no two contradict: one arXiv id at most, one full
    abstract at most, and every cut abstract is a beginning of the full one, or of the longest cut one.
    Nothing is asked of the pair that is joined, so the order of arrival cannot matter.
    """
    compared = keyed.filter(pl.col("letters").is_not_null())
    reference = (
        compared.sort(pl.col("abstract_key").is_null(), -pl.col("letters").str.len_bytes().cast(pl.Int64), "letters")
        .unique("title_key", keep="first", maintain_order=True)
        .select("title_key", reference="letters")
    )
    contradicted = compared.join(reference, on="title_key", how="left", validate="m:1").filter(
        pl.col("abstract_key").is_null() & ~pl.col("reference").str.starts_with(pl.col("letters"))
    )
    return (
        keyed.group_by("title_key")
        .agg(
            ids=pl.col("arxiv_id").drop_nulls().n_unique(),
            abstracts=pl.col("abstract_key").drop_nulls().n_unique(),
            title_arxiv_id=pl.col("arxiv_id").drop_nulls().min(),
            words=pl.col("title_words").max(),  # a search page that marks its words loses and adds spaces
        )
        .filter(
            (pl.col("ids") <= 1)
            & (pl.col("abstracts") <= 1)
            & (pl.col("words") >= LEAST_TITLE_WORDS)
            & (pl.col("title_key").str.len_chars() >= LEAST_TITLE_LETTERS)
        )
        .join(contradicted, on="title_key", how="anti")
        .select("title_key", "title_arxiv_id", title_tells=pl.lit(True))
    )


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
        clustered.sort(pl.col("abstract_key").is_null(), "title_key", "abstract_key", "other_key", "mention_id")
        .group_by("cluster", maintain_order=True)
        .agg(
            pl.col("title_key", "abstract_key", "other_key", "mention_id").first(),
            pl.col("arxiv_id").drop_nulls().first(),
            ambiguous=(pl.col("text_ids") > 1).any(),
        )
        .join(claims, on="cluster", how="left")
        .sort("cluster")
    )
    minted: list[str] = []
    for title, abstract, other, mention, arxiv_id, ambiguous, known in first.select(
        "title_key", "abstract_key", "other_key", "mention_id", "arxiv_id", "ambiguous", "paper_id"
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
    ranked = (
        assigned.join(old, on="mention_id", how="left")
        .with_columns(
            founder=((pl.col("was") == pl.col("paper_id")) & (pl.col("was_rule") == "new_paper")).fill_null(False)
        )
        .sort("paper_id", ~pl.col("founder"), "load_number", "mention_id")
        .with_columns(
            pl.int_range(pl.len()).over("paper_id").alias("place"),
            *(
                pl.col(name).first().over("paper_id").alias(f"founder_{name}")
                for name in ("text", "arxiv_id", "title_key")
            ),
        )
    )
    # straight to the founder where that can be; else by what leads to another mention of the paper
    rule = (
        pl.when(pl.col("place") == 0)
        .then(pl.lit("new_paper"))
        .when(pl.col("text") == pl.col("founder_text"))
        .then(pl.lit("same_title_and_abstract"))
        .when(pl.col("arxiv_id") == pl.col("founder_arxiv_id"))
        .then(pl.lit("same_arxiv_id"))
        .when(pl.col("title_tells") & (pl.col("title_key") == pl.col("founder_title_key")))
        .then(pl.lit("same_title"))
        .when(pl.col("arxiv_id").is_not_null())
        .then(pl.lit("same_arxiv_id"))
        .when(pl.col("title_tells") & pl.col("text_arxiv_id").is_null())
        .then(pl.lit("same_title"))
        .otherwise(pl.lit("same_title_and_abstract"))
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
