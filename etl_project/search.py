"""The search index: written into the published database beside the papers, as tables and macros of plain SQL.

Any DuckDB client asks it with ``from search_papers('...')`` and needs nothing installed: how text becomes words, the
stemmer and the ranking are macros (``sql/search/``), and the build uses the same ones. What is found, and how it is
ranked: docs/search.md.

Everything is a function of the papers' texts alone, so the same papers give the same index, whichever was there before.
Of the publication before, what it has of papers that are unchanged is taken over, which saves most of the work.
"""

from __future__ import annotations

import logging
from typing import Any

from etl_project.lake import PROJECT

log = logging.getLogger(__name__)

_SQL = PROJECT / "sql" / "search"
#: Moves when words, weights or tables change: an index of another version is not taken over.
INDEX_VERSION = 1

#: BM25F (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009). A word in the title
#: counts as many as this in the abstract; texts are measured against fixed usual lengths, not against the average of all
#: papers: else each new paper would change what is stored of all others. They are those of arXiv abstracts.
K1 = 1.2
TITLE_WEIGHT = 3.0
TITLE_B, ABSTRACT_B = 0.5, 0.75
TITLE_WORDS, ABSTRACT_WORDS = 10.0, 190.0
#: A paper's share of a word's weight, tf / (k1 + tf), is stored in a byte.
_STEPS = 255

#: Papers whose words are in memory at once.
_BATCH = 40_000

TABLES = {
    "search_terms": (
        "One row is one word (its stem) of the papers' titles and abstracts.",
        {
            "term_id": ("INTEGER", "Place of the term in the order of terms, from 0."),
            "term": ("VARCHAR", "Stem, as search_stem makes it of a word of search_words."),
            "n_papers": ("INTEGER", "Papers in which it stands."),
            "cut": (
                "UTINYINT",
                "The impact that a paper needs for the term alone to find it; 0 where it stands in few papers.",
            ),
        },
    ),
    "search_postings": (
        "One row is one term in one paper, in the order of terms, then papers.",
        {
            "term_id": ("INTEGER", "The term."),
            "paper_number": ("INTEGER", "The paper: its rowid in papers."),
            "impact": ("UTINYINT", "What the term tells of the paper, tf / (k1 + tf) of BM25F, in 255ths."),
        },
    ),
    "search_documents": (
        "One row is one paper as the index has it.",
        {
            "paper_number": ("INTEGER", "The paper: its rowid in papers."),
            "n_words": ("INTEGER", "Words of its title and abstract."),
            "n_terms": ("INTEGER", "Different terms among them."),
        },
    ),
    "search_index": (
        "One row: how the index was made.",
        {
            "index_version": ("INTEGER", "Version of the words, weights and tables."),
            "n_papers": ("INTEGER", "Papers in it."),
        },
    ),
}


class SearchError(Exception):
    """The index that was built does not hold what the papers hold."""


def write(connection: Any, before: bool = False) -> int:
    """Write the index of ``out.main.papers`` into the attached database ``out``; return how many papers it had to read.

    Of a publication that is attached as ``before``, postings of papers whose text is the same are taken over, where its
    index is of this version and whole. The papers must have been inserted in the order of their ids.
    """
    run = _runner(connection)
    create_macros(connection, "temp macro", "search_words", "search_stem")
    for table, (grain, columns) in TABLES.items():
        definitions = ", ".join(f"{name} {kind} not null" for name, (kind, _) in columns.items())
        run(f"create or replace table out.main.{table} ({definitions})")
        run(f"comment on table out.main.{table} is '{_quoted(grain)}'")
        for name, (_, description) in columns.items():
            run(f"comment on column out.main.{table}.{name} is '{_quoted(description)}'")
    for table, definition in _WORKING.items():
        run(f"create or replace temp table {table} ({definition})")
    usable = before and _is_usable(run)
    if usable:
        run(_KEPT)
    read = _read_new(run)
    _write_tables(run, usable)
    for table in _WORKING:
        run(f"drop table temp.main.{table}")
    ((was,),) = run("select current_database()")
    run("use out")  # what a macro calls and reads is looked up while it is created
    try:
        create_macros(connection, "macro", "search_words", "search_stem", "search_papers")
    finally:
        run(f'use "{was}"')
    if wrong := check(connection, "out.main"):
        if not usable:
            raise SearchError(wrong)
        return write(connection)  # what was there before was not whole
    return read


