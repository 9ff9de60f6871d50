"""JSON text in, the papers' items in it out, each with the place where it stands; broken stretches told. Pure.

Items are found by shape (``items.is_item``) wherever they stand: in an array, below keys, one after the other,
one a line, or as text inside a string. Arrays and wrappers are walked, items are decoded whole; where
decoding fails, the search goes on at the next item that decodes whole, so that damage costs the items it hit.
"""

import ast
import json
import re
from datetime import date
from typing import Any, NamedTuple

from etl_project.captures.items import ITEM_KEYS, arxiv_id, is_item


class Item(NamedTuple):
    """One item: where it stands (``end`` exclusive), the key that it stands under, and its wrapper's day (ISO)."""

    start: int
    end: int
    value: dict[str, Any]
    key: str | None = None
    day: str | None = None


class Broken(NamedTuple):
    """A stretch that gave no item (``end`` exclusive), with a reason from ``REFUSAL_REASONS`` and what to do."""

    start: int
    end: int
    reason: str
    detail: str


class Scan(NamedTuple):
    """What a JSON text holds, in the order it stands.

    ``objects`` counts those on the top level (more than one: JSON Lines). ``empty`` says that a list of papers
    is there and has none.
    """

    items: list[Item]
    broken: list[Broken]
    objects: int
    empty: bool
    query: str | None
    error: str | None
    trending: bool


def scan(text: str) -> Scan:
    """Return the items of ``text`` and the stretches that are no JSON. Linear in its length.

    Raises TooManyItemsError, and nothing else.
    """
    return _Scanner(text).scan()


class TooManyItemsError(Exception):
    """A text with more items than ``MOST_ITEMS``."""


#: Of one file: an item takes about 2 KB of memory besides its text.
MOST_ITEMS = 1_000_000
_MOST_OTHERS = 10_000
#: Wrappers inside wrappers that are still looked into: each level decodes its inside once more.
_DEEPEST_WRAPPER = 6
#: Characters that failed attempts may decode, in lengths of the text: a text made to fail everywhere costs no more.
_MOST_RETRIES = 20
#: An integer with more digits is no count, and slow to make.
_MOST_DIGITS = 18
_FEW_FAILURES = 20
_WINDOW = 1 << 16
_LONGEST_EMBEDDED = 1 << 20

_LISTS = frozenset({"papers", "dailyPapers", "searchResults", "data", "results", "items"})
_DAY_KEYS = ("dateString", "date", "day", "report_date")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SPACE = re.compile(r"[ \t\n\r\ufeff]*")
_BETWEEN = re.compile(r"[ \t\n\r\ufeff,]*")  # of items one after the other
_LEFT_OVER = re.compile(r"[ \t\n\r\ufeff,\]}]*")
_CUT = "JSON breaks off before the end of its list; get it again"
_CANDIDATE = re.compile(r'\{\s*["}]')
_KEY_BEFORE = re.compile(r'"([^"\\\n]{1,80})"\s*:\s*\Z')
_UNSTORABLE = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")
_LONE = re.compile("[\ud800-\udfff\x00]")
_REPR = re.compile(r"\s*\{\s*['\"]")


