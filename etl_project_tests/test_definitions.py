"""What Dagster loads: one job for everything, off by default what runs by itself, an inbox that is taken once it rests."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml

from etl_project import failed, lineage, shown
from etl_project.dagster_home import environment, kept_connections, prepare
from etl_project.definitions import JOB, build_definitions
from etl_project.lake import PROJECT, Lake
from etl_project.run import Summary
from etl_project.tables import BY_NAME, TABLES
from etl_project_tests import column_lineage
from etl_project_tests.conftest import N_FILES, rows_of


@pytest.fixture
def definitions(lake: Lake) -> dg.Definitions:
    return build_definitions(lake)


def test_the_workspace_loads_in_dagster(lake: Lake) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-w", "workspace.yaml"],
        capture_output=True, text=True, check=False, cwd=PROJECT, env=environment(lake), timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_workspace_names_the_definitions_and_nothing_else() -> None:
    (entry,) = yaml.safe_load((PROJECT / "workspace.yaml").read_text("utf-8"))["load_from"]
    assert entry["python_module"]["module_name"] == "etl_project.definitions"


def test_the_job_runs_everything_in_one_process(definitions: dg.Definitions) -> None:
    job = definitions.resolve_job_def(JOB)
    assert job.executor_def.name == "in_process"
    keys = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    assert keys == {*(table.name for table in TABLES), "publication", "report"}


def test_every_table_has_a_blocking_check_before_publication(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    blocking = {key.asset_key.to_user_string() for key in graph.asset_check_keys if graph.get(key).blocking}
    assert blocking == {table.name for table in TABLES}
    publication = graph.get(dg.AssetKey("publication"))
    assert {key.to_user_string() for key in publication.parent_keys} == {table.name for table in TABLES}


def test_schedule_and_sensor_are_there_and_off(definitions: dg.Definitions) -> None:
    schedules = {schedule.name: schedule for schedule in definitions.schedules or []}
    sensors = {sensor.name: sensor.default_status for sensor in definitions.sensors or []}
    assert {schedule.default_status for schedule in schedules.values()} == {dg.DefaultScheduleStatus.STOPPED}
    # the one that is on starts nothing: it tells of failed runs
    assert sensors == {"inbox": dg.DefaultSensorStatus.STOPPED, "failed_runs": dg.DefaultSensorStatus.RUNNING}
    # what was fetched is there when the inbox is taken in
    assert {name: schedule.cron_schedule for name, schedule in schedules.items()} == {
        "fetch_recent_days": "0 5 * * *",
        "daily": "30 5 * * *",
    }
    assert {schedule.execution_timezone for schedule in schedules.values()} == {"UTC"}


def _look(definitions: dg.Definitions, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    (sensor,) = [sensor for sensor in definitions.sensors or [] if sensor.name == "inbox"]
    with dg.DagsterInstance.ephemeral() as instance:
        return sensor(dg.build_sensor_context(instance=instance, cursor=cursor))


def test_the_sensor_waits_until_a_file_has_stopped_growing_and_asks_once(
    definitions: dg.Definitions, lake: Lake
) -> None:
    assert isinstance(_look(definitions, None), dg.SkipReason)
    lake.inbox.mkdir(parents=True)
    assert isinstance(_look(definitions, None), dg.SkipReason)
    page = lake.inbox / "page.txt"
    page.write_text("half", "utf-8")
    first = _look(definitions, None)
    assert not first.run_requests
    page.write_text("half and the other half", "utf-8")
    growing = _look(definitions, first.cursor)
    assert not growing.run_requests
    rested = _look(definitions, growing.cursor)
    assert len(rested.run_requests) == 1
    # the same content of the inbox has the same run key, for which Dagster runs once
    assert _look(definitions, rested.cursor).run_requests[0].run_key == rested.run_requests[0].run_key


def test_schedule_sensor_and_command_line_ask_for_the_very_same_job(definitions: dg.Definitions, lake: Lake) -> None:
    """With nothing of their own in its configuration; the bytes are compared in test_ways.py."""
    schedule, sensor = definitions.resolve_schedule_def("daily"), definitions.resolve_sensor_def("inbox")
    assert (schedule.job_name, sensor.job_name) == (JOB, JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        at = datetime(2026, 7, 1, 5, 30, tzinfo=UTC)
        (asked,) = schedule.evaluate_tick(dg.build_schedule_context(instance, scheduled_execution_time=at)).run_requests
    lake.inbox.mkdir(parents=True)
    (lake.inbox / "page.txt").write_text("whole", "utf-8")
    seen = _look(definitions, None)
    (found,) = _look(definitions, seen.cursor).run_requests
    assert (asked.run_config, found.run_config) == ({}, {})
    assert not [key for request in (asked, found) for key in request.tags if not key.startswith("dagster/")]


def _latest(lake: Lake, name: str) -> dict[str, dg.MetadataValue]:
    with dg.DagsterInstance.from_config(str(lake.dagster_home)) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(name))
        assert event is not None and event.asset_materialization is not None
        return dict(event.asset_materialization.metadata)


def test_every_table_shows_its_size_its_columns_origin_and_its_rows(sample_run: tuple[Lake, Summary]) -> None:
    lake, _ = sample_run
    made = {table.name: _latest(lake, table.name) for table in TABLES}
    for table in TABLES:
        metadata = made[table.name]
        rows = metadata["dagster/row_count"].value
        assert table.name in ("check_results",) or [(rows,)] == rows_of(lake, f"select count(*) from {table.name}")
        preview = metadata["preview"].value.splitlines()
        assert preview == ["No rows."] if rows == 0 else len(preview) >= 2 + min(rows, 10)
        for chart in shown.CHARTS.get(table.name, ()):
            assert metadata[chart.name].value
        known = metadata["dagster/column_lineage"].value.deps_by_column if table.name in lineage.columns() else {}
        assert known.keys() == lineage.columns().get(table.name, {}).keys()
    bars = made["captures"]["by_form"].value.splitlines()[2:]
    assert sum(int(line.split(" | ")[1]) for line in bars) == N_FILES


def test_the_origin_of_columns_is_what_the_sql_says() -> None:
    """Seeded: a column of another name, and one of another table, are told."""
    found = column_lineage.all_columns()
    assert column_lineage.PATH.read_text("utf-8") == column_lineage.render(found), "run: make dictionary"
    assert column_lineage.columns_of("select p.title as t, count(d.mention_id) as n from papers p join paper_dates d "
                                     "using (paper_id) group by p.title") == {
        "t": [["papers", "title"]], "n": [["paper_dates", "mention_id"]],
    }  # fmt: skip


def test_the_origin_of_columns_names_columns_that_are_there_and_tables_that_are_read(
    definitions: dg.Definitions,
) -> None:
    graph = definitions.resolve_asset_graph()
    for name, columns in lineage.columns().items():
        assert columns.keys() <= {column.name for column in BY_NAME[name].columns}
        above = {key.to_user_string() for key in graph.get(dg.AssetKey(name)).parent_keys}
        for source, column in (source for sources in columns.values() for source in sources):
            BY_NAME[source].column(column)
            assert source in above, f"{name} is not made after {source}"


def test_a_publication_a_week_old_is_fresh_and_an_older_one_only_warned_of(definitions: dg.Definitions) -> None:
    policy = definitions.resolve_asset_graph().get(dg.AssetKey("publication")).freshness_policy
    assert timedelta(days=7) < policy.warn_window.to_timedelta() < timedelta(days=15)
    assert policy.fail_window.to_timedelta() > timedelta(days=300)


def test_runs_tell_who_started_them_and_how_many_files_they_were_given(sample_run: tuple[Lake, Summary]) -> None:
    lake, summary = sample_run
    with dg.DagsterInstance.from_config(str(lake.dagster_home)) as instance:
        tags = instance.get_run_by_id(summary.run_id).tags
    assert {name: tags[name] for name in ("started_by", "lake", "files", "new_files")} == {
        "started_by": "cli", "lake": lake.root.name, "files": str(N_FILES), "new_files": str(N_FILES),
    }  # fmt: skip
    assert failed.started_by({"dagster/schedule_name": "daily"}) == "schedule daily"
    assert failed.started_by({"dagster/sensor_name": "inbox"}) == "sensor inbox"
    assert failed.started_by({"dagster/backfill": "abc"}) == "backfill"
    assert failed.started_by({}) == "ui"


def test_dagster_keeps_its_history_in_the_lake_and_tells_nobody(lake: Lake) -> None:
    home = prepare(lake)
    assert home == lake.dagster_home
    settings = yaml.safe_load((home / "dagster.yaml").read_text("utf-8"))
    assert settings["telemetry"] == {"enabled": False}
    assert settings["nux"] == {"enabled": False}
    (home / "dagster.yaml").write_text("telemetry:\n  enabled: false\n", "utf-8")
    prepare(lake)
    assert "nux" not in (home / "dagster.yaml").read_text("utf-8"), "somebody's own settings are kept"
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.telemetry_enabled is False


def test_the_history_of_a_run_is_complete(sample_run: tuple[Lake, Summary]) -> None:
    lake, summary = sample_run
    with dg.DagsterInstance.from_config(str(lake.dagster_home)) as instance:
        run = instance.get_run_by_id(summary.run_id)
        assert run is not None and run.status == dg.DagsterRunStatus.SUCCESS
        events = [entry.dagster_event for entry in instance.all_logs(summary.run_id) if entry.dagster_event]
        made = [event.asset_key.to_user_string() for event in events if event.is_step_materialization]
        assert sorted(made) == sorted([*(table.name for table in TABLES), "publication", "report"])
        kinds = [event.event_type_value for event in events]
        checked = [event.event_specific_data for event in events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
        assert len({check.asset_check_key for check in checked}) == len(checked) == summary.checks_run
        assert kinds.count("ASSET_CHECK_EVALUATION_PLANNED") == summary.checks_run
        # and what is asked across runs
        assert all(instance.get_latest_materialization_event(dg.AssetKey(name)) for name in made)
        latest = instance.event_log_storage.get_latest_asset_check_execution_by_key(
            [c.asset_check_key for c in checked]
        )
        assert {record.run_id for record in latest.values()} == {summary.run_id} and len(latest) == len(checked)


def test_events_are_written_over_connections_that_stay_open(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster._core.storage.event_log.sqlite import sqlite_event_log as dagsters

    opened: list[str] = []
    create = dagsters.create_engine
    monkeypatch.setattr(
        dagsters, "create_engine", lambda where, **options: opened.append(where) or create(where, **options)
    )

    @dg.asset
    def pebbles() -> None: ...

    with dg.DagsterInstance.from_config(str(prepare(lake))) as instance:
        with kept_connections(instance):
            opened.clear()
            done = dg.materialize([pebbles], instance=instance)
            kept = len(opened)
        opened.clear()
        assert dg.materialize([pebbles], instance=instance).success
        assert len(opened) > 5 * kept, "outside it Dagster opens its connections as ever"
        assert len(instance.all_logs(done.run_id)) > 10
