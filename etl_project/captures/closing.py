"""Patterns with a beginning and an end, replaced in one pass: also where the end is missing, however often it begins."""

import re
from collections.abc import Callable


def sub_closed(pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str], text: str) -> str:
    """Return ``pattern.sub(replacement, text)`` of the matches whose group 1, the end, is there.

    ``pattern`` matches from a beginning as far as its end may stand, and the end or "". Where there is none, none
    stands before that place for any later beginning either: these are passed over. To look for the end from each of
    them again would cost the square of the text.
    """
    pieces: list[str] = []
    done = place = 0
    while match := pattern.search(text, place):
        place = match.end()
        if match[1]:
            pieces += [text[done : match.start()], replacement(match)]
            done = place
    return "".join([*pieces, text[done:]]) if pieces else text
