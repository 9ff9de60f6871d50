"""``papers merge``, ``split`` and ``leave-out``: what people decide, kept in the lake."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl_project.cli.common import (
    BUSY,
    FAILED,
    UNREADABLE,
    JsonOption,
    LakeOption,
    lake_of,
    meant,
    open_published,
    print_json,
    rows_of,
    same_schema,
    stop,
)
from etl_project.cli.papers import DECIDED, find_paper, sides_of
from etl_project.command import command_line
from etl_project.lake import Lake, LakeBusy
from etl_project.printable import printable

if TYPE_CHECKING:  # what a command needs is imported when it runs
    from collections.abc import Callable

    from etl_project.decisions import Side

WhyOption = Annotated[str, typer.Option("--why", help="The reason, kept with the decision.")]


def merge(
    paper: Annotated[str, typer.Argument(help="A paper, as for explain.")],
    other: Annotated[str, typer.Argument(help="The paper that is the same.")],
    why: WhyOption,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide that two papers are one. It is kept in the lake and applied on every run; `papers split` takes it back.

    Example: `papers merge p36436a46b1d878b5 p0f3a --why "the same paper, retitled"`.
    """
    with open_published(lake_of(lake)) as connection:
        same_schema(connection, lake_of(lake))
        ids = [find_paper(connection, lake_of(lake), name) for name in (paper, other)]
        if ids[0] == ids[1]:
            raise stop(f"{ids[0]} is one paper already", 2)
        a, b = (sides_of(connection, "paper_id = ? and rule = 'new_paper'", paper_id)[0] for paper_id in ids)
        arxiv_ids = rows_of(
            connection, "select arxiv_id from papers where paper_id in (?, ?) and arxiv_id is not null", ids
        )
    if len(arxiv_ids) == 2:
        raise stop("the two have different arXiv ids, which are two papers whatever is decided", 2)
    _decide(lake_of(lake), "same", a, (b,), why, as_json)


def split(
    paper: Annotated[str, typer.Argument(help="A paper, as for explain.")],
    mentions: Annotated[
        list[str], typer.Argument(help="Its mentions that are of another paper, as explain shows them.")
    ],
    why: WhyOption,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide that some mentions of a paper are of another one. It is kept in the lake and applied on every run.

    Example: `papers split p36436a46b1d878b5 84362dc72672baa3-29 --why "another paper of that title"`.
    """
    with open_published(lake_of(lake)) as connection:
        same_schema(connection, lake_of(lake))
        sides = sides_of(connection, "paper_id = ?", find_paper(connection, lake_of(lake), paper))
    by_id = {side.mention_id: side for side in sides}
    for mention in mentions:
        if mention not in by_id:
            raise stop(f"{mention} is no mention of this paper; it has {', '.join(by_id)}", 2)
    leaving = tuple(by_id[mention] for mention in dict.fromkeys(mentions))
    copies = {side[2:] for side in leaving}
    staying = [side for side in sides if side[2:] not in copies]
    if not staying:
        raise stop("no mention would stay: all others are copies of these", 2)
    if any(side.arxiv_id for side in leaving):
        raise stop("a mention with the paper's arXiv id is of that paper; name mentions without it", 2)
    _decide(lake_of(lake), "different", staying[0], leaving, why, as_json)


def leave_out(
    captures: Annotated[
        list[str],
        typer.Argument(help="Captures, by file name or dump_id, as `papers check` and `papers status` tell them."),
    ],
    why: Annotated[
        str | None, typer.Option("--why", help="The reason, kept with the decision.", show_default=False)
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take them back into the tables.")] = False,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide that captures are left out of the tables, as if they had not come. It is kept in the lake and applied on every run.

    Their bytes stay in the lake's raw/, and `papers rejects` shows them. Example: `papers leave-out page.html --why "a login page"`.
    """  # fmt: skip
    from etl_project import left_out
    from etl_project.raw import DamagedReceipt

    where = lake_of(lake)
    if undo == bool(why and why.strip()):
        raise stop("a decision needs a reason, --why; taking it back, --undo, needs none", 2)
    chosen = []
    for name in captures:
        try:
            found = left_out.find(where, name) or left_out.find(where, Path(name).name)
        except DamagedReceipt as error:
            raise stop(str(error), FAILED) from None
        if not found:
            raise stop(
                f"no capture in {where.raw} has the file name or id {name!r}.{meant(name, _names(where))}", UNREADABLE
            )
        if len({one.dump_id for one in found}) > 1:
            for one in found:
                print(
                    printable(f"{one.dump_id}  {one.file_name}  received {one.received_at} from {one.source}"),
                    file=sys.stderr,
                )
            raise stop(f"{len(found)} captures are called {name!r}; give one of these ids", 2)
        chosen += found
    _written(where.left_out, lambda: left_out.write(where, chosen, None if undo else (why or "").strip()))
    if as_json:
        print_json([{"dump_id": one.dump_id, "file_name": one.file_name, "left_out": not undo} for one in chosen])
        return
    names = ", ".join(printable(f"{one.file_name} ({one.dump_id})") for one in chosen)
    becomes = "is in the tables again" if undo else "is left out"
    print(f"decided: {names} {becomes} from the next run on: {command_line(where, 'run')}")


def _names(lake: Lake) -> set[str]:
    from etl_project.raw import receipts

    return {one.file_name for one in receipts(lake.raw)}


def _written(path: Path, write: "Callable[[], None]") -> None:
    """Write a decision, or stop with what stands in the way."""
    try:
        write()
    except LakeBusy as busy:
        raise stop(str(busy), BUSY) from None
    except OSError as error:
        raise stop(f"{path}: cannot be written ({error.strerror})", UNREADABLE) from None


def _decide(lake: Lake, verdict: str, a: "Side", b: "tuple[Side, ...]", why: str, as_json: bool) -> None:
    from etl_project import decisions

    if not why.strip():
        raise stop("a decision needs a reason: --why", 2)
    made = decisions.Decision(verdict, a, b, why.strip(), datetime.now(UTC).replace(tzinfo=None))
    _written(lake.decisions, lambda: decisions.append(lake, made))
    others = [side.mention_id for side in b]
    if as_json:
        told = {"verdict": verdict, "mention_id": a.mention_id, "other_mention_ids": others, "why": made.why}
        print_json({**told, "decided_at": made.decided_at})
        return
    print(
        f"decided: {a.mention_id} and {', '.join(others)} are of {DECIDED[verdict]}; "
        f"it holds from the next run on: {command_line(lake, 'run')}"
    )