_TEXT = "coalesce(abstract_clean, abstract, ai_summary, '')"
_WORKING = {
    "search_kept": "old_number bigint, new_number bigint",
    "search_new": "stem_id integer, paper_number integer, impact utinyint",
    "search_lengths": "paper_number integer, n_words integer",
    "search_stems": "word varchar, stem_id integer",
    "search_ids": "stem varchar, stem_id integer",
}
_KEPT = f"""
insert into search_kept
select old.number, new.number
from (select rowid as number, paper_id, hash(title, {_TEXT}) as content from before.main.papers) old
join (select rowid as number, paper_id, hash(title, {_TEXT}) as content from out.main.papers) new
using (paper_id, content)
"""


def _is_usable(run: Any) -> bool:
    """Return whether the publication attached as ``before`` has an index of this version."""
    there = {name for (name,) in run("select table_name from duckdb_tables() where database_name = 'before'")}
    return {*TABLES, "papers"} <= there and run("select index_version from before.main.search_index") == [
        (INDEX_VERSION,)
    ]


def _read_new(run: Any) -> int:
    """Read the words of all papers that are not kept into the working tables; return their number."""
    run(
        "create or replace temp table search_waiting as select rowid as paper_number from out.main.papers "
        "where rowid not in (select new_number from search_kept) order by 1"
    )
    ((count,),) = run("select count(*) from search_waiting")
    for start in range(0, count, _BATCH):
        if start:
            log.info("search: read %d of %d papers", start, count)
        ((first, last),) = run(
            "select min(paper_number), max(paper_number) from (from search_waiting order by 1 limit ? offset ?)",
            _BATCH,
            start,
        )
        run(
            "create or replace temp table search_lists as "
            f"select rowid::integer as paper_number, search_words(title) as title, search_words({_TEXT}) as abstract "
            "from out.main.papers where rowid between ? and ? and rowid in (from search_waiting)",
            first,
            last,
        )
        run("insert into search_lengths select paper_number, len(title) + len(abstract) from search_lists")
        run(
            "create or replace temp table search_fresh as select word, search_stem(word) as stem from ("
            "select distinct unnest(list_concat(title, abstract)) as word from search_lists) anti join search_stems using (word)"
        )
        run(
            "insert into search_ids select stem, row_number() over (order by stem) + (select count(*) from search_ids) "
            "from (select distinct stem from search_fresh) anti join search_ids using (stem)"
        )
        run("insert into search_stems select word, stem_id from search_fresh join search_ids using (stem)")
        run(_POSTINGS)
    for table in ("search_waiting", "search_lists", "search_fresh"):
        run(f"drop table if exists temp.main.{table}")
    return int(count)


_POSTINGS = f"""
insert into search_new
with words as (
    select paper_number, unnest(title) as word, true as in_title from search_lists
    union all
    select paper_number, unnest(abstract), false from search_lists
),
counted as (
    select paper_number, stem_id, count_if(in_title) as n_title, count_if(not in_title) as n_abstract
    from words join search_stems using (word) group by all
),
weighted as (
    select
        stem_id,
        paper_number,
        {TITLE_WEIGHT} * n_title / ({1 - TITLE_B} + {TITLE_B} * len(title) / {TITLE_WORDS})
            + n_abstract / ({1 - ABSTRACT_B} + {ABSTRACT_B} * len(abstract) / {ABSTRACT_WORDS}) as weight
    from counted join search_lists using (paper_number)
)
select stem_id, paper_number, greatest(1, round({_STEPS} * weight / ({K1} + weight))) from weighted
"""


#: Of a term in more papers than this, those that have it most are looked at. Written in search_papers.sql, too.
_MOST_LED = 50_000
_CUTS = f"""
update out.main.search_terms set cut = cuts.cut
from (
    select term_id, min(impact) filter (so_far <= {_MOST_LED}) as cut
    from (
        select term_id, impact, sum(count(*)) over (partition by term_id order by impact desc) as so_far
        from out.main.search_postings
        where term_id in (select term_id from out.main.search_terms where n_papers > {_MOST_LED})
        group by term_id, impact
    )
    group by term_id
) as cuts
where search_terms.term_id = cuts.term_id and cuts.cut is not null
"""


