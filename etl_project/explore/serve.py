"""Serves the notebook on this machine only, to its own pages only, and lets those ask nobody else.

marimo's own server would look for updates; its ASGI application lets pages of any origin ask it. The guard of the
Dagster UI stands before it, and a Content-Security-Policy holds the browser back from what a title or a user's query may
show (marimo's table loads addresses that end like images).
"""

import os
import socket
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from etl_project.webserver import HERE, OwnPagesOnly

Message = MutableMapping[str, Any]

#: Vega compiles what it draws (unsafe-eval), and marimo's page has scripts and styles of its own within (unsafe-inline).
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "frame-src 'self' blob: data:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class NobodyElse:
    """An ASGI application that sends ``app``'s answers with the policy that keeps the page from asking anybody else."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Hand on, and add the header to each answer."""

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                more = [(b"content-security-policy", POLICY.encode()), (b"referrer-policy", b"no-referrer")]
                message["headers"] = [*message.get("headers", []), *more]
            await send(message)

        await self.app(scope, receive, send_with_policy)


def bound(port: int) -> socket.socket:
    """Return a socket of 127.0.0.1 that listens on ``port`` (0: any that is free); OSError if it is taken."""
    return socket.create_server(("127.0.0.1", port))


def serve(listening: socket.socket) -> None:
    """Serve the notebook on a socket until the process is told to stop, which it then is; the lake is that of ``$PAPERS_LAKE``."""
    import marimo
    import uvicorn

    notebook = (
        marimo.create_asgi_app(quiet=True).with_app(path="/", root=str(Path(__file__).with_name("app.py"))).build()
    )
    guarded = OwnPagesOnly(NobodyElse(notebook), HERE)
    config = uvicorn.Config(guarded, log_level="warning", timeout_graceful_shutdown=2)
    with suppress(KeyboardInterrupt):  # Ctrl+C is how it ends
        uvicorn.Server(config).run(sockets=[listening])
    sys.stdout.flush()
    os._exit(0)  # marimo's thread of a page that is still open would keep the process; all it has is open for reading
