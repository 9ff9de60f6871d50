"""Markdown, with links inline or by reference, one line a paragraph or wrapped: taken apart into pieces.

Not a Markdown parser's work: what matters here is on which lines a link's words stand, links that are cut off,
brackets that no tool escaped, lists of references that are missing, and telling an escape (``\\_``) from the
LaTeX residue of an abstract (``\\%``), which a Markdown parser would undo.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence

from etl_project.captures import raw_html
from etl_project.captures.cards import Page, read_cards
from etl_project.captures.closing import sub_closed
from etl_project.captures.envelope import Opened
from etl_project.captures.lines import MOST_LINES_COMPLETED, completes, join_wrapped, wrap_width
from etl_project.captures.model import Reading
from etl_project.captures.pieces import Leads, Piece, read_target
from etl_project.captures.roles import LONGEST_SHORT_LINE, Role, role_of, trim

FORMS = ("markdown", "markdown_trending")

#: An address; some tools break lines at hyphens within it.
_URL_PART = r"[^\s()<>]*(?:(?<=[-/?&=])\n(?=\S)[^\s()<>]*)*"
_URL = rf"{_URL_PART}(?:\([^\s()<>]*(?:(?<=-)\n[^\s()<>]*)*\){_URL_PART})*"
#: A page's addresses have one of these, the relative ones, too.
_IN_ADDRESS = re.compile(r"[/:#.?]")
_IMAGE = re.compile(rf"!\[((?:[^\[\]\n]|\[[^\[\]\n]*\]|\n(?=\S))*)\](?:\({_URL}(?:\s+\"[^\"\n]*\")?\s*\)|\[[^\]\n]*\])")
_IMAGE_TAG = re.compile(r"<[iI][mM][gG]\b(?:[^>\n]|\n(?![ \t]*\n))*(>?)")
_ALT = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)
_CLOSE = re.compile(rf"\]\(\s*<?(?P<url>{_URL})>?(?:\s+[\"'][^\"\n]*[\"'])?\s*\)|\]\s?\[(?P<ref>[^\[\]\n]{{0,40}})\]")
_DEFINITION = re.compile(
    r"[ \t]*\[([^\[\]\n]{1,40})\]:[ \t]*<?(\S+?)>?(?:[ \t]+[\"'(].*)?(?:[ \t]*\{[^{}\n]*\})?[ \t]*"
)
#: Several on one line.
_DEFINED = re.compile(r"\[([^\[\]\n]{1,40})\]:[ \t]*([^\s\[]+)")
_DEFINITIONS = re.compile(rf"[ \t]*(?:{_DEFINED.pattern}[ \t]*)+")
_BRACKET = re.compile(r"[\[\]]")
_REST_OF_ADDRESS = re.compile(r"\s*[\w./%?=&~+-]+>?\s*")
_HEADING = re.compile(r"\s*#{1,6}(?:\s+|(?=\[))")
#: The marks that close a heading: "## Heading ##".
_CLOSING = re.compile(r"\s+#+$")
#: Pandoc's, behind a heading.
_ATTRIBUTES = re.compile(r"(?<=\S)\s+\{[#.][^{}]*\}$")
_SETEXT = re.compile(r"\s*(?:={3,}|-{3,})\s*")
_RULE = re.compile(r"\s*(?:[-*_]\s*){3,}|\s*\\+\s*|\s*\|(?:\s*:?-+:?\s*\|)*\s*")
_MARKER = re.compile(r"\s*(?:[-*+][ \t]+)*(?:[-*+]|\d{1,3}[.)])[ \t]+(?=\S)")
_OPENED = re.compile(r"[ \t]*(?:(?:#{1,6}|[-*+])[ \t]+)?\[")
_MARKS_OF_ITEMS = frozenset("-*+ \t0123456789")
_BREAK = re.compile(r"(?:\\+|<br\s*/?>)[ \t]*$|(?<=\S)\\+(?=[ \t]{2,}\S)", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_ITEM = re.compile(r"\s*(?:[-*+]\s+)*[-*+](?=\s|$)")
_CHECKBOX = re.compile(r"\s*\[[ xX-]?\]\s*")
#: What stands between two links of which each begins a paragraph, mostly.
_IMAGE_AND_NAME = re.compile(r"\s*\[([^\[\]]*)\]\s*(.+)", re.DOTALL)
_NO_WORDS = re.compile(r"\s*(?:(?:#{1,6}[ \t]|[-*+](?!\S))\s*)?")
_BR = re.compile(r"<br\s*/?>", re.IGNORECASE)
_BOLD = re.compile(r"(\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_TAG_NAMES = "(?:a|p|div|span|sup|sub|b|i|em|strong|center|details|summary)"
_ANCHOR = re.compile(rf"</?{_TAG_NAMES}(?:\s+(?!href)[^<>\n]*)?/?>", re.IGNORECASE)
_STYLE, _STYLE_END = re.compile("<(b|i|em|strong|sup|sub)>", re.I), re.compile("</(b|i|em|strong|sup|sub)>", re.I)
#: A tag that a tool broke at its width.
_BROKEN_TAG = re.compile(rf"<{_TAG_NAMES}(?=[^<>\n]*\n)(?:[^<>\n]|\n(?![ \t]*\n))*>", re.IGNORECASE)
_AUTOLINK = re.compile(r"<(https?://[^\s<>]+)>")
_ENTITY, _ENTITY_OF_TAG = re.compile(r"&(?:amp|lt|gt|quot|nbsp|#39|#x27);"), re.compile("&[lg]t;")
_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&nbsp;": " ", "&#39;": "'", "&#x27;": "'"}
#: Stand for escaped brackets and for images while links are looked for; none of them is in any text.
_OPEN, _SHUT, _PICTURE, _FILL = "\ue000", "\ue001", "\ue002", "\ue003"


#: A link of which only the number is left, at the end of a line; "[1][2]" are citations.
_NUMBERED_LINK = re.compile(r"(?:[^\d\[\]]\d{0,9}|^)\]\s?\[\d{1,5}\]$", re.MULTILINE)
_REPOSITORY_LINK = re.compile(
    r"^[ \t>]*\[\s?(?:link:\s*)?github\s[^\[\]]{1,20}\]\(https://github\.com/", re.IGNORECASE | re.MULTILINE
)
_CARD_HEADING = re.compile(r"^[ \t>]*#{2,4} ", re.MULTILINE)
_LINK_END = re.compile(r"\](?:\(| ?\[)")
_PAPER_LINK = re.compile(r"\]\(\s*<?(?:[^\s()<>]|-\n)*(?:/papers/\d|/papers/</|/login\?next=)")


def recognise(lines: list[str], text: str) -> float:
    """Return the confidence (0 to 1) that ``text``, whose ``lines`` these are, is Markdown of a papers page.

    It has links that lead to papers, or else repositories on lines of their own, or links whose list is missing.
    """
    if not _LINK_END.search(text):
        return 0.0
    if _PAPER_LINK.search(text):
        return 0.9
    if "]:" in text:
        defined = (definition for line in lines if "]:" in line and (definition := _DEFINITION.fullmatch(line)))
        if any(read_target(found[2]).leads in (Leads.PAPER, Leads.VOTE, Leads.COMMUNITY) for found in defined):
            return 0.9
    numbered = len(_NUMBERED_LINK.findall(text))
    if numbered >= 3 or (_CARD_HEADING.search(text) and (numbered >= 2 or _REPOSITORY_LINK.search(text))):
        return 0.8
    return 0.0


def read(opened: Opened, damaged: Sequence[int] = ()) -> Reading:
    """Return the reading of Markdown, what stood around it taken off already."""
    pieces = find_pieces(opened.lines)
    page = Page(pieces, opened.lines, opened.days, opened.query, damaged)
    return read_cards(page, *FORMS)


def find_pieces(lines: list[str]) -> list[Piece]:
    """Return the pieces of Markdown in their order; every word of ``lines`` is in one, except lists of references."""
    return _Pieces(lines).find()


def find_paragraphs(lines: list[str]) -> list[Piece]:
    """Return the pieces of text without Markdown: its paragraphs, whose words stay as they are."""
    return _Pieces(lines, marked=False).find()


def _hide_tag(tag: re.Match[str]) -> str:
    return tag[0] if "href" in tag[0] else re.sub(r"[^\n]", _FILL, tag[0])


class _Pieces:
    def __init__(self, lines: list[str], marked: bool = True) -> None:
        self.marked = marked
        if not marked:
            self._take("\n".join(lines), lines)
            return
        if any(line.endswith("}") for line in lines):
            lines = [_ATTRIBUTES.sub("", line) if line.endswith("}") else line for line in lines]
        self.references: dict[str, str] = {}
        kept = []
        unfinished = ""  # the name of the reference whose address a tool broke at a hyphen
        for line in lines:
            definition = _DEFINITION.fullmatch(line) if "]:" in line else None
            if definition:
                name = definition[1].casefold()
                self.references[name] = definition[2]
                unfinished = name if definition[2].endswith("-") else ""
                line = ""
            elif "]:" in line and _DEFINITIONS.fullmatch(line):
                self.references |= {m[1].casefold(): m[2] for m in _DEFINED.finditer(line)}
                line = ""
            elif unfinished:
                if _REST_OF_ADDRESS.fullmatch(line):
                    self.references[unfinished] += line.strip()
                    unfinished = unfinished if line.rstrip().endswith("-") else ""
                    line = ""
                else:
                    unfinished = ""
            elif line.endswith("#") and _HEADING.match(line):
                line = _CLOSING.sub("", line)
            kept.append(line)
        headings = {
            i
            for i, line in enumerate(kept)
            if line.strip() and i + 1 < len(kept) and _SETEXT.fullmatch(kept[i + 1]) and "=" in kept[i + 1]
        }
        doc = "\n".join("" if _RULE.fullmatch(line) or _SETEXT.fullmatch(line) else line for line in kept)
        if "<a" in doc or "<svg" in doc:
            doc = raw_html.inline(doc)
        self._take(doc.replace("\\[", _OPEN + _FILL).replace("\\]", _SHUT + _FILL), lines, headings)

    def _take(self, doc: str, lines: list[str], headings: Collection[int] = ()) -> None:
        self.width = wrap_width(map(_without_addresses, lines))
        self.headings = headings
        self.doc = doc
        self.starts = [0, *(m.end() for m in re.finditer("\n", doc))]
        self.alts: dict[int, str] = {}
        if self.marked:
            if "![" in self.doc:
                self.doc = _IMAGE.sub(self._hide_image, self.doc)
            if "<" in self.doc:
                self.doc = sub_closed(_IMAGE_TAG, self._hide_image, self.doc)
                self.doc = _BROKEN_TAG.sub(_hide_tag, self.doc)
        self.hidden = _FILL in self.doc
        self.blocks = self._number_blocks()
        self.pieces: list[Piece] = []

    def _hide_image(self, match: re.Match[str]) -> str:
        alt = match[1] if match.re is _IMAGE else (found[1] if (found := _ALT.search(match[0])) else "")
        self.alts[match.start()] = alt
        return _PICTURE + re.sub(r"[^\n]", _FILL, match[0][1:])

    def _number_blocks(self) -> list[int]:
        """Return for each line the number of its paragraph: a blank line, a heading and a list item start one."""
        blocks, number = [], 0
        blank, before = True, ""  # the line before, if it may be a text's
        for line in self.doc.split("\n"):
            if not line or line.isspace():
                blocks.append(number)
                blank, before = True, ""
                continue
            heading = "#" in line[:12] and bool(_HEADING.match(line))
            item = _MARKER.match(line) if line[0] in _MARKS_OF_ITEMS else None
            # a line of a wrapped paragraph may begin like a list's: "+ 3" or "1. First"
            if item and before and _is_text(before) and _is_text(line[item.end() :]):
                item = None
            if blank or heading or item:
                number += 1
            blocks.append(number)
            blank, before = heading, "" if heading or item else line
        return blocks

    def _begins(self, line: int) -> bool:
        """Say whether a paragraph or a list's item begins on a line."""
        return line == 0 or self.blocks[line] != self.blocks[line - 1]

    def _line(self, offset: int) -> int:
        """Return the 0-based line of a place in the text."""
        return bisect_right(self.starts, offset) - 1

    def find(self) -> list[Piece]:
        """Return the pieces."""
        if not self.marked:
            self._words(0, len(self.doc), [])
            return self.pieces
        doc, floor = self.doc, 0
        links: list[tuple[int, int, int, str]] = []  # the places of its brackets, its end, its address
        broken: list[int] = []  # ends of links whose beginning is missing
        for close in _CLOSE.finditer(doc):
            if close.start() < floor:
                continue
            if close["url"] and not _IN_ADDRESS.search(close["url"]):
                continue  # "f[x](t)" is a text's own
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
                else self.references.get(close["ref"].casefold(), f"#{close['ref']}")
            )
            links.append((start, close.start(), close.end(), address))
            floor = close.end()
        place = 0
        for start, shut, end, address in links:
            self._words(place, start, broken)
            self._link(start + 1, shut, address)
            place = end
        self._words(place, len(doc), broken)
        self._undo_escapes()
        if raw_html.CUT in doc or raw_html.is_hidden(doc):
            self.pieces = [
                piece._replace(
                    text=raw_html.as_they_are(piece.text),
                    images=tuple(map(raw_html.as_they_are, piece.images)),
                    damaged=piece.damaged or raw_html.CUT in piece.text,
                )
                for piece in self.pieces
            ]
        return self.pieces

    def _is_reference(self, name: str, doc: str, floor: int, close: int) -> bool:
        """Say whether ``[words][name]`` is a link: its address is listed, or its name is a number as in a dump."""
        return name.casefold() in self.references or name.isdigit()

    def _opener(self, floor: int, close: int) -> int | None:
        """Return the place of the bracket that the one at ``close`` ends, or None if it is missing."""
        doc = self.doc
        line_start = self.starts[self._line(close)]
        place, opened = -1, 0  # how many more brackets open than close, from ``place`` on
        for bracket in reversed([*_BRACKET.finditer(doc, floor, close)]):
            opened += 1 if bracket[0] == "[" else -1
            if opened > 0:
                place = bracket.start()
                break
        begun = self._begun(floor, close)
        if place < 0 and begun is not None:  # a closing bracket too many in the words
            return begun
        if place < 0:
            place = doc.find("[", max(floor, line_start), close)
            if place < 0:
                return None
        if begun is not None and doc.count("[", begun, place) > doc.count("]", begun, place):
            return begun  # an opening bracket too many
        line_start = self.starts[self._line(place)]
        before = doc[max(line_start, floor) : place]
        if "[" in before and before.strip("#*+- \t"):  # an opening bracket too many: the link began before it
            first = max(line_start, floor) + before.index("[")
            if before.count("[") > before.count("]"):
                place = first
        if doc.find("\n", place, close) >= 0:
            words = _shown(doc[place + 1 : close]).strip()
            if len(words) > LONGEST_SHORT_LINE and _BLANK_LINE.search(words):
                return None  # the link's own beginning is missing, and this bracket is another's
        return place

    def _begun(self, floor: int, close: int) -> int | None:
        """Return the place of the bracket with which the wrapped paragraph around ``close`` begins, if it does."""
        line = last = self._line(close)
        while line and self.blocks[line - 1] == self.blocks[last] and self.starts[line] > floor:
            line -= 1
        if line and self._is_heading(line - 1, self.starts[line]):
            line -= 1  # a heading's second line
        opened = _OPENED.match(self.doc, self.starts[line])
        return opened.end() - 1 if opened and floor < opened.end() <= close and line < last else None

    # ---- pieces

    def _link(self, start: int, end: int, address: str) -> None:
        doc = self.doc
        images = (
            tuple(self.alts[i] for i in range(start, end) if doc[i] == _PICTURE) if _PICTURE in doc[start:end] else ()
        )
        first, last = self._line(start), self._line(max(start, end - 1))
        raw = doc[start:end]
        if self.hidden:
            raw = _shown(raw)
        text, heading = self._plain(raw), self._is_heading(first, start) or bool(_HEADING.match(raw.strip()))
        short = not heading and len(text) <= LONGEST_SHORT_LINE
        inner = _IMAGE_AND_NAME.match(text) if short and "[" in text else None
        if inner and read_target(address).leads in (Leads.MISSING, Leads.PROFILE):
            images, text = (*images, inner[1]), inner[2]  # an image whose address was dropped
        self.pieces.append(Piece(first + 1, last + 1, text, address, heading, self.blocks[first], images))

    def _is_heading(self, line: int, offset: int) -> bool:
        return line in self.headings or bool(_HEADING.match(self.doc, self.starts[line], offset))

    def _words(self, start: int, end: int, broken: list[int]) -> None:
        """Add the pieces of the words between two links."""
        doc = self.doc
        if start >= end or _NO_WORDS.fullmatch(doc, start, end):
            return
        group: list[tuple[int, str]] = []
        led = ended = True  # a space parts the words from the link before, and the one after
        for line in range(self._line(start), self._line(max(start, end - 1)) + 1 if end > start else 0):
            a = max(start, self.starts[line])
            b = min(end, self.starts[line + 1] - 1 if line + 1 < len(self.starts) else len(doc))
            raw = doc[a:b]
            if not raw or raw.isspace():
                continue
            damaged = bisect_right(broken, a) < bisect_right(broken, b)
            at_start = a == self.starts[line]
            heading = self.marked and at_start and (bool(_HEADING.match(raw)) or line in self.headings)
            if (
                at_start
                and not heading
                and (marker := _MARKER.match(raw))
                and self._begins(line)
                and not _is_value(raw)
            ):
                raw = raw[marker.end() :]
            opened = self.marked and at_start and raw.lstrip("# \t")[:1] == "[" and raw.count("[") > raw.count("]")
            words = self._plain(_shown(raw) if self.hidden else raw)
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
                if group and not self._goes_on(group, (line, words), at_start):
                    self._flush(group, led, True)
                if not group:
                    led = at_start or raw[0].isspace()
                ended = b < end or raw[-1].isspace()
                group.append((line, words))
        self._flush(group, led, ended)

    def _continues_title(self, line: int, raw: str) -> bool:
        """Say whether a line is the rest of a heading: indented, right below it."""
        last = self.pieces[-1] if self.pieces else None
        return last is not None and last.heading and last.target is None and last.line_end == line and raw[:1] in " \t"

    def _goes_on(self, group: list[tuple[int, str]], after: tuple[int, str], at_start: bool) -> bool:
        """Say whether a line is the next one of a wrapped paragraph."""
        before = group[-1]
        if not self.width or not at_start or after[0] != before[0] + 1:
            return False
        if self.blocks[before[0]] == self.blocks[after[0]] and _is_text(before[1]) and _is_text(after[1]):
            return True
        return len(group) <= MOST_LINES_COMPLETED and completes([words for _, words in group], after[1])

    def _flush(self, group: list[tuple[int, str]], led: bool = True, ended: bool = True) -> None:
        if group:
            text = " " * led + join_wrapped([words for _, words in group]) + " " * ended
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
        if not self.marked or not ("\n" in raw or "\\" in raw or "<" in raw or "#" in raw or "*" in raw or "_" in raw):
            return trim(raw)
        raw = _HEADING.sub("", raw, count=1) if _HEADING.match(raw) else raw
        raw = _without_tags(_AUTOLINK.sub(r"\1", raw)) if "<" in raw else raw
        lines = raw.split("\n")
        if "<" in raw or "\\\n" in raw or "\\  " in raw or raw.rstrip()[-1:] == "\\":
            lines = [_BR.sub(" ", _BREAK.sub("", line)) for line in lines]
        if len(lines) > 1:  # a list within a link: "- ![](a)", "- ![](b)", "- 3 authors"
            lines = [line for line in lines if not _CHECKBOX.fullmatch(line)]
            shown = [line for line in lines if line.strip() and not _ITEM.fullmatch(line)]
            if len(shown) == 1 and _is_value(shown[0]):
                lines = [_ITEM.sub("", shown[0])]
            elif not shown:  # no upvotes; a link without words tells none
                lines = ["-"] if any(line.strip() == "-" for line in lines) else []
        text = join_wrapped(lines)
        if "\\" in raw and "  " in text:  # a line break within a title became a backslash and two spaces
            text = re.sub(r"(?<=\S)[ \t]{2,}", " ", text)
        text = trim(text)
        while text[:1] in "*_" and (bold := _BOLD.fullmatch(text)) and bold[1] not in bold[2]:
            text = bold[2]
        return text

    # ---- escapes

    def _undo_escapes(self) -> None:
        """Undo escapes, judged over the whole file: a character is escaped by the tool only if it never stands bare.

        Links and other words apart, since some tools escape in one of them only.
        """
        linked = [i for i, piece in enumerate(self.pieces) if piece.target is not None]
        others = [i for i, piece in enumerate(self.pieces) if piece.target is None]
        for i in linked:
            if "\\" in (piece := self.pieces[i]).text and read_target(piece.target or "").leads is Leads.PROFILE:
                self.pieces[i] = piece._replace(text=_ESCAPE.sub(r"\1", piece.text))  # no name holds LaTeX
        groups = [(places, self._judged(places)) for places in (linked, others)]
        tool_escapes = any(_always_escaped(text, _MARKS) for _, text in groups)
        marks = _MARKS + (_MARKS_OF_LATEX if tool_escapes else "")
        commands, doubled = (sum(len(of.findall(text)) for _, text in groups) for of in (_COMMAND, _DOUBLED_COMMAND))
        if commands > doubled:  # where both stand, lines were damaged
            marks = _MANY_MARKS if any(_escapes_many(text) for _, text in groups) else _FEW_MARKS
        for places, everything in groups:
            undo = _undoing(everything, marks)
            entities = _entities_of(everything)
            # then it is LaTeX's
            bare = _OPEN in everything and "[" in everything and (marks is _FEW_MARKS or not tool_escapes)
            bare = bare and undo is not _ESCAPE
            if not undo and not entities and _OPEN not in everything and _SHUT not in everything:
                continue
            for i in places:
                text = before = self.pieces[i].text
                if undo and "\\" in text:
                    text = undo.sub(r"\1" if undo is _ESCAPE else r"\1\2\3\4\5\6", text)
                if _OPEN in text or _SHUT in text:
                    text = text.replace(_OPEN, "\\[" if bare else "[").replace(_SHUT, "\\]" if bare else "]")
                if entities and "&" in text:
                    text = entities.sub(lambda m: _ENTITIES[m[0]], text)
                if text is not before:
                    self.pieces[i] = self.pieces[i]._replace(text=text)

    def _judged(self, places: list[int]) -> str:
        """Return the words at ``places`` by which escapes are judged; short ones may have a list's mark before them."""
        texts = [self.pieces[i].text for i in places]
        return "\n".join([text for text in texts if len(text) > _SHORT or "\\" in text])