#: Terms whose postings are sorted at once: some 20,000,000, so that the memory that it takes has a bound.
_PORTIONS = """
select min(term_id), max(term_id)
from (select term_id, sum(n_papers) over (order by term_id) // 20000000 as portion from out.main.search_terms)
group by portion order by 1
"""
#: Of those kept, in the numbers of now. Terms have one order in both, so what is read of the old ones is one stretch.
_KEPT_POSTINGS = """
union all
select terms.new_id, search_kept.new_number, old.impact
from (
    select * from before.main.search_postings
    where term_id between
        (select min(old.term_id) from before.main.search_terms old join out.main.search_terms new using (term) where new.term_id between {first} and {last})
        and (select max(old.term_id) from before.main.search_terms old join out.main.search_terms new using (term) where new.term_id between {first} and {last})
) as old
join (
    select old.term_id as old_id, new.term_id as new_id
    from before.main.search_terms as old join out.main.search_terms as new using (term)
    where new.term_id between {first} and {last}
) as terms on old.term_id = terms.old_id
join search_kept on old.paper_number = search_kept.old_number
"""


def _write_tables(run: Any, usable: bool) -> None:
    """Put what is kept and what is new together, in the order of terms and papers."""
    kept_terms = kept_documents = ""
    if usable:
        kept_terms = (
            "union all select term, n from before.main.search_terms join (select term_id, count(*) as n "
            "from before.main.search_postings where paper_number in (select old_number from search_kept) group by term_id) "
            "using (term_id)"
        )
        kept_documents = (
            "union all select new_number, n_words, n_terms from before.main.search_documents "
            "join search_kept on paper_number = old_number"
        )
    run(
        "insert into out.main.search_terms select row_number() over (order by term) - 1, term, n_papers, 0 from ("
        "select term, sum(n) as n_papers from (select stem as term, n from search_ids join (select stem_id, count(*) as n "
        f"from search_new group by stem_id) using (stem_id) {kept_terms}) group by term) order by term"
    )
    for first, last in run(_PORTIONS):
        kept = _KEPT_POSTINGS if usable else ""
        run(
            "insert into out.main.search_postings select * from (select term_id, paper_number, impact from search_new "
            f"join (select stem_id, term_id from search_ids join (from out.main.search_terms where term_id between {first} and {last}) "
            f"on stem = term) using (stem_id) {kept.format(first=first, last=last)}) order by term_id, paper_number"
        )
    run(_CUTS)
    run(
        "insert into out.main.search_documents select * from (select paper_number, n_words, coalesce(n_terms, 0) from search_lengths "
        "left join (select paper_number, count(*) as n_terms from search_new group by paper_number) using (paper_number) "
        f"{kept_documents}) order by 1"
    )
    run("insert into out.main.search_index select ?, count(*) from out.main.papers", INDEX_VERSION)


def check(connection: Any, schema: str = "main") -> str:
    """Return what is wrong with the index in ``schema``, or nothing: every paper is in it once, and no posting is lost."""
    run = _runner(connection)
    ((papers, documents, made_of, last, known, terms, of_terms, of_documents, postings),) = run(
        f"select (select count(*) from {schema}.papers), (select count(*) from {schema}.search_documents), "
        f"(select n_papers from {schema}.search_index), (select max(paper_number) + 1 from {schema}.search_documents), "
        f"(select count(distinct paper_number) from {schema}.search_documents), (select count(*) from {schema}.search_terms), "
        f"(select sum(n_papers) from {schema}.search_terms), (select sum(n_terms) from {schema}.search_documents), "
        f"(select count(*) from {schema}.search_postings)"
    )
    if not papers == documents == made_of == known == (last or 0):
        return f"the search index has {documents} papers, the publication {papers}"
    if not (of_terms or 0) == (of_documents or 0) == postings:
        return f"the search index has {postings} postings, its {terms} terms {of_terms or 0}, its papers {of_documents or 0}"
    return ""


def _runner(connection: Any) -> Any:
    def run(query: str, *values: Any) -> Any:
        return connection.execute(query, values).fetchall()

    return run


def create_macros(connection: Any, what: str, *files: str) -> None:
    """Run files of ``sql/search/``, each of which creates macros, so that ``what`` they make is a temporary macro or one of a file."""
    for file in files:
        for part in (_SQL / f"{file}.sql").read_text("utf-8").split("\ncreate macro ")[1:]:
            connection.execute(f"create or replace {what} {part}").fetchall()


def _quoted(text: str) -> str:
    return text.replace("'", "''")
