"""Plain text as a browser copies it: titles and abstracts, with or without metadata, with or without blank lines.

The three text forms are one grammar; which of them a file is follows from what was found:

    record   := [COUNT] title abstract [metadata]
    metadata := [owner] [SEPARATOR] [DATE [COUNT]] | METADATA
    owner    := AUTHORS | organisation, known by the separator or date that follows it

Lines that fit nowhere are refused by themselves, so a damaged record never shifts the ones after it; where
lines have two readings (is this the title of the next paper or the date of the last?) all are refused.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from etl_project.captures.envelope import Opened
from etl_project.captures.lines import Joined, unwrap
from etl_project.captures.marks import count_title_labels, take_marks, take_marks_of_all
from etl_project.captures.model import Reading, Record, Refusal
from etl_project.captures.roles import (
    LONGEST_SHORT_LINE,
    PERIODS,
    Role,
    day_in_address,
    ends_in_metadata,
    is_sign_of_page,
    is_user_line,
    mentions_authors,
    names_submitter,
    role_of,
    split_glued_head,
    split_metadata,
    trim,
)
from etl_project.captures.text import (
    LONGEST_ABSTRACT,
    LONGEST_TITLE,
    abstract_kind,
    reads_as_sentences,
)
from etl_project.fields import parse_count, parse_count_step, parse_printed_date, reads_as_handle, split_organisation

FORMS = ("text_with_metadata", "text_titles_abstracts", "text_compact", "text_wrapped")

#: Text kept beside a refusal; the whole stays in the raw file.
_EXCERPT = 2_000

#: A short text without an end mark counts as an abstract from here on if metadata follows it.
_SHORTEST_ABSTRACT = 150

#: A text that ends as several sentences do is no title from here on.
_SHORTEST_SENTENCES = 100

#: No abstract begins with a small letter, but for names such as vLLM.
#: An address alone is the end of an abstract whose lines were parted, and no abstract.
_ADDRESS = re.compile(r"https?://\S+")
_DOTS = frozenset("·•∙⋅")
_FRAGMENT = re.compile(r"(?!https?:)[a-z]+(?![A-Za-z0-9])")

#: As converters write the dot and the date of a card whose authors stand in a list.
_DOTTED_DATE = re.compile(r"[·∙⋅]\s*(\S.{4,40})")
_TAIL = re.compile(r"(?:\[ ?\]\s*)?(?:(upvote|github)(?:\s+(-|[0-9][0-9.,]*[km]?))?|(arxiv page))", re.IGNORECASE)

_FURNITURE_LINE, _FIELD_LINE, _REFUSED_LINE = 1, 2, 3


def read(opened: Opened, damaged: Collection[int] = ()) -> Reading:
    """Return the records of a text, what was refused, and the account of all its lines.

    ``damaged`` holds the 1-based numbers of lines with undecodable bytes.
    """
    joined = unwrap(take_marks(opened.lines))
    reading = _Reader(joined, damaged).read()
    form = "text_wrapped" if joined.wrapped else reading.form
    return reading._replace(form=form, query=reading.query or opened.query, days=(*opened.days, *reading.days))


_OF_METADATA = frozenset({Role.AUTHORS, Role.SEPARATOR, Role.DATE, Role.METADATA})
_OF_PAGE = frozenset({Role.FURNITURE, Role.HEADING})


_LINK_MARK = re.compile(r"\]\((?:<?(?:https?:|/)|\s*\Z)")
#: With so many owners, hardly any of them a handle and a name, the page printed names alone. Of 797 organisations of the
#: site 90 % read as a handle and a name, and of 526 names alone 5 %.
_ENOUGH_OWNERS = 3


class _Metadata(NamedTuple):
    """What follows an abstract: how many ``lines``, and what they hold."""

    lines: int
    n_authors: int | None = None
    organisation_handle: str | None = None
    organisation_name: str | None = None
    date_text: str | None = None
    comments: int | None = None
    upvotes: int | None = None
    github_stars: int | None = None
    github_stars_step: int | None = None
    separated: bool = False  # by a middle dot


_NO_METADATA = _Metadata(0)


class _Reader:
    """One pass over the lines of one file. ``at[k]`` is the 0-based line of the k-th line that has text."""

    def __init__(self, joined: Joined, damaged: Collection[int]) -> None:
        self.lines = joined.lines
        self.firsts = joined.firsts  # of each line here, its first line in the file, 1-based
        self.total = joined.total
        self.account = bytearray(len(self.lines))  # 0 until a line is placed
        self.at: list[int] = []
        self.roles: list[Role] = []
        self.records: list[Record] = []
        self.refusals: list[Refusal] = []
        self.heading: str | None = None
        self.query: str | None = None
        self.page_days: list[str] = []  # of each page head in the file
        self.page_day: str | None = None  # of the page that is being read
        self.signs = 0
        self.with_metadata = 0
        self.dotted = 0  # records with a dot that is not there for want of anything else
        #: Of records with metadata: whether it is complete, whether it has a date, their first and last line.
        self.separated: list[tuple[bool, bool, int, int]] = []
        self.subscribed = False  # the button stood on a line of its own, so no title has it glued on
        self.last_has_metadata = False
        self.trending: set[int] = set()  # first lines of records with what only trending pages print
        self.lone: set[int] = set()  # texts in a title's place that no abstract follows
        self.count_leads = False  # a count stood before the first title
        self.counts_end = 0  # the line after the run of counts that was looked at last
        self._assign_roles(damaged)
        self.has_metadata_lines = not {Role.SEPARATOR, Role.METADATA, Role.AUTHORS}.isdisjoint(self.roles)

    # ---- pass one: each line by its own shape

    def _assign_roles(self, damaged: Collection[int]) -> None:
        lines, account, at, roles = self.lines, self.account, self.at, self.roles
        text_role, blank = Role.TEXT, Role.BLANK
        for i, line in enumerate(lines):
            if len(line) > LONGEST_SHORT_LINE:
                if line[-1].isspace():  # a line is as long as what can be seen of it
                    lines[i] = line.rstrip()
                if len(lines[i]) > LONGEST_SHORT_LINE:
                    at.append(i)
                    roles.append(text_role)
                    continue
            role = role_of(lines[i])[0] if line else blank
            if role is blank:
                account[i] = _FURNITURE_LINE
            else:
                at.append(i)
                roles.append(role)
        for number in damaged:
            place = bisect_right(self.firsts, number) - 1
            k = bisect_left(at, place)
            if k < len(at) and at[k] == place:
                roles[k] = Role.DAMAGED

    # ---- pass two: what follows what

    def read(self) -> Reading:
        roles, n = self.roles, len(self.at)
        k = 0
        closed = True  # in a page's head or foot: a date there is the page's, not a paper's
        after_banner = False
        while k < n:
            role = roles[k]
            if role is Role.TEXT:
                if closed and not self.subscribed and (glued := split_glued_head(self._line(k), after_banner)):
                    self.signs += 1
                    self.subscribed = True
                    self._retype(k, glued[1])
                    continue
                if closed and k and is_user_line(self._line(k - 1), self._line(k)):
                    self._place(k, _FURNITURE_LINE)
                    k += 1
                    continue
                k, closed = self._record(k, None), False
            elif role is Role.DAMAGED:
                k, closed = self._reject_damaged(k, k), False
            elif self._is_odd_title(k):
                k, closed = self._odd_title(k), False
            elif role in _OF_PAGE:
                self._furniture(k)
                after_banner = "inbox" in self._line(k).casefold()
                k, closed = k + 1, True
                continue
            elif role is Role.COUNT and self._is_of_either(k):
                self._refuse(k, k, "metadata_without_record", "comments of the paper before it or upvotes of the next")
                k += 1
            elif (
                role is Role.COUNT
                and k + 1 < n
                and (roles[k + 1] is Role.TEXT or self._is_odd_title(k + 1, after_count=True))
            ):
                k, closed = self._record(k + 1, k), False
            elif role is Role.COUNT and self._is_page_number(k):
                self._place(k, _FURNITURE_LINE)
                k += 1
            elif role is Role.DATE and closed:
                self._set_page_day(self._line(k))
                self._place(k, _FURNITURE_LINE)
                k += 1
            else:
                last = max(self._after_metadata(k), k + 1)
                self._refuse(
                    k,
                    last - 1,
                    "metadata_without_record",
                    "no title and abstract that it belongs to; copy the whole card",
                )
                k = last
            after_banner = False
        return self._reading()

    def _line(self, k: int) -> str:
        return trim(self.lines[self.at[k]])

    def _length(self, k: int) -> int:
        return len(self.lines[self.at[k]])

    def _last(self, i: int) -> int:
        """Return the last line in the file, 1-based, of the 0-based line ``i`` here."""
        return self.firsts[i + 1] - 1 if i + 1 < len(self.firsts) else self.total

    def _placed(self, place: int) -> int:
        """Return how many lines of the file were placed so."""
        if len(self.lines) == self.total:
            return self.account.count(place)
        return sum(self._last(i) - self.firsts[i] + 1 for i, placed in enumerate(self.account) if placed == place)

    def _place(self, k: int, place: int) -> None:
        self.account[self.at[k]] = place

    def _joined(self, k: int) -> bool:
        """Say whether no blank line parts the k-th line with text from the next one."""
        return k + 1 < len(self.at) and self.at[k + 1] == self.at[k] + 1

    def _is_long_text(self, k: int) -> bool:
        """Say whether the k-th line can only be an abstract."""
        return k < len(self.at) and self.roles[k] is Role.TEXT and self._length(k) > LONGEST_TITLE

    # ---- page head and foot

    def _retype(self, k: int, rest: str) -> None:
        """Replace a line by what is left of it once glued page head is taken off."""
        self.lines[self.at[k]] = rest
        self.roles[k] = role_of(rest).role if len(rest) <= LONGEST_SHORT_LINE else Role.TEXT

    def _furniture(self, k: int) -> None:
        line = self._line(k)
        if self.roles[k] is Role.HEADING:
            self.heading = self.heading or line
        self.subscribed |= line.casefold() == "subscribe"
        self.signs += is_sign_of_page(line)
        if day := day_in_address(line):
            self._set_page_day(day)
        self._place(k, _FURNITURE_LINE)

    def _set_page_day(self, text: str) -> None:
        day, before = parse_printed_date(text), parse_printed_date(self.page_day) if self.page_day else None
        if day is None:
            return
        if before and before.year and (day.month, day.day, day.year) == (before.month, before.day, None):
            return  # the page's address told the same day, with its year
        self.page_day = day.raw
        self.page_days.append(day.raw)

    def _is_page_number(self, k: int) -> bool:
        """Say whether a count in the page's foot is one of ``Previous 1 2 3 ... 100 Next``."""
        if k >= self.counts_end:  # of a run of counts it is found once, for all of them
            self.counts_end = k + 1
            while self.counts_end < len(self.roles) and self.roles[self.counts_end] is Role.COUNT:
                self.counts_end += 1
        after = self.counts_end
        ends_in_page = after < len(self.roles) and self.roles[after] in _OF_PAGE
        return ends_in_page or (k > 0 and self.roles[k - 1] in _OF_PAGE)

    # ---- titles that look like something else

    def _is_odd_title(self, k: int, after_count: bool = False) -> bool:
        """Say whether a line that looks like page or metadata stands between a record and an abstract.

        "Next", "2048" and "May 2024" are titles, too. In a page's head they are what they look like.
        """
        role = self.roles[k]
        if role is Role.COUNT and (self._line(k) == "-" or (self.count_leads and not after_count)):
            return False  # the upvotes of a paper whose title is missing
        return (
            bool(self.records)
            and role is not Role.TEXT
            and role is not Role.SEPARATOR
            and self._is_long_text(k + 1)
            and self.roles[k - 1] not in _OF_PAGE
            and not names_submitter(self._line(k))
            and not (is_sign_of_page(self._line(k)) and role is not Role.HEADING)
        )

    def _odd_title(self, k: int) -> int:
        if self.roles[k] in _OF_METADATA and not self.last_has_metadata:
            last = self._after_metadata(k + 2) - 1
            self._refuse(
                k,
                last,
                "title_or_metadata",
                "the first line is the title of this abstract, or belongs to the paper before",
            )
            return last + 1
        return self._record(k, None)

    # ---- records

    def _record(self, title: int, count: int | None) -> int:
        """Read the record whose title would be the ``title``-th line; return where the next one may start."""
        body = title + 1
        if body < len(self.at) and self.roles[body] is Role.TEXT and self._length(title) <= LONGEST_TITLE:
            length = self._length(body)
            if self._is_no_title(title):
                return self._reject(title, count)
            if self._ends_a_text(title, body):
                detail = "the lines before may belong to it; join each text into one line"
                return self._refuse_to(title if count is None else count, body + 1, "wrapped_lines", detail)
            if length <= LONGEST_TITLE:
                return self._judge_short(title, body, count)
            if length <= LONGEST_ABSTRACT:
                return self._accept(title, body, count)
        return self._reject(title, count)

    def _is_no_title(self, k: int) -> bool:
        """Say whether a line in a title's place reads as an abstract: some tools leave the titles out, and keep the abstracts."""
        return self._length(k) >= _SHORTEST_SENTENCES and reads_as_sentences(self._line(k), several=True)

    def _ends_a_text(self, title: int, body: int) -> bool:
        """Say whether the line in a title's place may belong to the text above it, whose lines were refused one by one.

        Two refused lines stand right above it; or one does, and this line and the next are one paragraph, too long
        for most titles, or the next one is too short for most abstracts.
        """
        if title - 1 not in self.lone:
            return False
        above, below = self._joined(title - 1), self._joined(title)
        if above and title - 2 in self.lone and self._joined(title - 2):
            return True
        if above != below:
            return below and self._length(title) > LONGEST_SHORT_LINE
        if above:
            return self._length(body) <= LONGEST_TITLE
        return self._length(body) <= _SHORTEST_ABSTRACT and self._metadata_follows(body)

    def _judge_short(self, title: int, body: int, count: int | None) -> int:
        """Read two short texts in a row: a title with a short abstract, or a title that lost its abstract."""
        first = title if count is None else count
        goes_on = _FRAGMENT.match(self._line(body)) or _ADDRESS.fullmatch(self._line(body))
        if goes_on and not self._is_owner(body):
            detail = "the second line goes on with the sentence of the first; join each text into one line"
            return self._refuse_to(first, body + 1, "wrapped_lines", detail)
        sentences = self._length(body) >= _SHORTEST_ABSTRACT and reads_as_sentences(self._line(body), several=True)
        if self._is_owner(body) and not sentences:
            return self._reject(title, count)
        follows_long = self._is_long_text(body + 1)
        proven = self._metadata_follows(body) and self._line(body)[-1] in ".。…"  # no title ends so before its authors
        # a short question is a title, whatever stands above it
        asks = self._length(body) < _SHORTEST_ABSTRACT and not reads_as_sentences(self._line(body), several=True)
        if not proven and (asks or not reads_as_sentences(self._line(body))):
            if follows_long and self._joined(title) and not self._joined(body):
                return self._refuse_to(
                    first, body + 2, "wrapped_lines", "the title stands on several lines; join them into one"
                )
            if self._length(body) < _SHORTEST_ABSTRACT or not self._metadata_follows(body):
                return self._reject(title, count)
        elif follows_long:
            if not reads_as_sentences(self._line(body), several=True):
                return self._reject(title, count)  # one question or exclamation is the next paper's title
            return self._refuse_to(
                first,
                body + 2,
                "title_or_abstract",
                "the second line is an abstract or a title; part the papers by hand",
            )
        return self._accept(title, body, count)

    def _metadata_follows(self, k: int) -> bool:
        after = k + 1
        return after < len(self.at) and (self.roles[after] in _OF_METADATA or self._is_owner(after))

    def _is_owner(self, k: int) -> bool:
        """Say whether the k-th line is an organisation: a separator follows, or a date in the same block."""
        if k + 1 >= len(self.at) or self._length(k) > LONGEST_TITLE or self.roles[k] in _OF_METADATA:
            return False
        follows = self.roles[k + 1]
        if follows is Role.TEXT:  # "· Jun 2" parts as a middle dot does
            return self.roles[k] is Role.TEXT and self._is_dotted_date(k + 1)
        return follows is Role.SEPARATOR or (follows is Role.DATE and self.roles[k] is Role.TEXT and self._joined(k))

    def _accept(self, title: int, body: int, count: int | None) -> int:
        """Take title and abstract with the metadata that follows as a record; return the next line."""
        lines, at, roles = self.lines, self.at, self.roles
        first = title if count is None else count
        is_link = lines[at[body]].lstrip()[:1] == "[" and _LINK_MARK.search(lines[at[body]])
        if is_link or _LINK_MARK.search(lines[at[title]]):
            detail = "links in a form that is not known; save the page as HTML, Markdown or text and give that"
            return self._refuse_to(first, body + 1, "cut_link", detail)
        if ends_in_metadata(lines[at[body]]):
            detail = "metadata or the page's foot stands within the abstract; put each on a line of its own"
            return self._refuse_to(first, body + 1, "unknown_metadata", detail)
        if not self.records:
            self.count_leads = count is not None
        abstract = trim(lines[at[body]])
        k = body + 1
        found = _NO_METADATA
        short_text = k < len(at) and roles[k] is Role.TEXT and self._length(k) <= LONGEST_TITLE
        owner = short_text and self._is_owner(k)
        if short_text and not owner and self._goes_on(k):
            detail = "the abstract stands on several lines; join them into one"
            return self._refuse_to(first, k + 1, "wrapped_lines", detail)
        if k < len(at) and (roles[k] is not Role.TEXT or owner):
            if owner and mentions_authors(self._line(k)):
                # a count of authors in a form that we cannot read is no organisation
                detail = "the authors are counted in an unknown form; write them as '5 authors'"
                return self._refuse_to(first, self._after_metadata(k + 1), "unknown_metadata", detail)
            found = self._metadata(body)
        elif after := self._after_parts(title, body):
            detail = "the abstract stands on several lines; join them into one"
            return self._refuse_to(first, after, "wrapped_lines", detail)
        end = body + found.lines
        self.last_has_metadata = found.lines > 0
        self.with_metadata += self.last_has_metadata
        complete = found.separated and found.date_text is not None
        if found.date_text or found.n_authors or found.organisation_name:  # some cards have none
            self.separated.append((complete, found.date_text is not None, first, end))
            day = parse_printed_date(found.date_text) if found.date_text else None
            owned = bool(found.n_authors or found.organisation_name or (day and day.year))
            self.dotted += found.separated and owned
        if found.upvotes is not None:
            self.trending.add(self.firsts[at[first]])
        account = self.account
        for i in at[first : end + 1]:
            account[i] = _FIELD_LINE
        self.records.append(
            Record(
                self.firsts[at[first]],
                self._last(at[end]),
                trim(lines[at[title]]),
                abstract,
                found.n_authors,
                found.organisation_handle,
                found.organisation_name,
                found.date_text,
                found.upvotes if count is None else role_of(lines[at[count]]).value,
                found.comments,
                github_stars=found.github_stars,
                github_stars_step=found.github_stars_step,
                abstract_kind=self._kind(abstract, found),
                page_day=self.page_day,
            )
        )
        return end + 1

    def _kind(self, text: str, found: _Metadata) -> str:
        """Return what stands in the abstract's place: on trending pages one sentence is a summary."""
        trending = (self.heading or "").casefold() == "trending papers" or found.upvotes is not None
        trending = trending or (found.date_text or "").casefold().startswith("published on")
        return abstract_kind(text, trending)

    def _metadata(self, body: int) -> _Metadata:
        """Read the metadata after the abstract on the ``body``-th line."""
        lines, at, roles = self.lines, self.at, self.roles
        n, k = len(at), body + 1
        n_authors = handle = name = date_text = comments = None
        role = roles[k]
        separated = role is Role.METADATA
        if role is Role.AUTHORS:
            n_authors = role_of(lines[at[k]]).value
            k += 1
        elif role is Role.METADATA:
            owner, date_text = split_metadata(lines[at[k]]) or ("", "")
            if role_of(owner).role is Role.AUTHORS:
                n_authors = role_of(owner).value
            else:
                handle, name = split_organisation(owner)
            k += 1
        elif role not in _OF_METADATA and role is not Role.DAMAGED and self._is_owner(k):
            handle, name = split_organisation(lines[at[k]])
            k += 1
        if k < n and roles[k] is Role.SEPARATOR:
            k += 1
            separated = True
        if k < n and roles[k] is Role.DATE and date_text is None and (k > body + 1 or self._is_papers_date(k)):
            date_text = self._line(k)
            k += 1
        elif body + 1 < k < n and date_text is None and (dotted := self._dotted_date(k)):
            date_text, separated = dotted, True
            k += 1
        if k == body + 2 and roles[body + 1] in _OF_METADATA and self._is_long_text(k):
            return _NO_METADATA  # one line between two abstracts: the paper's metadata, or the next one's title
        apart = date_text and k < n and roles[k] is Role.COUNT and not self._joined(k - 1)
        if apart and self._counts_are == "comments" and not self._is_long_text(k + 1):
            comments = role_of(lines[at[k]]).value
            k += 1
        elif date_text and k < n and roles[k] is Role.COUNT and self._joined(k - 1):
            printed = parse_printed_date(date_text)
            if printed is not None and printed.comments is not None:
                pass  # the comments stand with the date, so this number is the next paper's
            elif self._counts_are == "upvotes" and k + 1 < n and roles[k + 1] is Role.TEXT:
                pass  # upvotes stand before every title
            elif not (self._joined(k) and roles[k + 1] is Role.TEXT) or self._counts_are == "comments":
                comments = role_of(lines[at[k]]).value
                k += 1
        found = _Metadata(k - body - 1, n_authors, handle, name, date_text, comments, separated=separated)
        return self._trending_tail(found, k) if date_text and comments is None else found

    def _dotted_date(self, k: int) -> str | None:
        """Return the date of a line that is a middle dot and a date, else None."""
        match = _DOTTED_DATE.fullmatch(self._line(k))
        return match[1] if match and parse_printed_date(match[1]) else None

    def _trending_tail(self, found: _Metadata, k: int) -> _Metadata:
        """Add what trending pages print after a date: "Upvote" and "GitHub", each with its number after it, "arXiv Page"."""
        start = k
        while k < len(self.at):
            label = _TAIL.fullmatch(self._line(k)) if self._length(k) <= LONGEST_SHORT_LINE else None
            if label is None:
                break
            number, count = label[2], None
            if number is None and label[3] is None and k + 1 < len(self.at) and self.roles[k + 1] is Role.COUNT:
                k += 1
                number = self._line(k)
            count = 0 if number == "-" else parse_count(number) if number else None
            if count is not None and (label[1] or "").casefold() == "upvote":
                found = found._replace(upvotes=count)
            elif count is not None and label[1] and number:
                found = found._replace(github_stars=count, github_stars_step=parse_count_step(number))
            k += 1
        return found._replace(lines=found.lines + k - start)

    def _goes_on(self, k: int) -> bool:
        """Say whether the short text after an abstract may be its second line: a sentence, or a text before the metadata.

        That text may also be the next paper's title, its abstract lost; then this card has lost its metadata.
        """
        line = self._line(k)
        if line[-1] in ".。…" and reads_as_sentences(line, several=True):
            return True
        if not self._metadata_follows(k):
            return False
        return self.roles[k + 1] is not Role.TEXT or not reads_as_sentences(self._line(k + 1), several=True)

    def _after_parts(self, title: int, body: int) -> int:
        """Return the line after an abstract that goes on in other lines or paragraphs, or 0 if it does not.

        Another long text after it is the next paper's abstract, its title lost, unless metadata follows.
        """
        after = body + 1
        while self._is_long_text(after):
            after += 1
        if after > body + 1:
            metadata = after < len(self.at) and (self.roles[after] in _OF_METADATA or self._is_owner(after))
            return after if metadata else 0
        if after < len(self.at) and self._joined(body) and not self._joined(title):
            while self._joined(after) and self.roles[after + 1] is Role.TEXT and not self._is_owner(after + 1):
                after += 1
            return after + 1
        return 0

    def _is_papers_date(self, k: int) -> bool:
        """Say whether a date alone after an abstract is the paper's; in a file of titles and abstracts only it may be a page's day."""
        day = parse_printed_date(self._line(k))
        return self.has_metadata_lines or (day is not None and (day.year is not None or day.comments is not None))

    def _is_of_either(self, k: int) -> bool:
        """Say whether a count between a date and a title may belong to both papers: no blank line parts it from one only."""
        if k == 0 or not self._ends_with_date(k - 1) or not self.records:
            return False
        if not self.last_has_metadata:  # the date above was refused, and this number may be that card's
            return self._counts_are != "upvotes"
        return self._joined(k - 1) == self._joined(k) and self._counts_are == "unknown"

    def _ends_with_date(self, k: int) -> bool:
        return self.roles[k] in (Role.DATE, Role.METADATA) or (self.roles[k] is Role.TEXT and self._is_dotted_date(k))

    def _is_dotted_date(self, k: int) -> bool:
        return self.lines[self.at[k]][:1] in _DOTS and self._dotted_date(k) is not None

    @cached_property
    def _counts_are(self) -> str:
        """Tell what a count between a date and a title is that no blank line parts from one only: comments, upvotes or unknown.

        Upvotes stand before every title, the first one included; comments are left out where there are none.
        """
        roles = self.roles
        if self.count_leads or any(
            roles[k + 1] is roles[k + 2] is Role.COUNT and self._ends_with_date(k)
            for k in range(len(roles) - 3)
            if roles[k + 3] is Role.TEXT
        ):
            return "upvotes"  # they stand before every title, after the comments of the paper before
        for k in range(len(roles) - 1):
            if roles[k + 1] is Role.TEXT and self._ends_with_date(k):
                return "comments"
        return "unknown"

    # ---- refusals

    def _reject(self, title: int, count: int | None) -> int:
        """Refuse a line that starts no record, with the metadata that was its own; return the next line."""
        text = self._line(title)
        first = title if count is None else count
        follows = self.roles[title + 1] if title + 1 < len(self.at) else None
        if follows is Role.DAMAGED and len(text) <= LONGEST_TITLE:
            return self._reject_damaged(first, title + 1)
        if self._is_query(title, count):
            self.query = self.query or text
            self._place(title, _FURNITURE_LINE)
            if follows is Role.DATE:
                self._set_page_day(self._line(title + 1))
                self._place(title + 1, _FURNITURE_LINE)
                return title + 2
            return title + 1
        if len(text) > LONGEST_ABSTRACT:
            detail = f"{len(text):,} characters; an abstract has at most {LONGEST_ABSTRACT:,}"
            return self._refuse_to(first, title + 1, "line_too_long", detail, metadata=False)
        if len(text) > LONGEST_TITLE or (len(text) > _SHORTEST_ABSTRACT and reads_as_sentences(text)):
            detail = "put the paper's title on the line before and give it again"
            return self._refuse_to(first, title + 1, "abstract_without_title", detail)
        self.lone.add(title)
        detail = (
            "no abstract follows; add it on the line after, or, of a page without abstracts, give one with its links"
        )
        return self._refuse_to(first, title + 1, "title_without_abstract", detail)

    def _is_query(self, k: int, count: int | None) -> bool:
        """Say whether a line in the page's head is its search text: the page's own words before it, its tabs or day after."""
        if self.records or self.refusals or count is not None or not 0 < k < len(self.at) - 1:
            return False
        if self.roles[k - 1] not in _OF_PAGE or self._is_owner(k) or self._length(k) > LONGEST_SHORT_LINE:
            return False
        after = self._line(k + 1)
        day = parse_printed_date(after) if self.roles[k + 1] is Role.DATE else None
        return after.casefold() in PERIODS or (day is not None and day.year is None)

    def _reject_damaged(self, first: int, damaged: int) -> int:
        """Refuse the whole record that has a line with undecodable bytes; return the next line."""
        k = damaged + 1
        if first == damaged and self._is_long_text(k):
            k += 1  # the title is damaged: its abstract goes with it
        number = self.firsts[self.at[damaged]]
        return self._refuse_to(
            first,
            k,
            "damaged_bytes",
            f"line {number} is not valid in the file's encoding; save the capture as UTF-8 and give it again",
        )

    def _after_metadata(self, k: int) -> int:
        """Return the line after the metadata that starts at ``k``, or ``k`` where none does."""
        if k < len(self.at) and self.roles[k] is Role.TEXT and self._is_owner(k):
            k += 1
        start = k
        while k < len(self.at) and self.roles[k] in _OF_METADATA:
            k += 1
        comments = start < k < len(self.at) and self.roles[k] is Role.COUNT and self._joined(k - 1)
        return k + 1 if comments and not self._joined(k) else k

    def _refuse_to(self, first: int, after: int, reason: str, detail: str, metadata: bool = True) -> int:
        """Refuse the lines from ``first`` up to ``after`` and the metadata there; return the next line."""
        if metadata:
            after = self._after_metadata(after)
        self._refuse(first, after - 1, reason, detail)
        return after

    def _refuse(self, first: int, last: int, reason: str, detail: str) -> None:
        start, end = self.at[first], self.at[last]
        for i in range(start, end + 1):
            self.account[i] = _REFUSED_LINE
        text = "\n".join(self.lines[start : end + 1])[:_EXCERPT]
        self.refusals.append(Refusal(self.firsts[start], self._last(end), reason, detail, text))

    # ---- what it all amounts to

    def _refuse_incomplete(self) -> None:
        """Refuse records whose metadata lacks the middle dot or the date that others have: lines are lost there.

        What is left may be another paper's, and so may the only metadata in a file of titles and abstracts. The copy may end within the last card. Trending pages show every card
        twice, with the dot in one of them.
        """
        lacking = [
            (first, end)
            for complete, dated, first, end in self.separated
            if not complete and (dated or end + 1 < len(self.at))
        ]
        dots = sum(pair == (Role.AUTHORS, Role.SEPARATOR) for pair in pairwise(self.roles))
        alone = not self.has_metadata_lines and len(self.separated) < len(self.records)
        if not lacking or self.trending or not (alone or 4 * max(dots, self.dotted) >= len(lacking)):
            return
        starts = {self.firsts[self.at[first]] for first, _ in lacking}
        self.records = [record for record in self.records if record.line_start not in starts]
        for first, end in lacking:
            detail = "its dot or date is missing, so what is left may be of two papers; copy the card again"
            self._refuse(first, end, "mixed_cards", detail)
        self.refusals.sort()

    def _refuse_other_fields(self) -> None:
        """Take the marks off titles and abstracts; refuse records whose title is told to be another field ("Date: May 2")."""
        labels = count_title_labels(refusal.text for refusal in self.refusals)
        self.records, strange = take_marks_of_all(self.records, labels)
        for record in strange:
            first, last = (bisect_right(self.firsts, line) - 1 for line in (record.line_start, record.line_end))
            detail = (
                "the line before the abstract holds another field than the title, or more; put the title alone there"
            )
            self._refuse(bisect_left(self.at, first), bisect_right(self.at, last) - 1, "title_or_metadata", detail)
        if strange:
            self.refusals.sort()

    def _reading(self) -> Reading:
        self._refuse_incomplete()
        self._refuse_other_fields()
        if any(record.organisation_handle and not record.organisation_name for record in self.records):
            # a page's text names an organisation by its handle and its name; here handles are left out
            self.records = [_without_handle(record) for record in self.records]
        else:
            self.records = _without_wrong_handles(self.records)
        if self.trending:
            self.records = _once_each(self.records, self.trending)
        account = self.account
        if 0 in account:  # a bug here, never the input's fault: a line would vanish
            raise AssertionError(f"line {account.index(0) + 1} was not placed")
        form = (
            "text_with_metadata"
            if self.with_metadata or (not self.records and self.has_metadata_lines)
            else "text_compact"
            if len(self.at) > 0.75 * len(self.lines)
            else "text_titles_abstracts"
        )
        return Reading(
            form,
            self._confidence(),
            self.records,
            self.refusals,
            self.total,
            self._placed(_FIELD_LINE),
            self._placed(_FURNITURE_LINE),
            self._placed(_REFUSED_LINE),
            self.heading,
            self.query,
            self.page_days[0] if self.page_days else None,
        )

    def _confidence(self) -> float:
        """Return the share of lines with text that were placed, less where nothing but the rhythm speaks for a page.

        Letters and novels alternate short and long lines, too. The page's own words or metadata lines
        make the difference; without them nearly every line must fit and the abstracts must be long ones.
        """
        if not self.at:
            return 0.0
        refused = sum(self.account[i] == _REFUSED_LINE for i in self.at) if self.refusals else 0
        placed = 1 - refused / len(self.at)
        if self.signs or 2 * self.with_metadata >= max(1, len(self.records)):
            return max(placed, 0.5)
        long = sum(len(record.abstract or "") > LONGEST_TITLE for record in self.records)
        if placed >= 0.8 and long >= 0.8 * max(1, len(self.records)):
            return 0.7 * placed
        return 0.4 * placed


