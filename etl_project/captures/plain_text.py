"""Plain text as a browser copies it: titles and abstracts, with or without metadata, with or without blank lines.

The three text forms are one grammar; which of them a file is follows from what was found:

    record   := [COUNT] title abstract [metadata]
    metadata := [owner] [SEPARATOR] [DATE [COUNT]] | METADATA
    owner    := AUTHORS | organisation, known by the separator or date that follows it

Lines that fit nowhere are refused one by one, so a damaged record never shifts the ones after it.
"""

from collections.abc import Collection

from etl_project.captures.model import Reading, Record, Refusal
from etl_project.captures.roles import (
    LONGEST_SHORT_LINE,
    Role,
    is_sign_of_page,
    role_of,
    split_glued_head,
    split_metadata,
)
from etl_project.fields import parse_printed_date, split_organisation

FORMS = ("text_with_metadata", "text_titles_abstracts", "text_compact")

#: A longer line is no abstract (the longest on the site are a twentieth of it): most often a whole
#: file without line ends.
LONGEST_LINE = 100_000
#: Shorter lines may be titles; longer ones never are. Seen: titles to 169, abstracts from 472.
LONGEST_TITLE = 300
#: Text kept beside a refusal; the whole stays in the raw file.
_EXCERPT = 2_000

_FURNITURE_LINE, _FIELD_LINE, _REFUSED_LINE = 1, 2, 3


def recognise(text: str) -> float:
    """Return the confidence (0 to 1) that ``text`` is a plain-text capture, read or not."""
    return read(text).confidence


def read(text: str, damaged: Collection[int] = ()) -> Reading:
    """Return the records of ``text``, what was refused, and the account of all its lines.

    Line ends are ``\\n``. ``damaged`` holds the 1-based numbers of lines with undecodable bytes.
    """
    return _Reader(text, damaged).read()


