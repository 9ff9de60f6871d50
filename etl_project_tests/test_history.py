"""What is not in the captures survives the loss of the warehouse: ids, loads, ids given up; and a rebuild changes nothing else."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl_project import history, warehouse
from etl_project.lake import Lake, writer_lock
from etl_project.run import rebuild, run_job
from etl_project_tests.conftest import ABSTRACT, capture, rows_of
from etl_project_tests.pages import Told, item_of
from etl_project_tests.test_job import _parquet

Papers = Callable[..., Any]
#: Ids are made of the title that sorts first, of those that come together: here the other one.
ONE, OTHER = "What a Quarry Knows of Clocks and Tides", "Quarries Keep Better Time Than Their Clocks"


def _item(arxiv_id: str, title: str, topic: str) -> str:
    told = Told(arxiv_id, title, ABSTRACT.format(topic=topic), authors=("Ada Pebble",))
    return json.dumps({"date": "2026-06-12", "papers": [item_of(told)]})


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of three loads; the last one joins two papers, so that one id is given up."""
    folder = tmp_path_factory.mktemp("grown")
    lake = Lake(folder / "lake")
    # names against the order of arrival: taken in at once, they would come the other way round
    (folder / "z.txt").write_text(capture((ONE, "quarry clocks"), ("Another Paper of the Day", "chalk")), "utf-8")
    (folder / "m.json").write_text(_item("2403.01777", OTHER, "tides in quarries"), "utf-8")
    (folder / "a.json").write_text(_item("2403.01777", ONE, "quarry clocks"), "utf-8")
    for name in ("z.txt", "m.json", "a.json"):
        assert run_job(lake, [folder / name]).exit_code == 0
    assert rows_of(lake, "select count(*) from merged_papers") == [(1,)]
    return lake


@pytest.fixture
def copied(grown: Lake, lake: Lake) -> Lake:
    shutil.copytree(grown.root, lake.root, symlinks=True)
    return lake


@pytest.mark.long
def test_raw_alone_gives_the_same_bytes_again(grown: Lake, lake: Lake) -> None:
    shutil.copytree(grown.raw, lake.raw)
    summary = rebuild(lake)
    assert (summary.exit_code, summary.papers["new"], summary.papers["merged"]) == (0, 0, 0)
    assert _parquet(lake) == _parquet(grown)
    assert rows_of(lake, "select load_number from raw_dumps order by 1") == [(1,), (2,), (3,)]
    assert sorted(file.name for file in lake.ids.iterdir()) == sorted(file.name for file in grown.ids.iterdir())


@pytest.mark.long
def test_without_their_history_ids_would_be_others(grown: Lake, lake: Lake) -> None:
    shutil.copytree(grown.raw, lake.raw)
    shutil.rmtree(lake.ids)
    assert run_job(lake, []).exit_code == 0
    query = "select mention_id, paper_id from paper_mentions order by 1"
    assert rows_of(lake, query) != rows_of(grown, query)


@pytest.mark.long
def test_a_damaged_warehouse_is_rebuilt_with_the_same_ids(copied: Lake, grown: Lake) -> None:
    content = bytearray(copied.warehouse.read_bytes())
    for place in range(20_000, len(content), 4096):  # every block's sums fail, and the head is whole
        content[place] ^= 1
    copied.warehouse.write_bytes(content)
    assert rebuild(copied).exit_code == 0
    assert _parquet(copied) == _parquet(grown)
    assert [file.name for file in copied.warehouse.parent.iterdir() if "before" in file.name] == []


@pytest.mark.long
def test_a_rebuild_keeps_what_runs_that_published_nothing_left(copied: Lake) -> None:
    runs = "select distinct run_id, checked_at > now()::timestamp from check_results order by 1"
    with warehouse.connect(copied) as connection:
        connection.execute(
            "insert into check_results select * replace ('stopped' as run_id) from check_results where run_id = (select min(run_id) from check_results)"
        ).fetchall()
        before = connection.execute(runs).fetchall()
    summary = rebuild(copied)
    assert summary.exit_code == 0
    with warehouse.connect(copied) as connection:
        now = connection.execute(runs).fetchall()
    assert {*before} < {*now} and len(now) == len(before) + 1
    assert ("stopped", False) in now


@pytest.mark.long
def test_new_captures_beside_a_lost_warehouse_come_in_a_load_of_their_own(
    copied: Lake, grown: Lake, tmp_path: Path
) -> None:
    copied.warehouse.unlink()
    (tmp_path / "new.txt").write_text(capture(("A Paper That Came After", "sand")), "utf-8")
    assert run_job(copied, [tmp_path / "new.txt"]).exit_code == 0
    now = dict(rows_of(copied, "select mention_id, paper_id from paper_mentions"))
    assert {**now, **dict(rows_of(grown, "select mention_id, paper_id from paper_mentions"))} == now
    assert rows_of(copied, "select max(load_number), max_by(file_name, load_number) from raw_dumps") == [(4, "new.txt")]


