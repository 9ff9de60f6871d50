"""Writes ``docs/cli.md`` from the commands themselves, with ``make dictionary``."""

import html
import re

import typer.cli
from typer.core import TyperGroup
from typer.main import get_command

from etl_project.cli.main import app
from etl_project.lake import PROJECT

PATH = PROJECT / "docs" / "cli.md"
_HEAD = """This page is made from the commands' own help (`make dictionary`). Exit codes: 0 fine; 1 nothing was published, or something
was refused, or `papers doctor` found a problem; 2 wrong usage; 3 another run has the lake; 4 an input could not be read or
fetched, or what was asked for is not there; 70 a mistake of this program, or a damaged file. `NO_COLOR` is kept;
`papers --install-completion` completes names in your shell.
"""


def document() -> str:
    """Return the page as Markdown: every command with its arguments, options and examples."""
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    context = typer.Context(command, info_name="papers")
    text = html.unescape(typer.cli.get_docs_for_click(obj=command, ctx=context, name="papers"))
    for name, one in command.commands.items():  # their first sentences, which the library cuts
        sentence = re.split(r"(?<=\.)\s", (one.help or "").strip().replace("\n", " "))[0]
        line = f"* [`{name}`](#papers-{name}): {sentence}"
        text = re.sub(rf"^\* `{name}`: .*$", line, text, flags=re.MULTILINE)
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    head, _, rest = text.partition("\n\n")
    return f"{head}\n\n{_HEAD}\n{rest.strip()}\n"


if __name__ == "__main__":
    PATH.write_text(document(), "utf-8")
