"""What is delivered to the lakes: invented papers in several forms, new ones and such as are known, by seed."""

import json
import os
import random
from pathlib import Path

from etl_project_tests.conftest import ABSTRACT, capture
from etl_project_tests.pages import Told, item_of, page_of

_TIME = 1_780_000_000  # of all files, so that two lakes tell the same of them


def _paper(number: int, shown_again: bool = False) -> Told:
    words = random.Random(number)
    title = f"On the {words.choice(['Slow', 'Quiet', 'Late', 'Small'])} Habits of Lantern Moths Number {number}"
    return Told(
        f"2403.{number:05}",
        title + (", Revisited" if shown_again and number % 2 else ""),
        ABSTRACT.format(topic=f"lantern moth number {number}"),
        authors=tuple(f"{name} Moth{number}" for name in ("Ada", "Bo", "Cy")[: 1 + number % 3]),
        github=f"https://github.com/moths/number-{number}" if number % 3 else None,
        stars=words.randrange(1, 900) if number % 3 else None,
        published=f"2024-03-{1 + number % 28:02}T09:00:00.000Z",
        upvotes=words.randrange(400),
    )


def deliver(folder: Path, number: int) -> Path:
    """Write the delivery ``number`` below ``folder``, unless it is there, and return its folder.

    Each has text, JSON and a saved page, brings new papers, and shows some of the deliveries before.
    """
    place = folder / f"delivery{number}"
    if place.exists():
        return place
    first = number * 10
    known = [_paper(n, shown_again=True) for n in random.Random(number).sample(range(first), min(first, 4))]
    new = [_paper(n) for n in range(first, first + 10)]
    text = capture(*((paper.title, f"lantern moth number {int(paper.id[5:])}") for paper in (*new[:4], *known[:2])))
    files = {
        f"text{number}.txt": text,
        f"api{number}.json": json.dumps([item_of(paper) for paper in (*new[2:7], *known[2:])]),
        f"page{number}.html": page_of([*new[6:], *known[1:3]], "daily", day=f"2026-06-{number + 1:02}"),
        f"copy{number}.txt": text,  # the same content under another name
    }
    making = place.with_name(place.name + ".making")
    making.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (making / name).write_text(content, "utf-8")
        os.utime(making / name, (_TIME + number, _TIME + number))
    making.rename(place)
    return place
