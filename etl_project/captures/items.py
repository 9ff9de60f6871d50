"""One item of the site's API, or of an archive made from it, in; a record out, or the reason why not. Pure.

Taken by shape: ``{"paper": {...}, ...}`` as the API gives it, the paper alone, or the flat and renamed objects of
other projects' archives. A field of the wrong type is not used; what no field of the record takes stays in ``raw``,
under its own path. Nothing is put together from two papers: an item whose fields name two is refused.

Three times look alike and are not. ``paper.publishedAt`` is arXiv's, in UTC, and at midnight tells the day only. The
outer ``publishedAt`` is the time on that day where it is one of that day. Else it is none: it was the time of the
submission to the daily page until March 2025, and since then is arXiv's minus four or five hours, written as if it
were UTC (so in all 8,000 items of 2024 to 2026 looked at); it stays in ``raw``. ``paper.submittedOnDailyAt`` is the
submission to the daily page.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import time
from typing import Any, NamedTuple

from etl_project.captures.model import Record
from etl_project.captures.roles import trim
from etl_project.captures.text import abstract_kind, too_long
from etl_project.fields import parse_printed_date, parse_time

#: Largest value of the tables' integer columns; a larger count is no count.
_LARGEST_COUNT = 2**31 - 1

_IDS = ("id", "paper_id", "paperId", "arxiv_id", "arxivId", "arxiv")
_ADDRESSES = (
    "url", "paper_url", "paperUrl", "hf_url", "huggingface_url", "page_url", "source_url", "link", "thumbnail",
    "thumbnailUrl", "arxiv_url", "arxivUrl", "arxiv_page_url", "external_url", "pdf_url", "pdfUrl",
)  # fmt: skip
_TITLES = ("title", "paper_title", "paperTitle", "paper_name")
_ABSTRACTS = ("abstract", "summary")
_AI_SUMMARIES = ("ai_summary", "aiSummary")
_UPVOTES = ("upvotes", "num_upvotes", "numUpvotes", "upvote", "upvote_count")
_COMMENTS = ("numComments", "num_comments", "comments", "comment_count")
_REPOSITORIES = ("githubRepo", "github_repo", "github_url", "githubUrl", "github")
_STARS = ("githubStars", "github_stars")
_PROJECTS = ("projectPage", "project_page", "project_url", "projectUrl")
_PUBLISHED = ("publishedAt", "published_at")
_DAILY = ("submittedOnDailyAt", "submitted_on_daily_at")
#: Keys of an item; no wrapper of a list of items has them.
ITEM_KEYS = frozenset({"paper", "authors", *_IDS, *_TITLES, *_ABSTRACTS, *_UPVOTES, *_PUBLISHED})
#: Fields of persons and organisations, and those that the API gives beside a paper: never inside the paper itself.
_OF_PERSONS = frozenset({"avatar", "avatarUrl", "followerCount", "fullname", "hidden", "name", "user"})
_BESIDE_PAPERS = frozenset({"numComments", "submittedBy", "isAuthorParticipating"})
#: Fields of an item and its paper that are written differently, or compared by what they say.
_MAY_DIFFER = frozenset({"publishedAt", "organization", "organisation", *_TITLES, *_ABSTRACTS})
_NOT_OF_PAPERS = _BESIDE_PAPERS | _OF_PERSONS

#: Version and "arXiv:" are no part of an id. Four digits to 2014-12, five from 2015-01.
_ID = re.compile(
    r"(?:arxiv:)?((?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.\d{4}|(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5})(?:v\d+)?",
    re.IGNORECASE | re.ASCII,
)
_ID_IN_ADDRESS = re.compile(r"/(?:papers|abs|pdf)/(\d{4}\.\d{4,5})(?!\d)", re.ASCII)
_SPACES = re.compile(r" *[\t\r\n\f][ \t\r\n\f]*|  +")
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_FONT_COMMAND = re.compile(r"\\(?:text|math|emph|bf|it|rm|sc)[a-z]*\b")
_MARKS = re.compile(r"[\s\\${}^_]+")
#: In a list of names: "and others", or how many they are.
_NO_NAME = re.compile(r"\bet\s+al\b|\.\.\.|…|^\W*\+?\d")
_NAME_LISTS = re.compile(r"\bet\s+al\b|\band\b|&|;|\.\.\.|…|\d", re.IGNORECASE)


class Refused(NamedTuple):
    """Why an item is no record (a key of ``REFUSAL_REASONS``) and what to do about it."""

    reason: str
    detail: str


def arxiv_id(value: object) -> str | None:
    """Return the arXiv id that a text is, without version; None for anything else.

    A number is none: ``2503.0213`` may have been ``2503.02130``.
    """
    match = _ID.fullmatch(value.strip()) if isinstance(value, str) else None
    return match[1] if match else None


def id_in_address(value: object) -> str | None:
    """Return the arXiv id that the address of a paper's page holds, else None."""
    match = _ID_IN_ADDRESS.search(value) if isinstance(value, str) else None
    return arxiv_id(match[1]) if match else None


