"""``papers doctor`` on lakes that are really broken: it names what is, its remedies mend it, and it changes nothing."""

import fcntl
import gzip
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from etl_project import doctor, raw, warehouse
from etl_project.doctor import Finding, examine
from etl_project.lake import PROJECT, Lake, writer_lock
from etl_project.run import Summary, rebuild, run_job
from etl_project_tests.conftest import N_PAPERS, SAMPLES, rows_of

Papers = Callable[..., subprocess.CompletedProcess[str]]


def found(lake: Lake, *outcomes: str) -> list[Finding]:
    return [finding for finding in examine(lake) if finding.outcome in (outcomes or ("problem", "note", "skipped"))]


def flip(path: Path, place: int, bit: int = 0) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(place)
        (byte,) = file.read(1)
        file.seek(place)
        file.write(bytes([byte ^ 1 << bit]))


def receipt_of(lake: Lake, file_name: str = "search_tool_use.txt") -> tuple[Path, Path]:
    """The receipt and the bytes of a sample in the raw store."""
    (receipt,) = (
        path for path in lake.raw.glob("??/*.json") if json.loads(path.read_bytes())["file_name"] == file_name
    )
    return receipt, receipt.with_name(json.loads(receipt.read_bytes())["stored_name"])


def as_it_is(lake: Lake) -> dict[str, object]:
    return {
        str(path): path.readlink() if path.is_symlink() else (path.stat().st_mtime_ns, path.read_bytes())
        for path in lake.root.rglob("*")
        if path.is_symlink() or path.is_file()
        if path.name != "lock"
    }


def test_a_healthy_lake_has_no_findings_and_needs_no_heavy_library(
    sample_run: tuple[Lake, Summary], papers: Papers
) -> None:
    lake = sample_run[0]
    before = as_it_is(lake)
    assert found(lake) == []
    done = papers("doctor", "--json", lake=lake)
    told = json.loads(done.stdout)
    assert (done.returncode, told["exit_code"]) == (0, 0)
    assert [finding["check"] for finding in told["findings"]] == list(doctor.CHECKS)
    assert as_it_is(lake) == before
    script = "import sys, etl_project.doctor; print({name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert not {"dagster", "great_expectations", "sqlalchemy", "httpx2"} & eval(loaded.stdout)


def test_an_empty_lake_is_healthy_and_none_is_not(lake: Lake) -> None:
    assert [finding.check for finding in found(lake, "problem")] == ["lake"]
    lake.root.mkdir()
    assert found(lake) == []


# ---------------------------------------------------------------------------------------------
# what is named: how it is broken, by which check it is found, and what is said


def _in_raw(change: Callable[[Path, Path], object]) -> Callable[[Lake], object]:
    return lambda lake: change(*receipt_of(lake))


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.chmod(0o644)
    path.write_bytes(change(path.read_bytes()))


def _swap(lake: Lake) -> None:
    """Two raw files exchange their bytes."""
    _, one = receipt_of(lake)
    _, other = receipt_of(lake, "trending_papers.md")
    contents = one.read_bytes(), other.read_bytes()
    _rewrite(one, lambda _: contents[1])
    _rewrite(other, lambda _: contents[0])


def _packed(lake: Lake) -> None:
    """A gzip file that is as received and opens to something else than its name says."""
    receipt, stored = receipt_of(lake)
    packed = gzip.compress(b"other")
    told = json.loads(receipt.read_bytes())
    told |= {
        "compression": "gzip",
        "stored_name": stored.name + ".gz",
        "stored_sha256": raw.hashlib.sha256(packed).hexdigest(),
    }
    _rewrite(receipt, lambda _: json.dumps(told).encode())
    stored.rename(stored.with_name(stored.name + ".gz")).chmod(0o644)
    stored.with_name(stored.name + ".gz").write_bytes(packed)


def _version(lake: Lake) -> None:
    with duckdb.connect(str(lake.warehouse)) as connection:
        connection.execute("update schema_version set version = version + 90")


def _older(lake: Lake) -> None:
    with duckdb.connect(str(lake.warehouse)) as connection:
        connection.execute("update schema_version set version = 1")


def _other_log(lake: Lake) -> None:
    with duckdb.connect(str(lake.root / "other.duckdb")) as connection:
        connection.execute("pragma disable_checkpoint_on_shutdown")
        connection.execute("create table other as select range as n from range(9)")
    (lake.root / "other.duckdb.wal").rename(f"{lake.warehouse}.wal")


def _dropped(lake: Lake) -> None:
    with duckdb.connect(str(lake.warehouse)) as connection:
        connection.execute("drop table coverage")


