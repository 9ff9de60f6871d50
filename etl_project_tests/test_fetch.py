"""Live fetch against a real HTTP server on loopback that pages, throttles, fails, lies and wanders. All papers are invented."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from etl_project.definitions import FETCH_JOB, build_definitions
from etl_project.lake import Lake, writer_lock
from etl_project.run import run_job
from etl_project.sources import fetched, huggingface
from etl_project.sources.fetched import Fetched
from etl_project.sources.huggingface import Limits, Service, seconds_to_reset, seconds_to_retry
from etl_project_tests.conftest import capture, rows_of
from etl_project_tests.hub import DAY, LATER, QUICK, TOKEN, Hub, cut, dripping, item, reply, silent, until_a_date

Papers = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


def fetch(lake: Lake, hub: Hub, *on: date, now: datetime = LATER, again: bool = False) -> list[Fetched]:
    listings = [huggingface.daily_papers(day) for day in on or (DAY,)]
    return list(fetched.fetch(lake, hub.service, listings, now=now, again=again))


def stored(lake: Lake) -> list[Path]:
    return sorted(path for path in lake.fetched.rglob("*") if path.is_file() and path.name != "lock")


def gaps(hub: Hub) -> list[float]:
    return [after[3] - before[3] for before, after in pairwise(hub.asked)]


# ---------------------------------------------------------------------------------------------
# what is stored


def test_a_day_is_read_page_by_page_and_kept_as_received(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [item(n) for n in range(7)]
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.items, result.pages, result.detail) == ("new", 7, 3, "")
    assert [(query["date"], query["p"], query["limit"]) for _, query, _, _ in hub.asked[:3]] == [
        (str(DAY), str(page), "3") for page in range(3)
    ]
    pages = fetched.untaken(lake)
    assert [path.name for path in pages] == [f"daily_papers_{DAY}_p{page}.json" for page in range(3)]
    assert [path.read_bytes() for path in pages] == hub.sent[-3:]
    assert list(pages.values())[1] == f"{hub.url}/api/daily_papers?date={DAY}&p=1&limit=3"
    assert result.bytes == sum(len(body) for body in hub.sent[-3:])
    assert result.requests == len(hub.asked) == 6  # several pages are read twice, to see that nothing moved


def test_a_day_whose_last_page_is_full_ends_with_the_empty_one(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [item(n) for n in range(3)]
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.items, result.pages, result.requests) == ("new", 3, 1, 2)


def test_a_weekend_is_an_empty_day_that_is_remembered_and_not_taken_in(lake: Lake, hub: Hub) -> None:
    saturday = DAY + timedelta(days=1)
    assert [(r.outcome, r.requests) for r in fetch(lake, hub, saturday)] == [("empty", 1)]
    assert [(r.outcome, r.requests) for r in fetch(lake, hub, saturday)] == [("empty", 0)]
    assert fetched.untaken(lake) == {}


def test_a_settled_day_is_asked_for_again_only_on_demand(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [item(1)]
    assert [r.outcome for r in fetch(lake, hub)] == ["new"]
    first = stored(lake)
    assert [(r.outcome, r.requests, r.items) for r in fetch(lake, hub)] == [("known", 0, 1)]
    assert [(r.outcome, r.requests) for r in fetch(lake, hub, again=True)] == [("known", 1)]
    assert stored(lake) == first
    hub.days[str(DAY)] = [item(1), item(2)]
    assert [(r.outcome, r.items) for r in fetch(lake, hub, again=True)] == [("new", 2)]
    assert set(first) < set(stored(lake))


def test_a_day_that_is_not_over_is_fetched_until_it_is(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [item(1)]
    for late, outcome, requests in ((0, "new", 1), (1, "known", 1), (2, "known", 1), (3, "known", 0)):
        now = datetime.combine(DAY, datetime.min.time(), UTC) + timedelta(days=late, hours=5)
        assert [(r.outcome, r.requests) for r in fetch(lake, hub, now=now)] == [(outcome, requests)]
    assert len(fetched.untaken(lake)) == 1


def test_a_half_finished_day_is_completed_and_not_doubled(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [item(n) for n in range(4)]
    fetch(lake, hub)
    whole = {path: path.read_bytes() for path in stored(lake) if path.name != "done.json"}
    (done,) = lake.fetched.rglob("done.json")
    for harm in ("no done.json", "cut page", "lost page", "damaged done.json"):
        if harm == "no done.json":
            done.unlink()
        elif harm == "damaged done.json":
            done.chmod(0o644)
            done.write_bytes(done.read_bytes()[:40])
        else:
            page = max(whole)
            page.unlink()
            if harm == "cut page":
                page.write_bytes(whole[page][:-5])
        assert fetched.untaken(lake) == {}, harm
        assert [r.outcome for r in fetch(lake, hub)] == ["new"], harm
        assert {path: path.read_bytes() for path in fetched.untaken(lake)} == whole, harm


def test_search_and_trending_are_the_top_of_their_lists(lake: Lake, hub: Hub) -> None:
    hub.days |= {"sparse gravel 2024-01-01": [item(n) for n in range(9)], "top": [item(n) for n in range(9)]}
    listings = [huggingface.search("sparse gravel 2024-01-01", DAY), huggingface.trending(DAY)]
    results = list(fetched.fetch(lake, hub.service, listings, now=LATER))
    assert [(r.outcome, r.items, r.requests) for r in results] == [("new", 3, 1)] * 2
    assert [(path, query) for path, query, _, _ in hub.asked] == [
        ("/api/papers/search", {"q": "sparse gravel 2024-01-01", "limit": "3"}),
        ("/api/daily_papers", {"sort": "trending", "p": "0", "limit": "3"}),
    ]
    searched, trending = (path.name for path in fetched.untaken(lake))
    assert trending == f"trending_{DAY}_p0.json"
    assert searched.startswith("search_sparse+gravel_")
    assert searched.endswith(f"_{DAY}_p0.json")
    assert "2024" not in searched, "the day in the name is the capture's"
    again = list(fetched.fetch(lake, hub.service, listings, now=LATER))
    assert [(r.outcome, r.requests) for r in again] == [("known", 1)] * 2


# ---------------------------------------------------------------------------------------------
# a server with troubles


@pytest.mark.parametrize(
    "faults",
    [
        [reply(500), reply(503)],
        [reply(502), reply(504)],
        [cut, cut],
        [silent],
        [dripping],
        [reply(200, b"[{"), reply(200, b"<html>busy</html>")],
        [reply(200, b'{"error": "busy"}'), reply(200, b"[1, 2]")],
        [reply(200, b"[" * 20_000)],
    ],
    ids=["500 503", "502 504", "cut", "silent", "dripping", "no json", "no array", "deep"],
)
def test_what_may_pass_is_tried_again(lake: Lake, hub: Hub, faults: list[Any]) -> None:
    hub.days[str(DAY)] = [item(1)]
    hub.faults = list(faults)
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.requests) == ("new", len(faults) + 1)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (reply(500), "failed (500) (3 attempts); try again later"),
        (cut, "cut before the answer was whole"),
        (reply(200, b'[{"paper"'), "no JSON"),
        (reply(200, b'{"papers": []}'), "no array of papers"),
        (reply(200, b"null"), "no array of papers"),
    ],
    ids=["500", "cut", "no json", "object", "null"],
)
def test_what_does_not_pass_is_told_and_nothing_is_kept(lake: Lake, hub: Hub, fault: Any, says: str) -> None:
    hub.faults = [fault] * 3
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.requests) == ("failed", 3)
    assert says in result.detail
    assert stored(lake) == []


@pytest.mark.parametrize(
    ("status", "says"),
    [(400, "has not begun"), (401, "HF_TOKEN"), (403, "HF_TOKEN"), (404, "HF_ENDPOINT"), (418, "418")],
)
def test_a_refusal_is_not_tried_again(lake: Lake, hub: Hub, status: int, says: str) -> None:
    hub.faults = [reply(status, TOKEN.encode())]
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.requests) == ("failed", 1)
    assert says in result.detail
    assert TOKEN not in result.detail


def test_an_answer_over_the_limit_is_refused(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [{**item(1), "summary": "x" * QUICK.body}]
    (result,) = fetch(lake, hub)
    assert result.outcome == "failed"
    assert "over 32,768 bytes" in result.detail
    assert stored(lake) == []


def test_pages_without_end_stop(lake: Lake, hub: Hub) -> None:
    count = iter(range(10_000))

    def three_more(handler: BaseHTTPRequestHandler) -> None:
        reply(200, json.dumps([item(next(count)) for _ in range(3)]).encode())(handler)

    hub.always = three_more
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.requests) == ("failed", QUICK.pages)
    assert "no end after 6 pages" in result.detail


def test_a_page_that_repeats_stops(lake: Lake, hub: Hub) -> None:
    hub.always = reply(200, json.dumps([item(n) for n in range(3)]).encode())
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.requests) == ("failed", 2)
    assert "page 1 repeats" in result.detail
    assert stored(lake) == []


@pytest.mark.parametrize("change", ["a paper comes", "a paper goes", "the order changes"])
def test_papers_that_move_between_pages_are_all_there_once(lake: Lake, hub: Hub, change: str) -> None:
    papers = hub.days[str(DAY)] = [item(n) for n in range(6)]
    changes = {"a paper comes": lambda: papers.insert(0, item(9)), "a paper goes": lambda: papers.pop(0)}

    def before(_: str, page: int) -> None:
        if page == 1 and len(hub.asked) == 2:  # while the listing is read for the first time
            changes.get(change, papers.reverse)()

    hub.before = before
    (result,) = fetch(lake, hub)
    assert result.outcome == "new"
    found = [i["paper"]["id"] for path in fetched.untaken(lake) for i in json.loads(path.read_bytes())]
    assert sorted(found) == sorted(paper["paper"]["id"] for paper in papers)


def test_a_listing_that_never_rests_is_not_kept(lake: Lake, hub: Hub) -> None:
    papers = hub.days[str(DAY)] = [item(n) for n in range(5)]
    hub.before = lambda _, page: papers.insert(0, item(100 + len(hub.asked))) if page == 1 else None
    (result,) = fetch(lake, hub)
    assert result.outcome == "failed"
    assert "changed while it was read" in result.detail
    assert stored(lake) == []


# ---------------------------------------------------------------------------------------------
# waiting


@pytest.mark.parametrize("throttled", ["seconds", "date", "ratelimit"])
def test_a_throttled_request_waits_as_long_as_it_is_told(lake: Lake, hub: Hub, throttled: str) -> None:
    hub.days[str(DAY)] = [item(1)]
    hub.faults = [
        {
            "seconds": reply(429, Retry_After="1"),
            "date": until_a_date,
            "ratelimit": reply(429, RateLimit='"api";r=0;t=1', RateLimit_Policy='"fixed window";"api";q=500;w=300'),
        }[throttled]
    ]
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.requests) == ("new", 2)
    assert 0.95 < gaps(hub)[0] < 2


def test_nothing_is_sent_while_no_request_remains(lake: Lake, hub: Hub) -> None:
    hub.headers = {"RateLimit": '"api";r=0;t=1', "RateLimit-Policy": '"fixed window";"api";q=1;w=1'}
    results = fetch(lake, hub, DAY, DAY + timedelta(days=1))
    assert [r.outcome for r in results] == ["empty", "empty"]
    assert gaps(hub)[0] > 0.95


def test_requests_keep_their_distance(lake: Lake, hub: Hub) -> None:
    service = Service(hub.url, None, Limits(pause=1))
    listings = [huggingface.daily_papers(DAY + timedelta(days=n)) for n in range(3)]
    list(fetched.fetch(lake, service, listings, now=LATER))
    assert len(gaps(hub)) == 2
    assert min(gaps(hub)) > 0.95  # as they arrive: on a busy machine some milliseconds closer than they were sent
    assert all("authorization" not in headers for _, _, headers, _ in hub.asked)
    assert Limits().pause * 500 >= 300


def test_a_wait_over_the_bound_is_told_at_once_and_stops_the_range(lake: Lake, hub: Hub) -> None:
    hub.faults = [None, reply(429, Retry_After="86400")]
    started = time.monotonic()
    results = fetch(lake, hub, *(DAY + timedelta(days=n) for n in range(4)))
    assert time.monotonic() - started < 2
    assert [r.outcome for r in results] == ["empty", "failed", "not tried", "not tried"]
    assert "asks to wait 86400 seconds more, over the limit of 4" in results[1].detail
    assert len(hub.asked) == 2


def test_waits_for_one_page_are_bounded_together(lake: Lake, hub: Hub) -> None:
    hub.always = reply(429, Retry_After="1")
    service = Service(hub.url, None, Limits(attempts=100, first_backoff=0.01, pause=0, longest_wait=1.5))
    (result,) = fetched.fetch(lake, service, [huggingface.daily_papers(DAY)], now=LATER)
    assert result.outcome == "failed"
    assert "throttles" in result.detail
    assert len(hub.asked) == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit": '"api";r=12;t=55'}, 0),
        ({"ratelimit": '"api";r=0;t=55'}, 55),
        ({"ratelimit": '"api"; t=7; r=0'}, 7),
        ({"ratelimit": '"a;r=0,b";r=1;t=9, "burst";r=0;t=3'}, 3),
        ({"ratelimit": '"api";r=0', "ratelimit-policy": '"fixed window";"api";q=500;w=300'}, 300),
        ({"ratelimit": '"api";r=0'}, 60),
        ({"ratelimit": "nonsense"}, 0),
        ({}, 0),
    ],
)
def test_ratelimit_headers(headers: dict[str, str], seconds: float) -> None:
    assert seconds_to_reset(headers) == seconds


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("0", 0), ("120", 120), ("Mon, 20 Jul 2026 12:00:30 GMT", 30), ("Mon, 20 Jul 2026 11:00:00 GMT", 0), ("soon", 0), ("-5", 0), ("", 0)],
)  # fmt: skip
def test_retry_after(said: str, seconds: float) -> None:
    assert seconds_to_retry({"retry-after": said}, lambda: LATER) == seconds


# ---------------------------------------------------------------------------------------------
# the token, and where it goes


def test_a_redirect_to_another_host_is_not_followed(lake: Lake, hub: Hub) -> None:
    with Hub() as other:
        for target in (other.url, other.url.replace("127.0.0.1", "localhost"), "https://elsewhere.invalid"):
            hub.faults = [reply(302, Location=f"{target}/api/daily_papers?token={TOKEN}")]
            (result,) = fetch(lake, hub)
            assert (result.outcome, result.requests) == ("failed", 1)
            assert "redirects to another one" in result.detail
            assert TOKEN not in result.detail
        assert other.asked == []
        assert stored(lake) == []


def test_a_redirect_within_the_service_is_followed_a_circle_is_not(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [item(1)]
    hub.faults = [reply(308, Location=f"/api/daily_papers?date={DAY}&p=0&limit=3")]
    (result,) = fetch(lake, hub)
    assert (result.outcome, result.requests) == ("new", 2)
    assert [headers["authorization"] for _, _, headers, _ in hub.asked] == [f"Bearer {TOKEN}"] * 2
    hub.always = reply(302, Location="/api/daily_papers")
    (result,) = fetch(lake, hub, again=True)
    assert "in a circle" in result.detail


def test_an_answer_that_repeats_the_token_is_not_kept(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [{**item(1), "title": TOKEN}]
    (result,) = fetch(lake, hub)
    assert result.outcome == "failed"
    assert stored(lake) == []


@pytest.mark.parametrize(
    ("endpoint", "token"),
    [
        ("https://user:secret@hub.invalid", None),
        ("https://hub.invalid/?secret=1", None),
        ("ftp://hub.invalid/secret", None),
        ("secret", None),
        ("https://hub.invalid:port/secret", None),
        ("https://hub.invalid/sec\nret", None),
        ("https://hub.invalid", "secret\r\nx: y"),
        ("https://hub.invalid", "secret ü"),
    ],
)
def test_unusable_settings_are_told_without_repeating_them(lake: Lake, endpoint: str, token: str | None) -> None:
    service = Service(endpoint, token)
    assert service.problem()
    assert "secret" not in service.problem()
    (result,) = fetched.fetch(lake, service, [huggingface.daily_papers(DAY)], now=LATER)
    assert (result.outcome, result.detail) == ("failed", service.problem())


def test_a_service_does_not_show_its_token() -> None:
    assert TOKEN not in repr(Service("https://hub.invalid", TOKEN))


def test_a_service_that_cannot_be_reached_stops_the_range(lake: Lake, hub: Hub) -> None:
    hub.server.shutdown()
    hub.server.server_close()
    results = fetch(lake, hub, DAY, DAY + timedelta(days=1))
    assert [r.outcome for r in results] == ["failed", "not tried"]
    assert "cannot be reached" in results[0].detail
    assert TOKEN not in results[0].detail


# ---------------------------------------------------------------------------------------------
# ranges, and several at once


def test_of_a_range_the_finished_days_stay(lake: Lake, hub: Hub) -> None:
    on = [DAY + timedelta(days=n) for n in range(3)]
    hub.days = {str(day): [item(n, day)] for n, day in enumerate(on)}
    hub.faults = [None, *[reply(500)] * 3]
    assert [r.outcome for r in fetch(lake, hub, *on)] == ["new", "failed", "new"]
    assert [(r.outcome, r.requests) for r in fetch(lake, hub, *on)] == [("known", 0), ("new", 1), ("known", 0)]
    assert len(fetched.untaken(lake)) == 3


def test_days_that_fail_one_after_the_other_stop_a_range(lake: Lake, hub: Hub) -> None:
    hub.always = reply(500)
    results = fetch(lake, hub, *(DAY + timedelta(days=n) for n in range(6)))
    assert [r.outcome for r in results] == ["failed"] * 3 + ["not tried"] * 3


def test_one_fetch_at_a_time_beside_any_run(lake: Lake, hub: Hub, papers: Papers) -> None:
    environment = {**os.environ, "HF_ENDPOINT": hub.url}
    with writer_lock(lake, "a long run"):
        assert papers("fetch", "--date", DAY, lake=lake, env=environment).returncode == 0
    with writer_lock(lake, "another fetch", lake.fetched / "lock"):
        done = papers("fetch", "--date", DAY, "--again", lake=lake, env=environment)
    assert done.returncode == 3
    assert "in use by another fetch" in done.stderr
    assert len(hub.asked) == 1


# ---------------------------------------------------------------------------------------------
# Dagster


def test_fetched_pages_become_dumps_and_the_job_asks_nobody(
    lake: Lake, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.days[str(DAY)] = [item(n) for n in range(4)]
    fetch(lake, hub)
    asked = len(hub.asked)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    half = lake.fetched / "daily_papers" / str(DAY) / "0" / "half.json"
    half.parent.mkdir()
    half.write_text("[{", "utf-8")
    lake.inbox.mkdir(parents=True)
    (lake.inbox / "page.txt").write_text(capture(("From the Inbox", "reed")), "utf-8")
    summary = run_job(lake, [])
    assert summary.published
    assert len(hub.asked) == asked
    assert rows_of(lake, "select file_name, source from raw_dumps order by file_name") == [
        (f"daily_papers_{DAY}_p0.json", f"{hub.url}/api/daily_papers?date={DAY}&p=0&limit=3"),
        (f"daily_papers_{DAY}_p1.json", f"{hub.url}/api/daily_papers?date={DAY}&p=1&limit=3"),
        ("page.txt", str(lake.inbox)),
    ]
    assert fetched.untaken(lake) == {}


def _partitions(instance: dg.DagsterInstance) -> set[str]:
    return instance.get_materialized_partitions(dg.AssetKey("fetched_days"))


def test_the_fetch_job_fetches_a_day_and_tells_what(lake: Lake, hub: Hub) -> None:
    hub.days[str(DAY)] = [item(1)]
    job = build_definitions(lake, hub.service).resolve_job_def(FETCH_JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(partition_key=str(DAY), instance=instance)
        (event,) = result.get_asset_materialization_events()
        told = {name: value.value for name, value in event.materialization.metadata.items()}
        assert (event.partition, told["items"], told["pages"], told["requests"]) == (str(DAY), 1, 1, 1)
        assert told["bytes"] == len(hub.sent[0])
        assert _partitions(instance) == {str(DAY)}
        assert TOKEN not in "".join(map(repr, instance.get_records_for_run(result.run_id).records))
    assert len(fetched.untaken(lake)) == 1


def test_a_run_over_a_range_keeps_the_days_it_got(lake: Lake, hub: Hub) -> None:
    on = [DAY + timedelta(days=n) for n in range(3)]
    hub.days = {str(day): [item(n, day)] for n, day in enumerate(on)}
    hub.faults = [None, reply(400), None]
    job = build_definitions(lake, hub.service).resolve_job_def(FETCH_JOB)
    tags = {"dagster/asset_partition_range_start": str(on[0]), "dagster/asset_partition_range_end": str(on[-1])}
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(tags=tags, instance=instance, raise_on_error=False)
        assert not result.success
        assert _partitions(instance) == {str(on[0]), str(on[2])}
        assert job.execute_in_process(tags=tags, instance=instance).success
        assert _partitions(instance) == {str(day) for day in on}
    assert len(hub.asked) == 4


def test_partitions_go_from_the_first_day_to_today() -> None:
    from etl_project.assets import DAYS

    keys = DAYS.get_partition_keys(current_time=datetime(2026, 7, 20, 23, 30, tzinfo=UTC))
    assert (keys[0], keys[-1]) == ("2023-05-04", "2026-07-20")


def test_the_schedule_asks_for_the_days_that_are_not_settled(lake: Lake) -> None:
    (schedule,) = (s for s in build_definitions(lake).schedules or [] if s.name == "fetch_recent_days")
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance=instance, scheduled_execution_time=LATER)
        requests = schedule(context)
    assert [request.partition_key for request in requests] == ["2026-07-18", "2026-07-19", "2026-07-20"]
    assert len({request.run_key for request in requests}) == 3


def test_the_sensor_asks_for_a_run_when_a_day_was_fetched(lake: Lake, hub: Hub) -> None:
    sensor = build_definitions(lake).resolve_sensor_def("inbox")
    hub.days[str(DAY)] = [item(1)]
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(sensor(dg.build_sensor_context(instance=instance)), dg.SkipReason)
        fetch(lake, hub)
        first = sensor(dg.build_sensor_context(instance=instance))
        second = sensor(dg.build_sensor_context(instance=instance, cursor=first.cursor))
    assert not first.run_requests
    assert len(second.run_requests) == 1


# ---------------------------------------------------------------------------------------------
# the command line


def test_papers_fetch_tells_days_and_what_next_and_the_token_is_nowhere(lake: Lake, hub: Hub, papers: Papers) -> None:
    hub.days[str(DAY)] = [item(n) for n in range(5)]
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN, "HF_DEBUG": "1"}
    done = papers("fetch", "--from", DAY, "--to", DAY + timedelta(days=1), lake=lake, env=environment)
    assert done.returncode == 0, done.stderr
    friday, saturday, following = done.stdout.splitlines()
    assert friday.split() == [str(DAY), "daily_papers", "new", "5", "items", "1", "pages", "1", "requests"]
    assert saturday.split()[2] == "empty"
    assert following.startswith("next:")
    assert f"run --lake {lake.root}" in following
    hub.faults = [reply(401)]
    failed = papers("fetch", "--date", DAY, "--again", lake=lake, env=environment)
    assert failed.returncode == 4
    assert "replace it, or unset it" in failed.stderr
    hub.faults = [reply(302, Location=f"http://localhost:1/{TOKEN}")]
    redirected = papers("fetch", "--trending", "--json", lake=lake, env=environment)
    assert redirected.returncode == 4
    assert json.loads(redirected.stdout)["listings"][0]["outcome"] == "failed"
    assert {headers["authorization"] for _, _, headers, _ in hub.asked} == {f"Bearer {TOKEN}"}
    for process in (done, failed, redirected):
        assert TOKEN not in process.stdout + process.stderr
        assert "Traceback" not in process.stderr
    for path in lake.root.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), path


def test_papers_fetch_as_json_with_a_failing_day_names_it(lake: Lake, hub: Hub, papers: Papers) -> None:
    hub.faults = [None, reply(400), None]
    done = papers("fetch", "--from", DAY, "--to", DAY + timedelta(days=2), "--json", lake=lake, env={**os.environ, "HF_ENDPOINT": hub.url})  # fmt: skip
    assert done.returncode == 4
    assert f"not fetched: {DAY + timedelta(days=1)};" in done.stderr
    told = json.loads(done.stdout)
    assert told["exit_code"] == 4
    assert [listing["outcome"] for listing in told["listings"]] == ["empty", "failed", "empty"]


TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "say what to fetch"),
        (["--to", "2026-06-01"], "say what to fetch"),
        (["--date", "2026-06-01", "--trending"], "say what to fetch"),
        (["--from", "2026-06-02", "--to", "2026-06-01"], "is after"),
        (["--date", "2023-05-03"], "2023-05-04"),
        (["--date", TODAY + timedelta(days=2)], "has not begun"),
        (["--date", "yesterday"], "yesterday"),
        (["--search", " "], "250 characters"),
        (["--search", "x" * 251], "250 characters"),
    ],
)
def test_wrong_usage_of_fetch_is_exit_code_two(
    lake: Lake, hub: Hub, papers: Papers, arguments: list[Any], says: str
) -> None:
    done = papers("fetch", *arguments, lake=lake, env={**os.environ, "HF_ENDPOINT": hub.url})
    assert done.returncode == 2
    assert says in done.stderr
    assert hub.asked == []
    assert not lake.root.exists()


def test_an_unusable_endpoint_is_wrong_usage(lake: Lake, papers: Papers) -> None:
    done = papers("fetch", "--trending", lake=lake, env={**os.environ, "HF_ENDPOINT": "https://user:pass@hub.invalid"})
    assert done.returncode == 2
    assert "HF_ENDPOINT" in done.stderr
    assert "pass@" not in done.stderr
