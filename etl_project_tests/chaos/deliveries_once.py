"""The same content delivered in odd ways: twice, under two names, at the same time, half, replaced, cut and completed."""

import json
import shutil
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import duckdb

from etl_project.lake import Lake
from etl_project_tests.chaos.trials import Chain, Outcome, environment, papers
from etl_project_tests.chaos.watching import Broken, content, whole

_LONGEST_RUN = 900


def _run(lake: Lake, *paths: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        papers(lake, *paths), capture_output=True, text=True, check=False, env=environment(), timeout=_LONGEST_RUN
    )


def _rows(lake: Lake, query: str) -> list[tuple]:
    with duckdb.connect(str(lake.database.resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _same_but_times(lake: Lake, other: Lake) -> None:
    mine, theirs = content(lake), content(other)
    if different := sorted(table for table in mine if mine[table] != theirs[table]):
        raise Broken(f"these differ from a lake to which each came once: {', '.join(different)}")


def twice_at_once(chain: Chain, lake: Lake, folder: Path) -> None:
    """Two runs with the same files, started together: one works, the other names it and leaves with 3."""
    started = [
        subprocess.Popen(
            papers(lake, chain.delivery(1)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for _ in range(2)
    ]
    said = {process: process.communicate(timeout=_LONGEST_RUN)[1] for process in started}
    codes = sorted(process.returncode for process in started)
    if codes != [0, 3]:
        raise Broken(f"two runs at once ended with {codes}")
    (busy,) = (process for process in started if process.returncode == 3)
    (worked,) = (process for process in started if process.returncode != 3)
    if f"in use by papers run (process {worked.pid}, since " not in said[busy]:
        raise Broken(f"the second run said: {said[busy]}")
    _same_but_times(lake, chain.lake(1))


def again_and_under_other_names(chain: Chain, lake: Lake, folder: Path) -> None:
    """The same files again, copied under other names, compressed by nobody: each content is known."""
    _run(lake, chain.delivery(1))
    copies = folder / "copies"
    copies.mkdir()
    for file in chain.delivery(1).iterdir():
        shutil.copy2(file, copies / f"other_{file.name}")
    for _ in range(2):
        if (done := _run(lake, chain.delivery(1), copies)).returncode:
            raise Broken(f"a second delivery ended with {done.returncode}: {done.stderr}")
    _same_but_times(lake, chain.lake(1))


def half_then_whole(chain: Chain, lake: Lake, folder: Path) -> None:
    """A file that is being copied into the inbox: left alone while it grows, taken once when it is complete."""
    source = chain.delivery(1) / "api1.json"
    lake.inbox.mkdir(parents=True, exist_ok=True)
    growing, whole_one = lake.inbox / "api1.json", lake.inbox / "text1.txt"
    shutil.copy2(chain.delivery(1) / "text1.txt", whole_one)
    with growing.open("wb") as file:
        file.write(source.read_bytes()[:900])
        file.flush()
        first = _run(lake)
    if "still being written; the next run looks again" not in first.stdout or first.returncode:
        raise Broken(f"a growing file: {first.returncode} {first.stdout}")
    if _rows(lake, "select count(*) from raw_dumps where file_name = 'api1.json'") != [(0,)]:
        raise Broken("a growing file was taken")
    if _rows(lake, "select count(*) from raw_dumps where file_name = 'text1.txt'") != [(1,)]:
        raise Broken("a growing file kept a whole one waiting")
    shutil.copy2(source, growing)
    _run(lake)
    _run(lake)
    if _rows(lake, "select count(*) from raw_dumps where file_name = 'api1.json'") != [(1,)]:
        raise Broken("a file that was completed was not taken once")


def written_in_steps(chain: Chain, lake: Lake, folder: Path) -> None:
    """A file that a tool opens, extends and closes again and again: never taken short."""
    source = (chain.delivery(1) / "api1.json").read_bytes()
    lake.inbox.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()

    def extend() -> None:
        for place in range(0, len(source), max(1, len(source) // 400)):
            with (lake.inbox / "api1.json").open("ab") as file:
                file.write(source[place : place + max(1, len(source) // 400)])
            if stop.wait(0.1):
                return

    writer = threading.Thread(target=extend)
    writer.start()
    try:
        time.sleep(0.5)
        done = _run(lake)
        taken = _rows(lake, "select count(*) from raw_dumps where file_name = 'api1.json'")
        if writer.is_alive() and taken != [(0,)]:
            raise Broken(f"a file was taken that grew: {done.stdout}")
    finally:
        stop.set()
        writer.join()


def replaced(chain: Chain, lake: Lake, folder: Path) -> None:
    """Another content under the same name: both are taken, once each."""
    lake.inbox.mkdir(parents=True, exist_ok=True)
    page = lake.inbox / "page.html"
    for n in (1, 2, 1):
        shutil.copy2(chain.delivery(n) / f"page{n}.html", page)
        _run(lake)
    files = Counter(row[0] for row in _rows(lake, "select dump_id from raw_dumps where file_name = 'page.html'"))
    if sorted(files.values()) != [1, 1]:
        raise Broken(f"two contents under one name gave {files}")


def cut_then_completed(chain: Chain, lake: Lake, folder: Path) -> None:
    """A copy that had stopped half-way was taken; completed, it is another content: no paper is doubled or lost by it."""
    source = chain.delivery(1) / "api1.json"
    alone = Lake(folder / "alone")
    shutil.copytree(chain.lake(0).root, alone.root, symlinks=True)
    _run(alone, source)
    cut = folder / "api1.json"
    cut.write_bytes(source.read_bytes()[: source.stat().st_size * 3 // 5])
    _run(lake, cut)
    _run(lake, source)
    query = "select title, arxiv_id, abstract from papers order by all"
    if _rows(lake, query) != _rows(alone, query):
        raise Broken("a cut copy before the whole one gives other papers than the whole one alone")


def on_a_fetch(chain: Chain, lake: Lake, folder: Path) -> None:
    """A run beside a fetch that has not finished a read: it takes the whole reads, and those only."""
    page = json.dumps(json.loads((chain.delivery(1) / "api1.json").read_text("utf-8"))).encode()
    read = lake.fetched / "daily_papers" / "2026-06-11" / "0123456789ab"
    read.mkdir(parents=True)
    (read / "daily_papers_2026-06-11_p0.json").write_bytes(page[: len(page) // 2])
    lake.inbox.mkdir(parents=True, exist_ok=True)
    _run(lake)
    if _rows(lake, "select count(*) from raw_dumps where file_name like 'daily_papers%'") != [(0,)]:
        raise Broken("half a fetched read was taken")


WAYS = {
    "the same files in two runs at once": twice_at_once,
    "the same content again and under other names": again_and_under_other_names,
    "half-copied into the inbox, then completed": half_then_whole,
    "written in steps, closed between them": written_in_steps,
    "replaced under the same name": replaced,
    "cut, taken, then completed": cut_then_completed,
    "beside a fetch that is not complete": on_a_fetch,
}


def deliver_oddly(chain: Chain, name: str, place: Path) -> Outcome:
    """Try one of ``WAYS`` on a copy of the lake after the first delivery."""
    outcome = Outcome("delivered oddly", name)
    shutil.rmtree(place, ignore_errors=True)
    lake = Lake(place / "lake")
    shutil.copytree(chain.lake(0).root, lake.root, symlinks=True)
    try:
        WAYS[name](chain, lake, place)
        whole(lake)
        (doubled,) = _rows(
            lake,
            "select count(*) - count(distinct (dump_id, line_start, item)) from (select dump_id, line_start, mention_id as item from parsed_rows)",
        )[0]
        if doubled:
            raise Broken(f"{doubled} mentions stand twice")
        outcome.survived = True
        shutil.rmtree(place, ignore_errors=True)
    except Broken as error:
        outcome.why = str(error)
    return outcome
