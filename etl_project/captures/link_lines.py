"""Plain text with every link on a line of its own, under the words it belonged to: taken apart into pieces."""

import re
from collections.abc import Sequence

from etl_project.captures.cards import Page, read_cards
from etl_project.captures.envelope import Opened
from etl_project.captures.lines import goes_on, join_wrapped, wrap_width
from etl_project.captures.model import Reading
from etl_project.captures.pieces import Leads, Piece, read_target
from etl_project.captures.roles import LONGEST_SHORT_LINE, Role, role_of, trim

FORMS = ("text_link_lines", "text_link_lines_trending")

_ADDRESS_LINE = re.compile(
    r"\s*(?:[-*→↳>]\s*)?[<(\[]?(https?://[^\s<>()\[\]]+|/(?:papers|login)[/?][^\s<>()\[\]]+)[>)\]]?\s*"
)
#: How a checkbox beside a number shows.
_CHECKBOX = re.compile(r"^\[(?:-|x| )?\]\s*(?=\S)")
_OF_PAPERS = (Leads.PAPER, Leads.VOTE, Leads.COMMUNITY)
#: Brackets of Markdown that a tool left behind: "[" on a line of its own, "](address)" glued to the words.
_GLUED = re.compile(r"(.*?)\]\((https?://[^\s()]+)\)\s*", re.DOTALL)


_OF_PAGE = re.compile(r"/(?:papers|login)")
_PAPER_LINE = re.compile(
    r"^[ \t>]*(?:[-*→↳][ \t]*)?[<(\[]?(?:https?://[^\s<>()\[\]]+)?/(?:papers|login)[/?]", re.MULTILINE
)


def recognise(_: list[str], text: str) -> float:
    """Return the confidence (0 to 1) that links stand on lines of their own: at least two that lead to papers."""
    found = 0
    if not _OF_PAGE.search(text):
        return 0.0
    for start in _PAPER_LINE.finditer(text):
        end = text.find("\n", start.start())
        line = text[start.start() : end if end >= 0 else len(text)].lstrip("> \t")
        if (match := _ADDRESS_LINE.fullmatch(line)) and read_target(match[1]).leads in _OF_PAPERS:
            found += 1
            if found >= 2:
                return 0.9
    return 0.0


def read(opened: Opened, damaged: Sequence[int] = ()) -> Reading:
    """Return the reading of text with a link a line, what stood around it taken off already."""
    page = Page(find_pieces(opened.lines), opened.lines, opened.days, opened.query, damaged)
    return read_cards(page, *FORMS)


def find_pieces(lines: list[str]) -> list[Piece]:
    """Return the pieces in their order. An address belongs to the words right above it, back to the address before."""
    pieces: list[Piece] = []
    waiting: list[tuple[int, str]] = []  # words whose address may follow; numbers of lines are 1-based
    block = 0
    blank = False
    width = wrap_width(line for line in lines if "://" not in line)

    def add(words: list[tuple[int, str]], target: str | None, end: int | None = None) -> None:
        text = join_wrapped([text for _, text in words])
        pieces.append(Piece(words[0][0], end or words[-1][0], text, target, False, block))

    def flush(keep: int = 0) -> None:
        """Add the waiting words as words without a link, all but the last ``keep`` lines."""
        nonlocal waiting
        for group in _paragraphs(waiting[: len(waiting) - keep], width):
            add(group, None)
        waiting = waiting[len(waiting) - keep :]

    for number, line in enumerate(lines, 1):
        text = trim(line)
        if not text or text == "[":
            blank = blank or not text
            continue
        if blank:
            block += 1
        if "/" in text and (match := _ADDRESS_LINE.fullmatch(line)):
            last = _paragraphs(waiting, width)[-1:] or [[]]
            flush(len(last[0]))
            if waiting and not (len(waiting) == 1 and _has_no_link(waiting[0][1], match[1])):
                add(waiting, match[1], number)
                waiting = []
            else:
                flush()
                pieces.append(Piece(number, number, "", match[1], False, block))
        elif "](" in text and (glued := _GLUED.fullmatch(text)) and glued[1].strip():
            flush()
            pieces.append(Piece(number, number, trim(glued[1]), glued[2], False, block))
        else:
            if blank:
                waiting.append((number, ""))  # parts paragraphs
            waiting.append((number, _CHECKBOX.sub("", text) if text[0] == "[" else text))
        blank = False
    flush()
    return pieces


def _has_no_link(words: str, address: str) -> bool:
    """Say whether the words are ones that no page links to a paper, so that the address is an image's.

    A day above the first card would become the date of its paper.
    """
    if len(words) > LONGEST_SHORT_LINE or read_target(address).leads not in _OF_PAPERS:
        return False
    return role_of(words).role in (Role.DATE, Role.SEPARATOR, Role.FURNITURE, Role.HEADING, Role.METADATA)


def _paragraphs(lines: list[tuple[int, str]], width: int) -> list[list[tuple[int, str]]]:
    """Return the lines in groups that are one text each: metadata stands alone, other lines up to a blank one together."""
    groups: list[list[tuple[int, str]]] = []
    going_on = False
    for number, text in lines:
        if not text:
            going_on = False
            continue
        words = len(text) > LONGEST_SHORT_LINE or role_of(text).role is Role.TEXT
        words = words or (going_on and goes_on(groups[-1][-1][1], text, width))
        if words and going_on:
            groups[-1].append((number, text))
        else:
            groups.append([(number, text)])
        going_on = words
    return groups
