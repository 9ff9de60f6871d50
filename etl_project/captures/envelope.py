"""What tools put around a page: a front matter, a scraper's header, a code fence, quote marks. Taken off, and read for the day.

Every line-based form goes through here first, so that no form needs to know of it. Lines that are taken off
become empty: line numbers stay those of the file.
"""

import re
from datetime import date
from typing import NamedTuple

from etl_project.captures.pieces import Leads, read_target
from etl_project.fields import parse_printed_date, parse_time


class Opened(NamedTuple):
    """The page's own lines (what was around it is empty), the days, the search text and the paper's id that it told."""

    lines: list[str]
    days: tuple[tuple[str, str], ...]
    query: str | None
    arxiv_id: str | None = None


_MOST_LINES = 60  # a front matter that does not end by then is none
_PAIR = re.compile(
    r"\s*(?:[-*]\s+)?(?:\*\*|[\"'])?([A-Za-z][A-Za-z _-]{0,30}?)(?:\s*\(UTC\))?[\"']?\s*[:=](?:\*\*)?\s*(.*)"
)
_FENCE = re.compile(r"\s{0,3}(?:`{3,}|~{3,})[\w+-]*\s*")
#: Of a fence. Patterns that begin with one literal character are found several times faster than substrings.
_TICKS, _TILDES = re.compile(r"`(?<=```)"), re.compile(r"~(?<=~~~)")
_QUOTE = re.compile(r"^\s*>\s?")
_COMMENT = re.compile(r"\s*<!--.{0,500}?-->\s*")
_ADDRESS = re.compile(r"https?://[^\s\"'<>)\]]+")
#: Keys of the day on which a copy was made, the surest first.
_DAY_KEYS = (
    "captured",
    "clipped",
    "saved",
    "created",
    "fetched",
    "retrieved",
    "accessed",
    "date",
    "published",
    "published time",
    "updated",
    "exported",
)
#: Keys with which a scraper's header starts its lines.
_HEADER_KEYS = frozenset(
    {*_DAY_KEYS, "title", "url source", "url", "source", "link", "canonical", "markdown content", "description", "warning",
     "site", "author", "tags", "captured at", "fetched at", "content", "source url", "page title", "source html",
     "source sha256", "sha256", "generated from", "extraction", "type"}
)  # fmt: skip
_ADDRESS_KEYS = frozenset({"url source", "url", "source", "link", "canonical", "source url"})


def open_envelope(lines: list[str], text: str) -> Opened:
    """Return the lines of the page itself, with what surrounds it read and emptied. ``text`` is the lines joined."""
    lines = list(lines)
    told: dict[str, str] = {}
    start = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    if _TICKS.search(text) or _TILDES.search(text):
        _take_fences(lines)
    end = _front_matter_end(lines, start)
    if end:
        _take_pairs(lines, range(start, end), told)
    else:
        _take_header(lines, start, told)
    quoted = sum([line.lstrip()[:1] == ">" for line in lines if ">" in line]) if ">" in text else 0
    if quoted and quoted > 0.8 * sum([bool(line) and not line.isspace() for line in lines]):
        lines = [_QUOTE.sub("", line) for line in lines]
    numbers = {read_target(told[key]).arxiv_id for key in _ADDRESS_KEYS & told.keys()} - {None}
    return Opened(_without_margin(lines), *_day_and_query(told), numbers.pop() if len(numbers) == 1 else None)


def _without_margin(lines: list[str]) -> list[str]:
    """Return the lines without the spaces that all of them begin with."""
    margin = _MOST_LINES
    for line in lines:
        if line and not line[0].isspace():
            return lines
        if not line.isspace() and line:
            margin = min(margin, len(line) - len(line.lstrip(" ")))
    return [line[margin:] for line in lines] if margin else lines


def _take_fences(lines: list[str]) -> None:
    fences = [i for i, line in enumerate(lines) if ("```" in line or "~~~" in line) and _FENCE.fullmatch(line)]
    for i in fences:
        lines[i] = ""


