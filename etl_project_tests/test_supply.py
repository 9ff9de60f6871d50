"""What is installed: hashes, licences, and that each dependency is used by what names it."""

import ast
import re
import sys
from importlib.metadata import packages_distributions

from etl_project.lake import PROJECT
from etl_project_tests import licences

#: Needed without an import of ours: by whom.
_BY_OTHERS = {
    "duckdb-engine": "SQLAlchemy finds it by the address duckdb://, for Great Expectations",
    "lxml": "Beautiful Soup finds it by its name",
    "dagster-postgres": "Dagster finds it by the name in dagster.yaml",
    "s3fs": "fsspec finds it by the address s3://",
}
#: What of the extras the quick tests need, too.
_DEV_OF_EXTRAS = {"xlsxwriter"}
_DEV_BY_COMMAND = {"import-linter", "mypy", "pytest-xdist", "ruff", "setuptools", "wheel"}


def _imported(folder: str) -> dict[str, set[str]]:
    """The distributions that are imported below ``folder``, each with the files."""
    ours = packages_distributions()
    found: dict[str, set[str]] = {}
    for path in sorted((PROJECT / folder).rglob("*.py")):
        if path.name in {"peer_cells.py", "search_peers.py"} or path.parent.name == "readers":
            continue  # run in venvs of their own
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [str(node.module)]
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.importorskip":
                modules = [str(ast.literal_eval(node.args[0]))]
            for module in {module.partition(".")[0] for module in modules} - set(sys.stdlib_module_names):
                for name in ours.get(module, [module]):
                    found.setdefault(re.sub("[_.]", "-", name.lower()), set()).add(path.name)
    return found


def test_what_is_imported_is_asked_for_and_what_is_asked_for_is_used() -> None:
    imported, asked = _imported("etl_project"), set(licences.direct()["run"]) | licences.extras()
    imported.pop("papers-etl", None)
    assert {name: files for name, files in imported.items() if name not in asked} == {}
    assert asked - set(imported) == set(_BY_OTHERS)
    # what an extra brings is imported where it is used, and nobody else waits for it or needs it
    assert {file for name in licences.extras() & set(imported) for file in imported[name]} == {
        "workbook.py", "remote.py", "hub.py", "app.py", "drawn.py", "serve.py",
    }  # fmt: skip


def test_what_only_tests_import_is_asked_for_by_development_only() -> None:
    # atheris is asked for by an extra of its own, and the tests do without it
    own = {"papers-etl", "etl-project-tests", "atheris"}
    imported, asked = set(_imported("etl_project_tests")) - own, licences.direct()
    wanted = (PROJECT / "etl_project_tests" / "long.in").read_text("utf-8")
    long = set(re.findall(r"^[a-z][a-z0-9-]*", wanted, flags=re.MULTILINE))
    assert imported <= set(asked["run"]) | set(asked["dev"]) | licences.extras() | long
    assert long <= imported
    assert set(asked["dev"]) - imported == _DEV_BY_COMMAND | _DEV_OF_EXTRAS


def test_every_version_is_locked_with_hashes_and_without_an_address() -> None:
    for lock in [
        PROJECT / "requirements.lock",
        PROJECT / "etl_project_tests" / "long.txt",
        *(PROJECT / "etl_project_tests" / "benchmarks" / "peers").glob("*.txt"),
        PROJECT / "etl_project_tests" / "readers" / "requirements.txt",
    ]:
        text = lock.read_text("utf-8")
        for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
            assert re.match(r"[A-Za-z0-9._-]+(\[[^\]]+\])?==[0-9][^\s;]* ", block), block[:80]
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block[:80]
        assert not re.search(r"://|--index|--find-links| @ ", text), lock.name
    locked = licences.locked()
    assert {name for names in licences.direct().values() for name in names} <= set(locked)
    assert [name for name, askers in locked.items() if not askers] == []


def test_the_table_of_licences_is_that_of_what_is_installed() -> None:
    told = licences.rows(licences.PATH.read_text("utf-8"))
    assert set(told) == set(licences.locked())
    runs = licences.needed_to_run()
    for name, (licence, use) in told.items():
        assert use == ("to run" if name in runs else "to develop"), name
        assert licence == (licences.licence_of(name) or licence), name


def test_what_is_needed_to_run_may_be_used_by_anybody() -> None:
    told = licences.rows(licences.PATH.read_text("utf-8"))
    free = r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|0BSD|Zlib|CC0|Unlicense|HPND"
    for name in licences.needed_to_run():
        licence, _ = told[name]
        assert re.search(free, licence), (name, licence)
        assert not re.search(r"(?<!L)GPL|SSPL|BUSL|Commons Clause|[Nn]on-?[Cc]ommercial|[Pp]roprietary", licence), name
