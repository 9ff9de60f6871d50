"""Markdown's links by their own words: ``[Title]`` with ``[Title]: address`` elsewhere, made links in line.

CommonMark 0.31, "Link reference definitions", "Shortcut" and "Collapsed" references. Pandoc writes both, with its
attributes (``{.class}``) after an address and on the lines below it.
"""

import re

#: Words without brackets, or with escaped ones; they may go on in the next line, not beyond a blank one.
_LABEL = r"\[((?:[^\[\]\\\n]|\\.|\n(?![ \t]*\n))+)\]"
_DEFINITION = re.compile(
    rf"^ {{0,3}}{_LABEL}:[ \t]*\n?[ \t]*<?([^\s<>]+)>?(?:[ \t]+\"[^\"\n]*\")?(\s*\{{[^{{}}]*\}})?[ \t]*$", re.MULTILINE
)
_LIKE_AN_ADDRESS = re.compile(r"[/.#:]")
_USE = re.compile(rf"(?<!\\){_LABEL}(?:\[\]|(?![\[(:]))")


def inline(lines: list[str]) -> list[str]:
    """Return as many lines, in which references by their own words are links in line.

    Numbers are left: in the words of an abstract ``[1]`` is a citation. Where no address is defined for words, nothing
    is changed.
    """
    text = "\n".join(lines)
    addresses: dict[str, str] = {}

    def define(match: re.Match[str]) -> str:
        name, lines = _name(match[1]), match[0].count("\n")
        if not name.isdigit() and not _LIKE_AN_ADDRESS.search(match[2]):
            return match[0]  # "[Update]: accepted"
        if not name.isdigit():
            addresses.setdefault(name, match[2])
            return "\n" * lines
        return f"[{name}]: {match[2]}" + "\n" * lines if lines or match[3] else match[0]

    if not any("]:" in line and not line.lstrip(" [")[:1].isdigit() for line in lines):
        return lines
    defined = _DEFINITION.sub(define, text)
    if defined == text:
        return lines
    text = defined
    if addresses:
        text = _USE.sub(lambda use: _linked(use, addresses.get(_name(use[1]))), text)
    return text.split("\n")


def _linked(use: re.Match[str], address: str | None) -> str:
    return use[0] if address is None else f"[{use[1]}]({address})"


def _name(label: str) -> str:
    """Return the words by which a reference is found: without case, blanks made one."""
    return " ".join(label.split()).casefold()
