"""The forms of captures: one module a form, each with ``recognise(text) -> confidence`` and ``read(text) -> Reading``.

``read_capture`` chooses by structure. How to add a form: CONTRIBUTING.md.
"""

from collections.abc import Collection

from etl_project.captures import (
    html,
    json_text,
    link_lines,
    markdown,
    numbered,
    paper_text,
    plain_text,
    raw_html,
    references,
    unsupported,
)
from etl_project.captures.envelope import open_envelope
from etl_project.captures.model import ABSTRACT_KINDS, REFUSAL_REASONS, Reading, Record, Refusal

UNKNOWN = "unknown"
FORMS = (
    *plain_text.FORMS,
    *markdown.FORMS,
    *link_lines.FORMS,
    *numbered.FORMS,
    *paper_text.FORMS,
    *html.FORMS,
    *json_text.FORMS,
    *unsupported.FORMS,
    UNKNOWN,
)
#: Below this confidence a file is refused whole rather than taken for a capture.
LEAST_CONFIDENCE = 0.5
#: Of one file: a line may be read as something of its own, which takes about 500 bytes. A card has up to ten.
MOST_LINES = 5_000_000
_EXCERPT = 200

__all__ = [
    "ABSTRACT_KINDS",
    "FORMS",
    "REFUSAL_REASONS",
    "UNKNOWN",
    "Reading",
    "Record",
    "Refusal",
    "read_capture",
    "refuse_whole",
]


def read_capture(text: str, damaged: Collection[int] = ()) -> Reading:
    """Return how the capture ``text`` (line ends ``\\n``) reads in the form that its structure shows.

    A file of no known form, or of a form that has no reader yet, is refused whole with the reason.
    ``damaged`` holds the 1-based numbers of lines with undecodable bytes.
    """
    damaged = sorted(damaged)
    if text.count("\n") > MOST_LINES:
        detail = f"more than {MOST_LINES:,} lines, which do not fit in memory with what is read of them; split it"
        return refuse_whole(text, "too_complex", detail)
    if json_text.recognise(text) >= LEAST_CONFIDENCE:
        return json_text.read(text, damaged)
    if html.recognise(text) >= LEAST_CONFIDENCE and not raw_html.stands_in_markdown(text):
        return html.read(text, damaged)
    form, confidence = unsupported.recognise(text)
    if form is not None and confidence >= LEAST_CONFIDENCE:
        return refuse_whole(text, "form_not_supported", unsupported.REMEDIES[form], form, confidence)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    opened = open_envelope(lines, text)
    # only Markdown has definitions; what looks like one in other text is its own words
    lines = references.inline(opened.lines) if "]:" in text else opened.lines
    defined = lines is not opened.lines
    markup = opened._replace(lines=lines)
    shown = "\n".join(lines) if defined else text
    forms = [numbered, link_lines, markdown]
    if raw_html.has_links(shown):
        shown = raw_html.inline("\n".join(lines))
        lines, forms = shown.split("\n"), [markdown]
    linked = next((form for form in forms if form.recognise(lines, shown) >= LEAST_CONFIDENCE), None)
    opened = markup if linked is not None else opened
    if paper_text.recognise(lines, shown) >= LEAST_CONFIDENCE:
        return paper_text.read(opened, (linked or paper_text).find_pieces(opened.lines), damaged)
    if linked is not None:
        return _with_papers(linked.read(opened, damaged), text)
    reading = plain_text.read(opened, damaged)
    if reading.confidence < LEAST_CONFIDENCE:
        for refusal in reading.refusals:
            if refusal.reason == "line_too_long":
                return refuse_whole(text, refusal.reason, f"line {refusal.line_start}: {refusal.detail}")
        return refuse_whole(
            text,
            "unknown_form",
            "this does not look like a papers page; copy the page's text (select all, copy) into a .txt file",
            UNKNOWN,
            reading.confidence,
        )
    return _with_papers(reading, text)


def _with_papers(reading: Reading, text: str) -> Reading:
    """Return ``reading``, or the refusal of the file where it holds nothing but the page's head and foot."""
    if reading.records or reading.refusals:
        return reading
    detail = "only the page's head and foot are here; copy the whole page, papers included"
    return refuse_whole(text, "no_records", detail, reading.form, reading.confidence)


def refuse_whole(text: str, reason: str, detail: str, form: str = UNKNOWN, confidence: float = 0.0) -> Reading:
    """Return the reading of a file that is refused as one, all its lines with it."""
    lines = text.count("\n") + (not text.endswith("\n")) if text else 0
    refusal = Refusal(min(1, lines), lines, reason, detail, text[:_EXCERPT])
    return Reading(form, confidence, [], [refusal], lines, 0, 0, lines)
