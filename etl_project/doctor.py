"""What is wrong with a lake, and what mends it: each check reads one part and changes nothing.

A finding is a ``problem`` (readers, the next run or a recovery will suffer from it) or a ``note`` (harmless, and told
so that nobody wonders). Its remedy is a command or an action that really mends it. A run fails while something else is
broken that it needs, so what needs a run is told last, and one run ends all remedies: ``papers rebuild`` where one of
them asks for it. To add a check, write a function from an ``Examined`` to what it found and name it in ``CHECKS``.
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
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from etl_project import decisions, history, left_out, progress, raw, warehouse
from etl_project.arriving import unfinished_by_name
from etl_project.command import command_line
from etl_project.lake import PROJECT, Lake, LakeBusy, writer_lock
from etl_project.migrations import WAREHOUSE_VERSION
from etl_project.tables import TABLES

#: A run writes the warehouse's new rows, their publication and its Parquet files beside what is there.
_ROOM_TIMES, _ROOM = 3, 1 << 30
_LEAST_INODES = 1000
_LARGEST_READ = 1 << 22
_MOST_LOST_TOLD = 20
_OLDEST_PYTHON = (3, 11)
_UNFINISHED = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING")


class Finding(NamedTuple):
    """What one check found: ``outcome`` is ``ok``, ``note``, ``problem`` or ``skipped``; ``remedy`` says what to do.

    ``command`` is what of the remedy can be pasted into a shell, at its end.
    """

    check: str
    outcome: str
    found: str
    remedy: str = ""
    command: str = ""


class Found(NamedTuple):
    """What a check yields: what to do by hand, the ``command`` that does the rest, and which run it needs ``then``."""

    outcome: str
    found: str
    by_hand: str = ""
    command: str = ""
    then: str = ""  # "", "run" or "rebuild"


class Known(NamedTuple):
    """What tables say of a capture: how it was called, the folder or address that it was from, and the file's own time."""

    file_name: str
    source: str
    modified_at: datetime | None


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
        return command_line(self.lake, words)

    @cached_property
    def known(self) -> dict[str, Known]:
        """The captures that warehouse and publication tell of, by the SHA-256 of their content, as far as they can be read."""
        told: dict[str, Known] = {}
        for place in (self.lake.database, *([] if self.busy else [self.lake.warehouse])):
            if place.exists():
                with suppress(warehouse.WarehouseError):
                    for content, *rest in warehouse.rows(place, _OF_CAPTURES):
                        told[content] = Known(*rest)
        return told

    @cached_property
    def at_hand(self) -> dict[str, list[Path]]:
        """Files of the inbox, and fetched pages, by name: the next run takes them in."""
        files: dict[str, list[Path]] = {}
        for folder in (self.lake.inbox, self.lake.fetched):
            for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
                if not any(part.startswith(".") for part in path.relative_to(folder).parts):
                    files.setdefault(path.name, []).append(path)
        return files


Check = Callable[[Examined], Iterator[Found]]
_OF_CAPTURES = "select content_sha256, file_name, source, modified_at from raw_dumps"


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
    told: list[tuple[str, Found]] = []
    for name, check in checks.items():
        if seen.busy and check in _OF_RUNS:
            told.append((name, Found("skipped", seen.busy, "look again later")))
            continue
        before = len(told)
        try:
            told += ((name, found) for found in check(seen))
        except OSError as error:
            where = error.filename or seen.lake.root
            found = _problem(f"{where}: {error.strerror}", _readable(Path(os.fsdecode(where))))
            told.append((name, found))
        if len(told) == before:
            told.append((name, Found("ok", "")))
    yield from _in_order(seen, told)


