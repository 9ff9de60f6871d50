"""Clusters in, clusters out: what people decided, put above what the rules found."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from etl_project.contract import polars_schema
from etl_project.decisions import Decision, Side
from etl_project.dedupe.keys import numbers_of
from etl_project.tables import DECISIONS

_NODE = ["title_key", "text_key", "abstract_kind", "arxiv_id"]
_Node = tuple[str, str | None, str | None, str | None]
#: The names of clusters that decisions part from others: even ones from here on.
_PARTED = int(numbers_of([b"decided"])[0] >> np.uint64(1)) & ~1


def apply_decisions(mentions: pl.DataFrame, decisions: Sequence[Decision]) -> tuple[pl.DataFrame, list[str]]:
    """Return the mentions with ``cluster``, ``found_cluster`` as people decided, and each decision's state (``DECISION_STATES``).

    ``mentions`` are at least all of the clusters that are decided about. A decision is about a mention and all its
    copies (the same title, text and id). What is parted makes a paper of its own: it leaves what it was joined to before,
    and that stays as it is; what is joined later to one of its mentions is joined to it. So of two decisions about the
    same mentions the later one holds. One arXiv id stays one paper and two stay two: against them a decision is not
    applied.
    """
    if not decisions:
        return mentions.with_columns(cluster="found_cluster"), []
    nodes = clusters_decided(mentions, decisions)
    states = [_state(decision, nodes) for decision in decisions]
    parted: dict[_Node, int] = {}
    joined: dict[int, int] = {}  # a cluster, and that which took it in

    def of(side: Side) -> int:
        cluster = parted.get(_node(side), nodes[_node(side)])
        while cluster in joined:
            cluster = joined[cluster]
        return cluster

    for place, decision in enumerate(decisions):
        if states[place] != "applied":
            continue
        if decision.verdict == "different":
            parted |= {_node(side): _PARTED + 2 * place for side in decision.b}
            continue
        for side in decision.b:
            pair = {of(decision.a), of(side)}
            with_ids = sorted(cluster for cluster in pair if _is_arxiv_id(cluster))
            if len(with_ids) == 2:
                states[place] = "contradicted"
            elif len(pair) == 2:
                kept = with_ids[0] if with_ids else min(pair)
                joined |= {cluster: kept for cluster in pair if cluster != kept}
    for place, decision in enumerate(decisions):
        if states[place] == "applied":
            together = {of(decision.a) == of(side) for side in decision.b}
            states[place] = "applied" if together == {decision.verdict == "same"} else "overruled"
    leaving = pl.DataFrame(
        [(*node, cluster) for node, cluster in parted.items()],
        schema={**dict.fromkeys(_NODE, pl.String), "parted": pl.UInt64},
        orient="row",
    )
    roots: dict[int, int] = {}
    for cluster in joined:
        roots[cluster] = joined[cluster]
        while roots[cluster] in joined:
            roots[cluster] = joined[roots[cluster]]
    taken_in = pl.DataFrame(list(roots.items()), schema={"cluster": pl.UInt64, "root": pl.UInt64}, orient="row")
    decided = (
        mentions.join(leaving, on=_NODE, how="left", nulls_equal=True)
        .with_columns(cluster=pl.coalesce("parted", "found_cluster"))
        .join(taken_in, on="cluster", how="left")
        .with_columns(cluster=pl.coalesce("root", "cluster"))
    )
    return decided.drop("parted", "root"), states


def clusters_decided(mentions: pl.DataFrame, decisions: Sequence[Decision]) -> dict[_Node, int]:
    """Return the found clusters of what is decided about."""
    wanted = {_node(side) for decision in decisions for side in (decision.a, *decision.b)}
    nodes: dict[_Node, int] = {}
    for title, text, kind, arxiv_id, cluster in mentions.select(*_NODE, "found_cluster").unique().iter_rows():
        node = (title, text, kind, arxiv_id)
        if node in wanted:
            nodes[node] = min(cluster, nodes.get(node, cluster))
    return nodes


def _is_arxiv_id(cluster: int) -> bool:
    return cluster % 2 == 1


def _node(side: Side) -> _Node:
    return side.title_key, side.text_key, side.abstract_kind, side.arxiv_id


def _state(decision: Decision, nodes: dict[_Node, int]) -> str:
    if not {_node(decision.a), *map(_node, decision.b)} <= nodes.keys():
        return "unknown_mention"
    ids = {side.arxiv_id for side in (decision.a, *decision.b)} - {None}
    if decision.verdict == "different":
        of_ids = any(_is_arxiv_id(nodes[_node(side)]) and side.arxiv_id for side in decision.b)
        return "contradicted" if of_ids else "applied"
    return "contradicted" if len(ids) > 1 else "applied"


def decision_rows(decisions: Sequence[Decision], states: Sequence[str]) -> pl.DataFrame:
    """Return rows of the table ``decisions``."""
    rows = [
        (number, decision.verdict, decision.a.mention_id, side.mention_id, decision.why, decision.decided_at, state)
        for number, (decision, state) in enumerate(zip(decisions, states, strict=True), 1)
        for side in decision.b
    ]
    return pl.DataFrame(rows, schema=polars_schema(DECISIONS), orient="row")
