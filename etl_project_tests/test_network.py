"""Who is asked, what is believed, how much is taken in, and where the token may not be: real servers on loopback."""

import base64
import gzip
import json
import logging
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import duckdb
import pytest

from etl_project.dagster_home import environment
from etl_project.definitions import FETCH_JOB, build_definitions
from etl_project.lake import PROJECT, Lake
from etl_project.run import run_job
from etl_project.sources import fetched, huggingface
from etl_project.sources.fetched import Fetched
from etl_project.sources.huggingface import Limits, Service
from etl_project_tests.conftest import rows_of
from etl_project_tests.hub import DAY, LATER, QUICK, TOKEN, Hub, Wire, cut, item, reply

Papers = Callable[..., subprocess.CompletedProcess[str]]
#: One attempt, and nothing lasts.
ONCE = replace(QUICK, attempts=1, deadline=0.6, timeout=0.5)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


def ask(lake: Lake, url: str, limits: Limits = ONCE, token: str | None = TOKEN) -> Fetched:
    (result,) = fetched.fetch(lake, Service(url, token, limits), [huggingface.daily_papers(DAY)], now=LATER)
    assert TOKEN.lower() not in str(result).lower()
    assert result.outcome == "new" or not list(lake.fetched.rglob("*.json"))
    return result


# ---------------------------------------------------------------------------------------------
# certificates


@pytest.fixture
def tls_hub(certificate: Path) -> Iterator[Hub]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Hub(context) as hub:
        hub.days[str(DAY)] = [item(1)]
        yield hub


def test_a_certificate_that_nobody_vouches_for_is_refused_whatever_the_environment_says(
    lake: Lake, tls_hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONHTTPSVERIFY", "HF_HUB_DISABLE_SSL_VERIFY", "HF_HUB_DISABLE_SSL", "GIT_SSL_VERIFY"):
        monkeypatch.setenv(name, "0" if name == "PYTHONHTTPSVERIFY" else "1")
    for name in ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "")
    result = ask(lake, tls_hub.url, QUICK)
    assert (result.outcome, result.requests) == ("failed", 1), "it is no better a second time"
    assert "certificate is not trusted (self-signed certificate)" in result.detail
    assert "SSL_CERT_FILE" in result.detail
    assert tls_hub.asked == []


