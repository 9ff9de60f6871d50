"""Forms that are known by their structure but have no reader yet: named, so that the refusal can say what to do."""

import re

REMEDIES = {
    "html": "a saved web page, not text; open it in a browser, select all, copy, and save that as .txt",
    "json": "JSON, as the API gives it; captures as plain text are read for now",
    "mhtml": "a web archive, not text; open it in a browser, select all, copy, and save that as .txt",
    "links_after_words": "text with each address in brackets behind its words; save the page as HTML, Markdown or text and give that",
    "org_mode": "Org mode's markup; save the page as HTML, Markdown or text and give that",
    "restructured_text": "reStructuredText; save the page as HTML, Markdown or text and give that",
}
FORMS = tuple(REMEDIES)

_SNIFFED = 20_000  # characters from the start; a form shows itself in its first lines
# At the start of a line: abstracts name tags, too. A page without line ends starts with one.
_HTML = re.compile(r"^\s*<(?:!doctype\s+html|html|head|body|article|main|div|section)\b", re.IGNORECASE | re.MULTILINE)
_HTML_START = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_LINK_BEHIND = re.compile(r" \[(?<=[^\s\]] \[)(?:https?://[^\[\]\s/]+)?/(?:papers/\d|login\?)[^\[\]\s]*\](?![(\w-])")
_ORG_LINK = re.compile(r"\[\[[a-z]+:?/{1,2}[^\[\]]{3,300}\]")
_RST_LINK = re.compile(r"`__\b|`__$|^\.\. \|.{0,80}\| image::|^\.\. _", re.MULTILINE)
_JSON = re.compile(r'\s*(?:\[\s*)?\{\s*"[^"\n]{1,80}"\s*:|\s*\[\s*\]\s*\Z')


def recognise(text: str) -> tuple[str | None, float]:
    """Return (form, confidence) of a form that cannot be read yet, or (None, 0.0)."""
    head = text[:_SNIFFED]
    if _JSON.match(head):
        return "json", 0.9
    if re.match(r"\s*(?:From|MIME-Version|Snapshot-Content-Location):", head) and "multipart/related" in head:
        return "mhtml", 0.9
    if _HTML_START.match(head) or ("<" in head and len(_HTML.findall(head)) >= 2):
        return "html", 0.9
    if len(_LINK_BEHIND.findall(text[: 4 * _SNIFFED])) >= 3 and "](" not in head:
        return "links_after_words", 0.9
    if len(_ORG_LINK.findall(head)) >= 3:
        return "org_mode", 0.9
    if len(_RST_LINK.findall(head)) >= 3:
        return "restructured_text", 0.9
    return None, 0.0
