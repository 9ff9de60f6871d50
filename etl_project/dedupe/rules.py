"""When two mentions are one paper: every threshold, and the cases that fixed it.

Measured on ``labelled_mentions`` (seeds 0 to 4) and on the captures' own papers; change one only with those numbers
beside it. Two different arXiv ids are two papers, whatever else is said here.
"""

import re

from rapidfuzz.distance import OSA

#: Under one title two texts are one paper's if this share of the smaller sketch is in the other. Between what must
#: join and what must not lies a wide gap: abstracts of different papers share nothing but phrases (0.00 to 0.05), a
#: revision that keeps a half of the sentences 0.5.
SAME_TEXT = 0.2
#: Under titles that nearly agree: here the text must carry the proof. Typing errors in both texts leave 0.7 of them.
NEAR_TEXT = 0.5
#: From here on two papers under other titles are told to be related. Two reports of one group that open alike share 0.3
#: to 0.5, an extended version 0.7 to 0.9, a retitled one as much: without an id text cannot part the last two.
RELATED_TEXT = 0.3
#: Fewer sampled shingles tell no share: then the texts' heads are compared.
LEAST_SKETCH = 4
#: Letters of a text's head.
HEAD = 40
#: Titles nearly agree if they are this many edits apart at most, and not more than this share of their letters.
NEAR_EDITS, NEAR_SHARE = 4, 0.1
#: A title joins by itself only if it has this many words and letters. Shorter ones are used again: "A Survey on
#: Agents" and "Technical Report" name several papers, and a wrong join gives one paper another's abstract.
LEAST_TITLE_WORDS, LEAST_TITLE_LETTERS = 4, 20

_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"\w+")
_ROMAN = frozenset(["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"])
#: Reports of one template have few numbers in common, copies of one report nearly all.
_LEAST_NUMBERS, _NUMBERS_SHARED = 2, 0.5


def edits_between(a: str, b: str) -> int:
    """Return the edits between two title keys: letters put in, left out, replaced or exchanged with the next."""
    return OSA.distance(a, b)


def titles_nearly_agree(a: str, b: str) -> bool:
    """Say whether two title keys (letters and digits) are one title with a few typing errors.

    Never where a number differs: "Part 2" and "Part 3", "7B" and "8B" are two papers.
    """
    most = min(NEAR_EDITS, int(NEAR_SHARE * min(len(a), len(b))))
    return OSA.distance(a, b, score_cutoff=most) <= most and _DIGITS.findall(a) == _DIGITS.findall(b)


def texts_of_one_template(title_a: str, text_a: str, title_b: str, text_b: str) -> bool:
    """Say whether two similar texts under nearly equal titles speak of two things: as reports of one template do.

    Their numbers differ; or the words by which the titles differ come again in the own text and not in the other; or
    those words are Roman numbers.
    """
    numbers_a, numbers_b = set(_NUMBER.findall(text_a)), set(_NUMBER.findall(text_b))
    fewer = min(len(numbers_a), len(numbers_b))
    if fewer >= _LEAST_NUMBERS and len(numbers_a & numbers_b) < _NUMBERS_SHARED * fewer:
        return True
    words_a, words_b = _words(title_a), _words(title_b)
    only_a, only_b = words_a - words_b, words_b - words_a
    if not only_a or not only_b:
        return False
    if only_a <= _ROMAN and only_b <= _ROMAN:
        return True
    return all(_has(text_a, word) and not _has(text_b, word) for word in only_a) and all(
        _has(text_b, word) and not _has(text_a, word) for word in only_b
    )


def _has(text: str, word: str) -> bool:
    folded = text.casefold()
    return word in folded and re.search(rf"\b{re.escape(word)}\b", folded) is not None


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))