def one_line(text: str) -> str:
    """Return ``text`` as a browser shows it: runs of white space are one space, the ends are trimmed."""
    if text.isascii():
        return " ".join(text.split())
    if "\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text:
        text = _SPACES.sub(" ", text)  # not split(): it would make a no-break space a space
    return trim(text)


def is_item(value: object, key: str | None = None) -> bool:
    """Say whether a JSON value has the shape of a paper; ``key`` is the name under which it stands."""
    if not isinstance(value, dict):
        return False
    paper = value.get("paper")
    if isinstance(paper, dict):
        if not ("title" in paper or "summary" in paper or "id" in paper):
            return False
    else:
        titled = _first(value, _TITLES, str) is not None
        told = any(arxiv_id(value.get(name)) for name in _IDS) or (titled and bool(arxiv_id(key)))
        if titled and not told:
            told = any(id_in_address(value.get(name)) for name in _ADDRESSES)
        abstract = _first(value, _ABSTRACTS, str) is not None or _first(value, _AI_SUMMARIES, str) is not None
        if titled + told + abstract < 2:
            return False
    # a list of papers may have a title and a description of its own
    return not any(isinstance(v, list) and v and is_item(v[0]) for v in value.values())


def read_item(item: Mapping[str, Any], line_start: int, line_end: int, key: str | None = None) -> Record | Refused:
    """Return the record of one item of the shape that ``is_item`` tells, or why there is none.

    ``key`` is the name under which the item stands: archives keyed by id have the id there alone.
    """
    outer = dict(item)
    nested = isinstance(outer.get("paper"), dict)
    paper = dict(outer.pop("paper")) if nested else outer
    native = nested or _is_native(paper)

    if native and not ((_NOT_OF_PAPERS if nested else _OF_PERSONS).isdisjoint(paper) and _OF_PERSONS.isdisjoint(outer)):
        return Refused(
            "contradicting_fields", "fields of others are among its own, as where lines were lost; get it again"
        )
    if nested and any(outer[name] != paper[name] for name in (outer.keys() & paper.keys()) - _MAY_DIFFER):
        return Refused("contradicting_fields", "it says one thing of itself and another of its paper; get it again")
    if not nested and "authors" not in outer and not _BESIDE_PAPERS.isdisjoint(outer):
        return Refused("incomplete_item", "only what stands around a paper, without the paper; get the item again")
    found = _ids(outer, paper, key)
    if len(found) > 1:
        return Refused("contradicting_fields", f"it names {' and '.join(sorted(found))}; get the item again")
    number = min(found, default=None)
    for name in _IDS:  # an id with a version is kept with it in raw
        if number and paper.get(name) == number:
            del paper[name]

    title, abstract, odd = _take_texts(outer, paper, nested)
    if odd:
        return Refused("contradicting_fields", f"its own {odd} and its paper's are of two papers; get the item again")
    if not title:
        return Refused("incomplete_item", "it has no title; get the item again")
    if problem := too_long(title, abstract[0] if abstract else None):
        return Refused("line_too_long", problem)
    ai_summary = _take_text(paper, _AI_SUMMARIES)
    kind = abstract_kind(abstract[0], not native and abstract[1] == "summary") if abstract else None
    text = abstract[0] if abstract else None
    if text is None and ai_summary is not None:
        text, kind, ai_summary = ai_summary, "summary", None
    if text is None and number is None:
        return Refused("incomplete_item", "it has neither an abstract nor an arXiv id; get the item again")

    names = _take_authors(paper)
    if names is None and nested:
        names = _take_authors(outer)
    organisation = _take_organisation(outer, paper, nested)
    if isinstance(organisation, Refused):
        return organisation
    if nested:
        outer = {"paper": paper, **outer}  # what is taken out of the paper from here on is gone here, too
    both = (paper, outer) if nested else (paper,)
    # an archive's own date may be any of the three, or the day of the copy
    date_text = _take_text_that(paper, _PUBLISHED, parse_printed_date) if native else None
    stars = _take_count((paper,), _STARS)
    record = Record(
        line_start,
        line_end,
        title,
        text,
        len(names) if names else None,
        *organisation,
        date_text,
        _take_count(both, _UPVOTES),
        _take_count(both[::-1], _COMMENTS),
        number,
        _take_address(paper, _REPOSITORIES, "github.com"),
        stars,
        None if stars is None else 1,
        kind,
        names if names and all(names) else None,
        _take_arxiv_time(outer if nested else {}, date_text),
        _take_text_that(paper, _DAILY, parse_time),
        _take_address(paper, _PROJECTS),
        ai_summary,
    )
    if nested and not paper:
        outer.pop("paper", None)
    return record._replace(raw=_to_json(outer) if outer else None)


