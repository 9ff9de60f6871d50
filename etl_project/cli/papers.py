"""How people name papers, and the mentions of a paper as the matching takes them."""

import sys
from typing import TYPE_CHECKING, Any

from etl_project.cli.common import UNREADABLE, rows_of, stop
from etl_project.command import command_line
from etl_project.lake import Lake
from etl_project.printable import printable

if TYPE_CHECKING:  # what a command needs is imported when it runs
    from etl_project.decisions import Side

DECIDED = {"same": "one paper", "different": "different papers"}


def find_paper(connection: Any, lake: Lake, name: str) -> str:
    """Return the id of the paper that the user names; stop with what fits if none or several do."""
    from etl_project.captures.pieces import read_target
    from etl_project.fields import find_arxiv_id, title_key

    paper = name.strip()
    paper = read_target(paper).arxiv_id or find_arxiv_id(paper) or paper.lower()
    if not paper:
        raise stop("an empty name; give a paper id or words of a title", 2)
    found = rows_of(
        connection,
        "select paper_id, arxiv_id, title from papers where starts_with(paper_id, $1) or arxiv_id = $1 "
        "or paper_id in (select paper_id from merged_papers where merged_paper_id = $1) "
        "or paper_id in (select paper_id from paper_mentions where contains(title_key, $2)) "
        "order by case when paper_id = $1 or arxiv_id = $1 then 0 else 1 end, title limit 20",
        [paper, title_key(paper)],
    )
    if found and paper in (found[0]["paper_id"], found[0]["arxiv_id"]):
        found = found[:1]
    if not found:
        alike = _alike(connection, title_key(paper))
        for row in alike:
            print(f"{row['paper_id']}  {printable(row['title'])}", file=sys.stderr)
        hint = (
            "did you mean one of these?"
            if alike
            else f"this finds papers by words: {command_line(lake, 'search WORDS')}"
        )
        raise stop(f"no paper has the id or title {name!r}; {hint}", UNREADABLE)
    if len(found) > 1:
        for row in found:
            print(f"{row['paper_id']}  {printable(row['title'])}", file=sys.stderr)
        raise stop(f"{len(found)} papers fit {paper!r}; give one of these ids", 2)
    return str(found[0]["paper_id"])


def _alike(connection: Any, key: str) -> list[dict[str, Any]]:
    """Return up to three papers of which a part of the title is like what the user typed, the likest first."""
    from rapidfuzz import fuzz, process

    keys = rows_of(
        connection,
        "select distinct on (paper_id) paper_id, title_key, title from paper_mentions join papers using (paper_id) order by paper_id, rule",
    )
    found = process.extract(
        key, [row["title_key"] for row in keys], scorer=fuzz.partial_ratio, limit=3, score_cutoff=70
    )
    return [keys[place] for *_, place in found]


def sides_of(connection: Any, which: str, paper_id: str) -> "list[Side]":
    """Return the mentions of a paper that fit the condition ``which``, the one that made it first, as decisions name them."""
    from etl_project.decisions import Side
    from etl_project.dedupe.keys import keys

    mentions = mentions_of(connection, which, paper_id)
    return [
        Side(row["mention_id"], title, row["title_key"], row["text_key"], row["abstract_kind"], row["arxiv_id"])
        for row, title in zip(keys(mentions).iter_rows(named=True), mentions["title"], strict=True)
    ]


def mentions_of(connection: Any, which: str, paper_id: str) -> Any:
    """Return the mentions of a paper as the matching takes them, the one that made it first."""
    import polars as pl

    rows = rows_of(
        connection,
        "select mention_id, 1 as load_number, arxiv_id, title, abstract_clean, abstract_kind "
        f"from paper_mentions join parsed_rows using (mention_id) where {which} order by rule <> 'new_paper', mention_id",
        [paper_id],
    )
    return pl.DataFrame(
        rows, schema_overrides=dict.fromkeys(("arxiv_id", "abstract_clean", "abstract_kind"), pl.String)
    )
