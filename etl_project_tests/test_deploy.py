"""What docs/deploy/ gives to whoever runs this as a service: units, containers, and Dagster's history in Postgres."""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from etl_project import dagster_home
from etl_project.dagster_home import environment
from etl_project.lake import PROJECT, Lake
from etl_project_tests.conftest import N_FILES, N_PAPERS, SAMPLES, capture, rows_of

DEPLOY = PROJECT / "docs" / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
HOME = "/opt/papers-etl"


def _command(unit: Path) -> list[str]:
    (line,) = [line for line in unit.read_text("utf-8").splitlines() if line.startswith("ExecStart=")]
    return shlex.split(line.removeprefix("ExecStart="))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8")))


def test_units_and_containers_start_the_same_programs(compose: dict[str, Any]) -> None:
    commands = {unit.stem.removeprefix("papers-"): _command(unit)[1:] for unit in UNITS}
    assert commands["daemon"] == compose["services"]["daemon"]["command"][1:]
    # in a container it listens to the others of its network; the port is given to this machine alone
    assert [part.replace("0.0.0.0", "127.0.0.1") for part in compose["services"]["webserver"]["command"][1:]] == (
        commands["webserver"]
    )
    assert compose["services"]["webserver"]["ports"] == ["127.0.0.1:3000:3000"]
    assert "ports" not in compose["services"]["postgres"]


def test_what_the_image_copies_is_there_and_let_through() -> None:
    lines = (DEPLOY / "Dockerfile").read_text("utf-8").splitlines()
    let_through = {line[1:] for line in (PROJECT / ".dockerignore").read_text("utf-8").split() if line.startswith("!")}
    copied = {source for line in lines if line.startswith("COPY ") for source in line.split()[1:-1]}
    assert copied == let_through
    assert [name for name in copied if not (PROJECT / name).exists()] == []
    assert [line for line in lines if line.startswith("USER ")] == ["USER papers"]


def test_dagsters_settings_are_ours_with_postgres() -> None:
    settings = yaml.safe_load((DEPLOY / "dagster.yaml").read_text("utf-8"))
    assert settings.pop("storage") == {"postgres": {"postgres_url": {"env": "PAPERS_DAGSTER_DB"}}}
    assert settings == yaml.safe_load(dagster_home._SETTINGS)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The units with the programs of this machine in them: systemd looks whether they are there."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here")
    folder = tmp_path_factory.mktemp("units")
    made = []
    for unit in UNITS:
        text = unit.read_text("utf-8").replace(f"{HOME}/.venv/bin/python", sys.executable)
        made.append(folder / unit.name)
        made[-1].write_text(text, "utf-8")
    return made


def test_systemd_takes_the_units_without_a_word(units: list[Path]) -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    told = [line for line in done.stderr.splitlines() if "papers-" in line]
    assert (done.returncode, told) == (0, []), done.stderr


def test_systemd_finds_little_to_which_the_services_are_exposed(units: list[Path]) -> None:
    for unit in units:
        done = subprocess.run(
            ["systemd-analyze", "security", "--offline=yes", "--threshold=25", unit],
            capture_output=True, text=True, check=False, env={**os.environ, "SYSTEMD_PAGER": ""},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2500:] + done.stderr


