"""What a search over a saved page's markup tells, without building a tree of it: JSON, cards, head. Pure.

A page is read from a ``Source``: its text, and where its places stand in the file. For a web archive (MHTML)
the two differ: the page is one part of the file, most often with its lines broken by quoted-printable.
"""

import base64
import binascii
import codecs
import html
import quopri
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from email.parser import HeaderParser
from itertools import accumulate
from typing import NamedTuple

from etl_project.captures.items import arxiv_id
from etl_project.charsets import is_charset
from etl_project.fields import MONTHS, parse_printed_date
from etl_project.links import MIRRORS

#: A longer card is cut here: the rest of a page whose tags do not close.
LONGEST_FRAGMENT = 200_000

_PROPS = re.compile(r"""\bdata-props\s*=\s*(["'])""")
_JSON_SCRIPT = re.compile(
    r"""<script\b(?=[^<>]*\b(?:type\s*=\s*["']?application/json|id\s*=\s*["']?__NEXT_DATA__))[^<>]*>""", re.IGNORECASE
)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_OTHER_ENTITY = re.compile(r"&(?!amp;|quot;|lt;|gt;|#39;|#x27;|apos;|#34;)")
_ENTITIES = (("&quot;", '"'), ("&#34;", '"'), ("&#39;", "'"), ("&#x27;", "'"), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))  # fmt: skip
_HIDING = re.compile(r"<!--|<(script|style|template)\b[^<>]*>", re.IGNORECASE)
_CLOSINGS = {
    "": re.compile("-->"),
    **{name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "template")},
}
_DROPPED_NAMES = ("svg", "script", "style", "dialog", "template", "noscript")
_DROPPED = re.compile(rf"<!--|<({'|'.join(_DROPPED_NAMES)})\b", re.IGNORECASE)
_DROPPED_END = {
    "": re.compile("-->"),
    **{name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in _DROPPED_NAMES},
}
_SHORTEST_HIDDEN = 12
#: In these patterns no tag goes on beyond the next one, and an address is no longer than any of a page: what begins a
#: million times and never ends would else be looked through to the file's end from each place.
_OF_CARDS = re.compile(r"<article|data-props|<script|papers/", re.IGNORECASE)
_NOT_NEWLINE = re.compile(r"[^\n]+")
_CARD = re.compile(r"<(/?)article\b", re.IGNORECASE)
_PAGE_FOOT = re.compile(
    r"""<(?:nav|footer)\b|</(?:main|body)\b|<a\b[^<>]{0,300}?\bhref\s*=\s*["']?[^"'<>\s]{0,300}/(?:terms-of-service|privacy)\b""",
    re.IGNORECASE,
)
_PAPER_HEADING = re.compile(
    r"""<h([1-6])\b[^<>]*>(?:(?!</h\1\b)(?!<h[1-6]\b).){0,2000}?\bhref\s*=\s*["']?[^"'>\s]{0,300}?\bpapers/(\d{4}\.\d{4,5})""",
    re.IGNORECASE | re.DOTALL,
)
_LOGIN = re.compile(
    r"""\bhref\s*=\s*["'][^"'<>]{0,200}?login\?next=[^"'>]{0,200}?papers(?:/|%2F)(\d{4}\.\d{4,5})""", re.IGNORECASE
)
PAPER_LINK = re.compile(
    r"""\bhref\s*=\s*["']?([^"'>\s]{0,300}?)\bpapers/(\d{4}\.\d{4,5})(?:v\d+)?(?:\.html?)?(?=["'#?>\s])""",
    re.IGNORECASE,
)
_HOST = re.compile(r"https?://(?:[^/\s]*@)?([^/\s:?#]+)(?::\d+)?/\Z", re.IGNORECASE)
_OFFICIAL = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_META = re.compile(
    r"""<(?:meta|link)\b(?=[^<>]*(?:property\s*=\s*["']?og:url|rel\s*=\s*["']?canonical))[^<>]*?(?:content|href)\s*=\s*["']([^"'>]*)["']""",
    re.IGNORECASE,
)
_DAY_LINK = re.compile(r"/papers/date/(\d{4}-\d\d-\d\d)\b")
_PAPER_PAGE = re.compile(r"/papers/(\d{4}\.\d{4,5})(?:v\d+)?(?:[?#].*)?\Z")
_HEADING = re.compile(r"<h1\b[^<>]*>((?:(?!<h1\b).){0,2000}?)</h1", re.IGNORECASE | re.DOTALL)
_PRINTED_DAY = re.compile(rf">\s*((?:{'|'.join(MONTHS)})[a-z]*\.?\s+\d{{1,2}}(?:,\s*\d{{4}})?)\s*(?:<!--[^>]*-->\s*)*<")
_SEARCH_FIELD = re.compile(r"<input\b[^<>]*>", re.IGNORECASE)
_VALUE = re.compile(r"""\bvalue\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_QUERY = re.compile(r"[?&;]q=([^&#\"']+)")
_AFTER_PAPER = re.compile(
    r"<h[1-6]\b[^<>]*>(?:(?!</?h).){0,200}?(?:community|citing this paper|including this paper)|<footer\b",
    re.IGNORECASE | re.DOTALL,
)
_TAGS = re.compile(r"<[^<>]*>")


class Source(NamedTuple):
    """A page's markup and where it stands: ``starts`` are the places at which the file's lines begin, from line ``first``.

    Where a part of a file was packed (base64), ``starts`` is empty and the page stands on all of its lines.
    """

    text: str
    starts: list[int]
    first: int
    last: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the first and last line of a stretch of the text."""
        if not self.starts:
            return self.first, self.last
        first = self.first + max(bisect_right(self.starts, start), 1) - 1
        last = self.first + max(bisect_right(self.starts, max(start, end - 1)), 1) - 1
        return min(first, self.last), min(last, self.last)


class Head(NamedTuple):
    """What the page tells besides its papers."""

    heading: str | None
    query: str | None
    captured_raw: str | None
    day: str | None
    paper: str | None
    mirror: str | None
    unknown_host: str | None


def whole(text: str) -> Source:
    """Return a file that is one page."""
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    total = len(starts) - (starts[-1] == len(text) and len(starts) > 1)
    return Source(text, starts, 1, max(total, 1))


def without_hidden(text: str) -> str:
    """Return ``text`` with blanks in place of what a page does not show and that holds markup; every place stays.

    Comments, scripts, styles and templates; the small comments between elements are left.
    """
    pieces: list[str] = []
    unclosed: set[str] = set()
    done = 0
    for opening in _HIDING.finditer(text):
        if opening.start() < done:
            continue
        name = (opening[1] or "").lower()
        if name and "json" in opening[0].lower():
            continue
        close = _CLOSINGS[name].search(text, opening.end()) if name not in unclosed else None
        if close is None:
            unclosed.add(name)  # looked for once: a page may open it a million times
            continue
        body = text[opening.end() : close.start()]
        if len(body) > _SHORTEST_HIDDEN and _OF_CARDS.search(body):
            pieces += [text[done : opening.end()], _NOT_NEWLINE.sub(lambda match: " " * len(match[0]), body)]
            done = close.start()
        elif name or len(body) > _SHORTEST_HIDDEN:
            pieces.append(text[done : close.start()])
            done = close.start()
    return "".join([*pieces, text[done:]]) if pieces else text


def without_pictures(markup: str) -> str:
    """Return ``markup`` without comments, pictures of vectors, scripts and what else no card shows as text."""
    pieces: list[str] = []
    unclosed: set[str] = set()
    done = 0
    for opening in _DROPPED.finditer(markup):
        if opening.start() < done:
            continue
        name = (opening[1] or "").lower()
        close = _DROPPED_END[name].search(markup, opening.end()) if name not in unclosed else None
        if close is None:
            unclosed.add(name)
            continue
        pieces.append(markup[done : opening.start()])
        done = close.end()
    return "".join([*pieces, markup[done:]])


# ---- the page's own JSON


def embedded_json(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield (start, end, JSON) of the attributes and scripts of the page that may hold papers."""
    done = 0
    for match in _PROPS.finditer(text):
        if match.end() < done:
            continue  # inside the value of another
        end = text.find(match[1], match.end())
        done = end = end if end >= 0 else len(text)
        if _may_hold_papers(text, match.end(), end):
            yield match.end(), end, unescape(text[match.end() : end])
    done = 0
    for match in _JSON_SCRIPT.finditer(text):
        if match.start() < done:
            continue
        ends = _SCRIPT_END.search(text, match.end())
        done = end = ends.start() if ends else len(text)
        if _may_hold_papers(text, match.end(), end):
            yield match.end(), end, text[match.end() : end]


def _may_hold_papers(text: str, start: int, end: int) -> bool:
    return text.find("title", start, end) >= 0 and (
        text.find("summary", start, end) >= 0 or text.find("paper", start, end) >= 0
    )


def unescape(text: str) -> str:
    """Return ``text`` with its entities undone: ``html.unescape``, but fast where only the usual ones stand."""
    if "&" not in text:
        return text
    if _OTHER_ENTITY.search(text):
        return html.unescape(text)
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


# ---- cards


def cards(text: str) -> list[tuple[int, int]]:
    """Return the stretches of the page's cards: articles, or from one heading that links a paper to the next.

    An article that does not close ends where the next one begins, or the page's foot.
    """
    marks = [(match.start(), match[1] == "/") for match in _CARD.finditer(text)]
    found = []
    for number, (start, closes) in enumerate(marks):
        if closes:
            continue
        if number + 1 < len(marks):
            after, is_end = marks[number + 1]
            end = text.find(">", after) + 1 if is_end else after
        else:
            foot = _PAGE_FOOT.search(text, start)
            end = foot.start() if foot else len(text)
        found.append((start, min(end or len(text), start + LONGEST_FRAGMENT)))
    if any(_PAPER_HEADING.search(text, *stretch) for stretch in found):
        return found
    return _stretches_of_headings(text)


def _stretches_of_headings(text: str) -> list[tuple[int, int]]:
    headings = list(_PAPER_HEADING.finditer(text))
    if not headings:
        return []
    starts = []
    for number, heading in enumerate(headings):
        before = headings[number - 1].end() if number else 0
        # the upvotes stand before the title
        logins = list(_LOGIN.finditer(text, max(before, heading.start() - 5_000), heading.start()))
        own = logins and logins[-1][1] == heading[2]
        starts.append(text.rfind("<", 0, logins[-1].start()) if own else heading.start())
    foot = _PAGE_FOOT.search(text, starts[-1])
    ends = [*starts[1:], foot.start() if foot else len(text)]
    return [(start, min(end, start + LONGEST_FRAGMENT)) for start, end in zip(starts, ends, strict=True)]


def paper_stretch(text: str) -> tuple[int, int]:
    """Return the stretch of a paper's own page from its title to what others wrote about it."""
    title = _HEADING.search(text)
    start = title.start() if title else 0
    after = _AFTER_PAPER.search(text, title.end() if title else 0)
    end = after.start() if after else len(text)
    return start, min(end, start + LONGEST_FRAGMENT)


def has_paper_heading(fragment: str) -> bool:
    """Say whether a fragment has a heading that links to a paper."""
    return _PAPER_HEADING.search(fragment) is not None


# ---- what the page says of itself


def read_head(text: str, first_card: int) -> Head:
    """Return what the page tells of itself; its cards begin at ``first_card``."""
    head = text[:first_card]
    heading = _HEADING.search(head)
    address = _META.search(head)
    named = unescape(address[1]) if address else ""
    paper = _PAPER_PAGE.search(named)
    printed = [day for match in _PRINTED_DAY.finditer(head) if (day := parse_printed_date(" ".join(match[1].split())))]
    captured = printed[-1].raw if printed else None
    link = _DAY_LINK.search(named)
    if link is None and captured:  # the links to the days beside the page's own
        link = _DAY_LINK.search(head)
    mirror, unknown = _hosts(text)
    return Head(
        _plain(heading[1]) if heading else None,
        _query(head, named),
        captured,
        link[1] if link else None,
        arxiv_id(paper[1]) if paper else None,
        mirror,
        unknown,
    )


def _plain(markup: str) -> str | None:
    return " ".join(html.unescape(_TAGS.sub(" ", markup)).split()) or None


def _query(head: str, address: str) -> str | None:
    for match in _SEARCH_FIELD.finditer(head):
        field = match[0].lower()
        if "paper" in field and (value := _VALUE.search(match[0])):
            query = " ".join(html.unescape(value[1] or value[2] or "").split())
            if query:
                return query
    found = _QUERY.search(address)
    if not found:
        return None
    from urllib.parse import unquote_plus

    return " ".join(unquote_plus(found[1]).split()) or None


def _hosts(text: str) -> tuple[str | None, str | None]:
    """Return (mirror, unknown host): whose links to papers most of the page's are, if not the site's own."""
    hosts: Counter[str] = Counter()
    for match in PAPER_LINK.finditer(text):
        if match[1] and (address := _HOST.match(match[1])):
            hosts[address[1].lower()] += 1
    if not hosts:
        return None, None
    # of two hosts with as many links the first by name, so that every run says the same
    host = min(hosts, key=lambda name: (-hosts[name], name))
    if host in _OFFICIAL:
        return None, None
    return (host, None) if host.removeprefix("www.") in MIRRORS else (None, host)


# ---- web archives (MHTML)


_BOUNDARY_HEAD = re.compile(r"\A\ufeff?\s*(?:[A-Za-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+")


def is_archive(text: str) -> bool:
    """Say whether a file is a web archive."""
    head = _BOUNDARY_HEAD.match(text[:20_000])
    return head is not None and "multipart/related" in head[0].lower()


def archive_pages(text: str) -> list[Source]:
    """Return the pages in a web archive, each with its place in the file; none if it has no boundary."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    head = _BOUNDARY_HEAD.match(text[:20_000])
    boundary = HeaderParser().parsestr(head[0].lstrip("\ufeff \n") if head else "").get_boundary()
    if not boundary:
        return []
    mark = "--" + boundary
    marks = [number for number, line in enumerate(lines) if line.rstrip() in (mark, mark + "--")]
    pages = []
    for number, at in enumerate(marks):
        after = marks[number + 1] if number + 1 < len(marks) else len(lines)
        page = _archive_part(lines, at + 1, after)
        if page is not None:
            pages.append(page)
    return pages


def _archive_part(lines: list[str], start: int, end: int) -> Source | None:
    body = start
    while body < end and lines[body].strip():
        body += 1
    header = HeaderParser().parsestr("\n".join(lines[start:body]))
    body += 1
    if header.get_content_type() not in ("text/html", "application/xhtml+xml") or body >= end:
        return None
    charset = header.get_content_charset() or "utf-8"
    # with a codec that is none of text (zlib, hex) a page would open to bytes, of any number
    known = is_charset(charset)
    decoder = codecs.getincrementaldecoder(charset if known else "utf-8")("replace")
    encoding = str(header.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        try:
            packed = base64.b64decode("".join(lines[body:end]).encode("ascii", "ignore"))
        except (binascii.Error, ValueError):
            return None
        return Source(_lines_of(decoder.decode(packed, True)), [], body + 1, end)
    if encoding == "quoted-printable":
        pieces = [_unquoted(line, decoder) for line in lines[body:end]]
    else:
        pieces = [line + "\n" for line in lines[body:end]]
    starts = [0, *accumulate(map(len, pieces))][:-1]
    return Source("".join(pieces), starts, body + 1, end)


def _unquoted(line: str, decoder: codecs.IncrementalDecoder) -> str:
    goes_on = line.endswith("=")
    decoded = quopri.decodestring((line[:-1] if goes_on else line).encode("utf-8"))
    return decoder.decode(decoded + (b"" if goes_on else b"\n")).replace("\r", "")


def _lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
