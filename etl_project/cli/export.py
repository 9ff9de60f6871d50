"""``papers export``: the published tables in the form that another program, or person, takes."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from etl_project.cli.common import (
    FAILED,
    UNREADABLE,
    JsonOption,
    LakeOption,
    lake_of,
    meant,
    open_published,
    print_json,
    same_schema,
    stop,
)
from etl_project.cli.progress import show_progress
from etl_project.lake import Lake
from etl_project.printable import printable


class Partition(str, Enum):
    """What the Parquet files of papers are parted by."""

    MONTH = "month"


def export(
    to: Annotated[str, typer.Option("--to", help="Folder, or address as s3://bucket/folder. An earlier export there is replaced.", show_default="papers-export")] = "",
    form: Annotated[str, typer.Option("--format", "-f", help="Any of parquet, csv, jsonl, xlsx, bibtex, with commas between.")] = "parquet",
    tables: Annotated[str | None, typer.Option("--tables", help="Names of tables, with commas between. Default: all.", show_default=False)] = None,
    where: Annotated[str, typer.Option("--where", help="Only papers for which this SQL condition on `papers` is true, and what belongs to them.", show_default=False)] = "",
    partition: Annotated[Partition | None, typer.Option("--partition", help="Part the Parquet files of papers by the month of `published_on`.", show_default=False)] = None,
    push: Annotated[str, typer.Option("--push", help="Send it to a data set of Hugging Face: hf://org/name, as $HF_TOKEN.", show_default=False)] = "",
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Write the published tables into a folder, with what describes them to people and programs.

    All tables are of one publication. Examples: `papers export --to mine`, `papers export --format csv,xlsx --tables papers,github_links`,
    `papers export --where "published_on >= '2026-06-01'"`. What each format looks like: docs/exports.md.
    """
    import duckdb

    from etl_project.export import folder, hub, job, remote
    from etl_project.export.model import FORMATS, ExportError
    from etl_project.export.selection import Selection, chosen_tables
    from etl_project.tables import BY_NAME

    source = lake_of(lake)
    asked = _listed(form)
    if wrong := [name for name in asked if name not in FORMATS]:
        raise stop(f"there is no format {wrong[0]!r}; there are: {', '.join(FORMATS)}.{meant(wrong[0], FORMATS)}", 2)
    formats = [name for name in FORMATS if name in asked]
    show_progress()
    sending = False
    try:
        data_set = hub.repository(push) if push else ""
        token, endpoint = _account() if push else ("", "")
        if to.startswith("file://"):
            to = _path_of(to)
        place = remote.Place(to) if remote.is_address(to) else None
        if place:
            place.check_free()
        with open_published(source) as connection:
            same_schema(connection, source)
            selection = Selection(connection, where)
            wanted = None if tables is None else _listed(tables)
            if unknown := [name for name in wanted or () if name not in BY_NAME]:
                raise stop(
                    f"there is no table {unknown[0]!r}; there are: {', '.join(BY_NAME)}.{meant(unknown[0], BY_NAME)}", 2
                )
            chosen = chosen_tables(wanted, selection)
            job.check(selection, chosen, formats, partition is not None)
            with _target(source, to, elsewhere=bool(place or (push and not to))) as target:
                with folder.replaced(target) as building:
                    bundle = job.make(selection, chosen, formats, building, partition is not None)
                sending = True
                if place:
                    place.send(target)
                commit = hub.push(target, data_set, endpoint, token) if push else ""
    except duckdb.Error as error:
        said = f"--where: {_first(error)}" if where else f"the published database cannot be read: {_first(error)}"
        raise stop(said, 2 if where else UNREADABLE) from None
    except ExportError as error:
        raise stop(str(error), FAILED if sending else 2) from None
    except OSError as error:
        raise stop(
            f"the export cannot be written: {error.strerror or error} ({error.filename or to})", FAILED
        ) from None
    shown = [place.address] if place else [] if push and not to else [str(target)]
    shown += [commit] if commit else []
    files = [
        {
            "file": f.name,
            "table": f.table.name if f.table else None,
            "format": f.format,
            "rows": f.rows,
            "bytes": f.bytes,
        }
        for f in bundle.files
    ]
    if as_json:
        made: dict[str, Any] = {
            "run_id": bundle.publication.run_id,
            "places": shown,
            "files": files,
            "notes": bundle.notes,
        }
        print_json(made)
        return
    width = max((len(f.name) for f in bundle.files), default=0)
    for f in bundle.files:
        print(f"{f.name:<{width}}  {f.rows:>11,} rows  {f.bytes:>15,} bytes")
    for note in bundle.notes:
        print(f"note:   {note}", file=sys.stderr)
    for where_it_is in shown:
        print(f"export: {printable(where_it_is)}")


def _listed(names: str) -> list[str]:
    listed = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    if not listed:
        raise stop("an empty list of names; leave the option out, or name some with commas between", 2)
    return listed


def _account() -> tuple[str, str]:
    """Return the token and the service that the environment names, or stop."""
    from etl_project.sources.huggingface import Service

    service = Service.of(os.environ)
    if problem := service.problem():
        raise stop(problem, 2)
    if not service.token:
        raise stop("--push needs a token that may write; set HF_TOKEN to it", 2)
    return service.token, service.endpoint


def _path_of(address: str) -> str:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(address)
    if parts.netloc not in ("", "localhost") or not parts.path.strip("/"):
        raise stop(f"{address} names no folder of this machine; one is like file:///srv/papers", 2)
    return unquote(parts.path)


@contextlib.contextmanager
def _target(lake: Lake, to: str, elsewhere: bool) -> Iterator[Path]:
    """Give the folder to write: that which is named, or one for a while where the files only pass through."""
    if elsewhere:
        with tempfile.TemporaryDirectory(prefix="papers-export-") as scratch:
            yield Path(scratch) / "export"
        return
    target = Path(to or "papers-export").absolute()
    for made in lake.made:
        if target.resolve().is_relative_to(made.resolve()):
            raise stop(f"{target} lies in {made}, which belongs to the runs; name another folder with --to", 2)
    yield target


def _first(error: Exception) -> str:
    """Return what an error of DuckDB says, without the picture of the query below it."""
    return " ".join(str(error).partition("\n\nLINE ")[0].partition("\nLINE ")[0].split())
