"""Captures with links, damaged: lines dropped, doubled, cut, shuffled, bytes flipped. Counts what the readers make of them.

    python -m etl_project_tests.benchmarks.chaos_forms [files of each form]

What must hold: no exception, every line accounted for, no record with words of two papers (``mixed`` 0).
"""

import sys
from collections.abc import Callable
from random import Random

from etl_project.captures import Reading, Record, read_capture
from etl_project_tests.form_checks import check_account, is_mixed
from etl_project_tests.renderer import CHOICES, Paper, layout_of, papers_of, render


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


_OF_ONE_PLACE = (_drop_one, _double_one, _cut_start, _flip, _end, _join)


def damaged(form: str, number: int) -> tuple[list[Paper], str]:
    """Return the papers of a page and the page, damaged, that ``number`` stands for.

    Of wrapped pages paragraphs are damaged, not lines: a line that was moved from one paragraph into another
    cannot be told from its neighbours. Where words stand without an address of their own, on pages without ids
    and with addresses on lines of their own, one place is damaged and nothing is moved: words that
    were put exactly in the place of others cannot be told from them.
    """
    random = Random(f"{form} {number}")
    layout = layout_of(random, form, envelope=random.choice(["none", "front_matter", "fence"]))
    papers = papers_of(number, random.randint(2, 4))
    parting = "\n\n" if layout.width else "\n"
    parts = render(papers, layout).split(parting)
    loose = layout.plain_links or not layout.title_linked or layout.list_at == "missing" or form == "link_lines"
    for _ in range(1 if loose else random.randint(1, 3)):
        if parts:
            random.choice(_OF_ONE_PLACE if loose else DAMAGES)(random, parts)
    return papers, parting.join(parts)


def mixed_records(reading: Reading, papers: list[Paper]) -> list[Record]:
    """Return the records that hold parts of two papers."""
    return [record for record in reading.records if is_mixed(record, papers)]


def main(number: int) -> int:
    """Print the counts of each form; return the number of mixed records."""
    mixed = 0
    for form in CHOICES:
        rendered = records = refused = wrong = 0
        for i in range(number):
            papers, text = damaged(form, i)
            reading = read_capture(text)
            check_account(reading, text)
            rendered += len(papers)
            records += len(reading.records)
            refused += len(reading.refusals)
            wrong += len(mixed_records(reading, papers))
        print(f"{form:12} {number} files, {rendered} papers: {records} records kept, {refused} refusals, {wrong} mixed")
        mixed += wrong
    return mixed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000) > 0)
