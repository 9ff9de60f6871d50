"""What a line is by its shape alone, wherever it stands: page furniture, authors, a date, a separator, a count.

One place knows the words and shapes of the papers pages; the forms only know how lines follow each other.
"""

import re
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from etl_project.fields import parse_count, parse_printed_date

#: No furniture, authors, date or separator line of the page is longer. Longer lines are text and are
#: not looked at again, which is most of a capture's bytes.
LONGEST_SHORT_LINE = 120


class Role(IntEnum):
    """The part that a line plays on the page, as far as its own shape tells."""

    TEXT = 0  # a title, an abstract, an organisation or a search text: its neighbours decide
    FURNITURE = 1  # page head or foot, nothing of a paper
    HEADING = 2  # furniture that names the page: "Daily Papers", "Trending Papers"
    AUTHORS = 3  # "5 authors", with or without a bullet
    SEPARATOR = 4  # a middle dot alone
    DATE = 5  # a date, perhaps with a comment count after it
    COUNT = 6  # a number alone, or "-": upvotes before a title, comments after a date
    METADATA = 7  # authors or organisation, middle dot and date on one line
    BLANK = 8  # nothing that shows
    DAMAGED = 9  # bytes that are no text in the file's encoding; set by the reader, never by shape


class Line(NamedTuple):
    """A line's role and the value that the role holds: authors, upvotes or comments as a number."""

    role: Role
    value: int | None = None


_BANNER = r"get trending papers in your email inbox(?: once a day)?!?"
_BYLINE = r"by\s*ak\s*and the research community"
#: The tabs of the page's head.
PERIODS = frozenset({"daily", "weekly", "monthly"})
_HEADINGS = frozenset({"daily papers", "trending papers", "weekly papers", "monthly papers"})
_FURNITURE = frozenset(
    [
        "new",
        "subscribe",
        "by",
        "ak",
        "and the research community",
        "daily",
        "weekly",
        "monthly",
        "trending",
        "papers",
        "previous",
        "next",
        "...",
        "…",
        "system theme",
        "light theme",
        "dark theme",
        "company",
        "tos",
        "terms",
        "privacy",
        "about",
        "jobs",
        "careers",
        "website",
        "tasks",
        "trending papers - hugging face",
        "models",
        "datasets",
        "spaces",
        "buckets",
        "docs",
        "enterprise",
        "pricing",
        "inference endpoints",
        "log in",
        "sign up",
        "hugging face",
        "search papers",
        "submit",
        "submit paper",
        "upvote",
        "view all papers",
        "back to articles",
        "join the discussion on this paper page",
        "community",
        "buckets new",
        "search models, datasets, users...",
        "daily papers - hugging face",
        "hugging face's logo",
        "© hugging face",
        # the menu of the site's head
        "huggingchat",
        "collections",
        "languages",
        "organizations",
        "blog",
        "posts",
        "learn",
        "discord",
        "forum",
        "solutions",
        "team & enterprise",
        "hugging face pro",
        "enterprise support",
        "inference providers",
        "storage buckets",
    ]
)
_FOOT = r"(?:system theme|company|tos|privacy|about|careers|jobs|website|models|datasets|spaces|buckets|pricing|docs|© hugging face)"
_FURNITURE_SHAPE = re.compile(
    rf"(?:new\s*)?(?:{_BANNER}\s*)+(?:subscribe)?|{_BYLINE}|subscribe\s*{_BYLINE}"
    rf"|(?:daily|trending) papers\s*{_BYLINE}|(?:daily\s*)?(?:weekly\s*)?monthly"
    r"|previous[\s0-9.…]*next|submitted by(?:\s+\S+)?|©.{0,40}hugging ?face.{0,20}"
    rf"|{_FOOT}(?:\s*{_FOOT}){{2,}}|week [0-9]{{1,2}}(?:, [0-9]{{4}})?"
    # what a browser prints above and below a page
    r"|https?://\S{1,80}/papers(?:[/?#]\S*)?|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2,4}, [0-9]{1,2}:[0-9][0-9](?: [ap]m)?.{0,60}",
    re.IGNORECASE,
)
_AUTHORS = re.compile(r"(?:[•·\-*–+○□]\s*)*([0-9]{1,3}(?:,[0-9]{3})|[0-9]{1,5})\s+authors?", re.IGNORECASE)
_ANY_AUTHORS = re.compile(r"\bauthors?\b", re.IGNORECASE)
_DAY_IN_ADDRESS = re.compile(r"/papers/date/(\d{4}-\d\d-\d\d)")
#: Characters that do not show and hide what a line is, and the spaces.
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff \t\n\v\f\u00a0\u2002\u2003\u2009\u3000\u2028\u2029\u0085"
_SEPARATORS = frozenset("·•∙⋅")
_ONE_LINE = re.compile(r"(.{1,100}?)\s*[·∙⋅]\s*(.{5,40})")
#: Strong signs that a file is a capture of a papers page, whatever its form.
_SIGN_OF_PAGE = re.compile(rf"{_BANNER}|{_BYLINE}|\A(?:daily|trending) papers\Z", re.IGNORECASE)

#: Page head glued to the words after it, as when a browser copies a button beside a title. A banner
#: without its exclamation mark is a title that begins like it.
_GLUED_BANNER = r"get trending papers in your email inbox(?: once a day)?!"
_GLUED_HEAD = re.compile(
    rf"(?:new\s*)?(?P<banner>(?:{_GLUED_BANNER}\s*)*)(?P<button>subscribe)?"
    rf"(?:(?:daily|trending) papers)?(?:{_BYLINE})?",
    re.IGNORECASE,
)
_DERIVED_WORD = re.compile(r"(?:r|rs|d|'s|’s|s)\b")


