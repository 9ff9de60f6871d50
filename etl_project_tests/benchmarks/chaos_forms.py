"""Captures of every form, damaged: lines dropped, doubled, cut, shuffled, bytes flipped. Counts what the readers make of them.

    python -m etl_project_tests.benchmarks.chaos_forms [files of each form [seed [forms ...]]]

What must hold: no exception, every line accounted for, no record with fields of two papers. What a record should be
is told by the page before it was damaged: its record is *right* if it equals one of that page's, and *mixed* if its
words, addresses, numbers or dates are those of two papers. Mixed records of which nothing tells are counted apart: see
``leaves_no_trace``.
"""

import html
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from multiprocessing import Pool
from random import Random
from typing import Any, NamedTuple

from etl_project.captures import Reading, Record, read_capture
from etl_project.captures.catalogue import READ
from etl_project.captures.json_scan import scan
from etl_project_tests import pages, renderer
from etl_project_tests.form_checks import check_account, fields_of
from etl_project_tests.renderer import date_of, layout_of, papers_of, render

FORMS = tuple(form.name for form in READ)

# ---------------------------------------------------------------------------------------------
# damage


def _drop(random: Random, lines: list[str]) -> None:
    for _ in range(random.randint(1, 3)):
        if lines:
            del lines[random.randrange(len(lines))]


def _drop_one(random: Random, lines: list[str]) -> None:
    del lines[random.randrange(len(lines))]


def _double_one(random: Random, lines: list[str]) -> None:
    at = random.randrange(len(lines))
    lines.insert(at, lines[at])


def _drop_run(random: Random, lines: list[str]) -> None:
    at = random.randrange(len(lines))
    del lines[at : at + random.randint(2, 12)]


def _double(random: Random, lines: list[str]) -> None:
    at = random.randrange(len(lines))
    lines[at:at] = lines[at : at + random.randint(1, 8)]


def _cut(random: Random, lines: list[str]) -> None:
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(lines))
        lines[at] = lines[at][: random.randint(0, len(lines[at]))]


def _cut_start(random: Random, lines: list[str]) -> None:
    at = random.randrange(len(lines))
    lines[at] = lines[at][random.randint(0, len(lines[at])) :]


def _end(random: Random, lines: list[str]) -> None:
    del lines[random.randrange(len(lines)) :]


def _swap(random: Random, lines: list[str]) -> None:
    a, b = random.randrange(len(lines)), random.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]


def _move(random: Random, lines: list[str]) -> None:
    at = random.randrange(len(lines))
    moved = lines[at : at + random.randint(1, 6)]
    del lines[at : at + len(moved)]
    to = random.randint(0, len(lines))
    lines[to:to] = moved


def _join(random: Random, lines: list[str]) -> None:
    at = random.randrange(len(lines))
    lines[at : at + 2] = [random.choice(["", " "]).join(lines[at : at + 2])]


def _flip(random: Random, lines: list[str]) -> None:
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(lines))
        if lines[at]:
            place = random.randrange(len(lines[at]))
            lines[at] = lines[at][:place] + random.choice("[]()#*-_\\ ·\ufffdx1:/") + lines[at][place + 1 :]


def _without_blanks(random: Random, lines: list[str]) -> None:
    at = random.randrange(len(lines))
    lines[at : at + 20] = [line for line in lines[at : at + 20] if line.strip()]


DAMAGES: tuple[Callable[[Random, list[str]], None], ...] = (
    _drop, _drop_run, _double, _cut, _cut_start, _end, _swap, _move, _join, _flip, _without_blanks,
)  # fmt: skip


def _slice_out(random: Random, lines: list[str]) -> None:
    text, a, b = _slice(random, lines)
    lines[:] = (text[:a] + text[b:]).split("\n")


def _slice_double(random: Random, lines: list[str]) -> None:
    text, a, b = _slice(random, lines)
    lines[:] = (text[:b] + text[a:]).split("\n")


def _slice_move(random: Random, lines: list[str]) -> None:
    text, a, b = _slice(random, lines)
    rest = text[:a] + text[b:]
    to = random.randint(0, len(rest))
    lines[:] = (rest[:to] + text[a:b] + rest[to:]).split("\n")


