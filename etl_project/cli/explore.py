"""``papers explore``: the published tables in the browser."""

import os
from importlib.util import find_spec
from typing import Annotated

import typer

from etl_project.cli.common import FAILED, LakeOption, lake_of, stop


def explore(
    lake: LakeOption = None,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 for any that is free.", min=0, max=65535)] = 2718,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in the browser.")] = True,
) -> None:
    """Explore what is published in the browser: filters, charts, where values are from, and SQL of your own, read-only.

    On this machine only, and it asks nobody else. It needs the extra explore: `.venv/bin/pip install -e '.[explore]'`.
    Example: `papers explore --port 2800 --no-browser`.
    """
    if missing := [name for name in ("marimo", "altair", "uvicorn") if find_spec(name) is None]:
        raise stop(f"papers explore needs {missing[0]}; install it with: .venv/bin/pip install -e '.[explore]'", 2)
    from etl_project.explore.serve import bound, serve

    where = lake_of(lake)
    os.environ["PAPERS_LAKE"] = str(where.root)
    try:
        listening = bound(port)
    except OSError as error:
        raise stop(
            f"port {port} cannot be used ({error.strerror}); another one: papers explore --port 0", FAILED
        ) from None
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    print(f"{address} (stop with Ctrl+C). For this machine only; lake: {where.root}", flush=True)
    if browser:
        typer.launch(address)  # it waits in the socket's queue until the server is there
    serve(listening)
