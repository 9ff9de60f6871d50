"""Charts of the notebook, as Altair describes them; the browser draws them with what marimo brings."""

from datetime import timedelta

import altair as alt
import polars as pl

_BLUE, _ORANGE = "#3b7fc4", "#d9822b"


def by_month(months: pl.DataFrame, papers: int) -> alt.Chart:
    """Return bars of papers by month, those of an inferred year in another colour; the title tells how many of ``papers`` are not in it."""
    known = [month for month in months["month"].to_list() if month]
    # at least a year, so that one month is a bar and not a wall
    first, last = min(known), max(known)
    end = max(last, first + timedelta(days=334)) + timedelta(days=31)
    return _sized(
        alt.Chart(months, title=f"Papers by month{_without(papers - int(months['papers'].sum()), 'a date')}")
        .mark_bar(tooltip=True)
        .encode(
            alt.X(
                "yearmonth(month):T",
                title=None,
                scale=alt.Scale(domain=[first.isoformat(), end.isoformat()]),
                axis=alt.Axis(grid=False, labelOverlap=True, labelSeparation=8),
            ),
            alt.Y("papers:Q", title="papers", axis=alt.Axis(tickMinStep=1)),
            alt.Color("year:N", title="year", scale=alt.Scale(domain=["printed", "inferred"], range=[_BLUE, _ORANGE])),
        )
    )


def by_authors(authors: pl.DataFrame, papers: int) -> alt.Chart:
    """Return bars of papers by number of authors, 21 for more than 20; the title tells how many of ``papers`` are not in it."""
    numbers = list(range(min(1, *authors["authors"].to_list()), 22))
    return _sized(
        alt.Chart(
            authors,
            title=f"Papers by number of authors{_without(papers - int(authors['papers'].sum()), 'a known number')}",
        )
        .mark_bar(color=_BLUE, tooltip=True)
        .encode(
            alt.X(
                "authors:O",
                title="authors",
                scale=alt.Scale(domain=numbers),
                axis=alt.Axis(labelAngle=0, labelExpr="datum.value > 20 ? 'more' : datum.label"),
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


def _without(papers: int, what: str) -> str:
    return f" ({papers:,} without {what})" if papers else ""


def _sized(chart: alt.Chart, height: int = 220) -> alt.Chart:
    sized: alt.Chart = chart.properties(width="container", height=height, background="transparent")
    return sized
