"""What the commands share: options, errors in one line with an exit code, printing that no terminal is steered by."""

import json
import math
import os
import sys
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from etl_project.command import command_line
from etl_project.lake import PROJECT, Lake
from etl_project.printable import printable

FAILED, BUSY, UNREADABLE = 1, 3, 4


LakeOption = Annotated[
    Path | None,
    typer.Option("--lake", help="Folder of the data lake. Default: $PAPERS_LAKE, else data_lake/ of the project.", show_default=False),
]  # fmt: skip


JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def lake_of(given: Path | None) -> Lake:
    """Return the lake that ``--lake`` or ``$PAPERS_LAKE`` names, else the project's; stop if it is no folder."""
    try:
        root = (given or Path(os.environ.get("PAPERS_LAKE") or PROJECT / "data_lake")).absolute()
    except FileNotFoundError:
        raise stop("the folder in which you are was deleted; go to another, or name the lake from / on", 2) from None
    if root.exists() and not root.is_dir():
        raise stop(f"{root} is a file; a lake is a folder", 2)
    return Lake(root)


def stop(message: str, code: int) -> typer.Exit:
    """Print why the command cannot go on, and return what to raise to end it with exit code ``code``."""
    print("\n".join(printable(line) for line in f"papers: {message}".splitlines()), file=sys.stderr)
    return typer.Exit(code)


def print_json(value: Any) -> None:
    """Print ``value`` as JSON; what could steer a terminal stands as an escape, and reads back as it was.

    Times are ISO 8601; numbers that JSON has not (NaN, infinity) are null.
    """
    text = json.dumps(_as_json(value), indent=2, ensure_ascii=False)
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text) if _steers(text) else text)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(one) for one in value]
    if isinstance(value, Decimal):
        nearest = float(value)
        return nearest if Decimal(str(nearest)) == value else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def _steers(text: str) -> bool:
    return not text.replace("\n", "").isprintable()


def _why_not(lake: Lake) -> str:
    if not lake.root.exists():
        return (
            f"there is no such folder; name another with --lake, or make it with: {command_line(lake, 'run PATH...')}"
        )
    if lake.warehouse.exists():
        return (
            f"a run took captures in and did not publish; {command_line(lake, 'rejects')} tells what was refused, "
            f"{command_line(lake, 'check --failed')} what stopped it"
        )
    return f"run: {command_line(lake, 'run PATH...')}"


def open_published(lake: Lake) -> Any:
    """Open the published database, closed to all other files, or stop with what to do."""
    if not lake.database.exists():
        raise stop(f"nothing is published in {lake.root} yet; {_why_not(lake)}", UNREADABLE)
    from etl_project.reading import open_read_only

    # the file itself, not the link that the next publication moves
    return open_read_only(lake.database.resolve(), alone=True)


def open_warehouse(lake: Lake) -> Any:
    """Open the warehouse for reading, for what is not published; a run needs it alone, so not for long."""
    from etl_project.reading import open_read_only

    return open_read_only(lake.warehouse, alone=True)


def meant(name: str, names: Iterable[str]) -> str:
    """Return " Did you mean ...?" with those of ``names`` that are like a mistyped one, or nothing."""
    from rapidfuzz import fuzz, process

    found = process.extract(
        name.lower(), {one: one.lower() for one in names}, scorer=fuzz.ratio, limit=3, score_cutoff=70
    )
    return f" Did you mean {' or '.join(printable(one) for *_, one in found)}?" if found else ""


def rows_of(connection: Any, query: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
    """Return the rows of ``query`` by column; stop where two columns have one name."""
    cursor = connection.execute(query, parameters or [])
    names = [column[0] for column in cursor.description]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        # one of them would silently win
        raise stop(f"several columns are called {', '.join(repeated)}; name them with: select a.x as ax, b.x as bx", 2)
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def same_schema(connection: Any, lake: Lake) -> None:
    """Stop with what to do if the publication was made by a program of another version, and lacks what this one reads."""
    from etl_project.reading import lacks

    if missing := lacks(connection):
        raise stop(
            f"what is published lacks {missing}; publish anew with: {command_line(lake, 'run')}",
            UNREADABLE,
        )