def trim(line: str) -> str:
    """Return ``line`` without spaces and invisible characters at its ends."""
    return line.strip() if line.isascii() else line.strip(_UNSEEN)


#: How every line of ``_FURNITURE_SHAPE`` begins, and how every line of authors, dates and counts ends. Titles
#: that do neither, most of them, need no other look.
_STARTS = (
    "new", "get trending", "by", "subscribe", "daily", "trending", "week", "monthly", "previous", "next", "submitted",
    "©", "http", "system theme", "company", "tos", "privacy", "about", "careers", "jobs", "website", "models",
    "datasets", "spaces", "buckets", "pricing", "docs", *"0123456789",
)  # fmt: skip
_METADATA_ENDS = (
    "author",
    "authors",
    "·",
    "•",
    "∙",
    "⋅",
    "-",
    *(d + unit for d in "0123456789" for unit in ("", "k", "m")),
)


def role_of(line: str) -> Line:
    """Return the role of one line of at most ``LONGEST_SHORT_LINE`` characters."""
    text = trim(line)
    if not text:
        return _BLANK
    lower = text.casefold()
    if not (lower[0] in _FIRST and lower.startswith(_STARTS)) and not (
        lower[-1] in _LAST and lower.endswith(_METADATA_ENDS)
    ):
        return _FURNITURE_LINE if lower in _FURNITURE else _TEXT
    return _role_of(text, lower)


_FIRST = frozenset(start[0] for start in _STARTS)
_LAST = frozenset(end[-1] for end in _METADATA_ENDS)
_BLANK, _TEXT, _FURNITURE_LINE = Line(Role.BLANK), Line(Role.TEXT), Line(Role.FURNITURE)


@lru_cache(maxsize=65536)
def _role_of(text: str, lower: str) -> Line:
    if lower in _HEADINGS:
        return Line(Role.HEADING)
    if lower in _FURNITURE or _FURNITURE_SHAPE.fullmatch(text):
        return _FURNITURE_LINE
    if text in _SEPARATORS:
        return Line(Role.SEPARATOR)
    if text == "-":
        return Line(Role.COUNT, 0)
    if (count := parse_count(text)) is not None:
        return Line(Role.COUNT, count)
    if match := _AUTHORS.fullmatch(text):
        return Line(Role.AUTHORS, int(match[1].replace(",", "")))
    if parse_printed_date(text):
        return Line(Role.DATE)
    if (split := split_metadata(text)) and (_AUTHORS.fullmatch(split[0]) or len(text) < 80):
        return Line(Role.METADATA)
    return _TEXT


def split_metadata(text: str) -> tuple[str, str] | None:
    """Return (owner, date) of metadata on one line (``5 authors · Oct 8, 2024 2``), else None."""
    match = _ONE_LINE.fullmatch(text.strip())
    if match and parse_printed_date(match[2]):
        return match[1].strip(), match[2]
    return None


def is_sign_of_page(line: str) -> bool:
    """Say whether a line stands on papers pages and hardly anywhere else."""
    return len(line) <= LONGEST_SHORT_LINE and _SIGN_OF_PAGE.search(line) is not None


def day_in_address(line: str) -> str | None:
    """Return the day (ISO) that the address of a day's page names, else None."""
    match = _DAY_IN_ADDRESS.search(line)
    return match[1] if match else None


def is_user_line(before: str, line: str) -> bool:
    """Say whether ``line`` is the user's name that follows "Submitted by" on a line of its own."""
    return before.casefold() == "submitted by" and " " not in line


def mentions_authors(line: str) -> bool:
    """Say whether a line counts authors in some form: such a line is no organisation."""
    return _ANY_AUTHORS.search(line) is not None and any(c.isdigit() for c in line)


_GLUED_FOOT = re.compile(rf"\s*System theme(?:\s*{_FOOT}){{3,}}\s*\Z", re.IGNORECASE)
_METADATA_WITHIN = re.compile(
    r"(?:\b[0-9]{1,5} authors?|\S)\s*[·∙⋅]\s*(?:published on )?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
    r"\.? [0-9]{1,2}\b",
    re.IGNORECASE,
)
_WITHIN = 250


def without_glued_foot(line: str) -> str:
    """Return ``line`` without the page's foot behind it on the same line."""
    return _GLUED_FOOT.sub("", line) if "ystem theme" in line else line


def ends_in_metadata(text: str) -> bool:
    """Say whether the end of a long text holds a card's metadata or the page's foot: it was glued together of several parts."""
    end = text[-_WITHIN:]
    if not end.isascii() and _METADATA_WITHIN.search(end):
        return True
    return "ystem theme" in end and _GLUED_FOOT.search(end) is not None


def names_submitter(line: str) -> bool:
    """Say whether a line is the "Submitted by" of a trending page, which is no title."""
    return line[:12].casefold() == "submitted by"


def split_glued_head(line: str, after_banner: bool) -> tuple[str, str] | None:
    """Return (page head, rest) where a line starts with page head glued to other words, else None.

    Glued is what no space parts. "SubscribeCan Small Models" is glued and "Subscriber Churn" is a title;
    before a small letter the button is taken off only where the banner stood just before.
    """
    match = _GLUED_HEAD.match(line)
    if not match or not match.group() or match.end() == len(line):
        return None
    if not match["banner"] and not match["button"]:
        return None
    rest = line[match.end() :]
    if rest[0].isspace() or rest[0] in ":,;-–—'’":
        return (match.group(), rest.strip()) if match["banner"] and rest[0].isspace() else None
    if match["banner"] or not rest[0].islower() or rest[1:2].isupper():
        return match.group(), rest.strip()
    if after_banner and not _DERIVED_WORD.match(rest):
        return match.group(), rest.strip()
    return None
