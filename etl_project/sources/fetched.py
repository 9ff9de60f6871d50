"""The lake's folder of fetched pages: what is fetched, what is settled, and what no run has taken in yet.

``<lake>/fetched/<listing>/<day>/<read>/`` holds the pages of one read of a listing as received, and
``done.json``, written last: without it (or with a page that is not of the size it tells) the read is as if it
were not there. A read is named by its content and never changed, so that a run which takes pages in while
others are fetched sees one read or another, never a mixture. The same content again gives no second read.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from etl_project import raw
from etl_project.lake import Lake, writer_lock
from etl_project.sources.huggingface import FIRST_DAY, Client, FetchError, Listing, Page, Service

log = logging.getLogger("etl_project")

#: So many days that fail one after the other stop a range: the service is down, not the day.
_MOST_FAILURES = 3
_PAGE = {"name", "url", "sha256", "bytes", "items"}


class Fetched(NamedTuple):
    """What became of one day of a listing. ``outcome`` is one of

    ``new`` (bytes that were not known), ``known`` (settled before, or the same bytes again), ``empty`` (the
    service has no paper of that day), ``failed`` (then ``detail`` says why and what to do), ``not tried``.
    """

    listing: str
    day: date
    outcome: str
    items: int = 0
    pages: int = 0
    requests: int = 0
    bytes: int = 0
    detail: str = ""

    @property
    def ok(self) -> bool:
        """Whether the lake holds the day now."""
        return self.outcome not in ("failed", "not tried")


def problem_with(first: date, last: date, today: date) -> str:
    """Return why the days from ``first`` to ``last`` cannot be fetched, or ""."""
    if first > last:
        return f"{first} is after {last}; the first day comes first"
    if first < FIRST_DAY:
        return f"{first}: the first day that the service has is {FIRST_DAY}"
    if last > today:
        return f"{last} has not begun; today is {today} (UTC)"
    return ""


def days(first: date, last: date) -> list[date]:
    """Return the days from ``first`` to ``last``, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def fetch(
    lake: Lake, service: Service, listings: Iterable[Listing], now: datetime | None = None, again: bool = False
) -> Iterator[Fetched]:
    """Fetch ``listings`` one after the other and yield what became of each, as soon as it is known.

    A day that was settled when it was fetched is not asked for, unless ``again``. One that fails does not
    stop the others, except where these would fail, too. Raises LakeBusy if another fetch is at work in the
    lake, OSError if the lake cannot be written.
    """
    now = now or datetime.now(UTC)
    with writer_lock(lake, "papers fetch", lake.fetched / "lock"), ExitStack() as at_the_end:
        client: Client | None = None
        stopped, failures = "", 0
        for listing in listings:
            before = _latest(lake, listing)
            if before is not None and not again and _is_settled(listing, before):
                yield _told(listing, "known" if before["pages"] else "empty", before)
                continue
            if stopped:
                yield Fetched(listing.name, listing.day, "not tried", detail=stopped)
                continue
            counted = client.requests if client else 0
            try:
                client = client or at_the_end.enter_context(closing(Client(service)))
                pages = client.read(listing)
            except FetchError as error:
                failures += 1
                if error.stops or failures == _MOST_FAILURES:
                    stopped = f"not tried, since {listing.day} failed"
                requests = client.requests - counted if client else 0
                log.error("%s %s: %s", listing.name, listing.day, error)
                yield Fetched(listing.name, listing.day, "failed", requests=requests, detail=str(error))
                continue
            failures = 0
            is_new, done = _store(lake, listing, pages, now)
            yield _told(
                listing, "empty" if not pages else "new" if is_new else "known", done, client.requests - counted
            )


def untaken(lake: Lake) -> dict[Path, str]:
    """Return the pages of complete reads that are not in the raw store, each with the address it came from."""
    found = {}
    for path in sorted(lake.fetched.glob("*/*/*/done.json")):
        for page in (_complete(path) or {"pages": []})["pages"]:
            if not raw.is_taken(lake.raw, page["sha256"]):
                found[path.with_name(page["name"])] = page["url"]
    return found


def _is_settled(listing: Listing, done: dict[str, Any]) -> bool:
    """Say whether the listing was over when it was read: upvotes still come on the day itself and on the next."""
    return listing.settles and datetime.fromisoformat(done["fetched_at"]).date() >= listing.day + timedelta(days=2)


def _folder(lake: Lake, listing: Listing) -> Path:
    return lake.fetched / listing.name / listing.day.isoformat()


def _latest(lake: Lake, listing: Listing) -> dict[str, Any] | None:
    reads = [done for path in _folder(lake, listing).glob("*/done.json") if (done := _complete(path))]
    return max(reads, key=lambda done: str(done["fetched_at"]), default=None)


def _complete(path: Path) -> dict[str, Any] | None:
    """Return what a read's ``done.json`` says, or None if it cannot be read or a page is not what it says."""
    try:
        done: dict[str, Any] = json.loads(path.read_bytes())
        datetime.fromisoformat(done["fetched_at"])
        whole = all(
            page.keys() >= _PAGE and path.with_name(page["name"]).stat().st_size == page["bytes"]
            for page in done["pages"]
        )
        return done if whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _store(lake: Lake, listing: Listing, pages: list[Page], now: datetime) -> tuple[bool, dict[str, Any]]:
    """Write a read, its ``done.json`` last; return whether its content is new, and what ``done.json`` says."""
    done: dict[str, Any] = {
        "fetched_at": now.astimezone(UTC).isoformat(),
        "pages": [
            {
                "name": f"{listing.name}_{listing.day}_p{number}.json",
                "url": page.url,
                "sha256": hashlib.sha256(page.content).hexdigest(),
                "bytes": len(page.content),
                "items": len(page.keys),
            }
            for number, page in enumerate(pages)
        ],
    }
    digest = hashlib.sha256("".join(page["sha256"] for page in done["pages"]).encode()).hexdigest()[:12]
    folder = _folder(lake, listing) / digest
    is_new = _complete(folder / "done.json") is None
    if is_new:
        folder.mkdir(parents=True, exist_ok=True)
        for told, page in zip(done["pages"], pages, strict=True):
            raw.write_once(folder / told["name"], page.content)
    # written again even if nothing is new: the time tells whether the day was over
    raw.write_once(folder / "done.json", json.dumps(done, indent=1).encode())
    return is_new, done


def _told(listing: Listing, outcome: str, done: dict[str, Any], requests: int = 0) -> Fetched:
    items, size = (sum(page[name] for page in done["pages"]) for name in ("items", "bytes"))
    return Fetched(listing.name, listing.day, outcome, items, len(done["pages"]), requests, size)
