"""``papers explain``: where a paper's values come from, and why two papers are two."""

from typing import Annotated, Any

import typer

from etl_project.cli.common import (
    JsonOption,
    LakeOption,
    lake_of,
    open_published,
    print_json,
    rows_of,
    same_schema,
)
from etl_project.cli.papers import DECIDED, find_paper, mentions_of
from etl_project.printable import printable


def explain(
    paper: Annotated[
        str,
        typer.Argument(
            help="A paper id (or its start), an arXiv id or the address of its page, or words of the title."
        ),
    ],
    other: Annotated[
        str | None, typer.Argument(help="A second paper: why the two are not one.", show_default=False)
    ] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where a paper's values come from: every mention, its file and lines, and the rule that joined it.

    With a second paper: which keys the two share, which scores they get, and which rule parts them.
    Examples: `papers explain "browser cartography"`, `papers explain 2606.01234 p36436a46b1d878b5`.
    """
    with open_published(lake_of(lake)) as connection:
        same_schema(connection, lake_of(lake))
        paper_id = find_paper(connection, lake_of(lake), paper)
        if other is None:
            explained = _explained(connection, paper_id)
        else:
            explained = _compared(connection, paper_id, find_paper(connection, lake_of(lake), other))
    if as_json:
        print_json(explained)
    elif other is None:
        _print_explained(explained)
    else:
        _print_compared(explained)


def _compared(connection: Any, a: str, b: str) -> dict[str, Any]:
    """Return what two papers share, and why they are two (or the mentions that make them one)."""
    from etl_project.dedupe.compare import compare

    def title(paper_id: str) -> Any:
        return rows_of(connection, "select title from papers where paper_id = ?", [paper_id])[0]["title"]

    shown = {"paper_a": a, "title_a": title(a), "paper_b": b, "title_b": title(b)}
    if a == b:
        return {**shown, "verdict": "one paper", "reason": "both names are of one paper"}
    found = rows_of(
        connection,
        "select kind from related_papers where paper_id = least($1, $2) and related_paper_id = greatest($1, $2)",
        [a, b],
    )
    compared = compare(*(mentions_of(connection, "paper_id = ?", paper_id) for paper_id in (a, b)))
    return {
        **shown,
        "verdict": "two papers",
        "related": found[0]["kind"] if found else None,
        **compared._asdict(),
        "reason": compared.reason + (_parted_by(connection, a, b) if compared.would_join else ""),
    }


def _parted_by(connection: Any, a: str, b: str) -> str:
    """Return what parts two papers that the rules, asked for them alone, would join."""
    decided = rows_of(
        connection,
        "select decision_number from decisions join paper_mentions on decisions.mention_id = paper_mentions.mention_id "
        "join paper_mentions other on decisions.other_mention_id = other.mention_id where verdict = 'different' "
        "and state = 'applied' and [paper_mentions.paper_id, other.paper_id] in ([$1, $2], [$2, $1])",
        [a, b],
    )
    if decided:
        return f"; people decided that they are two (decision {decided[0]['decision_number']})"
    return (
        "; alone they would be one: what stands under their titles beside them parts them, other arXiv ids or "
        "texts, or it is too much to be compared"
    )


def _print_compared(pair: dict[str, Any]) -> None:
    for name in ("a", "b"):
        print(f"{pair[f'paper_{name}']}  {printable(pair[f'title_{name}'])}")
    print(f"{pair['verdict']}: {printable(pair['reason'])}")
    if "related" not in pair:
        return
    ids = [paper_id or "none" for paper_id in pair["arxiv_ids"]]
    edits = pair["title_edits"]
    shared = "one of the two shows no abstract"
    if pair["containment"] is not None:
        shared = (
            f"{pair['containment']:.0%} of the shorter in the other, of {pair['mention_a']} and {pair['mention_b']}"
        )
    told = {
        "arXiv ids": " and ".join(ids),
        "title keys": "the same" if not edits else f"{edits} edit{'s' * (edits > 1)} apart",
        "text keys": "the same" if pair["same_text"] else "none in common",
        "passages": shared,
        "related_papers": pair["related"] or "not there",
    }
    for name, value in told.items():
        print(f"  {name:<16} {value}")


_NAMES_SHOWN = 5


def _explained(connection: Any, paper_id: str) -> dict[str, Any]:
    """Return the paper's values, and rows of what they are from."""

    def rows(query: str) -> list[dict[str, Any]]:
        return rows_of(connection, query, [paper_id])

    (values,) = rows("select * from papers where paper_id = ?")
    return {
        **values,
        "sources": rows("select field, mention_id, n_mentions, n_values from value_sources where paper_id = ? order by field"),
        "authors": rows("select position, name, mention_id from paper_authors where paper_id = ? order by position"),
        "repositories": rows(
            "select repo_key, url, source, n_mentions, stars, stars_step, stars_mention_id, stars_on from github_links "
            "where paper_id = ? order by repo_key"
        ),
        "links": rows("select url, kind, source, n_mentions from paper_links where paper_id = ? order by url"),
        "mentions": rows(
            "select mention_id, rule, file_name, line_start, line_end, p.form, mirror, title, abstract_kind, arxiv_id, n_authors, "
            "coalesce(organisation_handle, organisation_name) as organisation, published_raw, published_on, published_basis, "
            "arxiv_published_at, daily_submitted_at, upvotes, comments, github_stars, received_at "
            "from paper_mentions join parsed_rows p using (mention_id) join captures using (dump_id) "
            "join raw_dumps using (dump_id) where paper_id = ? order by rule <> 'new_paper', mention_id"
        ),
        "merged": rows("select merged_paper_id from merged_papers where paper_id = ? order by merged_paper_id"),
        "decisions": rows(
            "select distinct decision_number, verdict, mention_id, other_mention_id, why, decided_at, state from decisions "
            "where mention_id in (select mention_id from paper_mentions where paper_id = $1) "
            "or other_mention_id in (select mention_id from paper_mentions where paper_id = $1) order by all"
        ),
        "related": rows(
            "select p.paper_id, p.title, kind, containment from related_papers r "
            "join papers p on p.paper_id = if(r.paper_id = $1, r.related_paper_id, r.paper_id) "
            "where $1 in (r.paper_id, r.related_paper_id) order by containment desc, p.paper_id"
        ),
    }  # fmt: skip


def _print_explained(paper: dict[str, Any]) -> None:
    print(f"{paper['paper_id']}  {printable(paper['title'])}")
    names = [author["name"] for author in paper["authors"]]
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    organisation = [paper["organisation_handle"], paper["organisation_name"]]
    shown = {
        "title": "",
        "abstract": _IN_ABSTRACTS_PLACE[paper["abstract_kind"]],
        "ai_summary": paper["ai_summary"],
        "arxiv_id": paper["arxiv_id"],
        "published_on": paper["published_on"] and f"{paper['published_on']}{' (year inferred)' * paper['published_year_inferred']}",
        "arxiv_published_at": paper["arxiv_published_at"] and f"{paper['arxiv_published_at']} UTC",
        "daily_on": paper["daily_on"],
        "n_authors": None if paper["n_authors"] is None else f"{paper['n_authors']}{': ' * bool(names)}{', '.join(names[:_NAMES_SHOWN])}{more}",
        "organisation": " ".join(part for part in organisation if part) or None,
    }  # fmt: skip
    sources = {source["field"]: source for source in paper["sources"]}
    for field, value in shown.items():
        origin = f"from {sources[field]['mention_id']}" if field in sources else ""
        text = "-" if value is None else printable(str(value))
        print(f"  {field:<20} {'   '.join(part for part in (text, origin) if part)}")
    for repository in paper["repositories"]:
        stars = ""
        if repository["stars"] is not None:
            day = f" on {repository['stars_on']}" if repository["stars_on"] else ""
            stars = f"   {repository['stars']:,} stars{day}, from {repository['stars_mention_id']}"
        print(f"  {'repository':<20} {printable(repository['url'])} ({_WHERE[repository['source']]}){stars}")
    for source in paper["sources"]:
        if source["n_values"] > 1:
            print(
                f"  contradiction: {source['field']} has {source['n_values']} different values in {source['n_mentions']} mentions"
            )
    mentions = paper["mentions"]
    print(f"{len(mentions)} mention{'s' if len(mentions) > 1 else ''}:")
    for m in mentions:
        mirror = f"  served by {printable(m['mirror'])}" if m["mirror"] else ""
        print(
            f"  {m['mention_id']}  {printable(m['file_name'])} lines {m['line_start']}-{m['line_end']}  {m['form']}  joined by {m['rule']}{mirror}"
        )
        told = [f"{k} {m[k]}" for k in _TOLD_BY_MENTIONS if m[k] is not None]
        print(f"      {printable(', '.join(told))}")
    for link in paper["links"]:
        print(f"  link {printable(link['url'])}  ({link['kind']}, {_WHERE[link['source']]})")
    for row in paper["merged"]:
        print(f"  took over {row['merged_paper_id']}")
    for row in paper["decisions"]:
        print(
            f"  decided on {row['decided_at']:%Y-%m-%d} ({row['state']}): {row['mention_id']} and {row['other_mention_id']} "
            f"are of {DECIDED[row['verdict']]}: {printable(row['why'])}"
        )
    for row in paper["related"]:
        print(f"  looks like {row['paper_id']}  {printable(row['title'])}  ({row['kind']}, {row['containment']:.0%})")


_IN_ABSTRACTS_PLACE = {
    "abstract": "",
    "cut": "only its beginning",
    "summary": "- (a summary stands in its place)",
    None: "- (no page shows it)",
}


_WHERE = {"abstract": "in the abstract", "page": "on the page", "both": "in the abstract and on the page"}


_TOLD_BY_MENTIONS = (
    "abstract_kind",
    "arxiv_id",
    "published_raw",
    "published_basis",
    "arxiv_published_at",
    "daily_submitted_at",
    "n_authors",
    "organisation",
    "upvotes",
    "comments",
    "github_stars",
)