@pytest.mark.long
def test_a_rebuild_that_publishes_nothing_leaves_all_as_it_was(
    copied: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = copied.warehouse.read_bytes(), copied.database.resolve()
    sql = tmp_path / "sql"
    shutil.copytree(warehouse.SQL_FOLDER, sql)
    (sql / "papers.sql").write_text((sql / "papers.sql").read_text("utf-8") + "where false\n", "utf-8")
    monkeypatch.setattr(warehouse.run_sql_file, "__defaults__", (sql,))
    assert not rebuild(copied).published
    assert (copied.warehouse.read_bytes(), copied.database.resolve()) == before


@pytest.mark.long
def test_a_lake_without_a_history_takes_its_ids_from_what_is_published(copied: Lake, grown: Lake) -> None:
    shutil.rmtree(copied.ids)
    copied.warehouse.unlink()
    assert rebuild(copied).exit_code == 0
    assert _parquet(copied) == _parquet(grown)


@pytest.mark.long
def test_a_damaged_file_of_the_history_is_named_with_what_to_do(copied: Lake, papers: Papers) -> None:
    copied.warehouse.unlink()
    file = min(copied.ids.iterdir())
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-20])
    published = copied.database.resolve()
    done = papers("rebuild", lake=copied)
    assert done.returncode == 1
    assert str(file) in done.stdout + done.stderr and "restore it from a backup" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert copied.database.resolve() == published


@pytest.mark.long
def test_a_rebuild_of_a_lake_in_use_says_by_whom(copied: Lake, papers: Papers) -> None:
    with writer_lock(copied, "a long run"):
        done = papers("rebuild", lake=copied)
    assert done.returncode == 3 and "a long run" in done.stderr
    assert copied.warehouse.exists()


_IDS = st.sampled_from(["p1", "p2", "p3"])
_STATE = st.tuples(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 3), max_size=5),
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(_IDS, st.booleans()), max_size=5),
    st.dictionaries(st.sampled_from("xyz"), st.tuples(_IDS, st.integers(1, 3)), max_size=3),
)


@settings(max_examples=30, deadline=None)
@given(states=st.lists(_STATE, min_size=1, max_size=7), whole_every=st.integers(2, 4))
@pytest.mark.long
def test_the_history_says_what_the_tables_said_last(
    states: list[tuple[dict[str, int], dict[str, tuple[str, bool]], dict[str, tuple[str, int]]]],
    whole_every: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lake = Lake(tmp_path_factory.mktemp("history"))
    with pytest.MonkeyPatch.context() as patch, duckdb.connect() as connection:
        patch.setattr(history, "_WHOLE_EVERY", whole_every)
        connection.execute("create table raw_dumps (dump_id varchar, load_number integer)")
        connection.execute("create table paper_mentions (mention_id varchar, paper_id varchar, rule varchar)")
        connection.execute(
            "create table merged_papers (merged_paper_id varchar, paper_id varchar, load_number integer)"
        )
        for loads, mentions, merged in states:
            tables = {
                "raw_dumps": list(loads.items()),
                "paper_mentions": [(m, p, "new_paper" if f else "same_title") for m, (p, f) in mentions.items()],
                "merged_papers": [(m, p, n) for m, (p, n) in merged.items()],
            }
            for name, rows in tables.items():
                connection.execute(f"delete from {name}")
                for row in rows:
                    connection.execute(f"insert into {name} values ({', '.join('?' * len(row))})", row)
            history.write(lake, connection)
            said = {
                kind: sorted(history.read(lake).filter(pl.col("kind") == kind).drop("kind").rows())
                for kind in ("dump", "mention", "merged")
            }
            assert said == {
                "dump": sorted((d, None, n, None) for d, n in loads.items()),
                "mention": sorted((m, p, None, f) for m, (p, f) in mentions.items()),
                "merged": sorted((m, p, n, None) for m, (p, n) in merged.items()),
            }


@pytest.mark.long
def test_a_run_that_fails_after_its_ids_were_written_down_is_no_harm(
    copied: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("the disk went away")

    copied.inbox.mkdir(exist_ok=True)
    (copied.inbox / "new.txt").write_text(capture(("A Paper That Came After", "sand")), "utf-8")
    before = copied.database.resolve()
    with monkeypatch.context() as patch:
        patch.setattr("etl_project.publish._swap", fail)
        assert not run_job(copied, []).published
    assert copied.database.resolve() == before
    files = sorted(copied.ids.iterdir())
    assert run_job(copied, []).published
    assert sorted(copied.ids.iterdir()) == files
