"""The Hugging Face papers service: a listing goes in, its pages come out as the JSON bytes that were received.

Raw bytes, because the service's own library drops fields of the items (repository, stars, summary). Certificates are
verified against the system's authorities, or those in ``SSL_CERT_FILE`` or ``SSL_CERT_DIR``; no setting turns that
off. Everything that a server may make endless (headers, body, what it unpacks to, redirects, waits) has a bound.
"""

import base64
import hashlib
import json
import logging
import random
import re
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

if TYPE_CHECKING:  # imported by the first request: nobody who does not fetch waits for it
    import httpx2

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
_TRUE = {"1", "ON", "YES", "TRUE"}


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
    deadline: float = 120  # until its last ones, from the first: a server may send a byte now and then for ever
    attempts: int = 6
    first_backoff: float = 1  # doubled from attempt to attempt, with jitter
    longest_backoff: float = 30
    pause: float = 0.6  # between requests: no more than 500 in 300 seconds, whatever the server says
    longest_wait: float = 900  # in all for one page: three windows of the service's limit
    page_items: int = 100  # the most that the service gives
    pages: int = 30  # of one listing; the fullest days have two or three
    items: int = 1000  # of one page, if a service gives more than it is asked for: a million would take the memory
    body: int = 1 << 24  # as sent, and as unpacked; a page of 100 papers has about one of these sixteen MiB


@dataclass(frozen=True)
class Service:
    """Which service is asked, as whom, and how patiently. The token is shown nowhere, not in ``repr`` either."""

    endpoint: str = DEFAULT_ENDPOINT
    token: str | None = field(default=None, repr=False)
    limits: Limits = Limits()
    offline: bool = False

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Service":
        """Return the service that ``HF_ENDPOINT``, ``HF_TOKEN`` and ``HF_HUB_OFFLINE`` name, else Hugging Face's."""
        return cls(
            environment.get("HF_ENDPOINT") or DEFAULT_ENDPOINT,
            environment.get("HF_TOKEN", "").strip() or None,
            offline=environment.get("HF_HUB_OFFLINE", "").strip().upper() in _TRUE,
        )

    @property
    def on_this_machine(self) -> bool:
        """Whether the endpoint is a loopback address: no proxy stands before it, and nobody listens on the way."""
        host = urlsplit(self.endpoint).hostname or ""
        try:
            return host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            return False

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
        if self.token and parts.scheme == "http" and not self.on_this_machine:
            return (
                "HF_TOKEN would travel unencrypted, since HF_ENDPOINT starts with http://; "
                "use https://, or unset HF_TOKEN (the listings need none)"
            )
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
        self._http: httpx2.Client | None = None
        self._sockets: list[socket.socket] = []  # that are open, or were

    def close(self) -> None:
        """Hang up."""
        if self._http is not None:
            self._http.close()

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
                items = _items(content, limits.items)
                if self.service.token and self._tells_token(content.decode("utf-8", "replace") + _as_said(items)):
                    raise FetchError("the answer repeats HF_TOKEN and is not kept; check HF_ENDPOINT", stops=True)
                return content, [_key(item) for item in items]
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
        if self.service.offline:
            raise FetchError("HF_HUB_OFFLINE is set; unset it to fetch", stops=True)
        import httpx2

        # the texts of these errors may repeat headers, and with them the token: none is passed on
        try:
            self._http = self._http or _client(self.service)
            place = httpx2.URL(url)
            for _ in range(_MOST_REDIRECTS + 1):
                body, place = self._send(self._http, place)
                if body is not None:
                    return body
        except httpx2.TimeoutException:
            raise _RetryError(f"no answer within {self.service.limits.timeout:g} seconds") from None
        except (httpx2.ConnectError, httpx2.ProxyError) as error:
            if problem := _tls_problem(error):
                raise FetchError(problem, stops=True) from None
            problem = "the service cannot be reached; check the network, and HF_ENDPOINT if it is set"
            raise _RetryError(problem, stops=True) from None
        except (httpx2.NetworkError, httpx2.RemoteProtocolError):
            raise _RetryError("the connection was cut before the answer was whole") from None
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise FetchError(f"the request cannot be sent ({type(error).__name__}); check HF_ENDPOINT", True) from None
        raise FetchError("the service redirects in a circle; check HF_ENDPOINT", stops=True)

    def _send(self, http: "httpx2.Client", url: "httpx2.URL") -> tuple[bytes | None, "httpx2.URL"]:
        """Send one request; return the body, or None and where to ask instead."""
        limits, token = self.service.limits, self.service.token
        self.requests += 1
        self._hold(limits.pause)
        with self._watched() as watch, http.stream("GET", url, extensions={"trace": watch}) as response:
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
            sent = bytearray()
            # as sent: a decoder may take in what it likes and give nothing that could be counted
            for piece in response.iter_raw():
                sent += piece
                if len(sent) > limits.body:
                    raise FetchError(f"the answer is over {limits.body:,} bytes: no listing of papers is")
            body = _unpacked(bytes(sent), response.headers.get("content-encoding", "").strip().lower(), limits.body)
        return body, url

    @contextmanager
    def _watched(self) -> Iterator[Callable[[str, dict[str, Any]], None]]:
        """Cut the connection at the deadline, whatever it is busy with; yield what is to be told of its events.

        The time-out is for each reading alone: headers that drip, and hints (status 103) without end, would pass it.
        """
        over = threading.Event()

        def cut() -> None:
            over.set()
            for connected in self._sockets:
                try:
                    socket.socket.shutdown(connected, socket.SHUT_RDWR)  # wakes the reader, as close() does not
                except OSError:
                    pass  # closed meanwhile

        def note(event: str, told: dict[str, Any]) -> None:
            if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
                self._sockets = [known for known in self._sockets if known.fileno() >= 0]
                self._sockets.append(told["return_value"].get_extra_info("socket"))
                if over.is_set():
                    cut()

        timer = threading.Timer(self.service.limits.deadline, cut)
        timer.daemon = True
        timer.start()
        late = _RetryError(f"the answer was not whole after {self.service.limits.deadline:g} seconds")
        try:
            yield note
        except Exception:
            if over.is_set():
                raise late from None
            raise
        finally:
            timer.cancel()
        if over.is_set():  # a body without a length ends where the connection does
            raise late

    def _redirected(self, url: "httpx2.URL", location: str) -> "httpx2.URL":
        """Return where a redirect leads, unless it leads away from the service: nothing is sent there.

        What is compared is what would be asked, not another reading of the same text.
        """
        import httpx2

        endpoint, target = httpx2.URL(self.service.endpoint), None
        try:
            target = url.join(location)
        except (httpx2.InvalidURL, ValueError):
            pass
        same = target is not None and (
            _origin(target) == _origin(endpoint)
            or (_origin(endpoint), _origin(target)) == (("http", endpoint.host, 80), ("https", endpoint.host, 443))
        )
        if not location or target is None or not same or target.userinfo:
            host = target.host if target is not None else ""
            shown = host if re.fullmatch(r"[\w.:-]{1,100}", host) and not self._tells_token(host) else "no name to show"
            raise FetchError(
                f"the service redirects to another one ({shown}), which was not asked; if you trust it, set HF_ENDPOINT to it",
                stops=True,
            )
        return target

    def _tells_token(self, text: str) -> bool:
        return self.service.token is not None and any(
            shape.lower() in text.lower() for shape in _shapes(self.service.token)
        )


