"""Draws the data's way, with ``make dictionary``: ``docs/data_way.svg``, from the assets and checks as Dagster has them.

Stages are columns, in the order of the data; a box is a table, with the tables that its SQL reads below its name.
"""

import textwrap
from collections import Counter
from html import escape
from typing import NamedTuple

from etl_project.assets import GROUPS, inputs_of
from etl_project.definitions import build_definitions
from etl_project.lake import PROJECT, Lake
from etl_project.tables import BY_NAME

PATH = PROJECT / "docs" / "data_way.svg"
_WIDE, _GAP, _TOP, _LINE = 178, 34, 66, 14
_SAYS = {
    "fetched": "days, as the service sends them",
    "raw": "files as received",
    "parsed": "mentions, understood or refused",
    "papers": "which mentions are one paper",
    "derived": "what survives, counted and linked",
    "quality": "what the run did, beside before",
    "published": "what readers open, in one step",
}
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1c2430; } .stage { font-weight: 600; font-size: 14px; } .soft { fill: #55606e; font-size: 10.5px; }
.box { fill: #f5f7fa; stroke: #b9c4d0; } .arrow { stroke: #1f5fae; stroke-width: 2; fill: none; } .head { fill: #1f5fae; } .ground { fill: #ffffff; }
@media (prefers-color-scheme: dark) { text { fill: #e4e9f0; } .soft { fill: #a3afbd; } .box { fill: #1b222c; stroke: #4a5766; }
.arrow { stroke: #8cbcff; } .head { fill: #8cbcff; } .ground { fill: #12171e; } }
"""


class _Box(NamedTuple):
    name: str
    below: list[str]

    @property
    def height(self) -> int:
        return 26 + _LINE * len(self.below)


def draw() -> str:
    """Return the picture as SVG."""
    definitions = build_definitions(Lake(PROJECT / "data_lake"))
    graph = definitions.resolve_asset_graph()
    checks = Counter(key.asset_key.to_user_string() for key in graph.asset_check_keys)
    columns: dict[str, list[_Box]] = {stage: [] for stage in GROUPS}
    stages = {group: stage for stage, group in GROUPS.items()}
    for name, key in sorted(((key.to_user_string(), key) for key in graph.get_all_asset_keys()), key=_place):
        node = graph.get(key)
        told = [f"{checks[name]} checks"] if checks[name] else []
        if name in BY_NAME and (used := inputs_of(BY_NAME[name])):
            told = _wrapped("from " + ", ".join(used)) + told
        columns[stages[str(node.group_name)]].append(_Box(name, told))
    tall = max(sum(box.height + 8 for box in boxes) for boxes in columns.values()) + _TOP + 16
    wide = len(columns) * (_WIDE + _GAP) - _GAP + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" role="img" aria-label="The way of the data, by stage">',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{wide}" height="{tall}"/>',
    ]
    for n, (stage, boxes) in enumerate(columns.items()):
        x, y = 12 + n * (_WIDE + _GAP), _TOP
        parts.append(
            f'<text class="stage" x="{x}" y="26">{n}. {stage}</text><text class="soft" x="{x}" y="43">{_SAYS[stage]}</text>'
        )
        if n:
            middle = _TOP + 14
            parts.append(
                f'<path class="arrow" d="M{x - _GAP + 4} {middle}H{x - 9}"/><path class="head" d="M{x - 10} {middle - 5}l8 5-8 5z"/>'
            )
        for box in boxes:
            parts.append(f'<rect class="box" x="{x}" y="{y}" width="{_WIDE}" height="{box.height}" rx="5"/>')
            parts.append(f'<text x="{x + 9}" y="{y + 17}">{escape(box.name)}</text>')
            parts += [
                f'<text class="soft" x="{x + 9}" y="{y + 17 + _LINE * line}">{escape(text)}</text>'
                for line, text in enumerate(box.below, 1)
            ]
            y += box.height + 8
    return "\n".join([*parts, "</svg>"]) + "\n"


def _place(asset: tuple[str, object]) -> int:
    name, _ = asset
    order = ["fetched_days", *BY_NAME, "publication", "report"]
    return order.index(name) if name in order else len(order)


def _wrapped(text: str) -> list[str]:
    """Return ``text`` in lines that fit into a box."""
    return textwrap.wrap(text, 31)


if __name__ == "__main__":
    PATH.write_text(draw(), "utf-8")
