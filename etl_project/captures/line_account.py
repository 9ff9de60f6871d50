"""The account of a file's lines from what was read of it, for forms whose records stand on stretches of lines."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from etl_project.captures.model import Record, Refusal

#: Text kept beside a refusal; the whole stays in the raw file.
EXCERPT = 2_000


def count_lines(text: str) -> int:
    """Return the number of lines of ``text``; a line end at its end starts no new line."""
    return text.count("\n") + (not text.endswith("\n")) if text else 0


def any_within(lines: Sequence[int], first: int, last: int) -> bool:
    """Say whether one of ``lines`` (sorted) is from ``first`` to ``last``."""
    place = bisect_left(lines, first)
    return place < len(lines) and lines[place] <= last


def account(records: Iterable[Record], refusals: Iterable[Refusal], total: int) -> tuple[int, int, int]:
    """Return how many of ``total`` lines are (field, furniture, refused).

    A line is refused if a refusal stands on it, else a field if a record does.
    """
    places = bytearray(total)
    for place, parts in ((1, records), (2, refusals)):
        for part in parts:
            first, last = max(part.line_start, 1), min(part.line_end, total)
            places[first - 1 : last] = bytes([place]) * (last - first + 1)
    return places.count(1), places.count(0), places.count(2)


def refused_whole(text: str, reason: str, detail: str) -> Refusal:
    """Return the refusal of a file as one, all its lines with it."""
    total = count_lines(text)
    return Refusal(min(1, total), total, reason, detail, text[:EXCERPT])
