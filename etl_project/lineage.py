"""Which columns of other tables a column is made from, as Dagster shows it.

Of the tables of sql/ it is read out of their SELECTs beforehand (``make dictionary`` writes ``column_lineage.json``, a test
holds it to the SQL). Of tables that Python makes only what is certain is declared here; the rest tells nothing rather
than something wrong.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

#: By column of a table, the columns that it is made from, each with its table.
Columns = Mapping[str, tuple[tuple[str, str], ...]]

_MOST_TOLD = 4
_DUMP, _TEXT = (("raw_dumps", "dump_id"),), (("raw_dumps", "content"),)
_MENTION = (("parsed_rows", "mention_id"),)
#: Texts that stand in the capture as they are here, or cleaned.
_TEXTS = ("title", "abstract", "abstract_clean", "published_raw", "github_url", "project_url")
_DECLARED: dict[str, Columns] = {
    "captures": {"dump_id": _DUMP, "heading": _TEXT, "query": _TEXT, "captured_raw": _TEXT},
    "parsed_rows": {"mention_id": _DUMP, "dump_id": _DUMP, **dict.fromkeys(_TEXTS, _TEXT)},
    "mention_links": {"mention_id": _DUMP, "url_raw": _TEXT},
    "mention_authors": {"mention_id": _DUMP, "name": _TEXT},
    "refused_records": {"dump_id": _DUMP, "text": _TEXT},
    "paper_mentions": {
        "mention_id": _MENTION,
        "title_key": (("parsed_rows", "title"),),
        "abstract_key": (("parsed_rows", "abstract_clean"),),
    },
    "related_papers": {"mention_id": _MENTION, "related_mention_id": _MENTION},
    "new_captures": {"dump_id": (("captures", "dump_id"),), "form": (("captures", "form"),)},
    "new_capture_values": {"dump_id": (("captures", "dump_id"),)},
}


@cache
def columns() -> dict[str, Columns]:
    """Return what is known, by table; a column of which nothing is known is not there."""
    from_sql = json.loads((Path(__file__).parent / "column_lineage.json").read_text("utf-8"))
    read = {
        table: {column: tuple((t, c) for t, c in sources) for column, sources in found.items() if sources}
        for table, found in from_sql.items()
    }
    return _DECLARED | read


def told(table: str, column: str) -> str:
    """Return what is known of a column in a sentence after its description, or "": the free UI draws no graph of columns."""
    sources = columns().get(table, {}).get(column, ())
    if not sources:
        return ""
    more = f" and {len(sources) - _MOST_TOLD} more" if len(sources) > _MOST_TOLD else ""
    return f" From {', '.join(f'`{t}.{c}`' for t, c in sources[:_MOST_TOLD])}{more}."