def _in_order(seen: Examined, told: list[tuple[str, Found]]) -> Iterator[Finding]:
    """Yield what was found so that remedies can be followed from first to last: what a run needs before what needs the run."""
    told.sort(key=lambda row: (bool(row[1].then), bool(row[1].then) and not row[1].command))
    runs = [n for n, (_, found) in enumerate(told) if found.then]
    run = seen.papers("rebuild" if any(found.then == "rebuild" for _, found in told) else "run")
    for n, (name, found) in enumerate(told):
        # what is prepared for the run is followed by it only where nothing stands between the two
        with_run = bool(found.then) and (not found.command or n == runs[-1])
        command = " && ".join(part for part in (found.command, run if with_run else "") if part)
        yield Finding(name, found.outcome, found.found, found.by_hand + command, command)


def _problem(found: str, by_hand: str = "", command: str = "", then: str = "") -> Found:
    return Found("problem", found, by_hand, command, then)


def _note(found: str, by_hand: str = "", command: str = "", then: str = "") -> Found:
    if not (by_hand or command or then):
        by_hand = "nothing has to be done"
    return Found("note", found, by_hand, command, then)


def _quoted(*paths: Path) -> str:
    return " ".join(shlex.quote(str(path)) for path in paths)


def _readable(path: Path) -> str:
    return f"as its owner: chmod -R u+rX {_quoted(path)} (who owns it: ls -ld {_quoted(path)}); then look again"


# ---------------------------------------------------------------------------------------------
# what it runs on


def _program(_: Examined) -> Iterator[Found]:
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


def _disk(seen: Examined) -> Iterator[Found]:
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


def _permissions(seen: Examined) -> Iterator[Found]:
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


def _clock(seen: Examined) -> Iterator[Found]:
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


