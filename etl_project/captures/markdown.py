"""Markdown, with links inline or by reference, one line a paragraph or wrapped: taken apart into pieces.

Not a Markdown parser's work: what matters here is on which lines a link's words stand, links that are cut off,
brackets that no tool escaped, lists of references that are missing, and telling an escape (``\\_``) from the
LaTeX residue of an abstract (``\\%``), which a Markdown parser would undo.
"""

import re
from bisect import bisect_right
from collections.abc import Collection

from etl_project.captures.cards import Page, read_cards
from etl_project.captures.envelope import Opened
from etl_project.captures.lines import join_wrapped, wrap_width
from etl_project.captures.model import Reading
from etl_project.captures.pieces import Leads, Piece, read_target
from etl_project.captures.roles import LONGEST_SHORT_LINE, Role, role_of, trim

FORMS = ("markdown", "markdown_trending")

#: An address; some tools break lines at hyphens within it.
_URL = r"(?:[^\s()<>]|(?<=[-/?&=])\n(?=\S))*(?:\((?:[^\s()<>]|(?<=-)\n)*\)(?:[^\s()<>]|(?<=[-/?&=])\n(?=\S))*)*"
_IMAGE = re.compile(rf"!\[((?:[^\[\]\n]|\[[^\]\n]*\]|\n(?=\S))*)\](?:\({_URL}(?:\s+\"[^\"\n]*\")?\s*\)|\[[^\]\n]*\])")
_IMAGE_TAG = re.compile(r"<img\b[^>\n]*>", re.IGNORECASE)
_ALT = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)
_CLOSE = re.compile(rf"\]\(\s*<?(?P<url>{_URL})>?(?:\s+[\"'][^\"\n]*[\"'])?\s*\)|\]\s?\[(?P<ref>[^\[\]\n]{{0,40}})\]")
_DEFINITION = re.compile(
    r"[ \t]*\[([^\[\]\n]{1,40})\]:[ \t]*<?(\S+?)>?(?:[ \t]+[\"'(].*)?(?:[ \t]*\{[^{}\n]*\})?[ \t]*"
)
_HEADING = re.compile(r"\s*#{1,6}(?:\s+|(?=\[))")
_SETEXT = re.compile(r"\s*(?:={3,}|-{3,})\s*")
_RULE = re.compile(r"\s*(?:[-*_]\s*){3,}|\s*\\+\s*|\s*\|(?:\s*:?-+:?\s*\|)*\s*")
_MARKER = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)])[ \t]+(?=\S)")
_BREAK = re.compile(r"(?:\\+|<br\s*/?>)[ \t]*$|(?<=\S)\\+(?=[ \t]{2,}\S)", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:[-*+]\s+)*[-*+](?=\s|$)")
_BR = re.compile(r"<br\s*/?>", re.IGNORECASE)
_BOLD = re.compile(r"(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_ANCHOR = re.compile(
    r"</?(?:a|p|div|span|sup|sub|b|i|em|strong|center|details|summary)(?:\s+(?!href)[^<>\n]*)?/?>", re.IGNORECASE
)
_AUTOLINK = re.compile(r"<(https?://[^\s<>]+)>")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|nbsp|#39|#x27);")
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": " ", "&#39;": "'", "&#x27;": "'"}
#: Stand for escaped brackets and for images while links are looked for; none of them is in any text.
_OPEN, _SHUT, _PICTURE, _FILL = "\ue000", "\ue001", "\ue002", "\ue003"
_PRIVATE = str.maketrans("", "", _PICTURE + _FILL)


def recognise(lines: list[str]) -> float:
    """Return the confidence (0 to 1) that the lines are Markdown of a papers page: links that lead to papers."""
    text = "\n".join(lines)
    if "](" not in text and "][" not in text:
        return 0.0
    for match in _CLOSE.finditer(text):
        if match["url"] and read_target(match["url"]).leads in (Leads.PAPER, Leads.VOTE, Leads.COMMUNITY):
            return 0.9
    defined = [definition for line in lines if (definition := _DEFINITION.fullmatch(line))]
    if any(read_target(definition[2]).leads in (Leads.PAPER, Leads.VOTE, Leads.COMMUNITY) for definition in defined):
        return 0.9
    return 0.0


