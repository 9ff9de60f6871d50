"""Command lines of ours that a user can paste where he stands."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

from etl_project.lake import PROJECT, Lake


def command_line(lake: Lake, words: str) -> str:
    """Return ``papers WORDS`` on ``lake`` as this user can type it in the folder in which he is."""
    option = "" if lake.root == PROJECT / "data_lake" else f" --lake {shlex.quote(str(lake.root))}"
    return f"{_program()} {words}{option}"


def pasted(lake: Lake, text: str) -> str:
    """Return ``text`` with each `` `papers WORDS` `` in it as this user can type it."""
    return re.sub("`papers ([^`]+)`", lambda found: f"`{command_line(lake, found[1])}`", text)


def _program() -> str:
    if shutil.which("papers"):
        return "papers"
    script = Path(sys.executable).with_name("papers")
    if not script.exists():  # not installed: run from the project's own folder
        return f"{shlex.quote(sys.executable)} -m etl_project.cli"
    try:
        # kept as it is where the folder was deleted, and where it is shorter
        return shlex.quote(min(os.path.relpath(script), str(script), key=len))
    except OSError:
        return shlex.quote(str(script))
