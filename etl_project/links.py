"""Text in, links out: where they stand, their canonical address and their kind. Pure, standard types.

A link is an address with a scheme, or without one on a host that is known to hold papers' resources
(``hf.co/org/model``), or on any host of a generic top-level domain that is followed by a path. The
bare name of a host ("wikipedia.org", "GitHub") is a word; so are ``and/or``, ``GPT-3.5``, ``Phi.This``.
"""

import re
from typing import NamedTuple

#: Reverse proxies of huggingface.co that rewrite the site's own addresses in the text they serve.
#: Known ones are mapped back; an unknown look-alike never is (it stays a link of kind "other").
MIRRORS = frozenset({"hf-mirror.com", "hf.xxxv.eu.org", "huggingface.host"})
_OFFICIAL = frozenset({"huggingface.co", "hf.co"})
_HUGGINGFACE = MIRRORS | _OFFICIAL

KINDS = (
    "github_repo",
    "github_org",
    "github_pages",
    "github_other",
    "gitlab",
    "huggingface_model",
    "huggingface_dataset",
    "huggingface_space",
    "huggingface_org",
    "huggingface_collection",
    "huggingface_paper",
    "arxiv",
    "project_page",
    "anonymous_repo",
    "other",
)

# RFC 3986's characters, Latin letters with marks, and LaTeX's escapes of what LaTeX reserves.
_RUN = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%\u00c0-\u024f]|\\[_%#&~])+")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
#: A host that may stand without a scheme when a path follows. Top-level domains of unknown hosts are
#: lower case only, since "improvement.To/..." is a missing space.
_BARE_HOST = re.compile(
    r"(?:www\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+\.(?i:github\.io)"
    r"|(?i:(?:www\.|gist\.)?(?:" + "|".join(
        re.escape(host)
        for host in sorted(_HUGGINGFACE | {"github.com", "gitlab.com", "arxiv.org", "anonymous.4open.science"})
    ) + r"))"
    r"|(?:[A-Za-z0-9][A-Za-z0-9-]*\.){1,5}"
    r"(?:com|org|net|edu|gov|io|ai|dev|app|(?:ac|edu|org|com|gov)\.[a-z]{2}))"
)
#: Hosts that are a link without scheme and without path.
_PATHLESS_HOST = re.compile(
    r"(?<![A-Za-z0-9@./_-])(?:www\.[A-Za-z0-9-]+\.[A-Za-z0-9.-]*[A-Za-z0-9]|[A-Za-z0-9-]+\.(?i:github\.io))(?![A-Za-z0-9-])"
)
_HOST_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

#: Every text that holds a link matches one of these. They are separate because each alone is a literal
#: search for the engine that runs them over a whole column; most abstracts have none and need no search.
SIGNS = ("://", r"\.[A-Za-z]{2,}/", r"(?i)github\.io", r"(?i)www\.")

_TRAILING = ".,;:!?'\"*\u2026"
#: First words of the next sentence where the space after a full stop was lost ("repo.The model").
_SENTENCE_STARTS = frozenset(
    "The This These Our We It In For To Code Data Model Models Project All Here Demo".split()
)
_INNER_SCHEME = re.compile(r"(?<![/=])https?://")
_HOST = re.compile(r"[a-z0-9\u00c0-\u024f.-]+(?::\d+)?")
_ESCAPE = re.compile(r"\\([_%#&~])")
_ADDRESS = re.compile(r"(?:(https?)://)?([^/?#]*)([^?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*)")
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_ACADEMIC = re.compile(r"\.(?:edu|ac)(?:\.[a-z]{2})?$")
_PAGE_HOSTS = (".gitlab.io", ".netlify.app", ".vercel.app", ".pages.dev", ".web.app", ".readthedocs.io")
_SHORTENERS = frozenset(
    {"aka.ms", "bit.ly", "t.co", "tinyurl.com", "goo.gl", "git.io", "shorturl.at", "dub.sh", "ow.ly", "is.gd"}
)
_PAGE_WORDS = re.compile(
    r"(?:project|home|web|demo)[ -]?(?:page|site|website)|(?:project|our)(?:'s)? (?:page|website|web site|site|url)",
    re.IGNORECASE,
)
_GITHUB_SECTIONS = frozenset(
    "about apps blog collections contact customer-stories enterprise events explore features issues login "
    "marketplace new notifications pricing pulls search security settings site sponsors topics trending".split()
)
_HUGGINGFACE_SECTIONS = frozenset(
    "api blog brand chat docs enterprise inference join languages learn login metrics models new "
    "organizations posts pricing privacy search settings tasks terms-of-service".split()
)


class Link(NamedTuple):
    """One link in a text. ``start`` and ``end`` count code points (0-based, end exclusive) and span ``url_raw``.

    ``url`` is canonical: https, lower-case host, mirror and short hosts mapped, no ``.git``, no
    trailing slash. ``mirror`` is the mirror's host if one was mapped. ``owner``, ``repo`` (as
    written) and ``deep_path`` (below the repository, without a leading slash) stand for GitHub only.
    """

    start: int
    end: int
    url_raw: str
    url: str
    kind: str
    mirror: str | None
    owner: str | None
    repo: str | None
    deep_path: str | None


def find_links(text: str, title: str = "") -> list[Link]:
    """Return the links of ``text`` in the order they stand; ``title`` (the paper's) helps to tell its own page.

    The search goes from slash to slash, since most abstracts have none: it costs next to nothing where there is no link.
    """
    found: list[Link] = []
    position = 0
    for start in _starts(text):
        if start < position:
            continue
        run = _RUN.match(text, start)
        link = _read(text, start, _trim(run.group()), title) if run else None
        if link is None:
            continue
        found.append(link)
        position = link.end
        doubled = "{" + link.url_raw + "}"  # X{X}: LaTeX's \\href whose command was lost
        if text.startswith(doubled, link.end):
            position += len(doubled)
    return found


def _starts(text: str) -> list[int]:
    """Return where an address may start, in order."""
    starts: list[int] = []
    slash = text.find("/")
    while slash >= 0:
        if text.startswith("//", slash) and text[slash - 1 : slash] == ":":
            word = text[max(0, slash - 6) : slash - 1].lower()
            if word.endswith("https"):
                starts.append(slash - 6)
            elif word.endswith("http"):
                starts.append(slash - 5)
            # within an address only another scheme starts a link ("https://a.org/x,https://b.org/y")
            end = text.find(" ", slash)
            inner = text.find("://", slash + 2, end if end >= 0 else None)
            if inner >= 0:
                slash = inner + 1
                continue
            if end < 0:
                break
            slash = end
        else:
            before = text[max(text.rfind(" ", 0, slash) + 1, slash - 80) : slash]
            if "." in before:
                first = len(before.rstrip(_HOST_CHARACTERS))
                glued = first > 0 and before[first - 1] in "@/_"  # an e-mail address, or inside a path
                if not glued and _BARE_HOST.fullmatch(before, first):
                    starts.append(slash - len(before) + first)
        slash = text.find("/", slash + 1)
    if "ithub.io" in text or "itHub.io" in text or "www." in text or "WWW." in text:
        starts += [match.start() for match in _PATHLESS_HOST.finditer(text)]
        starts.sort()
    return starts


def _trim(run: str) -> str:
    """Cut a run of address characters where the address ends and the sentence goes on."""
    if "://" in run[8:] and (inner := _INNER_SCHEME.search(run, 8)):
        run = run[: inner.start()]
    while run:
        last = run[-1]
        if last.isalnum():
            break
        if (
            last in _TRAILING
            or last in "(["
            or (last == ")" and run.count(")") > run.count("("))
            or (last == "]" and run.count("]") > run.count("["))
        ):
            run = run[:-1]
        else:
            break
    before, _, word = run.rpartition(".")
    return before if word in _SENTENCE_STARTS else run


def _read(text: str, start: int, raw: str, title: str) -> Link | None:
    """Classify one trimmed address; None if nothing that can be a host is left."""
    match = _ADDRESS.match(raw)
    assert match is not None  # every part of the pattern may be empty
    _, authority, path, query = match.groups()
    if "\\" in path:
        path = _ESCAPE.sub(r"\1", path)
    parts = [part for part in path.split("/") if part]
    host = authority.lower().rpartition("@")[2].rstrip(".:")
    site = host.removeprefix("www.")
    if site == "github.com":
        return _read_github(start, raw, parts, query)
    if not _HOST.fullmatch(host) or "." not in host.strip("."):
        return None
    path = path.rstrip("/") if not query else path
    if site in _HUGGINGFACE:
        mirror = site if site in MIRRORS else None
        for depth, part in enumerate(parts[:3]):
            name = _NAME.match(part)
            if name is None or name.end() < len(part):  # a comma and the next word glued to a name
                cut = name.group().rstrip(".") if name else ""
                raw = raw[: raw.rindex(part) + len(cut)].rstrip("/")
                parts = [*parts[:depth], cut] if cut else parts[:depth]
                path, query = "".join("/" + kept for kept in parts), ""
                break
        url = f"https://huggingface.co{path}{query}"
        return Link(start, start + len(raw), raw, url, _huggingface_kind(parts), mirror, None, None, None)
    kind = _kind(site, parts, text[max(0, start - 60) : start], title)
    return Link(start, start + len(raw), raw, f"https://{host}{path}{query}", kind, None, None, None, None)


def _read_github(start: int, raw: str, parts: list[str], query: str) -> Link:
    if len(parts) > 1 and parts[0].lower() == "orgs":
        parts = parts[1:2]
    owner_match = _OWNER.match(parts[0]) if parts else None
    if owner_match is None or parts[0].lower() in _GITHUB_SECTIONS:
        url = "https://github.com" + "".join("/" + part for part in parts) + query
        return Link(start, start + len(raw), raw, url, "github_other", None, None, None, None)
    owner = owner_match.group()
    if owner != parts[0]:  # "owner,next": the address ends where the name does
        raw = raw[: raw.rindex(parts[0]) + len(owner)]
        parts = [owner]
    name = _NAME.match(parts[1]) if len(parts) > 1 else None
    if name is None:
        if len(parts) > 1:
            raw = raw[: raw.rindex(parts[1])]
        return Link(start, start + len(raw), raw, f"https://github.com/{owner}", "github_org", None, owner, None, None)
    repo, below = name.group(), "/".join(parts[2:])
    if repo != parts[1]:  # "repo,next" or "repo(code)": likewise
        repo, below = repo.rstrip("."), ""
        raw = raw[: raw.index(repo, raw.index("/" + owner) + len(owner) + 1) + len(repo)]
    if repo[-4:].lower() == ".git":
        repo = repo[:-4]
    url = f"https://github.com/{owner}/{repo}" + (f"/{below}{query}" if below else "")
    return Link(start, start + len(raw), raw, url, "github_repo", None, owner, repo, below or None)


def _huggingface_kind(parts: list[str]) -> str:
    section = parts[0].lower() if parts else ""
    if section == "datasets":
        return "huggingface_dataset" if len(parts) > 1 else "other"
    if section == "spaces":
        return ("other", "huggingface_org", "huggingface_space")[min(len(parts), 3) - 1]
    if section == "collections":
        return "huggingface_collection" if len(parts) > 2 else "other"
    if section == "papers":
        return "huggingface_paper" if len(parts) > 1 and re.match(r"\d{4}\.\d{4,5}", parts[1]) else "other"
    if not parts or section in _HUGGINGFACE_SECTIONS:
        return "other"
    return "huggingface_org" if len(parts) == 1 else "huggingface_model"


def _kind(host: str, parts: list[str], before: str, title: str) -> str:
    if host.endswith(".github.io"):
        return "github_pages"
    if host.endswith((".github.com", ".githubusercontent.com")):
        return "github_other"
    if host == "gitlab.com" or host.startswith("gitlab."):
        return "gitlab"
    if host.endswith(".hf.space"):
        return "huggingface_space"
    if host == "arxiv.org" or host.endswith(".arxiv.org"):
        return "arxiv"
    if host == "anonymous.4open.science":
        return "anonymous_repo"
    if host in _SHORTENERS:
        return "other"
    if host.endswith(_PAGE_HOSTS) or host == "sites.google.com":
        return "project_page"
    if _ACADEMIC.search(host) and parts:
        return "project_page"
    if _PAGE_WORDS.search(before):
        return "project_page"
    # "DriftNet: ..." and driftnet.ai: a paper that has a name and a host of that name
    name = re.sub(r"[^a-z0-9]", "", title.partition(":")[0].lower()) if ":" in title else ""
    if len(name) >= 4 and name in re.sub(r"[^a-z0-9]", "", host):
        return "project_page"
    return "other"
