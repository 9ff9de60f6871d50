"""Text as it may be looked at: words of captures must steer no terminal and turn no line around. Pure."""

#: Not seen and without effect on their surroundings: joiners, of which letters and emoji are made, and marks of line breaks.
_HARMLESS = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


def printable(text: str, keep: str = "") -> str:
    """Return ``text`` with a space for each control character and each mark that turns a line around, but for those in ``keep``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep or c in _HARMLESS else " " for c in text)
