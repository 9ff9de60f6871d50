"""File to bytes: taking files into the immutable store, opening them, finding their encoding. Interprets nothing.

The store holds, under ``<lake>/raw/<first two digits>/``, the bytes as received, named by the SHA-256
of their *opened* content (so a ``.gz`` of a known text is known), and beside them a ``.json`` receipt
with the received name, time and source. The receipt is written last: without it a file was not taken.
"""

import codecs
import hashlib
import json
import os
import re
import stat
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import zstandard

from etl_project.arriving import GROWING, growing, is_being_written, is_open_for_writing, unfinished_by_name
from etl_project.charsets import is_charset
from etl_project.lake import sync

#: Larger files are not taken: they would not fit in memory beside their rows.
LARGEST_STORED = 1 << 28
#: A compressed file may not open to more: a megabyte of zeros can open to a terabyte. A text of this size takes up to 4 GB
#: of memory while it is read (docs/promises.md).
LARGEST_OPENED = 1 << 28
#: Parts one after the other in a compressed file; tools that write parts write one for 64 KB.
MOST_MEMBERS = 20_000

_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_SUFFIXES = {"none": "", "gzip": ".gz", "zstd": ".zst"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""(?:charset|encoding|coding)\s*[=:]\s*["']?([A-Za-z0-9_.:-]{2,40})""")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ODD = bytes(range(128, 256))
#: Western letters other than ASCII's stand alone, or two or three together; those of other scripts, or the halves of
#: their characters, stand together in longer runs.
_FOREIGN_RUN = re.compile("[¡-¦¨-ª¬-¶¸-º¼-ÿ]{4,}")
_OF_ANOTHER_PAGE = re.compile(
    "[a-z][ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŠŒŽŸ][a-z]"  # a capital within a word: Mac OS Roman
    "|[a-z][¶¹¿¼½¾][a-z]|[a-z]{2}³[a-z]{3}|(?<![0-9])[¼½¾][a-z]{3}|[0-9] ?¤|¤ ?[0-9]"  # Latin-2 and Latin-9
    "|¡[¢-ª¬-·]|£[¨©¬®º]|ƒ.ƒ"  # the signs of GBK: a dash, quotation marks, a comma; katakana of Shift JIS
)
#: Read at once of a zstd file: a block of 4 bytes may open to 128 KiB, so these to 64 MiB at most.
_ZSTD_PIECE = 1 << 11
#: Read at once of a gzip file: of what follows a part's end each part makes a copy, so it begins with little.
_FIRST_PIECE, _LARGEST_PIECE = 1 << 9, 1 << 20
#: Digits of the content's SHA-256 that name a dump.
_DUMP_ID = 16
_SAMPLE = 1 << 18  # bytes that the encoding's guess may look at


@dataclass(frozen=True)
class Receipt:
    """What is known of one dump besides its bytes; stored as JSON beside them. Times are UTC, ISO 8601."""

    dump_id: str
    content_sha256: str
    stored_sha256: str
    stored_name: str
    file_name: str
    source: str
    received_at: str
    modified_at: str | None
    byte_count: int
    opened_byte_count: int | None
    compression: str
    open_error: str | None


class Delivery(NamedTuple):
    """What became of one file: ``outcome`` is ``new``, ``known``, ``unreadable`` or ``unfinished`` (``detail`` says why)."""

    path: str
    outcome: str
    dump_id: str | None
    detail: str


class Decoded(NamedTuple):
    """Text with ``\\n`` line ends and how it came about, or ``text`` None and the reason."""

    text: str | None
    encoding: str | None
    basis: str
    damaged_lines: list[int]
    reason: str | None


# ---------------------------------------------------------------------------------------------
# taking


def take_all(
    paths: Iterable[Path],
    store: Path,
    now: datetime,
    without: Collection[Path] = (),
    sources: Mapping[Path, str] | None = None,
    named: bool = True,
) -> Iterator[Delivery]:
    """Yield a Delivery for every file that ``paths`` (files and folders) name, taking the new ones into ``store``.

    A file or folder that cannot be read is told and does not stop the others. So is a symbolic link in a folder that
    leads out of it: whoever may write there could otherwise have any file of this machine published. Files are taken by name,
    whatever order they are given in: of equal contents, the first one's name and time are kept. Files
    below ``without`` are passed over. ``sources`` says where a file came from, if not from its folder.
    A file that is still being written is left alone. Where it was found in a folder, that is no error, and its name
    may tell, too; where somebody ``named`` the file itself, it could not be read.
    Raises OSError only if the store itself cannot be written.
    """
    found: dict[Path, bool] = {}  # a file that is named twice is taken once
    unfinished: dict[Path, str] = {}
    for path in paths:
        files, problem = files_below(path)
        for file in files:
            if any(file.is_relative_to(folder) for folder in without):
                continue
            if file != path and (problem_of_link := _leads_out(file, path)):
                yield Delivery(_as_text(str(file)), "unreadable", None, problem_of_link)
            elif not file.is_dir():
                itself = named and file == path
                found[file] = found.get(file, False) or itself
                unfinished[file] = (
                    "" if itself else unfinished_by_name(file, path if named and file != path else path.parent)
                )
        if problem:
            yield Delivery(_as_text(str(path)), "unreadable", None, problem)
    unfinished |= dict.fromkeys(growing(found), GROWING)
    touched: set[Path] = set()
    for file in sorted(found, key=lambda file: (file.name, str(file))):
        source = (sources or {}).get(file) or _as_text(str(file.parent))
        delivery = (
            Delivery(_as_text(str(file)), "unfinished", None, unfinished[file])
            if unfinished[file]
            else _take(file, store, now, source)
        )
        if delivery.outcome == "unfinished":
            delivery = (
                delivery._replace(outcome="unreadable", detail=f"{delivery.detail}; run again when it is complete")
                if found[file]
                else delivery._replace(detail=f"left alone, {delivery.detail}; the next run looks again")
            )
        elif delivery.dump_id:
            touched.add(store / delivery.dump_id[:2])
        yield delivery
    for folder in touched:
        sync(folder)  # a file's own bytes do not bring its name to disk


def problem_with(path: Path) -> str:
    """Return why nothing can be taken from ``path``, or "" if it names at least one file."""
    return files_below(path)[1]


def files_below(path: Path) -> tuple[list[Path], str]:
    """Return the files that a file or folder names, hidden ones left out, and why there are none, or ""."""
    try:
        if path.is_dir():
            # sorted, so that a run does the same on every file system; hidden files are nobody's captures
            files = sorted(
                file
                for file in path.rglob("*")
                if not any(part.startswith(".") for part in file.relative_to(path).parts)
                and (file.is_symlink() or not file.is_dir())
            )
            return files, "" if files else "the folder holds no files; put captures in it or name another"
        if not path.exists():
            return [], "no such file or folder; check the name"
        if not path.is_file():
            return [], "not a regular file; give a file or a folder"
    except OSError as error:
        return [], f"cannot be opened ({error.strerror}); check its permissions"
    return [path], ""


def hidden_below(path: Path) -> int:
    """Return how many files with something in them are passed over in a folder for a dot before a name."""
    if not path.is_dir():
        return 0
    return sum(
        any(part.startswith(".") for part in file.relative_to(path).parts)
        and file.is_file()
        and file.stat().st_size > 0
        for file in path.rglob("*")
    )


def all_unfinished(paths: Iterable[Path]) -> dict[Path, str]:
    """Return why each file in these folders would be left alone; nothing if one would not, or a file is named itself."""
    found = {}
    for path in paths:
        for file in files_below(path)[0]:
            found[file] = unfinished_by_name(file, path) if file != path else ""
    found |= dict.fromkeys(growing(found), GROWING)
    found = {file: reason or (GROWING if is_being_written(file) else "") for file, reason in found.items()}
    return found if all(found.values()) else {}


def _leads_out(file: Path, folder: Path) -> str:
    """Return why a link in ``folder`` is not followed, or "" for what is no link, or one within the folder."""
    if not file.is_symlink():
        return ""
    try:
        inside = file.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # nothing there, or links in a circle
        return "a link that leads to no file; put the file itself there"
    return "" if inside else "a link that leads out of the folder; put the file itself there, or name it on its own"


def is_taken(store: Path, content_sha256: str) -> bool:
    """Say whether the store has this content."""
    return _receipt_path(store, content_sha256).exists()


def content_of(file: Path) -> str | None:
    """Return the SHA-256 of what is in ``file`` once opened; None if it cannot be read, or is no file that is taken."""
    try:
        if not file.is_file() or file.stat().st_size > LARGEST_STORED:
            return None
        stored = file.read_bytes()
    except OSError:
        return None
    opened = open_bytes(stored)[1]
    return hashlib.sha256(stored if opened is None else opened).hexdigest()


def _receipt_path(store: Path, content_sha256: str) -> Path:
    return store / content_sha256[:2] / f"{content_sha256}.json"


def _take(path: Path, store: Path, now: datetime, source: str) -> Delivery:
    shown = _as_text(str(path))
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return Delivery(shown, "unreadable", None, "not a regular file; give a file or a folder")
            if status.st_size > LARGEST_STORED:
                return Delivery(
                    shown,
                    "unreadable",
                    None,
                    f"{status.st_size:,} bytes, over the limit of {LARGEST_STORED:,}; split it",
                )
            stored = file.read(status.st_size + 1)  # of one that grows no more than a sign of it
            after = os.fstat(file.fileno())
            changed = (status.st_size, status.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
            if changed or len(stored) != status.st_size or is_open_for_writing(file.fileno()):
                return Delivery(shown, "unfinished", None, GROWING)
    except OSError as error:
        return Delivery(shown, "unreadable", None, f"cannot be read ({error.strerror}); check its permissions")
    compression, content, open_error = open_bytes(stored)
    content_sha256 = hashlib.sha256(stored if content is None else content).hexdigest()
    dump_id = content_sha256[:_DUMP_ID]
    receipt_path = _receipt_path(store, content_sha256)
    if receipt_path.exists():
        return Delivery(shown, "known", dump_id, "")
    receipt = Receipt(
        dump_id=dump_id,
        content_sha256=content_sha256,
        stored_sha256=hashlib.sha256(stored).hexdigest(),
        stored_name=content_sha256 + _SUFFIXES[compression],
        file_name=_as_text(path.name),
        source=source,
        received_at=now.astimezone(UTC).isoformat(),
        modified_at=_utc(status.st_mtime),
        byte_count=len(stored),
        opened_byte_count=None if content is None else len(content),
        compression=compression,
        open_error=open_error,
    )
    receipt_path.parent.mkdir(parents=True, exist_ok=True)
    write_once(receipt_path.with_name(receipt.stored_name), stored)
    write_once(receipt_path, json.dumps(asdict(receipt), ensure_ascii=False, indent=1).encode())
    return Delivery(shown, "new", dump_id, "")


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a FIFO without a writer would wait for ever


def _as_text(name: str) -> str:
    """Return a file name whose undecodable bytes, which no database stores, show as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _utc(seconds: float) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return None  # a file time outside the calendar says nothing


def write_once(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, read-only, and have it on disk before returning."""
    partial = path.with_name(path.name + f".{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.chmod(0o444)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def drop_partial(store: Path) -> None:
    """Delete the halves of files that a killed run left in ``store``; the caller holds the lake's lock."""
    for path in store.glob("*/*.partial"):
        path.unlink(missing_ok=True)


# ---------------------------------------------------------------------------------------------
# opening and decoding


def open_bytes(stored: bytes) -> tuple[str, bytes | None, str | None]:
    """Return (compression, opened bytes, None), or (compression, None, reason) where they cannot be opened."""
    if stored.startswith(_GZIP):
        return "gzip", *_open_gzip(stored)
    if stored.startswith(_ZSTD):
        return "zstd", *_open_zstd(stored)
    return ("none", stored, None) if len(stored) <= LARGEST_OPENED else ("none", None, "opens_too_large")


def _open_gzip(stored: bytes) -> tuple[bytes | None, str | None]:
    opened, place, members = bytearray(), 0, 0
    try:
        while stored.startswith(_GZIP, place):  # gzip files may be several, one after the other
            members += 1
            if members > MOST_MEMBERS:
                return None, "too_complex"
            member, length = zlib.decompressobj(31), _FIRST_PIECE
            while not member.eof:
                piece = stored[place : place + length]
                if not piece:
                    return None, "damaged_compression"
                opened += member.decompress(piece, LARGEST_OPENED - len(opened) + 1)
                if len(opened) > LARGEST_OPENED:
                    return None, "opens_too_large"
                place += len(piece) - len(member.unused_data)
                length = min(2 * length, _LARGEST_PIECE)
    except zlib.error:
        return None, "damaged_compression"
    return bytes(opened), None


def _open_zstd(stored: bytes) -> tuple[bytes | None, str | None]:
    opened, view, frame = bytearray(), memoryview(stored), None
    place = frames = 0
    try:
        while place < len(stored):
            if frame is None:  # frames may be several, one after the other
                frames += 1
                if frames > MOST_MEMBERS:
                    return None, "too_complex"
                frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            piece = view[place : place + _ZSTD_PIECE]
            opened += frame.decompress(piece)
            if len(opened) > LARGEST_OPENED:
                return None, "opens_too_large"
            place += len(piece) - len(frame.unused_data)
            if frame.eof:
                frame = None
    except zstandard.ZstdError:
        return None, "damaged_compression"
    return (bytes(opened), None) if frame is None else (None, "damaged_compression")


def decode(content: bytes) -> Decoded:
    """Return the text of ``content`` by the first rule that fits: BOM, UTF-8, declared, charset-normalizer.

    What may be of several encodings is not decoded: a wrong one gives other letters.

    UTF-8 with a few broken bytes in it stays UTF-8; its broken lines are told, so that only they are lost.
    """
    if not content:
        return Decoded(None, None, "none", [], "empty_file")
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _decoded(content[len(mark) :], encoding, "bom")
    nul = b"\x00" in content
    if not nul and len(_CONTROL.findall(content[:_SAMPLE])) * 100 > min(len(content), _SAMPLE):
        return Decoded(None, None, "none", [], "binary_file")
    if not nul:
        try:
            return Decoded(_lines(content.decode("utf-8")), "utf-8", "utf8", [], None)
        except UnicodeDecodeError:
            pass
        if declared := _DECLARED.search(content[:2048]):
            try:
                name = declared[1].decode("ascii")
                encoding = codecs.lookup(name).name
                # a declaration in ASCII cannot be in these
                if is_charset(name) and not encoding.startswith(("utf-16", "utf-32")):
                    text = content.decode(encoding)
                    text.encode("utf-8")
                    return Decoded(_lines(text), encoding, "declared", [], None)
            except (LookupError, UnicodeError, ValueError):
                pass  # the declaration is wrong: go on as if it were not there
        if _is_mostly_utf8(content):
            return _decoded(content, "utf-8", "utf8_damaged")
    if guess := _guess(content):
        try:
            text = content.decode(guess)
            if "\x00" not in text:
                return Decoded(_lines(text), guess, "charset_normalizer", [], None)
        except UnicodeDecodeError:
            pass
    return Decoded(None, None, "none", [], "binary_file" if nul else "undecodable")


def _is_mostly_utf8(content: bytes) -> bool:
    """Say whether most non-ASCII bytes of ``content`` form UTF-8 sequences.

    In other encodings two letters can look like a sequence by accident, but most others then do not.
    """
    ascii_only = len(content.translate(None, _ODD))
    # counted, not listed: a list of them would be ten times the file
    sequences = len(content.decode("utf-8", "ignore").encode()) - ascii_only
    odd = len(content) - ascii_only
    return sequences >= odd - sequences and sequences > 0


def _guess(content: bytes) -> str | None:
    """Return the encoding that charset-normalizer takes for likeliest, judged by the part around the first odd byte.

    UTF-16 and UTF-32, and the code page of Western languages. Of a page in English the few letters of others do not
    tell which code page they are of: guesses between those were wrong as often as right, and gave other letters.
    """
    import charset_normalizer

    odd = re.search(rb"[\x80-\xff\x00]", content)
    start = max(0, (odd.start() if odd else 0) - _SAMPLE // 2) & ~3
    sample = content[start : start + _SAMPLE]
    if b"\x00" not in sample:
        try:  # pages in Western languages: several code pages read them alike, and this is the one in use
            text = sample.decode("cp1252")
        except UnicodeDecodeError:
            return None
        best = charset_normalizer.from_bytes(sample, cp_isolation=["cp1252"]).best()
        return "cp1252" if best is not None and not _is_of_another_page(text) else None
    best = charset_normalizer.from_bytes(sample).best()
    return best.encoding if best is not None else None


def _is_of_another_page(text: str) -> bool:
    """Say whether ``text``, read as Western, has what no Western text has, as one of another encoding does."""
    return _OF_ANOTHER_PAGE.search(text) is not None or any(
        len(set(run)) >= 3 and sum(char >= "À" for char in run) >= 2 for run in _FOREIGN_RUN.findall(text)
    )


def _decoded(content: bytes, encoding: str, basis: str) -> Decoded:
    """Decode, and tell the lines with bytes that are not valid; they hold U+FFFD where the bytes were."""
    try:
        text, damaged = content.decode(encoding), []
    except UnicodeDecodeError:
        if encoding == "utf-8":
            escaped = _lines(content.decode("utf-8", "surrogateescape"))
            damaged = [n for n, line in enumerate(escaped.split("\n"), 1) if re.search("[\udc80-\udcff]", line)]
            text = re.sub("[\udc80-\udcff]+", "\ufffd", escaped)
        else:
            text = content.decode(encoding, "replace")
            damaged = [n for n, line in enumerate(_lines(text).split("\n"), 1) if "\ufffd" in line]
    text = _lines(text).replace("\x00", "\ufffd") if "\x00" in text else _lines(text)
    if not text:
        return Decoded(None, None, "none", [], "empty_file")
    return Decoded(text, encoding, basis, damaged, None)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def count_lines(text: str) -> int:
    """Return the number of lines of ``text``; a line end at its end starts no new line."""
    return text.count("\n") + (not text.endswith("\n")) if text else 0


# ---------------------------------------------------------------------------------------------
# reading back


class DamagedReceipt(Exception):
    """A receipt cannot be read; the message names it and says what to do."""


class DamagedBytes(Exception):
    """Bytes of the raw store are missing, or not those that were received; the message names them and says what to do."""


def receipts(store: Path, without: Collection[str] = ()) -> Iterator[Receipt]:
    """Yield the receipts of ``store`` in the order of their dump ids, but for those dumps ``without``. DamagedReceipt if one is none."""
    for path in sorted(store.glob("??/*.json")):
        if path.stem[:_DUMP_ID] in without:
            continue
        try:
            yield Receipt(**json.loads(path.read_text("utf-8")))
        except (ValueError, TypeError) as error:
            raise DamagedReceipt(f"{path} is no receipt ({error}): papers doctor says what mends it") from None


def read_dump(store: Path, receipt: Receipt) -> dict[str, object]:
    """Return the row of ``raw_dumps`` for ``receipt`` (all but ``load_number``), opened and decoded anew.

    DamagedBytes if the bytes are missing, or not those that were received: what they say now nobody said.
    """
    path = store / receipt.content_sha256[:2] / receipt.stored_name
    stored = path.read_bytes() if path.exists() else None
    if stored is None or hashlib.sha256(stored).hexdigest() != receipt.stored_sha256:
        found = "is missing" if stored is None else "is not what was received"
        raise DamagedBytes(f"{path} (received as {receipt.file_name!r}) {found}; papers doctor says what mends it")
    _, content, open_error = open_bytes(stored)
    decoded = decode(content) if content is not None else Decoded(None, None, "none", [], open_error)
    received = datetime.fromisoformat(receipt.received_at).replace(tzinfo=None)
    return {
        "dump_id": receipt.dump_id,
        "content_sha256": receipt.content_sha256,
        "stored_sha256": receipt.stored_sha256,
        "file_name": receipt.file_name,
        "source": receipt.source,
        "received_at": received,
        "modified_at": datetime.fromisoformat(receipt.modified_at).replace(tzinfo=None)
        if receipt.modified_at
        else None,
        "byte_count": receipt.byte_count,
        "opened_byte_count": receipt.opened_byte_count,
        "compression": receipt.compression,
        "encoding": decoded.encoding,
        "encoding_basis": decoded.basis,
        "damaged_lines": decoded.damaged_lines,
        "line_count": count_lines(decoded.text) if decoded.text else 0,
        "unread_reason": decoded.reason,
        "content": decoded.text,
    }
