"""What people decided about papers: one line a decision, in a file of the lake that the pipeline never rewrites.

So decisions outlive the warehouse, can be read and kept under version control, and are applied on every run.
"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from etl_project.lake import Lake, writer_lock
from etl_project.tables import VERDICTS


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
    if not lake.decisions.exists():
        return []
    found = []
    for number, line in enumerate(lake.decisions.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            found.append(_decision(json.loads(line)))
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedDecisions(
                f"{lake.decisions}, line {number}: no decision ({error!r}); mend or delete that line, and run again"
            ) from None
    return found


def _decision(row: dict[str, Any]) -> Decision:
    if row["verdict"] not in VERDICTS:
        raise ValueError(f"verdict {row['verdict']!r}, not one of {', '.join(VERDICTS)}")
    made = datetime.fromisoformat(row["decided_at"]).astimezone(UTC).replace(tzinfo=None)
    sides = tuple(Side(**side) for side in row["b"])
    return Decision(row["verdict"], Side(**row["a"]), sides, row["why"], made)


def append(lake: Lake, decision: Decision) -> None:
    """Write a decision down at the file's end. LakeBusy if a run has the lake; OSError if the file cannot be written."""
    row = {
        "verdict": decision.verdict,
        "a": decision.a._asdict(),
        "b": [side._asdict() for side in decision.b],
        "why": decision.why,
        "decided_at": f"{decision.decided_at.isoformat(timespec='seconds')}Z",
    }
    with writer_lock(lake, "papers merge" if decision.verdict == "same" else "papers split"):
        lake.decisions.parent.mkdir(parents=True, exist_ok=True)
        with lake.decisions.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
