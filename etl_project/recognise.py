"""How one file is recognised and which of its lines go where, told without a lake: what ``papers forms FILE`` shows."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from etl_project.capture_day import FileFacts
from etl_project.captures import Reading, read_capture
from etl_project.captures.catalogue import CARRIED, READ
from etl_project.parse import UNREAD_REMEDIES, read_dates
from etl_project.raw import decode, open_bytes


class Stretch(NamedTuple):
    """Lines ``first`` to ``last`` (1-based, inclusive) and where they went: ``paper``, ``refused`` or ``page``."""

    first: int
    last: int
    went: str
    what: str


class Recognised(NamedTuple):
    """What is known of a file: ``facts`` for its head, ``stretches`` for its lines, ``carried`` fields found with their counts."""

    facts: dict[str, Any]
    stretches: list[Stretch]
    carried: dict[str, int]


def recognise_file(path: Path) -> Recognised:
    """Return how the file at ``path`` is read. OSError if it cannot be opened.

    A file that is no text has the reason in its facts, and no stretches.
    """
    stored = path.read_bytes()
    compression, content, problem = open_bytes(stored)
    decoded = decode(content) if content is not None else None
    facts: dict[str, Any] = {"bytes": len(stored), "compression": compression}
    if decoded is None or decoded.text is None:
        reason = problem or (decoded and decoded.reason) or ""
        return Recognised({**facts, "unread": reason, "remedy": UNREAD_REMEDIES[reason]}, [], {})
    reading = read_capture(decoded.text, decoded.damaged_lines)
    modified_on = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    file = FileFacts(path.name, str(path.absolute().parent), modified_on, date.today())
    _, captured_on, basis = read_dates(reading, file)
    known_by = next((form.known_by for form in READ if form.name == reading.form), None)
    facts |= {
        "encoding": f"{decoded.encoding} ({decoded.basis})",
        "form": reading.form,
        "known by": known_by,
        "confidence": round(reading.confidence, 2),
        "heading": reading.heading,
        "query": reading.query,
        "day": reading.captured_raw,
        "days told": ", ".join(f"{day} ({basis})" for basis, day in dict.fromkeys(reading.days)) or None,
        "captured on": f"{captured_on} ({basis})" if captured_on else f"not known ({basis})",
        "mirror": reading.mirror,
        "unknown host": reading.unknown_host,
        "lines": f"{reading.lines_total}: {reading.lines_field} of papers, {reading.lines_furniture} of the page, "
        f"{reading.lines_refused} refused",
        "records": len(reading.records),
    }
    carried = {
        word: count
        for word, fields in CARRIED.items()
        if (count := sum(any(getattr(record, name) is not None for name in fields) for record in reading.records))
    }
    return Recognised(facts, _stretches(reading), carried)


def _stretches(reading: Reading) -> list[Stretch]:
    """Return the lines of papers and refusals in the file's order, and between them those of the page."""
    parts = [Stretch(r.line_start, r.line_end, "paper", r.title) for r in reading.records]
    parts += [Stretch(r.line_start, r.line_end, "refused", f"{r.reason}: {r.detail}") for r in reading.refusals]
    stretches: list[Stretch] = []
    reached = 0
    for part in sorted(parts):
        if part.first > reached + 1:
            stretches.append(Stretch(reached + 1, part.first - 1, "page", ""))
        stretches.append(part)
        reached = max(reached, part.last)
    if reached < reading.lines_total:
        stretches.append(Stretch(reached + 1, reading.lines_total, "page", ""))
    return stretches
