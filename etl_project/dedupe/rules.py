"""When two mentions are one paper: every threshold, and the cases that fixed it.

Measured on ``labelled_mentions`` (seeds 0 to 4) and on the captures' own papers; change one only with those numbers
beside it. Two different arXiv ids are two papers, whatever else is said here.
"""

import re
import unicodedata
from collections import Counter
from itertools import groupby
from typing import Literal

from rapidfuzz.distance import OSA, Levenshtein

from etl_project.cleaning import clean_text
from etl_project.fields import abstract_letters, title_key

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
#: A title joins by itself only if it has this many words and letters. Shorter ones are used again, and a wrong join gives
#: one paper another's abstract. Of 74,516 papers of arXiv two share a title six times, and all of these titles are longer:
#: what a title tells does not depend on its length from here on.
LEAST_TITLE_WORDS, LEAST_TITLE_LETTERS = 3, 16

#: Texts under titles that nearly agree differ by typing errors only if no more letters of the shorter than ``LONGEST_GAP``
#: stand together without a run of ``COMMON_RUN`` letters that is in the other. A sentence that was put in its place is longer.
COMMON_RUN, LONGEST_GAP = 12, 40
_LONG_RUN = 8 * COMMON_RUN

_DIGITS = re.compile(r"\d+|[+#]+")
_NUMBER = re.compile(r"[0-9][0-9.]*")
_BRACES = re.compile(r"[{}]")
_MARKED = re.compile(r"[\\${}&<]")  # LaTeX, or what the page makes of characters
_WORD = re.compile(r"\w+")
_NUMBER_WORDS = frozenset(
    re.findall(
        r"\w+",
        "i ii iii iv v vi vii viii ix x one two three four five six seven eight nine ten "
        "first second third fourth fifth sixth seventh eighth ninth tenth",
    )
)
#: Typing errors in one word.
_EDITS_OF_A_WORD = 2
#: Reports of one template have few numbers in common, copies of one report nearly all.
_LEAST_NUMBERS, _NUMBERS_SHARED = 2, 0.5


def edits_between(a: str, b: str) -> int:
    """Return the edits between two title keys: letters put in, left out, replaced or exchanged with the next."""
    return OSA.distance(a, b)


def titles_nearly_agree(a: str, b: str) -> bool:
    """Say whether two title keys (letters and digits) are one title with a few typing errors.

    Never where a number or a plus differs: "Part 2" and "Part 3", "7B" and "8B", "DINO" and "DINO++" are two papers.
    """
    most = min(NEAR_EDITS, int(NEAR_SHARE * min(len(a), len(b))))
    return OSA.distance(a, b, score_cutoff=most) <= most and _DIGITS.findall(a) == _DIGITS.findall(b)


#: What similar texts under titles that nearly agree are: one paper's, two papers', or nothing proves either.
Verdict = Literal["one", "two", "unproven"]


def judge(title_a: str, text_a: str, title_b: str, text_b: str) -> Verdict:
    """Say what two similar texts are whose titles nearly agree.

    Two papers', as reports of one template are: their numbers differ; or one title has a word more; or the words by which
    the titles differ are numbers, or come again each in its own text and not in the other. One paper's, if the titles
    differ by typing errors as far as the texts prove it: of each two words by which they differ one stands in both texts
    and the other in neither; or no two edits of the titles stand side by side, and the texts differ by typing errors alone.
    """
    numbers_a, numbers_b = ({number.rstrip(".") for number in _NUMBER.findall(text)} for text in (text_a, text_b))
    fewer = min(len(numbers_a), len(numbers_b))
    if fewer >= _LEAST_NUMBERS and len(numbers_a & numbers_b) < _NUMBERS_SHARED * fewer:
        return "two"
    only_a, only_b = _different_words(title_a, title_b)
    if not only_a or not only_b:
        more = any(len(word) > 1 for word in only_a | only_b)
        return "two" if more else _by_edits(title_a, text_a, title_b, text_b)
    if only_a & _NUMBER_WORDS and only_b & _NUMBER_WORDS:
        return "two"
    if all(len(word) == 1 or word in _NUMBER_WORDS for word in only_a | only_b):
        return "two"  # "Part A" and "Part II", "Model S" and "Model M"
    folded = text_a.casefold(), text_b.casefold()
    stands = {word: (_has(folded[0], word), _has(folded[1], word)) for word in only_a | only_b}
    if all(stands[word] == (True, False) for word in only_a) and all(stands[word] == (False, True) for word in only_b):
        return "two"
    pairs = [
        (word, min(others, key=lambda other: (OSA.distance(word, other), other)))
        for words, others in ((only_a, only_b), (only_b, only_a))
        for word in words
    ]
    if all(
        OSA.distance(*pair) <= _EDITS_OF_A_WORD < min(map(len, pair))
        and any(
            stands[right] == (True, True) and wrong not in folded[0] and wrong not in folded[1]
            for right, wrong in (pair, pair[::-1])
        )
        for pair in pairs
    ):
        return "one"
    return _by_edits(title_a, text_a, title_b, text_b)


def _by_edits(title_a: str, text_a: str, title_b: str, text_b: str) -> Verdict:
    keys = title_key(_plain(title_a)), title_key(_plain(title_b))
    return "one" if _edits_stand_apart(*keys) and texts_agree(text_a, text_b) else "unproven"


def _edits_stand_apart(a: str, b: str) -> bool:
    """Say whether no two edits stand side by side: "un" before "supervised" is another word and no typing error."""
    for equal, group in groupby(Levenshtein.opcodes(a, b), lambda code: code.tag == "equal"):
        run = list(group)
        edited = a[run[0].src_start : run[-1].src_end], b[run[0].dest_start : run[-1].dest_end]
        if not equal and OSA.distance(*edited) > 1:
            return False
    return True


def texts_agree(text_a: str, text_b: str) -> bool:
    """Say whether the shorter of two texts is in the other but for typing errors."""
    shorter, longer = sorted((abstract_letters(text_a), abstract_letters(text_b)), key=len)
    end = at = 0
    while at <= len(shorter) - COMMON_RUN and at - end <= LONGEST_GAP:
        if shorter[at : at + COMMON_RUN] not in longer:
            at += 1
            continue
        differed = at > end or not end
        at = end = at + COMMON_RUN
        while differed and shorter[at : at + _LONG_RUN] in longer and at < len(shorter):  # many runs at once: quicker
            at = end = min(at + _LONG_RUN, len(shorter))
    return len(shorter) - end <= LONGEST_GAP


def _has(folded: str, word: str) -> bool:
    """Say whether a text has a word; its letters within another word are not it."""
    at = folded.find(word)
    while at >= 0:
        after = at + len(word)
        if not (at and folded[at - 1].isalnum()) and not folded[after : after + 1].isalnum():
            return True
        at = folded.find(word, at + 1)
    return False


def _plain(title: str) -> str:
    if title.isascii() and not _MARKED.search(title):
        return title.casefold()
    return _BRACES.sub("", unicodedata.normalize("NFKC", clean_text(title)).casefold())


def _different_words(a: str, b: str) -> tuple[set[str], set[str]]:
    """Return the words that a title has more often than the other."""
    words_a, words_b = (Counter(_WORD.findall(_plain(title))) for title in (a, b))
    return set(words_a - words_b), set(words_b - words_a)
