"""Mentions of invented papers with their truth: which are the same paper, and what was done to each. Seeded and streaming.

A *family* is a paper with its mentions, or a group of papers that look alike and are not the same (a trap). Families
are drawn one after another from a seed, so that any number of mentions can be streamed without holding them.

The words are invented, with frequencies as in English (a few hundred words make half of a text) and the phrases that
every abstract has ("we propose", "experiments on ... show that"), so that papers without relation share runs of words.
"""

import itertools
import random
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import polars as pl

_ONSETS = [
    "b",
    "br",
    "ch",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "k",
    "l",
    "m",
    "n",
    "p",
    "ph",
    "pl",
    "qu",
    "r",
    "s",
    "sc",
    "sh",
    "sl",
    "st",
    "str",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "z",
]
_NUCLEI = ["a", "e", "i", "o", "u", "ai", "ea", "io", "ou", "ee"]
_CODAS = ["", "", "", "n", "r", "l", "s", "t", "m", "nd", "st", "ng", "x", "ck"]
_ENDS = ["", "", "", "ing", "ed", "al", "ity", "tion", "er", "ive", "s", "ly"]
_GLUE = [
    "the",
    "of",
    "and",
    "to",
    "a",
    "in",
    "for",
    "with",
    "that",
    "on",
    "by",
    "from",
    "as",
    "is",
    "are",
    "we",
    "our",
    "this",
    "which",
    "can",
    "be",
    "over",
    "under",
    "between",
    "while",
    "when",
    "using",
    "into",
    "more",
    "than",
    "across",
    "both",
    "its",
    "their",
    "without",
    "only",
    "these",
    "such",
    "not",
    "each",
    "also",
]
_OPENINGS = (
    "In this paper, we study", "Recent advances in", "We present", "We propose", "Despite recent progress in",
    "Large models have shown", "A central question in", "Existing methods for", "This work introduces", "Understanding",
)  # fmt: skip
_PHRASES = (
    "Extensive experiments on several benchmarks show that", "Our code and data are publicly available at",
    "To address this challenge, we propose", "achieves state-of-the-art results on", "outperforms strong baselines by",
    "In contrast to prior work,", "Our results suggest that", "We further show that", "without any additional training,",
)  # fmt: skip
_GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "lambda": "λ", "sigma": "σ"}


class Mention(NamedTuple):
    """One mention: what a reader gets of it, and its truth. ``family`` joins papers that look alike."""

    mention_id: str
    arxiv_id: str | None
    title: str
    abstract: str
    abstract_kind: str
    paper: int
    family: int
    kind: str


class _Paper(NamedTuple):
    title: str
    sentences: tuple[str, ...]
    arxiv_id: str

    @property
    def abstract(self) -> str:
        return " ".join(self.sentences)


class Words:
    """A vocabulary that is drawn once for a seed: content words by Zipf's law, names, and glue."""

    def __init__(self, seed: int = 0, size: int = 20_000) -> None:
        draw = random.Random(f"words {seed}")
        words: dict[str, None] = {}
        while len(words) < size:
            parts = "".join(
                draw.choice(_ONSETS) + draw.choice(_NUCLEI) + draw.choice(_CODAS)
                for _ in range(draw.choice((1, 1, 2, 2, 3)))
            )
            words[parts + draw.choice(_ENDS)] = None
        self.content = list(words)
        self.weights = list(itertools.accumulate(1 / (rank + 20) for rank in range(size)))

    def draw(self, random_: random.Random, count: int) -> list[str]:
        """Return ``count`` content words."""
        return random_.choices(self.content, cum_weights=self.weights, k=count)


