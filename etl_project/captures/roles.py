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
    DAMAGED = 8  # bytes that are no text in the file's encoding; set by the reader, never by shape


class Line(NamedTuple):
    """A line's role and the value that the role holds: authors, upvotes or comments as a number."""

    role: Role
    value: int | None = None


_BANNER = r"get trending papers in your email inbox(?: once a day)?!?"
_BYLINE = r"by\s*ak\s*and the research community"
_HEADINGS = frozenset({"daily papers", "trending papers", "weekly papers", "monthly papers"})
_FURNITURE = frozenset(
    """new
subscribe
by
ak
and the research community
daily
weekly
monthly
trending
papers
previous
next
...
…
system theme
light theme
dark theme
company
tos
terms
privacy
about
jobs
careers
website
models
datasets
spaces
buckets
docs
enterprise
pricing
inference endpoints
log in
sign up
hugging face
search papers
submit
submit paper
upvote
view all papers
back to articles
join the discussion on this paper page
community""".split("\n")
) | {"hugging face's logo", "© hugging face"}
_FURNITURE_SHAPE = re.compile(
    rf"(?:new\s*)?(?:{_BANNER}\s*)+(?:subscribe)?|{_BYLINE}|subscribe\s*{_BYLINE}"
    rf"|(?:daily|trending) papers\s*{_BYLINE}|(?:daily\s*)?(?:weekly\s*)?monthly"
    r"|(?:previous\s*)?next|submitted by|©.{0,40}hugging ?face.{0,20}",
    re.IGNORECASE,
)
_AUTHORS = re.compile(r"[•·\-*–]?\s*(\d{1,5}) authors?", re.IGNORECASE)
_SEPARATORS = frozenset("·•∙⋅")
_ONE_LINE = re.compile(r"(.{1,100}?)\s*[·∙⋅]\s*(.{5,40})")
#: Strong signs that a file is a capture of a papers page, whatever its form.
_SIGN_OF_PAGE = re.compile(rf"{_BANNER}|{_BYLINE}|daily papers|trending papers", re.IGNORECASE)

#: Page head glued to the words after it, as when a browser copies a button beside a title.
_GLUED_HEAD = re.compile(
    rf"(?:new\s*)?(?:{_BANNER}\s*)*(?:Subscribe)(?:(?:Daily|Trending) Papers)?(?:{_BYLINE})?"
    rf"|(?:new\s*)?(?:{_BANNER}\s*)+",
    re.IGNORECASE,
)


@lru_cache(maxsize=65536)
def role_of(line: str) -> Line:
    """Return the role of one non-blank line of at most ``LONGEST_SHORT_LINE`` characters."""
    text = line.strip()
    lower = text.casefold()
    if lower in _HEADINGS:
        return Line(Role.HEADING)
    if lower in _FURNITURE or _FURNITURE_SHAPE.fullmatch(text):
        return Line(Role.FURNITURE)
    if text in _SEPARATORS:
        return Line(Role.SEPARATOR)
    if text == "-":
        return Line(Role.COUNT, 0)
    if (count := parse_count(text)) is not None:
        return Line(Role.COUNT, count)
    if match := _AUTHORS.fullmatch(text):
        return Line(Role.AUTHORS, int(match[1]))
    if parse_printed_date(text):
        return Line(Role.DATE)
    if (split := split_metadata(text)) and (_AUTHORS.fullmatch(split[0]) or len(text) < 80):
        return Line(Role.METADATA)
    return Line(Role.TEXT)


def split_metadata(text: str) -> tuple[str, str] | None:
    """Return (owner, date) of metadata on one line (``5 authors · Oct 8, 2024 2``), else None."""
    match = _ONE_LINE.fullmatch(text.strip())
    if match and parse_printed_date(match[2]):
        return match[1].strip(), match[2]
    return None


def is_sign_of_page(line: str) -> bool:
    """Say whether a line stands on papers pages and hardly anywhere else."""
    return len(line) <= LONGEST_SHORT_LINE and _SIGN_OF_PAGE.search(line) is not None


def split_glued_head(line: str, after_banner: bool) -> tuple[str, str] | None:
    """Return (page head, rest) where a line starts with page head glued to other words, else None.

    The button's word is taken off when the banner stood just before, or when the next letter is no
    small one: "SubscribeCan Small Models" is glued, "Subscriber churn" is a title.
    """
    match = _GLUED_HEAD.match(line)
    if not match or match.end() == len(line):
        return None
    rest = line[match.end() :]
    if after_banner or not rest[0].islower() or "inbox" in match.group().casefold():
        return match.group(), rest.strip()
    return None