_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
#: Shorter words are values and labels.
_SHORT = 24
#: Characters that only tools put a backslash before, and those before which LaTeX has one, too.
_MARKS, _MARKS_OF_LATEX = "*_`<>()+!", "{}#&|=~^"
#: All that tools escape which leave the backslash of a command alone, and what html2text does if asked for more.
_FEW_MARKS, _MANY_MARKS = "*_<", "*_`{}()#!"
#: A command of LaTeX behind a bare backslash. Tools that escape more than a few marks double that backslash.
_COMMAND = re.compile(r"(?<!\\)(?:\\\\)*\\(?=[A-Za-z])")
#: A backslash that stands before one of these is doubled by a tool that doubles no other.
_DOUBLED_BEFORE = r"`*_{}\[\]()#+.!-"
_RUN_OF_BACKSLASHES = re.compile(rf"(?<!\\)(\\+)(?:([{_DOUBLED_BEFORE}])|(?!\\))")
#: Where a list, a heading or a quote would begin, and before the power of a number. A backslash there is a tool's: LaTeX has no such
#: command.
_AT_START = (
    r"(?:(?<=\s\\)|(?<=\A\\))([-+>]|\#{1,6}|=+)(?=\s|$)|(?<=\A\\)([-+\#>=])"
    r"|(?<=[0-9]\\)(\.)|(?:(?<=\s[0-9]\\)|(?<=\s[0-9][0-9]\\)|(?<=\A[0-9]\\))(\))(?=\s|$)"
    r"|(\^)(?=[0-9])"
)
_BARE_BACKSLASH = re.compile(r"(?<!\\)(?:\\\\)*\\(?=[A-Za-z%\"'$^,; ])")
_DOUBLED_COMMAND = re.compile(r"(?<!\\)(?:\\\\)+(?=[A-Za-z]{2})")
_SINGLE_OF_LATEX = re.compile(r"(?<!\\)(?:\\\\)*\\(?=[A-Za-z%,;])")
_AFTER_BACKSLASH = re.compile(r"\\(?=(.))")
_ESCAPED_QUOTE = re.compile(r"\\[\"'](?![A-Za-z{\\])")
_TAG_MARK = re.compile("[<>]")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|nbsp|#39|#x27);)")


