"""Hostile text, made to any length: units that readers and their patterns may stumble over, repeated, in a page of each form.

A page is one that its reader takes for its own, so that the unit reaches the patterns of that form; it stands in a
title, in an abstract, between two cards, or at the end, and is repeated alone, with spaces, or a line each.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from html import escape
from typing import NamedTuple

import polars as pl

from etl_project import raw
from etl_project.contract import polars_schema
from etl_project.tables import RAW_DUMPS

_A, _B = "2401.00001", "2401.00002"
_ABSTRACT = (
    "We study how gravel behaves when its parts are taken away one at a time, and find that it holds up far better "
    "than expected. Our analysis covers nine settings and four sizes, and shows that most of it comes from one part."
)
_HEAD = "Daily Papers\n\nbyAK and the research community\n\nApr 20\n\n"


def _text(title: str, abstract: str, between: str) -> str:
    meta = "  • 3 authors\n·\nMar 1, 2024\n\n"
    return f"{_HEAD}{title}\n\n{abstract}\n\n{meta}{between}\n\nOn Sand\n\n{_ABSTRACT}\n\n{meta}"


def _bare(title: str, abstract: str, between: str) -> str:
    return f"{title}\n\n{abstract}\n\n{between}\n\nOn Sand\n\n{_ABSTRACT}\n\nOn Chalk\n\n{_ABSTRACT}\n"


def _wrapped(title: str, abstract: str, between: str) -> str:
    lines = "\n".join(f"We take {part} away from what is left of it and look at the rest of" for part in "abcdefgh")
    return f"{title}\n\n{abstract}\n\n{between}\n\n" + "".join(f"On Sand {n}\n\n{lines}\nit.\n\n" for n in range(5))


def _markdown(title: str, abstract: str, between: str) -> str:
    def card(number: str, words: str, text: str) -> str:
        return (
            f"[7](https://huggingface.co/login?next=%2Fpapers%2F{number})\n\n### [{words}](https://huggingface.co/papers/{number})\n\n"
            f"[{text}](https://huggingface.co/papers/{number})\n\n- [3 authors](https://huggingface.co/papers/{number})\n\n· Mar 1, 2024\n\n"
        )

    return f"# Daily Papers\n\n{card(_A, title, abstract)}{between}\n\n{card(_B, 'On Sand', _ABSTRACT)}"


def _references(title: str, abstract: str, between: str) -> str:
    return (
        f"# Daily Papers\n\n### [{title}][1]\n\n{abstract}\n\n{between}\n\n### [On Sand][2]\n\n{_ABSTRACT}\n\n[Menu]\n\n"
        f"  [1]: https://huggingface.co/papers/{_A}\n  [2]: https://huggingface.co/papers/{_B}\n  [Menu]: https://huggingface.co/models\n"
    )


def _mixed_markup(title: str, abstract: str, between: str) -> str:
    return (
        f'# Daily Papers\n\n[Models](https://huggingface.co/models)\n\n### <a href="/papers/{_A}" class="x">{title}</a>\n\n'
        f'{abstract}\n\n{between}\n\n### <a href="/papers/{_B}" class="x">On Sand</a>\n\n{_ABSTRACT}\n'
    )


def _link_lines(title: str, abstract: str, between: str) -> str:
    def card(number: str, words: str, text: str) -> str:
        at = f"https://huggingface.co/papers/{number}"
        return f"{words}\n{at}\n\n{text}\n{at}\n\n3 authors\n{at}\n\n· Mar 1, 2024\n\n"

    return f"{_HEAD}{card(_A, title, abstract)}{between}\n\n{card(_B, 'On Sand', _ABSTRACT)}"


def _numbered(title: str, abstract: str, between: str) -> str:
    return (
        f"Daily Papers\n\n[1]{title}\n\n[2]{abstract}\n\n{between}\n\n[3]On Sand\n\n[4]{_ABSTRACT}\n\nReferences\n\n"
        f"   1. https://huggingface.co/papers/{_A}\n   2. https://huggingface.co/papers/{_A}\n"
        f"   3. https://huggingface.co/papers/{_B}\n   4. https://huggingface.co/papers/{_B}\n"
    )


def _paper_text(title: str, abstract: str, between: str) -> str:
    return (
        f"# {title}\n\nPublished on Mar 1, 2024\n\nAuthors:\n\nAda Pebble, Bo Gravel\n\n## Abstract\n\n{abstract}\n\n"
        f"{between}\n\n[View arXiv page](https://arxiv.org/abs/{_A})\n\narxiv:{_A}\n\n### Community\n\nNice.\n"
    )


def _html_cards(title: str, abstract: str, between: str) -> str:
    def card(number: str, words: str, text: str) -> str:
        return f'<article><h3><a href="/papers/{number}">{words}</a></h3><p>{text}</p></article>\n'

    return (
        "<!doctype html>\n<html><head></head><body><main><h1>Daily Papers</h1>\n"
        f"{card(_A, title, abstract)}{between}{card(_B, 'On Sand', _ABSTRACT)}</main></body></html>\n"
    )


def _html_headings(title: str, abstract: str, between: str) -> str:
    def card(number: str, words: str, text: str) -> str:
        return f'<div><h3><a href="/papers/{number}">{words}</a></h3><p>{text}</p></div>\n'

    return f"<!doctype html>\n<html><body>{card(_A, title, abstract)}{between}{card(_B, 'On Sand', _ABSTRACT)}</body></html>\n"


def _item(number: str, title: str, abstract: str) -> dict[str, object]:
    return {
        "paper": {"id": number, "title": title, "summary": abstract, "authors": [{"name": "Ada Pebble"}]},
        "title": title,
    }


def _html_data(title: str, abstract: str, between: str) -> str:
    props = escape(json.dumps({"dailyPapers": [_item(_A, title, abstract), _item(_B, "On Sand", _ABSTRACT)]}))
    return f'<!doctype html>\n<html><body><div data-props="{props}"></div>{between}</body></html>\n'


def _html_paper(title: str, abstract: str, between: str) -> str:
    return (
        f'<!doctype html>\n<html><head><meta property="og:url" content="https://huggingface.co/papers/{_A}"></head><body>\n'
        f"<h1>{title}</h1><div>Authors: <a>Ada Pebble</a>, {between}</div><h2>Abstract</h2><p>{abstract}</p></body></html>\n"
    )


def _archive(encoding: str) -> Callable[[str, str, str], str]:
    def page(title: str, abstract: str, between: str) -> str:
        return (
            'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="x"\n\n--x\nContent-Type: text/html\n'
            f"Content-Transfer-Encoding: {encoding}\n\n{_html_cards(title, abstract, between)}\n--x--\n"
        )

    return page


def _json(title: str, abstract: str, between: str) -> str:
    return f"[{json.dumps(_item(_A, title, abstract))},\n{between}\n{json.dumps(_item(_B, 'On Sand', _ABSTRACT))}]\n"


def _json_raw(title: str, abstract: str, between: str) -> str:
    """JSON in which nothing of the unit is escaped."""
    start = '{"id": "%s", "title": "%s", "summary": "%s", "authors": []}'
    return f"[{start % (_A, title, abstract)},\n{between}\n{start % (_B, 'On Sand', _ABSTRACT)}]\n"


def _json_in_text(title: str, abstract: str, between: str) -> str:
    return json.dumps([repr(_item(_A, title, abstract)), between, repr(_item(_B, "On Sand", _ABSTRACT))])


def _header(title: str, abstract: str, between: str) -> str:
    return f"---\ntitle: {title}\nsource: {between}\n---\n" + _markdown("On Chalk", abstract, "")


def _alone(title: str, abstract: str, between: str) -> str:
    return between


#: Pages of each form; the unit stands in the place of a title, of an abstract, or between two cards.
PAGES: dict[str, Callable[[str, str, str], str]] = {
    "alone": _alone,
    "text": _text,
    "text_bare": _bare,
    "text_wrapped": _wrapped,
    "markdown": _markdown,
    "markdown_references": _references,
    "markdown_html": _mixed_markup,
    "link_lines": _link_lines,
    "numbered": _numbered,
    "paper_text": _paper_text,
    "html_cards": _html_cards,
    "html_headings": _html_headings,
    "html_data": _html_data,
    "html_paper": _html_paper,
    "archive": _archive("8bit"),
    "archive_quoted": _archive("quoted-printable"),
    "archive_base64": _archive("base64"),
    "json": _json,
    "json_raw": _json_raw,
    "json_in_text": _json_in_text,
    "header": _header,
}
PLACES = ("title", "abstract", "between")

#: What is repeated.
UNITS: tuple[str, ...] = (
    *"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n", *"a1A0·•\u0301\u202e\u200b\u00a0\u3000é漢\U0001f9ea\ufffd\ue000\ue003\ue004",
    "](", "][", "[a](", "[a](b)", "![", "![]", "[]", "[]()", "[[", "]]", "[x][1]", "[1]", "[1]: ", "[a]:", "[a]: b ", "[^1]",
    "<a", "<a ", "<a>", "<a href=", "<a href=\"", "<a href=\"x\">", "<a href=\"/papers/2401.00003\">", "</a>", "<a x='", "<a x \"",
    "<div>", "<div", "</div>", "<p>", "<h3>", "<h3><a href=\"/papers/2401.00003\">", "<h3 ", "<article>", "<article", "</article>",
    "<svg", "<svg>", "<script", "<script>", "<script type=application/json>", "</script", "<style>", "<template>", "<!--", "-->",
    "<!-- x -->", "<!---->", "<!", "<![CDATA[", "<?", "<b>", "<br>", "<img", "<img ", "<input ", "<meta ", "<link ", "<meta property=og:url ",
    "<li>", "<table>", "<nav", "data-props=\"", "data-props='", " data-props=\"title paper ", "data-props=x", "href=\"", "class=\"", "<i class=",
    "login?next=papers", "<a href=\"/login?next=papers", "/papers/", "/papers/2401.00003", "(/papers/2401.00003)", "](/papers/", "[x](/papers/2401.00003)",
    "&amp;", "&", "&#", "&#x", "&lt;", "&a", "&quot;", "&&amp;",
    "\\", "\\\\", "\\[", "\\]", "\\*", "\\(", "\\{", "\\_", "\\%", "\\a", "\\a ", "\\textbf{", "\\textbf{a}", "textbf{", "{", "}", "{}", "{a}", "_{", "_{a}",
    "\\'", "\\'{", "\\'a", "\\u{", "\\url{", "\\href{", "\\href{a}{", "{a}{a}", "$", "$a", "$$", "$a$", "$\\a$", "$ a", "$a ", "^star", "sim1", "sim1.", "times1", "1times", "sim1,", "``", "''", "~a", "a~", "a~1",
    "http://", "https://", "http://a", "http://a.b/", "http://a.b/c,", "https://a.b/c.d", "https://a.b{", "http:", "://", "//", "/", "/a", "a/", "a.b/", "a.com/", "a-", "a.", "-.", "www.", "www.a.", "a.github.io", "github.io", "hub.io", "a.github.io/", "https://github.com/", "github.com/a/b", "github.com/a/b,", "https://huggingface.co/papers/2401.00003", "https://huggingface.co/papers/2401.00003\n", "http://a.b/(", "http://a.b/)", "http://a@", "@", "a@a.b/", "https://a.b\\_", "hf.co/a{",
    "- ", "* ", "+ ", "1. ", "- - ", "-\n", "- a\n", "# ", "#a\n", "## a ##", "#", "###### ", "> ", ">", "> >", "|", "|-", "| a |", "---", "---\n", "===\n", "a\n===\n", "***", "* * ", "_a_", "**a**", "**", "__", "*a", "**a ", "```", "```\n", "~~~\n", ":::", "::: a\n", "{.a}", "{#a ", " {.a}\n",
    "3 authors", "3 authors\n", "·\n", "· ", "a · ", "Mar 1, 2024\n", "Mar 1", "Published on ", "1k", "7\n", "1,000,", "1 1 ", "[ ]", "[x] ", "[a] ", "(BUTTON) ",
    "{\"a\":", "[{", "{", "{\"", "[", "[\"", "\"", "\"a\":1,", "{\"title\":\"a\",", "{\"paper\":{", "{\"paper\":{\"title\":\"a\"}},", "{\"papers\":[", "{\"a\":[", "{\"a\":{\"a\":1},", "{}", "{},", "[],", "1,", "1e", "1e999,", "9", "-", "null,", "\\ud800", "\\u0000", "{'a': ", "\"{'", "\"{'a': 1}\",", "\"{\\\"a\\\":1}\",", "{\"id\":\"2401.00003\",\"title\":\"a\"},", "{\"id\":\"2401.00003\",\"title\":\"a\",\"title\":\"b\"},", "{\"id\":\"2401.00003\",\"title\":",
    "title: ", "a: b\n", "source: http://a.b\n", "Content-Type: a\n", "--x\n", "--x\nContent-Type: text/html\n\n", "--x\nContent-Type: multipart/related; boundary=y\n\n", "=\n", "=3D", "=", "=\n=\n", "AAAA",
    "arxiv:2401.00003\n", "Abstract\n", "Authors:\n", "AI-generated summary\n", "References\n", "   1. http://a.b/c\n", "[45]a", "[45]", "[4", "a b ", "a.\n", "a-\n", "https://a.b/-\n", "a, ", "...", "… more", "et al", "A. ", "A B, ", "\x1b[31m", "\u2028", "\x0b", "\x0c", "\x85",
)  # fmt: skip
#: How the repetitions are parted.
PARTINGS = ("", " ", "\n", "\n\n")


class Case(NamedTuple):
    """One family of texts: what is repeated, how it is parted, on which page and in which place."""

    page: str
    place: str
    unit: str
    parting: str

    def text(self, length: int) -> str:
        """Return the text of this family whose repeated part has about ``length`` characters."""
        piece = self.unit + self.parting
        payload = piece * max(1, length // len(piece))
        words = {"title": "On Gravel", "abstract": _ABSTRACT, "between": ""}
        return PAGES[self.page](*({**words, self.place: payload}[place] for place in PLACES)).replace("\r", "\n")


def cases() -> Iterator[Case]:
    """Yield every family, each text once."""
    for page in PAGES:
        for place in PLACES if page != "alone" else ("between",):
            for unit in dict.fromkeys(UNITS):
                for parting in PARTINGS:
                    if not (unit.endswith("\n") and parting) and unit != parting:
                        yield Case(page, place, unit, parting)


def dump_of(content: bytes, name: str, received: datetime) -> pl.DataFrame:
    """Return the frame of ``raw_dumps`` with one dump of these bytes, opened and decoded as from a lake."""
    compression, opened, problem = raw.open_bytes(content)
    decoded = raw.decode(opened) if opened is not None else raw.Decoded(None, None, "none", [], problem)
    digest = hashlib.sha256(content).hexdigest()
    row = {
        "dump_id": digest[:16],
        "load_number": 1,
        "content_sha256": digest,
        "stored_sha256": digest,
        "file_name": name,
        "source": "invented",
        "received_at": received.replace(tzinfo=None),
        "modified_at": None,
        "byte_count": len(content),
        "opened_byte_count": None if opened is None else len(opened),
        "compression": compression,
        "encoding": decoded.encoding,
        "encoding_basis": decoded.basis,
        "damaged_lines": decoded.damaged_lines,
        "line_count": raw.count_lines(decoded.text) if decoded.text else 0,
        "unread_reason": decoded.reason,
        "content": decoded.text,
    }
    return pl.DataFrame([row], schema=polars_schema(RAW_DUMPS))
