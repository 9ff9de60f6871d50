"""Links that stand in Markdown as HTML, ``<a href="address" class="btn">words</a>``, made links of Markdown.

Pandoc writes a link so where Markdown has no place for its attributes. The words in it are HTML's: nothing in them is
escaped as in Markdown, so that the characters which Markdown would read stand for themselves (``as_they_are``).
"""

import re
from html import unescape

from etl_project.captures.closing import sub_closed

_ATTRIBUTES = r"(?:[^<>\"'\n]|\n(?![ \t]*\n)|\"(?:[^\"\n]|\n(?![ \t]*\n))*\"|'(?:[^'\n]|\n(?![ \t]*\n))*')*"
#: No link within a link, and no blank line: beyond it the end of another link stands.
_LINK = re.compile(rf"<a(?=\s)({_ATTRIBUTES})>((?:(?!<a\s|\n[ \t]*\n).)*?)</a\s*>", re.IGNORECASE | re.DOTALL)
_HREF = re.compile(r"(?<![\w-])href\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", re.IGNORECASE)
_HALF_LINK = re.compile(r"<a(?=\s)[^<>]*?\shref\b[^<>]*>?", re.IGNORECASE)
_TAG = re.compile(rf"<(/?)([a-z][a-z0-9]*)(?=[\s/>]){_ATTRIBUTES}>", re.IGNORECASE)
_DRAWING = re.compile(r"<svg\b(?:(?!<a\s|</svg\s*>).)*(</svg\s*>)?", re.IGNORECASE | re.DOTALL)
#: Stands for a link of which the address or the end is missing; in no text.
CUT = "\ue004"
_READ_BY_MARKDOWN = "\\[]<>&*_`#!"
_HIDE = {ord(mark): 0xE010 + i for i, mark in enumerate(_READ_BY_MARKDOWN)}
_SHOW = {hidden: mark for mark, hidden in _HIDE.items()}
_HIDDEN = re.compile(f"[{''.join(map(chr, _SHOW))}]")
_WHOLE_PAGE = re.compile(r"<(?:!doctype\s+html|html|head|body|article|main|script)\b", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,6} +\S", re.MULTILINE)
#: Of pandoc's own Markdown, which has other signs for dashes and quotation marks, too: not what the page showed.
_FENCED_BLOCK = re.compile(r"^:{3,}(?:[ \t]|$)", re.MULTILINE)
_LINK_LINE = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?\[[^\[\]\n]*\]\(\S+\)", re.MULTILINE)


def stands_in_markdown(text: str) -> bool:
    """Say whether the tags in ``text`` stand in Markdown: beside its own headings and links, and in no page of HTML."""
    return (
        "<" in text
        and _HEADING.search(text) is not None
        and _LINK_LINE.search(text) is not None
        and _WHOLE_PAGE.search(text) is None
        and _FENCED_BLOCK.search(text) is None
    )


def has_links(text: str) -> bool:
    """Say whether links of HTML stand in Markdown."""
    # one character is found many times faster than two, and most text has none
    return "<" in text and "<a" in text and stands_in_markdown(text) and _LINK.search(text) is not None


def inline(text: str) -> str:
    """Return as many lines, in which links of HTML are Markdown's; what is left of a cut one is marked by ``CUT``."""
    if "<svg" in text:
        text = sub_closed(_DRAWING, _line_ends, text)
    return _HALF_LINK.sub(lambda half: CUT + _line_ends(half), _LINK.sub(_linked, text))


def is_hidden(text: str) -> bool:
    """Say whether ``text`` has characters that ``inline`` hid from Markdown."""
    return _HIDDEN.search(text) is not None


def as_they_are(text: str) -> str:
    """Return ``text`` with the characters shown that ``inline`` hid, and without the mark of a cut link."""
    return text.translate(_SHOW).replace(CUT, "")


def _linked(link: re.Match[str]) -> str:
    href = _HREF.search(link[1])
    if href is None:
        return link[0]
    address = "".join(unescape(href[1] or href[2] or href[3] or "").split())
    before = "\n" * link[1].count("\n")
    return f"[{before}{_words(link[2])}]({address})"


def _words(html: str) -> str:
    """Return the words of HTML without its tags, but for images."""
    words, place = "", 0
    for tag in _TAG.finditer(html):
        words += unescape(html[place : tag.start()]).translate(_HIDE)
        words += tag[0] if tag[2].lower() == "img" else " " * (tag[2].lower() == "br") + _line_ends(tag)
        place = tag.end()
    return words + unescape(html[place:]).translate(_HIDE)


def _line_ends(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")