def _once_each(records: list[Record], trending: set[int]) -> list[Record]:
    """Return the records with a card's second copy, right after the first, made one with it.

    Trending pages hold every card twice, for narrow and wide screens. Copies agree in all that both have.
    ``trending`` holds the first lines of the records that are such cards.
    """
    kept: list[Record] = []
    for record in records:
        last = kept[-1] if kept else None
        if last is None or record.line_start not in trending or last.title != record.title:
            kept.append(record)
            continue
        both = {name: (getattr(last, name), getattr(record, name)) for name in Record._fields[2:]}
        if any(a != b and None not in (a, b) and not _same_day(a, b) for a, b in both.values()):
            kept.append(record)
            continue
        missing = {name: b for name, (a, b) in both.items() if a is None}
        kept[-1] = last._replace(line_end=record.line_end, **missing)
    return kept


def _same_day(one: object, other: object) -> bool:
    """Say whether two texts print one day: wide screens print "Published on" before it."""
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    days = parse_printed_date(one), parse_printed_date(other)
    return days[0] is not None and days[1] is not None and days[0][1:5] == days[1][1:5]


def _is_handle(first: str, rest: str) -> bool:
    """Say whether an organisation's first word is its handle. One with capitals is not by its hyphen: "Queue-Ing Lab"."""
    return reads_as_handle(re.sub("[-_]", "", first), rest)


def _without_wrong_handles(records: list[Record]) -> list[Record]:
    """Return the records with organisations as names alone where the first word is no handle.

    Several are judged together; of few, each by itself.
    """
    owners = {(r.organisation_handle, r.organisation_name) for r in records}
    wrong = {(handle, name) for handle, name in owners if handle and name and not _is_handle(handle, name)}
    told = sum(handle is not None for handle, _ in owners)
    if told >= _ENOUGH_OWNERS:
        if told - len(wrong) < 0.2 * told:
            return [_without_handle(record) for record in records]
        return records
    return [
        _without_handle(record) if (record.organisation_handle, record.organisation_name) in wrong else record
        for record in records
    ]


def _without_handle(record: Record) -> Record:
    """Return ``record`` with the words of its organisation as the name alone."""
    words = [part for part in (record.organisation_handle, record.organisation_name) if part]
    return record._replace(organisation_handle=None, organisation_name=" ".join(words) or None)
