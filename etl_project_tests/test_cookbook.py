"""Every query of docs/cookbook.md is run as its reader runs it, gives the same in any order of the rows, and gives what
slow Python over the tables gives."""

import re
import shutil
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from etl_project.captures import catalogue
from etl_project.lake import PROJECT, Lake
from etl_project.reading import open_read_only
from etl_project.run import Summary
from etl_project_tests.conftest import FormsRun

Row = dict[str, Any]
PAGE = (PROJECT / "docs" / "cookbook.md").read_text("utf-8")


class Recipe(NamedTuple):
    """One block of SQL, and where it stands."""

    section: str
    number: int
    question: str
    sql: str


def _recipes() -> list[Recipe]:
    found, section, number, question = [], "", 0, ""
    for part in re.finditer(r"^## (.+)$|^### (\d+)\. (.+)$|^```sql\n((?:.*\n)*?)```", PAGE, re.MULTILINE):
        section = part[1] or section
        number, question = (int(part[2]), part[3]) if part[2] else (number, question)
        if part[4]:
            found.append(Recipe(section, number, question, part[4]))
    return found


RECIPES = _recipes()
#: Those that a connection to the publication alone answers.
ASKED = [recipe for recipe in RECIPES if recipe.section != "Taking data away"]
_BY_NUMBER = pytest.mark.parametrize("recipe", ASKED, ids=lambda recipe: f"{recipe.number}")
#: Those that ask the tables alone; the index of the search belongs to its file, and is no table to be shuffled or emptied.
_OF_TABLES = pytest.mark.parametrize(
    "recipe", [recipe for recipe in ASKED if "search_papers" not in recipe.sql], ids=lambda recipe: f"{recipe.number}"
)


def the(number: int) -> Recipe:
    return next(recipe for recipe in RECIPES if recipe.number == number)


def rows_of(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Row]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    assert len(set(names)) == len(names), names
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def lakes(sample_run: tuple[Lake, Summary], forms_run: FormsRun) -> list[Lake]:
    return [sample_run[0], forms_run.lake]


@pytest.fixture(scope="module")
def published(lakes: list[Lake]) -> Any:
    """Both publications, opened as any client does."""
    connections = [duckdb.connect(str(lake.database), read_only=True) for lake in lakes]
    yield connections
    for connection in connections:
        connection.close()


@pytest.fixture(scope="module")
def shuffled(lakes: list[Lake]) -> Any:
    """The forms' publication twice in memory, its rows backwards and in an order of hashes."""
    connections = []
    for order in ("rowid desc", "hash(t)"):
        connection = duckdb.connect()
        connection.execute(f"attach '{lakes[1].database}' as lake (read_only)").fetchall()
        for (name,) in connection.execute("select table_name from duckdb_tables() where database_name = 'lake'").fetchall():  # fmt: skip
            connection.execute(f"create table {name} as from lake.{name} t order by {order}").fetchall()
        connection.execute("detach lake").fetchall()
        connections.append(connection)
    yield connections
    for connection in connections:
        connection.close()


@pytest.fixture
def beside(forms_run: FormsRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with the lake under the name that the page uses."""
    (tmp_path / "data_lake").symlink_to(forms_run.lake.root)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_questions_are_numbered_and_the_list_at_the_top_leads_to_each() -> None:
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    numbered = [heading for heading in headings if heading[0].isdigit()]
    assert [int(heading.split(".")[0]) for heading in numbered] == list(range(1, len(numbered) + 1))
    assert {recipe.number for recipe in RECIPES} == set(range(1, len(numbered) + 1))
    anchors = {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in [*headings, *re.findall(r"^## (.+)$", PAGE, re.MULTILINE)]
    }
    assert set(re.findall(r"\(#([^)]+)\)", PAGE)) == anchors


@_BY_NUMBER
def test_each_query_gives_rows_as_papers_sql_runs_it(recipe: Recipe, lakes: list[Lake]) -> None:
    given = 0
    for lake in lakes:
        with open_read_only(lake.database, alone=True) as connection:
            given += len(rows_of(connection, recipe.sql))
    assert given > 0


@_OF_TABLES
def test_each_answer_is_the_same_in_whatever_order_the_rows_lie(
    recipe: Recipe, published: Any, shuffled: list[duckdb.DuckDBPyConnection]
) -> None:
    answer = rows_of(published[1], recipe.sql)
    for connection in shuffled:
        assert rows_of(connection, recipe.sql) == answer


@_OF_TABLES
def test_each_query_runs_where_nothing_is_known(recipe: Recipe, lakes: list[Lake]) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{lakes[0].database}' as lake (read_only)").fetchall()
        for (name,) in connection.execute("select table_name from duckdb_tables() where database_name = 'lake'").fetchall():  # fmt: skip
            connection.execute(f"create table {name} as from lake.{name} limit 0").fetchall()
        assert rows_of(connection, recipe.sql) == []


# What each answer must be, the slow way: rows of the tables in, the answer out.


class Tables:
    """The rows of a publication by table, as Python has them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> list[Row]:
        return rows_of(self._connection, f"from {name}")

    def mentions(self) -> list[Row]:
        """Rows of parsed_rows with their paper, capture and file."""
        papers = {row["mention_id"]: row["paper_id"] for row in self.paper_mentions}
        captures = {row["dump_id"]: row for row in self.captures}
        files = {row["dump_id"]: row["file_name"] for row in self.raw_dumps}
        return [
            {
                **row,
                "paper_id": papers[row["mention_id"]],
                "captured_on": captures[row["dump_id"]]["captured_on"],
                "file_name": files[row["dump_id"]],
            }
            for row in self.parsed_rows
        ]


def _by(rows: list[Row], *names: str) -> dict[Any, list[Row]]:
    groups = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in names) if len(names) > 1 else row[names[0]]].append(row)
    return groups


