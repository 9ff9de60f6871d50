"""SQLite's FTS5 and tantivy, asked the same as ``search_papers``: best papers of a query by their own BM25.

FTS5: ``porter unicode61`` tokenizer, ``bm25()`` with a weight for the title. tantivy: ``en_stem``, the title boosted. Both are asked
for any of the words (their best papers have most of them) or for all of them; a phrase in quotes is one in each.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

Papers = Iterable[tuple[str, str, str]]  # id, title, text
Engine = Callable[[str, int], list[str]]


def _parts(query: str) -> tuple[list[str], list[str]]:
    """Return words and phrases, and what is left out, each in quotes as both peers take them."""
    wanted, banned = [], []
    for minus, phrase, word in re.findall(r'(?:(?<=\s)|^)(-?)(?:"([^"]*)"|(\S+))', query):
        text = re.sub(r'["\\]', " ", phrase or word).strip()
        if re.search(r"\w", text):
            (banned if minus else wanted).append(f'"{text}"')
    return wanted, banned


def fts5(papers: Papers, title_weight: float, every: bool = False, path: str | Path = ":memory:") -> Engine:
    connection = sqlite3.connect(path)
    connection.execute(
        "create virtual table if not exists papers using fts5(id unindexed, title, text, tokenize = 'porter unicode61')"
    )
    connection.executemany("insert into papers values (?, ?, ?)", papers)
    connection.commit()
    return fts5_engine(connection, title_weight, every)


def fts5_engine(connection: sqlite3.Connection, title_weight: float, every: bool = False) -> Engine:
    def ask(query: str, most: int) -> list[str]:
        wanted, banned = _parts(query)
        if not wanted:
            return []
        text = f"({(' AND ' if every else ' OR ').join(wanted)})" + "".join(f" NOT {one}" for one in banned)
        found = connection.execute(
            "select id from papers where papers match ? order by bm25(papers, 0, ?, 1), id limit ?",
            (text, title_weight, most),
        )
        return [row[0] for row in found]

    return ask


def tantivy(papers: Papers, title_weight: float, every: bool = False, path: Path | None = None) -> Engine:
    import tantivy as library

    builder = library.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw")
    for field in ("title", "text"):
        builder.add_text_field(field, tokenizer_name="en_stem")
    index = library.Index(builder.build(), *([str(path)] if path else []))
    writer: Any = index.writer(300_000_000, 2)
    for paper, title, text in papers:
        writer.add_document(library.Document(id=paper, title=title, text=text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def ask(query: str, most: int) -> list[str]:
        wanted, banned = _parts(query)
        if not wanted:
            return []
        text = " ".join(f"+{one}" if every else one for one in wanted) + "".join(f" -{one}" for one in banned)
        parsed = index.parse_query(text, ["title", "text"], field_boosts={"title": title_weight, "text": 1.0})
        return [searcher.doc(address)["id"][0] for _, address in searcher.search(parsed, most).hits]

    return ask
