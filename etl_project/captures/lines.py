"""Lines that a tool broke at a width, put together again. Pure."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median_high
from typing import NamedTuple

from etl_project.captures.roles import LONGEST_SHORT_LINE, Role, role_of

#: No tool wraps wider than this, and every page has a text that is longer.
_WIDEST = 500
_NARROWEST = 30
#: After these a hyphen at a line's end is followed by a space: "pre- and post-training".
_AFTER_HANGING_HYPHEN = frozenset({"and", "or", "to", "nor", "versus", "vs", "vs.", "as", "but"})
_SCHEME, _ADDRESS_BEGUN = re.compile("https?://"), re.compile(r"https?://\S")
_LONGEST_SCHEME = len("https://")
#: At these an address is broken.
_BREAKS_OF_ADDRESSES = frozenset("/_=&?-")
_ADDRESS = re.compile(r"https?://\S+\Z")
#: Metadata stands on three lines at most.
MOST_LINES_COMPLETED = 2
_HYPHENATED = re.compile(r"[^\W_]-\Z")


def wrap_width(lines: Iterable[str]) -> int:
    """Return the width at which the lines were broken, or 0 if they were not: some line is longer than any width.

    The first such line ends the look, so that files that were not wrapped, nearly all, cost next to nothing.
    """
    width = 0
    for line in lines:
        if len(line) > width and (length := len(line.rstrip())) > width:
            if length > _WIDEST:
                return 0
            width = length
    return width if width >= _NARROWEST else 0


def join_wrapped(lines: Sequence[str]) -> str:
    """Return the lines of one paragraph as one text.

    Words are joined with a space; a line that ends in a hyphen is joined without one, since tools break
    compounds after it, unless the hyphen hangs ("pre- and post-training").
    """
    joining = _Joining()
    longest = max(map(len, lines), default=0)
    broken = False  # an address fills the line before
    for line in lines:
        length, line = len(line), line.strip()
        if line:
            joining.add(line, broken)
            broken = length == longest and length >= _NARROWEST and _ADDRESS.fullmatch(line) is not None
    return joining.text()


class _Joining:
    """Lines of one paragraph as they are joined. Each costs its own length: what is joined already is not looked at again."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        # of the last word: its end, and whether an address stands in it, and goes on
        self.end, self.address, self.goes_on = "", False, False
        self.one_word = True  # and it begins with a scheme

    def is_address_of(self, length: int) -> bool:
        """Say whether what is joined is an address alone that is at least as long as any line and ``length``."""
        return self.one_word and self.goes_on and self.length >= max(length, _NARROWEST)

    def add(self, line: str, broken: bool = False) -> None:
        """Join a line without spaces around it; ``broken`` says that an address fills what is before."""
        glued = bool(self.pieces) and (
            broken
            or (self.address and self.end[-1] in _BREAKS_OF_ADDRESSES and line[0].isalnum())
            or (self.goes_on and line[0] == "/")
            or (
                _HYPHENATED.search(self.end) is not None
                and line[0].isalnum()
                and line.split(" ", 1)[0] not in _AFTER_HANGING_HYPHEN
            )
        )
        whole = line.rsplit(None, 1)[-1] == line
        self.one_word = whole and self.one_word and (glued or (not self.pieces and _SCHEME.match(line) is not None))
        if self.pieces and not glued:
            self.pieces.append(" ")
        self.pieces.append(line)
        self.length += len(line) + (len(self.pieces) > 1 and not glued)
        if glued and whole:
            self.goes_on, word = self.address, self.end + line
        else:
            self.goes_on = self.address = False
            word = line.rsplit(None, 1)[-1]
        self.address = self.address or _SCHEME.search(word) is not None
        self.goes_on = self.goes_on or _ADDRESS_BEGUN.search(word) is not None
        self.end = word[-_LONGEST_SCHEME:]

    def text(self) -> str:
        """Return what was joined."""
        return "".join(self.pieces)


def completes(lines: Sequence[str], after: str) -> bool:
    """Say whether ``after`` is the rest of metadata or page furniture that begins in ``lines``: "Oct 8," and "2024"."""
    if len(lines) > MOST_LINES_COMPLETED:
        return False
    before = " ".join([line.strip() for line in lines]).lstrip("·•∙⋅ ")
    after = after.strip()
    if len(before) + len(after) >= LONGEST_SHORT_LINE or role_of(before).role is not Role.TEXT:
        return False
    joined = f"{before} {after}"
    if joined.endswith(","):
        joined += " 2024"  # the date's last part may stand on a third line
    return role_of(joined).role is not Role.TEXT


def goes_on(before: str, after: str, width: int) -> bool:
    """Say whether a line is the next one of a text that was broken at ``width``, whatever its own words are.

    A title's last line may be "Models" or "2024", which alone would be the page's words or a count.
    """
    return width > 0 and _is_words(before) and was_broken(before, after, width)


def _is_words(line: str) -> bool:
    return len(line) > LONGEST_SHORT_LINE or role_of(line).role is Role.TEXT


class Joined(NamedTuple):
    """Lines with the wrapped ones joined: ``firsts`` are their first lines in the file (1-based), of ``total`` lines."""

    lines: list[str]
    firsts: Sequence[int]
    total: int
    wrapped: bool


