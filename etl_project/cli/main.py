"""``papers``: the commands put together. Thin: each calls one function and shows what it gives.

Exit codes: 0 ok; 1 nothing was published, or something was refused; 2 wrong usage; 3 another run has
the lake; 4 an input could not be read or fetched; 70 a mistake of this program, or a damaged file.
"""

import os
import sys
import traceback
from typing import Annotated, Any

import typer

from etl_project import version as installed_version
from etl_project.cli.check import check
from etl_project.cli.common import stop
from etl_project.cli.decide import leave_out, merge, split
from etl_project.cli.doctor import doctor
from etl_project.cli.explain import explain
from etl_project.cli.explore import explore
from etl_project.cli.export import export
from etl_project.cli.fetch import fetch
from etl_project.cli.forms import forms
from etl_project.cli.rejects import rejects
from etl_project.cli.report import report
from etl_project.cli.runs import rebuild, reparse, run
from etl_project.cli.search import search
from etl_project.cli.sql import sql
from etl_project.cli.status import status
from etl_project.cli.ui import ui

app = typer.Typer(
    name="papers",
    help="Captures of the Hugging Face papers pages in, clean and deduplicated tables out.",
    no_args_is_help=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
)


#: As sysexits.h has it: an internal error.
MISTAKE = 70


@app.callback()
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.", is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from; stands anywhere.")] = False,
) -> None:
    if version:
        print(f"papers-etl {installed_version()}")
        raise typer.Exit


#: In the order of the help: what brings data in, what asks it, what decides, what looks after the lake.
for _command in (
    run,
    rebuild,
    reparse,
    fetch,
    status,
    report,
    search,
    explore,
    explain,
    export,
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
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        app()
    except SystemExit as ended:
        code = ended.code
    except BrokenPipeError:  # `papers sql ... | head`
        code = 0
    except Exception as error:
        code = MISTAKE
        if debug:
            traceback.print_exc()
        told = " ".join(str(error).split()) or "no more is known"
        stop(
            f"{type(error).__name__}: {told[:500]}\nlook for damage with: papers doctor; --debug shows where it comes from",
            MISTAKE,
        )
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    sys.stderr.flush()
    os.dup2(nowhere, 2)
    sys.exit(code)
