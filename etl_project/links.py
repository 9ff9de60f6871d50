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
#: Hosts of the site itself.
OFFICIAL = frozenset({"huggingface.co", "hf.co"})
_HUGGINGFACE = MIRRORS | OFFICIAL

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
#: A host that may stand without a scheme when a path follows. Unknown hosts are lower case only, and of the
#: oldest top-level domains, since "improvement.To/..." is a missing space and "socket.io/..." a list of names.
_BARE_HOST = re.compile(
    r"(?:www\.[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+\.(?i:github\.io)"
    r"|(?i:(?:www\.|gist\.)?(?:"
    + "|".join(
        re.escape(host)
        for host in sorted(_HUGGINGFACE | {"github.com", "gitlab.com", "arxiv.org", "anonymous.4open.science"})
    )
    + r"))"
    r"|(?:[a-z0-9][a-z0-9-]*\.){1,5}(?:com|org|net|edu|gov|(?:ac|edu|org|com|gov)\.[a-z]{2}))"
)
#: Hosts that are a link without scheme and without path.
_PATHLESS_HOST = re.compile(
    r"(?<![A-Za-z0-9@./_-])(?:www\.[A-Za-z0-9-]+\.[A-Za-z0-9.-]*[A-Za-z0-9]|[A-Za-z0-9-]+\.(?i:github\.io))(?![A-Za-z0-9-])"
)
_HOST_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

#: Every text that holds a link matches one of these. They are separate because each alone is a literal
#: search for the engine that runs them over a whole column; most abstracts have none and need no search.
SIGNS = ("://", r"\.[A-Za-z]{2,}/", r"hub\.io", r"www\.")