def _rows_gone(lake: Lake) -> None:
    with duckdb.connect(str(lake.database.resolve())) as connection:
        connection.execute("delete from papers")


def _another_run(lake: Lake) -> None:
    with duckdb.connect(str(lake.database.resolve())) as connection:
        connection.execute("update publication set run_id = 'another'")


def _half_built(lake: Lake) -> None:
    (lake.published / "cut-off" / "parquet").mkdir(parents=True)
    (lake.published / "cut-off" / "papers.duckdb").write_bytes(b"half")


def _half_fetched(lake: Lake) -> None:
    folder = lake.fetched / "daily_papers" / "2026-06-26" / "0"
    folder.mkdir(parents=True)
    (folder / "daily_papers_2026-06-26_p0.json").write_bytes(b"[]")


def _changed_page(lake: Lake) -> None:
    _half_fetched(lake)
    folder = lake.fetched / "daily_papers" / "2026-06-26" / "0"
    page = {"name": "daily_papers_2026-06-26_p0.json", "url": "", "sha256": "0" * 64, "bytes": 2, "items": 0}
    (folder / "done.json").write_text(json.dumps({"fetched_at": "2026-07-01T00:00:00+00:00", "pages": [page]}), "utf-8")


def _ahead(lake: Lake) -> None:
    receipt, _ = receipt_of(lake)
    late = (datetime.now(UTC) + timedelta(days=400)).isoformat()
    _rewrite(receipt, lambda old: re.sub(rb'(?<="received_at": ")[^"]*', late.encode(), old))


def _orphan(lake: Lake) -> None:
    (runs,) = lake.dagster_home.rglob("runs.db")
    with sqlite3.connect(runs) as database:
        database.execute("update runs set status = 'STARTED'")
    database.close()


