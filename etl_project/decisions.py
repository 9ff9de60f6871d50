"""What people decided about papers: one line a decision, in a file of the lake that the pipeline never rewrites.

So decisions outlive the warehouse, can be read and kept under version control, and are applied on every run.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from etl_project.contract import MENTION_ID, VERDICTS
from etl_project.lake import Lake, writer_lock

Row = TypeVar("Row")


class Side(NamedTuple):
    """A mention that was decided about. The keys name it also where its capture was read anew, and its copies."""

    mention_id: str
    title: str
    title_key: str
    text_key: str | None
    abstract_kind: str | None
    arxiv_id: str | None


class Decision(NamedTuple):
    """``b`` are mentions of the same paper as ``a``, or of another one, which they then make together."""

    verdict: str
    a: Side
    b: tuple[Side, ...]
    why: str
    decided_at: datetime


class DamagedDecisions(Exception):
    """The file of decisions cannot be read; the message names the file, the line and what to do."""


def read(lake: Lake) -> list[Decision]:
    """Return the decisions in the order in which they were made; DamagedDecisions if a line is none."""
    return lines(lake.decisions, _decision)


def damaged(lake: Lake) -> dict[int, str]:
    """Return the lines of the file of decisions that are none, by number, with the reason."""
    return read_lines(lake.decisions, _decision)[1]


def lines(path: Path, made_of: Callable[[dict[str, Any]], Row]) -> list[Row]:
    """Return what ``made_of`` makes of each line of a file of decisions, none if there is no file; DamagedDecisions if a line is none."""
    found, wrong = read_lines(path, made_of)
    for number, reason in wrong.items():
        raise DamagedDecisions(
            f"{path}, line {number}: no decision ({reason}); mend or delete that line, and run again"
        )
    return found


def read_lines(path: Path, made_of: Callable[[dict[str, Any]], Row]) -> tuple[list[Row], dict[int, str]]:
    """Return what ``made_of`` makes of the lines that it can be made of, and of the others the reason by number."""
    found: list[Row] = []
    wrong: dict[int, str] = {}
    if not path.exists():
        return found, wrong
    # at line feeds alone: a reason may hold other characters that end lines
    for number, line in enumerate(path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(made_of(json.loads(line.decode("utf-8"))))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            wrong[number] = repr(error)
    return found, wrong


def _decision(row: dict[str, Any]) -> Decision:
    if row["verdict"] not in VERDICTS:
        raise ValueError(f"verdict {row['verdict']!r}, not one of {', '.join(VERDICTS)}")
    if not isinstance(row["why"], str) or not row["why"].strip():
        raise ValueError("no reason, why")
    made = datetime.fromisoformat(row["decided_at"]).astimezone(UTC).replace(tzinfo=None)
    a, *b = (_side(side) for side in (row["a"], *row["b"]))
    if not b or any(side.mention_id == a.mention_id for side in b):
        raise ValueError("b names no other mention than a")
    return Decision(row["verdict"], a, tuple(b), row["why"], made)


def _side(row: dict[str, Any]) -> Side:
    side = Side(**row)
    for name, value in side._asdict().items():
        if not isinstance(value, str) and (value is not None or name in ("mention_id", "title", "title_key")):
            raise ValueError(f"{name} is {value!r}")
    if not re.fullmatch(MENTION_ID, side.mention_id):
        raise ValueError(f"mention_id is {side.mention_id!r}")
    return side


def append(lake: Lake, decision: Decision) -> None:
    """Write a decision down at the file's end. LakeBusy if a run has the lake; OSError if the file cannot be written."""
    row = {
        "verdict": decision.verdict,
        "a": decision.a._asdict(),
        "b": [side._asdict() for side in decision.b],
        "why": decision.why,
        "decided_at": f"{decision.decided_at.isoformat(timespec='seconds')}Z",
    }
    append_line(lake, lake.decisions, "papers merge" if decision.verdict == "same" else "papers split", json.dumps(row))


def append_line(lake: Lake, path: Path, name: str, *rows: str) -> None:
    """Write lines at the end of a file of decisions, as the command ``name``. LakeBusy if a run has the lake; OSError."""
    with writer_lock(lake, name):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b") as file:
            if file.tell() and path.read_bytes()[-1:] != b"\n":  # an editor's last line
                file.write(b"\n")
            file.write("".join(f"{row}\n" for row in rows).encode())