def _newest(t: Tables) -> list[Row]:
    dated = [row for row in t.papers if row["published_on"]]
    dated.sort(key=lambda row: (-row["published_on"].toordinal(), row["paper_id"]))
    return dated[:20]


def _daily(t: Tables) -> list[Row]:
    newest = max(row["daily_on"] for row in t.papers if row["daily_on"])
    return sorted(
        (row for row in t.papers if row["daily_on"] == newest), key=lambda row: (row["title"], row["paper_id"])
    )


def _upvotes(t: Tables) -> list[Row]:
    found = []
    for paper_id, rows in _by([row for row in t.mentions() if row["upvotes"] is not None], "paper_id").items():
        day = max((row["captured_on"] for row in rows if row["captured_on"]), default=None)
        most = max(row["upvotes"] for row in rows if row["captured_on"] == day)
        found.append({"upvotes": most, "captured_on": day, "paper_id": paper_id})
    return sorted(found, key=lambda row: (-row["upvotes"], row["paper_id"]))[:20]


def _authors(t: Tables) -> list[Row]:
    found = []
    for year, rows in _by(
        [{"year": p["published_on"] and p["published_on"].year, **p} for p in t.papers], "year"
    ).items():
        known = [row["n_authors"] for row in rows if row["n_authors"] is not None]
        found.append(
            {
                "year": year,
                "papers": len(rows),
                "with_a_count": len(known),
                "median_authors": statistics.median(known) if known else None,
                "most_authors": max(known, default=None),
            }
        )
    return sorted(found, key=lambda row: row["year"] or 9999)


def _names(t: Tables) -> list[Row]:
    found = []
    for rows in _by([{**row, "key": " ".join(row["name"].lower().split())} for row in t.paper_authors], "key").values():
        found.append(
            {
                "author": min(row["name"] for row in rows),
                "papers": len({row["paper_id"] for row in rows}),
                "as_first_author": len({row["paper_id"] for row in rows if row["position"] == 1}),
            }
        )
    return sorted(found, key=lambda row: (-row["papers"], row["author"]))[:20]


def _code(t: Tables) -> list[Row]:
    showing = {form.name for form in catalogue.READ if "repository" in form.carries}
    can_tell = {row["paper_id"] for row in t.mentions() if row["form"] in showing}
    with_code = {row["paper_id"] for row in t.github_links}
    found = []
    for year, rows in _by(
        [{"year": p["published_on"] and p["published_on"].year, **p} for p in t.papers], "year"
    ).items():
        told = {row["paper_id"] for row in rows} & can_tell
        found.append(
            {
                "year": year,
                "papers": len(told),
                "with_code": len(told & with_code),
                "share": len(told & with_code) / len(told) if told else None,
                "cannot_tell": len(rows) - len(told),
            }
        )
    return sorted(found, key=lambda row: row["year"] or 9999)


def _repositories(t: Tables) -> list[Row]:
    found = [
        {
            "repo_key": key,
            "papers": len({row["paper_id"] for row in rows}),
            "on_a_page": len({row["paper_id"] for row in rows if row["source"] != "abstract"}),
        }
        for key, rows in _by(t.github_links, "repo_key").items()
    ]
    return sorted(found, key=lambda row: (-row["papers"], row["repo_key"]))[:20]


