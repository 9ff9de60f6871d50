"""What every capture with links is taken apart into: words with the address that they lead to, and what such an address is.

Markdown, text with references, a link a line and a saved page's cards differ in how they write a link, and
not in where it leads. So each of those forms only finds the pieces; ``cards.py`` puts papers together from them.
"""

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from etl_project.fields import find_arxiv_id
from etl_project.links import MIRRORS, OFFICIAL


class Piece(NamedTuple):
    """Words that stand together, with the address they lead to. Lines are 1-based, inclusive.

    ``target`` is None for words without a link, and "" for a link whose address is missing, "#8" for one
    of which only the number is left. ``block`` is
    equal for pieces of one paragraph. ``images`` are the alternative texts of images in the link.
    ``text`` begins and ends with a space where one parts it from a link before or after it.
    ``damaged`` says that a link was cut off or moved here, so that the words may be half of what they were, or another's.
    """

    line: int
    line_end: int
    text: str
    target: str | None = None
    heading: bool = False
    block: int = 0
    images: tuple[str, ...] = ()
    damaged: bool = False


class Leads(Enum):
    """Where an address of the papers pages leads, which tells what the words on it are."""

    PAPER = "paper"  # title, abstract, authors, thumbnail
    VOTE = "vote"  # upvotes
    COMMUNITY = "community"  # comments
    ARXIV = "arxiv"
    GITHUB = "github"
    PROFILE = "profile"  # an organisation, or a user
    DAY = "day"  # the page of a day
    SITE = "site"  # anything else on the site: page furniture
    ELSEWHERE = "elsewhere"
    MISSING = "missing"  # a link whose address is not in the file


class Target(NamedTuple):
    """What an address says: where it leads, the paper's id, and the day, handle or search text in it."""

    leads: Leads
    arxiv_id: str | None = None
    value: str | None = None
    host: str | None = None


_PAGES_OF_A_PAPER = re.compile(r"/papers/([^/]+?)(?:\.html?)?/?")
_LISTS = re.compile(r"/papers/(?:date|week|month|trending|latest|search|daily|weekly|monthly)(?:/[^/]*)?/?")
_DAY_PAGE = re.compile(r"/papers/date/([0-9]{4}-[0-9]{2}-[0-9]{2})/?")
_PROFILE = re.compile(r"/([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)/?")
_SECTIONS = frozenset(
    [
        "about",
        "api",
        "blog",
        "brand",
        "buckets",
        "chat",
        "collections",
        "datasets",
        "deploy",
        "docs",
        "enterprise",
        "inference",
        "inference-endpoints",
        "jobs",
        "join",
        "languages",
        "learn",
        "login",
        "logout",
        "metrics",
        "models",
        "new",
        "notifications",
        "organizations",
        "papers",
        "posts",
        "pricing",
        "privacy",
        "search",
        "settings",
        "pro",
        "spaces",
        "storage",
        "support",
        "tasks",
        "terms-of-service",
        "huggingface",
        "join-us",
    ]
)


#: Most addresses of a page, which need no closer look.
_PLAIN = re.compile(
    r"(?:https://(?!www\.|[a-z.]*arxiv\.org/|github\.com/)([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+))?/(?:papers/([0-9.]{9,10})(#community)?|login\?next=%2Fpapers%2F([0-9.]{9,10}))"
)


#: Browsers and servers take no longer ones.
LONGEST_ADDRESS = 8_000


def read_target(address: str) -> Target:
    """Return where ``address`` leads, whatever host serves it; a saved page's relative addresses count, too.

    One that is longer than any leads elsewhere.
    """
    return _read_target(address) if len(address) <= LONGEST_ADDRESS else Target(Leads.ELSEWHERE)


@lru_cache(maxsize=8192)
def _read_target(address: str) -> Target:
    if plain := _PLAIN.fullmatch(address):
        host, paper, community, voted = plain.groups()
        if (arxiv_id := find_arxiv_id(paper or voted or "")) is not None:
            leads = Leads.VOTE if voted else Leads.COMMUNITY if community else Leads.PAPER
            return Target(leads, arxiv_id, host=host or "")
    address = address.strip()
    if "</" in address:  # a relative address that a tool resolved with its brackets on
        address = address[address.index("</") + 1 :].rstrip(">")
    elif "/<http" in address:
        address = re.sub(r":/+", "://", address[address.index("/<http") + 2 :].rstrip(">"))
    if not address or (address[0] == "#" and address[1:].isdigit()):
        return Target(Leads.MISSING, value=address[1:] or None)
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").lower().removeprefix("www.")
    except ValueError:  # "http://[" is no address
        return Target(Leads.ELSEWHERE)
    if parts.scheme not in ("", "http", "https", "file"):
        return Target(Leads.ELSEWHERE)
    path = unquote(parts.path)
    if parts.scheme == "file" or (not host and not path.startswith("/")):
        path = path[path.rfind("/papers/") :] if "/papers/" in path else "/" + path.removeprefix("./")
        host = ""
    if host == "arxiv.org" or host.endswith(".arxiv.org"):
        return Target(Leads.ARXIV, find_arxiv_id(path.rpartition("/")[2].removesuffix(".pdf")), host=host)
    if host == "github.com" and path.strip("/") != "huggingface":  # of the site's menu
        return Target(Leads.GITHUB, host=host)
    if path.rstrip("/") == "/login":
        following = parse_qs(parts.query).get("next", [""])[0]
        paper = _PAGES_OF_A_PAPER.fullmatch(urlsplit(following).path)
        arxiv_id = find_arxiv_id(paper[1]) if paper else None
        return Target(Leads.VOTE, arxiv_id, host=host) if arxiv_id else Target(Leads.SITE, host=host)
    if day := _DAY_PAGE.fullmatch(path):
        return Target(Leads.DAY, value=day[1], host=host)
    if (paper := _PAGES_OF_A_PAPER.fullmatch(path)) and not _LISTS.fullmatch(path):
        leads = Leads.COMMUNITY if parts.fragment.startswith("community") else Leads.PAPER
        return Target(leads, find_arxiv_id(paper[1]), host=host)  # a damaged id leads to a paper, and tells none
    if path.rstrip("/") == "/papers":
        query = parse_qs(parts.query)
        if day_asked := query.get("date"):
            return Target(Leads.DAY, value=day_asked[0], host=host)
        return Target(Leads.SITE, value=query.get("q", [None])[0], host=host)
    if host and host != "github.com" and not is_hugging_face(host):
        return Target(Leads.ELSEWHERE, host=host)
    profile = _PROFILE.fullmatch(path)
    if profile and profile[1].lower() not in _SECTIONS and not parts.query:
        return Target(Leads.PROFILE, value=profile[1], host=host)
    return Target(Leads.SITE, host=host)


def is_hugging_face(host: str) -> bool:
    """Say whether ``host`` is the site or a known mirror of it."""
    return host in OFFICIAL or host in MIRRORS


def hosts(addresses: list[str]) -> tuple[str | None, str | None]:
    """Return (known mirror, unknown host) that the links to papers among ``addresses`` lead to; None for none.

    The host of most such links is the page's; a lone foreign link in a text is not.
    """
    counted: dict[str, int] = {}
    for address in addresses:
        target = read_target(address)
        if target.leads in (Leads.PAPER, Leads.VOTE, Leads.COMMUNITY) and target.host:
            counted[target.host] = counted.get(target.host, 0) + 1
    if not counted:
        return None, None
    host = min(counted, key=lambda host: (-counted[host], host))
    if host in MIRRORS:
        return host, None
    return None, None if is_hugging_face(host) else host
