"""Dagster's own webserver behind a guard that answers pages of this UI only.

It listens on this machine alone and asks for no login, so any page that somebody opens in a browser here could reach
it: by a name of its own that leads to this machine (DNS rebinding), or by a WebSocket, which no browser holds back. The
guard refuses what is not addressed to this machine (``Host``) or comes from another page (``Origin``).

It serves the lake's report, too, at ``/report``: browsers open no file for a page that came over http. The report holds
words of captures, and shares the address with what starts runs: a policy (``_ALONE``) takes away all but showing itself.

``python -m etl_project.webserver dev ...`` is ``dagster dev`` with that webserver, any other argument is
``dagster-webserver``'s. Both are led here by replacing a name of the pinned version; a test asks the real UI.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from etl_project.lake import PROJECT, Lake

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

#: Names of this machine, and ``PAPERS_UI_NAME``, under which a reverse proxy serves the UI.
HERE = ("127.0.0.1", "localhost", "::1")
NAME = "PAPERS_UI_NAME"


#: Its scripts run, in an origin of their own, and reach nothing: neither this UI nor any other place.
_ALONE = (
    b"sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-downloads; default-src 'none'; "
    b"script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; form-action 'none'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
_NO_REPORT = b"There is no report yet: run the job, and it is made.\n"


class WithReport:
    """An ASGI application that serves the file ``report`` at /report, and hands on to ``app`` what else is asked."""

    def __init__(self, app: App, report: Path) -> None:
        self.app, self.report = app, report

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve the report as it is now, or hand on."""
        if scope["type"] != "http" or scope["path"].rstrip("/") != "/report":
            await self.app(scope, receive, send)
            return
        try:
            status, kind, body = 200, b"text/html; charset=utf-8", self.report.read_bytes()
        except OSError:
            status, kind, body = 404, b"text/plain; charset=utf-8", _NO_REPORT
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        headers += [
            (b"content-security-policy", _ALONE),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class OwnPagesOnly:
    """An ASGI application that hands on to ``app`` what is asked of one of ``names`` by a page of its own."""

    def __init__(self, app: App, names: Collection[str]) -> None:
        self.app, self.names = app, {name.lower() for name in names}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand on or refuse."""
        if scope["type"] == "lifespan" or self._is_own([(k.lower(), v) for k, v in scope["headers"]]):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            body = b"This UI answers its own pages on this machine only; see docs/operations.md for others.\n"
            headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _is_own(self, headers: list[tuple[bytes, bytes]]) -> bool:
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        try:
            own = len(hosts) == 1 and urlsplit(f"//{hosts[0]}").hostname in self.names
        except ValueError:
            return False
        return own and all(origin in (f"http://{hosts[0]}", f"https://{hosts[0]}") for origin in origins)


def _webserver() -> None:
    from dagster_webserver import cli

    make = vars(cli)["create_app_from_workspace_process_context"]
    names = [*HERE, *filter(None, [os.environ.get(NAME)])]
    report = Lake(Path(os.environ.get("PAPERS_LAKE") or PROJECT / "data_lake").absolute()).report

    def guarded(*args: Any, **options: Any) -> Any:
        return OwnPagesOnly(WithReport(make(*args, **options), report), names)

    vars(cli)["create_app_from_workspace_process_context"] = guarded
    cli.main()  # type: ignore[no-untyped-call]


def _dev() -> None:
    from dagster import _cli
    from dagster._cli import dev

    start = vars(dev)["open_ipc_subprocess"]

    def started(parts: Sequence[str], **options: Any) -> Any:
        return start(["etl_project.webserver" if part == "dagster_webserver" else part for part in parts], **options)

    vars(dev)["open_ipc_subprocess"] = started
    _cli.main()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    _dev() if sys.argv[1:2] == ["dev"] else _webserver()