class _DoubledKey(ValueError):
    """An object that says one thing twice: most often two objects between which lines were lost."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DoubledKey
    return made


def _decimal(text: str) -> float | str:
    number = float(text)
    return number if number - number == 0 else text  # 1e999 is no number that JSON can write again


def _whole(text: str) -> int | str:
    return int(text) if len(text) <= _MOST_DIGITS else text


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_whole, parse_float=_decimal, parse_constant=lambda name: name
)
#: (value, end) of the JSON at a place. Raises what ``_FAILURES`` lists.
_decode = _DECODER.raw_decode
_decode_doubled = json.JSONDecoder(parse_int=_whole).raw_decode
_FAILURES = (json.JSONDecodeError, RecursionError, _DoubledKey)


class _NotJsonError(Exception):
    """Decoding failed at ``start``; what stands from there on is searched for items."""

    def __init__(self, start: int, detail: str) -> None:
        self.start, self.detail = start, detail


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.items: list[Item] = []
        self.broken: list[Broken] = []
        self.query: str | None = None
        self.error: str | None = None
        self.trending = False
        self.objects = 0
        self.empty = False
        self.failures = 0
        self.retries = _MOST_RETRIES * len(text) + 1_000_000
        self.unstorable = _UNSTORABLE.search(text) is not None

    def scan(self) -> Scan:
        text, i = self.text, 0
        others: list[tuple[int, int]] = []
        while True:
            # after damage, brackets are left over whose other halves are lost
            i = _end(_LEFT_OVER if self.broken else _BETWEEN, text, i)
            if i >= len(text):
                break
            try:
                if text[i] not in '{["':
                    raise _NotJsonError(i, f"no JSON {_at(text, i)}")
                before = len(self.items) + len(self.broken)
                end = self.value(i, None, None, 0)
                if text[i] == '"' and len(self.items) + len(self.broken) == before:
                    raise _NotJsonError(i, f"an object without its beginning {_at(text, i)}")
                if text[i] == "{" and len(self.items) + len(self.broken) == before:
                    others.append((i, end))
                self.objects += text[i] == "{"
                i = end
            except _NotJsonError as error:
                i = self.recover(error)
        self.refuse_others(others)
        self.items.sort()
        self.broken.sort()
        return Scan(self.items, self.broken, self.objects, self.empty, self.query, self.error, self.trending)

    def refuse_others(self, others: list[tuple[int, int]]) -> None:
        """Refuse what stands among papers and is none: a paper that lost its name would vanish."""
        if self.items and others:
            detail = "an object in a list of papers that is none; get it again"
            if len(others) > _MOST_OTHERS:  # told as one: each takes as much memory as a page of them
                others = [(others[0][0], others[-1][1])]
            self.broken += [Broken(*other, "incomplete_item", detail) for other in others]

    def value(self, i: int, key: str | None, day: str | None, depth: int) -> int:
        """Read the value at ``i``, take the items in it, and return where it ends."""
        first = self.text[i : i + 1]
        if first == "[" and depth < _DEEPEST_WRAPPER:
            return self.array(i, key, day, depth)
        value, end = self.decoded(i)
        if first == "{":
            self.taken(i, end, value, key, day, depth)
        elif first == '"' and _REPR.match(value):
            self.embedded(i, end, value, key, day)
        return end

    def decoded(self, i: int) -> tuple[Any, int]:
        try:
            return self.attempt(i)
        except _DoubledKey:
            return self.doubled(i)
        except RecursionError:
            raise _NotJsonError(i, "JSON nested deeper than any item") from None
        except json.JSONDecodeError as error:
            raise _NotJsonError(i, f"JSON breaks off or is damaged {_at(error.doc, error.pos)}") from None

    def attempt(self, i: int) -> tuple[Any, int]:
        """Decode the value at ``i``. Raises what ``_FAILURES`` lists.

        A failure counts the lines before it, so that where there are many, only a window of the text is shown.
        """
        try:
            if self.failures < _FEW_FAILURES:
                return _decode(self.text, i)
            window = self.text[i : i + _WINDOW]
            try:
                value, end = _decode(window, 0)
                return value, i + end
            except json.JSONDecodeError as error:
                if len(window) < _WINDOW or not (error.pos > _WINDOW - 200 or error.msg.startswith("Unterminated")):
                    raise
            self.retries -= len(self.text) // 50
            return _decode(self.text, i)
        except _FAILURES as error:
            self.failures += 1
            if isinstance(error, json.JSONDecodeError):  # what it decoded, and the lines that it counted
                self.retries -= 500 + error.pos - (i if error.doc is self.text else 0) + len(error.doc) // 100
            else:
                self.retries -= _WINDOW if isinstance(error, RecursionError) else 5_000
            raise

    def doubled(self, i: int) -> tuple[Any, int]:
        """Return (None, end) of an object that cannot be one item, or look into it if it is a wrapper."""
        try:
            value, end = _decode_doubled(self.text, i)
        except _FAILURES:
            raise _NotJsonError(i, "JSON breaks off or is damaged") from None
        if is_item(value) or not isinstance(value, dict):
            detail = "an object says one thing twice, as where lines between two items were lost; get it again"
            self.broken.append(Broken(i, end, "damaged_json", detail))
            return None, end
        return value, end

    def taken(self, i: int, end: int, value: Any, key: str | None, day: str | None, depth: int) -> None:
        """Take a decoded object if it is an item, or the items inside it."""
        if is_item(value, key):
            if self.unstorable and _UNSTORABLE.search(self.text, i, end):
                value = _storable(value)
            self.take(Item(i, end, value, key, day))
        elif value and depth < _DEEPEST_WRAPPER:
            self.facts(value, depth)
            if any(isinstance(v, (dict, list)) or (isinstance(v, str) and _REPR.match(v)) for v in value.values()):
                self.members(i, _day_of(value) or day, depth)

    def take(self, item: Item) -> None:
        """Take an item; raise TooManyItemsError for more than fit in memory with their rows."""
        if len(self.items) >= MOST_ITEMS:
            raise TooManyItemsError
        self.items.append(item)

    def facts(self, value: dict[str, Any], depth: int) -> None:
        query = value.get("query", value.get("q"))
        if isinstance(query, dict):
            query = query.get("q")
        if isinstance(query, str) and query.strip():
            self.query = self.query or query.strip()
        self.trending |= value.get("isTrending") is True
        if depth == 0 and isinstance(error := value.get("error"), str):
            self.error = self.error or error

    def array(self, i: int, key: str | None, day: str | None, depth: int) -> int:
        text, i, items = self.text, _end(_SPACE, self.text, i + 1), len(self.items)
        others: list[tuple[int, int]] = []
        self.empty |= text[i : i + 1] == "]" and (key in _LISTS or (key is None and depth == 0))
        while text[i : i + 1] != "]":
            before = len(self.items) + len(self.broken)
            try:
                if i >= len(text):
                    self.broken.append(Broken(len(text), len(text), "damaged_json", _CUT))
                    return i
                end = self.value(i, None, day, depth + 1)
                if text[i] == "{" and len(self.items) + len(self.broken) == before:
                    others.append((i, end))
                i = _end(_SPACE, text, end)
                if text[i : i + 1] == ",":
                    i = _end(_SPACE, text, i + 1)
                elif text[i : i + 1] not in ("]", "{", ""):  # between two whole items a comma may be lost
                    raise _NotJsonError(i, f"JSON is damaged {_at(text, i)}")
            except _NotJsonError as error:
                i = self.recover(error)
                if i >= len(text):
                    return i
        if len(self.items) > items:
            self.refuse_others(others)
        return i + 1

    def members(self, i: int, day: str | None, depth: int) -> None:
        """Take the items inside an object that decodes whole and is none itself."""
        text = self.text
        i = _end(_SPACE, text, i + 1)
        while text[i] != "}":
            key, i = _decode(text, i)
            i = _end(_SPACE, text, _end(_SPACE, text, i) + 1)
            i = _end(_SPACE, text, self.value(i, key, key if _is_day(key) else day, depth + 1))
            if text[i] == ",":
                i = _end(_SPACE, text, i + 1)

    def embedded(self, i: int, end: int, value: str, key: str | None, day: str | None) -> None:
        """Take an item that was written as text: JSON in a string, or the way that Python shows a dictionary."""
        found = _from_text(value)
        if isinstance(found, Broken):
            if self.looks_like_item(value):
                self.broken.append(Broken(i, end, found.reason, found.detail))
        elif is_item(found, key):
            self.take(Item(i, end, _storable(found), key, day))

    @staticmethod
    def looks_like_item(value: str) -> bool:
        return sum(word in value for word in ("paper", "title", "summary", "authors")) >= 2

    # ---- damage

    def recover(self, error: _NotJsonError) -> int:
        """Note what is broken from ``error.start`` on, and return where reading can go on."""
        text, start = self.text, error.start
        if (inside := self.broken_wrapper(start, 0)) is not None:
            return inside
        after, i = len(text), start
        while self.retries > 0 and (match := _CANDIDATE.search(text, i)):
            i = match.start()
            try:
                value, end = self.attempt(i)
            except _FAILURES:
                i += 1
                continue
            if is_item(value) and self.stands_alone(i):
                after = i
                break
            i = end
        end = start + len(text[start:after].rstrip(" \t\r\n,[:{"))
        detail = f"{error.detail}; get it again, or mend it"
        self.broken.append(Broken(start, max(end, min(start + 1, len(text))), "damaged_json", detail))
        return after

    def broken_wrapper(self, start: int, depth: int) -> int | None:
        """Read the lists of an object that is no item and broken somewhere inside; return where reading can go on.

        None if it is an item, or nothing can be read of it.
        """
        text = self.text
        if text[start : start + 1] != "{" or depth > _DEEPEST_WRAPPER:
            return None
        i, seen, walked = start + 1, dict[str, Any](), False
        while True:
            i = _end(_BETWEEN, text, i)
            if text[i : i + 1] == "}" and walked:
                return i + 1
            try:
                if text[i : i + 1] != '"':
                    raise ValueError
                key, at = _decode(text, i)
                at = _end(_SPACE, text, at)
                if key in ITEM_KEYS or text[at : at + 1] != ":":
                    raise ValueError
                at = _end(_SPACE, text, at + 1)
                day = key if _is_day(key) else _day_of(seen)
                if text[at : at + 1] == "[":
                    self.facts(seen, 1)
                    at, walked = self.array(at, key, day, depth + 1), True
                else:
                    at = self.member(at, key, seen, depth)
                    walked |= text[at - 1] == "}"
                i = at
            except (*_FAILURES, ValueError):
                if not walked:
                    return None
                return i if i >= len(text) else self.recover(_NotJsonError(i, f"JSON is damaged {_at(text, i)}"))

    def member(self, i: int, key: str, seen: dict[str, Any], depth: int) -> int:
        """Read one value of a broken wrapper; return where it ends. Raises ValueError if nothing can be read of it."""
        try:
            seen[key], end = self.attempt(i)
        except _FAILURES:
            inside = self.broken_wrapper(i, depth + 1)
            if inside is None:
                raise ValueError from None
            return inside
        if isinstance(seen[key], dict):
            self.taken(i, end, seen[key], key, key if _is_day(key) else _day_of(seen), depth + 1)
        return end

    def stands_alone(self, i: int) -> bool:
        """Say whether an object stands in a list or on its own, not inside an item that is broken."""
        before = self.text[max(0, i - 120) : i].rstrip()
        if before[-1:] != ":":
            return True
        key = _KEY_BEFORE.search(before + " ")
        return key is not None and (arxiv_id(key[1]) is not None or _is_day(key[1]))


def _end(pattern: re.Pattern[str], text: str, i: int) -> int:
    match = pattern.match(text, i)
    return match.end() if match else i


def _at(text: str, i: int) -> str:
    return f"at {text[i : i + 20]!r}" if i < len(text) else "at its end"


def _is_day(text: object) -> bool:
    if not isinstance(text, str) or not _ISO_DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _day_of(wrapper: dict[str, Any]) -> str | None:
    return next((wrapper[name] for name in _DAY_KEYS if _is_day(wrapper.get(name))), None)


def _from_text(text: str) -> Any:
    """Return the value that ``text`` writes as JSON or as Python does, or what is broken in it."""
    try:
        return _DECODER.decode(text)
    except _DoubledKey:
        return Broken(0, 0, "damaged_json", "an object written as text says one thing twice; get it again")
    except (ValueError, RecursionError):
        pass
    if len(text) > _LONGEST_EMBEDDED:
        return Broken(0, 0, "damaged_json", "an object written as text that is longer than any item")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
                if len(set(keys)) < len(node.keys):
                    return Broken(0, 0, "damaged_json", "an object written as text says one thing twice; get it again")
        return json.loads(json.dumps(ast.literal_eval(tree)), parse_constant=lambda name: name)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return Broken(0, 0, "damaged_json", "an object written as text that breaks off or is damaged; get it again")


def _storable(value: Any) -> Any:
    """Return ``value`` with U+FFFD for what no database stores as text: half a surrogate pair, NUL."""
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(one) for key, one in value.items()}
    return value