def test_an_authority_that_the_user_trusts_is_believed_for_its_names_only(
    lake: Lake, tls_hub: Hub, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    other = ask(lake, tls_hub.url.replace("127.0.0.1", "localhost"), QUICK)
    assert other.outcome == "failed"
    assert "not valid for 'localhost'" in other.detail
    assert tls_hub.asked == []
    assert ask(lake, tls_hub.url, QUICK).outcome == "new"


@pytest.mark.parametrize("names", ["nothing", "no certificate"])
def test_a_file_of_authorities_that_is_none_is_told_and_nobody_is_asked(
    lake: Lake, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: str
) -> None:
    authorities = tmp_path / "authorities.pem"
    if names == "no certificate":
        authorities.write_text("no certificate", "utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(authorities))
    result = ask(lake, hub.url)
    assert "SSL_CERT_FILE or SSL_CERT_DIR names no certificates" in result.detail
    assert hub.asked == []


def test_a_service_without_tls_is_not_asked_without_it(lake: Lake, hub: Hub) -> None:
    result = ask(lake, hub.url.replace("http:", "https:"), QUICK)
    assert (result.outcome, result.requests) == ("failed", 1)
    assert "does not speak TLS" in result.detail
    assert hub.asked == []


# ---------------------------------------------------------------------------------------------
# who is asked

AWAY = [
    "http://127.0.0.1:{other}/",
    "http://127.0.0.1:{other}@127.0.0.1:{other}/",
    "//127.0.0.1:{other}/",
    "http://localhost:{other}/",
    "http://127.0.0.1.:{here}/",
    "http://127.1:{other}/",
    "http://2130706433:{other}/",
    "http://0x7f000001:{other}/",
    "http://0177.0.0.1:{other}/",
    "http://[::1]:{other}/",
    "http://[::ffff:127.0.0.1]:{other}/",
    "http://0.0.0.0:{other}/",
    "http://user:password@127.0.0.1:{here}/",
    "http://127.0.0.1:{here}@127.0.0.1:{other}/",
    "http://127.0.0.1:{other}#@127.0.0.1:{here}/",
    "http://127.0.0.1:{other}\\@127.0.0.1:{here}/",
    "http://127.0.0.1:{here}\t@127.0.0.1:{other}/",
    "https://127.0.0.1:{here}/",
    "https://127.0.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://[fe80::1]/",
    "http://elsewhere.invalid/",
    "http://elsewhere.invalid:{here}/" + TOKEN,
    "http://" + TOKEN + ".invalid/",
    "http://xn--ls8h.invalid/",
    "file:///etc/passwd",
    "file://127.0.0.1:{here}/etc/passwd",
    "ftp://127.0.0.1:{other}/",
    "gopher://127.0.0.1:{other}/",
    "data:application/json,[]",
    "javascript:alert(1)",
    "unix:///run/docker.sock",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:port/",
    "http://127.0.0.1:{here}:{other}/",
    "http://[127.0.0.1/",
    "mailto:a@b",
    "",
]


#: Addresses that one reader takes for the service's and another for elsewhere.
TWO_WAYS = [
    "///127.0.0.1:{other}/",
    "////127.0.0.1:{other}/",
    "\\\\127.0.0.1:{other}\\",
    "/\\127.0.0.1:{other}/",
    "http:\\\\127.0.0.1:{other}/",
    "http:/127.0.0.1:{other}/",
    "http://",
    "/..//127.0.0.1:{other}/",
]


def test_a_redirect_that_leads_away_is_refused_before_anything_is_sent_there(lake: Lake, hub: Hub) -> None:
    with Wire() as other:
        here = hub.url.rpartition(":")[2]
        for n, location in enumerate(AWAY):
            target = location.replace("{other}", str(other.port)).replace("{here}", here)
            hub.faults = [reply((301, 302, 303, 307, 308)[n % 5], Location=target)]
            asked = len(hub.asked)
            result = ask(lake, hub.url)
            assert (result.outcome, len(hub.asked) - asked) == ("failed", 1), location
            assert "redirects to another one" in result.detail, location
        for location in TWO_WAYS:
            hub.faults = [reply(302, Location=location.replace("{other}", str(other.port))), reply(404)]
            assert ask(lake, hub.url).outcome == "failed", location
        assert other.heard == []


def test_a_redirect_within_the_service_is_the_address_that_was_compared(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [item(1)]
    query = f"/api/daily_papers?date={DAY}&p=0&limit=3"
    for location in (query, hub.url + query, hub.url.replace("http:", "HTTP:") + query, f"?date={DAY}&p=0&limit=3"):
        hub.faults = [reply(302, Location=location)]
        assert ask(Lake(lake.root / str(len(hub.asked))), hub.url).outcome == "new", location


def test_no_proxy_stands_before_this_machine(lake: Lake, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.days[str(DAY)] = [item(1)]
    with Wire() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        assert ask(lake, hub.url).outcome == "new"
        assert proxy.heard == []


def test_a_proxy_is_asked_for_a_tunnel_and_never_sees_the_token(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Wire(lambda proxy: proxy.sendall(f"HTTP/1.1 407 {TOKEN}\r\n\r\n".encode())) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("https_proxy", proxy.url)
        result = ask(lake, "https://hub.invalid")
        assert result.outcome == "failed"
        (heard,) = proxy.heard
    assert heard.startswith(b"CONNECT hub.invalid:443 ")
    assert not any(shape in heard.decode() for shape in shapes())


@pytest.mark.parametrize("proxy", ["nonsense://user:secret@proxy.invalid", "http://user:secret@proxy:port", "socks5://user:secret@proxy.invalid"])  # fmt: skip
def test_a_proxy_that_is_none_is_told_without_repeating_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("https_proxy", proxy)
    result = ask(lake, "https://hub.invalid")
    assert "names no usable proxy" in result.detail
    assert "secret" not in result.detail


def test_a_token_does_not_travel_unencrypted_to_other_machines() -> None:
    for endpoint in ("http://hub.invalid", "http://10.0.0.1:8080", "http://localhost.invalid", "http://[2001:db8::1]"):
        assert "unencrypted" in Service(endpoint, TOKEN).problem(), endpoint
        assert Service(endpoint).problem() == ""
    for endpoint in ("https://hub.invalid", "http://localhost:8080", "http://127.0.0.7", "http://[::1]:8080"):
        assert Service(endpoint, TOKEN).problem() == "", endpoint


def test_offline_nobody_is_asked(lake: Lake, hub: Hub, papers: Papers) -> None:
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_OFFLINE": "1"}
    done = papers("fetch", "--date", DAY, lake=lake, env=env)
    assert done.returncode == 4
    assert "HF_HUB_OFFLINE is set; unset it to fetch" in done.stderr
    assert hub.asked == []


# ---------------------------------------------------------------------------------------------
# how much is taken in

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def again(connection: socket.socket, piece: bytes, pause: float = 0.0) -> None:
    while True:
        connection.sendall(piece)
        time.sleep(pause)


def _endless_gzip(connection: socket.socket, after: bool) -> None:
    """A gzip member that gives nothing: its name has no end, or what stands behind its end has none."""
    connection.sendall(OK + b"Content-Encoding: gzip\r\n\r\n")
    connection.sendall(gzip.compress(b"[]") if after else b"\x1f\x8b\x08\x08" + bytes(6))
    again(connection, b"x" * 4096)


def _zeros(n: int) -> bytes:
    return gzip.compress(b"[" + b" " * n + b"]")


#: name, what the server does, what is said of it
ENDLESS: list[tuple[str, Callable[[socket.socket], None], str]] = [
    ("body", lambda c: (c.sendall(OK + b"\r\n["), again(c, b" " * 4096)), "over 32,768 bytes"),
    ("chunks", lambda c: (c.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n"), again(c, b"80\r\n" + b" " * 128 + b"\r\n")), "over 32,768 bytes"),
    ("bomb", lambda c: c.sendall(OK + b"Content-Encoding: gzip\r\n\r\n" + _zeros(1 << 24)), "unpacks to over 32,768 bytes"),
    ("name in gzip", lambda c: _endless_gzip(c, False), "over 32,768 bytes"),
    ("after gzip", lambda c: _endless_gzip(c, True), "over 32,768 bytes"),
    ("other encoding", lambda c: c.sendall(OK + b"Content-Encoding: br\r\n\r\nxxxx"), "not asked for"),
    ("twice packed", lambda c: c.sendall(OK + b"Content-Encoding: gzip, gzip\r\n\r\n" + gzip.compress(_zeros(9))), "not asked for"),
    ("damaged gzip", lambda c: c.sendall(OK + b"Content-Encoding: gzip\r\n\r\n" + _zeros(9)[:-4]), "compression is damaged"),
    ("headers", lambda c: (c.sendall(OK), again(c, b"X-More: " + b"x" * 2000 + b"\r\n")), "cut before"),
    ("one header", lambda c: (c.sendall(OK + b"X-More: "), again(c, b"x" * 2000)), "cut before"),
    ("dripping headers", lambda c: (c.sendall(OK), again(c, b"X: y\r\n", 0.05)), "not whole after 0.6 seconds"),
    ("hints", lambda c: again(c, b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05), "not whole after 0.6 seconds"),
    ("dripping body", lambda c: (c.sendall(OK + b"\r\n[]"), again(c, b" ", 0.05)), "not whole after 0.6 seconds"),
    ("dripping status", lambda c: again(c, b"H", 0.05), "not whole after 0.6 seconds"),
    ("silence", lambda c: time.sleep(3), "no answer within 0.5 seconds"),
    ("no http", lambda c: c.sendall(b"220 mail.invalid ESMTP\r\n"), "cut before"),
    ("nothing", lambda c: None, "cut before"),
]  # fmt: skip


@pytest.mark.parametrize(("talk", "says"), [row[1:] for row in ENDLESS], ids=[row[0] for row in ENDLESS])
def test_what_has_no_end_is_ended(lake: Lake, talk: Callable[[socket.socket], None], says: str) -> None:
    # a machine that is busy is slow: what is not the test's point has time
    limits = replace(ONCE, timeout=0.5 if "no answer" in says else 10, deadline=0.6 if "0.6 seconds" in says else 20)
    started = time.monotonic()
    with Wire(talk) as wire:
        result = ask(lake, wire.url, limits)
    assert says in result.detail
    assert time.monotonic() - started < 10


def test_an_endless_answer_over_tls_is_ended(
    lake: Lake, tls_hub: Hub, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(handler: Any) -> None:
        again(handler.connection, b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05)

    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    tls_hub.always = drip
    assert "not whole after 0.6 seconds" in ask(lake, tls_hub.url, replace(ONCE, timeout=10)).detail


def test_a_body_that_is_packed_is_unpacked(lake: Lake, hub: Hub) -> None:
    body = json.dumps([item(1)]).encode()
    hub.faults = [reply(200, gzip.compress(body), Content_Encoding="gzip")]
    assert ask(lake, hub.url).outcome == "new"
    (page,) = fetched.untaken(lake)
    assert page.read_bytes() == body
    assert hub.asked[0][2]["accept-encoding"] == "gzip"


def test_a_bomb_takes_the_memory_of_a_page(lake: Lake) -> None:
    packed = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packed.compress(bytes(1 << 24)) for _ in range(8)) + packed.flush()
    most = 1 << 20
    with Wire(lambda c: c.sendall(OK + b"Content-Encoding: gzip\r\n\r\n" + bomb)) as wire:
        ask(lake, wire.url)  # imports
        tracemalloc.start()
        result = ask(lake, wire.url, replace(ONCE, body=most, deadline=20, timeout=10))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert f"unpacks to over {most:,} bytes" in result.detail
    assert peak < 10 * most


def test_a_page_of_very_many_items_is_refused(lake: Lake, hub: Hub) -> None:
    hub.faults = [reply(200, b"[" + b"{}," * 1_000_000 + b"{}]")]
    result = ask(lake, hub.url, Limits(pause=0))
    assert result.outcome == "failed"
    assert "has 1,000,001 items" in result.detail


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry_After": "Mon, 20 Jul 99999999999999999999 12:00:00 GMT"},
        {"Retry_After": "Mon, 20 Jul 2026 12:00:00 +9999999999"},
        {"Retry_After": "9" * 5000},
        {"Retry_After": "Mon, 20 Jul 2026 12:00:00 GMT", "Date": "Mon, 20 Jul 99999999999999 12:00:00 GMT"},
        {"RateLimit": '"api";r=0;t=' + "9" * 5000},
        {"RateLimit": '"' * 20_000, "RateLimit_Policy": ";a=" * 8_000},
    ],
    ids=["year", "zone", "seconds", "date", "limit", "quotes"],
)
def test_absurd_headers_are_told_in_one_line(lake: Lake, hub: Hub, headers: dict[str, str]) -> None:
    hub.always = reply(429, **headers)
    started = time.monotonic()
    result = ask(lake, hub.url)
    assert result.outcome == "failed"
    assert "throttles" in result.detail
    assert time.monotonic() - started < 10


# ---------------------------------------------------------------------------------------------
# where the token may not be


def shapes() -> list[str]:
    """The token as it may be written: made here in another way than in the program."""
    coded = []
    for before in range(3):
        whole = base64.b64encode(b"Bearer"[:before] + TOKEN.encode()).decode()
        start = -(-8 * before // 6)
        coded.append(whole[start : start + (8 * len(TOKEN) - 6) // 6])
    return [
        TOKEN,
        TOKEN.lower(),
        quote(TOKEN),
        "".join(f"\\u{ord(c):04x}" for c in TOKEN),
        *coded,
    ]


def everything_in(lake: Lake) -> Iterator[tuple[str, str]]:
    """Yield each file of the lake as text and, since databases compress, each of their rows."""
    for path in sorted(lake.root.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield str(path), f"{path.name} {path.read_bytes().decode('latin-1')}"
        if path.suffix == ".duckdb" and not path.is_symlink():
            with duckdb.connect(str(path), read_only=True) as connection:
                for schema, table in connection.execute(
                    "select schema_name, table_name from duckdb_tables()"
                ).fetchall():
                    yield f"{path} {table}", repr(connection.execute(f"from {schema}.{table}").fetchall())
        if path.suffix == ".db":
            with sqlite3.connect(path) as database:
                yield str(path), "\n".join(database.iterdump())


def echo(status: int, **headers: str) -> Callable[[Any], None]:
    """Answer with the token wherever an answer has a place for it."""

    def send(handler: Any) -> None:
        body = json.dumps([{"error": f"Bearer {TOKEN}"}]).encode()
        handler.send_response(status, f"No {TOKEN}")
        told = {"Set-Cookie": f"a={TOKEN}; Path=/", "X-Token": TOKEN, "WWW-Authenticate": f"Bearer {TOKEN}", **headers}
        for name, value in {**told, "Content-Length": str(len(body))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


@pytest.mark.parametrize("n", range(len(shapes())))
def test_an_answer_that_tells_the_token_in_whatever_shape_is_not_kept(lake: Lake, hub: Hub, n: int) -> None:
    shape = shapes()[n]
    body = json.dumps([item(1)]).replace("Invented Paper 1", f"Invented {shape} Paper 1").encode()
    hub.always = reply(200, body)
    result = ask(lake, hub.url)
    assert "repeats HF_TOKEN" in result.detail


def test_the_token_is_nowhere_after_every_kind_of_trouble(
    lake: Lake, hub: Hub, papers: Papers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)  # of every library, as somebody looks who searches for a fault
    hub.days[str(DAY)] = [item(n) for n in range(3)]
    for name, value in {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_DEBUG": "1"}.items():
        monkeypatch.setenv(name, value)
    said = []
    retried = [echo(500, **{"Retry-After": "0"}), cut, echo(429, **{"Retry-After": "0"})]
    away = echo(302, Location=f"http://{TOKEN}.invalid/{TOKEN}")
    for faults in (
        [*retried, echo(200)],
        [echo(401)],
        [echo(403)],
        [echo(418)],
        [away],
        [echo(302, Location=f"/api/{TOKEN}?token={TOKEN}"), echo(404)],
    ):
        hub.faults = list(faults)
        said.append(ask(lake, hub.url, replace(QUICK, attempts=4)).detail)
        assert said[-1]
        assert hub.faults == []
    for faults, option in (([away], "--json"), ([*retried], "--again")):
        hub.faults = list(faults)
        done = papers("fetch", "--date", DAY, option, lake=lake)
        assert done.returncode == (4 if option == "--json" else 0), done.stderr
        assert "Traceback" not in done.stderr
        said.append(done.stdout + done.stderr)
    hub.faults = [echo(403)]
    job = build_definitions(lake).resolve_job_def(FETCH_JOB)
    os.environ.update(environment(lake))
    with dg.DagsterInstance.get() as instance:
        for _ in range(2):  # refused, and then not
            job.execute_in_process(partition_key="2026-06-25", instance=instance, raise_on_error=False)
    summary = run_job(lake, [])
    assert summary.published, summary
    assert rows_of(lake, "select count(*) from papers") == [(3,)]
    assert all(headers["authorization"] == f"Bearer {TOKEN}" for _, _, headers, _ in hub.asked)
    said += [repr(summary), papers("status", "--json", lake=lake).stdout]
    looked_at = 0
    for place, text in [*everything_in(lake), *(("output", text) for text in (*said, caplog.text))]:
        looked_at += 1
        for shape in shapes():
            assert shape not in text, (place, shape)
    assert looked_at > 40


# ---------------------------------------------------------------------------------------------
# the UI


def asked(port: int, path: str = "/server_info", **headers: str) -> int:
    """The status with which the UI answers, 0 if nobody listens."""
    lines = [f"GET {path} HTTP/1.1", "Connection: close", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            return int(connection.recv(99).split()[1])
    except ConnectionRefusedError:
        return 0


def children(pid: int) -> list[int]:
    """A process and all that it started, and these did."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found


def listening(pids: list[int]) -> set[str]:
    """The addresses, in hexadecimal, on which these processes listen."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            try:
                sockets.add(str(descriptor.readlink()))
            except OSError:
                pass
    rows = [line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets}


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="who listens where is read from /proc")
def test_the_ui_listens_on_this_machine_only_and_answers_its_own_pages_only(lake: Lake) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "etl_project.cli", "ui", "--port", str(port), "--lake", str(lake.root)]
    command += ["--name", "papers.invented"]
    ui = subprocess.Popen(
        command,
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a job in the background has it ignored, and so would the UI
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    pids = []
    try:
        here = f"127.0.0.1:{port}"
        until = time.monotonic() + 120
        while not asked(port, Host=here) and ui.poll() is None and time.monotonic() < until:
            time.sleep(0.3)
        pids = children(ui.pid)
        assert len(pids) > 3
        assert listening(pids) == {f"0100007F:{port:04X}"}
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": "SW52ZW50ZWQgUGFwZXJzIQ=="}  # fmt: skip
        for host, origin, status in (
            (here, None, 200),
            (here, f"http://{here}", 200),
            ("localhost:1", None, 200),  # through a tunnel with another port
            ("papers.invented", "https://papers.invented", 200),
            ("evil.invented", None, 403),
            ("127.0.0.1.evil.invented", None, 403),
            ("localhost@evil.invented", None, 403),
            (here, "http://evil.invented", 403),
            (here, "http://127.0.0.1:1", 403),
            (here, "null", 403),
        ):
            headers = {"Host": host, **({"Origin": origin} if origin else {})}
            assert asked(port, **headers) == status, headers
            told = {**upgrade, "Sec_WebSocket_Protocol": "graphql-ws", **headers}
            assert asked(port, "/graphql", **told) == (101 if status == 200 else 403), headers
    finally:
        ui.send_signal(signal.SIGINT)
        try:
            said = ui.communicate(timeout=90)[1]
        finally:
            for pid in (ui.pid, *pids):  # whatever went wrong, nothing stays behind
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    assert f"ssh -L {port}:127.0.0.1:{port}" in said
    assert "a reverse proxy with a login" in said
