"""What Dagster's pages show of rows: whole, in Markdown out of which no text of a capture breaks."""

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_project import shown
from etl_project.contract import create_table
from etl_project.printable import printable
from etl_project.tables import BY_NAME, TABLES


@given(st.text())
def test_no_text_breaks_out_of_its_cell(text: str) -> None:
    (line,) = shown.table(["a", "b"], [(text, 1)]).splitlines()[2:]
    assert line.replace("\\|", "").count("|") == 3
    assert printable(line) == line
    assert "<" not in line.replace("\\<", "") and "[" not in line.replace("\\[", "")


@given(st.lists(st.tuples(st.text(), st.integers(0, 10**12)), min_size=1, max_size=60))
def test_bars_are_as_long_as_their_numbers_and_none_that_counts_is_empty(rows: list[tuple[str, int]]) -> None:
    lines = [line.split(" | ") for line in shown.bars(("label", "n"), rows, most=60).splitlines()[2:]]
    values = [int(line[-2].replace(",", "")) for line in lines]
    drawn = [len(line[-1].strip(" |")) for line in lines]
    assert values == [value for _, value in rows]
    assert [bool(n) for n in drawn] == [value > 0 for value in values]
    assert max(drawn) == (20 if any(values) else 0)
    order = sorted(range(len(rows)), key=values.__getitem__)
    assert [drawn[i] for i in order] == sorted(drawn)


def test_what_is_left_out_is_said_and_nothing_is_said_of_nothing() -> None:
    assert shown.table(["a"], []) == shown.bars(("a", "n"), []) == "No rows."
    assert shown.table(["a"], [(n,) for n in range(10)], 12345).endswith("The first 10 of 12,345 rows.")
    assert shown.bars(("a", "n"), [(n, n) for n in range(99)], most=40).endswith("The last 40 of 99.")
    assert r"| (none) | 3 |" in shown.bars(("a", "n"), [(None, 3)])


@pytest.mark.parametrize(("value", "text"), [(2024, "2024"), (0.93333333, "0.9333"), (3.0, "3"), (1234567.5, "1,234,568"), (None, ""), (float("nan"), "nan"), (True, "True")])  # fmt: skip
def test_numbers_read_as_people_write_them(value: object, text: str) -> None:
    assert shown.cell(value) == text


def test_every_chart_and_preview_is_of_a_table_and_works_on_an_empty_one() -> None:
    assert shown.CHARTS.keys() <= BY_NAME.keys()
    with duckdb.connect() as connection:
        for table in TABLES:
            for statement in create_table(table):
                connection.execute(statement).fetchall()
        for table in TABLES:
            names, query = shown.preview(table)
            rows = connection.execute(query).fetchall()
            assert shown.table(names, rows, 0) == "No rows."
            for chart in shown.CHARTS.get(table.name, ()):
                cursor = connection.execute(chart.query)
                assert len(cursor.description) == 2
                assert shown.bars(chart.columns, cursor.fetchall())
