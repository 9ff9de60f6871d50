"""Wrapped text in which a number before its words marks each link, as terminal browsers dump pages: ``[45]Title``.

The list of addresses stands at the end, or nowhere. A link's words go on to the next number, to the end of
their paragraph or to a middle dot; nothing in such a dump says where else they would end.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise

from etl_project.captures.cards import Page, read_cards
from etl_project.captures.envelope import Opened
from etl_project.captures.lines import MOST_LINES_COMPLETED, completes, goes_on, join_wrapped, wrap_width
from etl_project.captures.model import Reading
from etl_project.captures.pieces import Leads, Piece, read_target
from etl_project.captures.roles import LONGEST_SHORT_LINE, Role, role_of, trim
from etl_project.fields import split_organisation

FORMS = ("text_numbered_links", "text_numbered_links_trending")

_MARKER = re.compile(r"\[(\d{1,5})\](?!\((?:https?:|/)|\[\d|:)")
_GLUED_MARKER = re.compile(r"\[(\d{1,5})\](?=[^\s(:\[\].,;])")
_FIRST_MARKER = re.compile(rf"^[ \t]*(?:[*+•o]\s+)?{_GLUED_MARKER.pattern}", re.MULTILINE)
#: How lists of addresses are written: "45. https://..." and "[45] https://...".
_ENTRY = r"(?:\[(\d{1,5})\]:?|(\d{1,5})\.)\s+((?:https?|file)://\S+|/\S+)"
_LISTED = re.compile(rf"\s*{_ENTRY}\s*")
#: Several on one line. Spaces part them in one way only: two ways between each would be a million for twenty.
_LIST_LINE = re.compile(rf"\s*{_ENTRY}(?:\s+{_ENTRY})*\s*".replace("(", "(?:").replace("(?:?:", "(?:"))
_STARTS_OF_LIST = frozenset("[0123456789")
_LIST_HEADING = re.compile(r"\s*(?:references|(?:visible|hidden) links):?\s*", re.IGNORECASE)
_LEAST_LISTED = 3
_OF_CARDS = (Leads.PAPER, Leads.VOTE, Leads.COMMUNITY, Leads.PROFILE)
_BULLETS = " \t*+•□☆o\xa0"
#: A title's last line may be the page's word "Models", or a number.
_ALSO_IN_TITLES = frozenset({Role.FURNITURE, Role.HEADING, Role.COUNT})
_NOTHING = "\u200b"
_LONGEST_LIST_HEADING = 40
#: The same with the address itself in place of a number.
_INLINE = re.compile(r"(?<!\[)\[((?:https?|file)://[^\[\]\s]+)\](?!\[(?:\d|https?:))")
_ADDRESS_INLINE = re.compile(r"\[(?:http|file:)")
_BULLET = re.compile(r"^\s*(?:(?:[*+•□☆]|\(BUTTON\)|o(?=\s*$))(?:\s+|$))+|^\s*[_━═─]{4,}\s*$")
_CHECKBOX = re.compile(r"(?:\[\d{1,5}\])?\[[ \xa0xX-]\]")
#: The beginning of a paper's thumbnail's name, which is its id.
_LAST_IMAGE = re.compile(r"(?<=\])\s*\[\d{4}\]\s*$")
_DOT = re.compile(r"\s*[·∙⋅]\s*")
_DOT_AT_END = re.compile(r"\A\s*[·∙⋅]\s*|\s*[·∙⋅]\s*\Z")
_SUBMITTED = re.compile(r"(?:paper )?submitted by(?:\s+\S+)?", re.IGNORECASE)
#: An image without words, by its file's name.
_IMAGE = re.compile(r"\s*\[[\w.-]{1,40}\]\s*")


def recognise(lines: list[str], text: str) -> float:
    """Return the confidence (0 to 1) that numbers mark links: a list of addresses that lead to papers, and its numbers in the text."""
    if _ADDRESS_INLINE.search(text):
        inline = 0
        for match in _INLINE.finditer(text):
            inline += _leads_to_paper(match[1])
            if inline >= 2:
                return 0.9
    listed = [
        line
        for line in lines
        if line.lstrip()[:1] in _STARTS_OF_LIST and ("://" in line or "/papers" in line) and _LIST_LINE.fullmatch(line)
    ]
    named = {m[1] or m[2] for line in listed for m in _LISTED.finditer(line) if _leads_to_paper(m[3])}
    marked = sum(match[1] in named for match in _MARKER.finditer(text)) if named else 0
    if marked and marked > text.count("]["):
        return 0.9
    if len(named) >= _LEAST_LISTED and not any("]:" in line for line in listed):
        return 0.8  # their marks are lost, and the list is no abstract
    # the list may be missing; no line of an abstract begins with a citation that its next word is glued to
    if len(_GLUED_MARKER.findall(text)) < _LEAST_LISTED:
        return 0.0
    return 0.8 if len(_FIRST_MARKER.findall(text)) >= _LEAST_LISTED else 0.0


def _leads_to_paper(address: str) -> bool:
    return read_target(address).leads in (Leads.PAPER, Leads.VOTE, Leads.COMMUNITY)


def read(opened: Opened, damaged: Sequence[int] = ()) -> Reading:
    """Return the reading of text with numbered links, what stood around it taken off already."""
    page = Page(find_pieces(opened.lines), opened.lines, opened.days, opened.query, damaged)
    return read_cards(page, *FORMS)


def find_pieces(lines: list[str]) -> list[Piece]:
    """Return the pieces in their order; the list of addresses is none."""
    listed: dict[str, str] = {}
    kept = []
    for line in lines:
        if ("://" in line or "/" in line[:20]) and _LIST_LINE.fullmatch(line):
            for match in _LISTED.finditer(line):
                listed[match[1] or match[2]] = match[3]
            line = ""
        elif "[" in line:
            line = _CHECKBOX.sub("", _LAST_IMAGE.sub("", line))
            line = line if line.strip() else _NOTHING  # it does not part paragraphs as a blank line does
        elif len(line) < _LONGEST_LIST_HEADING and _LIST_HEADING.fullmatch(line):
            line = ""
        kept.append(line)
    pieces: list[Piece] = []
    paragraph: list[tuple[int, str]] = []
    marks = _find_marks(kept, listed)
    width = wrap_width(line for line in kept if "://" not in line)
    for number, line in enumerate([*kept, ""], 1):
        if line and not line.isspace():
            paragraph.append((number, line))
        elif paragraph:
            pieces += _paragraph(paragraph, marks, len(pieces), width)
            paragraph = []
    return pieces


#: Where a link begins on a line, where its words begin, its address, and whether its number breaks the order.
_Mark = tuple[int, int, str, bool]


def _find_marks(lines: list[str], listed: dict[str, str]) -> dict[int, list[_Mark]]:
    """Return the marks of links by 1-based number of their line.

    Browsers number links as they come. So of numbers that are in the list, those that break the order are
    citations ("[12]") and no marks, but for a line's first that leads to a paper: lines were moved there.
    """
    found: list[tuple[int, re.Match[str], str]] = []
    addressed: dict[int, list[_Mark]] = {}
    for number, line in enumerate(lines, 1):
        if "[" not in line:
            continue
        for match in _MARKER.finditer(line):
            address = listed.get(match[1])
            if address is None and not line[: match.start()].strip(_BULLETS):
                address = ""  # the list's end is missing
            if address is not None:
                found.append((number, match, address))
        if "[http" in line or "[file" in line:
            addressed[number] = [(m.start(), m.end(), m[1], False) for m in _INLINE.finditer(line)]
    first = [i for i, (_, match, _) in enumerate(found) if not match.string[: match.start()].strip(_BULLETS)]
    rise = [first[i] for i in _longest_rise([int(found[i][1][1]) for i in first])]
    in_order = set(rise)
    # of those within lines, the ones that count on from the mark before
    for before, after in pairwise([-1, *rise, len(found)]):
        last = int(found[before][1][1]) if before >= 0 else 0
        limit = int(found[after][1][1]) if after < len(found) else 10**6
        for i in range(before + 1, after):
            if last < (value := int(found[i][1][1])) < limit:
                in_order.add(i)
                last = value
    firsts = set(first)
    for i, (number, match, address) in enumerate(found):
        glued = match.string[match.end() : match.end() + 1].isalnum()  # no citation is
        if i in in_order or ((i in firsts or glued) and address and read_target(address).leads in _OF_CARDS):
            addressed.setdefault(number, []).append((match.start(), match.end(), address, i not in in_order))
    return addressed


def _longest_rise(numbers: list[int]) -> list[int]:
    """Return the places of a longest strictly rising subsequence."""
    ends: list[int] = []  # of the rises of each length, the least last number
    places: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number)
        if length == len(ends) or number < ends[length]:  # of two that are equal the first stays
            ends[length : length + 1] = [number]
            places[length : length + 1] = [place]
        before.append(places[length - 1] if length else -1)
    rise = []
    place = places[-1] if places else -1
    while place >= 0:
        rise.append(place)
        place = before[place]
    return rise[::-1]


def _paragraph(lines: list[tuple[int, str]], marks: dict[int, list[_Mark]], block: int, width: int) -> list[Piece]:
    """Return the pieces of the lines of one paragraph."""
    pieces: list[Piece] = []
    target: str | None = None
    moved = False
    words: list[tuple[int, str]] = []
    at = lines[0][0]

    def end() -> None:
        nonlocal target, words, moved
        text = trim(join_wrapped([text for _, text in words]))
        images: tuple[str, ...] = ()
        parts = _parts(text) if text else []
        if not parts and target is not None:
            parts = [""]
        leads = read_target(target) if target else None
        if leads and leads.leads is Leads.PROFILE and leads.value:
            # the image's words stand before the name, broken within if they are longer than a line
            handle = re.match(r"\s?".join(map(re.escape, leads.value)) + r"\s+(?=\S)", parts[0])
            split = split_organisation(parts[0])
            if handle:
                images, parts[0] = (leads.value,), parts[0][handle.end() :]
            elif split[0] == leads.value and split[1]:
                images, parts[0] = (leads.value,), split[1]
        for i, part in enumerate(parts):
            first, last = (words[0][0], words[-1][0]) if words else (at, at)
            pieces.append(Piece(first, last, part, None if i else target, False, block, () if i else images, moved))
        target, words, moved = None, [], False

    def add(number: int, text: str) -> None:
        """Add the words of a line to those before it, if they are the same text's; metadata stands alone."""
        if not text.strip(_NOTHING + " \t"):
            return
        if not words and target is not None and _IMAGE.fullmatch(text):
            words.append((number, ""))
            end()
            return
        leads = read_target(target).leads if target is not None else None
        if words and leads is not Leads.PAPER and _SUBMITTED.fullmatch(text.strip()):
            end()  # an organisation ends a card of the daily page, and this begins the next
        if words and not (
            (_is_text(words[-1][1]) and _is_text(text))
            or (len(words) <= MOST_LINES_COMPLETED and completes([before for _, before in words], text))
            or (target is not None and goes_on(words[-1][1], text, width))
            or (target is not None and _is_text(words[-1][1]) and role_of(text).role in _ALSO_IN_TITLES)
            or leads is Leads.VOTE
        ):
            end()
        words.append((number, text))

    for number, line in lines:
        marked = marks.get(number, [])
        if not marked and _IMAGE.fullmatch(line) and not (target and words and _is_text(words[-1][1])):
            continue
        place = 0
        for start, stop, address, out_of_order in [*marked, (len(line), len(line), "", False)]:
            text = line[place:start]
            in_text = words and _is_text(words[-1][1])  # a line of which may begin like a list's
            if not place and (bullet := _BULLET.match(text)):
                item = text[bullet.end() :]
                text = text if in_text and item and _is_text(item) else item
            add(number, text)
            if start < len(line):
                end()
                target, place, at, moved = address, stop, number, out_of_order
    end()
    return pieces


def _parts(text: str) -> list[str]:
    """Return the parts of metadata that stands on one line, parted by middle dots; a text may have such dots within."""
    parts = _DOT.split(text)
    if len(parts) == 1:
        return parts
    metadata = [role_of(part).role in (Role.AUTHORS, Role.DATE) for part in parts]
    if len(text) > LONGEST_SHORT_LINE:
        # the end of a text's last line may be its card's metadata
        first = len(parts)
        while first and metadata[first - 1]:
            first -= 1
        starts = [0, *(dot.end() for dot in _DOT.finditer(text))]
        rest = text[: starts[first]] if first < len(parts) else text
        parts = [_DOT_AT_END.sub("", rest), *parts[first:]]
    elif not any(metadata):
        parts = [_DOT_AT_END.sub("", text)]
    return [part for part in parts if part]


def _is_text(words: str) -> bool:
    return len(words) > LONGEST_SHORT_LINE or role_of(words).role is Role.TEXT
