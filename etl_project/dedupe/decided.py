"""Clusters in, clusters out: what people decided, put above what the rules found."""

from collections.abc import Sequence

import polars as pl

from etl_project.contract import polars_schema
from etl_project.decisions import Decision, Side
from etl_project.tables import DECISIONS

_NODE = ["title_key", "text_key", "abstract_kind", "arxiv_id"]
_Node = tuple[str, str | None, str | None, str | None]


def apply_decisions(mentions: pl.DataFrame, decisions: Sequence[Decision]) -> tuple[pl.DataFrame, list[str]]:
    """Return the mentions with ``cluster`` as people decided and ``found_cluster`` as before, and each decision's state (``DECISION_STATES``).

    A decision is about a mention and all its copies (the same title, text and id). What was parted makes a paper of its
    own. Decisions are asked in their order: of two about the same mentions the later one holds. One arXiv id stays
    one paper and two stay two: against them a decision is not applied.
    """
    found = mentions.with_columns(found_cluster="cluster")
    if not decisions:
        return found, []
    nodes: dict[_Node, str] = {}
    wanted = {_node(side) for decision in decisions for side in (decision.a, *decision.b)}
    for *node, cluster in found.select(*_NODE, "cluster").unique().sort("cluster").iter_rows():
        if tuple(node) in wanted:
            nodes.setdefault((node[0], node[1], node[2], node[3]), cluster)
    states = [_state(place, decisions, nodes) for place in range(len(decisions))]
    parted: dict[_Node, str] = {}
    for place, decision in enumerate(decisions):
        if states[place] == "applied" and decision.verdict == "different":
            parted |= {_node(side): f"d\0{place}" for side in decision.b}
    joined: dict[str, str] = {}  # a cluster, and that which took it in

    def root(cluster: str) -> str:
        while cluster in joined:
            cluster = joined[cluster]
        return cluster

    def of(side: Side) -> str:
        return root(parted.get(_node(side), nodes[_node(side)]))

    for place, decision in enumerate(decisions):
        if states[place] != "applied" or decision.verdict != "same":
            continue
        for side in decision.b:
            pair = {of(decision.a), of(side)}
            with_ids = sorted(cluster for cluster in pair if cluster.startswith("a\0"))
            if len(with_ids) == 2:
                states[place] = "contradicted"
            elif len(pair) == 2:
                kept = with_ids[0] if with_ids else min(pair)
                joined |= {cluster: kept for cluster in pair if cluster != kept}
    leaving = pl.DataFrame(
        [(*node, cluster) for node, cluster in parted.items()],
        schema={**dict.fromkeys(_NODE, pl.String), "parted": pl.String},
        orient="row",
    )
    return (
        found.join(leaving, on=_NODE, how="left", nulls_equal=True)
        .with_columns(cluster=pl.coalesce("parted", "cluster"))
        .with_columns(pl.col("cluster").replace({cluster: root(cluster) for cluster in joined}))
        .drop("parted"),
        states,
    )


def _node(side: Side) -> _Node:
    return side.title_key, side.text_key, side.abstract_kind, side.arxiv_id


def _state(place: int, decisions: Sequence[Decision], nodes: dict[_Node, str]) -> str:
    decision = decisions[place]
    own = {_node(decision.a), *map(_node, decision.b)}
    if not own <= nodes.keys():
        return "unknown_mention"
    for later in decisions[place + 1 :]:
        about = {_node(later.a), *map(_node, later.b)}
        if later.verdict != decision.verdict and len(own & about) >= 2:
            return "overruled"
    ids = {side.arxiv_id for side in (decision.a, *decision.b)}
    if decision.verdict == "different" and any(
        nodes[_node(side)].startswith("a\0") and side.arxiv_id for side in decision.b
    ):
        return "contradicted"
    return "contradicted" if decision.verdict == "same" and len(ids - {None}) > 1 else "applied"


def decision_rows(decisions: Sequence[Decision], states: Sequence[str]) -> pl.DataFrame:
    """Return rows of the table ``decisions``."""
    rows = [
        (number, decision.verdict, decision.a.mention_id, side.mention_id, decision.why, decision.decided_at, state)
        for number, (decision, state) in enumerate(zip(decisions, states, strict=True), 1)
        for side in decision.b
    ]
    return pl.DataFrame(rows, schema=polars_schema(DECISIONS), orient="row")
