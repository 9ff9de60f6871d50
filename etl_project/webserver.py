"""Dagster's own webserver behind a guard that answers pages of this UI only.

It listens on this machine alone and asks for no login, so any page that somebody opens in a browser here could reach
it: by a name of its own that leads to this machine (DNS rebinding), or by a WebSocket, which no browser holds back. The
guard refuses what is not addressed to this machine (``Host``) or comes from another page (``Origin``).

``python -m etl_project.webserver dev ...`` is ``dagster dev`` with that webserver, any other argument is
``dagster-webserver``'s. Both are led here by replacing a name of the pinned version; a test asks the real UI.
"""

import os
import sys
from collections.abc import Awaitable, Callable, Collection, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

#: Names of this machine, and ``PAPERS_UI_NAME``, under which a reverse proxy serves the UI.
HERE = ("127.0.0.1", "localhost", "::1")
NAME = "PAPERS_UI_NAME"


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

    def guarded(*args: Any, **options: Any) -> Any:
        return OwnPagesOnly(make(*args, **options), names)

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
