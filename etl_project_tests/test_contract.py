"""The declarations: all render, none is unused, each description is real, and what follows from them agrees."""

import json
import re
from datetime import date, datetime
from typing import Any

import dagster as dg
import duckdb
import polars as pl
import pytest

from etl_project import dictionary, warehouse
from etl_project.assets import publication, sql_assets
from etl_project.captures import FORMS, REFUSAL_REASONS, catalogue
from etl_project.contract import STAGES, Column, Law, Table, create_table, polars_schema
from etl_project.expectations import checks_for
from etl_project.lake import PROJECT, Lake
from etl_project.tables import BY_NAME, SCHEMA_VERSION, TABLES

IDS = [table.name for table in TABLES]


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_a_declared_table_can_be_made_and_describes_itself(table: Table) -> None:
    with duckdb.connect() as connection:
        for statement in create_table(table):
            connection.execute(statement)
        rows = connection.execute(
            "select column_name, data_type, is_nullable, comment from duckdb_columns() where not internal"
        ).fetchall()
        assert [row[:2] for row in rows] == [(c.name, c.sql_type) for c in table.columns]
        assert [row[2] for row in rows] == [not c.required for c in table.columns]
        assert all(row[3] for row in rows)


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_a_frame_of_the_declared_schema_goes_into_the_table_and_comes_back_the_same(table: Table, lake: Lake) -> None:
    value = {
        pl.String(): "x", pl.Int32(): 1, pl.Int64(): 1, pl.Float64(): 0.5, pl.Boolean(): True,
        pl.Date(): date(2024, 2, 29), pl.Datetime("us"): datetime(2024, 2, 29, 1),
        pl.List(pl.Int32()): [1, 2],
    }  # fmt: skip
    schema = polars_schema(table)
    frame = pl.DataFrame({name: [value[kind]] for name, kind in schema.items()}, schema=schema)
    with warehouse.connect(lake) as connection:
        warehouse.append(connection, table, frame)
        assert warehouse.read(connection, f"select * from {table.name}").equals(frame)


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_keys_laws_and_hidden_columns_name_what_exists(table: Table) -> None:
    names = {column.name for column in table.columns}
    assert len(names) == len(table.columns)
    assert set(table.key) <= names
    assert set(table.unpublished) <= names - set(table.key)
    assert table.stage in STAGES
    for law in table.laws:
        assert "{table}" in law.failing or table.name in law.failing, law.name
        assert law.remedy.endswith(".")


@pytest.mark.parametrize("table", TABLES, ids=IDS)
def test_descriptions_are_sentences_that_say_more_than_the_name(table: Table) -> None:
    for column in table.columns:
        words = set(re.findall(r"[a-z]+", column.description.lower()))
        assert column.description.endswith("."), column.name
        assert len(words - set(column.name.split("_"))) >= 2, column.name
    assert table.grain.startswith("One row is ")


def test_a_law_or_column_that_was_forgotten_would_be_seen() -> None:
    table = Table(
        "t",
        "raw",
        "One row is x.",
        ("a",),
        (Column("a", "integer", "An a.", least=0),),
        (Law("l", "A law.", "select a from {table}", "Do."),),
    )
    names = {check.name for check in checks_for(table)}
    assert names == {"columns_as_declared", "key_is_unique", "values_as_declared", "l"}


def test_check_names_are_unique_in_each_table_and_every_table_has_critical_ones() -> None:
    for table in TABLES:
        checks = checks_for(table)
        assert len({check.name for check in checks}) == len(checks)
        assert sum(check.severity == "critical" for check in checks) >= 3


def test_every_sql_file_fills_a_declared_table_and_every_derived_table_has_one() -> None:
    files = {path.stem for path in warehouse.SQL_FOLDER.glob("*.sql")}
    assert files <= set(BY_NAME)
    assert {table.name for table in TABLES if table.stage == "derived"} <= files
    assert {key.to_user_string() for asset in sql_assets for key in asset.keys} == files


