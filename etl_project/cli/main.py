"""``papers``: the commands put together. Thin: each calls one function and shows what it gives.

Exit codes: 0 ok; 1 nothing was published, or something was refused; 2 wrong usage; 3 another run has
the lake; 4 an input could not be read or fetched.
"""

import os
import sys
from typing import Annotated, Any

import typer

from etl_project.cli.check import check
from etl_project.cli.decide import leave_out, merge, split
from etl_project.cli.doctor import doctor
from etl_project.cli.explain import explain
from etl_project.cli.fetch import fetch
from etl_project.cli.forms import forms
from etl_project.cli.rejects import rejects
from etl_project.cli.report import report
from etl_project.cli.runs import rebuild, reparse, run
from etl_project.cli.sql import sql
from etl_project.cli.status import status
from etl_project.cli.ui import ui

app = typer.Typer(
    name="papers",
    help="Captures of the Hugging Face papers pages in, clean and deduplicated tables out.",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        print(f"papers-etl {installed('papers-etl')}")
        raise typer.Exit


#: In the order of the help: what brings data in, what asks it, what decides, what looks after the lake.
for _command in (
    run,
    rebuild,
    reparse,
    fetch,
    status,
    report,
    explain,
    merge,
    split,
    forms,
    rejects,
    check,
    doctor,
    ui,
):
    app.command()(_command)
app.command("leave-out")(leave_out)
app.command(context_settings={"ignore_unknown_options": True})(sql)  # a query may start with a comment: "-- ..."


def main() -> None:
    """Entry point. What DuckDB's binding says about itself at exit is not for the user, so the channel closes before."""
    code: Any = 0
    try:
        app()
    except SystemExit as stop:
        code = stop.code
    except BrokenPipeError:  # `papers sql ... | head`
        code = 0
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    sys.stderr.flush()
    os.dup2(nowhere, 2)
    sys.exit(code)
