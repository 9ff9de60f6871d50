"""Papers in, BibTeX out: one entry a paper, in UTF-8, with nothing that the tables do not tell."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

NAME = "papers.bib"
#: Of `papers`, what an entry is made of.
COLUMNS = (
    "paper_id", "title", "organisation_name", "arxiv_published_at", "published_on", "published_year_inferred", "arxiv_id",
)  # fmt: skip

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: Braces are written by name: BibTeX counts them even after a backslash.
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "#$%&_"},
}
#: What BibTeX would take for parts of a name, or for the end of one.
_STRUCTURE = re.compile(r",|\b(?:and|others)\b", re.IGNORECASE)


def escaped(text: str) -> str:
    """Return ``text`` so that LaTeX prints it letter by letter, on one line."""
    clean = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Cn", "Zl", "Zp"} else c for c in text)
    return "".join(_ESCAPED.get(c, c) for c in " ".join(clean.split()))


def write(batches: Iterable[pa.RecordBatch], authors: Callable[[str, str], dict[str, list[str]]], path: Path) -> int:
    """Write the papers in ``batches`` and return their number; ``authors`` gives their names between two ids.

    The key of an entry is the paper's id, which stays on every run; one made of name and year would change when a
    capture tells more. The year is that of the time on arXiv, else of ``published_on``; one that was inferred says so.
    """
    rows = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for batch in batches:
            papers = batch.to_pylist()
            names = authors(papers[0]["paper_id"], papers[-1]["paper_id"])
            file.writelines(_entry(paper, names.get(paper["paper_id"], [])) for paper in papers)
            rows += len(papers)
    return rows


def _entry(paper: dict[str, Any], authors: list[str]) -> str:
    # braces around the whole: styles would write it in small letters
    fields = {"title": f"{{{{{escaped(paper['title'])}}}}}"}
    if authors:
        fields["author"] = f"{{{' and '.join(map(_name, authors))}}}"
    if paper["organisation_name"]:
        fields["organization"] = f"{{{escaped(paper['organisation_name'])}}}"
    day: date | None = paper["arxiv_published_at"] or paper["published_on"]
    if day:
        fields |= {"year": f"{{{day.year:04}}}", "month": _MONTHS[day.month - 1]}
        if not paper["arxiv_published_at"] and paper["published_year_inferred"]:
            fields["note"] = "{Year inferred}"
    if arxiv_id := paper["arxiv_id"]:
        fields |= {
            "eprint": f"{{{arxiv_id}}}",
            "archiveprefix": "{arXiv}",
            "url": f"{{https://arxiv.org/abs/{arxiv_id}}}",
        }
    lines = ",\n".join(f"  {name} = {value}" for name, value in fields.items())
    return f"@misc{{{paper['paper_id']},\n{lines}\n}}\n\n"


def _name(name: str) -> str:
    return f"{{{escaped(name)}}}" if _STRUCTURE.search(name) else escaped(name)
