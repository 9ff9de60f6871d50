"""``README.md`` of an export: for people, and for Hugging Face's data sets, whose ``configs`` stand at its top."""

from pathlib import Path

from etl_project.contract import Type, described
from etl_project.export.model import Bundle

NAME = "README.md"
TITLE = "Papers of the Hugging Face papers pages"
DESCRIPTION = (
    "Tables made from captures of the Hugging Face papers pages: one row a paper, without duplicates, its authors, dates, "
    "links and numbers as far as the pages told, and for each value the capture and the line that it came from. "
    "A value that is not known is null, never 0 and never a guess."
)
LICENCE_URL = "https://spdx.org/licenses/MIT.html"
_LICENCE = (
    "The arrangement of the tables and their descriptions are made by papers-etl, under the MIT licence. Titles, abstracts and "
    "summaries are their authors', each under the licence that the paper has (see it on arXiv); the pages are "
    "Hugging Face's. Look at both before you pass the texts on."
)
_FEATURES: dict[Type, str] = {
    "text": "dtype: string",
    "integer": "dtype: int32",
    "bigint": "dtype: int64",
    "double": "dtype: float64",
    "boolean": "dtype: bool",
    "date": "dtype: date32",
    "timestamp": "dtype: timestamp[us]",
    "integers": "list: int32",
}
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


def write(folder: Path, bundle: Bundle) -> None:
    """Write it into ``folder``."""
    (folder / NAME).write_text(f"{_head(bundle)}\n{_text(bundle)}", "utf-8")


def _head(bundle: Bundle) -> str:
    """Return the block of YAML that the data set libraries read: which files are which table."""
    lines = ["---", f"pretty_name: {TITLE}", "license: other", "license_name: see-licence-below", "language: [en]"]
    papers = sum(file.rows for file in bundle.files if file.table and file.table.name == "papers")
    size = next((name for most, name in _SIZES if papers < most), "n>1M")
    lines += ["tags: [papers, arxiv, bibliography]", f"size_categories: ['{size}']"]
    configs: list[str] = []
    infos: list[str] = []
    # from CSV the library guesses types, whatever is told: an arXiv id would be a number, and lose its last 0
    for kind in [kind for kind in bundle.tabular if kind != "csv"][:1]:
        for table in bundle.tables:
            files = bundle.of(table, kind)
            if not sum(file.rows for file in files):
                continue  # the libraries fail at a table without rows
            path = files[0].name if len(files) == 1 else f"{table.name}/*/*.{kind}"
            configs += [f"- config_name: {table.name}", *(["  default: true"] if table.name == "papers" else [])]
            configs += ["  data_files:", "  - split: train", f'    path: "{path}"']
            infos += [f"- config_name: {table.name}", "  features:"]
            for column in table.published_columns:
                infos += [f"  - name: {column.name}", f"    {_FEATURES[column.type]}"]
    if configs:
        lines += ["configs:", *configs, "dataset_info:", *infos]
    return "\n".join([*lines, "---", ""])


def _text(bundle: Bundle) -> str:
    made = bundle.publication
    lines = [f"# {TITLE}", "", DESCRIPTION, ""]
    lines.append(
        f"Of the publication of {made.published_at:%Y-%m-%d %H:%M:%S} UTC (run `{made.run_id}`, schema version "
        f"{made.schema_version}). All tables are of this one moment."
    )
    if bundle.where:
        condition = " ".join(bundle.where.split()).replace("`", "'")
        lines += [
            "",
            f"Only the papers for which this is true, and of the other tables only what belongs to them: `{condition}`. "
            "`papers_by_month` and `coverage` count these papers; the captures' own counts (`captures.records`, ...) are of whole captures.",
        ]
    lines += [f"\n{note}" for note in bundle.notes]
    lines += ["", "## Files", "", "| file | table | rows | bytes |", "|---|---|---:|---:|"]
    files = [f for f in bundle.files if f.table is None or len(bundle.of(f.table, f.format)) == 1]
    lines += [f"| `{f.name}` | {f'`{f.table.name}`' if f.table else ''} | {f.rows:,} | {f.bytes:,} |" for f in files]
    for kind in bundle.tabular:
        for table in bundle.tables:
            if len(parts := bundle.of(table, kind)) > 1:
                rows, size = sum(file.rows for file in parts), sum(file.bytes for file in parts)
                lines.append(
                    f"| `{table.name}/*/*.{kind}` ({len(parts)} files) | `{table.name}` | {rows:,} | {size:,} |"
                )
    lines += [
        "",
        "`manifest.json` has rows, bytes and SHA-256 of each; `sha256sum -c SHA256SUMS` checks them. `datapackage.json` "
        "(Data Package) and `croissant.json` (Croissant) describe the same for programs.",
        "",
        "## Licence",
        "",
        _LICENCE,
        "",
        "## Tables",
        "",
    ]
    for table in bundle.tables:
        lines += [
            f"### `{table.name}`",
            "",
            table.grain,
            "",
            f"Key: {', '.join(f'`{name}`' for name in table.key)}.",
            "",
        ]
        lines += ["| column | type | null | meaning |", "|---|---|---|---|"]
        for column in table.published_columns:
            meaning = described(column)
            if other := table.foreign_keys.get(column.name):
                meaning += f" Key of `{other}`."
            null = "never" if column.required else "may be"
            lines.append(f"| `{column.name}` | {column.sql_type} | {null} | {meaning.replace('|', chr(92) + '|')} |")
        lines.append("")
    return "\n".join(lines)