def without_cut_author_lists(records: list[Record]) -> list[Record]:
    """Return ``records`` without the authors where a third of the file's lists of names end at the same number.

    Archives keep the first five or ten names, and their number would be a wrong count. Where nothing is cut, few
    papers share the longest list: at most 27 % on any of 580 days. Only lists of bare names are judged (the API's
    list every author as an object), and only the numbers at which people cut.
    """
    lists = [len(r.authors) for r in records if r.authors and '"authors":' not in (r.raw or "")]
    longest = max(lists, default=0)
    if len(lists) < _ENOUGH_LISTS or longest not in _CUTS:
        return records
    if lists.count(longest) * 3 < len(lists):
        return records
    return [
        r
        if not r.authors or '"authors":' in (r.raw or "")
        else r._replace(n_authors=None, authors=None, raw=_with_authors(r))
        for r in records
    ]


_ENOUGH_LISTS = 8
_CUTS = (3, 5, 10, 20)


def _with_authors(record: Record) -> str:
    rest = json.loads(record.raw) if record.raw else {}
    return _to_json({**rest, "authors": record.authors})


# ---- parts. Each takes what it uses out of the dictionary that it is given, so that the rest is what was not used


def _first(fields: Mapping[str, Any], names: Iterable[str], kind: type) -> Any:
    return next((fields[name] for name in names if isinstance(fields.get(name), kind) and fields[name]), None)


def _is_native(paper: Mapping[str, Any]) -> bool:
    """Say whether a flat item is the API's own object of a paper, whose fields mean what the API means."""
    if any(name in paper for name in ("discussionId", "discussion_id", *_DAILY)):
        return True
    authors = paper.get("authors")
    return isinstance(authors, list) and bool(authors) and isinstance(authors[0], dict) and "_id" in authors[0]


def _ids(outer: Mapping[str, Any], paper: Mapping[str, Any], key: str | None) -> set[str]:
    both = (outer, paper) if outer is not paper else (paper,)
    found = {arxiv_id(fields.get(name)) for fields in both for name in _IDS if name in fields}
    found |= {id_in_address(fields.get(name)) for fields in both for name in _ADDRESSES if name in fields}
    found.add(arxiv_id(key))
    return {number for number in found if number}


def _take_texts(
    outer: dict[str, Any], paper: dict[str, Any], nested: bool
) -> tuple[str | None, tuple[str, str] | None, str | None]:
    """Return (title, (abstract, its name), None), or the name of the text in which item and paper contradict."""
    texts: list[tuple[str, str] | None] = []
    for names in (_TITLES, _ABSTRACTS):
        name = next((n for n in names if isinstance(paper.get(n), str) and trim(paper[n])), None)
        received = paper.pop(name) if name else None
        value = one_line(received) if received else None
        if nested:
            own = next((n for n in names if isinstance(outer.get(n), str) and trim(outer[n])), None)
            if own and outer[own] == received:  # most are, and need no other look
                del outer[own]
            elif own:
                outside = one_line(outer[own])
                if value is None:
                    name, value = own, outside
                elif not _same_text(outside, value):
                    return None, None, own
                # the outer title may have its formulas in LaTeX, where the paper's has them as the page shows them
                if outside == value:
                    del outer[own]
        texts.append((value, name) if value and name else None)
    title, abstract = texts
    if abstract and not nested and abstract[1] == "abstract":
        other = paper.get("summary")
        if isinstance(other, str) and one_line(other) == abstract[0]:
            del paper["summary"]
    return title[0] if title else None, abstract, None