def read(opened: Opened, damaged: Collection[int] = ()) -> Reading:
    """Return the reading of Markdown, what stood around it taken off already."""
    pieces = find_pieces(opened.lines)
    page = Page(pieces, opened.lines, opened.days, opened.query, damaged)
    return read_cards(page, *FORMS)


def find_pieces(lines: list[str]) -> list[Piece]:
    """Return the pieces of Markdown in their order; every word of ``lines`` is in one, except lists of references."""
    return _Pieces(lines).find()


class _Pieces:
    def __init__(self, lines: list[str]) -> None:
        self.width = wrap_width([_without_addresses(line) for line in lines])
        self.references: dict[str, str] = {}
        kept = []
        for line in lines:
            definition = _DEFINITION.fullmatch(line)
            if definition:
                self.references[definition[1].casefold()] = definition[2]
            kept.append("" if definition else line)
        self.headings = {
            i
            for i, line in enumerate(kept)
            if line.strip() and i + 1 < len(kept) and _SETEXT.fullmatch(kept[i + 1]) and "=" in kept[i + 1]
        }
        self.doc = "\n".join("" if _RULE.fullmatch(line) or _SETEXT.fullmatch(line) else line for line in kept)
        self.doc = self.doc.replace("\\[", _OPEN + _FILL).replace("\\]", _SHUT + _FILL)
        self.starts = [0, *(m.end() for m in re.finditer("\n", self.doc))]
        self.alts: dict[int, str] = {}
        for pattern in (_IMAGE, _IMAGE_TAG):
            self.doc = pattern.sub(self._hide_image, self.doc)
        self.blocks = self._number_blocks()
        self.pieces: list[Piece] = []

    def _hide_image(self, match: re.Match[str]) -> str:
        alt = match[1] if match.re is _IMAGE else (found[1] if (found := _ALT.search(match[0])) else "")
        self.alts[match.start()] = alt
        return _PICTURE + re.sub(r"[^\n]", _FILL, match[0][1:])

    def _number_blocks(self) -> list[int]:
        """Return for each line the number of its paragraph: a blank line, a heading and a list item start one."""
        blocks, number, blank = [], 0, True
        for line in self.doc.split("\n"):
            empty = not line.strip()
            if (blank and not empty) or _HEADING.match(line) or _MARKER.match(line):
                number += 1
            blocks.append(number)
            blank = empty or bool(_HEADING.match(line))
        return blocks

    def _line(self, offset: int) -> int:
        """Return the 0-based line of a place in the text."""
        return bisect_right(self.starts, offset) - 1

    def find(self) -> list[Piece]:
        """Return the pieces."""
        doc, floor = self.doc, 0
        links: list[tuple[int, int, str]] = []  # the place of its bracket, its end, its address
        broken: list[int] = []  # ends of links whose beginning is missing
        for close in _CLOSE.finditer(doc):
            if close.start() < floor:
                continue
            if close["url"] is None and not self._is_reference(close["ref"], doc, floor, close.start()):
                continue
            start = self._opener(floor, close.start())
            if start is None:
                broken.append(close.end())
                floor = close.end()
                continue
            address = (
                close["url"].replace("\n", "")
                if close["url"] is not None
                else self.references.get(close["ref"].casefold(), "")
            )
            links.append((start, close.end(), address))
            floor = close.end()
        place = 0
        for start, end, address in links:
            self._words(place, start, broken)
            inner_end = doc.rfind("](" if doc[end - 1] == ")" else "][", start, end)
            self._link(start + 1, inner_end, address)
            place = end
        self._words(place, len(doc), broken)
        self._undo_escapes()
        return self.pieces

    def _is_reference(self, name: str, doc: str, floor: int, close: int) -> bool:
        """Say whether ``[words][name]`` is a link: its address is listed, or its name is a number as in a dump."""
        return name.casefold() in self.references or name.isdigit()

    def _opener(self, floor: int, close: int) -> int | None:
        """Return the place of the bracket that the one at ``close`` ends, or None if it is missing."""
        doc, place = self.doc, close
        while (place := doc.rfind("[", floor, place)) >= 0:
            if doc.count("[", place, close) > doc.count("]", place, close):
                break
        if place < 0:  # a closing bracket too many in the words
            place = doc.find("[", max(floor, doc.rfind("\n", 0, close) + 1), close)
            if place < 0:
                return None
        line_start = doc.rfind("\n", 0, place) + 1
        before = doc[max(line_start, floor) : place]
        if "[" in before and before.strip("#*+- \t"):  # an opening bracket too many: the link began before it
            first = max(line_start, floor) + before.index("[")
            if before.count("[") > before.count("]"):
                place = first
        words = doc[place + 1 : close].translate(_PRIVATE).strip()
        if re.search(r"\n[ \t]*\n", words) and len(words) > LONGEST_SHORT_LINE:
            return None  # the link's own beginning is missing, and this bracket is another's
        return place

    # ---- pieces

    def _link(self, start: int, end: int, address: str) -> None:
        doc = self.doc
        images = (
            tuple(self.alts[i] for i in range(start, end) if doc[i] == _PICTURE) if _PICTURE in doc[start:end] else ()
        )
        first, last = self._line(start), self._line(max(start, end - 1))
        raw = doc[start:end].translate(_PRIVATE)
        text, heading = self._plain(raw), self._is_heading(first, start) or bool(_HEADING.match(raw.strip()))
        inner = re.match(r"\s*\[([^\[\]]*)\]\s*(.+)", text, re.DOTALL)
        if inner and (not address or read_target(address).leads is Leads.PROFILE):
            images, text = (*images, inner[1]), inner[2]  # an image whose address was dropped
        self.pieces.append(Piece(first + 1, last + 1, text, address, heading, self.blocks[first], images))

    def _is_heading(self, line: int, offset: int) -> bool:
        return line in self.headings or bool(_HEADING.match(self.doc, self.starts[line], offset))

    def _words(self, start: int, end: int, broken: list[int]) -> None:
        """Add the pieces of the words between two links."""
        doc = self.doc
        group: list[tuple[int, str]] = []
        for line in range(self._line(start), self._line(max(start, end - 1)) + 1 if end > start else 0):
            a = max(start, self.starts[line])
            b = min(end, self.starts[line + 1] - 1 if line + 1 < len(self.starts) else len(doc))
            raw = doc[a:b]
            damaged = any(a < stop <= b for stop in broken)
            at_start = a == self.starts[line]
            heading = at_start and (bool(_HEADING.match(raw)) or line in self.headings)
            if at_start and not heading and (marker := _MARKER.match(raw)) and not _is_value(raw):
                raw = raw[marker.end() :]
            opened = raw.strip().startswith("[") and raw.count("[") > raw.count("]") and at_start
            words = self._plain(raw.translate(_PRIVATE))
            if not words or _ITEM.fullmatch(words):
                continue
            if at_start and not group and self._continues_title(line, raw):
                title = self.pieces[-1]
                self.pieces[-1] = title._replace(text=join_wrapped([title.text, words]), line_end=line + 1)
                continue
            if damaged or opened:
                self._flush(group)
                self.pieces.append(Piece(line + 1, line + 1, words, None, heading, self.blocks[line], (), True))
            elif heading:
                self._flush(group)
                self.pieces.append(Piece(line + 1, line + 1, words, None, True, self.blocks[line]))
            else:
                if group and not self._goes_on(group[-1], (line, words), at_start):
                    self._flush(group)
                group.append((line, words))
        self._flush(group)

    def _continues_title(self, line: int, raw: str) -> bool:
        """Say whether a line is the rest of a heading: indented, right below it."""
        last = self.pieces[-1] if self.pieces else None
        return last is not None and last.heading and last.target is None and last.line_end == line and raw[:1] in " \t"

    def _goes_on(self, before: tuple[int, str], after: tuple[int, str], at_start: bool) -> bool:
        """Say whether a line is the next one of a wrapped paragraph."""
        joined = self.blocks[before[0]] == self.blocks[after[0]] and after[0] == before[0] + 1 and at_start
        return joined and self.width > 0 and _is_text(before[1]) and _is_text(after[1])

    def _flush(self, group: list[tuple[int, str]]) -> None:
        if group:
            text = join_wrapped([words for _, words in group])
            first, last = group[0][0], group[-1][0]
            for words in (
                [text]
                if _is_text(text) and "·" not in text[:40]
                else re.split(r"\s*[·•∙⋅]\s*", text)
                if _has_metadata(text)
                else [text]
            ):
                if words.strip():
                    self.pieces.append(Piece(first + 1, last + 1, words, None, False, self.blocks[first]))
            group.clear()

    def _plain(self, raw: str) -> str:
        """Return words without the marks around them, line ends joined; escapes stay for now."""
        raw = _HEADING.sub("", raw, count=1) if _HEADING.match(raw) else raw
        raw = _ANCHOR.sub("", _AUTOLINK.sub(r"\1", raw)) if "<" in raw else raw
        lines = [_BR.sub(" ", _BREAK.sub("", line)) for line in raw.split("\n")]
        if len(lines) > 1:  # a list within a link: "- ![](a)", "- ![](b)", "- 3 authors"
            lines = [line for line in lines if line.strip() and not _ITEM.fullmatch(line.strip())] or ["-"]
            lines = [_ITEM.sub("", line) if _is_value(line) else line for line in lines]
        text = join_wrapped(lines)
        if "\\" in raw:  # a line break within a title became a backslash and two spaces
            text = re.sub(r"(?<=\S)[ \t]{2,}", " ", text)
        text = trim(text)
        while (bold := _BOLD.fullmatch(text)) and bold[1] not in bold[2]:
            text = bold[2]
        return trim(re.sub(r"\s+#+$", "", text)) if raw.lstrip().startswith("#") else text

    # ---- escapes

    def _undo_escapes(self) -> None:
        """Undo escapes, judged over the whole file: a character is escaped by the tool only if it never stands bare.

        Links and other words apart, since some tools escape in one of them only.
        """
        for linked in (True, False):
            places = [i for i, piece in enumerate(self.pieces) if (piece.target is not None) == linked]
            texts = [self.pieces[i].text for i in places]
            everything = "\n".join(texts)
            undo = _escaped_characters(everything)
            entities = "&" in everything and not re.search(r"&(?!(?:amp|lt|gt|quot|nbsp|#39|#x27);)", everything)
            for i, text in zip(places, texts, strict=True):
                if undo and "\\" in text:
                    text = re.sub(rf"\\([{re.escape(undo)}])", r"\1", text)
                text = re.sub(r"^\\([-+#>])|(?<=\d)\\\.", lambda m: m[1] or ".", text) if "\\" in text else text
                text = text.replace(_OPEN, "[").replace(_SHUT, "]")
                if entities:
                    text = _ENTITY.sub(lambda m: _ENTITIES[m[0]], text)
                self.pieces[i] = self.pieces[i]._replace(text=trim(text))


