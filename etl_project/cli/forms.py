"""``papers forms``: the forms that are read, and how one file is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from etl_project.cli.common import UNREADABLE, JsonOption, print_json, stop
from etl_project.printable import printable

if TYPE_CHECKING:
    from etl_project.recognise import Recognised


def forms(
    file: Annotated[
        Path | None, typer.Argument(help="A file: how it is recognised, and where its lines go.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the forms of captures that are read, or how one file is read. Needs no lake and changes nothing.

    Example: `papers forms page.md`.
    """
    if file is None:
        _show_forms(as_json)
        return
    from etl_project.recognise import recognise_file

    if file.is_dir():
        raise stop(f"{printable(str(file))}: a folder; give one capture file, or all of it to: papers run", UNREADABLE)
    if not file.is_file():
        raise stop(f"{printable(str(file))}: no such file; give one capture file", UNREADABLE)
    try:
        found = recognise_file(file)
    except OSError as error:
        raise stop(
            f"{printable(str(file))}: cannot be read ({error.strerror}); check its permissions", UNREADABLE
        ) from None
    if as_json:
        where = [stretch._asdict() for stretch in found.stretches]
        print_json({**found.facts, "carried": found.carried, "where": where})
    else:
        _show(found)
    if "unread" in found.facts:
        raise typer.Exit(UNREADABLE)


def _show(found: "Recognised") -> None:
    for name, value in found.facts.items():
        if value is not None:
            print(f"{name:<13}{printable(str(value))}")
    if found.carried:
        print(f"{'carries':<13}{', '.join(f'{word} {count}' for word, count in found.carried.items())}")
    for stretch in found.stretches:
        lines = str(stretch.first) if stretch.first == stretch.last else f"{stretch.first}-{stretch.last}"
        print(f"  {lines:>13}  {stretch.went:<8} {printable(stretch.what)[:120]}".rstrip())


def _show_forms(as_json: bool) -> None:
    from etl_project.captures.catalogue import READ

    if as_json:
        print_json([{**form._asdict(), "lacks": form.lacks} for form in READ])
        return
    for form in READ:
        print(f"{form.name}\n  {form.looks}\n  known by     {form.known_by}\n  carries      {', '.join(form.carries)}")
        print(
            f"  cannot tell  {', '.join(form.lacks) or '-'}" + (f"\n  note         {form.notes}" if form.notes else "")
        )