def _gained(t: Tables) -> list[Row]:
    mentions = {row["mention_id"]: row for row in t.mentions()}
    counts = defaultdict(list)
    for link in t.mention_links:
        mention = mentions[link["mention_id"]]
        shown = link["source"] == "page" and link["repo_key"] and mention["captured_on"]
        if shown and mention["github_stars"] is not None and link["url_raw"] == mention["github_url"].strip():
            counts[link["repo_key"]].append(
                (mention["captured_on"], -mention["github_stars"], mention["github_stars_step"])
            )
    found = []
    for key, counted in counts.items():
        first, last = min(counted), min(counted, key=lambda one: (-one[0].toordinal(), *one[1:]))
        if first[0] < last[0]:
            found.append(
                {
                    "repo_key": key,
                    "first_on": first[0],
                    "last_on": last[0],
                    "stars_first": -first[1],
                    "stars_last": -last[1],
                    "gained": first[1] - last[1],
                    "off_by_at_most": first[2] + last[2] - 2,
                }
            )
    return sorted(found, key=lambda row: (-row["gained"], row["repo_key"]))[:20]


def _months(t: Tables) -> list[Row]:
    counts = Counter(row["published_on"] and row["published_on"].replace(day=1) for row in t.papers)
    inferred = Counter(
        row["published_on"] and row["published_on"].replace(day=1) for row in t.papers if row["published_year_inferred"]
    )
    known = sorted(month for month in counts if month)
    months, month = [], known[0]
    while month <= known[-1]:
        months.append(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    undated = [None] if None in counts else []
    return [{"month": m, "papers": counts[m], "year_inferred": inferred[m]} for m in [*months, *undated]]


def _topic(t: Tables) -> list[Row]:
    words = re.compile(r"\b(agents?|agentic)\b", re.IGNORECASE | re.ASCII)
    found = []
    told = [row for row in t.papers if row["abstract_kind"] == "abstract" and row["published_on"]]
    for year, rows in _by([{"year": row["published_on"].year, **row} for row in told], "year").items():
        hits = sum(
            bool(words.search(row["title"]) or words.search(row["abstract_clean"] or row["abstract"])) for row in rows
        )
        found.append({"year": year, "papers": len(rows), "on_topic": hits, "share": hits / len(rows)})
    return sorted(found, key=lambda row: row["year"])


def _delays(t: Tables) -> list[Row]:
    both = [
        {"month": row["daily_on"].replace(day=1), "days": (row["daily_on"] - row["published_on"]).days}
        for row in t.papers
        if row["daily_on"] and row["published_on"]
    ]
    found = [
        {
            "month": month,
            "papers": len(rows),
            "median_days": statistics.median(row["days"] for row in rows),
            "before_arxiv": sum(row["days"] < 0 for row in rows),
        }
        for month, rows in _by(both, "month").items()
    ]
    return sorted(found, key=lambda row: row["month"])


def _who_says_what(t: Tables) -> list[Row]:
    found = []
    for paper_id, rows in sorted(_by(t.mentions(), "paper_id").items()):
        told = sorted((row for row in rows if row["n_authors"] is not None), key=lambda row: row["mention_id"])
        (chosen,) = (row["n_authors"] for row in t.papers if row["paper_id"] == paper_id)
        if len({row["n_authors"] for row in told}) > 1:
            found += [
                {**_without_title(row), "says": row["n_authors"], "chosen": row["n_authors"] == chosen} for row in told
            ]
    return found


def _without_title(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "title"}


def _first_and_last(t: Tables) -> list[Row]:
    found = []
    for paper_id, rows in _by(t.mentions(), "paper_id").items():
        days = [row["captured_on"] for row in rows if row["captured_on"]]
        found.append(
            {
                "paper_id": paper_id,
                "first_captured": min(days, default=None),
                "last_captured": max(days, default=None),
                "captures": len({row["dump_id"] for row in rows}),
                "without_day": len({row["dump_id"] for row in rows if not row["captured_on"]}),
            }
        )
    return sorted(found, key=lambda row: (-row["captures"], row["paper_id"]))[:20]


def _refused(t: Tables) -> list[Row]:
    reasons = _by(t.refused_records, "dump_id")
    files = {row["dump_id"]: row["file_name"] for row in t.raw_dumps}
    found = [
        {
            "dump_id": row["dump_id"],
            "file_name": files[row["dump_id"]],
            "mentions": sum(one["dump_id"] == row["dump_id"] for one in t.parsed_rows),
            "refused": len(reasons[row["dump_id"]]),
            "reasons": ", ".join(sorted({one["reason"] for one in reasons[row["dump_id"]]})) or None,
        }
        for row in t.captures
    ]
    return sorted(found, key=lambda row: (-row["refused"], row["file_name"], row["dump_id"]))


_SLOWLY: dict[int, Callable[[Tables], list[Row]]] = {
    1: _newest,
    2: _daily,
    3: _upvotes,
    4: _authors,
    5: _names,
    7: _code,
    8: _repositories,
    10: _gained,
    12: _months,
    13: _topic,
    14: _delays,
    17: _who_says_what,
    20: _first_and_last,
    21: _refused,
}


@pytest.mark.parametrize("number", _SLOWLY)
def test_each_answer_is_that_of_slow_python(number: int, published: Any) -> None:
    for connection in published:
        answer, expected = rows_of(connection, the(number).sql), _SLOWLY[number](Tables(connection))
        assert len(answer) == len(expected)
        for row, known in zip(answer, expected, strict=True):
            shared = row.keys() & known.keys()
            assert len(shared) >= 3
            assert {name: row[name] for name in shared} == {name: known[name] for name in shared}


def test_the_forms_that_can_show_a_repository_are_those_of_the_catalogue() -> None:
    listed = set(re.findall(r"'([a-z_]+)'", the(7).sql.split("in (")[1].split(")")[0]))
    assert listed == {form.name for form in catalogue.READ if "repository" in form.carries}


def test_what_is_copied_into_files_is_what_the_tables_have(published: Any, beside: Path) -> None:
    parquet, text = (recipe.sql for recipe in RECIPES if recipe.number == 23)
    for sql in (parquet, text):
        with duckdb.connect("data_lake/published/papers.duckdb", read_only=True) as connection:
            connection.execute(sql).fetchall()
    with duckdb.connect() as own:
        copied = rows_of(own, "from 'papers_of_mine.parquet'")
        names = rows_of(own, "from read_csv('authors_of_mine.csv', all_varchar = true)")
    papers = sorted(Tables(published[1]).papers, key=lambda row: row["paper_id"])
    assert copied == [{name: row[name] for name in copied[0]} for row in papers]
    listed = _by(sorted(Tables(published[1]).paper_authors, key=lambda row: row["position"]), "paper_id")
    assert [(row["title"], row["authors"]) for row in names] == [
        (row["title"], "; ".join(one["name"] for one in listed[row["paper_id"]]) or None) for row in papers
    ]


def test_a_table_of_ones_own_joins_the_publication_attached(published: Any, beside: Path) -> None:
    with duckdb.connect("own.duckdb") as connection:
        first = rows_of(connection, the(24).sql)
        connection.execute("detach lake").fetchall()
        assert rows_of(connection, the(24).sql) == first  # again, with the table that is there
    expected = [row for row in Tables(published[1]).papers if "agent" in row["title"].lower()]
    assert [row["paper_id"] for row in first] == sorted(row["paper_id"] for row in expected)[:10] != []


def test_a_list_of_ones_own_finds_papers_by_ids_and_addresses(beside: Path, forms_run: FormsRun) -> None:
    shutil.copy(forms_run.lake.database, beside / "copy.duckdb")
    (listed,) = re.findall(r"^```csv\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    with duckdb.connect("copy.duckdb") as connection:
        papers = sorted(Tables(connection).papers, key=lambda row: row["paper_id"])
        (a, b), (other,) = [row for row in papers if row["arxiv_id"]][:2], papers[-1:]
        connection.execute("update papers set arxiv_id = '2606.10010' where paper_id = ?", [a["paper_id"]]).fetchall()
        connection.execute("insert into merged_papers values ('p00000000000000ff', ?, 1)", [b["paper_id"]]).fetchall()
        more = f"{b['arxiv_id']}\n{b['arxiv_id']}\np00000000000000ff\n{other['paper_id']}\n"
        (beside / "my_papers.csv").write_text(listed + more, "utf-8")
        found = {row["asked"]: row["paper_id"] for row in rows_of(connection, the(25).sql)}
    assert found == {
        "https://arxiv.org/abs/2606.10010v2": a["paper_id"],
        "2606.10010": a["paper_id"],
        "p0123456789abcdef": None,
        b["arxiv_id"]: b["paper_id"],
        "p00000000000000ff": b["paper_id"],
        other["paper_id"]: other["paper_id"],
    }


def test_the_python_runs_and_sees_the_same_papers(
    beside: Path, published: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    names: Row = {}
    for snippet in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(snippet, "cookbook", "exec"), names)
    t = Tables(published[1])
    counts = [row["n_authors"] for row in t.papers if row["n_authors"] is not None]
    assert f"{len(t.papers)} papers; {len(counts)} with a number of authors, median {statistics.median(counts)}" in (
        capsys.readouterr().out
    )
    assert str(names["papers"]["n_authors"].dtype) == "Int32"
    with_code = {row["paper_id"] for row in t.github_links}
    assert names["with_code"]["paper_id"].to_list() == [
        row["paper_id"]
        for row in sorted(
            (row for row in t.papers if row["paper_id"] in with_code),
            key=lambda row: (-(row["published_on"] or date.min).toordinal(), row["paper_id"]),
        )
    ]
    assert {file["table"]: file["rows"] for file in names["manifest"]["files"]}["papers"] == len(t.papers)