def _front_matter_end(lines: list[str], start: int) -> int:
    """Return the line after a front matter that begins at ``start``, or 0."""
    if start >= len(lines) or lines[start].strip() not in ("---", "+++"):
        return 0
    for i in range(start + 1, min(len(lines), start + _MOST_LINES)):
        if lines[i].strip() in (lines[start].strip(), "..."):
            pairs = sum(_PAIR.fullmatch(line) is not None for line in lines[start + 1 : i])
            others = sum(
                bool(line.strip()) and not _PAIR.fullmatch(line) and not re.match(r"\s*-\s|\s{2,}\S|\s*[\]\[{}]", line)
                for line in lines[start + 1 : i]
            )
            return i + 1 if pairs and not others else 0
    return 0


def _take_pairs(lines: list[str], numbers: range, told: dict[str, str]) -> None:
    key = ""
    for i in numbers:
        if pair := _PAIR.fullmatch(lines[i]):
            key = pair[1].lower().replace("_", " ").replace("-", " ")
            told.setdefault(key, pair[2].strip().strip("\"'"))
        lines[i] = ""


def _take_header(lines: list[str], start: int, told: dict[str, str]) -> None:
    """Take off the lines that a scraper writes before a page; a title such as "Source: ..." alone is no header."""
    found: list[int] = []
    pairs: list[tuple[str, str]] = []
    for i in range(start, min(len(lines), start + _MOST_LINES)):
        line = lines[i]
        if not line.strip():
            continue
        if (re.match(r"\s*#", line) and not found) or re.fullmatch(r"\s*[-=*]{3,}\s*", line):
            found.append(i)
            continue
        pair = _PAIR.fullmatch(line)
        if _COMMENT.fullmatch(line):
            pairs += [("source", address) for address in _ADDRESS.findall(line)]
            pairs += [("date", day) for day in re.findall(r"\d{4}-\d\d-\d\d", line)]
        elif pair and pair[1].lower() in _HEADER_KEYS:
            pairs.append((pair[1].lower(), pair[2].strip()))
        else:
            break
        found.append(i)
    addressed = any(key in _ADDRESS_KEYS and _ADDRESS.match(value) for key, value in pairs)
    comments = bool(pairs) and all(_COMMENT.fullmatch(lines[i]) for i in found)
    if not (addressed or comments):
        return
    for key, value in pairs:
        told.setdefault(key, value)
    for i in found:
        lines[i] = ""


def _day_and_query(told: dict[str, str]) -> tuple[tuple[tuple[str, str], ...], str | None]:
    days: list[tuple[str, str]] = []
    query = None
    for key in sorted(told):
        if key in _ADDRESS_KEYS:
            target = read_target(told[key])
            if target.leads is Leads.DAY and target.value and (day := _iso_day(target.value)):
                days.append(("link", day))
            elif target.leads is Leads.SITE:
                query = query or target.value
    for key in _DAY_KEYS:
        for name in (key, f"{key} at", f"{key} on"):
            if name in told and (day := _iso_day(told[name])):
                days.append(("front_matter", day))
    return tuple(days), query


def _iso_day(text: str) -> str | None:
    """Return the day (ISO) that a header's value tells with its year, else None."""
    if moment := parse_time(text):
        return moment.date().isoformat()
    if match := re.match(r"(\d{4}-\d\d-\d\d)(?:[T ][\d:.]*)?\Z", text):
        text = match[1]
    if match := re.match(r"(?:\w{3,9}, )?(\d{1,2}) (\w{3})\w* (\d{4})\b", text):  # as in a mail's or a server's header
        text = f"{match[2]} {int(match[1])}, {match[3]}"
    day = parse_printed_date(text)
    if day is None or day.day is None or day.year is None:
        return None
    try:
        return date(day.year, day.month, day.day).isoformat()
    except ValueError:
        return None
