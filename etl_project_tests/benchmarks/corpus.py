"""Generated text captures of any number: invented papers in the three text forms, damaged as real ones are.

Seeded and streaming. Rates are those counted in three real captures (220 mentions): a quarter of the
abstracts hold a link, one in twelve a slash between words, one in seven LaTeX residue, two in five titles come again in another capture.
"""

import random
from collections.abc import Iterator

_ONSETS = [
    "b",
    "br",
    "c",
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
    "pr",
    "r",
    "s",
    "sl",
    "st",
    "t",
    "tr",
    "v",
    "w",
    "z",
]
_NUCLEI = ["a", "e", "i", "o", "u", "ai", "ea", "io", "ou"]
_CODAS = ["", "n", "r", "l", "s", "t", "m", "nd", "st", "ng", "rk"]
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
    "more",
    "than",
    "while",
    "into",
]
_RESIDUE = (
    "by sim{n}% over the baseline", "a {n}times smaller state", r"about {n}\% of the cost", "``{w} {w}'' tasks", "on~{w}",
    r"the \{w} variant", "in {w}. Notably~({w})",
)  # fmt: skip
_LINKS = (
    "https://github.com/{w}-{w}/{w}.", "https://huggingface.co/{w}/{w}-{n}B.", "(https://github.com/{w}/{w}).",
    r"\url{{https://github.com/{w}/{w}}}.", "hf.co/{w}/{w}.", "https://{w}.github.io.", "https://github.com/{w}/{w}/tree/main/{w}",
)  # fmt: skip
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


class Corpus:
    """A seeded source of captures. ``captures(n)`` yields n texts of about 150 kB, 100 mentions each."""

    def __init__(self, seed: int = 7, pool: int = 4000) -> None:
        self.random = random.Random(seed)
        self.words = sorted({self._word() for _ in range(3000)})
        self.sentences = [self._sentence() for _ in range(pool)]

    def _word(self) -> str:
        r = self.random
        return "".join(
            r.choice(_ONSETS) + r.choice(_NUCLEI) + (r.choice(_CODAS) if r.random() < 0.5 else "")
            for _ in range(r.randint(1, 3))
        )

    def _filled(self, pattern: str) -> str:
        while "{w}" in pattern:
            pattern = pattern.replace("{w}", self.random.choice(self.words), 1)
        return pattern.replace("{n}", str(self.random.randint(2, 99))).replace("{{", "{").replace("}}", "}")

    def _sentence(self) -> str:
        r = self.random
        words = [r.choice(_GLUE) if r.random() < 0.4 else r.choice(self.words) for _ in range(r.randint(18, 34))]
        if r.random() < 0.012:
            words[len(words) // 2] = f"{r.choice(words)}/{r.choice(words)}"
        return " ".join(words).capitalize() + "."

    def paper(self) -> tuple[str, str]:
        """Return (title, abstract)."""
        r = self.random
        title = " ".join(r.choice(self.words).capitalize() for _ in range(r.randint(4, 14)))
        parts = r.sample(self.sentences, r.randint(6, 10))
        if r.random() < 0.14:
            parts[2] = parts[2][:-1] + " " + self._filled(r.choice(_RESIDUE)) + "."
        if r.random() < 0.25:
            parts.append("Code is at " + self._filled(r.choice(_LINKS)))
        return title, " ".join(parts)

    def captures(self, number: int, mentions: int = 100) -> Iterator[str]:
        """Yield ``number`` captures, the three forms in turn."""
        r = self.random
        known = [self.paper() for _ in range(mentions)]
        for i in range(number):
            papers = [r.choice(known) if r.random() < 0.4 else self.paper() for _ in range(mentions)]
            known[r.randrange(mentions)] = papers[0]
            yield (self._with_metadata, self._titles_abstracts, self._compact)[i % 3](papers)

    def _with_metadata(self, papers: list[tuple[str, str]]) -> str:
        r = self.random
        blocks = [
            "new", "Get trending papers in your email inbox!", "Subscribe", "Daily Papers",
            "byAK and the research community", f"Apr {r.randint(1, 28)}",
        ]  # fmt: skip
        for title, abstract in papers:
            owner = (
                f"  • {r.randint(1, 40)} authors"
                if r.random() < 0.9
                else f"{r.choice(self.words)} {r.choice(self.words)} Lab"
            )
            comments = f" {r.randint(1, 30)}" if r.random() < 0.4 else ""
            date = f"{r.choice(_MONTHS)} {r.randint(1, 28)}, {r.randint(2020, 2025)}{comments}"
            blocks += [title, abstract, f"{owner}\n·\n{date}"]
        return "\n\n".join(blocks)

    def _titles_abstracts(self, papers: list[tuple[str, str]]) -> str:
        head = ["new", "Get trending papers in your email inbox!", "Subscribe", "byAK and the research community"]
        return "\n\n".join([*head, *(text for paper in papers for text in paper)])

    def _compact(self, papers: list[tuple[str, str]]) -> str:
        lines = "\n".join(text for paper in papers for text in paper)
        return f"Get trending papers in your email inbox!\nSubscribe{lines}\n"
