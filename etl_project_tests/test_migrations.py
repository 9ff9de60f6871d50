"""Warehouses of released versions open, keep their ids, and are never half changed; newer ones are left alone.

``fixtures/lakes`` has a lake of each released version, of the same two captures of invented papers, taken in one after the
other: by the program of that version, the first one's warehouse then written anew by DuckDB 1.5.
"""

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from etl_project import migrations, warehouse
from etl_project.lake import PROJECT, Lake
from etl_project.migrations import WAREHOUSE_VERSION, steps
from etl_project.run import run_job
from etl_project_tests.conftest import rows_of

LAKES = sorted((Path(__file__).parent / "fixtures" / "lakes").iterdir())
Released = Callable[[Path], Lake]


@pytest.fixture
def released(tmp_path: Path) -> Released:
    """Unpack a lake of a released version."""

    def unpack(file: Path) -> Lake:
        with tarfile.open(file) as archive:
            archive.extractall(tmp_path / "released", filter="data")
        return Lake(tmp_path / "released")

    return unpack


def _columns(file: Path) -> list[tuple[str, str, str]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'main' order by table_name, column_index"
        ).fetchall()


def _rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.long
@pytest.mark.parametrize("file", LAKES, ids=[file.name.partition(".")[0] for file in LAKES])
def test_a_lake_of_each_released_version_runs_and_keeps_its_ids(file: Path, released: Released, lake: Lake) -> None:
    old = released(file)
    bytes_before = old.warehouse.read_bytes()
    (version,) = _rows(old.warehouse, "select version from schema_version")[0]
    mentions = "select mention_id, paper_id from paper_mentions"
    ids, loads = (dict(_rows(old.warehouse, q)) for q in (mentions, "select dump_id, load_number from raw_dumps"))
    assert sorted(loads.values()) == [1, 2]
    # of one title with two wordings; two papers by the rules of version 1
    ((older, papers),) = _rows(
        old.warehouse,
        "select min_by(paper_id, load_number), count(distinct paper_id) from paper_mentions join parsed_rows "
        "using (mention_id) join raw_dumps using (dump_id) where title like 'Old Mills%'",
    )
    assert papers == (2 if version == 1 else 1)
    summary = run_job(old, [])
    assert (summary.exit_code, summary.error, summary.papers["new"]) == (0, "", 0)
    now = dict(rows_of(old, mentions))
    given_up = dict(rows_of(old, "select merged_paper_id, paper_id from merged_papers"))
    assert {mention: given_up.get(paper, paper) for mention, paper in ids.items()} == now
    assert rows_of(old, "select paper_id, n_mentions from papers where title like 'Old Mills%'") == [(older, 2)]
    assert dict(rows_of(old, "select dump_id, load_number from raw_dumps")) == loads
    with warehouse.connect(lake):
        pass
    assert _columns(old.warehouse) == _columns(lake.warehouse)
    kept = {file.name: file.read_bytes() for file in old.warehouse.parent.glob("*.version_*")}
    assert kept == ({f"warehouse.version_{version}.duckdb": bytes_before} if version != WAREHOUSE_VERSION else {})


def test_a_migration_that_is_killed_leaves_the_warehouse_as_it_was(released: Released, tmp_path: Path) -> None:
    old = released(LAKES[0])
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, folder)
    # a further step that takes for ever, after the real ones
    (folder / "0999_slow.sql").write_text(
        "create table slow as select count(*) as n from range(1000000000000)", "utf-8"
    )
    code = (
        "import sys; from pathlib import Path; from etl_project import warehouse, migrations; from etl_project.lake import Lake\n"
        "warehouse.steps = lambda since: migrations.steps(since, Path(sys.argv[2]))\n"
        "with warehouse.connect(Lake(Path(sys.argv[1]))): pass"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(old.root), str(folder)], cwd=PROJECT)
    try:
        deadline = time.monotonic() + 60
        while not list(old.warehouse.parent.glob("*.version_1.duckdb")) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(1)  # in the slow step
        assert child.poll() is None
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    assert _rows(old.warehouse, "select version from schema_version") == [(1,)]
    assert _rows(old.warehouse, "select count(*) from papers") == [(4,)]
    with warehouse.connect(old) as connection:
        assert connection.execute("select version from schema_version").fetchall() == [(WAREHOUSE_VERSION,)]


def test_a_step_that_fails_undoes_those_before_it(
    released: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = released(LAKES[0])
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, folder)
    (folder / "0999_wrong.sql").write_text("drop table nothing_of_this_name", "utf-8")
    monkeypatch.setattr(warehouse, "steps", lambda since: steps(since, folder))
    with pytest.raises(duckdb.Error, match="nothing_of_this_name"), warehouse.connect(old):
        pass
    assert _rows(old.warehouse, "select version from schema_version") == [(1,)]
    assert _rows(old.warehouse, "select count(*) from papers") == [(4,)]


def test_a_warehouse_of_a_newer_program_is_refused_untouched(lake: Lake) -> None:
    with warehouse.connect(lake) as connection:
        connection.execute("update schema_version set version = 999").fetchall()
    before = lake.warehouse.read_bytes()
    with pytest.raises(warehouse.WarehouseError, match="version 999, made by a newer program"), warehouse.connect(lake):
        pass
    assert lake.warehouse.read_bytes() == before


def test_an_older_warehouse_whose_captures_are_lost_is_left_alone(released: Released) -> None:
    old = released(LAKES[0])
    before = old.warehouse.read_bytes()
    min(old.raw.glob("??/*.json")).unlink()
    with pytest.raises(warehouse.WarehouseError, match="1 of its captures are not in"), warehouse.connect(old):
        pass
    assert old.warehouse.read_bytes() == before


def test_an_older_warehouse_that_cannot_be_copied_first_is_left_alone(released: Released) -> None:
    old = released(LAKES[0])
    before = old.warehouse.read_bytes()
    (old.warehouse.parent / "warehouse.version_1.duckdb.partial").mkdir()
    with pytest.raises(warehouse.WarehouseError, match="was not migrated"), warehouse.connect(old):
        pass
    assert old.warehouse.read_bytes() == before


def test_migrations_are_numbered_without_gaps_and_each_has_a_lake_to_start_from() -> None:
    numbers = [number for number, _ in steps(0)]
    assert numbers == list(range(2, WAREHOUSE_VERSION + 1))
    versions = {int(file.name.partition(".")[0].removeprefix("version_")) for file in LAKES}
    assert {number - 1 for number in numbers} <= versions