def _slice(random: Random, lines: list[str]) -> tuple[str, int, int]:
    text = "\n".join(lines)
    a = random.randint(0, len(text))
    return text, a, min(len(text), a + random.choice([1, 10, 100, 1000, 3000]))


#: Of pages that have few lines.
_SLICES = (_slice_out, _slice_double, _slice_move)
#: Of pages on which words have no address of their own.
_OF_ONE_PLACE = (_drop_one, _double_one, _cut_start, _flip, _end, _join)


# ---------------------------------------------------------------------------------------------
# pages


class Own(NamedTuple):
    """What tells a paper: a beginning that all its words have, and its arXiv id."""

    word: str
    arxiv_id: str


class Page(NamedTuple):
    """A page without damage, what parts the pieces that damage moves, and the damages it may get (``most`` at once)."""

    text: str
    papers: list[Own]
    parting: str = "\n"
    damages: tuple[Callable[[Random, list[str]], None], ...] = DAMAGES
    most: int = 3


def page_of(form: str, random: Random) -> Page:
    """Return a page of ``form`` (a name of the catalogue)."""
    if form in _TEXT_PAGES:
        return _text_page(form, random)
    if form.startswith(("json", "api")):
        return _json_page(form, random)
    if form.startswith("html"):
        return _html_page(form, random)
    if form == "text_paper":
        paper, own = _one_paper(random)
        write = random.choice(list(pages.PAPER_TEXT_TOOLS.values()))
        return Page(write(pages.paper_page_of(paper)), own)
    return _linked_page(form, random)


def _distinct(random: Random, papers: list[renderer.Paper]) -> list[renderer.Paper]:
    """Return the papers with numbers and dates of which no two are equal, nor one the beginning of another."""
    n = len(papers)
    numbers = [random.sample(range(100, 400), n) for _ in range(3)]
    days = random.sample(range(10, 29), n)
    months = random.sample(range(1, 13), n)
    return [
        replace(
            paper,
            n_authors=numbers[0][i] if paper.n_authors else None,
            upvotes=numbers[1][i] if paper.upvotes else 0,
            comments=numbers[2][i] if paper.comments else 0,
            day=days[i],
            month=months[i],
        )
        for i, paper in enumerate(papers)
    ]


def _own(papers: list[renderer.Paper]) -> list[Own]:
    return [Own(renderer.stem_of(paper.number), paper.arxiv_id) for paper in papers]


def _linked_page(form: str, random: Random) -> Page:
    """Return a page with links.

    Of wrapped pages paragraphs are damaged, not lines: a line that was moved from one paragraph into another
    cannot be told from its neighbours. Where words stand without an address of their own, on pages without ids
    and with addresses on lines of their own, one place is damaged and nothing is moved: words that
    were put exactly in the place of others cannot be told from them.
    """
    kind = "link_lines" if "link_lines" in form else "numbered" if "numbered" in form else ""
    kind = kind or random.choice(["inline", "references"])
    kinds = ["trending"] if form.endswith("_trending") else ["search", "search", "daily"]
    envelope = random.choice(["none", "front_matter", "fence"])
    layout = layout_of(random, kind, envelope=envelope, page=random.choice(kinds))
    papers = _distinct(random, papers_of(random.randrange(10**9), random.randint(2, 4)))
    loose = layout.plain_links or not layout.title_linked or layout.list_at == "missing" or kind == "link_lines"
    return Page(
        render(papers, layout),
        _own(papers),
        "\n\n" if layout.width else "\n",
        _OF_ONE_PLACE if loose else DAMAGES,
        1 if loose else 3,
    )


_TEXT_PAGES = ("text_with_metadata", "text_titles_abstracts", "text_compact", "text_wrapped")


