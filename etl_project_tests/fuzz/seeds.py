"""What fuzzing starts from: the samples, invented pages of every form, and words that readers look for."""

import base64
import json
from functools import cache
from pathlib import Path
from random import Random

from etl_project.captures.catalogue import READ
from etl_project.lake import PROJECT
from etl_project_tests import hostile
from etl_project_tests.benchmarks.chaos_forms import DAMAGES, page_of

#: Inputs that reached something new, made small: kept in the repository and replayed by the suite.
KEPT = Path(__file__).parent / "corpus"
TOKENS = tuple(unit for unit in hostile.UNITS if unit.strip())

_FIELDS = (
    "117", "1,024", "11.3k", "1.2345k", "Oct 8, 2024", "Oct 8, 2024 2", "May 296", "Published on Oct 8, 2024", "Mon, May 29 6",
    "2024-10-08", "2024-10-08T12:00:00.000Z", "2401.00001v2", "cis-lmu CIS, LMU Munich", "cis-lmuCIS-LMU", "[logo] moss-lab Moss",
    "3 authors", "·", "C++ & C#", "Pre‑Training", "İstanbul ﬁnds Ångström", "May 2 2024", "Feb 30, 2024", "Oct 23, 20251",
)  # fmt: skip
_TEXTS = (
    "Code: https://github.com/Moss/Lab.git, data at hf.co/datasets/moss/pebbles; see www.moss.org and moss.github.io.",
    "Project page (https://moss.github.io/{}), mirror https://hf-mirror.com/moss/lab{https://hf-mirror.com/moss/lab}.",
    "\\href{https://moss.org/a_b}{here} and \\url{moss.org/x\\_y}; https://gitlab.com/a/b.The model is at http://a.ac.uk/~x",
    "We reach sim99% with 200times fewer $x_{i}$ than $100K and $5; T\\\"ULU, \\textbf{bold \\emph{and} more}, Table~3, 5x~29x ``so''",
    "A\u200bB\u00adC caf\u0065\u0301 \\'{e} \\u{g} {\u00e9} ^star \\times \\, \\\\ 40\\% \\ss \\aa{} _{abc} x^{2}",
)


def kept(target: str) -> list[bytes]:
    """Return the kept corpus of a target; ``rows`` reads what ``readers`` do."""
    path = KEPT / f"{'readers' if target == 'rows' else target}.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [base64.b64decode(json.loads(line)) for line in lines]


@cache
def of(target: str) -> tuple[bytes, ...]:
    """Return the seeds of a target, the kept corpus apart."""
    if target == "fields":
        return tuple(text.encode() for text in _FIELDS)
    if target == "links":
        return tuple(text.encode() for text in _TEXTS)
    wanted = {"pages": ("html",), "json": ("api", "json")}.get(target, ("",))
    pages = [
        page_of(form.name, Random(f"{form.name} {seed}")).text.encode()
        for form in READ
        if form.name.startswith(wanted)
        for seed in range(3)
    ]
    pages += [
        make(text, text, text).replace("\r", "\n").encode()
        for name, make in hostile.PAGES.items()
        if name.startswith((*wanted, "archive") if target == "pages" else wanted)
        for text in ("On Moss",)
    ]
    samples = sorted((PROJECT / "data_lake" / "samples").iterdir())
    if wanted == ("",):
        pages += [path.read_bytes()[:12_000] for path in samples]
    return tuple(page for page in pages if len(page) < 1 << 14)


def damaged(data: bytes, chance: Random) -> bytes:
    """Return an input with some lines damaged, or with a word that readers look for put in, once or repeated."""
    text = data.decode("utf-8", "replace")
    if chance.random() < 0.5:
        lines = text.split("\n")
        chance.choice(DAMAGES)(chance, lines)
        return "\n".join(lines).encode("utf-8", "replace")
    at = chance.randint(0, len(text))
    token = chance.choice(TOKENS) * chance.choice((1, 1, 1, 2, 3, 40))
    return (text[:at] + token + text[at + chance.choice((0, 0, len(token))) :]).encode("utf-8", "replace")
