"""What is wrong with a lake, and what mends it: each check reads one part and changes nothing.

A finding is a ``problem`` (readers, the next run or a recovery will suffer from it) or a ``note`` (harmless, and told
so that nobody wonders). Its remedy is a command or an action that really mends it. To add a check, write a function
from an ``Examined`` to findings and name it in ``CHECKS``.
"""

import fcntl
import hashlib
import importlib.metadata
import json
import os
import re
import shlex
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from etl_project import decisions, history, left_out, raw, warehouse
from etl_project.lake import PROJECT, Lake, LakeBusy, writer_lock
from etl_project.migrations import WAREHOUSE_VERSION
from etl_project.tables import TABLES

#: A run writes the warehouse's new rows, their publication and its Parquet files beside what is there.
_ROOM_TIMES, _ROOM = 3, 1 << 30
_LEAST_INODES = 1000
_LARGEST_READ = 1 << 22
_OLDEST_PYTHON = (3, 11)
_UNFINISHED = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")


class Finding(NamedTuple):
    """What one check found: ``outcome`` is ``ok``, ``note``, ``problem`` or ``skipped``; ``remedy`` says what to do."""

    check: str
    outcome: str
    found: str
    remedy: str = ""


@dataclass
class Examined:
    """A lake under examination: when, who works in it (then its databases are left alone), and what was read once."""

    lake: Lake
    now: datetime
    busy: str = ""
    holders: dict[Path, str] = field(default_factory=dict)  # what stood in the lock files
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)  # by dump_id, of the raw store

    def papers(self, words: str) -> str:
        """Return a command line for this lake."""
        return f"papers {words} --lake {shlex.quote(str(self.lake.root))}"


Check = Callable[[Examined], Iterator[Finding]]


def examine(lake: Lake, now: datetime | None = None, backup: bool = False) -> Iterator[Finding]:
    """Yield what every check finds, at least one finding each, in the order in which remedies are to be followed; nothing in the lake is changed.

    While it looks, it holds the lake's lock, so that no run changes what is being read. Where a run has it, what a run
    changes is skipped; so it is in a ``backup``, which holds only what tables are made from.
    """
    seen = Examined(lake, now or datetime.now(UTC))
    if not lake.root.is_dir():
        yield Finding("lake", "problem", f"{lake.root} is no folder", "name the lake with --lake or PAPERS_LAKE")
        return
    for path in _locks(lake):  # before ours: it would write itself over what stands there
        seen.holders[path] = _held_by(path)
    with ExitStack() as at_the_end:
        try:
            at_the_end.enter_context(_alone(lake))
        except LakeBusy as busy:
            seen.busy = str(busy)
        except OSError as error:
            seen.busy = f"{_locks(lake)[0]} cannot be opened ({error.strerror}), so that a run might be disturbed"
        yield from _all(seen, {name: check for name, check in CHECKS.items() if not (backup and check in _OF_RUNS)})


@contextmanager
def _alone(lake: Lake) -> Iterator[None]:
    """Keep runs away, as far as this user can; LakeBusy if one is at work."""
    lock, _ = _locks(lake)
    if not lock.exists():
        yield
    elif os.access(lock, os.W_OK):
        with writer_lock(lake, "papers doctor"):
            yield
    else:  # who may only read holds it, too, but cannot write a name into it
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise LakeBusy(f"{lake.root} is in use by {_held_by(lock) or 'a run'}") from None
            yield


def _all(seen: Examined, checks: Mapping[str, Check]) -> Iterator[Finding]:
    for name, check in checks.items():
        if seen.busy and check in _OF_RUNS:
            yield Finding(name, "skipped", seen.busy, "look again later")
            continue
        found = False
        try:
            for finding in check(seen):
                found = True
                yield finding._replace(check=name)
        except OSError as error:
            found = True
            where = error.filename or seen.lake.root
            yield Finding(name, "problem", f"{where}: {error.strerror}", _readable(Path(os.fsdecode(where))))
        if not found:
            yield Finding(name, "ok", "")


