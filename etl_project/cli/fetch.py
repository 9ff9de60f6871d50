"""``papers fetch``: listings from the service into the lake."""

import os
import sys
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from etl_project.cli.common import (
    BUSY,
    FAILED,
    UNREADABLE,
    JsonOption,
    LakeOption,
    lake_of,
    print_json,
    stop,
)
from etl_project.cli.progress import show_progress
from etl_project.command import command_line
from etl_project.lake import LakeBusy

Day = datetime | None


_DAY = ["%Y-%m-%d"]


def _on(given: Day, otherwise: date) -> date:
    return given.date() if given else otherwise


def fetch(
    day: Annotated[Day, typer.Option("--date", formats=_DAY, help="Fetch the listing of this day.")] = None,
    first: Annotated[Day, typer.Option("--from", formats=_DAY, help="Fetch every day from this one...")] = None,
    last: Annotated[Day, typer.Option("--to", formats=_DAY, help="...to this one. Default: today (UTC).")] = None,
    query: Annotated[str | None, typer.Option("--search", help="Fetch what the service finds for these words.")] = None,
    trending: Annotated[bool, typer.Option("--trending", help="Fetch what is trending now.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Ask even for days that were over when fetched.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch listings from Hugging Face into the lake; the next `papers run` takes them in.

    $HF_ENDPOINT names another service, $HF_TOKEN is sent to it if set.
    Examples: `papers fetch --date 2026-06-29`, `papers fetch --from 2026-06-01 --to 2026-06-30`.
    """
    from etl_project.sources import fetched, huggingface

    where = lake_of(lake)
    service = huggingface.Service.of(os.environ)
    if problem := service.problem():
        raise stop(problem, 2)
    today = datetime.now(UTC).date()
    if (day is not None) + (first is not None) + (query is not None) + trending != 1 or (last and not first):
        raise stop("say what to fetch, one of: --date D, --from D [--to D], --search WORDS, --trending", 2)
    if query is not None:
        if not (0 < len(query.strip()) <= huggingface.LONGEST_QUERY and query.isprintable()):
            raise stop(f"a search is 1 to {huggingface.LONGEST_QUERY} characters of text", 2)
        listings = [huggingface.search(query.strip(), today)]
    elif trending:
        listings = [huggingface.trending(today)]
    else:
        start, end = _on(day or first, today), _on(day or last, today)
        if problem := fetched.problem_with(start, end, today):
            raise stop(problem, 2)
        listings = [huggingface.daily_papers(on) for on in fetched.days(start, end)]
    show_progress()
    results = []
    try:
        for result in fetched.fetch(where, service, listings, again=again):
            results.append(result)
            if result.outcome != "not tried":
                print(
                    f"{result.day}  {result.listing}  {result.outcome:<6} {result.items:>4} items "
                    f"{result.pages:>2} pages {result.requests:>2} requests",
                    file=sys.stderr if as_json else sys.stdout,
                    flush=True,
                )
    except LakeBusy as busy:
        raise stop(str(busy), BUSY) from None
    except OSError as error:
        raise stop(f"the lake {where.root} cannot be written: {error.strerror}", FAILED) from None
    failed = [result for result in results if not result.ok]
    code = UNREADABLE if failed else 0
    if as_json:
        print_json({"listings": [result._asdict() for result in results], "exit_code": code})
    else:
        if untried := [result for result in failed if result.outcome == "not tried"]:
            print(f"not tried: {untried[0].day} to {untried[-1].day} ({len(untried)})")
        waiting = len(fetched.untaken(where))
        print(f"next:     {command_line(where, 'run')}" if waiting else "nothing new for papers run to take in")
    if failed:
        names = ", ".join(str(result.day) for result in failed if result.outcome == "failed")
        raise stop(f"not fetched: {names}; the same command fetches only what is missing", code)