class _Reader:
    """One pass over the lines of one file. ``at[k]`` is the 0-based line of the k-th line that has text."""

    def __init__(self, text: str, damaged: Collection[int]) -> None:
        self.lines = text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.account = bytearray(len(self.lines))  # 0 until a line is placed
        self.at: list[int] = []
        self.roles: list[Role] = []
        self.records: list[Record] = []
        self.refusals: list[Refusal] = []
        self.heading: str | None = None
        self.query: str | None = None
        self.captured_raw: str | None = None
        self.signs = 0
        self.with_metadata = 0
        self._assign_roles(damaged)

    # ---- pass one: each line by its own shape

    def _assign_roles(self, damaged: Collection[int]) -> None:
        lines, account, at, roles = self.lines, self.account, self.at, self.roles
        text_role = Role.TEXT
        for i, line in enumerate(lines):
            if len(line) > LONGEST_SHORT_LINE:
                if not line.isspace():
                    at.append(i)
                    roles.append(text_role)
                    continue
            elif line and not line.isspace():
                at.append(i)
                roles.append(role_of(line)[0])
                continue
            account[i] = _FURNITURE_LINE
        for number in damaged:
            if number - 1 in at:
                roles[at.index(number - 1)] = Role.DAMAGED

    # ---- pass two: what follows what

    def read(self) -> Reading:
        roles, at = self.roles, self.at
        counts_lead = self._counts_lead()
        k, n = 0, len(at)
        closed = True  # no record is open that a date or a count could belong to
        after_banner = False
        while k < n:
            role = roles[k]
            if role is Role.TEXT:
                if closed and (glued := split_glued_head(self.lines[at[k]], after_banner)):
                    self.signs += 1
                    self._retype(k, glued[1])
                    after_banner = False
                    continue
                k, closed = self._record(k, None), False
            elif role is Role.COUNT and k + 1 < n and roles[k + 1] is Role.TEXT and (counts_lead or closed):
                k, closed = self._record(k + 1, k), False
            elif role is Role.FURNITURE or role is Role.HEADING:
                k = self._furniture(k)
                after_banner = "inbox" in self.lines[at[k - 1]].casefold()
                closed = True
                continue
            elif role is Role.COUNT and closed and self._is_page_number(k):
                self._place(k, _FURNITURE_LINE)
                k += 1
            elif role is Role.DATE and closed:  # the day of the page, not of a paper
                if self.captured_raw is None:
                    self.captured_raw = self.lines[at[k]].strip()
                self._place(k, _FURNITURE_LINE)
                k += 1
            elif role is Role.DAMAGED:
                self._refuse(k, k, "damaged_bytes", "save the capture as UTF-8 and give it again")
                k += 1
            else:
                self._refuse(
                    k, k, "metadata_without_record", "no title and abstract stand before it; copy the whole card"
                )
                k += 1
            after_banner = False
        return self._reading()

    def _counts_lead(self) -> bool:
        """Say whether a count stands before the first title: then counts are upvotes, not comments."""
        for role in self.roles:
            if role is Role.TEXT:
                return False
            if role is Role.COUNT:
                return True
        return False

    def _is_page_number(self, k: int) -> bool:
        """Say whether a count in the page's foot is one of ``Previous 1 2 3 ... 100 Next``."""
        near = self.roles[k + 1] if k + 1 < len(self.roles) else Role.FURNITURE
        return near in (Role.COUNT, Role.FURNITURE) and k > 0 and self.roles[k - 1] in (Role.COUNT, Role.FURNITURE)

    def _retype(self, k: int, rest: str) -> None:
        """Replace a line by what is left of it once glued page head is taken off."""
        self.lines[self.at[k]] = rest
        short = len(rest) <= LONGEST_SHORT_LINE
        self.roles[k] = role_of(rest).role if short else Role.TEXT

    def _furniture(self, k: int) -> int:
        line = self.lines[self.at[k]].strip()
        if self.roles[k] is Role.HEADING:
            self.heading = self.heading or line
        self.signs += is_sign_of_page(line)
        self._place(k, _FURNITURE_LINE)
        return k + 1

    def _place(self, k: int, place: int) -> None:
        self.account[self.at[k]] = place

    def _joined(self, k: int) -> bool:
        """Say whether no blank line parts the k-th line with text from the next one."""
        return self.at[k + 1] == self.at[k] + 1

    def _is_owner(self, k: int) -> bool:
        """Say whether the k-th line, a text, is an organisation: separator or date follow in its block."""
        return (
            k + 1 < len(self.at)
            and self.roles[k + 1] in (Role.SEPARATOR, Role.DATE)
            and len(self.lines[self.at[k]]) <= LONGEST_SHORT_LINE
            and self._joined(k)
        )

    def _record(self, title: int, count: int | None) -> int:
        """Read the record whose title would be the ``title``-th line; return where the next one may start."""
        lines, at, roles = self.lines, self.at, self.roles
        n = len(at)
        body = title + 1
        x = lines[at[title]]
        if body < n and roles[body] is Role.TEXT:
            y = lines[at[body]]
            if (len(y) > LONGEST_TITLE and len(x) <= LONGEST_TITLE and len(y) <= LONGEST_LINE) or self._are_pair(
                title, body
            ):
                return self._accept(title, body, count)
        return self._reject(title, count)

    def _are_pair(self, title: int, body: int) -> bool:
        x, y = self.lines[self.at[title]].strip(), self.lines[self.at[body]].strip()
        if len(x) > LONGEST_TITLE or len(y) > LONGEST_LINE:
            return False
        if len(y) > LONGEST_TITLE:
            return True
        if not _reads_as_sentences(y) or self._is_owner(body):
            return False
        # A short sentence: an abstract, or (mostly with "?") the title of the abstract after it
        after = body + 1
        follows = after < len(self.at) and self.roles[after] is Role.TEXT
        if follows and len(self.lines[self.at[after]]) > LONGEST_TITLE:
            return len(y) > 150 or ". " in y
        return True

    def _accept(self, title: int, body: int, count: int | None) -> int:
        lines, at, roles = self.lines, self.at, self.roles
        n = len(at)
        end = body
        k = body + 1
        n_authors = handle = name = date_text = comments = None
        if k < n and roles[k] is not Role.TEXT or k < n and self._is_owner(k):
            role = roles[k]
            if role is Role.AUTHORS:
                n_authors = role_of(lines[at[k]]).value
                end, k = k, k + 1
            elif role is Role.TEXT:
                handle, name = split_organisation(lines[at[k]])
                end, k = k, k + 1
            elif role is Role.METADATA:
                owner, date_text = split_metadata(lines[at[k]]) or ("", "")
                n_authors = role_of(owner).value if role_of(owner).role is Role.AUTHORS else None
                if n_authors is None:
                    handle, name = split_organisation(owner)
                end, k = k, k + 1
            if k < n and roles[k] is Role.SEPARATOR:
                end, k = k, k + 1
            if k < n and roles[k] is Role.DATE and date_text is None:
                date_text = lines[at[k]].strip()
                end, k = k, k + 1
            if date_text and k < n and roles[k] is Role.COUNT and self._is_comments(k):
                comments = role_of(lines[at[k]]).value
                end, k = k, k + 1
            self.with_metadata += end > body
        first = title if count is None else count
        account = self.account
        for i in at[first : end + 1]:
            account[i] = _FIELD_LINE
        self.records.append(
            Record(
                at[first] + 1,
                at[end] + 1,
                lines[at[title]].strip(),
                lines[at[body]].strip(),
                n_authors,
                handle,
                name,
                date_text,
                None if count is None else role_of(lines[at[count]]).value,
                comments,
            )
        )
        return k

    def _is_comments(self, k: int) -> bool:
        """Say whether a count after a date is its comments: always, unless counts lead the records here."""
        follows_title = k + 1 < len(self.at) and self.roles[k + 1] is Role.TEXT
        return not (follows_title and self._counts_lead()) or self._joined(k - 1) and not self._joined_next(k)

    def _joined_next(self, k: int) -> bool:
        return k + 1 < len(self.at) and self._joined(k)

    def _reject(self, title: int, count: int | None) -> int:
        """Refuse a line that starts no record, with the metadata that was its own; return the next line."""
        text = self.lines[self.at[title]].strip()
        first = title if count is None else count
        in_head = not self.records and not self.refusals
        following = self.roles[title + 1] if title + 1 < len(self.at) else None
        if in_head and len(text) <= LONGEST_TITLE and following in (Role.FURNITURE, Role.HEADING, Role.DATE):
            if not self._is_owner(title):
                self.query = self.query or text  # the search text, which the page head shows
                self._place(title, _FURNITURE_LINE)
                if count is not None:
                    self._place(count, _FURNITURE_LINE)
                return title + 1
        if len(text) > LONGEST_LINE:
            self._refuse(
                first, title, "line_too_long", f"{len(text):,} characters; an abstract has at most {LONGEST_LINE:,}"
            )
            return title + 1
        if len(text) > LONGEST_TITLE or (len(text) > 150 and _reads_as_sentences(text)):
            self._refuse(
                first, title, "abstract_without_title", "put the paper's title on the line before and give it again"
            )
            return title + 1
        k = title + 1
        if k < len(self.at) and self.roles[k] is Role.TEXT and self._is_owner(k):
            k += 1
        while k < len(self.at) and self.roles[k] in (Role.AUTHORS, Role.SEPARATOR, Role.DATE, Role.METADATA):
            k += 1
        self._refuse(
            first,
            k - 1,
            "title_without_abstract",
            "no abstract follows; add it on the line after and give the capture again",
        )
        return k

    def _refuse(self, first: int, last: int, reason: str, detail: str) -> None:
        start, end = self.at[first], self.at[last]
        for i in range(start, end + 1):
            self.account[i] = _REFUSED_LINE
        text = "\n".join(self.lines[start : end + 1])[:_EXCERPT]
        self.refusals.append(Refusal(start + 1, end + 1, reason, detail, text))

    # ---- what it all amounts to

    def _reading(self) -> Reading:
        account = self.account
        if 0 in account:  # a bug here, never the input's fault: a line would vanish
            raise AssertionError(f"line {account.index(0) + 1} was not placed")
        form = (
            "text_with_metadata"
            if self.with_metadata
            else "text_compact"
            if len(self.at) > 0.75 * len(self.lines)
            else "text_titles_abstracts"
        )
        return Reading(
            form,
            self._confidence(),
            self.records,
            self.refusals,
            len(self.lines),
            account.count(_FIELD_LINE),
            account.count(_FURNITURE_LINE),
            account.count(_REFUSED_LINE),
            self.heading,
            self.query,
            self._capture_day(),
        )

    def _confidence(self) -> float:
        """Return the share of lines with text that were placed, less where nothing but the rhythm speaks for a page.

        A novel alternates short and long lines, too; the page's own words or metadata lines make the
        difference, and without them all but every line must fit.
        """
        if not self.at:
            return 0.0
        refused = sum(self.account[i] == _REFUSED_LINE for i in self.at) if self.refusals else 0
        placed = 1 - refused / len(self.at)
        if self.signs:
            return max(placed, 0.5)
        if not self.records:
            return 0.0
        if self.with_metadata:
            return max(placed, 0.5) if 2 * self.with_metadata >= len(self.records) else placed
        return 0.9 * placed if placed >= 0.8 else 0.5 * placed

    def _capture_day(self) -> str | None:
        day = parse_printed_date(self.captured_raw) if self.captured_raw else None
        return day.raw if day else None


def _reads_as_sentences(text: str) -> bool:
    """Say whether a line of at most ``LONGEST_TITLE`` characters ends as a sentence does and has eight words."""
    return text.rstrip("\"'”’)")[-1:] in {".", "!", "?", "…"} and text.count(" ") >= 7


