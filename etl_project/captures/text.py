"""What a text is by its length and its ends: a title, an abstract, its beginning, a sentence. No form and no lines."""

import re

#: A longer text is no abstract (the longest on the site are a twentieth of it): most often a whole
#: file without line ends.
LONGEST_ABSTRACT = 100_000
#: Shorter texts may be titles; longer ones never are. Seen: titles to 169, abstracts from 472.
LONGEST_TITLE = 300
#: The same where a field tells that it is a title: longer ones are none of a paper.
LONGEST_TITLE_TOLD = 2_000
#: A summary is one sentence; the longest seen has 440 characters.
_LONGEST_SUMMARY = 500

_SENTENCE_ENDS = frozenset(".!?…。！？")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NEXT_SENTENCE = re.compile(r"[.]['\"”’)]* +[A-Z]|[。！？].")
_ELLIPSIS = re.compile(r"(?:\.\.\.|…)\s*(?:\(?(?:read |show )?more\)?|expand)?\Z", re.IGNORECASE)


def too_long(title: str, abstract: str | None) -> str | None:
    """Return what to say of a title or an abstract that is longer than any, or None."""
    if len(title) > LONGEST_TITLE_TOLD:
        return f"a title of {len(title):,} characters; one has at most {LONGEST_TITLE_TOLD:,}"
    if abstract is not None and len(abstract) > LONGEST_ABSTRACT:
        return f"{len(abstract):,} characters; an abstract has at most {LONGEST_ABSTRACT:,}"
    return None


def reads_as_sentences(text: str, several: bool = False) -> bool:
    """Say whether a text of at most ``LONGEST_TITLE`` characters ends as a sentence does and has eight words.

    ``several`` asks for more than one sentence, or one that ends with a full stop: titles hardly do.
    """
    end = text.rstrip("\"'”’)）")[-1:]
    if end not in _SENTENCE_ENDS:
        return False
    if several and end not in ".。…" and not re.search(r"[.!?] [^a-z]|[。！？]", text[:-1]):
        return False
    return text.count(" ") >= 7 or len(_IDEOGRAPH.findall(text)) >= 30


def is_one_sentence(text: str) -> bool:
    """Say whether a text in the abstract's place is one sentence, as the summaries of trending pages are.

    Of 5,712 summaries that the API gave all but 9 are, and of 9,577 abstracts 2.
    """
    return len(text) <= _LONGEST_SUMMARY and _NEXT_SENTENCE.search(text, 0, max(0, len(text) - 1)) is None


def abstract_kind(text: str, may_be_summary: bool = False) -> str:
    """Return what a text in the abstract's place is: ``summary`` where it may be one and is one sentence, ``cut``, ``abstract``."""
    if text.endswith(("…", "...", "more", "More", "expand")) and _ELLIPSIS.search(text):
        return "cut"
    return "summary" if may_be_summary and is_one_sentence(text) else "abstract"
