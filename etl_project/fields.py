"""Text in, value out: dates, counts, organisations, keys. Pure, standard types, no frames and no I/O.

Every function says what it makes of text that it cannot read; none of them guesses.
"""

import hashlib
import re
import unicodedata
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_MONTHS = "January|February|March|April|June|July|August|September|October|November|December|Sept"

#: A printed date with what may follow it on its line. The year has exactly four digits, so in
#: "Oct 23, 20251" the last digit is a comment count that lost its separator.
_DATE = re.compile(
    rf"(?:Published\s+on\s+)?(?P<month>{_LONG_MONTHS}|{'|'.join(MONTHS)})\.?\s+"
    r"(?:(?P<day>[0-9]{1,2}),\s*(?P<year>[0-9]{4})(?P<glued>[0-9]{0,5})|(?P<digits>[0-9]{1,6}))"
    r"(?:\s+(?P<count>[0-9][0-9.,]*[kKmM]?))?",
    re.IGNORECASE,
)
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9][0-9])-([0-9][0-9])")
_WEEKDAY = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+", re.IGNORECASE)
_COUNT = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]+))?([kKmM]?)")
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}
_HANDLE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class PrintedDate(NamedTuple):
    """A date as a page prints it: ``raw`` text, month and day, year if printed, comments if they follow.

    ``day`` is None where the digits have two readings (``May 296``: May 29 with 6 comments or May 2
    with 96) or are no day of the month. ``glued`` says that year and count stood together without a separator.
    """

    raw: str
    month: int
    day: int | None
    year: int | None
    comments: int | None
    glued: bool


def parse_count(text: str) -> int | None:
    """Return the whole number that a page prints as ``117``, ``1,024`` or ``11.3k`` (11300), else None."""
    match = _COUNT.fullmatch(text.strip())
    if not match:
        return None
    whole, fraction, suffix = match.groups()
    scale = _SCALE[suffix.lower()]
    digits = fraction or ""
    if len(digits) > len(str(scale)) - 1:
        return None  # "1.5" comments is not a count, and "1.2345k" is finer than its unit
    return int(whole.replace(",", "")) * scale + (int(digits.ljust(len(str(scale)) - 1, "0")) if digits else 0)


