"""Forms that are known by their structure but have no reader yet: named, so that the refusal can say what to do."""

import re
from itertools import pairwise

REMEDIES = {
    "markdown": "Markdown with links; captures as plain text are read for now",
    "wrapped_text": "text with its lines wrapped at a fixed width; copy the page from a browser, where each abstract is one line",
}
FORMS = tuple(REMEDIES)

_SNIFFED = 20_000  # characters from the start; a form shows itself in its first lines
_MARKDOWN_LINK = re.compile(r"\]\((?:https?://|/)[^)\s]{1,500}\)")
_PAPER_LINK = re.compile(r"\]\([^)\s]{0,200}/papers/\d{4}\.\d{4,5}")


def recognise(text: str) -> tuple[str | None, float]:
    """Return (form, confidence) of a form that cannot be read yet, or (None, 0.0)."""
    head = text[:_SNIFFED]
    if "](" in head and (_PAPER_LINK.search(head) or len(_MARKDOWN_LINK.findall(head)) >= 5):
        return "markdown", 0.8
    if _is_wrapped(head):
        return "wrapped_text", 0.8
    return None, 0.0


def _is_wrapped(head: str) -> bool:
    """Say whether most of the text stands in runs of lines that end near one width and go on in small letters."""
    lines = [line.rstrip() for line in head.split("\n")[:400]]
    width = max(map(len, lines), default=0)
    if not 40 <= width <= 500:
        return False
    full = [after for line, after in pairwise(lines) if len(line) >= width - 20 and after]
    going_on = sum(after[0].islower() for after in full)
    return len(full) >= 4 and len(full) >= 0.3 * sum(map(bool, lines)) and going_on >= 0.4 * len(full)