#: A line that lacks this much of the width, and more than the next word, was not ended by the width.
_SLACK = 12
_HEADING = re.compile(r"^\s*#{1,6}\s+")
#: Lines with such a word are as long as it is, whatever the width.
_LONG_WORD = re.compile(r"\S{50}|https?://")
#: An abstract that was wrapped has more lines than any other text.
_LINES_OF_PARAGRAPH = 4
#: So many of the lines of a wrapped paragraph go to the width, its last one apart; lists and menus have other lines.
_SHARE_OF_FULL_LINES = 0.7
_CHECKBOX = re.compile(r"\s*\[(?:[ xX-]?|[\w.-]{1,40})\]\s*")
#: Only before the words of a line: within them it may part a date from a count, or be an empty list that a text speaks of.
_BUTTON = re.compile(r"\A\s*(?:[*•+]\s*)?(?:\(BUTTON\)|\[\s*\])\s*(?=\S)")


def unwrap(lines: list[str]) -> Joined:
    """Return the lines with paragraphs that were broken at a width made one line each.

    Lines are joined only if they are text (no date, count or words of the page), stand in one paragraph, and the
    next line's first word would not have fitted. A file with a line longer than any width was not wrapped, nor
    one without paragraphs of several lines.
    """
    untouched = Joined(lines, range(1, len(lines) + 1), len(lines), False)
    if not wrap_width(line for line in lines if not _LONG_WORD.search(line) and not _is_rule(line)):
        return untouched
    texts = [_text_of(line) for line in lines]
    width, widest = _width_of_paragraphs(texts)
    if not width or "" not in texts:
        return untouched
    kept: list[str] = []
    firsts: list[int] = []
    joining: _Joining | None = None  # what the last kept line grows to
    before = ""  # the line before, if it is a text's
    for number, (line, text) in enumerate(zip(lines, texts, strict=True), 1):
        rest = "" if text or not before or _ends_sentence(before) else _end_of_title(lines, number - 1)
        # a longer line than any that was broken ended where its text did: the next one is an organisation or the foot
        within = len(before.rstrip()) <= widest + _SLACK or " " not in before.strip()
        if before and (text or rest) and within and was_broken(before, text or rest, width):
            if joining is None:
                joining = _Joining()
                joining.add(kept[-1].strip())
            after = text or rest
            joining.add(after.strip(), joining.is_address_of(len(after)))
        else:
            if joining is not None:
                kept[-1], joining = joining.text(), None
            kept.append(text or ("" if _is_drawn(line) else _HEADING.sub("", line)))
            firsts.append(number)
        before = text
    if joining is not None:
        kept[-1] = joining.text()
    return Joined(kept, firsts, len(lines), True)


def _end_of_title(lines: list[str], i: int) -> str:
    """Return a line that looks like the page's words or a count ("Models", "2024") and may end a title: nothing follows it."""
    alone = i + 1 < len(lines) and not lines[i + 1].strip() and not _is_drawn(lines[i])
    return lines[i].strip() if alone and role_of(lines[i]).role in (Role.FURNITURE, Role.COUNT) else ""


def _ends_sentence(line: str) -> bool:
    return line.rstrip()[-1:] in ".!?…"


def _text_of(line: str) -> str:
    """Return a line without the marks of a heading or a button if it is a text, else ""."""
    if _is_drawn(line):
        return ""
    line = _BUTTON.sub("", _HEADING.sub("", line))
    return line if line.strip() and role_of(line[:LONGEST_SHORT_LINE]).role is Role.TEXT else ""


def _is_drawn(line: str) -> bool:
    """Say whether a line stands for what is no text: a rule, a checkbox, an image."""
    return _is_rule(line) or _CHECKBOX.fullmatch(line) is not None


def _width_of_paragraphs(texts: list[str]) -> tuple[int, int]:
    """Return the width at which most paragraphs of at least four lines of text were broken and the widest, or 0 if they were not.

    Titles and abstracts without blank lines between them are such a paragraph, too; their lines do not fill a width.
    """
    paragraphs: list[list[str]] = []
    run: list[str] = []
    for text in [*texts, ""]:
        if text:
            run.append(text)
        else:
            if len(run) >= _LINES_OF_PARAGRAPH:
                paragraphs.append(run)
            run = []
    widths = [max(len(line.rstrip()) for line in paragraph) for paragraph in paragraphs]
    broken = [
        width
        for width, paragraph in zip(widths, paragraphs, strict=True)
        if sum(was_broken(*pair, width) for pair in pairwise(paragraph)) >= _SHARE_OF_FULL_LINES * (len(paragraph) - 1)
    ]
    return (median_high(broken), max(broken)) if broken else (0, 0)


def was_broken(line: str, after: str, width: int) -> bool:
    """Say whether ``line`` ended because ``after`` did not fit."""
    return len(line.rstrip()) + 1 + len(after.split(maxsplit=1)[0]) > width - _SLACK


def _is_rule(line: str) -> bool:
    """Say whether a line is drawn, not written."""
    stripped = line.strip().lstrip("*•+ ")
    return len(stripped) > 3 and not any(c.isalnum() for c in stripped)