def _text_page(form: str, random: Random) -> Page:
    """Return a page without links, as a browser copies it."""
    papers = _distinct(random, papers_of(random.randrange(10**9), random.randint(3, 6)))
    metadata = form == "text_with_metadata" or (form == "text_wrapped" and random.random() < 0.5)
    tight = random.random() < 0.7
    blocks = ["new", "Get trending papers in your email inbox!", "Subscribe", "Daily Papers"]
    blocks = [*blocks, "byAK and the research community", "Apr 20"] if random.random() < 0.8 else []
    for paper in papers:
        blocks += [paper.title, paper.abstract]
        if metadata:
            owner = [f"  • {paper.n_authors} authors"] if paper.n_authors else []
            owner = [" ".join(paper.organisation)] if paper.organisation else owner
            date = date_of(paper) + (f" {paper.comments}" if paper.comments else "")
            blocks += ["\n".join([*owner, "·", date])] if tight else [*owner, "·", date]
    if random.random() < 0.4:
        blocks += ["System theme", "Company", "TOS", "Privacy"]
    if form == "text_wrapped":
        width = random.choice([60, 72, 80, 100])
        blocks = [renderer.wrapped(block, width) if "\n" not in block else block for block in blocks]
    text = ("\n" if form == "text_compact" else "\n\n").join(blocks) + "\n"
    return Page(text, _own(papers), "\n\n" if form == "text_wrapped" else "\n")


def _papers_with_items(random: Random, least: int = 2) -> tuple[list[pages.Paper], list[Own]]:
    count = random.randint(least, 5)
    first = random.randrange(100, 780)
    votes, comments = random.sample(range(100, 999), count), random.sample(range(100, 999), count)
    papers = [
        pages.Paper(
            first + i,
            random.randrange(99),
            *(random.random() < 0.5 for _ in range(4)),
            random.choice([0, comments[i]]),
            votes[i],
        )
        for i in range(count)
    ]
    return papers, [Own(paper.word, paper.id) for paper in papers]


def _json_page(form: str, random: Random) -> Page:
    papers, own = _papers_with_items(random)
    flat, names, authors = random.random() < 0.5, random.randrange(4), random.randrange(4)
    items = [pages.flat_item(p, names, authors) if flat else pages.item_of(p, random.random() < 0.3) for p in papers]
    if form == "json_lines":
        text = "\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n"
    else:
        wrapped: list[Any] = [items, {"papers": items}, {"2026-06-11": items}]
        text = pages.to_json(random.choice(wrapped), random)
    return Page(text, own, damages=(*DAMAGES, *_SLICES))


def _one_paper(random: Random) -> tuple[pages.Paper, list[Own]]:
    """Return a paper that has a page of its own; second, what tells the other that a comment on this page names."""
    papers, own = _papers_with_items(random)
    return papers[0], [own[0], Own("another paper about pebbles", "2401.00001")]


def _html_page(form: str, random: Random) -> Page:
    damages = (*DAMAGES, *_SLICES, *_SLICES)
    if form == "html_paper":
        paper, own = _one_paper(random)
        return Page(pages.paper_page_of(paper, random.random() < 0.5), own, damages=damages)
    papers, own = _papers_with_items(random)
    kind = random.choice(["daily", "search", "trending"])
    data, cards = form == "html_data", form == "html_cards" or random.random() < 0.5
    return Page(pages.page_of(papers, kind, data, cards, random.randrange(999)), own, damages=damages)


def damaged(form: str, number: int, seed: int = 0) -> tuple[Page, str]:
    """Return the page of ``form`` that ``number`` and ``seed`` stand for, and its text, damaged."""
    random = Random(f"{form} {seed} {number}")
    page = page_of(form, random)
    parts = page.text.split(page.parting)
    for _ in range(random.randint(1, page.most)):
        if parts:
            random.choice(page.damages)(random, parts)
    return page, page.parting.join(parts)


# ---------------------------------------------------------------------------------------------
# what was read


_PLACES = ("line_start", "line_end", "page_day", "raw")


def _words_of(record: Record) -> str:
    return str([value for name, value in record._asdict().items() if name not in _PLACES]).lower()


def owners(record: Record, papers: list[Own]) -> set[str]:
    """Return the ids of the papers that ``record`` has words, addresses or the id of."""
    words = _words_of(record)
    return {paper.arxiv_id for paper in papers if paper.word in words or paper.arxiv_id == record.arxiv_id}


_NUMBERS = ("date", "comments", "upvotes", "n_authors", "github_stars", "arxiv_time", "daily_time")