def _always_escaped(text: str, characters: str) -> str:
    """Return the ``characters`` that stand in ``text`` and never without a backslash."""
    if "\\" not in text and _OPEN not in text:
        return ""
    escaped = Counter(_AFTER_BACKSLASH.findall(text))
    found = "".join(c for c in characters if escaped[c] and escaped[c] == text.count(c))
    return found + ("[" if _OPEN in text and "[" not in text else "")


def _entities_of(everything: str) -> re.Pattern[str] | None:
    """Return what finds the entities that a tool wrote: all of them, only those of ``<`` and ``>``, or none.

    What stands bare somewhere was not escaped, and an entity of it is the paper's own.
    """
    if "&" not in everything:
        return None
    if not _BARE_AMPERSAND.search(everything):
        return _ENTITY
    return None if _TAG_MARK.search(everything) else _ENTITY_OF_TAG


def _undoing(text: str, marks: str) -> re.Pattern[str] | None:
    """Return the pattern of the escapes in ``text`` that are a tool's, or None; ``marks`` are what it may have escaped.

    One of its groups is what to leave of an escape.
    """
    if "\\" not in text:
        return None
    if _DOUBLED_COMMAND.search(text) and not _SINGLE_OF_LATEX.search(text):
        return _ESCAPE  # LaTeX's own are doubled, so every other is the tool's
    undo = _always_escaped(text, marks).replace("[", "")
    # an accent of LaTeX has a letter after it; where a quote has none, it was a tool that escaped the quotes
    if _ESCAPED_QUOTE.search(text):
        undo += _always_escaped(text, "\"'")
    # a backslash before a letter, % or a quote is LaTeX's and was not escaped: then no backslash was
    if "\\\\" in text and (not _BARE_BACKSLASH.search(text) or _doubles_before_marks(text)):
        undo += "\\"
    always = rf"([{re.escape(undo)}])" if undo else "()(?!)"
    return re.compile(rf"\\(?:{always}|{_AT_START})")


