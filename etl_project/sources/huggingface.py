"""The Hugging Face papers service: a listing goes in, its pages come out as the JSON bytes that were received.

Raw bytes, because huggingface_hub's own listings drop fields of the items (repository, stars, summary). Its HTTP
session is used, so that proxies and certificates set for it count here, but neither its retries nor its headers:
its retries wait as long as a server says, without end, and making its headers asks the Hub for something else.
It is imported when the first request is sent: it reads the environment then, and nobody who does not fetch waits.
"""

import hashlib
import json
import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

log = logging.getLogger("etl_project")

DEFAULT_ENDPOINT = "https://huggingface.co"
#: The first day that the service has a listing of.
FIRST_DAY = date(2023, 5, 4)
#: Longer searches are refused by the service.
LONGEST_QUERY = 250

_RETRIED = {408, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_MOST_READS = 4
_PORTS = {"http": 80, "https": 443}


class FetchError(Exception):
    """A listing could not be read; the message says why and what to do. ``stops``: other listings would fail, too."""

    def __init__(self, message: str, stops: bool = False) -> None:
        super().__init__(message)
        self.stops = stops


class _RetryError(Exception):
    """An attempt failed in a way that may pass; ``wait`` is how many seconds the service asks for."""

    def __init__(self, reason: str, wait: float = 0, stops: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.wait, self.stops = reason, wait, stops


@dataclass(frozen=True)
class Limits:
    """How long and how much: times in seconds, sizes in bytes. The service allows 500 requests in 300 seconds."""

    timeout: float = 30  # until the next bytes of an answer
    deadline: float = 120  # until its last ones: a server may send a byte now and then for ever
    attempts: int = 6
    first_backoff: float = 1  # doubled from attempt to attempt, with jitter
    longest_backoff: float = 30
    pause: float = 0.6  # between requests: no more than 500 in 300 seconds, whatever the server says
    longest_wait: float = 900  # in all for one page: three windows of the service's limit
    page_items: int = 100  # the most that the service gives
    pages: int = 30  # of one listing; the fullest days have two or three
    body: int = 1 << 25


@dataclass(frozen=True)
class Service:
    """Which service is asked, as whom, and how patiently. The token is shown nowhere, not in ``repr`` either."""

    endpoint: str = DEFAULT_ENDPOINT
    token: str | None = field(default=None, repr=False)
    limits: Limits = Limits()

    def problem(self) -> str:
        """Return what is wrong with the settings and what to do, or ""; neither is repeated, both may be secret."""
        try:
            parts = urlsplit(self.endpoint)
            sound = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            return "HF_ENDPOINT is no address; set it to one like https://huggingface.co, or unset it"
        if "@" in parts.netloc or parts.query or parts.fragment:
            return "HF_ENDPOINT holds more than an address (a user, password or query); take it out"
        if not sound or not re.fullmatch(r"[!-~]+", self.endpoint):
            return "HF_ENDPOINT is no address; set it to one like https://huggingface.co, or unset it"
        # such a header cannot be sent, and the error would repeat it
        if self.token and not re.fullmatch(r"[!-~]+", self.token):
            return "HF_TOKEN holds characters that no token has; set it anew, or unset it (the listings need none)"
        return ""


class Listing(NamedTuple):
    """One listing of a day: its name (for folders and files), the day, and how it is asked for.

    ``settles``: it is that day's own listing, which has an end and stays as it is once the day is long over.
    The others are the top of a list of everything: one page is asked for.
    """

    name: str
    day: date
    path: str
    parameters: dict[str, str]
    settles: bool


def daily_papers(day: date) -> Listing:
    """Return the listing of the papers of ``day``."""
    return Listing("daily_papers", day, "/api/daily_papers", {"date": day.isoformat()}, True)


def trending(day: date) -> Listing:
    """Return the listing of what is trending now, ``day`` being today."""
    return Listing("trending", day, "/api/daily_papers", {"sort": "trending"}, False)


def search(query: str, day: date) -> Listing:
    """Return the listing of what the service finds for ``query`` now, ``day`` being today."""
    # letters only: digits in a file's name could be read as the day of the capture
    digest = hashlib.sha256(query.encode()).hexdigest()[:8].translate(str.maketrans("0123456789", "ghijklmnop"))
    words = "+".join(re.findall("[a-z]+", query.lower()))[:40].strip("+")
    return Listing("_".join(filter(None, ("search", words, digest))), day, "/api/papers/search", {"q": query}, False)


class Page(NamedTuple):
    """One page as received: where from, its bytes, and what tells each of its items from others, in their order."""

    url: str
    content: bytes
    keys: list[str]


class Client:
    """Reads listings from one service, one request at a time; ``requests`` counts them."""

    def __init__(self, service: Service) -> None:
        if problem := service.problem():
            raise FetchError(problem, stops=True)
        self.service = service
        self.requests = 0
        self._not_before = 0.0  # on the monotonic clock

    def read(self, listing: Listing) -> list[Page]:
        """Return the pages of ``listing`` that hold items: none for a day without papers.

        Raises FetchError if it cannot be read whole.
        """
        pages = self._read_once(listing)
        if len(pages) < 2:
            return pages
        # a paper that moved to a page already read would be missing, and nothing in the pages would tell
        for _ in range(_MOST_READS - 1):
            before, pages = pages, self._read_once(listing)
            if _agree(before, pages):
                return pages
        raise FetchError(f"the listing changed while it was read, {_MOST_READS} times; fetch the day again later")

    def _read_once(self, listing: Listing) -> list[Page]:
        limits = self.service.limits
        pages: list[Page] = []
        for number in range(limits.pages):
            paging = {"p": str(number)} if listing.path == "/api/daily_papers" else {}
            query = urlencode({**listing.parameters, **paging, "limit": str(limits.page_items)})
            url = f"{self.service.endpoint.rstrip('/')}{listing.path}?{query}"
            content, keys = self._content(url)
            if keys and any(page.keys == keys for page in pages):
                raise FetchError(f"page {number} repeats an earlier one: the service does not page; check HF_ENDPOINT")
            if keys:
                pages.append(Page(url, content, keys))
            if len(keys) < limits.page_items or not listing.settles:
                return pages
        raise FetchError(f"no end after {limits.pages} pages: that is no listing of a day; check HF_ENDPOINT")

    def _content(self, url: str) -> tuple[bytes, list[str]]:
        """Return the bytes at ``url`` and the keys of their items; what may pass is tried again."""
        limits = self.service.limits
        waited, reason, stops = 0.0, "", False
        for attempt in range(limits.attempts):
            waited += self._wait(waited, reason)
            try:
                content = self._ask(url)
                return content, _keys(content)
            except _RetryError as again:
                reason, stops = again.reason, again.stops
                # jitter, so that those who were cut off together do not come back together
                backoff = limits.first_backoff * 2**attempt * random.uniform(0.5, 1.5)
                self._hold(max(again.wait, min(backoff, limits.longest_backoff)))
        raise FetchError(f"{reason} ({limits.attempts} attempts); try again later", stops)

    def _hold(self, seconds: float) -> None:
        """Let no request go out for so many seconds."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    def _wait(self, waited: float, reason: str) -> float:
        """Wait until a request may go out; return how long. ``waited`` so far, for ``reason``, for the same page."""
        delay = max(0.0, self._not_before - time.monotonic())
        if waited + delay > self.service.limits.longest_wait:
            raise FetchError(
                f"{reason or 'the limit of requests is reached'}; the service asks to wait {delay:.0f} seconds more, "
                f"over the limit of {self.service.limits.longest_wait:.0f}; run it again later, finished days are kept",
                stops=True,
            )
        if delay >= 2:
            log.info("waiting %.0f seconds: %s", delay, reason or "the limit of requests is reached")
        time.sleep(delay)
        return delay

    def _ask(self, url: str) -> bytes:
        """Send one request, and those that a redirect within the service asks for; return the body."""
        import httpx2  # comes with huggingface_hub: its session is one of httpx2
        from huggingface_hub.errors import OfflineModeIsEnabled

        # the texts of these errors may repeat headers, and with them the token: none is passed on
        try:
            for _ in range(_MOST_REDIRECTS + 1):
                body, url = self._send(url)
                if body is not None:
                    return body
        except httpx2.TimeoutException:
            raise _RetryError(f"no answer within {self.service.limits.timeout:g} seconds") from None
        except (httpx2.ConnectError, httpx2.ProxyError):
            problem = "the service cannot be reached; check the network, and HF_ENDPOINT if it is set"
            raise _RetryError(problem, stops=True) from None
        except (httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.DecodingError):
            raise _RetryError("the connection was cut before the answer was whole") from None
        except OfflineModeIsEnabled:
            raise FetchError("HF_HUB_OFFLINE is set; unset it to fetch", stops=True) from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise FetchError(f"the request cannot be sent ({type(error).__name__}); check HF_ENDPOINT", True) from None
        raise FetchError("the service redirects in a circle; check HF_ENDPOINT", stops=True)

    def _send(self, url: str) -> tuple[bytes | None, str]:
        """Send one request; return the body, or None and where to ask instead."""
        from huggingface_hub import get_session

        limits, token = self.service.limits, self.service.token
        headers = {"user-agent": "papers-etl", "accept": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        started = time.monotonic()
        self.requests += 1
        self._hold(limits.pause)
        with get_session().stream(
            "GET", url, headers=headers, timeout=limits.timeout, follow_redirects=False
        ) as response:
            status = response.status_code
            reset = seconds_to_reset(response.headers)
            self._hold(reset)
            if status in _RETRIED:
                wait = max(reset, seconds_to_retry(response.headers))
                raise _RetryError(
                    "the service throttles (429)" if status == 429 else f"the service failed ({status})", wait
                )
            if status in _REDIRECTS:
                return None, self._redirected(url, response.headers.get("location", ""))
            if status != 200:
                raise _refusal(status, bool(token))
            body = bytearray()
            for piece in response.iter_bytes():
                body += piece
                if len(body) > limits.body:
                    raise FetchError(f"the answer is over {limits.body:,} bytes: no listing of papers is")
                if time.monotonic() - started > limits.deadline:
                    raise _RetryError(f"the answer was not whole after {limits.deadline:g} seconds")
        if token and token.encode() in body:
            raise FetchError("the answer repeats HF_TOKEN and is not kept; check HF_ENDPOINT", stops=True)
        return bytes(body), url

    def _redirected(self, url: str, location: str) -> str:
        """Return where a redirect leads, unless it leads away from the service: nothing is sent there."""
        try:
            target = urljoin(url, location)
            there, here = urlsplit(target), urlsplit(self.service.endpoint)
            upgraded = there.hostname == here.hostname and (here.scheme, there.scheme) == ("http", "https")
            same = _origin(there) == _origin(here) or (
                upgraded and there.port in (None, 443) and here.port in (None, 80)
            )
            host = there.hostname
        except ValueError:
            same, host = False, None
        if not location or not same or "@" in there.netloc:
            raise FetchError(
                f"the service redirects to another one ({host or 'no address'}), which was not asked; "
                "if you trust it, set HF_ENDPOINT to it",
                stops=True,
            )
        return target


def _origin(parts: Any) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _refusal(status: int, with_token: bool) -> FetchError:
    if status == 400:
        return FetchError(
            "the service refused the request (400): the day has not begun there yet, or it knows no such search"
        )
    if status in (401, 403) and with_token:
        return FetchError(
            f"the service refused HF_TOKEN ({status}); replace it, or unset it (the listings need none)", True
        )
    if status in (401, 403):
        return FetchError(
            f"the service refused ({status}); check HF_ENDPOINT, or set HF_TOKEN if it asks for one", True
        )
    if status == 404:
        return FetchError("the service has no such listing (404); check HF_ENDPOINT", stops=True)
    return FetchError(f"the service answered {status}, which no listing does; check HF_ENDPOINT")


def _keys(content: bytes) -> list[str]:
    """Return what tells each item of a page from others: the paper's id, or the whole item where it has none."""
    try:
        items = json.loads(content)
    except (ValueError, RecursionError):
        raise _RetryError("the answer is no JSON") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _RetryError("the answer is JSON, but no array of papers")
    return [_key(item) for item in items]


def _key(item: dict[str, Any]) -> str:
    paper = item.get("paper")
    known = paper.get("id") if isinstance(paper, dict) else item.get("id")
    return known if isinstance(known, str) else json.dumps(item, sort_keys=True)


def _agree(before: list[Page], pages: list[Page]) -> bool:
    """Say whether two reads of a listing show the same papers, so that none slipped from page to page unseen."""
    first = [key for page in before for key in page.keys]
    second = [key for page in pages for key in page.keys]
    return first == second or (len(set(second)) == len(second) and set(first) == set(second))


# ---------------------------------------------------------------------------------------------
# what a server asks for


def seconds_to_retry(headers: Mapping[str, str], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float:
    """Return the seconds that ``Retry-After`` asks to wait (a number or an HTTP date); 0 if it says nothing."""
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}", said):
        return float(said)
    until = _http_date(said)
    if until is None:
        return 0
    # by the server's own clock, where it tells: ours may be wrong
    return max(0.0, (until - (_http_date(headers.get("date", "")) or now())).total_seconds())


def _http_date(text: str) -> datetime | None:
    try:
        read = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def seconds_to_reset(headers: Mapping[str, str]) -> float:
    """Return the seconds until requests are allowed again where ``RateLimit`` says that none remain; else 0.

    The header as in the IETF draft, ``"api";r=0;t=55``, perhaps of several limits; where it leaves the time
    out, it is the window of ``RateLimit-Policy`` (``"api";q=500;w=300``).
    """
    windows = [limit["w"] for limit in _parameters(headers.get("ratelimit-policy", "")) if "w" in limit]
    used_up = [limit for limit in _parameters(headers.get("ratelimit", "")) if limit.get("r") == 0]
    return float(max((limit.get("t", max(windows, default=60)) for limit in used_up), default=0))


def _parameters(header: str) -> Iterator[dict[str, int]]:
    for limit in re.findall(r'(?:[^,"]|"[^"]*")+', header):
        yield {name: int(number) for name, number in re.findall(r";\s*([a-z]+)\s*=\s*(\d{1,9})(?!\d)", limit)}