def _numbers_of(record: Record) -> dict[str, Any]:
    found = {**fields_of(record), "arxiv_time": record.arxiv_time, "daily_time": record.daily_time}
    if record.authors is not None:
        found.pop("n_authors", None)  # the names tell more
    return {name: found[name] for name in _NUMBERS if found.get(name)}


def is_mixed(record: Record, page: Page, whole: Reading) -> bool:
    """Say whether ``record`` has words or numbers of two papers; ``whole`` is the reading of the page without damage."""
    found = owners(record, page.papers)
    if len(found) != 1:
        return len(found) > 1
    own, others = set(), set()
    for one in whole.records:
        (own if owners(one, page.papers) == found else others).update(_numbers_of(one).items())
    return any(pair in others and pair not in own for pair in _numbers_of(record).items())


def leaves_no_trace(record: Record, page: Page, text: str, whole: Reading) -> bool:
    """Say whether a mixed record stands on what a page without damage may show, so that no reader can tell.

    - Text without links: its lines are in number, order and kind those of an undamaged card; blank lines, which
      differ from copy to copy, do not count, and real pages have cards without metadata. No such line says whose it is: a title and the abstract of another paper
      are left where the lines between were dropped, and dates may have been exchanged.
    - Links and saved cards: the card has the fields of an undamaged one, and no address on its lines is another
      paper's. Dates, organisations and repositories have no paper's id in their addresses, a trending page's text has
      no address at all, and words may have been moved into the middle of others.
    - JSON: the item has the keys of an undamaged one, and names one paper; or words were moved into a text.
    - A paper's own page: words that were moved into a text, without a tag around them.
    """
    if whole.form in _TEXT_PAGES:
        return _kinds(text, record) in {("title", "long"), *(_kinds(page.text, one) for one in whole.records)}
    lines = "\n".join(text.split("\n")[record.line_start - 1 : record.line_end])
    others = {paper.arxiv_id for paper in page.papers} - {record.arxiv_id}
    if whole.form in ("api_json", "json_lines") or (whole.form == "html_data" and "data-props" in text):
        return _is_whole_item(record, page, text, others) or _moved_into_text(record, page, lines)
    if whole.form == "html_paper":
        return _moved_into_text(record, page, lines)
    if others & _ids_on(lines, page.text):
        return False
    given = [_given(one) for one in whole.records]
    return set.intersection(*given) <= _given(record) <= set.union(*given)


def _given(record: Record) -> set[str]:
    return {name for name, value in record._asdict().items() if value is not None and name not in _PLACES}


def _ids_on(lines: str, listed_in: str) -> set[str]:
    """Return the ids on some lines; numbers of links stand for the addresses that the whole page lists."""
    listed = dict(re.findall(r"^\s*\[?(\d+)(?:\]:?|\.) +(\S+)$", listed_in, re.MULTILINE))
    addresses = [listed.get(number, "") for number in re.findall(r"\[(\d+)\]", lines)]
    return set(re.findall(r"\d{4}\.\d{5}", " ".join([lines, *addresses])))


def _is_whole_item(record: Record, page: Page, text: str, others: set[str]) -> bool:
    """Say whether the item that a record was made of has the keys of an undamaged one and no other paper's id."""
    whole = [_keys(item) for item in _items(page.text)]
    title = " ".join(record.title.split())
    for item in _items(text):
        told = " ".join(json.dumps(item, ensure_ascii=False).replace("\\n", " ").split())
        if title in told and not any(number in told for number in others):
            return set.intersection(*whole) <= _keys(item) <= set.union(*whole)
    return False


def _items(text: str) -> list[dict[str, Any]]:
    if "data-props" in text:
        props = re.search(r"data-props=(?:\"([^\"]*)\"|'([^']*)')", text)
        text = html.unescape((props[1] or props[2] or "") if props else text)
    return [item.value for item in scan(text).items]


def _keys(item: dict[str, Any]) -> set[str]:
    return {*item, *(f"paper.{name}" for name in item.get("paper", ()))}


def _moved_into_text(record: Record, page: Page, lines: str) -> bool:
    """Say whether another paper's words in a record stand there with those around them, no tag between."""
    shown = " ".join(html.unescape(lines).split()).lower()
    for value in (record.title, record.abstract or "", record.ai_summary or "", *(record.authors or ())):
        lower = value.lower()
        for paper in page.papers:
            if paper.arxiv_id == record.arxiv_id:
                continue
            place = lower.find(paper.word)
            if place >= 0 and (place == 0 or lower[max(0, place - 12) : place + 12] not in shown):
                return False
    return True


