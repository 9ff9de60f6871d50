"""A capture for each reason of the closed list of refusals: invented pages, damaged in the way that the reason is for."""

import gzip
import json
import re
from random import Random

from etl_project.raw import MOST_MEMBERS
from etl_project_tests.conftest import ABSTRACT
from etl_project_tests.pages import Paper, Told, card_of, item_of
from etl_project_tests.renderer import Layout, papers_of, render

#: The limit that a test sets for opened files: the real one takes seconds to reach.
SMALL_LIMIT = 1 << 20
#: A title on which a test has the reader fail: no capture is known that does it by itself.
FAILING = "Ants on Which the Reader Fails"


def _text(*blocks: str) -> bytes:
    return "\n\n".join(["Daily Papers", *blocks]).encode() + b"\n"


def _abstract(topic: str) -> str:
    return ABSTRACT.format(topic=topic)


def _markdown(change: tuple[str, str]) -> bytes:
    """Four papers as Markdown, the second one's block of the page changed by a substitution."""
    papers = papers_of(11, 4, odd=False)
    text = render(papers, Layout())
    ids = [text.index(f"### [{paper.title}]") for paper in papers]
    pattern, put = change
    changed, count = re.subn(pattern, put, text[ids[1] : ids[2]], count=1, flags=re.MULTILINE)
    assert count == 1, pattern
    return (text[: ids[1]] + changed + text[ids[2] :]).encode()


def _card(title: str, topic: str, *metadata: str) -> list[str]:
    return [title, _abstract(topic), "\n".join(metadata or ("5 authors", "·", "Oct 8, 2024"))]


_ONE, _TWO, _THREE = (_card(f"Ants and Their {what} Lanterns", what.lower()) for what in ("Copper", "Paper", "Glass"))
_ITEM = item_of(Told("2401.00001", "Of Ants and Lanterns", "We follow an ant. It carries a lantern."))


def _copies() -> bytes:
    """Two cards, the first of which comes a second time with another end of its abstract."""
    first, second = Paper(1, comments=1), Paper(2, comments=1)
    cards = [card_of(first, "search", Random(1)), card_of(second, "search", Random(2))]
    cards.append(card_of(first, "search", Random(9)).replace(first.abstract[-30:], "beetles."))
    return ("<!doctype html>\n<html><body><h1>Daily Papers</h1>\n" + "\n".join(cards) + "\n</body></html>").encode()


#: Name of a file and its bytes, by the reason for which something in it is refused.
REFUSED: dict[str, tuple[str, bytes]] = {
    "empty_file": ("empty.txt", b""),
    "binary_file": ("binary.txt", bytes(range(256)) * 40),
    "undecodable": ("koi8.txt", ("Муравьи и фонари. " * 40).encode("koi8-r")),
    "damaged_compression": ("cut.txt.gz", gzip.compress(_text(*_ONE))[:-20]),
    "opens_too_large": ("large.txt.gz", gzip.compress(b"ant " * SMALL_LIMIT)),
    "too_complex": ("members.txt.gz", gzip.compress(b"") * (MOST_MEMBERS + 1)),
    "reader_failed": ("fails.txt", _text(*_card(FAILING, "glue"))),
    "left_out": ("left_out.txt", _text(*_card("Ants That Nobody Wants", "wanting"))),
    "unknown_form": ("prose.txt", b"Once upon a time.\nThere was a log.\n" * 30),
    "form_not_supported": ("page.org", b"* [[https://huggingface.co/papers/2606.00683][Ants]]\n" * 4),
    "no_records": ("numbers.json", b'{"a": 1}\n{"a": 2}\n'),
    "title_without_abstract": ("no_abstract.txt", _text(*_ONE, _TWO[0], _TWO[2], *_THREE)),
    "abstract_without_title": ("no_title.txt", _text(*_ONE, *_TWO[1:], *_THREE)),
    "metadata_without_record": ("lone.txt", _text("7 authors\n·\nOct 8, 2024", *_ONE, *_TWO)),
    "unknown_metadata": (
        "odd_metadata.txt",
        _text(*_ONE, _TWO[0], _TWO[1] + " 2 authors · Mar 14, 2025 System themeCompanyTOS", *_THREE),
    ),
    "title_or_abstract": (
        "question.txt",
        _text(
            "First Ants",
            "Small Ants. Why Do They Carry so Much of the Moss?",
            _abstract("moss"),
            "Third Ants",
            _abstract("tar"),
        ),
    ),
    "title_or_metadata": (
        "seven.txt",
        _text("First", _abstract("tar"), "7 authors", _abstract("sand"), "Third", _abstract("moss")),
    ),
    "wrapped_lines": ("two_lines.txt", _text(*_ONE, "Ants and Their Long\nand Winding Lanterns", *_TWO[1:], *_THREE)),
    "unplaced_text": (
        "notes.md",
        _markdown((r"^·$", "· and so they all went home before the lantern was lit\n\nnobody knows why")),
    ),
    "cut_link": ("cut_link.md", _markdown((r"^(\[\w+ .*)\]\(\S+\)$", r"\1"))),
    "several_abstracts": ("two_texts.md", _markdown((r"^(\[\w+ .*)(\]\(\S+\))$", r"\1\2\n\n\1 It is not over.\2"))),
    "contradicting_fields": ("two_ids.json", json.dumps([_ITEM, {**_ITEM, "title": "Of Other Ants"}]).encode()),
    "copies_disagree": ("copies.html", _copies()),
    "mixed_cards": ("mixed.txt", _text(*_ONE, *_card("Ants of the Marsh", "marsh", "6 authors", "·"), *_TWO, *_THREE)),
    "line_too_long": ("long.txt", _text(*_ONE, _TWO[0], "ant " * 30_000, _TWO[2], *_THREE)),
    "damaged_bytes": (
        "bytes.txt",
        _text(*_ONE, *_TWO, *_THREE).replace(b"how paper", b"how \xff\xfe", 1).replace("·".encode(), "·".encode()),
    ),
    "damaged_json": ("broken.json", b'[{"paper": {"id": "2401.00001", "title": "x"'),
    "incomplete_item": ("item.json", json.dumps([_ITEM, {"paper": {"id": "2401.00002"}}]).encode()),
    "api_error": ("error.json", b'{"error": "Invalid date"}'),
}
