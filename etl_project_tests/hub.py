"""A papers service on loopback that pages, throttles, fails, lies and wanders. All papers are invented."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from etl_project.sources.huggingface import Limits, Service
from etl_project_tests.conftest import ABSTRACT

TOKEN = "hf_" + "Invented0" * 4
DAY = date(2026, 6, 26)
LATER = datetime(2026, 7, 20, 12, tzinfo=UTC)
#: Short, and still long enough for a machine that is busy with other tests.
QUICK = Limits(
    timeout=2, deadline=3, attempts=3, first_backoff=0.01, pause=0, longest_wait=4, page_items=3, pages=6, body=1 << 15
)  # fmt: skip


def item(n: int, day: date = DAY) -> dict[str, Any]:
    """An invented paper as the service gives it, with a field that no wrapper knows."""
    arxiv_id = f"{day:%y%m}.{n:05d}"
    return {
        "paper": {
            "id": arxiv_id, "authors": [{"name": "Ada Invented"}, {"name": "Ben Made-Up"}],
            "publishedAt": f"{day}T00:00:00.000Z", "submittedOnDailyAt": f"{day}T09:00:00.000Z",
            "title": f"Invented Paper {n}", "summary": ABSTRACT.format(topic=f"gravel number {n}"), "upvotes": n,
            "githubRepo": f"https://github.com/invented/paper-{n}", "githubStars": 3,
        },
        "publishedAt": f"{day}T07:00:00.000Z", "title": f"Invented Paper {n}",
        "summary": ABSTRACT.format(topic=f"gravel number {n}"), "numComments": 0, "ünknown": None,
    }  # fmt: skip


class Hub:
    """A papers service. ``faults`` answer the next requests instead of it (None: it answers itself)."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.days: dict[str, list[dict[str, Any]]] = {}
        self.faults: list[Callable[[BaseHTTPRequestHandler], None] | None] = []
        self.always: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.before: Callable[[str, int], None] = lambda day, page: None
        self.headers: dict[str, str] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, str], float]] = []
        self.sent: list[bytes] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                hub.asked.append((parts.path, query, headers, time.monotonic()))
                fault = hub.faults.pop(0) if hub.faults else hub.always
                (fault or hub.answer)(self)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # clients that hang up are part of the tests

        self.server = Server(("127.0.0.1", 0), Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, True, do_handshake_on_connect=False)
        self.url = f"http{'s' if context else ''}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path, query, _, _ = self.asked[-1]
        limit, page = int(query["limit"]), int(query.get("p", 0))
        day = query.get("date", "top")
        self.before(day, page)
        items = self.days.get(day if path == "/api/daily_papers" else query["q"], [])
        body = json.dumps(items[page * limit : (page + 1) * limit], indent=1, ensure_ascii=False).encode()
        self.sent.append(body)
        reply(200, body, **self.headers)(handler)

    @property
    def service(self) -> Service:
        return Service(self.url, TOKEN, QUICK)


def reply(status: int, body: bytes = b"", **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def cut(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    handler.wfile.write(b'[{"paper": {"id": "26')
    handler.wfile.flush()
    handler.close_connection = True


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2.5)
    handler.close_connection = True


def dripping(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "5000")
    handler.end_headers()
    for _ in range(36):  # never silent for long, and never done
        handler.wfile.write(b"[")
        handler.wfile.flush()
        time.sleep(0.1)
    handler.close_connection = True


def until_a_date(handler: BaseHTTPRequestHandler) -> None:
    """Throttle for a second, told as a date by a clock that is an hour slow."""
    clock = datetime.now(UTC) - timedelta(hours=1)
    handler.send_response_only(429)
    handler.send_header("Date", format_datetime(clock, usegmt=True))
    handler.send_header("Retry-After", format_datetime(clock + timedelta(seconds=1), usegmt=True))
    handler.send_header("Content-Length", "0")
    handler.end_headers()


class Wire:
    """Speaks to each connection by ``talk`` instead of HTTP; ``heard`` are the first bytes of each."""

    def __init__(self, talk: Callable[[socket.socket], None] = lambda _: None) -> None:
        self.heard: list[bytes] = []
        self.talk = talk
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        self.heard.append(b"")
        place = len(self.heard) - 1
        with connection:
            try:
                self.heard[place] = connection.recv(1 << 16)
                self.talk(connection)
            except OSError:
                pass  # the other side hung up

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
