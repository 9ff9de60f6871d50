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

    return Lake, Markup, Path, asked, drawn, mo, os


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
                "<p>{:,} papers, published {} UTC by run <code>{}</code>, from <code>{}</code>. "
                "It stays as it is until you open a newer one.</p>"
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
def _(asked, code, connection, organisation, words, year):
    chosen = asked.choose(connection, asked.Chosen(words.value, year.value, organisation.value, code.value))
    return (chosen,)


@app.cell
def _(asked, chosen, connection, mo, opened):
    _rows = asked.papers(connection)
    _most = f"; the table has the newest {asked.MOST_ROWS:,} of them" if chosen > asked.MOST_ROWS else ""
    if chosen:
        table = mo.ui.table(
            _rows,
            selection="single",
            page_size=10,
            show_column_summaries=False,
            show_data_types=False,
            show_download=False,  # theirs would hand a title that is a formula to a spreadsheet
            wrapped_columns=["title", "organisation", "repositories"],
            column_widths={"title": 340},
        )
    else:
        table = mo.ui.table([], selection="single")
    mo.vstack(
        [
            mo.md(f"**{chosen:,} of {opened.papers:,} papers**{_most}. Select one to see where its values are from."),
            table if chosen else mo.callout("No paper fits; take a filter away.", kind="neutral"),
            mo.download(lambda: asked.csv(_rows), filename="papers.csv", mimetype="text/csv", label="As CSV"),
        ]
    )
    return (table,)


@app.cell
def _(Markup, asked, connection, mo, table):
    _selected = table.value["paper_id"].to_list() if len(table.value) else []
    mo.stop(not _selected)
    _paper = asked.paper(connection, _selected[0])
    _sources = asked.sources(connection, _selected[0])
    _against = int((_sources["different_values"] > 1).sum())
    _kind = {"abstract": "", "summary": "A summary: no capture shows the abstract. ", "cut": "Cut off: no capture shows all. "}
    _plain = {"selection": None, "show_column_summaries": False, "show_data_types": False, "show_download": False}
    sources = mo.ui.table(_sources, page_size=15, show_search=False, **_plain)
    mentions = mo.ui.table(asked.mentions(connection, _selected[0]), wrapped_columns=["title"], show_search=False, **_plain)
    mo.vstack(
        [
            mo.Html(
                Markup("<h2>{}</h2><p>{}{}</p><p><code>papers explain {}</code></p>").format(
                    _paper["title"],
                    _kind.get(_paper["abstract_kind"], ""),
                    _paper["abstract_clean"] or _paper["abstract"] or "No capture shows an abstract.",
                    _paper["paper_id"],
                )
            ),
            mo.md(
                "### Where each value is from\n\n"
                + (f"Captures contradict each other on **{_against}** of them; these come first." if _against else "No capture contradicts another one.")
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
        draw(rows)
        for draw, rows in (
            (drawn.by_month, asked.months(connection)),
            (drawn.by_authors, asked.authors(connection)),
            (drawn.by_repository, asked.repositories(connection)),
        )
        if rows.height
    ]
    mo.vstack([mo.md("## Charts of these papers"), *_charts, *([] if _charts else [mo.md("Neither dates, numbers of authors nor repositories are known of them.")])])
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
def _(asked, connection, mo, query):
    mo.stop(query.value is None)
    answer = asked.ask(connection, query.value)
    if answer.error:
        _shown = mo.callout(mo.plain_text(answer.error), kind="warn")
    else:
        _told = f"The first {asked.MOST_ROWS:,} rows; there are more." if answer.more else f"{answer.rows.height:,} rows"
        _shown = mo.vstack(
            [
                mo.md(_told),
                mo.ui.table(answer.rows, selection=None, show_column_summaries=False, show_download=False),
                mo.download(lambda: asked.csv(answer.rows), filename="rows.csv", mimetype="text/csv", label="As CSV"),
            ]
        )
    _shown
    return (answer,)


if __name__ == "__main__":
    app.run()
