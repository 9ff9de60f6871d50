"""Captures that people left out of the tables, and took back: one line each in a file of the lake that no run rewrites.

Their bytes stay in raw/; each is refused as one, with the reason that people gave, until it is taken back.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from etl_project import raw
from etl_project.decisions import append_line, lines, read_lines
from etl_project.lake import Lake


class Said(NamedTuple):
    """What was decided of one capture last: ``why`` it is left out, or None where it was taken back."""

    dump_id: str
    file_name: str
    why: str | None


def read(lake: Lake) -> dict[str, str]:
    """Return why captures are left out, by dump_id. DamagedDecisions if a line of the file is no decision."""
    said = lines(lake.left_out, _said)
    last = {one.dump_id: one.why for one in said}
    return {dump_id: why for dump_id, why in last.items() if why is not None}


def damaged(lake: Lake) -> dict[int, str]:
    """Return the lines of the file that are no decision, by number, with the reason."""
    return read_lines(lake.left_out, _said)[1]


def _said(row: dict[str, Any]) -> Said:
    dump_id, name, why = (row[key] for key in ("dump_id", "file_name", "why"))
    if not isinstance(dump_id, str) or not isinstance(name, str):
        raise ValueError("dump_id and file_name are text")
    if why is not None and not (isinstance(why, str) and why.strip()):
        raise ValueError("no reason, why (null takes the capture back)")
    return Said(dump_id, name, why)


def write(lake: Lake, receipts: Iterable[raw.Receipt], why: str | None) -> None:
    """Write down that captures are left out, or (``why`` None) taken back. LakeBusy if a run has the lake; OSError."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    rows = [{**Said(one.dump_id, one.file_name, why)._asdict(), "decided_at": now} for one in receipts]
    append_line(lake, lake.left_out, "papers leave-out", *map(json.dumps, rows))


def find(lake: Lake, name: str) -> list[raw.Receipt]:
    """Return the receipts of captures that have this file name, or this dump_id (eight digits or more of it suffice)."""
    return [
        one
        for one in raw.receipts(lake.raw)
        if one.file_name == name or (len(name) >= 8 and one.dump_id.startswith(name.lower()))
    ]