def parse_count_step(text: str) -> int:
    """Return the unit of the last digit of a count that ``parse_count`` reads: 1, or 100 for ``11.3k``."""
    match = _COUNT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no count")
    return int(_SCALE[match[3].lower()] // 10 ** len(match[2] or ""))


def parse_time(text: str) -> datetime | None:
    """Return the UTC time (naive) of an ISO 8601 time with a zone, as the API gives it, else None."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else None


_ARXIV_ID = re.compile(r"([0-9]{2})([0-9]{2})\.([0-9]{4,5})(?:v[0-9]{1,3})?")


def find_arxiv_id(text: str) -> str | None:
    """Return the arXiv id that ``text`` is, without its version, else None.

    Four digits stand after the dot up to 2014-12 and five from 2015-01, so an id that lost a digit is none.
    """
    match = _ARXIV_ID.fullmatch(text.strip())
    if not match:
        return None
    year, month, number = match.groups()
    if not 1 <= int(month) <= 12 or year + month < "0704" or len(number) != (4 if year < "15" else 5):
        return None
    return f"{year}{month}.{number}"


def _is_day(month: int, day: int) -> bool:
    return 1 <= day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def parse_printed_date(text: str) -> PrintedDate | None:
    """Return the date that a whole line prints, with the comment count that may follow; None if it is no date.

    Read are only the formats that pages print: ``Oct 8, 2024``, ``Oct 8, 2024 2``, ``May 29``,
    ``May 29 6``, ``Published on Oct 8, 2024``, the same with a weekday before it or with a count that
    lost its separator, ``2024-10-08``, and the API's times (the day is UTC's).
    """
    return _parse_printed_date(text) if len(text) <= _LONGEST_DATE else None


#: With spaces and a weekday; longer texts are none, and would stay in memory.
_LONGEST_DATE = 120


@lru_cache(maxsize=65536)
def _parse_printed_date(text: str) -> PrintedDate | None:
    text = " ".join(text.split())  # no-break spaces count as spaces
    if iso := _ISO_DATE.fullmatch(text):
        year, month, day = (int(part) for part in iso.groups())
        return PrintedDate(text, month, day, year, None, False) if on_day(year, month, day) else None
    if text[:4].isdigit() and (moment := parse_time(text)):
        return PrintedDate(text, moment.month, moment.day, moment.year, None, False)
    match = _DATE.fullmatch(_WEEKDAY.sub("", text, count=1) if _WEEKDAY.match(text) else text)
    if not match:
        return None
    month = [name.lower() for name in MONTHS].index(match["month"][:3].lower()) + 1
    comments = parse_count(match["count"]) if match["count"] else None
    count_start = match.start("count") if match["count"] else len(match.string)
    raw = match.string[match.start("month") : count_start].strip()
    if match["year"]:
        glued = match["glued"]
        if glued:
            raw = raw[: -len(glued)]
            # two counts cannot follow one date
            comments = int(glued) if comments is None and glued[0] != "0" else None
        day = int(match["day"])
        return PrintedDate(raw, month, day if _is_day(month, day) else None, int(match["year"]), comments, bool(glued))
    digits = match["digits"]
    as_year = match["count"] or digits
    if len(as_year) == 4 and as_year.isdigit() and 1990 <= int(as_year) <= 2100:
        return PrintedDate(match.string, month, None, None, None, False)  # "May 2 2024", "May 2024": no count
    if len(digits) <= 2 and _is_day(month, int(digits)):
        return PrintedDate(raw, month, int(digits), None, comments, False)
    readings = [
        (int(digits[:n]), int(digits[n:]))
        for n in (1, 2)
        if len(digits) > n and digits[n] != "0" and _is_day(month, int(digits[:n]))
    ]
    if comments is None and len(readings) == 1:
        day, comments = readings[0]
        return PrintedDate(raw[: raw.index(digits)] + str(day), month, day, None, comments, True)
    return PrintedDate(raw, month, None, None, None, bool(readings))


def on_day(year: int | None, month: int, day: int | None) -> date | None:
    """Return the calendar day, or None where a part is unknown or the day does not exist (Feb 30)."""
    if year is None or day is None:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def split_organisation(text: str) -> tuple[str | None, str | None]:
    """Return (handle, display name) of an organisation line such as ``cis-lmu CIS, LMU Munich``.

    The page prints the handle (the name in ``huggingface.co/<handle>``, no spaces) and then the
    display name. A line whose first word cannot be a handle is a display name alone.
    """
    text = without_image_words(text)
    first, _, rest = text.partition(" ")
    for capital in _CAPITAL.finditer(first):  # a browser glued the image's words to the name
        handle, name = text[: capital.start()], text[capital.start() :]
        if len(handle) > 2 and handle.islower() and _HANDLE.fullmatch(handle) and _letters(handle) == _letters(name):
            return handle, name
    if _HANDLE.fullmatch(first):
        return first, rest.strip() or None
    return None, text or None


def without_image_words(text: str) -> str:
    """Return ``text`` without the words in brackets that terminal browsers print for an image before it, often cut."""
    return _IMAGE_WORDS.sub("", text.strip())


_IMAGE_WORDS = re.compile(r"\A(?:\[[^\[\]]{0,60}\]\s*)+(?=\S)")


_CAPITAL = re.compile(r"(?<=[a-z0-9])[A-Z]")


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def reads_as_handle(first: str, rest: str) -> bool:
    """Say whether the first word of an organisation line is its handle, and no word of its name.

    Handles are written small or with a hyphen, or are made of the name's letters.
    """
    handle, name = _letters(first), _letters(rest)
    if first.islower() or "-" in first or "_" in first or handle == name:
        return True
    initials = "".join(word[0] for word in re.findall(r"\w+", rest)).casefold()
    return handle[:3] == name[:3] or handle in name or (len(name) > 2 and name in handle) or handle in initials


# ---------------------------------------------------------------------------------------------
# keys: what must be equal for two mentions to be the same paper

_KEPT = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789+#") | frozenset(range(128, 256))
_DROPPED_ASCII = bytes(sorted(set(range(256)) - _KEPT - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")))
_LOWER_ASCII = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")


class _Letters(dict[int, int | None]):
    """For ``str.translate``: drops what is no letter, mark or number; looked up once for each character."""

    def __missing__(self, code: int) -> int | None:
        kept = code if code < 0x80 or unicodedata.category(chr(code))[0] in "LMN" else None
        self[code] = kept
        return kept


_LETTERS = _Letters()


def _letters_and_digits(text: str) -> bytes:
    """Return the UTF-8 bytes of ``text``'s letters, marks and digits, compatibility-folded, lower case.

    ``+`` and ``#`` stay: C, C++ and C# are three languages.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    return text.encode("utf-8").translate(_LOWER_ASCII, _DROPPED_ASCII)


def title_key(title: str) -> str:
    """Return ``title`` reduced to its letters and digits, lower case, without spaces.

    Case, punctuation, the kind of dash and lost or added spaces do not count: "Pre-Training" and
    "Pre‑training" are one key. A title without any letter or digit is its own key.
    """
    return _letters_and_digits(title).decode("utf-8") or title.strip()


def abstract_letters(abstract_clean: str) -> bytes:
    """Return the letters and digits of a cleaned abstract, as UTF-8, the site's short host written in full."""
    text = abstract_clean.replace("//hf.co/", "//huggingface.co/") if "//hf.co/" in abstract_clean else abstract_clean
    return _letters_and_digits(text)


def abstract_key(abstract_clean: str | None) -> str | None:
    """Return 16 hex digits that stand for the letters and digits of a cleaned abstract; None without one."""
    return key_of_letters(abstract_letters(abstract_clean)) if abstract_clean else None


def key_of_letters(letters: bytes) -> str:
    """Return 16 hex digits that stand for a text's letters.

    BLAKE2b, 64 bits: two different texts collide with a probability of 3e-6 in ten million.
    """
    return hashlib.blake2b(letters, digest_size=8).hexdigest()


def stable_id(prefix: str, *parts: str) -> str:
    """Return ``prefix`` and 16 hex digits of the parts' SHA-256; parts are length-prefixed, so ("ab","c") is not ("a","bc")."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return prefix + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
