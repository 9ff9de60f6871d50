"""Forms that are known by their structure but have no reader: named, so that the refusal can say what to do."""

import re

REMEDIES = {
    "links_after_words": "text with each address in brackets behind its words; save the page as HTML, Markdown or text and give that",
    "latex": "LaTeX; save the page as HTML, Markdown or text and give that",
    "asciidoc": "AsciiDoc; save the page as HTML, Markdown or text and give that",
    "org_mode": "Org mode's markup; save the page as HTML, Markdown or text and give that",
    "restructured_text": "reStructuredText; save the page as HTML, Markdown or text and give that",
}
FORMS = tuple(REMEDIES)

_SNIFFED = 20_000  # characters from the start; a form shows itself in its first lines
_LINK_BEHIND = re.compile(r"\[(?<=[^\s\]] \[)(?:https?://[^\[\]\s/]+)?/(?:papers/\d|login\?)[^\[\]\s]*\](?![(\w-])")
_LATEX_LINK = re.compile(r"\\href\{[^{}\s]*\}\{")
_ASCIIDOC_LINK = re.compile(r"(?:https?://|link:)[^\s\[\]()]+\[[^\[\]]*(?:\]|\[)")
_ORG_LINK = re.compile(r"\[\[[a-z]+:?/{1,2}[^\[\]]{3,300}\]")
_RST_LINK = re.compile(r"`__\b|`__$|^\.\. \|.{0,80}\| image::|^\.\. _", re.MULTILINE)


def recognise(text: str) -> tuple[str | None, float]:
    """Return (form, confidence) of a form that cannot be read, or (None, 0.0)."""
    head = text[:_SNIFFED]
    if len(_LINK_BEHIND.findall(text[: 4 * _SNIFFED])) >= 3 and "](" not in head:
        return "links_after_words", 0.9
    if len(_ORG_LINK.findall(head)) >= 3:
        return "org_mode", 0.9
    if "\\href{" in head and len(_LATEX_LINK.findall(head)) >= 3:
        return "latex", 0.9
    # an abstract may speak of a link of Markdown
    if "http" in head and len(_ASCIIDOC_LINK.findall(head)) >= 3 + head.count("]("):
        return "asciidoc", 0.9
    if (".. " in head or "`__" in head) and len(_RST_LINK.findall(head)) >= 3:
        return "restructured_text", 0.9
    return None, 0.0
