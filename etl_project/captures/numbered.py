"""Wrapped text in which a number before its words marks each link, as terminal browsers dump pages: ``[45]Title``.

The list of addresses stands at the end, or nowhere. A link's words go on to the next number, to the end of
their paragraph or to a middle dot; nothing in such a dump says where else they would end.
"""

import re
from collections.abc import Callable, Collection

from etl_project.captures.cards import Page, read_cards
from etl_project.captures.envelope import Opened
from etl_project.captures.lines import join_wrapped
from etl_project.captures.model import Reading
from etl_project.captures.pieces import Leads, Piece, read_target
from etl_project.captures.roles import LONGEST_SHORT_LINE, Role, role_of, trim

FORMS = ("text_numbered_links", "text_numbered_links_trending")

_MARKER = re.compile(r"\[(\d{1,5})\](?!\(|\[\d|:)")
#: How lists of addresses are written: "45. https://..." and "[45] https://...".
_LISTED = re.compile(r"\s*(?:\[(\d{1,5})\]:?|(\d{1,5})\.)\s+((?:https?|file)://\S+|/\S+)\s*")
_LIST_HEADING = re.compile(r"\s*(?:references|(?:visible|hidden) links):?\s*", re.IGNORECASE)
#: The same with the address itself in place of a number.
_INLINE = re.compile(r"(?<!\[)\[((?:https?|file)://[^\[\]\s]+)\](?!\[)")
_BULLET = re.compile(r"^\s*(?:[*+•□☆]\s+)+")
_CHECKBOX = re.compile(r"(?:\[\d{1,5}\])?\[[ xX-]\]")
#: The beginning of a paper's thumbnail's name, which is its id.
_LAST_IMAGE = re.compile(r"(?<=\])\s*\[\d{4}\]\s*$")
#: An image without words, by its file's name.
_IMAGE = re.compile(r"\s*\[[\w.-]{1,40}\]\s*")


def recognise(lines: list[str]) -> float:
    """Return the confidence (0 to 1) that numbers mark links: a list of addresses that lead to papers, and its numbers in the text."""
    text = "\n".join(lines)
    inline = [match[1] for match in _INLINE.finditer(text)]
    if sum(_leads_to_paper(address) for address in inline) >= 2:
        return 0.9
    listed = [match for line in lines if (match := _LISTED.fullmatch(line))]
    named = {match[1] or match[2] for match in listed if _leads_to_paper(match[3])}
    marked = sum(match[1] in named for match in _MARKER.finditer(text)) if named else 0
    return 0.9 if marked > text.count("][") else 0.0


def _leads_to_paper(address: str) -> bool:
    return read_target(address).leads in (Leads.PAPER, Leads.VOTE, Leads.COMMUNITY)


def read(opened: Opened, damaged: Collection[int] = ()) -> Reading:
    """Return the reading of text with numbered links, what stood around it taken off already."""
    page = Page(find_pieces(opened.lines), opened.lines, opened.days, opened.query, damaged)
    return read_cards(page, *FORMS)


def find_pieces(lines: list[str]) -> list[Piece]:
    """Return the pieces in their order; the list of addresses is none."""
    listed: dict[str, str] = {}
    kept = []
    for line in lines:
        match = _LISTED.fullmatch(line)
        if match:
            listed[match[1] or match[2]] = match[3]
        kept.append("" if match or _LIST_HEADING.fullmatch(line) else line)
    pieces: list[Piece] = []
    paragraph: list[tuple[int, str]] = []
    for number, line in enumerate([*kept, ""], 1):
        if line.strip():
            paragraph.append((number, line))
        elif paragraph:
            pieces += _paragraph(paragraph, listed, len(pieces))
            paragraph = []
    return pieces


def _paragraph(lines: list[tuple[int, str]], listed: dict[str, str], block: int) -> list[Piece]:
    """Return the pieces of the lines of one paragraph."""
    pieces: list[Piece] = []
    target: str | None = None
    words: list[tuple[int, str]] = []
    at = lines[0][0]

    def end() -> None:
        nonlocal target
        text = trim(join_wrapped([text for _, text in words]))
        images: tuple[str, ...] = ()
        leads = read_target(target) if target else None
        if leads and leads.leads is Leads.PROFILE and leads.value and text.startswith(leads.value + " "):
            images, text = (leads.value,), text[len(leads.value) + 1 :]  # the image's words stand before the name
        parts = [part for part in re.split(r"\s*[·∙⋅]\s*", text) if part]
        if not parts and target is not None:
            parts = [""]
        for i, part in enumerate(parts):
            first, last = (words[0][0], words[-1][0]) if words else (at, at)
            pieces.append(Piece(first, last, part, None if i else target, False, block, () if i else images))
        target = None
        words.clear()

    for number, line in lines:
        line = _LAST_IMAGE.sub("", line)
        if _IMAGE.fullmatch(line) and not _MARKER.fullmatch(line.strip()):
            continue
        line = _CHECKBOX.sub("", _BULLET.sub("", line + " "))
        place = 0
        for marker in sorted([*_MARKER.finditer(line), *_INLINE.finditer(line)], key=lambda m: m.start()):
            address = listed.get(marker[1]) if marker.re is _MARKER else marker[1]
            if address is None:
                continue
            _add(words, number, line[place : marker.start()], end)
            end()
            target, place, at = address, marker.end(), number
        _add(words, number, line[place:], end)
    end()
    return pieces


def _add(words: list[tuple[int, str]], number: int, text: str, end: Callable[[], None]) -> None:
    """Add the words of a line to those before it, if they are the same text's; metadata stands alone."""
    if not text.strip():
        return
    if words and not (_is_text(words[-1][1]) and _is_text(text)):
        end()
    words.append((number, text))


def _is_text(words: str) -> bool:
    return len(words) > LONGEST_SHORT_LINE or role_of(words).role is Role.TEXT
