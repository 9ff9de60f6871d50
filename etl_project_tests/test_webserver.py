"""The report stands beside what starts runs, and can reach none of it: asked as Dagster's webserver would be."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from etl_project.webserver import OwnPagesOnly, WithReport


async def _dagster(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"from", b"dagster")]})
    await send({"type": "http.response.body", "body": b"dagster"})


def asked(
    report: Path, path: str, method: str = "GET", host: str = "127.0.0.1:3000"
) -> tuple[int, dict[str, str], bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": method, "headers": [(b"host", host.encode())]}
    asyncio.run(OwnPagesOnly(WithReport(_dagster, report), ["127.0.0.1"])(scope, None, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, sent[1]["body"]


def test_the_report_is_served_as_it_is_now_and_what_else_is_asked_is_dagsters(tmp_path: Path) -> None:
    report = tmp_path / "latest.html"
    status, headers, body = asked(report, "/report")
    assert (status, headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert b"no report yet" in body
    for text in ("<p>one</p>", "<p>zwei ü</p>"):
        report.write_text(text, "utf-8")
        status, headers, body = asked(report, "/report")
        assert (status, body.decode(), headers["cache-control"]) == (200, text, "no-store")
        assert headers["content-length"] == str(len(body))
    assert asked(report, "/report", "HEAD")[2] == b""
    for path in ("/", "/graphql", "/reports", "/report/../graphql", "/runs/report"):
        assert asked(report, path)[2] == b"dagster", path


@pytest.mark.parametrize("there", [True, False])
def test_the_report_has_an_origin_of_its_own_and_reaches_nothing(tmp_path: Path, there: bool) -> None:
    report = tmp_path / "latest.html"
    if there:
        report.write_text("<script>fetch('/graphql')</script>", "utf-8")
    _, headers, _ = asked(report, "/report")
    policy = dict((part.strip() + " ").split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert "allow-same-origin" not in policy["sandbox"]
    assert "allow-forms" not in policy["sandbox"] and "allow-top-navigation" not in policy["sandbox"]
    assert policy["default-src"].strip() == policy["form-action"].strip() == "'none'"
    assert "connect-src" not in policy, "nothing is let through: default-src is none"
    assert headers["x-content-type-options"] == "nosniff"


def test_pages_of_other_names_get_no_report(tmp_path: Path) -> None:
    (tmp_path / "latest.html").write_text("words of captures", "utf-8")
    status, _, body = asked(tmp_path / "latest.html", "/report", host="evil.invented")
    assert status == 403
    assert b"words" not in body
