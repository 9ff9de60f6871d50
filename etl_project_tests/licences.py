"""Writes ``docs/licences.md`` from what the locked distributions say about themselves: ``make licences``."""

import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata

from etl_project.lake import PROJECT

PATH = PROJECT / "docs" / "licences.md"
_HEAD = """# Licences of what is installed

Every distribution of `requirements.lock`, with the licence that its own metadata name, made by `make licences`. What
`papers` needs to run is under licences that let anybody use, change and pass it on; a test refuses others there.
`html2text` (GPL) renders pages for tests, is imported by them only, and is not needed to run anything.

| distribution | licence | needed |
|---|---|---|
"""
_ROW = re.compile(r"^\| (\S+) \| (.+) \| (\S.*) \|$", re.MULTILINE)


def licence_of(name: str) -> str | None:
    """The licence that an installed distribution tells, in one line; None if it is not installed."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return None
    classes = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    named = (told.get("License") or "").strip().partition("\n")[0]
    if re.search(r"^Copyright|AGREEMENT", named):  # the whole text stands there
        named = ""
    return told.get("License-Expression") or " or ".join(c for c in classes if c != "OSI Approved") or named


def locked() -> dict[str, set[str]]:
    """The names in the lock, each with those that ask for it."""
    found: dict[str, set[str]] = {}
    for block in re.split(r"\n(?=[A-Za-z0-9])", (PROJECT / "requirements.lock").read_text("utf-8")):
        name = re.match(r"[A-Za-z0-9._-]+", block)[0].lower()
        found.setdefault(name, set()).update(
            asker.split("[")[0].lower()
            for asker in re.findall(r"^ +#(?: via)? +([A-Za-z0-9._-]+)", block, re.MULTILINE)
        )
    return found


def direct() -> dict[str, list[str]]:
    """The names that pyproject.toml asks for, to run (``run``) and to develop (``dev``)."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = {"run": project["dependencies"], "dev": project["optional-dependencies"]["dev"]}
    return {use: [re.match(r"[A-Za-z0-9._-]+", line)[0] for line in lines] for use, lines in asked.items()}


def extras() -> set[str]:
    """The names that pyproject.toml asks for by what only some use: the extras that people install, not `dev`, `fuzz`."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [
        line
        for name, lines in project["optional-dependencies"].items()
        if name not in {"dev", "fuzz"}
        for line in lines
    ]
    return {re.match(r"[A-Za-z0-9._-]+", line)[0] for line in asked}


def needed_to_run() -> set[str]:
    """The locked names without which ``papers`` does not run."""
    graph, needed = locked(), set(direct()["run"])
    while more := {name for name, askers in graph.items() if askers & needed} - needed:
        needed |= more
    return needed


def rows(text: str) -> dict[str, tuple[str, str]]:
    """The table of the page: licence and use of each name."""
    return {name: (licence, use) for name, licence, use in _ROW.findall(text) if name != "distribution"}


def render(before: str) -> str:
    """The page; what is not installed here (it is of another platform) keeps the line that it has in ``before``."""
    runs, known = needed_to_run(), rows(before)
    lines = []
    for name in sorted(locked()):
        licence = licence_of(name) or known.get(name, ("unknown: of another platform",))[0]
        lines.append(f"| {name} | {licence} | {'to run' if name in runs else 'to develop'} |\n")
    return _HEAD + "".join(lines)


if __name__ == "__main__":
    PATH.write_text(render(PATH.read_text("utf-8") if PATH.exists() else ""), "utf-8")