@pytest.mark.parametrize("path", sorted(warehouse.SQL_FOLDER.glob("*.sql")), ids=lambda path: path.stem)
def test_sql_is_one_plain_select_with_a_header(path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(f"-- {path.stem}: one row is ")
    body = re.sub(r"--[^\n]*", "", text)
    assert ";" not in body
    assert "select *" not in body
    assert body == re.sub(r"[A-Z]+(?=[^']*(?:'[^']*'[^']*)*$)", "", body), "keywords and names are lower case"


@pytest.mark.parametrize(
    "table", [t for t in TABLES if (warehouse.SQL_FOLDER / f"{t.name}.sql").exists()], ids=lambda t: t.name
)
def test_sql_fills_an_empty_warehouse_without_a_row(table: Table, lake: Lake) -> None:
    with warehouse.connect(lake) as connection:
        rows = warehouse.run_sql_file(connection, table)
    assert rows == (14 if table.name == "coverage" else 0)


def test_sql_that_forgets_a_column_is_refused(lake: Lake, tmp_path) -> None:
    text = (warehouse.SQL_FOLDER / "paper_metrics.sql").read_text("utf-8")
    (tmp_path / "paper_metrics.sql").write_text(text.replace("    parsed_rows.comments,\n", ""), "utf-8")
    with warehouse.connect(lake) as connection, pytest.raises(TypeError, match="paper_metrics"):
        warehouse.run_sql_file(connection, BY_NAME["paper_metrics"], tmp_path)


def test_a_frame_with_other_columns_is_refused(lake: Lake) -> None:
    with warehouse.connect(lake) as connection, pytest.raises(TypeError, match="merged_papers"):
        warehouse.append(connection, BY_NAME["merged_papers"], pl.DataFrame({"paper_id": ["p"]}))


def test_the_data_dictionary_is_the_declarations() -> None:
    assert dictionary.PATH.read_text("utf-8") == dictionary.render(), "run: make dictionary"
    assert dictionary.FORMS_PATH.read_text("utf-8") == catalogue.document(), "run: make dictionary"
    readme = dictionary.README_PATH.read_text("utf-8")
    assert catalogue.table() in readme and readme == dictionary.with_forms(readme), "run: make dictionary"
    text = dictionary.render()
    for name in (*IDS, *FORMS, *REFUSAL_REASONS):
        assert f"`{name}`" in text


def test_readers_lose_no_column_within_a_schema_version() -> None:
    recorded = json.loads(dictionary.SCHEMA_PATH.read_text("utf-8"))
    assert dictionary.broken(recorded, dictionary.schema()) == [], "move SCHEMA_VERSION, and say so in CHANGELOG.md"
    assert recorded == dictionary.schema(), "run: make dictionary"
    assert f"schema version {SCHEMA_VERSION})" in (PROJECT / "CHANGELOG.md").read_text("utf-8")


def test_a_column_that_is_gone_renamed_or_of_another_type_breaks_a_schema_of_the_same_version() -> None:
    def schema(version: int = 2, **columns: str) -> dict[str, Any]:
        return {"schema_version": version, "tables": {"papers": {"title": "VARCHAR", **columns}}}

    before = schema(day="DATE")
    assert dictionary.broken(before, schema(day="DATE", more="DATE")) == []
    assert dictionary.broken(before, schema()) == ["papers.day (DATE)"]
    assert dictionary.broken(before, schema(on="DATE")) == ["papers.day (DATE)"]
    assert dictionary.broken(before, schema(day="TIMESTAMP")) == ["papers.day (DATE)"]
    assert dictionary.broken(before, schema(version=3)) == []
    assert dictionary.broken(before, {"schema_version": 2, "tables": {}}) == [
        "papers.day (DATE)",
        "papers.title (VARCHAR)",
    ]


def test_dagster_shows_every_column_with_its_description() -> None:
    from etl_project.definitions import build_definitions

    definitions = build_definitions(Lake(PROJECT / "nowhere"))
    specs = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
    assert set(specs) == {"fetched_days", *IDS, "publication", "report"}
    for table in TABLES:
        schema = specs[table.name].metadata["dagster/column_schema"]
        assert [column.name for column in schema.columns] == [column.name for column in table.columns]
        assert all(column.description for column in schema.columns)
        assert specs[table.name].description
        assert specs[table.name].group_name
    assert isinstance(publication, dg.AssetsDefinition)


def test_a_warehouse_gets_the_tables_that_came_since(lake: Lake) -> None:
    with warehouse.connect(lake) as connection:
        connection.execute("drop table decisions")
        connection.execute("insert into merged_papers values ('p0000000000000001', 'p0000000000000002', 1)")
    with warehouse.connect(lake) as connection:
        assert connection.execute("select count(*) from decisions").fetchall() == [(0,)]
        assert connection.execute("select count(*) from merged_papers").fetchall() == [(1,)]