_KINDS = (
    ("date", re.compile(r"[A-Z][a-z]{2} \d+(?:, \d+)?(?: \d+)?")),
    ("short", re.compile(r"\W*\d+ authors")),  # as an organisation is
    ("dot", re.compile("·")),
)


def _kinds(text: str, record: Record) -> tuple[str, ...]:
    """Return the kinds of the lines of a record: long and short texts, metadata. A title's lines are one, and an abstract's."""
    found: list[str] = []
    left = len(record.title)  # characters of the title that are to come
    for line in text.split("\n")[record.line_start - 1 : record.line_end]:
        words = line.strip()
        kind = next((name for name, shape in _KINDS if shape.fullmatch(words)), None)
        if not words:
            continue
        if kind is None:
            kind = "title" if left > 0 else "long" if words in (record.abstract or "") else "short"
            left -= len(words) + 1
        if kind not in found[-1:] or kind in ("date", "dot"):
            found.append(kind)
    return tuple(found)


# ---------------------------------------------------------------------------------------------


_COLUMNS = ("files", "exceptions", "lost lines", "records", "right", "mixed", "no trace", "refusals")


def _count(form: str, seed: int, numbers: range) -> tuple[str, Counter[str], list[str]]:
    counted: Counter[str] = Counter()
    shown = []
    for number in numbers:
        page, text = damaged(form, number, seed)
        counted["files"] += 1
        whole = read_capture(page.text)
        try:
            reading = read_capture(text)
        except Exception as problem:
            counted["exceptions"] += 1
            shown.append(f"{form} {seed} {number}: {problem!r}")
            continue
        try:
            check_account(reading, text)
        except AssertionError:
            counted["lost lines"] += 1
            shown.append(f"{form} {seed} {number}: lines are lost")
        right = {_words_of(record) for record in whole.records}
        counted["records"] += len(reading.records)
        counted["refusals"] += len(reading.refusals)
        for record in reading.records:
            counted["right"] += _words_of(record) in right
            if is_mixed(record, page, whole):
                traceless = leaves_no_trace(record, page, text, whole)
                counted["no trace" if traceless else "mixed"] += 1
                if not traceless:
                    shown.append(f"{form} {seed} {number}: line {record.line_start}, {record.title[:60]}")
    return form, counted, shown


def _batches(forms: tuple[str, ...], number: int, seed: int) -> Iterator[tuple[str, int, range]]:
    for form in forms:
        for first in range(0, number, _BATCH):
            yield form, seed, range(first, min(number, first + _BATCH))


_BATCH = 250
#: Mixed records a file. What is left, by kind, stands in docs/performance.md.
_MOST_MIXED = 0.005


def main(number: int, seed: int = 0, forms: tuple[str, ...] = FORMS) -> int:
    """Print the counts of each form; return how many forms have exceptions, lost lines or too many mixed records."""
    total: dict[str, Counter[str]] = {form: Counter() for form in forms}
    shown: list[str] = []
    with Pool() as pool:
        for form, counted, wrong in pool.imap_unordered(partial(_apply, _count), _batches(forms, number, seed)):
            total[form] += counted
            shown += wrong
    print(f"{'seed ' + str(seed):29}" + "".join(f"{name:>12}" for name in _COLUMNS))
    for form, counts in total.items():
        print(f"{form:29}" + "".join(f"{counts[name]:12,}" for name in _COLUMNS))
    print("\n".join(sorted(shown)[:40]), file=sys.stderr)
    return sum(
        counts["exceptions"] + counts["lost lines"] + max(0, counts["mixed"] - _MOST_MIXED * counts["files"]) > 0
        for counts in total.values()
    )


def _apply(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)


if __name__ == "__main__":
    given = sys.argv[1:]
    numbers = [int(argument) for argument in given[:2]]
    sys.exit(main(*(numbers + [10_000, 0][len(numbers) :]), tuple(given[2:]) or FORMS) > 0)
