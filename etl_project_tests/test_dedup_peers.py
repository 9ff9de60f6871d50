"""The benchmark beside other libraries: what runs without them."""

from pathlib import Path

import polars as pl
import pytest

from etl_project_tests.benchmarks import dedup_peers, peer_cells
from etl_project_tests.benchmarks.dedup_peers import Cell, run_cell, table
from etl_project_tests.benchmarks.labelled_mentions import frames


def test_a_way_is_measured_in_its_own_process(tmp_path: Path) -> None:
    labelled = next(frames(300, seed=1))
    data = tmp_path / "mentions.parquet"
    labelled.with_columns(text=pl.concat_str("title", "abstract", separator="\n")).write_parquet(data)
    cell = run_cell("ours", data, labelled, 60)
    assert isinstance(cell, Cell), cell
    assert cell.f1 > 0.98 and cell.seconds > 0 and cell.peak > 10e6
    assert run_cell("ours", data, labelled, 0) == "stopped after 0 s"
    failed = run_cell("title hash", tmp_path / "none", labelled, 60)
    assert isinstance(failed, str) and failed.startswith("failed: ")


def test_a_peer_that_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dedup_peers, "PROJECT", tmp_path)
    assert run_cell("text-dedup", tmp_path, pl.DataFrame(), 1) == "not installed: text-dedup (needs Python 3.12)"


def test_the_table_has_medians_and_ratios_of_the_same_round() -> None:
    ours = [Cell(1.0, 0.5, seconds, 2e9, "") for seconds in (1.0, 2.0, 4.0)]
    other = [Cell(1.0, 1.0, seconds, 1e9, "1.2") for seconds in (10.0, 10.0)]
    _, _, first, second, third = (
        [field.strip() for field in line.strip("|").split("|")]
        for line in table({"ours": [*ours], "other": [*other], "none": ["failed: x"]}, 3)
    )
    assert first == ["ours", "", "1.0000", "0.5000", "0.6667", "2.0", "1.0 to 4.0", "1.00", "2.00 GB", "3"]
    assert second == ["other", "1.2", "1.0000", "1.0000", "1.0000", "10.0", "10.0 to 10.0", "7.50", "1.00 GB", "2 of 3"]
    assert third == ["none", *[""] * 8, "failed: x"]


def test_components_are_of_all_edges() -> None:
    found = peer_cells._components("abcdef", [(0, 1), (3, 2), (1, 3), (5, 5)])
    assert len({found[name] for name in "abcd"}) == 1
    assert len(set(found.values())) == 3