def _client(service: Service) -> "httpx2.Client":
    """Return a client that verifies certificates, follows nothing and knows nobody else's settings.

    Proxies are those of the environment, except before this very machine. What goes to ``https`` passes them as it
    is encrypted; they see the host's name.
    """
    import httpx2

    for chatty in ("httpx2", "httpcore2"):  # they log headers and reason phrases, which may repeat the token
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    try:
        context = httpx2.create_ssl_context()
    except OSError:  # no such file, or no certificates in it
        raise FetchError("SSL_CERT_FILE or SSL_CERT_DIR names no certificates; mend or unset it", stops=True) from None
    headers = {"user-agent": "papers-etl", "accept": "application/json", "accept-encoding": "gzip"}
    if service.token:
        headers["authorization"] = f"Bearer {service.token}"
    try:
        return httpx2.Client(
            verify=context,
            headers=headers,
            timeout=service.limits.timeout,
            follow_redirects=False,
            trust_env=not service.on_this_machine,
        )
    except (ValueError, ImportError, httpx2.InvalidURL):  # the address of a proxy may hold its password
        raise FetchError("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names no usable proxy; mend or unset it", True) from None


def _tls_problem(error: BaseException) -> str:
    """Return what is wrong with the service's certificate and what to do, or "" where it is something else."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"the service's certificate is not trusted ({cause.verify_message}); nothing was sent. "
                "Check HF_ENDPOINT; if the service is your own, name its authority's certificate in SSL_CERT_FILE"
            )
        if isinstance(cause, ssl.SSLError):
            return "the service does not speak TLS as https needs it; check HF_ENDPOINT"
        cause = cause.__cause__ or cause.__context__
    return ""


def _unpacked(sent: bytes, encoding: str, most: int) -> bytes:
    """Return the body of which ``sent`` is the transfer in ``encoding``, at most ``most`` bytes."""
    if encoding in ("", "identity"):
        return sent
    if encoding not in ("gzip", "x-gzip"):
        raise FetchError("the answer is in an encoding that was not asked for; check HF_ENDPOINT")
    gzip = zlib.decompressobj(31)
    try:
        body = gzip.decompress(sent, most + 1)
    except zlib.error:
        raise _RetryError("the answer's compression is damaged") from None
    if len(body) > most:
        raise FetchError(f"the answer unpacks to over {most:,} bytes: no listing of papers does")
    if not gzip.eof or gzip.unused_data:
        raise _RetryError("the answer's compression is damaged")
    return body


def _shapes(token: str) -> set[str]:
    """Return ``token`` as it may stand in an answer: as it is, in an address, in JSON, in Base64 at each of three places."""
    shapes = {token, quote(token, safe=""), json.dumps(token)[1:-1]}
    for before in range(3):
        # without the letters that are made of what stands around it, too
        coded = base64.b64encode(b" " * before + token.encode()).decode().rstrip("=")
        whole = coded[(0, 2, 3)[before] : len(coded) - 1]
        if len(whole) >= 12:  # a few letters stand anywhere
            shapes |= {whole, whole.translate(str.maketrans("+/", "-_"))}
    return shapes


def _origin(url: "httpx2.URL") -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)


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


def _items(content: bytes, most: int) -> list[dict[str, Any]]:
    """Return the items of a page."""
    try:
        items = json.loads(content)
    except (ValueError, RecursionError):
        raise _RetryError("the answer is no JSON") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _RetryError("the answer is JSON, but no array of papers")
    if len(items) > most:
        raise FetchError(f"the answer has {len(items):,} items: no page of a listing has; check HF_ENDPOINT")
    return items


def _as_said(items: list[dict[str, Any]]) -> str:
    """Return the items as text without escapes: JSON may write each letter as its number."""
    return json.dumps(items, ensure_ascii=False)


def _key(item: dict[str, Any]) -> str:
    """Return what tells an item from others: the paper's id, or the whole item where it has none."""
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
    except (ValueError, TypeError, IndexError, OverflowError):  # a year of twenty digits
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