_TRAILING = ".,;:!?'\"*\u2026"
#: First words of the next sentence where the space after a full stop was lost ("repo.The model").
_SENTENCE_STARTS = frozenset(
    [
        "A",
        "Additionally",
        "All",
        "Also",
        "An",
        "And",
        "As",
        "At",
        "Based",
        "Besides",
        "Both",
        "But",
        "By",
        "Code",
        "Codes",
        "Data",
        "Dataset",
        "Datasets",
        "Demo",
        "Experiments",
        "Extensive",
        "Finally",
        "For",
        "From",
        "Furthermore",
        "Here",
        "How",
        "However",
        "In",
        "It",
        "Its",
        "Keywords",
        "Model",
        "Models",
        "Moreover",
        "More",
        "On",
        "Our",
        "Overall",
        "Please",
        "Project",
        "Results",
        "See",
        "Source",
        "Such",
        "That",
        "The",
        "Their",
        "Then",
        "There",
        "These",
        "They",
        "This",
        "Those",
        "Through",
        "Thus",
        "To",
        "Together",
        "Training",
        "Unlike",
        "Using",
        "Video",
        "Videos",
        "We",
        "Weights",
        "What",
        "When",
        "While",
        "With",
        "You",
    ]
)
_INNER_SCHEME = re.compile(r"(?<![/=])https?://", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9\u00c0-\u024f](?:[a-z0-9\u00c0-\u024f.-]*[a-z0-9\u00c0-\u024f])?(?::\d+)?")
_SEGMENT = re.compile(r"[^/]+")
_ESCAPE = re.compile(r"\\([_%#&~])")
_ADDRESS = re.compile(r"(?:(https?)://)?([^/?#]*)([^?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*)")
_NAME = re.compile(r"(?:[A-Za-z0-9._-]|\\_)+")
_PLAIN_NAMES = re.compile(r"(?:/[A-Za-z0-9._-]+)+")  # nothing glued, escaped, doubled: most addresses
_FORGES = _HUGGINGFACE | {"github.com"}
_PAPER_ID = re.compile(r"\d{4}\.\d{4,5}")
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
    [
        "about",
        "apps",
        "blog",
        "collections",
        "contact",
        "customer-stories",
        "enterprise",
        "events",
        "explore",
        "features",
        "issues",
        "login",
        "marketplace",
        "new",
        "notifications",
        "pricing",
        "pulls",
        "search",
        "security",
        "settings",
        "site",
        "sponsors",
        "topics",
        "trending",
    ]
)
_HUGGINGFACE_SECTIONS = frozenset(
    [
        "api",
        "blog",
        "brand",
        "chat",
        "docs",
        "enterprise",
        "inference",
        "join",
        "languages",
        "learn",
        "login",
        "metrics",
        "models",
        "new",
        "organizations",
        "posts",
        "pricing",
        "privacy",
        "search",
        "settings",
        "tasks",
        "terms-of-service",
    ]
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


def read_address(address: str, title: str = "") -> Link | None:
    """Return a whole address as a link (its span is the address), or None if it is none that could lead anywhere."""
    address = address.strip()
    link = _read(address, 0, address, title) if _SCHEME.match(address) and _RUN.fullmatch(address) else None
    return link if link is not None and link.end == len(address) else None


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
            run = _RUN.match(text, slash)
            end = run.end() if run else slash + 1
            inner = text.find("://", slash + 2, end)
            slash = inner if inner >= 0 else end - 1
        else:
            before = text[max(text.rfind(" ", 0, slash) + 1, slash - 80) : slash]
            if "." in before:
                first = len(before.rstrip(_HOST_CHARACTERS))
                glued = first > 0 and before[first - 1] in "@/_"  # an e-mail address, or inside a path
                if not glued and _BARE_HOST.fullmatch(before, first):
                    starts.append(slash - len(before) + first)
        slash = text.find("/", slash + 1)
    if "hub.io" in text or "www." in text:
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
    if run[-2:] in ("'s", "'S"):
        run = run[:-2]
    before, _, word = run.rpartition(".")
    return before if word in _SENTENCE_STARTS else run


def _read(text: str, start: int, raw: str, title: str) -> Link | None:
    """Classify one trimmed address; None if nothing that can be a host is left."""
    match = _ADDRESS.match(raw)
    assert match is not None  # every part of the pattern may be empty
    _, authority, path, query = match.groups()
    host = authority.lower()
    if "@" in host:
        host = host.rpartition("@")[2]
    site = host.removeprefix("www.")
    if site in _FORGES:
        raw, names, path, query = _names(raw, match.start(3), path, query)
        if site == "github.com":
            return _read_github(start, raw, names, query)
        kind = _huggingface_kind(names)
        if kind == "huggingface_paper":  # v2 is a version of the paper, not another paper
            path, query = f"/papers/{_PAPER_ID.match(names[1])[0]}", ""  # type: ignore[index]
        mirror = site if site in MIRRORS else None
        url = f"https://huggingface.co{path if query else path.rstrip('/')}{query}"
        return Link(start, start + len(raw), raw, url, kind, mirror, None, None, None)
    named = _HOST.match(host)
    if named is None or "." not in named.group():
        return None
    if named.end() < len(host):  # "https://quoll.org,which": what is glued to a host ends the address
        raw = raw[: match.start(2) + len(authority) - len(host) + named.end()]
        host, path, query = named.group(), "", ""
        if (site := host.removeprefix("www.")) in _FORGES:
            return _read(text, start, raw, title)
    path = _ESCAPE.sub(r"\1", path if query else path.rstrip("/"))
    kind = _kind(site, path != "", text[max(0, start - 60) : start], title)
    return Link(start, start + len(raw), raw, f"https://{host}{path}{query}", kind, None, None, None, None)


def _names(raw: str, path_start: int, path: str, query: str) -> tuple[str, list[str], str, str]:
    """Return (raw, names, path, query) of an address on a site whose paths are names, cut where a name ends.

    "owner/repo,next" and "owner/repo(code)" go on with words of the sentence; LaTeX's escapes are undone.
    """
    names = path.split("/")[1:]
    if _PLAIN_NAMES.fullmatch(path):
        return raw, names, path, query
    names = []
    for depth, segment in enumerate(_SEGMENT.finditer(raw, path_start, path_start + len(path))):
        name = _NAME.match(raw, segment.start(), segment.end())
        if depth < 3 and (name is None or name.end() < segment.end()):
            kept = name.group().rstrip(".") if name else ""
            raw = raw[: segment.start() + len(kept)].rstrip("/")
            names += [_ESCAPE.sub(r"\1", kept)] if kept else []
            return raw, names, "".join("/" + name for name in names), ""
        names.append(_ESCAPE.sub(r"\1", segment.group()))
    return raw, names, _ESCAPE.sub(r"\1", path), query


def _read_github(start: int, raw: str, names: list[str], query: str) -> Link:
    if len(names) > 1 and names[0].lower() == "orgs":
        names = names[1:2]
    owner = names[0] if names else ""
    if not _OWNER.fullmatch(owner) or owner.lower() in _GITHUB_SECTIONS:
        url = "https://github.com" + "".join("/" + name for name in names) + query
        return Link(start, start + len(raw), raw, url, "github_other", None, None, None, None)
    repo, below = (names[1], "/".join(names[2:])) if len(names) > 1 else ("", "")
    if repo[-4:].lower() == ".git":
        repo = repo[:-4]
    if not repo:
        return Link(start, start + len(raw), raw, f"https://github.com/{owner}", "github_org", None, owner, None, None)
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
        return "huggingface_paper" if len(parts) > 1 and _PAPER_ID.match(parts[1]) else "other"
    if not parts or section in _HUGGINGFACE_SECTIONS:
        return "other"
    return "huggingface_org" if len(parts) == 1 else "huggingface_model"


def _kind(host: str, has_path: bool, before: str, title: str) -> str:
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
    if _ACADEMIC.search(host) and has_path:
        return "project_page"
    if _PAGE_WORDS.search(before):
        return "project_page"
    # "DriftNet: ..." and driftnet.ai: a paper that has a name and a host of that name
    name = re.sub(r"[^a-z0-9]", "", title.partition(":")[0].lower()) if ":" in title else ""
    if len(name) >= 4 and name in re.sub(r"[^a-z0-9]", "", host):
        return "project_page"
    return "other"