def _problem(found: str, remedy: str) -> Finding:
    return Finding("", "problem", found, remedy)


def _note(found: str, remedy: str = "nothing has to be done") -> Finding:
    return Finding("", "note", found, remedy)


def _quoted(*paths: Path) -> str:
    return " ".join(shlex.quote(str(path)) for path in paths)


def _readable(path: Path) -> str:
    return f"as its owner: chmod -R u+rX {_quoted(path)} (who owns it: ls -ld {_quoted(path)}); then look again"


# ---------------------------------------------------------------------------------------------
# what it runs on


def _program(_: Examined) -> Iterator[Finding]:
    """Look for a Python or a library of another version than the tests pass with."""
    if sys.version_info < _OLDEST_PYTHON:
        yield _problem(f"Python {sys.version.split()[0]}", "use Python 3.11 or newer: make setup PYTHON=python3.11")
    lock = PROJECT / "requirements.lock"
    pins: dict[str, set[str]] = {}  # a name may have one for each version of Python
    for name, version in re.findall(
        r"^([a-z0-9._-]+)==([^\s;\\]+)", lock.read_text("utf-8") if lock.exists() else "", re.M
    ):
        pins.setdefault(name, set()).add(version)
    other = []
    for need in importlib.metadata.requires("papers-etl") or []:
        name = re.split(r"[^a-z0-9-]", need)[0]
        if "extra ==" in need or name not in pins:
            continue
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield _problem(
                f"{name} is not installed", "make setup, or: pip install --require-hashes -r requirements.lock"
            )
            continue
        if installed not in pins[name]:
            other.append(f"{name} {installed}, locked {' or '.join(sorted(pins[name]))}")
    if other:
        yield _note(f"other versions than those locked: {'; '.join(other)}", "make setup, if something fails")


def _disk(seen: Examined) -> Iterator[Finding]:
    """Look for a disk on which the next run may fail for want of room."""
    size = seen.lake.warehouse.stat().st_size if seen.lake.warehouse.exists() else 0
    room = os.statvfs(seen.lake.root)
    free, need = room.f_bavail * room.f_frsize, _ROOM_TIMES * size + _ROOM
    if free < need:
        yield _problem(
            f"{free / 1e6:,.0f} MB are free, the next run may need {need / 1e6:,.0f} MB "
            f"(three times the warehouse's {size / 1e6:,.0f} MB, and 1 GiB)",
            f"free some, or move the lake to a larger disk; what takes most: du -sh {_quoted(seen.lake.root)}/*",
        )
    if room.f_files and room.f_favail < _LEAST_INODES:
        yield _problem(f"{room.f_favail} files more can be made on this disk", "delete files that nobody needs")


def _permissions(seen: Examined) -> Iterator[Finding]:
    """Look for folders that a run could not write in."""
    lake = seen.lake
    if os.statvfs(lake.root).f_flag & os.ST_RDONLY:
        yield _problem(f"{lake.root} is on a disk that is mounted for reading only", "mount it for writing")
        return
    folders = [lake.root, lake.inbox, *lake.made]
    for folder in [*folders, *(sub for base in (lake.raw, lake.published) for sub in _folders(base))]:
        rights = os.R_OK | os.X_OK | (0 if folder == lake.inbox else os.W_OK)
        if folder.exists() and not os.access(folder, rights):
            yield _problem(
                f"{folder} cannot be {'read' if folder == lake.inbox else 'written'} by this user",
                f"as its owner: chmod u+rwx {_quoted(folder)}; or: sudo chown -R $(id -un) {_quoted(folder)}",
            )
    for file in (lake.warehouse, lake.decisions, lake.left_out):
        if file.exists() and not os.access(file, os.R_OK | os.W_OK):
            yield _problem(f"{file} cannot be written by this user", f"as its owner: chmod u+rw {_quoted(file)}")


