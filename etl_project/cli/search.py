"""``papers search``: the papers that fit some words, best first."""

import re
import shutil
import sys
import textwrap
from typing import Annotated, Any

import typer

from etl_project.cli.common import (
    UNREADABLE,
    JsonOption,
    LakeOption,
    lake_of,
    open_published,
    print_json,
    rows_of,
    stop,
)
from etl_project.command import command_line
from etl_project.lake import Lake
from etl_project.printable import printable
from etl_project.search import INDEX_VERSION

#: What is looked at first: papers, where filters leave some out, and texts in which a phrase is looked for. If these are
#: too few, all are: the answer is the same, most get it sooner.
_FIRST, _FIRST_TEXTS = 1000, 2000
_SNIPPET = 240


def search(
    query: Annotated[
        list[str], typer.Argument(help='Words; "a phrase" as it stands; -word or -"a phrase" leaves out.')
    ],
    year: Annotated[int | None, typer.Option(help="Only papers of this year.", show_default=False)] = None,
    has_code: Annotated[bool, typer.Option("--has-code", help="Only papers with a GitHub repository.")] = False,
    org: Annotated[
        str | None,
        typer.Option(help="Only papers of this organisation (its handle or name, or a part).", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(help="Papers to show.", min=1, max=10_000)] = 10,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find papers by words of titles and abstracts, in every form of theirs; those that fit best come first.

    Examples: `papers search mixture of experts --year 2026`; with what begins with a minus or is a phrase, as one argument:
    `papers search '"mixture of experts" routing -vision'`. Exit code 4 if nothing is found.
    """
    asked = " ".join(query)
    where = lake_of(lake)
    with open_published(where) as connection:
        known = rows_of(connection, "select 1 as there from duckdb_tables() where table_name = 'search_index'")
        if not known or rows_of(connection, "from search_index")[0]["index_version"] != INDEX_VERSION:
            anew = command_line(where, "run")
            raise stop(f"what is published has no search index of this version; publish anew with: {anew}", UNREADABLE)
        words = _words(connection, asked)
        if not words:
            raise stop(
                f"nothing to look for in {printable(asked)!r}: give a word of letters or digits that is not left out, as in: "
                + command_line(where, "search mixture of experts"),
                2,
            )
        found = _found(connection, asked, year, has_code, org, limit)
        hints = _hints(connection, words)
    if as_json:
        print_json({"query": asked, "papers": found, "did_you_mean": hints})
    else:
        _print(where, found, words, hints, asked, bool(year or has_code or org))
    if not found:
        raise typer.Exit(UNREADABLE)


def _found(
    connection: Any, asked: str, year: int | None, has_code: bool, org: str | None, limit: int
) -> list[dict[str, Any]]:
    filtered = year is not None or has_code or bool(org)
    for most, depth in ((max(_FIRST, limit) if filtered else limit, _FIRST_TEXTS), (None if filtered else limit, None)):
        rows = rows_of(
            connection,
            """
            select found.*
            from search_papers($1, most := $2, phrase_depth := $7) as found join papers using (paper_id)
            where ($3 is null or year(found.published_on) = $3)
                and (not $4 or paper_id in (select paper_id from github_links))
                and ($5 is null or contains(lower(strip_accents(coalesce(organisation_handle, '') || chr(10)
                    || coalesce(organisation_name, ''))), lower(strip_accents($5))))
            order by score desc, paper_id limit $6
            """,
            [asked, most, year, has_code, org or None, limit, depth],
        )
        if len(rows) == limit or (not filtered and '"' not in asked and "-" not in asked):
            break
    details = rows_of(
        connection,
        """
        select paper_id, arxiv_id, n_authors, organisation_name, organisation_handle,
            coalesce(abstract_clean, abstract, ai_summary) as text,
            (select list(name order by position) from paper_authors a where a.paper_id = p.paper_id and position <= 3) as authors,
            (select list(url order by repo_key) from github_links g where g.paper_id = p.paper_id) as repositories
        from papers p where paper_id in (select unnest($1::varchar[]))
        """,
        [[row["paper_id"] for row in rows]],
    )
    more = {row["paper_id"]: row for row in details}
    return [
        {
            "rank": rank,
            "paper_id": row["paper_id"],
            "score": round(row["score"], 4),
            "title": row["title"],
            "published_on": row["published_on"],
            "n_authors": more[row["paper_id"]]["n_authors"],
            "authors": more[row["paper_id"]]["authors"] or [],
            "organisation": more[row["paper_id"]]["organisation_name"] or more[row["paper_id"]]["organisation_handle"],
            "repositories": more[row["paper_id"]]["repositories"] or [],
            "url": _url(more[row["paper_id"]]["arxiv_id"]),
            "text": more[row["paper_id"]]["text"],
        }
        for rank, row in enumerate(rows, 1)
    ]


def _url(arxiv_id: str | None) -> str | None:
    return f"https://huggingface.co/papers/{arxiv_id}" if arxiv_id else None


def _words(connection: Any, asked: str) -> dict[str, str]:
    """Return the words that are looked for, with their stems."""
    # what is left out is no word to mark; the query itself is read in SQL
    wanted = re.sub(r'(^|\s)-+("[^"]*"|[^\s-]\S*)', " ", re.sub("[“”„]", '"', asked))
    rows = rows_of(
        connection,
        "select distinct left(word, 64) as word, search_stem(left(word, 64)) as stem "
        "from (select unnest(search_words($1)) as word) order by 1",
        [wanted],
    )
    return {row["word"]: row["stem"] for row in rows}


def _hints(connection: Any, words: dict[str, str]) -> dict[str, str]:
    """Return, for words that no paper has, the most usual term of the index that is spelt alike."""
    rows = rows_of(
        connection,
        """
        with unknown as (
            select unnest($1::varchar[]) as word, unnest($2::varchar[]) as stem
        ),
        near as (
            select word, term, n_papers, damerau_levenshtein(stem, term) as edits
            from (from unknown anti join search_terms on term = stem) u
            join search_terms on abs(length(term) - length(stem)) <= 2 and length(term) > 2
            where length(stem) between 4 and 30 and damerau_levenshtein(stem, term) <= case when length(stem) < 8 then 1 else 2 end
        )
        select word, arg_min(term, (edits, -n_papers, term)) as term from near group by word order by word
        """,
        [list(words), list(words.values())],
    )
    return {row["word"]: row["term"] for row in rows}


def _print(
    where: Lake, found: list[dict[str, Any]], words: dict[str, str], hints: dict[str, str], asked: str, filtered: bool
) -> None:
    terminal = sys.stdout.isatty()
    width = min(shutil.get_terminal_size((100, 40)).columns, 110)
    mark = _marker(words, terminal)
    for paper in found:
        print(f"{paper['rank']:>3}. {mark(printable(paper['title']))}")
        names = ", ".join(paper["authors"])
        if paper["n_authors"] and (rest := paper["n_authors"] - len(paper["authors"])) > 0:
            names += f" and {rest} more" if names else f"{rest} author{'s' * (rest > 1)}"
        told = [paper["published_on"] and str(paper["published_on"]), names, paper["organisation"]]
        line = " · ".join(printable(one) for one in told if one)
        for part in (
            line,
            *map(printable, paper["repositories"][:2]),
            paper["url"] or command_line(where, f"explain {paper['paper_id']}"),
        ):
            if part:
                print(f"     {part}")
        for part in textwrap.wrap(_snippet(printable(paper["text"] or ""), words), width - 5):
            print(f"     {mark(part)}")
        print()
    if not found:
        print(f"no paper{' with these filters' * filtered} fits: {printable(asked)}", file=sys.stderr)
    for word, term in hints.items():
        print(f"no paper has the word {printable(word)}; did you mean {printable(term)}...?", file=sys.stderr)


def _pattern(words: dict[str, str]) -> re.Pattern[str]:
    """Return what finds the words in a text, in forms that begin as their stems do."""
    begins = sorted(
        {
            re.escape(stem if len(stem) > 2 else word) + (r"\w*" if len(stem) > 2 else "")
            for word, stem in words.items()
        },
        key=len,
        reverse=True,
    )
    return re.compile(rf"\b(?:{'|'.join(begins)})\b", re.IGNORECASE)


def _marker(words: dict[str, str], terminal: bool) -> Any:
    found = _pattern(words)
    return (lambda text: found.sub(lambda m: f"\x1b[1m{m[0]}\x1b[0m", text)) if terminal else str


def _snippet(text: str, words: dict[str, str]) -> str:
    """Return the part of ``text`` in which most of the words stand, cut at words."""
    places = [match.start() for match in _pattern(words).finditer(text)]
    start = max(
        places,
        key=lambda p: (len({text[q : q + 5].lower() for q in places if p <= q < p + _SNIPPET - 40}), -p),
        default=0,
    )
    start = 0 if start < 60 else text.rfind(" ", 0, start - 20) + 1
    part = text[start : start + _SNIPPET]
    if start + _SNIPPET < len(text):
        part = part[: part.rfind(" ")] + " …"
    return "… " * (start > 0) + part
