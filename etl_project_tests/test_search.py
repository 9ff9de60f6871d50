"""Search: how words are read, what is found and in which order, and an index that is the same however it came about."""

import json
import math
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl_project import publish, search
from etl_project.lake import Lake
from etl_project.run import Summary, run_job
from etl_project_tests.benchmarks import search_peers, search_quality
from etl_project_tests.conftest import N_PAPERS, SAMPLES, rows_of

Papers = Callable[..., subprocess.CompletedProcess[str]]
_COLUMNS = (
    "paper_id varchar, title varchar, abstract varchar, abstract_clean varchar, ai_summary varchar, published_on date"
)


class Index:
    """Databases with papers and their search index, side by side in one connection; ``out`` is the newest."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()

    def write(self, papers: dict[str, tuple[str, str | None]], taking_over: bool = False) -> int:
        """Make ``out`` of these papers; what was ``out`` is then ``before``."""
        run = self.connection.execute
        there = {name for (name,) in run("select database_name from duckdb_databases()").fetchall()}
        if "out" in there:
            run("use memory")
            run("detach database if exists before")
            run("attach ':memory:' as before")
            run("copy from database out to before")
            run("detach out")
        run("attach ':memory:' as out")
        run(f"create table out.main.papers ({_COLUMNS})")
        rows = [[paper, title, text] for paper, (title, text) in sorted(papers.items())]
        if rows:
            self.connection.executemany(
                "insert into out.main.papers (paper_id, title, abstract_clean) values (?, ?, ?)", rows
            )
        return search.write(self.connection, taking_over)

    def rows(self) -> dict[str, list[Any]]:
        return {t: self.connection.execute(f"from out.main.{t}").fetchall() for t in search.TABLES}

    def ask(self, query: str | None, **named: int) -> list[str]:
        return [row[0] for row in self.found(query, **named)]

    def found(self, query: str | None, **named: int) -> list[tuple[Any, ...]]:
        self.connection.execute("use out")
        try:
            more = "".join(f", {name} := {value}" for name, value in named.items())
            return self.connection.execute(f"from search_papers($1{more})", [query]).fetchall()
        finally:
            self.connection.execute("use memory")


@pytest.fixture(scope="module")
def words() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        search.create_macros(connection, "macro", "search_words", "search_stem")
        yield connection


def words_of(connection: duckdb.DuckDBPyConnection, text: str | None) -> list[str]:
    return connection.execute("select search_words($1)", [text]).fetchall()[0][0]


def stems_of(connection: duckdb.DuckDBPyConnection, some: list[str]) -> list[str]:
    rows = connection.execute("select list_transform($1::varchar[], lambda w: search_stem(w))", [some]).fetchall()
    return rows[0][0]


def test_the_stems_of_the_samples_words_are_porters(words: duckdb.DuckDBPyConnection) -> None:
    porter = pytest.importorskip("snowballstemmer", reason="the reference stemmer is not installed").stemmer("porter")
    text = " ".join(path.read_text("utf-8", "replace") for path in [*SAMPLES.iterdir(), *Path("docs").glob("*.md")])
    some = sorted({word for word in re.findall("[a-z]+", text.lower()) if 2 < len(word) <= 64})
    assert len(some) > 1000
    assert stems_of(words, some) == porter.stemWords(some)


_SUFFIXES = st.sampled_from(
    [
        "ational",
        "tional",
        "enci",
        "anci",
        "izer",
        "abli",
        "alli",
        "entli",
        "eli",
        "ousli",
        "ization",
        "ation",
        "ator",
        "alism",
        "iveness",
        "fulness",
        "ousness",
        "aliti",
        "iviti",
        "biliti",
        "icate",
        "ative",
        "alize",
        "iciti",
        "ical",
        "ful",
        "ness",
        "al",
        "ance",
        "ence",
        "er",
        "ic",
        "able",
        "ible",
        "ant",
        "ement",
        "ment",
        "ent",
        "ion",
        "ou",
        "ism",
        "ate",
        "iti",
        "ous",
        "ive",
        "ize",
        "e",
        "ll",
        "s",
        "ed",
        "eed",
        "ing",
        "y",
        "ies",
        "sses",
        "ss",
        "tt",
        "zz",
    ]
)
_WORDS = st.builds(
    lambda stem, suffixes: stem + "".join(suffixes), st.text("abcdeilosty", max_size=5), st.lists(_SUFFIXES, max_size=3)
)


@given(st.lists(_WORDS.filter(lambda w: 2 < len(w) <= 64), max_size=50))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_stem_of_any_word_is_porters(words: duckdb.DuckDBPyConnection, some: list[str]) -> None:
    porter = pytest.importorskip("snowballstemmer", reason="the reference stemmer is not installed").stemmer("porter")
    assert stems_of(words, some) == porter.stemWords(some)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Fine-tuning GPT-4 in 3D", "fine tuning gpt 4 in 3d finetuning gpt4"),
        ("Naïve Über-models' C++ and C#", "naive uber models cplusplus and csharp ubermodels"),
        ("the model\u2019s \\textbf{bold} $\\mathcal{O}(n)$", "the model bold o n"),
        ("注意力机制 GPT模型", "注 意 力 机 制 gpt 模 型"),
        ("한국어 모델", "한국어 모델"),
        ("co\u00adoperate \U0001f600 \x00 x", "cooperate x"),
        ("", ""),
        ("- -- ---", ""),
        (None, ""),
        ("x" * 70, "x" * 64),
    ],
)
def test_words_are_read_as_documented(words: duckdb.DuckDBPyConnection, text: str | None, read: str) -> None:
    assert words_of(words, text) == read.split()


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_without_an_error_and_gives_words_without_spaces(
    words: duckdb.DuckDBPyConnection, text: str
) -> None:
    assert all(word and " " not in word for word in words_of(words, text))


@pytest.fixture(scope="module")
def index() -> Index:
    made = Index()
    made.write(
        {
            "a": ("Mixture of Experts for Fine-Tuning", "Sparse experts route each token of a language model."),
            "b": ("Routing tokens", "We study a mixture of many experts, and of data. Models are finetuned."),
            "c": ("A Naïve Survey", "Language models, large and small: what experts say of a mixture (of experts)."),
            "d": ("注意力机制", None),
            "e": ("???", ""),
            "f": ("Mixtures", "Data. It's 'quoted' -- 100% C++; drop table papers."),
        }
    )
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("routed", {"a", "b"}),
        ("EXPERT", {"a", "b", "c"}),
        ('"mixture of experts"', {"a"}),
        ("\u201cmixture of experts\u201d", {"a"}),
        ('"mixture of" experts', {"a", "b"}),
        ('"mixture" -"fine tuning"', {"b", "c"}),
        ("experts -routing", {"c"}),
        ("experts -fine-tuning", {"b", "c"}),
        ("experts -unheardof", {"a", "b", "c"}),
        ("finetuning", {"a", "b"}),
        ("fine-tuning", {"a", "b"}),
        ("fine tuning", {"a", "b"}),
        ("naive", {"c"}),
        ("注意", {"d"}),
        ('"意力"', {"d"}),
        ('"力意"', set()),
        ("c++", {"f"}),
        ("unheardof experts", {"a", "b", "c"}),
        ('"unheardof experts"', set()),
        ('"unbalanced experts', {"a", "b", "c"}),
        ("unheardof", set()),
        ("", set()),
        (None, set()),
        ("-experts", set()),
        ('-"mixture of experts"', set()),
        ('"" "..." - -- "', set()),
        ("'; drop table papers; --", {"f"}),
        ("[( .* \\1 %_ $1 ?", set()),
    ],
)
def test_a_query_finds(index: Index, query: str | None, found: set[str]) -> None:
    assert set(index.ask(query)) == found


@given(st.text(st.sampled_from("ab e\"-+*()[]\\%_'$?. \u201c注é"), max_size=40) | st.text(max_size=60))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_query_is_an_error(index: Index, query: str) -> None:
    assert set(index.ask(query)) <= set("abcdef")


def test_the_best_are_the_first_of_all_whatever_number_is_asked_for(index: Index) -> None:
    for query in ("mixture experts of language data", '"of" experts', "experts -routing"):
        ranked = index.found(query)
        assert [index.found(query, most=n) for n in (1, 2, 9)] == [ranked[:1], ranked[:2], ranked]
        assert index.found(query, most=2, phrase_depth=9) == ranked[:2]
        assert [row[1] for row in ranked] == sorted((row[1] for row in ranked), reverse=True)


def _oracle(connection: duckdb.DuckDBPyConnection, papers: dict[str, tuple[str, str]], query: list[str]) -> list[str]:
    """BM25F as its paper has it, a paper at a time."""

    def stems(text: str) -> list[str]:
        return stems_of(connection, words_of(connection, text))

    texts = {paper: (stems(title), stems(abstract)) for paper, (title, abstract) in papers.items()}
    asked = set(stems_of(connection, query))
    points: Counter[str] = Counter()
    for term in asked:
        having = [paper for paper, (title, abstract) in texts.items() if term in title + abstract]
        idf = math.log(1 + (len(papers) - len(having) + 0.5) / (len(having) + 0.5))
        for paper in having:
            title, abstract = texts[paper]
            tf = 3 * title.count(term) / (0.5 + 0.5 * len(title) / 10)
            tf += abstract.count(term) / (0.25 + 0.75 * len(abstract) / 190)
            points[paper] += (1 + round(1000 * idf)) * max(1, round(255 * tf / (1.2 + tf)))
    return sorted(points, key=lambda paper: (-points[paper], paper))


_TEXTS = st.lists(
    st.sampled_from(["model", "models", "data", "a", "learned", "rare", "word", "expert", "zebra"]), max_size=12
).map(" ".join)
_PAPERS = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(_TEXTS, _TEXTS), max_size=8)


@given(_PAPERS, st.sampled_from([["model"], ["zebra", "data"], ["a", "rare", "expert", "learning"]]))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_papers_are_ranked_by_bm25f(
    words: duckdb.DuckDBPyConnection, papers: dict[str, tuple[str, str]], query: list[str]
) -> None:
    made = Index()
    made.write(papers)
    assert made.ask(" ".join(query)) == _oracle(words, papers, query)


@given(st.lists(_PAPERS, min_size=2, max_size=3))
@settings(max_examples=15, deadline=None)
def test_an_index_taken_over_is_the_one_built_from_nothing(versions: list[dict[str, tuple[str, str]]]) -> None:
    grown = Index()
    for n, papers in enumerate(versions):
        kept = versions[n - 1].items() & papers.items() if n else ()
        assert grown.write(papers, taking_over=n > 0) == len(papers) - len(kept), "unchanged papers are not read again"
    anew = Index()
    anew.write(versions[-1])
    assert grown.rows() == anew.rows()
    assert grown.ask("model expert data") == anew.ask("model expert data")


@pytest.mark.parametrize(
    "damage",
    [
        "drop table out.search_terms",
        "update out.search_index set index_version = 0",
        "delete from out.search_postings where impact = (select max(impact) from out.search_postings)",
        "delete from out.search_documents where paper_number = 0",
        "delete from out.search_terms where term_id = 0",
    ],
)
def test_an_index_that_is_missing_old_or_not_whole_is_built_from_nothing(damage: str) -> None:
    made = Index()
    papers: dict[str, tuple[str, str | None]] = {"a": ("one two", "three"), "b": ("two", "four four")}
    made.write(papers)
    whole = made.rows()
    made.connection.execute(damage)
    made.write(papers, taking_over=True)
    assert made.rows() == whole


def test_a_lost_posting_or_paper_is_told() -> None:
    for damage in ("postings where term_id = 0", "documents where paper_number = 0"):
        made = Index()
        made.write({"a": ("one two", "three")})
        assert search.check(made.connection, "out.main") == ""
        made.connection.execute(f"delete from out.search_{damage}")
        assert "the search index has" in search.check(made.connection, "out.main")


def test_a_publication_without_its_whole_index_is_refused(samples_copy: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = iter(["", "the search index has 1 papers, the publication 2"])
    monkeypatch.setattr(search, "check", lambda *_: next(checks))
    with pytest.raises(publish.PublishError, match="the search index has 1 papers"):
        publish.publish(samples_copy, "another")


def test_the_published_index_has_every_paper_and_is_not_exported(sample_run: tuple[Lake, Summary]) -> None:
    lake = sample_run[0]
    assert rows_of(lake, "select count(*), (select n_papers from search_index) from search_documents") == [
        (N_PAPERS, N_PAPERS)
    ]
    assert not list(lake.exports.glob("search*"))
    title = rows_of(lake, "select title from papers order by paper_id limit 1")[0][0]
    with duckdb.connect(str(lake.database), read_only=True) as connection:
        assert connection.execute("select title from search_papers($1) limit 1", [title]).fetchall() == [(title,)]


def test_a_publication_takes_over_what_is_unchanged(samples_copy: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    write = search.write
    monkeypatch.setattr(search, "write", lambda *given, **named: read.append(write(*given, **named)))
    before = rows_of(samples_copy, "from search_postings")
    publish.publish(samples_copy, "another")
    assert read == [0]
    assert rows_of(samples_copy, "from search_postings") == before
    samples_copy.database.resolve().write_bytes(b"damaged")
    publish.publish(samples_copy, "a third")
    assert read == [0, N_PAPERS]
    assert rows_of(samples_copy, "from search_postings") == before


def test_search_shows_papers_as_text_and_json(sample_run: tuple[Lake, Summary], papers: Papers) -> None:
    lake = sample_run[0]
    title, year = rows_of(
        lake, "select title, year(published_on) from papers join github_links using (paper_id) where published_on is not null order by 1 limit 1"
    )[0]  # fmt: skip
    done = papers("search", title.replace('"', " "), "--limit", 2, lake=lake)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"  1. {title}" in done.stdout
    assert "\x1b" not in done.stdout
    done = papers("search", title, "--json", "--has-code", "--year", year, lake=lake)
    found = json.loads(done.stdout)["papers"]
    assert found[0]["title"] == title
    assert all(paper["repositories"] and paper["published_on"].startswith(str(year)) for paper in found)
    assert json.loads(papers("search", title, "--json", "--year", 1900, lake=lake).stdout)["papers"] == []


def test_search_says_when_nothing_is_found_and_what_may_be_meant(
    sample_run: tuple[Lake, Summary], papers: Papers
) -> None:
    lake = sample_run[0]
    term = rows_of(lake, "select term from search_terms where regexp_full_match(term, '[a-z]{8,}') order by n_papers desc, term limit 1")[0][0]  # fmt: skip
    done = papers("search", term[:3] + "q" + term[3:], lake=lake)
    assert done.returncode == 4
    assert "no paper" in done.stderr
    assert f"did you mean {term}" in done.stderr
    done = papers("search", "--lake", lake.root, "--", "-- -models")
    assert done.returncode == 2
    assert "give a word of letters or digits" in done.stderr


def test_search_tells_that_signs_are_no_words(sample_run: tuple[Lake, Summary], papers: Papers) -> None:
    done = papers("search", "🚀", "!?", lake=sample_run[0])
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing to look for in '🚀 !?': give a word of letters or digits" in done.stderr


def test_search_tells_how_to_get_an_index_where_there_is_none(samples_copy: Lake, papers: Papers) -> None:
    with duckdb.connect(str(samples_copy.database.resolve())) as connection:
        connection.execute("drop table search_index")
    done = papers("search", "models", lake=samples_copy)
    assert done.returncode == 4
    assert "publish anew with: " in done.stderr and f"run --lake {samples_copy.root}" in done.stderr


def test_an_index_of_another_version_is_not_asked(samples_copy: Lake, papers: Papers) -> None:
    with duckdb.connect(str(samples_copy.database.resolve())) as connection:
        connection.execute("update search_index set index_version = index_version + 1")
    done = papers("search", "models", lake=samples_copy)
    assert (done.returncode, done.stdout) == (4, "")
    assert "no search index of this version; publish anew with: " in done.stderr


def test_it_finds_no_worse_than_fts5_in_real_papers(real_captures: Path, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    assert run_job(lake, [real_captures / "captures"]).published
    found = search_quality.measure(lake.database)
    means = {name: sum(values) / len(values) for name, values in found.items()}
    assert len(found["search_papers"]) >= 50
    assert means["search_papers"] >= 0.84
    assert means["search_papers"] >= max(mean for name, mean in means.items() if name.startswith("FTS5"))


def test_the_peers_read_queries_as_search_does() -> None:
    papers = [("a", "mixture of experts", "x"), ("b", "experts of mixture", "y"), ("c", "other", "experts routing")]
    ask = search_peers.fts5(papers, 3.0)
    assert set(ask('"mixture of experts"', 9)) == {"a"}
    assert set(ask("expert -routing", 9)) == {"a", "b"}
    assert ask('-"', 9) == []
