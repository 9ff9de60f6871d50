# /// script
# [tool.marimo.display]
# theme = "system"
# ///
"""The notebook itself: controls, and where answers stand. What is asked is ``asked``'s, what is drawn ``drawn``'s.

The lake is that of ``$PAPERS_LAKE``, which ``papers explore`` sets. Cells are run by marimo when what they name changes.
"""

import marimo

app = marimo.App(width="medium", app_title="Papers")


@app.cell
def _():
    import os
    from pathlib import Path

    import marimo as mo
    from markupsafe import Markup

    from etl_project.explore import asked, drawn
    from etl_project.lake import Lake

    def shown(rows, **options):
        """A table; whole numbers without commas, since years are such. No download of theirs: it would hand a
        title that is a formula to a spreadsheet."""
        whole = {name: str for name, kind in rows.schema.items() if kind.is_integer()}
        return mo.ui.table(
            rows,
            format_mapping=whole,
            **{"selection": None, "show_column_summaries": False, "show_download": False} | options,
        )

    def as_csv(rows, name):
        return mo.hstack(
            [mo.download(lambda: asked.csv(rows), filename=name, mimetype="text/csv", label="As CSV")], justify="start"
        )

    return Lake, Markup, Path, as_csv, asked, drawn, mo, os, shown


@app.cell
def _(Lake, Path, os):
    lake = Lake(Path(os.environ["PAPERS_LAKE"]))
    return (lake,)


@app.cell
def _(mo):
    newest = mo.ui.button(label="Open the newest publication", value=0, on_click=lambda pressed: pressed + 1)
    return (newest,)


@app.cell
def _(asked, lake, newest):
    _ = newest.value  # pressed: opened anew
    try:
        opened, problem = asked.open_newest(lake), ""
    except asked.Unreadable as unreadable:
        opened, problem = None, str(unreadable)
    return opened, problem


@app.cell
def _(Markup, lake, mo, newest, opened, problem):
    if opened is None:
        _what = mo.callout(mo.plain_text(problem), kind="warn")
    else:
        _what = mo.Html(
            Markup(
                '<div class="markdown prose dark:prose-invert">{:,} papers, published {} UTC by run <code>{}</code>, from <code>{}</code>. '
                "It stays as it is until you open a newer one.</div>"
            ).format(opened.papers, opened.published_at, opened.run_id[:8], lake.root)
        )
    mo.vstack([mo.md("# Papers"), _what, newest])
    return


@app.cell
def _(mo, opened, problem):
    mo.stop(opened is None)
    connection = opened.connection
    assert not problem
    return (connection,)


@app.cell
def _(asked, connection, mo):
    _organisations = asked.organisations(connection)
    words = mo.ui.text(label="Words", placeholder="in title, abstract, names", full_width=True)
    year = mo.ui.dropdown(asked.years(connection), value=asked.ALL, label="Year", allow_select_none=False)
    organisation = mo.ui.dropdown(
        _organisations, value=asked.ALL, label="Organisation", searchable=True, allow_select_none=False
    )
    code = mo.ui.dropdown(asked.CODE, value=asked.ALL, label="Code", allow_select_none=False)
    mo.vstack([words, mo.hstack([year, organisation, code], justify="start", wrap=True, gap=1.5)])
    return code, organisation, words, year


@app.cell
def _(asked, code, connection, mo, organisation, words, year):
    try:
        chosen = asked.choose(connection, asked.Chosen(words.value, year.value, organisation.value, code.value))
    except asked.Unreadable as _long:
        mo.stop(True, mo.callout(mo.plain_text(str(_long)), kind="warn"))
    return (chosen,)


@app.cell
def _(as_csv, asked, chosen, connection, mo, opened, shown):
    _rows = asked.papers(connection)
    _most = f"; the table has the newest {asked.MOST_ROWS:,} of them" if chosen > asked.MOST_ROWS else ""
    table = shown(
        _rows,
        selection="single",
        page_size=10,
        show_data_types=False,
        wrapped_columns=["title", "organisation", "repositories"],
        column_widths={"title": 340},
    )
    mo.vstack(
        [
            mo.md(f"**{chosen:,} of {opened.papers:,} papers**{_most}. Select one to see where its values are from."),
            table if chosen else mo.callout("No paper fits; take a filter away.", kind="neutral"),
            as_csv(_rows, "papers.csv"),
        ]
    )
    return (table,)


@app.cell
def _(Markup, asked, connection, mo, shown, table):
    _selected = table.value["paper_id"].to_list() if len(table.value) else []
    mo.stop(not _selected)
    _paper = asked.paper(connection, _selected[0])
    _sources = asked.sources(connection, _selected[0])
    _against = int((_sources["different_values"] > 1).sum())
    _kind = {
        "abstract": "",
        "summary": "A summary: no capture shows the abstract. ",
        "cut": "Cut off: no capture shows all. ",
    }
    sources = shown(_sources, page_size=15, show_search=False, show_data_types=False)
    mentions = shown(
        asked.mentions(connection, _selected[0]), wrapped_columns=["title"], show_search=False, show_data_types=False
    )
    mo.vstack(
        [
            mo.Html(
                Markup(
                    '<div class="markdown prose dark:prose-invert"><h2>{}</h2><p>{}{}</p><p><code>papers explain {}</code></p></div>'
                ).format(
                    _paper["title"],
                    _kind.get(_paper["abstract_kind"], ""),
                    _paper["abstract_clean"] or _paper["abstract"] or "No capture shows an abstract.",
                    _paper["paper_id"],
                )
            ),
            mo.md(
                "### Where each value is from\n\n"
                + (
                    f"Captures contradict each other on **{_against}** of them; these come first."
                    if _against
                    else "No capture contradicts another one."
                )
            ),
            sources,
            mo.md("### What each mention says"),
            mentions,
        ]
    )
    return


@app.cell
def _(asked, chosen, connection, drawn, mo):
    mo.stop(not chosen)
    _charts = [
        _draw(_rows)
        for _draw, _rows in (
            (lambda rows: drawn.by_month(rows, chosen), asked.months(connection)),
            (lambda rows: drawn.by_authors(rows, chosen), asked.authors(connection)),
            (drawn.by_repository, asked.repositories(connection)),
        )
        if _rows.height
    ]
    mo.vstack(
        [
            mo.md("## Charts of these papers"),
            *_charts,
            *([] if _charts else [mo.md("Neither dates, numbers of authors nor repositories are known of them.")]),
        ]
    )
    return


@app.cell
def _(connection, mo):
    assert connection
    query = mo.ui.code_editor(
        "select year(published_on) as year, count(*) as papers\nfrom papers\ngroup by all\norder by year",
        language="sql",
        min_height=120,
    ).form(submit_button_label="Run")
    mo.vstack(
        [
            mo.md(
                "## Ask in SQL\n\nAll published tables, read-only, in DuckDB's SQL. `from duckdb_columns()` says what each column "
                "means; `docs/cookbook.md` has questions with their SQL."
            ),
            query,
        ]
    )
    return (query,)


@app.cell
def _(as_csv, asked, connection, mo, query, shown):
    mo.stop(query.value is None)
    answer = asked.ask(connection, query.value)
    if answer.error:
        _shown = mo.callout(mo.plain_text(answer.error), kind="warn")
    else:
        _told = (
            f"The first {asked.MOST_ROWS:,} rows; there are more." if answer.more else f"{answer.rows.height:,} rows"
        )
        _shown = mo.vstack([mo.md(_told), shown(answer.rows), as_csv(answer.rows, "rows.csv")])
    _shown
    return (answer,)


if __name__ == "__main__":
    app.run()
