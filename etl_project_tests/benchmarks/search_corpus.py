"""Invented papers for the search benchmark, any number of them: seeded, in batches, of about 1,300 characters an abstract.

What decides the size and speed of an index is how often words come, so that is what is made after real text:

- 45 of 100 words are one of 60 function words, with their shares in English prose;
- 52 are one of 60,000 word forms (invented stems, the first of them words of the field, each with English endings), with
  Zipf's law as Mandelbrot wrote it, 1 / (rank + 8)^1.05; in each paper a third of them are among its own twelve topic words,
  since words come in bursts; one in four words is followed by the same word as always, so that there are frequent phrases;
- 3 are of a million names and numbers that hardly come again, so that the vocabulary grows with the papers (Heaps' law).
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

_FUNCTION = {
    "the": 60, "of": 34, "and": 32, "to": 26, "a": 24, "in": 21, "we": 14, "for": 14, "that": 13, "with": 11, "on": 10, "is": 9,
    "this": 8, "by": 8, "as": 7, "our": 7, "from": 6, "are": 6, "an": 5, "can": 5, "which": 4, "while": 4, "it": 4, "these": 4,
    "be": 4, "show": 4, "have": 3, "or": 3, "propose": 3, "at": 3, "such": 3, "their": 3, "however": 3, "has": 3, "not": 3,
    "both": 2, "across": 2, "than": 2, "more": 2, "into": 2, "present": 2, "introduce": 2, "through": 2, "existing": 2, "also": 2,
    "between": 2, "using": 2, "its": 2, "results": 2, "novel": 2, "based": 2, "without": 2, "been": 1, "where": 1, "only": 1, "over": 1,
    "when": 1, "each": 1, "other": 1, "but": 1,
}  # fmt: skip
#: The words of the field, most frequent first.
_FIELD = [
    "model",
    "language",
    "large",
    "data",
    "training",
    "learn",
    "generation",
    "method",
    "task",
    "image",
    "video",
    "reason",
    "performance",
    "agent",
    "benchmark",
    "image",
    "visual",
    "text",
    "framework",
    "diffusion",
    "attention",
    "transformer",
    "evaluate",
    "policy",
    "reinforcement",
    "token",
    "context",
    "inference",
    "dataset",
    "quality",
    "scale",
    "code",
    "search",
    "retrieval",
    "graph",
    "embed",
    "alignment",
    "safety",
    "robot",
    "motion",
    "speech",
    "audio",
    "memory",
    "expert",
    "mixture",
    "quantize",
    "sparse",
    "kernel",
    "prompt",
    "human",
    "reward",
]
_ENDINGS = ("", "s", "ing", "ed", "er", "ation", "al", "ive", "ly", "ment", "able", "ness")
_FORMS = 60_000
_NAMES = 1_000_000
_TOPICS = 12


def _stems(random: np.random.Generator, count: int) -> list[str]:
    onsets, middles, codas = (list(part) for part in ("bcdfghklmnprstvw", "aeiou", "nrlstmpd"))
    made: dict[str, None] = dict.fromkeys(_FIELD)
    while len(made) < count:
        syllables = random.integers(1, 4)
        word = "".join(
            random.choice(onsets) + random.choice(middles) + (random.choice(codas) if random.random() < 0.5 else "")
            for _ in range(syllables)
        )
        if len(word) > 2:
            made[word] = None
    return list(made)


def batches(count: int, seed: int = 7, size: int = 20_000) -> Iterator[pl.DataFrame]:
    """Yield ``count`` papers as frames of ``paper_id``, ``title`` and ``abstract``."""
    random = np.random.default_rng(seed)
    stems = _stems(random, _FORMS // 6)
    forms = list(
        dict.fromkeys(
            stem + ending for stem in stems for ending in random.permutation(_ENDINGS)[: 7 if stem in _FIELD else 6]
        )
    )
    forms.sort(key=lambda form: stems.index(form) if form in _FIELD else len(_FIELD) + random.random() * _FORMS)
    n_forms, n_function = len(forms), len(_FUNCTION)
    names = [
        f"{stems[a]}{stems[b]}{'' if n % 3 else n % 97}"
        for n, (a, b) in enumerate(random.integers(0, len(stems), (_NAMES, 2)))
    ]
    words = np.array([*_FUNCTION, *forms, *names], dtype=object)
    share = np.cumsum(1 / (np.arange(n_forms) + 8.0) ** 1.05)
    function = np.cumsum(np.array(list(_FUNCTION.values()), dtype=float))
    follows = random.permutation(n_forms)
    for start in range(0, count, size):
        n = min(size, count - start)
        lengths = np.clip(random.normal(168, 42, n), 20, 400).astype(int)
        titles = random.integers(5, 14, n)
        paper = np.repeat(np.arange(n), lengths + titles)
        total = len(paper)

        def zipf(many: int) -> np.ndarray:
            return np.searchsorted(share, random.random(many) * share[-1])

        content = zipf(total)
        topics = zipf(n * _TOPICS).reshape(n, _TOPICS)
        own = random.random(total) < 0.33
        content[own] = topics[paper[own], random.integers(0, _TOPICS, int(own.sum()))]
        kind = random.random(total)
        drawn = np.where(
            kind < 0.45,
            np.searchsorted(function, random.random(total) * function[-1]),
            np.where(kind < 0.97, n_function + content, n_function + n_forms + random.integers(0, _NAMES, total)),
        )
        after = np.flatnonzero((kind[:-1] >= 0.45) & (kind[:-1] < 0.97) & (random.random(total - 1) < 0.25))
        drawn[after + 1] = n_function + follows[drawn[after] - n_function] if len(after) else drawn[after + 1]
        text = words[drawn]
        ends = np.cumsum(lengths + titles)
        rows = []
        for number, end in enumerate(ends):
            begin = end - lengths[number] - titles[number]
            middle = begin + titles[number]
            rows.append(
                (
                    " ".join(text[begin:middle]).title(),
                    ", ".join(" ".join(text[at : at + 15]) for at in range(middle, end, 15)) + ".",
                )
            )
        ids = random.integers(0, 2**63, n)
        yield pl.DataFrame(
            {
                "paper_id": [f"{one:016x}" for one in ids],
                "title": [row[0] for row in rows],
                "abstract": [row[1] for row in rows],
            }
        )
