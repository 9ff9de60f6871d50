"""Which names of encodings that a file may declare are charsets of text on the web. Pure."""

import codecs

#: Python's own codecs, which are none: some turn text into other text, and take the square of its length for it.
_NO_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "raw_unicode_escape", "undefined", "unicode-escape",
     "unicode_escape", "utf-7", "utf_7"}
)  # fmt: skip


def is_charset(name: str) -> bool:
    """Say whether a declared name is an encoding of text, and not one of Python's own codecs or of UTF-7, which no browser reads."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):  # a NUL in the name
        return False
    return bool(getattr(found, "_is_text_encoding", True)) and found.name not in _NO_CHARSETS
