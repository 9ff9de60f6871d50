"""``papers ui``: Dagster on this lake."""

import os
import socket
import sys
from typing import Annotated

import typer

from etl_project.cli.common import FAILED, LakeOption, lake_of, stop
from etl_project.lake import PROJECT


def ui(
    lake: LakeOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine.", min=1, max=65535)] = 3000,
    name: Annotated[
        str | None, typer.Option(help="Name under which a reverse proxy serves it, too.", show_default=False)
    ] = None,
) -> None:
    """Open the Dagster UI on this lake, on this machine only; its run history is kept in the lake.

    It asks for no login. From elsewhere: `ssh -L 3000:127.0.0.1:3000 THIS-MACHINE`, or a reverse proxy with a login.
    Example: `papers ui --port 3100`.
    """
    from etl_project.alerts import UI
    from etl_project.daemon import fail_lost_runs
    from etl_project.dagster_home import environment
    from etl_project.webserver import NAME

    where = lake_of(lake)
    os.environ.update(environment(where))
    os.environ.setdefault(UI, f"https://{name}" if name else f"http://127.0.0.1:{port}")
    try:
        for run_id in fail_lost_runs(where, "papers ui"):
            print(f"run {run_id[:8]} had lost its process; it is marked as failed", file=sys.stderr)
    except OSError as error:
        raise stop(f"the lake {where.root} cannot be written: {error.strerror}", FAILED) from None
    arguments = ["dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    print(
        f"http://127.0.0.1:{port} (stop with Ctrl+C). For this machine only, since it asks for no login; from elsewhere:\n"
        f"  ssh -L {port}:127.0.0.1:{port} {socket.gethostname()}\n"
        "for others: a reverse proxy with a login, and its name as papers ui --name NAME (docs/operations.md)",
        file=sys.stderr,
    )
    with_name = {NAME: name} if name else {}
    command = [sys.executable, "-m", "etl_project.webserver", *arguments]
    os.execve(sys.executable, command, {**os.environ, **with_name})