def _sentence(words: Words, draw: random.Random, topic: list[str], opening: str = "") -> str:
    count = draw.randint(7, 17)
    content = words.draw(draw, count)
    text = [opening] if opening else []
    for word in content:
        chance = draw.random()
        if chance < 0.35:
            text.append(draw.choice(_GLUE))
        elif chance < 0.47:
            text.append(draw.choice(topic))
        elif chance < 0.5:
            text.append(draw.choice(_PHRASES))
        elif chance < 0.52:
            text.append(f"{draw.randint(1, 99)}.{draw.randint(0, 9)}%")
        text.append(word)
    shown = " ".join(text)
    if draw.random() < 0.3:
        place = shown.find(" ", len(shown) // 2)
        shown = shown[:place] + "," + shown[place:] if place > 0 else shown
    return shown[0].upper() + shown[1:] + "."


def _title(words: Words, draw: random.Random, topic: list[str]) -> str:
    parts = [*draw.sample(topic, min(len(topic), draw.randint(2, 4))), *words.draw(draw, draw.randint(1, 4))]
    draw.shuffle(parts)
    place = draw.randint(1, len(parts) - 1)
    parts.insert(place, draw.choice(["for", "with", "in", "of", "via", "and", "through"]))
    body = " ".join(part if part in _GLUE or part in ("for", "via", "through") else part.capitalize() for part in parts)
    chance = draw.random()
    if chance < 0.35:
        name = "".join(part.capitalize() for part in words.draw(draw, 2))[: draw.randint(5, 12)]
        if draw.random() < 0.15:
            name = f"{draw.choice(list(_GREEK.values()))}-{name}"
        return f"{name}: {body}"
    if chance < 0.45:
        return f"A Survey of {body}"
    if chance < 0.5:
        return f"Towards {body}?"
    return body


def _paper(words: Words, draw: random.Random, number: int) -> _Paper:
    topic = words.draw(draw, draw.randint(4, 7))
    sentences = [_sentence(words, draw, topic, draw.choice(_OPENINGS))]
    sentences += [_sentence(words, draw, topic) for _ in range(draw.randint(4, 9))]
    if draw.random() < 0.25:
        sentences.append(f"Code is at https://github.com/{topic[0]}-lab/{topic[1]}.")
    return _Paper(_title(words, draw, topic), tuple(sentences), _arxiv_id(number))


def _arxiv_id(number: int) -> str:
    month, place = divmod(number, 99_999)
    year, month = divmod(month, 12)
    return f"{(15 + year) % 100:02}{month + 1:02}.{place + 1:05}"


# ---------------------------------------------------------------------------------------------
# the same paper, shown in another way: a function of title, abstract and sentences


_Shown = tuple[str, str, str]  # title, abstract, kind


def _exact(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    return paper.title, paper.abstract, "abstract"


def _mirror(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    return paper.title, paper.abstract.replace("https://github.com/", "https://huggingface.co/"), "abstract"


def _case(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    change = draw.choice((str.upper, str.lower, str.title))
    return change(paper.title), paper.abstract, "abstract"


def _punctuation(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    def other(text: str) -> str:
        text = text.replace("-", draw.choice("‐‑–—")).replace("'", "’").replace(": ", draw.choice([" - ", " — ", ":"]))
        return text.replace(",", draw.choice(["", " ,", ","]))

    return other(paper.title).rstrip("?"), other(paper.abstract), "abstract"


def _latex(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    title, abstract = paper.title, paper.abstract
    for name, letter in _GREEK.items():
        title = title.replace(letter, f"$\\{name}$")
    first = title.split()[0]
    if draw.random() < 0.5:
        title = title.replace(first, f"\\textbf{{{first}}}", 1)
    abstract = abstract.replace("%", "\\%")
    some = draw.choice(paper.sentences).split()[0]
    return title, abstract.replace(some, f"\\emph{{{some}}}", 1), "abstract"


def _glued(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    def glue(text: str, most: int) -> str:
        for _ in range(draw.randint(1, most)):
            places = [match.start() for match in re.finditer(" ", text)]
            if places:
                place = draw.choice(places)
                text = text[:place] + text[place + 1 :]
        return text

    return glue(paper.title, 3), glue(paper.abstract, 8), "abstract"


def _split(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    def part(text: str, most: int) -> str:
        for _ in range(draw.randint(1, most)):
            place = draw.randint(1, len(text) - 1)
            text = text[:place] + " " + text[place:]
        return text

    return part(paper.title, 2), part(paper.abstract, 8), "abstract"


def _truncated(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    length = len(paper.abstract)
    end = paper.abstract.find(" ", int(length * draw.uniform(0.2, 0.9)))
    marked = draw.random() < 0.6
    return paper.title, paper.abstract[:end] + ("..." if marked else ""), "cut" if marked else "abstract"


def _typos(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    def typo(text: str, count: int) -> str:
        for _ in range(count):
            places = [match.start() for match in re.finditer(r"[a-z]{2}", text)]
            if not places:
                return text
            place = draw.choice(places)
            letter = draw.choice("etaoinshrdlu")
            text = draw.choice((
                text[:place] + text[place + 1] + text[place] + text[place + 2 :],
                text[:place] + text[place + 1 :],
                text[:place] + letter + text[place:],
                text[:place] + letter + text[place + 1 :],
            ))  # fmt: skip
        return text

    return typo(paper.title, draw.choice((0, 1, 1, 2))), typo(paper.abstract, draw.randint(1, 6)), "abstract"


def _summary(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    topic = re.findall(r"\w+", paper.title)
    return paper.title, _sentence(words, draw, topic, draw.choice(_OPENINGS)), "summary"


def _revised(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    sentences = list(paper.sentences)
    topic = re.findall(r"\w{4,}", paper.title) or ["paper"]
    for _ in range(max(1, int(len(sentences) * draw.uniform(0.1, 0.4)))):
        place = draw.randrange(len(sentences))
        change = draw.random()
        if change < 0.6:
            sentences[place] = _sentence(words, draw, topic)
        elif change < 0.8:
            sentences.insert(place, _sentence(words, draw, topic))
        elif len(sentences) > 3:
            del sentences[place]
    return paper.title, " ".join(sentences), "abstract"


def _retitled(paper: _Paper, draw: random.Random, words: Words) -> _Shown:
    topic = re.findall(r"[A-Za-z]{4,}", paper.title.lower()) or words.draw(draw, 3)
    _, abstract, kind = _revised(paper, draw, words) if draw.random() < 0.5 else _exact(paper, draw, words)
    title = _title(words, draw, [*topic, *words.draw(draw, 2)])
    return title, abstract, kind


#: What may be done to a mention, with its share.
VARIATIONS: dict[str, tuple[Callable[[_Paper, random.Random, Words], _Shown], float]] = {
    "exact": (_exact, 0.30),
    "mirror": (_mirror, 0.05),
    "case": (_case, 0.06),
    "punctuation": (_punctuation, 0.08),
    "latex": (_latex, 0.06),
    "glued": (_glued, 0.07),
    "split": (_split, 0.07),
    "truncated": (_truncated, 0.10),
    "typos": (_typos, 0.07),
    "summary": (_summary, 0.06),
    "revised": (_revised, 0.05),
    "retitled": (_retitled, 0.03),
}

# ---------------------------------------------------------------------------------------------
# papers that look alike


def _same_title(paper: _Paper, draw: random.Random, words: Words, number: int) -> _Paper:
    other = _paper(words, draw, number)
    return other._replace(title=paper.title)


def _extended(paper: _Paper, draw: random.Random, words: Words, number: int) -> _Paper:
    topic = re.findall(r"\w{4,}", paper.title) or ["paper"]
    kept = [one for one in paper.sentences if draw.random() < 0.9]
    for _ in range(draw.randint(1, 3)):
        kept.insert(draw.randint(0, len(kept)), _sentence(words, draw, topic))
    title = _title(words, draw, [*(word.lower() for word in topic), *words.draw(draw, 2)])
    return _Paper(title, tuple(kept), _arxiv_id(number))


def _template(paper: _Paper, draw: random.Random, words: Words, number: int) -> _Paper:
    """The same report of another model: its name and the numbers differ, and a sentence or two."""
    name, other = words.draw(draw, 2)
    old = re.findall(r"[A-Za-z]{4,}", paper.title)
    replaced = draw.choice(old) if old else "paper"

    def change(text: str) -> str:
        text = re.sub(rf"\b{replaced}\b", name.capitalize(), text, flags=re.IGNORECASE)
        return re.sub(r"\d+(?:\.\d+)?", lambda _: f"{draw.randint(1, 99)}.{draw.randint(0, 9)}", text)

    sentences = [change(one) for one in paper.sentences]
    sentences[-1] = f"{name.capitalize()} and {other} reach {draw.randint(1, 99)}.{draw.randint(0, 9)}%."
    return _Paper(change(paper.title), tuple(sentences), _arxiv_id(number))


def _near_title(paper: _Paper, draw: random.Random, words: Words, number: int) -> _Paper:
    """One word of the title differs ("Large", "Small"), and the abstract is another."""
    parts = paper.title.split()
    place = draw.randrange(len(parts))
    other = _paper(words, draw, number)
    parts[place] = words.draw(draw, 1)[0].capitalize()
    return other._replace(title=" ".join(parts))


#: What papers of one family may be to its first, with their share of all families.
TRAPS: dict[str, tuple[Callable[[_Paper, random.Random, Words, int], _Paper], float]] = {
    "same title": (_same_title, 0.02),
    "extended": (_extended, 0.02),
    "template": (_template, 0.02),
    "near title": (_near_title, 0.02),
}


def mentions(count: int, seed: int = 0, with_ids: float = 0.3) -> Iterator[Mention]:
    """Yield ``count`` mentions, a family after another; ``with_ids`` is the share of mentions that show their arXiv id."""
    words = Words(seed)
    draw = random.Random(f"mentions {seed}")
    variations = list(VARIATIONS)
    shares = list(itertools.accumulate(share for _, share in VARIATIONS.values()))
    traps, trap_shares = list(TRAPS), [share for _, share in TRAPS.values()]
    yielded = number = family = 0
    while yielded < count:
        papers = [(_paper(words, draw, number), "")]
        number += 1
        if draw.random() < sum(trap_shares):
            trap = draw.choices(traps, trap_shares)[0]
            for _ in range(draw.choice((1, 1, 1, 2, 4) if trap == "template" else (1,))):
                papers.append((TRAPS[trap][0](papers[0][0], draw, words, number), trap))
                number += 1
        for place, (paper, trap) in enumerate(papers):
            repeated = min(200, int(draw.paretovariate(1.6)))  # most papers once or twice, some often
            for repetition in range(repeated):
                kind = "exact" if repetition == 0 else draw.choices(variations, cum_weights=shares)[0]
                title, abstract, abstract_kind = VARIATIONS[kind][0](paper, draw, words)
                shown_id = paper.arxiv_id if draw.random() < with_ids else None
                yield Mention(
                    f"m{yielded:015x}", shown_id, title, abstract, abstract_kind, number - len(papers) + place, family,
                    kind if repetition else trap or "exact",
                )  # fmt: skip
                yielded += 1
                if yielded == count:
                    return
        family += 1


def frames(count: int, seed: int = 0, with_ids: float = 0.3, batch: int = 100_000) -> Iterator[pl.DataFrame]:
    """Yield the mentions as frames of at most ``batch`` rows, with the columns of ``Mention``."""
    stream = mentions(count, seed, with_ids)
    while rows := list(itertools.islice(stream, batch)):
        yield pl.DataFrame(rows, schema=_SCHEMA, orient="row")


_SCHEMA = {
    "mention_id": pl.String, "arxiv_id": pl.String, "title": pl.String, "abstract": pl.String,
    "abstract_kind": pl.String, "paper": pl.Int64, "family": pl.Int64, "kind": pl.String,
}  # fmt: skip