# ---------------------------------------------------------------------------------------------
# Dagster's history in Postgres


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Postgres of its own on a socket in a folder; yields its address."""
    pytest.importorskip("dagster_postgres", reason="the extra `production` is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    if not found:
        pytest.skip("no Postgres is installed (Debian: apt-get install postgresql)")
    programs, folder = (
        found[-1].parent,
        Path(subprocess.check_output(["mktemp", "-d", "/tmp/papers-pg.XXXXXX"], text=True).strip()),
    )
    as_user: list[str] = []
    if os.geteuid() == 0:  # Postgres refuses to run as root
        shutil.chown(folder, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"]
    data = folder / "data"
    subprocess.run(
        [*as_user, programs / "initdb", "-D", data, "-U", "papers", "-A", "trust", "-E", "UTF8"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    command = [*as_user, programs / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", start_new_session=True)
    try:
        until = time.monotonic() + 60
        while subprocess.run([programs / "pg_isready", "-q", "-h", folder, "-U", "papers"], check=False).returncode:
            assert server.poll() is None and time.monotonic() < until, (folder / "log").read_text("utf-8")
            time.sleep(0.2)
        subprocess.run([programs / "createdb", "-h", folder, "-U", "papers", "papers"], check=True, capture_output=True)
        yield f"postgresql://papers@/papers?host={folder}"
    finally:
        os.killpg(server.pid, signal.SIGINT)
        server.wait(30)
        shutil.rmtree(folder)


@pytest.fixture
def with_postgres(lake: Lake, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Lake:
    lake.dagster_home.mkdir(parents=True)
    shutil.copy(DEPLOY / "dagster.yaml", lake.dagster_home)
    for name, value in {**environment(lake), "PAPERS_DAGSTER_DB": postgres}.items():
        monkeypatch.setenv(name, value)
    return lake


@pytest.mark.long
def test_a_run_keeps_its_history_in_postgres(with_postgres: Lake) -> None:
    from etl_project.run import run_job

    lake = with_postgres
    summary = run_job(lake, [SAMPLES])
    assert (summary.exit_code, summary.papers["papers"]) == (0, N_PAPERS)
    with dg.DagsterInstance.get() as instance:
        assert type(instance.event_log_storage).__name__ == "PostgresEventLogStorage"
        run = instance.get_run_by_id(summary.run_id)
        assert (run.status, run.tags["files"]) == (dg.DagsterRunStatus.SUCCESS, str(N_FILES))
        events = [entry.dagster_event for entry in instance.all_logs(summary.run_id) if entry.dagster_event]
        assert sum(event.event_type_value == "ASSET_CHECK_EVALUATION" for event in events) == summary.checks_run
        latest = instance.get_latest_materialization_event(dg.AssetKey("papers"))
        assert latest.asset_materialization.metadata["dagster/row_count"].value == N_PAPERS
    assert not list(lake.dagster_home.rglob("*.db"))


def _asked(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


@pytest.mark.long
def test_the_services_start_on_postgres_and_work(with_postgres: Lake, tmp_path: Path) -> None:
    """The commands of the units, with another port: a run that is launched in the webserver is done by the daemon."""
    from etl_project_tests.served import launch, settled

    lake = with_postgres
    lake.inbox.mkdir()
    page = [(f"Delivered Paper {n}", f"slate number {n}") for n in range(8)]
    (lake.inbox / "page.txt").write_text(capture(*page), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    services = {}
    try:
        for unit in UNITS:
            command = [sys.executable, *_command(unit)[1:]]
            command = [str(port) if part == "3000" else part for part in command]
            with (tmp_path / unit.stem).open("w") as log:
                services[unit.stem] = subprocess.Popen(
                    command, cwd=PROJECT, stdout=log, stderr=log, start_new_session=True
                )
        until = time.monotonic() + 120
        while _asked(port, "/server_info")[0] != 200:
            assert time.monotonic() < until, (tmp_path / "papers-webserver").read_text("utf-8")[-3000:]
            time.sleep(0.5)
        assert _asked(port, "/report")[0] == 404
        lake.report.parent.mkdir()
        lake.report.write_text("<p>Invented</p>", "utf-8")
        assert _asked(port, "/report") == (200, b"<p>Invented</p>")
        run_id = launch(f"http://127.0.0.1:{port}")
        (run,) = [run for run in settled(f"http://127.0.0.1:{port}", 1) if run["runId"] == run_id]
        assert run["status"] == "SUCCESS", (tmp_path / "papers-daemon").read_text("utf-8")[-3000:]
        assert {tag["value"] for tag in run["tags"] if tag["key"] == "started_by"} == {"ui"}
        assert rows_of(lake, "select count(*) from papers") == [(8,)]
        assert all(service.poll() is None for service in services.values())
    finally:
        for service in services.values():
            os.killpg(service.pid, signal.SIGTERM)
        for service in services.values():
            try:
                service.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(service.pid, signal.SIGKILL)