def _folders(base: Path) -> list[Path]:
    try:
        return sorted(path for path in base.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []


def _clock(seen: Examined) -> Iterator[Finding]:
    """Look for times to come: a clock was wrong when they were written, or is now."""
    late = (seen.now + timedelta(days=1)).isoformat()
    times = [
        str(receipt["received_at"]) for receipt in seen.receipts.values() if str(receipt.get("received_at")) > late
    ]
    if times:
        yield _note(
            f"{len(times)} captures were received in the future (the last at {max(times)}); it is {seen.now:%Y-%m-%d %H:%M} UTC",
            "compare with date -u and set the clock right; ids and order do not depend on it, received_at stays as it is",
        )


# ---------------------------------------------------------------------------------------------
# locks


def _locks(lake: Lake) -> tuple[Path, Path]:
    return lake.warehouse.parent / "lock", lake.fetched / "lock"


def _held_by(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _lock(seen: Examined) -> Iterator[Finding]:
    """Tell who works in the lake, and of whom only the name is left."""
    for path in _locks(seen.lake):
        holder = seen.holders.get(path, "")
        if not path.exists():
            continue
        if seen.busy if path == _locks(seen.lake)[0] else _is_locked(path):
            since = f"written at {datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d %H:%M} UTC"
            yield _note(
                f"{path} is held by {holder or 'a process that did not say its name'} ({since})",
                "wait for it to end; if it hangs, end that process",
            )
        elif holder:
            yield _note(
                f"{path} is outdated: {holder} was cut off; the lock itself was freed with it",
                f"the name is taken away by whoever holds it next; to end what was left half done: {seen.papers('run')}",
            )


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


# ---------------------------------------------------------------------------------------------
# what cannot be made again


def _raw(seen: Examined) -> Iterator[Finding]:
    """Read every byte of the raw store and compare it with its receipts."""
    store = seen.lake.raw
    kept: set[str] = set()
    for path in sorted(store.glob("??/*.json")):
        try:
            receipt = raw.Receipt(**json.loads(path.read_bytes()))
            named = receipt.content_sha256 == path.stem and receipt.stored_name.startswith(path.stem)
        except (ValueError, TypeError, AttributeError):
            named = False
        if not named:
            yield _problem(f"{path} is no receipt: damaged or changed", _anew(seen, path))
            kept.update(file.name for file in path.parent.glob(f"{path.stem}*"))
            continue
        seen.receipts[receipt.dump_id] = vars(receipt)
        kept.add(receipt.stored_name)
        yield from _raw_bytes(seen, path, receipt)
    for path in sorted(store.glob("??/*")):
        if path.name.endswith(".partial"):
            yield _note(f"{path} was left by a run that was cut off", f"rm -f {_quoted(path)}")
        elif path.suffix != ".json" and path.name not in kept:
            yield _note(
                f"{path} has no receipt: the run that took it was cut off, and the next that gets that file takes it whole",
                f"nothing has to be done, if that file is delivered again; else it is of no use: rm -f {_quoted(path)}",
            )


def _raw_bytes(seen: Examined, path: Path, receipt: raw.Receipt) -> Iterator[Finding]:
    place = path.with_name(receipt.stored_name)
    told = f"{place} (received as {receipt.file_name!r} from {receipt.source})"
    if not place.exists():
        yield _problem(f"{told} is missing; its receipt is there", _anew(seen, path, place))
        return
    with place.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != receipt.stored_sha256:
        yield _problem(f"{told} is not what was received: its SHA-256 is {digest[:16]}...", _anew(seen, path, place))
    elif receipt.compression != "none" and receipt.open_error is None:
        content = raw.open_bytes(place.read_bytes())[1]
        if content is None or hashlib.sha256(content).hexdigest() != receipt.content_sha256:
            yield _problem(f"{told} does not open to what its name says", _anew(seen, path, place))
    elif receipt.stored_sha256 != receipt.content_sha256 and receipt.compression == "none":
        yield _problem(f"{path} contradicts itself: two hashes of one content", _anew(seen, path))


def _anew(seen: Examined, *paths: Path) -> str:
    return (
        f"copy {_quoted(paths[-1])} back from a backup; or take the file in anew, if it is still somewhere: "
        f"rm -f {_quoted(*paths)} && {seen.papers('run FILE')}"
    )


def _ids(seen: Examined) -> Iterator[Finding]:
    """Read the history of ids, without which ids would be given anew if the warehouse were lost."""
    folder = seen.lake.ids
    for path in sorted(folder.glob("*.partial")):
        yield _note(f"{path} was left by a run that was cut off", f"rm -f {_quoted(path)}")
    try:
        history.read(seen.lake)
    except history.DamagedHistory as error:
        found, _, remedy = str(error).partition("; ")
        yield _problem(found, f"{remedy}: {seen.papers('run')}")
        return
    files = sorted(path.name for path in folder.glob("[0-9]*.parquet"))
    if not files and seen.lake.database.exists():
        yield _problem(
            f"{folder} has no history of the ids that are published: without the warehouse they would be given anew",
            f"copy it back from a backup; without one, the next run writes down what the warehouse has: {seen.papers('run')}",
        )
        return
    whole = max((n for n, name in enumerate(files) if ".whole." in name), default=0)
    numbers = [int(name.partition(".")[0]) for name in files[whole:]]
    if lost := sorted(
        set(range(1 if numbers and whole == 0 else min(numbers, default=1), max(numbers, default=0))) - set(numbers)
    ):
        yield _note(
            f"{folder} has no file {', '.join(f'{n:06}' for n in lost[:5])}, and has later ones",
            f"copy it back from a backup; without one, the next run writes again what the warehouse has of it: {seen.papers('run')}",
        )


def _decisions(seen: Examined) -> Iterator[Finding]:
    for read in (decisions.read, left_out.read):
        try:
            read(seen.lake)
        except decisions.DamagedDecisions as error:
            found, _, remedy = str(error).rpartition("; ")
            yield _problem(found, f"{remedy}: {seen.papers('run')}")


def _inbox(seen: Examined) -> Iterator[Finding]:
    """Look for files that the next run could not take."""
    for path in sorted(seen.lake.inbox.rglob("*")) if seen.lake.inbox.is_dir() else []:
        if any(part.startswith(".") for part in path.relative_to(seen.lake.inbox).parts):
            continue
        if not path.exists():
            yield _problem(f"{path} is a link that leads nowhere", f"rm -f {_quoted(path)}, or put the file there")
        elif not os.access(path, os.R_OK):
            yield _problem(f"{path} cannot be read by this user", f"as its owner: chmod u+r {_quoted(path)}")
        elif path.is_file() and path.stat().st_size > raw.LARGEST_STORED:
            yield _problem(f"{path} has over {raw.LARGEST_STORED:,} bytes, more than is taken", "split it")
        elif not path.is_file() and not path.is_dir():
            yield _problem(f"{path} is no regular file", f"rm -f {_quoted(path)}")


def _fetched(seen: Examined) -> Iterator[Finding]:
    """Look for fetched pages that are not whole, or not what was received."""
    for folder in sorted(path for path in seen.lake.fetched.glob("*/*/*") if path.is_dir()):
        again = seen.papers(f"fetch --date {folder.parent.name} --again")
        if folder.parent.parent.name != "daily_papers":
            again = seen.papers("fetch") + " with the same search, or --trending"
        try:
            pages = json.loads((folder / "done.json").read_bytes())["pages"]
            wrong = [page["name"] for page in pages if _sha256(folder / page["name"]) != page["sha256"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            if not _is_locked(seen.lake.fetched / "lock"):
                yield _note(
                    f"{folder} is not whole and counts as not fetched", f"rm -rf {_quoted(folder)}; then {again}"
                )
            continue
        if wrong:
            yield _problem(
                f"{folder} is not what was received: {', '.join(wrong)}", f"rm -rf {_quoted(folder)} && {again}"
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------------------------------------
# what is made from it


def _warehouse(seen: Examined) -> Iterator[Finding]:
    """Read every column of every row: a flipped bit is found by nothing less."""
    place, lake = seen.lake.warehouse, seen.lake
    log = place.with_name(place.name + ".wal")
    rebuilt = seen.papers("rebuild")
    for path in sorted((place.parent / "spill").glob("*")):
        yield _note(f"{path} was left by a run that was cut off", f"rm -rf {_quoted(path)}")
    if not place.exists():
        if seen.receipts:
            # with nothing published either, it is a copy of what cannot be made again: a backup, or one restored
            told = _problem if (lake.published / "current").is_symlink() else _note
            yield told(f"{place} is missing; {len(seen.receipts)} captures are in {lake.raw}", rebuilt)
        return
    if log.exists():
        yield _note(f"{log} is there: a run was cut off; the next one takes up what it says", seen.papers("run"))
    try:
        tables = warehouse.fingerprints(place)
        versions = warehouse.column(place, "select version from schema_version") if "schema_version" in tables else []
        known = set(warehouse.column(place, "select dump_id from raw_dumps")) if "raw_dumps" in tables else set()
    except warehouse.WarehouseError as error:
        yield _problem(f"{place} is damaged: {error}", rebuilt)
        return
    version = max(versions, default=0)
    if version > WAREHOUSE_VERSION:
        yield _problem(
            f"{place} is of version {version}, made by a newer program; this one knows versions up to {WAREHOUSE_VERSION}",
            "install the newer program, or use another lake",
        )
        return
    if version < WAREHOUSE_VERSION:
        yield _note(
            f"{place} is of version {version}; the next run brings it to {WAREHOUSE_VERSION}", seen.papers("run")
        )
        return
    if missing := [table.name for table in TABLES if table.name not in tables]:
        yield _note(f"{place} lacks the tables {', '.join(missing)}", f"the next run makes them: {seen.papers('run')}")
    if lost := sorted(known - set(seen.receipts)):
        yield _problem(
            f"{len(lost)} captures are in the warehouse and not in {lake.raw}, from which it is made anew: {', '.join(lost[:5])}",
            f"copy {_quoted(lake.raw)} back from a backup; the tables are whole until the warehouse has to be made anew",
        )
    if waiting := set(seen.receipts) - known:
        yield _note(f"{len(waiting)} captures wait in {lake.raw} to be loaded", seen.papers("run"))


def _away(*paths: Path) -> str:
    return " && ".join(f"mv {_quoted(path)} {_quoted(path.with_name(path.name + '.damaged'))}" for path in paths)


def _published(seen: Examined) -> Iterator[Finding]:
    """Read what readers read, as a whole, and compare it with its manifest."""
    lake, again = seen.lake, seen.papers("run")
    current = lake.published / "current"
    partial = [*lake.published.glob("*.next"), *lake.exports.parent.glob("*.next")]
    for path in partial:
        yield _note(f"{path} was left by a run that was cut off", f"rm -f {_quoted(path)}")
    for folder in _folders(lake.published):
        if not (folder / "parquet" / "manifest.json").exists() and folder != current.resolve():
            yield _note(f"{folder} was left half built by a run that was cut off", f"rm -rf {_quoted(folder)}")
    if not current.is_symlink() and not lake.database.is_symlink():
        if seen.receipts:
            yield _problem(f"nothing is published; {len(seen.receipts)} captures are in {lake.raw}", again)
        return
    for link in (current, lake.database, lake.exports):
        if link.exists() and not link.is_symlink():
            yield _problem(f"{link} is no link any more", f"{_away(link)} && {again}")
            return
        if not link.exists():
            yield _problem(f"{link} {'leads nowhere' if link.is_symlink() else 'is missing'}", again)
            return
    database, parquet = current.resolve() / "papers.duckdb", current.resolve() / "parquet"
    if (log := database.with_name(database.name + ".wal")).exists():
        yield _problem(f"{log} is there: somebody wrote in the published database", f"rm -f {_quoted(log)} && {again}")
        return
    try:
        manifest = json.loads((parquet / "manifest.json").read_bytes())
        files = {row["table"]: (row["file"], row["rows"], row["sha256"]) for row in manifest["files"]}
        run_id = manifest["run_id"]
    except (OSError, ValueError, KeyError, TypeError):
        yield _problem(f"{parquet / 'manifest.json'} is missing or damaged", again)
        return
    for table, (name, _, digest) in files.items():
        if not (parquet / name).exists():
            yield _problem(f"{parquet / name} is missing", again)
        elif _sha256(parquet / name) != digest:
            yield _problem(f"{parquet / name} ({table}) is not what was published: another SHA-256", again)
    try:
        rows = {name: count for name, (count, _) in warehouse.fingerprints(database).items()}
        published = warehouse.column(database, "select run_id from publication") if "publication" in rows else []
    except warehouse.WarehouseError as error:
        yield _problem(f"{database} is damaged: {error}", again)
        return
    if published != [run_id]:
        yield _problem(f"{database} is of the run {published or 'nobody'}, the Parquet files of {run_id}", again)
    if other := [name for name, (_, count, _) in files.items() if rows.get(name) != count]:
        yield _problem(f"{database} has other numbers of rows than the manifest in {', '.join(other)}", again)


def _history(seen: Examined) -> Iterator[Finding]:
    """Look into Dagster's own databases: damage, and runs that nobody works on."""
    home = seen.lake.dagster_home
    for path in sorted(home.rglob("*.db")):
        # as it lies there, so that nothing is written beside it; once more in the usual way, if the UI was writing
        for mode in ("immutable=1", "mode=ro"):
            said = _integrity(path, mode)
            if said == "ok":
                break
        if said != "ok":
            yield _problem(
                f"{path} is damaged: {' '.join(said.split())[:100]}",
                f"{_away(home)} && {seen.papers('run')} (what ran when is lost, the tables are not)",
            )
            return
        if path.name == "runs.db" and not seen.busy:
            yield from _orphans(seen, path)


def _integrity(path: Path, mode: str) -> str:
    if mode == "immutable=1" and Path(f"{path}-wal").exists() and Path(f"{path}-wal").stat().st_size:
        return "has a log"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True, timeout=5)) as database:
            return str(database.execute("pragma integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        return str(error)


def _orphans(seen: Examined, path: Path) -> Iterator[Finding]:
    marks = ", ".join("?" * len(_UNFINISHED))
    query = f"select run_id, status from runs where status in ({marks}) and pipeline_name = 'captures_to_papers'"
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True)) as database:
            rows = database.execute(query, _UNFINISHED).fetchall()
    except sqlite3.Error:
        return  # another version of Dagster has other tables
    if rows:
        yield _note(
            f"{len(rows)} runs are told as {', '.join(sorted({row[1].lower() for row in rows}))}, and none is at work: "
            f"{', '.join(row[0][:8] for row in rows[:5])}",
            f"{seen.papers('run')} marks them as failed, {seen.papers('ui')} too; else the next scheduled run may wait for them",
        )


#: In the order in which remedies are to be followed: a run writes history, and what is published comes from what is before
#: it. ``raw`` reads the receipts that later ones compare with.
CHECKS: dict[str, Check] = {
    "program": _program,
    "disk": _disk,
    "permissions": _permissions,
    "lock": _lock,
    "history": _history,
    "raw": _raw,
    "ids": _ids,
    "decisions": _decisions,
    "inbox": _inbox,
    "fetched": _fetched,
    "warehouse": _warehouse,
    "published": _published,
    "clock": _clock,
}
#: Skipped while a run works: it changes what they read.
_OF_RUNS: tuple[Check, ...] = (_warehouse, _published)
