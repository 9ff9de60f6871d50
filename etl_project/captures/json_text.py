"""JSON: the answers of the site's API, archives made of them, and JSON Lines of the same.

Items are found by shape, so the wrapper does not matter: an array, ``{"papers": [...]}``, lists keyed by
date, items keyed by id, one item alone. A line is a field if an item stands on it, refused if a broken
stretch or a refused item does, else furniture.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from etl_project.captures.items import Refused, read_item, without_cut_author_lists
from etl_project.captures.json_scan import MOST_ITEMS, Broken, Item, Scan, TooManyItemsError, scan
from etl_project.captures.line_account import EXCERPT, account, any_within, count_lines, refused_whole
from etl_project.captures.model import Reading, Record, Refusal

FORMS = ("api_json", "json_lines")
_SNIFFED = 20_000
_START = re.compile(r"\ufeff?\s*(?:\[\s*\]\s*\Z|(?:\[\s*)?\{\s*\"[^\"\n]{1,80}\"\s*:|(?:\[\s*)?\"\s*\{\s*['\\])")
#: What remains of a file whose beginning is lost, and stands in no text: members of an item, as JSON or Python write them.
_MEMBER = re.compile(
    r"""["'](?:title|summary|abstract|id|paper_id|arxiv_id|publishedAt|authors|upvotes|paper|_id|hidden)\\?["']\s*:\s*\\?["\[{'\dtfTF]"""
)
#: The colon of a member; in text a word stands before it, and a pattern that begins with it is found fast.
_COLON = re.compile(r""":(?<=["'\s]:)""")
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|div|article)\b", re.IGNORECASE)


class Found(NamedTuple):
    """What the items of a scan came to, in the order they stand."""

    records: list[Record]
    refusals: list[Refusal]
    days: tuple[tuple[str, str], ...]


def recognise(text: str) -> float:
    """Return the confidence (0 to 1) that ``text`` is JSON, papers or not."""
    head = text[:_SNIFFED]
    if _START.match(head):
        return 0.9
    if _COLON.search(head) and len(_MEMBER.findall(head)) >= 3 and not _MARKUP.search(head):
        return 0.8
    return 0.0


def read(text: str, damaged: Sequence[int] = ()) -> Reading:
    """Return the records of ``text``, what was refused, and the account of all its lines.

    Line ends are ``\\n``. ``damaged`` holds the 1-based numbers of lines with undecodable bytes.
    """
    total = count_lines(text)
    try:
        found = scan(text)
    except TooManyItemsError:
        detail = f"more than {MOST_ITEMS:,} items, which do not fit in memory with what is read of them; split it"
        refusal = refused_whole(text, "too_complex", detail)
        return Reading("api_json", 0.9, [], [refusal], total, 0, 0, total)
    records, refusals, days = read_items(text, found, _Lines(text, total).span, damaged)
    if not records and not refusals and not found.empty:
        reason, detail = "no_records", "JSON without papers: no object has a title and an id or an abstract"
        if found.error:
            detail = f"the API answered with an error ({found.error[:200]}); check the day and fetch it again later"
            reason = "api_error"
        refusals = [refused_whole(text, reason, detail)]
    return Reading(
        "json_lines" if found.objects > 1 else "api_json",
        recognise(text) or 0.5,
        records,
        refusals,
        total,
        *account(records, refusals, total),
        "Trending Papers" if found.trending else None,
        found.query,
        days=days,
    )


def read_items(
    text: str,
    found: Scan,
    span: Callable[[int, int], tuple[int, int]],
    damaged: Sequence[int] = (),
) -> Found:
    """Return the records and refusals of what was found in the JSON ``text``, and the day that it names.

    ``span`` gives the first and last line of a stretch of ``text``.
    """
    records: list[Record] = []
    refusals: list[Refusal] = []
    days = {item.day for item in found.items if item.day}
    several = len(days) > 1  # each record is then of its own list's day, and the file of none
    usual = _usual_keys(found.items)
    parts: list[Item | Broken] = [*found.items, *found.broken]
    for part in sorted(parts, key=lambda part: part.start):
        first, last = span(part.start, part.end)
        made: Record | Refused | Broken
        if isinstance(part, Broken):
            made = part
        elif lost := usual - _keys(part):
            made = Refused("incomplete_item", f"without {min(lost)}, which all others have: what is left may be of two")
        else:
            made = _read(text, part, first, last, damaged)
        if isinstance(made, Record):
            records.append(made._replace(page_day=part.day) if several and isinstance(part, Item) else made)
        else:
            excerpt = text[part.start : min(part.end, part.start + EXCERPT)]
            refusals.append(Refusal(first, last, made.reason, made.detail, excerpt))
    return Found(
        without_cut_author_lists(records), refusals, tuple(("json", day) for day in days) if not several else ()
    )


#: What an item may lose where a stretch of the file was cut out: then its other fields may be the next one's.
_OF_EVERY_ITEM = frozenset({"abstract", "summary", "authors", "upvotes", "num_upvotes", "numUpvotes"})
_LEAST_ITEMS = 3


def _keys(item: Item) -> frozenset[str]:
    paper = item.value.get("paper")
    return _OF_EVERY_ITEM.intersection(paper if isinstance(paper, dict) else item.value)


def _usual_keys(items: Collection[Item]) -> frozenset[str]:
    """Return the keys that all items have, or all but one."""
    counted = Counter(key for item in items for key in _keys(item))
    enough = max(_LEAST_ITEMS, len(items)) - 1
    return frozenset(key for key, count in counted.items() if count >= enough)


def _read(text: str, item: Item, first: int, last: int, damaged: Sequence[int]) -> Record | Refused:
    if damaged and "\ufffd" in text[item.start : item.end] and any_within(damaged, first, last):
        return Refused("damaged_bytes", "bytes in it are not valid in the file's encoding; save it as UTF-8 again")
    return read_item(item.value, first, last, item.key)


class _Lines:
    """Line numbers of places, asked for in the order they stand: one pass over the text in all."""

    def __init__(self, text: str, total: int) -> None:
        self.text, self.total = text, total
        self.place, self.line = 0, 1

    def at(self, place: int) -> int:
        if place < self.place:
            self.place, self.line = 0, 1
        self.line += self.text.count("\n", self.place, place)
        self.place = place
        return min(self.line, self.total)

    def span(self, start: int, end: int) -> tuple[int, int]:
        return self.at(start), self.at(max(start, end - 1))