def _same_text(one: str, other: str) -> bool:
    """Say whether two texts are one, but for formulas that one of them has in LaTeX."""
    return one == other or _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return _MARKS.sub("", _FONT_COMMAND.sub("", text)).casefold()


def _take_text(fields: dict[str, Any], names: Iterable[str]) -> str | None:
    for name in names:
        if isinstance(fields.get(name), str) and (text := one_line(fields[name])):
            del fields[name]
            return text
    return None


def _take_arxiv_time(outer: dict[str, Any], date_text: str | None) -> str | None:
    """Return the time on arXiv: ``date_text``, or the outer time where that is midnight and the outer on its day."""
    day = parse_time(date_text) if date_text else None
    if day is None:
        return None
    if day.time() == time.min:
        for name in _PUBLISHED:
            moment = parse_time(outer[name]) if isinstance(outer.get(name), str) else None
            if moment and moment.date() == day.date():
                return str(outer.pop(name))
    return date_text


def _take_authors(fields: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the names of the authors, hidden ones too ("" for one without a name), or None where they cannot be told."""
    authors = fields.get("authors")
    if not isinstance(authors, list):
        names = _split_names(authors) if isinstance(authors, str) else None
        if names:
            del fields["authors"]
        return names
    if not authors:
        return None  # a paper has authors: an empty list says nothing
    if not all(isinstance(author, dict | str) for author in authors):
        return None
    names = tuple(_name_of(author) for author in authors)
    written = [name for author, name in zip(authors, names, strict=True) if isinstance(author, str)]
    if not all(written) or any(_NO_NAME.search(name) for name in written):
        return None
    if not all(names):
        return names  # an author without a name counts; which names are the others' stays in raw
    rest = [{k: v for k, v in author.items() if k != "name"} if isinstance(author, dict) else {} for author in authors]
    if any(rest):
        fields["authors"] = rest
    else:
        del fields["authors"]
    return names


def _name_of(author: Mapping[str, Any] | str) -> str:
    if isinstance(author, str):
        return one_line(author).rstrip(",;").rstrip()
    name = author.get("name")
    return one_line(name) if isinstance(name, str) else ""


def _split_names(text: str) -> tuple[str, ...] | None:
    """Return the names of ``A B, C D``; None where a comma may stand inside a name or other signs part them."""
    names = tuple(one_line(name) for name in text.split(","))
    if _NAME_LISTS.search(text) or not all(2 <= len(name.split()) <= 5 for name in names):
        return None
    return names


def _take_organisation(
    outer: dict[str, Any], paper: dict[str, Any], nested: bool
) -> tuple[str | None, str | None] | Refused:
    found: list[tuple[str | None, str | None]] = []
    for fields in (paper, outer) if nested else (paper,):
        organisation = fields.get("organization", fields.get("organisation"))
        if not isinstance(organisation, dict):
            continue
        handle, name = organisation.get("name"), organisation.get("fullname")
        handle = trim(handle) if isinstance(handle, str) else None
        name = one_line(name) if isinstance(name, str) else None
        if handle or name:
            found.append((handle or None, name or None))
            at = "organization" if "organization" in fields else "organisation"
            fields[at] = {k: v for k, v in organisation.items() if k not in ("name", "fullname")}
            if not fields[at]:
                del fields[at]
    if len({handle for handle, _ in found if handle}) > 1:
        return Refused("contradicting_fields", "its organisation and its paper's are two; get the item again")
    return found[0] if found else (None, None)


def _take_count(places: Iterable[dict[str, Any]], names: Iterable[str]) -> int | None:
    names = tuple(names)
    for fields in places:
        for name in names:
            value = fields.get(name)
            if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
                value = int(value)
            if type(value) is int and 0 <= value <= _LARGEST_COUNT:
                del fields[name]
                return value
    return None


def _take_address(fields: dict[str, Any], names: Iterable[str], host: str = "") -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and re.match(r"https?://[^\s/]", value.strip(), re.IGNORECASE) and host in value:
            del fields[name]
            return value.strip()
    return None


def _take_text_that(fields: dict[str, Any], names: Iterable[str], reads: Callable[[str], object]) -> str | None:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and reads(value):
            del fields[name]
            return value.strip()
    return None