def _write(path: Path, content: bytes = b"x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


BROKEN: list[tuple[str, Callable[[Lake], object], str, str, str]] = [
    ("raw bytes missing", _in_raw(lambda receipt, stored: stored.unlink()), "raw", "problem", "'search_tool_use.txt' from .* is missing"),
    ("raw bytes flipped", _in_raw(lambda receipt, stored: flip(stored, 100)), "raw", "problem", "is not what was received"),
    ("raw bytes cut", _in_raw(lambda receipt, stored: _rewrite(stored, lambda b: b[:-1])), "raw", "problem", "is not what was received"),
    ("raw bytes swapped", _swap, "raw", "problem", "is not what was received"),
    ("opens to other bytes", _packed, "raw", "problem", "does not open to what its name says"),
    ("receipt damaged", _in_raw(lambda receipt, stored: _rewrite(receipt, lambda b: b[:99])), "raw", "problem", "is no receipt.* it was received as 'search_tool_use.txt' from "),
    ("receipt of another", _in_raw(lambda receipt, stored: receipt.rename(receipt.with_name("ab.json"))), "raw", "problem", "is no receipt"),
    ("receipt lost", _in_raw(lambda receipt, stored: receipt.unlink()), "raw", "problem", "has no receipt, and the tables have it: 'search_tool_use.txt' from .*; the receipt was deleted"),
    ("bytes that no table has", lambda lake: _write(lake.raw / "ab" / f"ab{'0' * 62}"), "raw", "note", "has no receipt, and no table tells of it.*; it is not whole"),
    ("receipt and bytes lost", _in_raw(lambda receipt, stored: (receipt.unlink(), stored.unlink())), "raw", "problem", "'search_tool_use.txt' from .* is in the tables, and in .* no more"),
    ("cut-off copy in raw", lambda lake: _write(lake.raw / "ab" / "abcd.7.partial"), "raw", "note", "left by a run that was cut off"),
    ("decisions damaged", lambda lake: _write(lake.decisions, b'{"verdict": "same"'), "decisions", "problem", "line 1: no decision"),
    ("link in the inbox", lambda lake: (lake.inbox / "a.txt").symlink_to("nowhere"), "inbox", "problem", "leads nowhere"),
    ("pipe in the inbox", lambda lake: os.mkfifo(lake.inbox / "a.txt"), "inbox", "problem", "no regular file"),
    ("fetched by half", _half_fetched, "fetched", "note", "counts as not fetched"),
    ("fetched page changed", _changed_page, "fetched", "problem", "is not what was received"),
    ("warehouse missing", lambda lake: lake.warehouse.unlink(), "warehouse", "problem", "is missing; [0-9]+ captures"),
    ("warehouse empty", lambda lake: lake.warehouse.write_bytes(b""), "warehouse", "problem", "is damaged"),
    ("warehouse cut", lambda lake: os.truncate(lake.warehouse, lake.warehouse.stat().st_size // 2), "warehouse", "problem", "is damaged"),
    ("warehouse no database", lambda lake: lake.warehouse.write_bytes(b"no database"), "warehouse", "problem", "is damaged"),
    ("warehouse's log is another's", _other_log, "warehouse", "problem", "is damaged: .*WAL"),
    ("warehouse of a newer version", _version, "warehouse", "problem", "made by a newer program"),
    ("warehouse of an older version", _older, "warehouse", "note", "is of version 1; the next run brings it to"),
    ("history of ids damaged", lambda lake: [_rewrite(p, lambda b: b[:-9]) for p in lake.ids.glob("*.parquet")], "ids", "problem", "000001.whole.parquet cannot be read"),
    ("history of ids lost", lambda lake: shutil.rmtree(lake.ids), "ids", "problem", "has no history of the ids that are published"),
    ("raw alone left", lambda lake: [shutil.rmtree(path) for path in (lake.published, lake.exports.parent, lake.warehouse.parent)], "published", "problem", "nothing is published"),
    ("history of ids incomplete", lambda lake: shutil.copy(lake.ids / "000001.whole.parquet", lake.ids / "000003.parquet"), "ids", "note", "has no file 000002"),
    ("warehouse lacks a table", _dropped, "warehouse", "note", "lacks the tables coverage"),
    ("spilled", lambda lake: _write(lake.warehouse.parent / "spill" / "x.tmp"), "warehouse", "note", "cut off"),
    ("current gone", lambda lake: (lake.published / "current").unlink(), "published", "problem", "current is missing"),
    ("current dangles", lambda lake: shutil.rmtree((lake.published / "current").resolve()), "published", "problem", "leads nowhere"),
    ("exports gone", lambda lake: lake.exports.unlink(), "published", "problem", "latest is missing"),
    ("database a file", lambda lake: (lake.database.unlink(), _write(lake.database)), "published", "problem", "is no link any more"),
    ("published log", lambda lake: _write(Path(f"{lake.database.resolve()}.wal")), "published", "problem", "somebody wrote"),
    ("published damaged", lambda lake: lake.database.resolve().write_bytes(b"x" * 9000), "published", "problem", "is damaged"),
    ("published rows gone", _rows_gone, "published", "problem", "other numbers of rows than the manifest in papers"),
    ("published of another run", _another_run, "published", "problem", "of the run"),
    ("manifest damaged", lambda lake: _write(lake.exports.resolve() / "manifest.json"), "published", "problem", "manifest.json is missing or damaged"),
    ("Parquet file lost", lambda lake: (lake.exports.resolve() / "papers.parquet").unlink(), "published", "problem", "papers.parquet is missing"),
    ("Parquet file flipped", lambda lake: flip((lake.published / "current").resolve() / "parquet" / "papers.parquet", 500), "published", "problem", "not what was published"),
    ("publication half built", _half_built, "published", "note", "half built"),
    ("link half made", lambda lake: (lake.published / "current.next").symlink_to("x"), "published", "note", "cut off"),
    ("history damaged", lambda lake: [_rewrite(p, lambda b: b[:100] + b"x" * 8000) for p in lake.dagster_home.rglob("runs.db")], "history", "problem", "runs.db is damaged"),
    ("run without a worker", _orphan, "history", "note", "1 runs are told as started, and none is at work"),
    ("outdated lock", lambda lake: (lake.warehouse.parent / "lock").write_text("papers run (process 4194301)"), "lock", "note", r"papers run \(process 4194301\) was cut off"),
    ("clock", _ahead, "clock", "note", "received in the future"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("harm", "check", "outcome", "says"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_what_is_broken_is_named_with_a_remedy(
    samples_copy: Lake, harm: Callable[[Lake], object], check: str, outcome: str, says: str
) -> None:
    harm(samples_copy)
    findings = [f for f in found(samples_copy) if f.check == check]
    assert [(f.outcome, bool(re.search(says, f.found))) for f in findings if re.search(says, f.found)][:1] == [
        (outcome, True)
    ], findings
    assert all(finding.remedy for finding in findings)


def test_a_flipped_bit_anywhere_in_the_warehouse_is_found_or_changes_no_value(samples_copy: Lake) -> None:
    whole = warehouse.fingerprints(samples_copy.warehouse)
    place, size = samples_copy.warehouse, samples_copy.warehouse.stat().st_size
    chance, told = random.Random(7), 0
    for _ in range(16):
        at, bit = chance.randrange(size), chance.randrange(8)
        flip(place, at, bit)
        problems = [
            f.found for f in doctor._warehouse(doctor.Examined(samples_copy, datetime.now(UTC))) if "damaged" in f.found
        ]
        told += bool(problems)
        assert problems or warehouse.fingerprints(place) == whole, (at, bit)
        flip(place, at, bit)
    assert told > 3


# ---------------------------------------------------------------------------------------------
# what mends it


def follow(lake: Lake) -> list[str]:
    """Do what the remedies say, from first to last, in a shell, runs in this process; return what they said of problems."""
    findings = found(lake, "problem", "note")
    for finding in findings:
        ours = re.search(r"(^| && )\S*papers (run|rebuild) --lake \S+$", finding.command)
        assert finding.remedy.endswith(finding.command)
        assert finding.command or finding.outcome == "note", finding
        if shell := finding.command[: ours.start()] if ours else finding.command:
            subprocess.run(shell, shell=True, check=True)
        if ours:
            summary = rebuild(lake) if ours[2] == "rebuild" else run_job(lake, [])
            assert (summary.published, summary.error) == (True, ""), (finding, summary)
    return [finding.found for finding in findings if finding.outcome == "problem"]


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The samples' lake, whose files are nowhere any more but in it."""
    folder = tmp_path_factory.mktemp("gone")
    shutil.copytree(SAMPLES, folder / "captures")
    lake = Lake(folder / "lake")
    assert run_job(lake, [folder / "captures"]).published
    shutil.rmtree(folder / "captures")
    return lake


def harm(lake: Lake, *names: str) -> None:
    for name, harm, *_ in BROKEN:
        if name in names:
            harm(lake)


IDS = "select paper_id, papers.title, file_name, captured_on from papers join paper_mentions using (paper_id) join parsed_rows using (mention_id) join captures using (dump_id) join raw_dumps using (dump_id) order by all"


def test_captures_without_a_receipt_come_back_from_their_own_bytes_though_the_warehouse_is_damaged(
    gone: Lake, lake: Lake
) -> None:
    shutil.copytree(gone.root, lake.root, symlinks=True)
    before = rows_of(lake, IDS)
    receipt_of(lake, "trending_papers.md")[0].unlink()
    harm(lake, "receipt damaged", "warehouse cut", "database a file")
    assert len(follow(lake)) == 4
    assert found(lake, "problem") == []
    assert rows_of(lake, IDS) == before


@pytest.mark.long
@pytest.mark.parametrize("names", [
    ("raw bytes missing", "warehouse cut"),
    ("raw bytes flipped", "warehouse missing"),
    ("receipt and bytes lost", "warehouse cut"),
    ("receipt lost", "warehouse lacks a table"),
    ("raw bytes missing", "history of ids damaged"),
    ("history damaged", "warehouse cut"),
    ("decisions damaged", "history of ids lost"),
    ("exports gone", "Parquet file flipped"),
    ("database a file", "published damaged"),
], ids=" and ".join)  # fmt: skip
@pytest.mark.parametrize("at_hand", [True, False], ids=["the files are where they were", "the files are gone"])
def test_remedies_of_two_faults_at_once_mend_both(
    gone: Lake, sample_run: tuple[Lake, Summary], lake: Lake, names: tuple[str, str], at_hand: bool
) -> None:
    shutil.copytree((sample_run[0] if at_hand else gone).root, lake.root, symlinks=True)
    before = rows_of(lake, IDS)
    harm(lake, *names)
    assert follow(lake)
    assert found(lake, "problem") == []
    lost = not at_hand and any("bytes" in name for name in names)
    after = rows_of(lake, IDS)
    assert after == ([row for row in before if row[2] != "search_tool_use.txt"] if lost else before)


@pytest.mark.long
def test_the_remedies_mend_a_lake_that_is_broken_all_over(samples_copy: Lake, papers: Papers) -> None:
    lake = samples_copy
    before = rows_of(lake, IDS)
    names = (
        "raw bytes missing",
        "cut-off copy in raw",
        "warehouse cut",
        "spilled",
        "Parquet file flipped",
        "exports gone",
    )
    names += ("publication half built", "link half made", "history damaged", "outdated lock", "decisions damaged")
    harm(lake, *names)
    broken = papers("doctor", lake=lake)
    assert broken.returncode == 1
    assert "Traceback" not in broken.stderr
    assert {finding.check for finding in found(lake)} >= {"raw", "warehouse", "published", "history"}
    follow(lake)
    assert found(lake) == []
    assert rows_of(lake, IDS) == before


def test_a_broken_link_hides_no_broken_file(samples_copy: Lake) -> None:
    harm(samples_copy, "exports gone", "Parquet file flipped", "published rows gone")
    told = " ".join(finding.found for finding in found(samples_copy, "problem"))
    for said in ("latest is missing", "papers.parquet (papers) is not what was published", "other numbers of rows"):
        assert said in told


def test_no_tables_are_made_of_raw_bytes_that_nobody_sent(samples_copy: Lake) -> None:
    harm(samples_copy, "raw bytes flipped", "warehouse missing")
    broken = run_job(samples_copy, [])
    assert not broken.published
    assert (
        "(received as 'search_tool_use.txt') is not what was received; papers doctor says what mends it" in broken.error
    )


# ---------------------------------------------------------------------------------------------
# beside a run, on a small disk, as another user


def test_beside_a_run_it_says_who_works_and_leaves_his_databases_alone(samples_copy: Lake, papers: Papers) -> None:
    samples_copy.warehouse.write_bytes(b"in the midst of it")
    with writer_lock(samples_copy, "a long run"):
        done = papers("doctor", "--json", lake=samples_copy)
    assert done.returncode == 0, done.stdout
    told = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert f"held by a long run (process {os.getpid()}" in told["lock"]["found"]
    assert f"(written at {datetime.now(UTC):%Y-}" in told["lock"]["found"]
    assert told["warehouse"]["outcome"] == told["published"]["outcome"] == "skipped"


def test_no_run_starts_while_it_looks(samples_copy: Lake) -> None:
    findings = examine(samples_copy)
    next(findings)
    with (samples_copy.warehouse.parent / "lock").open("rb") as file, pytest.raises(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    list(findings)
    with (samples_copy.warehouse.parent / "lock").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("small_disk", ["size=64m,nr_inodes=900"], indirect=True)
def test_too_little_room_and_a_disk_for_reading_only_are_named(
    small_disk: Path, sample_run: tuple[Lake, Summary]
) -> None:
    lake = Lake(small_disk / "lake")
    shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
    assert [
        "are free, the next run may need" in f.found or "files more can be made" in f.found for f in found(lake)
    ] == [True, True]
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    (finding,) = (f for f in found(lake) if f.check == "permissions")
    assert "mounted for reading only" in finding.found


def test_what_this_user_may_not_read_or_write_is_named_and_the_remedy_mends_it(
    sample_run: tuple[Lake, Summary],
) -> None:
    """As a user without rights; a pytest folder is closed to him, so the lake lies elsewhere."""
    place = Path(tempfile.mkdtemp())
    try:
        place.chmod(0o755)
        lake = Lake(place / "lake")
        shutil.copytree(sample_run[0].root, lake.root, symlinks=True)
        if os.geteuid() == 0:
            for path in (lake.root, *lake.root.rglob("*")):
                os.chown(path, 65534, 65534, follow_symlinks=False)
        _, stored = receipt_of(lake)
        _write(lake.inbox / "page.txt")
        (lake.inbox / "page.txt").chmod(0)
        stored.chmod(0)
        lake.published.chmod(0o555)
        lake.warehouse.chmod(0o444)
        script = (
            "import json, os, pathlib, sys, etl_project.doctor as d, etl_project.lake as l, duckdb; duckdb.connect()\n"
            "if os.geteuid() == 0: os.setgroups([]); os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3)\n"
            "print(json.dumps([f for f in d.examine(l.Lake(pathlib.Path(sys.argv[1]))) if f.outcome != 'ok']))"
        )

        def look() -> list[Finding]:
            command = [sys.executable, "-c", script, str(lake.root)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
            return [Finding(*row) for row in json.loads(done.stdout)]

        said = {finding.found: finding for finding in look()}
        assert any(str(stored) in text for text in said), said
        assert f"{lake.published} cannot be written by this user" in said
        assert f"{lake.warehouse} cannot be written by this user" in said
        for finding in said.values():
            command = re.search(r"chmod (-R )?u\+\S+ \S+?(?=[; ]|$)", finding.remedy)
            if command:
                subprocess.run(command[0], shell=True, check=True)
        assert [finding for finding in look() if finding.check in ("permissions", "raw")] == []
    finally:
        shutil.rmtree(place)


def test_a_library_of_another_version_is_told(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.root.mkdir()
    real = doctor.importlib.metadata.version
    monkeypatch.setattr(doctor.importlib.metadata, "version", lambda name: "0.1" if name == "duckdb" else real(name))
    (finding,) = found(lake)
    assert (finding.check, finding.outcome) == ("program", "note")
    assert "duckdb 0.1, locked" in finding.found


def test_the_samples_are_what_the_broken_lakes_are_made_of(sample_run: tuple[Lake, Summary]) -> None:
    assert rows_of(sample_run[0], "select count(*) from papers") == [(N_PAPERS,)]