def _escapes_many(text: str) -> bool:
    """Say whether the marks in ``text`` are escaped, the round brackets among them; LaTeX has them bare elsewhere."""
    escaped = Counter(_AFTER_BACKSLASH.findall(text))
    marks = sum(text.count(mark) for mark in _MANY_MARKS)
    return (
        escaped["("] > 0 and sum(escaped[mark] for mark in _MANY_MARKS) >= 0.9 * marks
    )  # a cut line may have lost one


def _doubles_before_marks(text: str) -> bool:
    """Say whether the backslashes in ``text`` are doubled before marks, and only there, as html2text does."""
    text = text.replace(_OPEN, "\\[").replace(_SHUT, "\\]")
    many = _escapes_many(text)
    for run in _RUN_OF_BACKSLASHES.finditer(text):
        length, mark = len(run[1]), run[2]
        if mark is None or (many and mark not in "+.-"):
            if length % 2 == 0:
                return False
        elif length % 2 and (length > 1 or mark not in "+.-"):  # a list's mark is escaped itself
            return False
    return True


def _without_tags(raw: str) -> str:
    """Return words without the tags of HTML around and in them; one of a pair that is not whole is a word itself."""
    words = _ANCHOR.sub("", raw)
    if not words.strip():
        return words  # the other one stands behind a link
    alone = {name.lower() for name in _STYLE.findall(raw)} - {name.lower() for name in _STYLE_END.findall(raw)}
    return _ANCHOR.sub(lambda tag: tag[0] if tag[0][1:-1].lower() in alone else "", raw) if alone else words


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
    return _ADDRESS.sub("", line) if "](" in line or "://" in line else line


_ADDRESS = re.compile(r"\]\([^()\s]*\)|https?://\S+")


def _shown(raw: str) -> str:
    """Return ``raw`` without what stands for hidden images and escapes."""
    return raw.replace(_FILL, "").replace(_PICTURE, "")