_ESCAPABLE = "*_`~<>|(){}!"


def _escaped_characters(text: str) -> str:
    """Return the characters whose escapes in ``text`` are a tool's."""
    if "\\" not in text:
        return ""
    undo = ""
    for character in _ESCAPABLE:
        escaped = text.count("\\" + character)
        if escaped and escaped == text.count(character):
            undo += character
    # a backslash before a letter, % or a quote is LaTeX's and was not escaped: then no backslash was
    if "\\\\" in text and not re.search(r"(?<!\\)(?:\\\\)*\\(?=[A-Za-z%\"'&$^,; ])", text):
        undo += "\\"
    return undo


def _is_text(words: str) -> bool:
    return len(words) > LONGEST_SHORT_LINE or role_of(words).role is Role.TEXT


def _is_value(raw: str) -> bool:
    """Say whether a line that starts like a list's is a value itself: "- 5 authors", or "-" for no upvotes."""
    return len(raw) <= LONGEST_SHORT_LINE and role_of(raw).role is Role.AUTHORS


def _has_metadata(text: str) -> bool:
    """Say whether words hold metadata parted by middle dots, as in "5 authors · Published on Oct 4, 2026"."""
    if len(text) > LONGEST_SHORT_LINE or not re.search("[·•∙⋅]", text):
        return False
    parts = [part for part in re.split(r"\s*[·•∙⋅]\s*", text) if part]
    return any(role_of(part).role in (Role.AUTHORS, Role.DATE) for part in parts) or not parts


def _without_addresses(line: str) -> str:
    return re.sub(r"\]\([^)\s]*\)|https?://\S+", "", line)
