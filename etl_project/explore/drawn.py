"""Charts of the notebook, as Altair describes them; the browser draws them with what marimo brings."""

import altair as alt
import polars as pl

_BLUE, _ORANGE = "#3b7fc4", "#d9822b"


def by_month(months: pl.DataFrame) -> alt.Chart:
    """Return bars of papers by month, with those of an inferred year in another colour."""
    return _sized(
        alt.Chart(months, title="Papers by month")
        .mark_bar(tooltip=True)
        .encode(
            alt.X("yearmonth(month):T", title=None),
            alt.Y("papers:Q", title="papers", axis=alt.Axis(tickMinStep=1)),
            alt.Color("year:N", title="year", scale=alt.Scale(domain=["printed", "inferred"], range=[_BLUE, _ORANGE])),
        )
    )


def by_authors(authors: pl.DataFrame) -> alt.Chart:
    """Return bars of papers by number of authors; 21 stands for more than 20."""
    return _sized(
        alt.Chart(authors, title="Papers by number of authors, where it is known")
        .mark_bar(color=_BLUE, tooltip=True)
        .encode(
            alt.X(
                "authors:O",
                title="authors",
                axis=alt.Axis(labelAngle=0, labelExpr="datum.value > 20 ? 'over 20' : datum.label"),
            ),
            alt.Y("papers:Q", title="papers", axis=alt.Axis(tickMinStep=1)),
        )
    )


def by_repository(repositories: pl.DataFrame) -> alt.Chart:
    """Return lying bars of papers by repository, most first."""
    return _sized(
        alt.Chart(repositories, title="Repositories of most papers")
        .mark_bar(color=_BLUE, tooltip=alt.TooltipContent("data"))
        .encode(
            alt.X("papers:Q", title="papers", axis=alt.Axis(tickMinStep=1, format="d")),
            alt.Y("repository:N", title=None, sort=None, axis=alt.Axis(labelLimit=260)),
        ),
        height=18 * max(repositories.height, 3),
    )


def _sized(chart: alt.Chart, height: int = 220) -> alt.Chart:
    sized: alt.Chart = chart.properties(width="container", height=height)
    return sized