def _lock(seen: Examined) -> Iterator[Found]:
    """Tell who works in the lake, and of whom only the name is left."""
    for path in _locks(seen.lake):
        holder = seen.holders.get(path, "")
        if not path.exists():
            continue
        if seen.busy if path == _locks(seen.lake)[0] else _is_locked(path):
            since = f"written at {datetime.fromtimestamp(path.stat().st_mtime, UTC):%Y-%m-%d %H:%M} UTC"
            yield _note(
                f"{path} is held by {holder or 'a process that did not say its name'} ({since})",
                "wait for it to end; one that stands still for ten minutes is ended by itself",
            )
        elif holder:
            yield _note(
                f"{path} is outdated: {holder} was cut off; the lock itself was freed with it",
                "the name is taken away by whoever holds it next; to end what was left half done: ",
                then="run",
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


def _raw(seen: Examined) -> Iterator[Found]:
    """Hash every byte, and compare with receipts and with what the tables tell of; says what can be taken anew, and from where."""
    store = seen.lake.raw
    contents = set()
    paths = sorted(store.glob("??/*.json"))
    for path in progress.each(paths, "captures hashed", len(paths)):
        contents.add(path.stem)
        try:
            receipt = raw.Receipt(**json.loads(path.read_bytes()))
            named = receipt.content_sha256 == path.stem and receipt.stored_name.startswith(path.stem)
        except (ValueError, TypeError, AttributeError):
            named = False
        if named:
            seen.receipts[receipt.dump_id] = vars(receipt)
            yield from _raw_bytes(seen, path, receipt)
        elif re.fullmatch("[0-9a-f]{64}", path.stem):
            yield _anew(seen, path.stem, f"{path} is no receipt: damaged or changed", path, *_bytes_of(path))
        else:
            yield _problem(f"{path} is no receipt: damaged or changed", command=f"rm -f {_quoted(path)}")
    for path in sorted(store.glob("??/*")):
        content = path.name.partition(".")[0]
        if path.name.endswith(".partial"):
            yield _note(f"{path} was left by a run that was cut off", command=f"rm -f {_quoted(path)}")
        elif path.suffix != ".json" and content not in contents:
            contents.add(content)
            yield from _without_receipt(seen, content, path)
    lost = sorted(set(seen.known) - contents, key=lambda content: seen.known[content].file_name)
    for content in lost[:_MOST_LOST_TOLD]:
        yield _anew(seen, content, f"{_named(seen.known[content])} is in the tables, and in {store} no more")
    if (rest := len(lost) - _MOST_LOST_TOLD) > 0:
        yield _problem(
            f"{rest} captures more are in the tables, and in {store} no more",
            f"copy {_quoted(store)} back from a backup; without one, do what is told of the others, and look again",
        )


def _raw_bytes(seen: Examined, path: Path, receipt: raw.Receipt) -> Iterator[Found]:
    place = path.with_name(receipt.stored_name)
    told = f"{place} (received as {receipt.file_name!r} from {receipt.source})"
    if not place.exists():
        yield _anew(seen, path.stem, f"{told} is missing; its receipt is there", path, lost=place)
        return
    with place.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != receipt.stored_sha256:
        found = f"{told} is not what was received: its SHA-256 is {digest[:16]}..."
        yield _anew(seen, path.stem, found, path, place, lost=place)
    elif receipt.compression != "none" and receipt.open_error is None:
        content = raw.open_bytes(place.read_bytes())[1]
        if content is None or hashlib.sha256(content).hexdigest() != receipt.content_sha256:
            yield _anew(seen, path.stem, f"{told} does not open to what its name says", path, place, lost=place)
    elif receipt.stored_sha256 != receipt.content_sha256 and receipt.compression == "none":
        yield _anew(seen, path.stem, f"{path} contradicts itself: two hashes of one content", path, place)


def _without_receipt(seen: Examined, content: str, path: Path) -> Iterator[Found]:
    if content in seen.known:
        found = f"{path} has no receipt, and the tables have it: {_named(seen.known[content])}; the receipt was deleted"
        yield _anew(seen, content, found, *_bytes_of(path))
        return
    found = (
        f"{path} has no receipt, and no table tells of it: the run that took it was cut off, or the receipt was deleted"
    )
    if _is_content(path, content):
        yield _note(
            found,
            "nothing has to be done, if that file is delivered again; else take it in, without the name that it had: ",
            _stage(seen, path, content, content),
            "run",
        )
    else:
        yield _note(f"{found}; it is not whole", command=f"rm -f {_quoted(path)}")


def _named(known: Known) -> str:
    return f"{known.file_name!r} from {known.source}"


def _bytes_of(path: Path) -> list[Path]:
    """Return the files of the raw store that may hold the bytes of a capture, of which ``path`` is one file."""
    pattern = f"{path.name.partition('.')[0]}*"
    return [file for file in sorted(path.parent.glob(pattern)) if file.suffix not in (".json", ".partial")]


def _anew(seen: Examined, content: str, found: str, *broken: Path, lost: Path | None = None) -> Found:
    """Return a problem with a capture, ``broken`` in the raw store: its remedy takes the content in anew, from wherever it is whole."""
    away = f"rm -f {_quoted(*broken)}" if broken else ""
    known = seen.known.get(content)
    if known is not None and lost is None and _named(known) not in found:
        found = f"{found}; it was received as {_named(known)}"
    whole = _whole(seen, content)
    if whole is not None and any(whole.is_relative_to(folder) for folder in (seen.lake.inbox, seen.lake.fetched)):
        waits = f"{found}; {whole} is the same file, and the next run takes it in"
        return _problem(waits, command=away, then="run") if broken else _note(waits, then="run")
    for path in [whole] if whole is not None else [path for path in broken if path != lost and path.suffix != ".json"]:
        if whole is not None or _is_content(path, content):
            modified = known.modified_at if known is not None and whole is None else None
            name = whole.name if whole is not None else known.file_name if known is not None else content
            staged = _stage(seen, path, content, name, modified)
            return _problem(found, command=" && ".join(part for part in (staged, away) if part), then="run")
    # what is deleted is either given again or nowhere: a rebuild takes up the one and does without the other
    name = repr(known.file_name) if known is not None else "the file"
    receipt = next((row for row in seen.receipts.values() if row["content_sha256"] == content), None)
    if receipt is not None:
        name = repr(receipt["file_name"])
    place = lost or seen.lake.raw / content[:2]
    return _problem(
        found,
        f"copy {_quoted(place)} back from a backup. Without one, put {name} into {_quoted(seen.lake.inbox)} if it is still "
        "somewhere, else that capture is given up, and: ",
        away,
        "rebuild",
    )


def _whole(seen: Examined, content: str) -> Path | None:
    """Return a file outside the raw store that has this content: in the inbox, fetched, or where it was taken from."""
    told: list[Known] = [
        Known(row["file_name"], row["source"], None)
        for row in seen.receipts.values()
        if row["content_sha256"] == content
    ]
    told += [seen.known[content]] if content in seen.known else []
    for name, source, _ in told:
        places: list[Path] = [*seen.at_hand.get(name, ()), Path(source) / name]
        for path in places:
            if path.is_absolute() and _is_content(path, content):
                return path
    return None


def _is_content(path: Path, content: str) -> bool:
    """Say whether a file opens to the content of this SHA-256."""
    return raw.content_of(path) == content


def _stage(seen: Examined, path: Path, content: str, name: str, modified: datetime | None = None) -> str:
    """Return the command that puts a file into the inbox, in a folder of its own, as it was called and with its own time."""
    folder = seen.lake.inbox / f"again-{content[:8]}"
    target = folder / name
    if target.parent != folder or name.startswith(".") or unfinished_by_name(target, folder):
        target = folder / content  # under its own name the inbox would not be read
    time = f" && touch -d {shlex.quote(f'{modified:%Y-%m-%dT%H:%M:%S.%f}Z')} {_quoted(target)}" if modified else ""
    return f"mkdir -p {_quoted(folder)} && cp -p {_quoted(path)} {_quoted(target)} && chmod u+w {_quoted(target)}{time}"


def _ids(seen: Examined) -> Iterator[Found]:
    """Read the history of ids, without which ids would be given anew if the warehouse were lost."""
    folder = seen.lake.ids
    for path in sorted(folder.glob("*.partial")):
        yield _note(f"{path} was left by a run that was cut off", command=f"rm -f {_quoted(path)}")
    if damaged := history.damaged(seen.lake):
        for file, reason in damaged.items():
            otherwise = "copy it back from a backup; without one, ids that only it has are given anew: "
            yield _problem(f"{file} cannot be read ({reason})", otherwise, _away(file), "run")
        return
    files = sorted(path.name for path in folder.glob("[0-9]*.parquet"))
    if not files and seen.lake.database.exists():
        yield _problem(
            f"{folder} has no history of the ids that are published: without the warehouse they would be given anew",
            "copy it back from a backup; without one, the next run writes down what the warehouse has: ",
            then="run",
        )
        return
    whole = max((n for n, name in enumerate(files) if ".whole." in name), default=0)
    numbers = [int(name.partition(".")[0]) for name in files[whole:]]
    if lost := sorted(
        set(range(1 if numbers and whole == 0 else min(numbers, default=1), max(numbers, default=0))) - set(numbers)
    ):
        yield _note(
            f"{folder} has no file {', '.join(f'{n:06}' for n in lost[:5])}, and has later ones",
            "copy it back from a backup; without one, the next run writes again what the warehouse has of it: ",
            then="run",
        )


def _decisions(seen: Examined) -> Iterator[Found]:
    """Look for lines that are no decision."""
    for place, damaged in (
        (seen.lake.decisions, decisions.damaged(seen.lake)),
        (seen.lake.left_out, left_out.damaged(seen.lake)),
    ):
        if damaged:
            yield _problem(
                "; ".join(f"{place}, line {number}: no decision ({reason})" for number, reason in damaged.items()),
                "mend that by hand; or take it out (the file as it is stays beside it): ",
                f"cp {_quoted(place)} {_quoted(place.with_name(place.name + '.damaged'))} && "
                f"sed -i '{';'.join(f'{number}d' for number in damaged)}' {_quoted(place)}",
                "run",
            )


def _inbox(seen: Examined) -> Iterator[Found]:
    """Look for files that the next run could not take."""
    for path in sorted(seen.lake.inbox.rglob("*")) if seen.lake.inbox.is_dir() else []:
        if any(part.startswith(".") for part in path.relative_to(seen.lake.inbox).parts):
            continue
        if not path.exists():
            yield _problem(f"{path} is a link that leads nowhere", "put the file there, or: ", f"rm -f {_quoted(path)}")
        elif not os.access(path, os.R_OK):
            yield _problem(f"{path} cannot be read by this user", "as its owner: ", f"chmod u+r {_quoted(path)}")
        elif path.is_file() and path.stat().st_size > raw.LARGEST_STORED:
            yield _problem(f"{path} has over {raw.LARGEST_STORED:,} bytes, more than is taken", "split it")
        elif not path.is_file() and not path.is_dir():
            yield _problem(f"{path} is no regular file", command=f"rm -f {_quoted(path)}")


def _fetched(seen: Examined) -> Iterator[Found]:
    """Look for fetched pages that are not whole, or not what was received."""
    for folder in sorted(path for path in seen.lake.fetched.glob("*/*/*") if path.is_dir()):
        again = ""  # a search, or what was trending then, is not to be had again
        if folder.parent.parent.name == "daily_papers":
            again = f" && {seen.papers(f'fetch --date {folder.parent.name} --again')}"
        try:
            pages = json.loads((folder / "done.json").read_bytes())["pages"]
            wrong = [page["name"] for page in pages if _sha256(folder / page["name"]) != page["sha256"]]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            if not _is_locked(seen.lake.fetched / "lock"):
                yield _note(
                    f"{folder} is not whole and counts as not fetched",
                    command=f"rm -rf {_quoted(folder)}{again}",
                )
            continue
        if wrong:
            yield _problem(
                f"{folder} is not what was received: {', '.join(wrong)}", command=f"rm -rf {_quoted(folder)}{again}"
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------------------------------------
# what is made from it


def _warehouse(seen: Examined) -> Iterator[Found]:
    """Read every column of every row: a flipped bit is found by nothing less."""
    place, lake = seen.lake.warehouse, seen.lake
    log = place.with_name(place.name + ".wal")
    for path in sorted((place.parent / "spill").glob("*")):
        yield _note(f"{path} was left by a run that was cut off", command=f"rm -rf {_quoted(path)}")
    if not place.exists():
        if seen.receipts:
            # with nothing published either, it is a copy of what cannot be made again: a backup, or one restored
            told = _problem if (lake.published / "current").is_symlink() else _note
            yield told(f"{place} is missing; {len(seen.receipts)} captures are in {lake.raw}", then="rebuild")
        return
    if log.exists():
        yield _note(f"{log} is there: a run was cut off; the next one takes up what it says", then="run")
    try:
        tables = warehouse.fingerprints(place)
        versions = warehouse.column(place, "select version from schema_version") if "schema_version" in tables else []
        known = set(warehouse.column(place, "select dump_id from raw_dumps")) if "raw_dumps" in tables else set()
    except warehouse.WarehouseError as error:
        yield _problem(f"{place} is damaged: {error}", then="rebuild")
        return
    version = max(versions, default=0)
    if version > WAREHOUSE_VERSION:
        yield _problem(
            f"{place} is of version {version}, made by a newer program; this one knows versions up to {WAREHOUSE_VERSION}",
            "install the newer program, or use another lake",
        )
        return
    if version < WAREHOUSE_VERSION:
        yield _note(f"{place} is of version {version}; the next run brings it to {WAREHOUSE_VERSION}", then="run")
        return
    if missing := [table.name for table in TABLES if table.name not in tables]:
        yield _note(f"{place} lacks the tables {', '.join(missing)}", "the next run makes them: ", then="run")
    if waiting := set(seen.receipts) - known:
        yield _note(f"{len(waiting)} captures wait in {lake.raw} to be loaded", then="run")


def _away(*paths: Path) -> str:
    return " && ".join(f"mv {_quoted(path)} {_quoted(path.with_name(path.name + '.damaged'))}" for path in paths)


def _published(seen: Examined) -> Iterator[Found]:
    """Read what readers read, as a whole, and compare it with its manifest."""
    lake = seen.lake
    current = lake.published / "current"
    partial = [*lake.published.glob("*.next"), *lake.exports.parent.glob("*.next")]
    for path in partial:
        yield _note(f"{path} was left by a run that was cut off", command=f"rm -f {_quoted(path)}")
    for folder in _folders(lake.published):
        if not (folder / "parquet" / "manifest.json").exists() and folder != current.resolve():
            yield _note(f"{folder} was left half built by a run that was cut off", command=f"rm -rf {_quoted(folder)}")
    if not current.is_symlink() and not lake.database.is_symlink():
        if seen.receipts:
            yield _problem(f"nothing is published; {len(seen.receipts)} captures are in {lake.raw}", then="run")
        return
    folder = current.resolve()
    for link in (current, lake.database, lake.exports):
        if link.exists() and not link.is_symlink():
            yield _problem(f"{link} is no link any more", command=_away(link), then="run")
        elif not link.exists() and (link == current or current.exists()):  # the others lead through that one
            yield _problem(f"{link} {'leads nowhere' if link.is_symlink() else 'is missing'}", then="run")
    if current.is_symlink() and current.exists():
        files = _manifest(folder / "parquet")
        if files is None:
            yield _problem(f"{folder / 'parquet' / 'manifest.json'} is missing or damaged", then="run")
        else:
            yield from _parquet(folder / "parquet", files)
        yield from _database(folder / "papers.duckdb", files)


def _manifest(folder: Path) -> dict[str, Any] | None:
    """Return what the manifest in ``folder`` says, or None if it cannot be read."""
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        files = {row["table"]: (row["file"], row["rows"], row["sha256"]) for row in manifest["files"]}
        return {"run_id": manifest["run_id"], "files": files}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _parquet(folder: Path, manifest: dict[str, Any]) -> Iterator[Found]:
    for table, (name, _, digest) in manifest["files"].items():
        if not (folder / name).exists():
            yield _problem(f"{folder / name} is missing", then="run")
        elif _sha256(folder / name) != digest:
            yield _problem(f"{folder / name} ({table}) is not what was published: another SHA-256", then="run")


def _database(database: Path, manifest: dict[str, Any] | None) -> Iterator[Found]:
    if not database.exists():
        return  # told already: the link to it leads nowhere
    if (log := database.with_name(database.name + ".wal")).exists():
        found = f"{log} is there: somebody wrote in the published database"
        yield _problem(found, command=f"rm -f {_quoted(log)}", then="run")
        return
    try:
        rows = {name: count for name, (count, _) in warehouse.fingerprints(database).items()}
        published = warehouse.column(database, "select run_id from publication") if "publication" in rows else []
    except warehouse.WarehouseError as error:
        yield _problem(f"{database} is damaged: {error}", then="run")
        return
    if manifest is None:
        return
    if published != [manifest["run_id"]]:
        found = f"{database} is of the run {published or 'nobody'}, the Parquet files of {manifest['run_id']}"
        yield _problem(found, then="run")
    if other := [name for name, (_, count, _) in manifest["files"].items() if rows.get(name) != count]:
        yield _problem(f"{database} has other numbers of rows than the manifest in {', '.join(other)}", then="run")


def _history(seen: Examined) -> Iterator[Found]:
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
                "what ran when is lost with it, the tables are not: ",
                _away(home),
                "run",
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


def _orphans(seen: Examined, path: Path) -> Iterator[Found]:
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
            f"else the next scheduled run may wait for them; {seen.papers('ui')} marks them as failed, and so does: ",
            then="run",
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
