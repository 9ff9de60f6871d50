"""Dagster assets and their checks: each reads, calls one pure function, writes, and tells what it did.

Wiring only. What is parsed, matched, chosen or checked is decided in the modules called here.
"""

import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial, reduce
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
from pydantic import Field

from etl_project import (
    decisions,
    history,
    left_out,
    lineage,
    matching,
    parse,
    progress,
    publish,
    quality,
    raw,
    shown,
    warehouse,
)
from etl_project.alerts import Alerting
from etl_project.contract import OWNERS, Table, described, polars_schema
from etl_project.dedupe.decided import decision_rows
from etl_project.dedupe.keys import keys
from etl_project.drift import ACCEPTABLE
from etl_project.expectations import Check, Outcome, checks_for, run_checks
from etl_project.failed import STARTED_BY, has_failed_steps, report_failed, run_failed, started_by
from etl_project.lake import Lake, LakeBusy, writer_lock
from etl_project.match_store import Store
from etl_project.report import write as report_page
from etl_project.sources import fetched, huggingface
from etl_project.tables import (
    BY_NAME,
    CAPTURES,
    CHECK_RESULTS,
    DECISIONS,
    DELIVERIES,
    MENTION_AUTHORS,
    MENTION_LINKS,
    MERGED_PAPERS,
    NEW_CAPTURE_VALUES,
    NEW_CAPTURES,
    PAPER_CHANGES,
    PAPER_MENTIONS,
    PARSED_ROWS,
    RAW_DUMPS,
    REFUSED_RECORDS,
    RELATED_PAPERS,
    RUN_STATISTICS,
    TABLES,
)
from etl_project.watchdog import watched

log = logging.getLogger("etl_project")
# of the installed version, which is pinned; nobody who runs a command can do anything about it
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)

_OWNERS = ["team:data"]
_KINDS = {
    "raw": {"file", "duckdb"},
    "parsed": {"python", "polars", "duckdb"},
    "papers": {"polars", "duckdb"},
    "quality": {"duckdb"},
}
#: Stages in the order of the data; Dagster sorts its groups by name.
GROUPS = {
    "fetched": "0_fetched",
    "raw": "1_raw",
    "parsed": "2_parsed",
    "papers": "3_papers",
    "derived": "4_derived",
    "quality": "5_quality",
    "published": "6_published",
}
#: Dagster keeps them in its event log, and the command line's summary reads them from there.
_MOST_DELIVERIES_SHOWN = 10_000
_BATCH_BYTES = 1 << 26
#: Up to today, which is not over: it is fetched anew until the day after the next.
DAYS = dg.DailyPartitionsDefinition(huggingface.FIRST_DAY.isoformat(), timezone="UTC", end_offset=1)
#: A month a run: starting a run costs more than fetching a day, and a failing day spoils one month's run only.
_DAYS_A_RUN = 31


#: Where the UI serves the lake's report (``webserver.py``).
REPORT_PATH = "/report"
#: Who runs by hand, once a week, sees no warning; a year old is no news to anybody.
_FRESH = dg.FreshnessPolicy.time_window(warn_window=timedelta(days=8), fail_window=timedelta(days=366))


#: Of a run that Dagster started for the lake's lock, in seconds. The command line does not wait.
_LONGEST_WAIT = 3600


class LakeResource(dg.ConfigurableResource[Any]):
    """The data lake that a run works on. Only one run at a time: it holds the lake's lock to its end, and is watched."""

    root: str
    accepted: list[str] = Field(
        default=[],
        description="Checks that may fail in this run and do not stop publication, since people looked at what they tell: "
        + ", ".join(ACCEPTABLE),
    )

    alerting: dg.ResourceDependency[Alerting]

    @property
    def lake(self) -> Lake:
        """The folders of the lake."""
        return Lake(Path(self.root))

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LakeResource"]:
        """Hold the lake's lock while the run lasts, waiting for who has it: what asked for the run may not ask again."""
        name = f"run {(context.run_id or 'without id')[:8]}"
        waiting = writer_lock(
            self.lake, name, wait=_LONGEST_WAIT, waiting=lambda reason: log.info("waiting: %s", reason)
        )
        instance, run = context.instance, context.run
        if instance is None or run is None:  # built by hand, outside a run
            with waiting, watched():
                yield self
            return
        _tag(instance, run, self.lake)
        try:
            with waiting, watched():
                try:
                    yield self
                finally:
                    if has_failed_steps(instance, run.run_id):
                        report_failed(self.lake, instance, run)
                        run_failed(self.lake, instance, run, self.alerting)
        except LakeBusy as error:
            run_failed(self.lake, instance, run, self.alerting, str(error))
            raise


def _tag(instance: dg.DagsterInstance, run: dg.DagsterRun, lake: Lake) -> None:
    """Give a run of assets chosen by hand, or a backfill's, the tags that those of the jobs have."""
    tags = {"lake": lake.root.name, STARTED_BY: started_by(run.tags)}
    if missing := {name: value for name, value in tags.items() if run.tags.get(name) != value}:
        instance.add_run_tags(run.run_id, missing)


@dataclass(frozen=True)
class Fetching:
    """Where pages come from and where they go. No Dagster configuration: the token must not stand in the UI."""

    lake: Lake
    service: huggingface.Service


class RawConfig(dg.Config):
    """What to take in."""

    paths: list[str] = Field(
        default=[], description="Files and folders to take in; empty means the lake's inbox and what was fetched."
    )


def _has_sql(table: Table) -> bool:
    return (warehouse.SQL_FOLDER / f"{table.name}.sql").exists()


def _sql(table: Table) -> str:
    return (warehouse.SQL_FOLDER / f"{table.name}.sql").read_text("utf-8")


def _spec(table: Table, deps: Sequence[str]) -> dg.AssetSpec:
    schema = dg.TableSchema(
        columns=[
            dg.TableColumn(
                c.name,
                c.sql_type,
                described(c) + lineage.told(table.name, c.name),
                dg.TableColumnConstraints(nullable=not c.required, unique=table.key == (c.name,)),
            )
            for c in table.columns
        ]
    )
    return dg.AssetSpec(
        table.name,
        deps=list(deps),
        description=f"{table.grain}\n\nKey: {', '.join(table.key)}.",
        group_name=GROUPS[table.stage],
        kinds={"sql", "duckdb"} if _has_sql(table) else _KINDS[table.stage],
        owners=_OWNERS,
        metadata={
            "dagster/column_schema": schema,
            "dagster/table_name": table.name,
            **({"query": dg.MetadataValue.md(f"```sql\n{_sql(table)}```")} if _has_sql(table) else {}),
        },
    )


def _table(rows: list[dict[str, Any]]) -> dg.TableMetadataValue:
    names = list(rows[0]) if rows else []
    schema = dg.TableSchema(columns=[dg.TableColumn(name) for name in names])
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema)


def _markdown(frame: pl.DataFrame) -> dg.MarkdownMetadataValue:
    return dg.MetadataValue.md(shown.table(frame.columns, frame.iter_rows(), frame.height))


def _made(connection: Any, table: Table, rows: int | None = None, **metadata: Any) -> dg.MaterializeResult[None]:
    """Return what Dagster keeps of a table that was made: its size, what its columns are made from, rows and charts."""
    rows = warehouse.scalar(connection, f"select count(*) from {table.name}") if rows is None else rows
    names, query = shown.preview(table)
    preview = shown.table(names, connection.execute(query).fetchall(), rows)
    charts = {
        chart.name: dg.MetadataValue.md(shown.bars(chart.columns, connection.execute(chart.query).fetchall()))
        for chart in shown.CHARTS.get(table.name, ())
    }
    return dg.MaterializeResult(
        asset_key=table.name,
        metadata={
            "dagster/row_count": rows,
            **({"dagster/column_lineage": _LINEAGE[table.name]} if table.name in _LINEAGE else {}),
            **charts,
            **metadata,
            "preview": dg.MetadataValue.md(preview),
        },
    )


_LINEAGE = {
    table: dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=source, column_name=name) for source, name in sources]
            for column, sources in columns.items()
        }
    )
    for table, columns in lineage.columns().items()
}


# ---------------------------------------------------------------------------------------------
# stages


@dg.asset(
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.multi_run(_DAYS_A_RUN),
    group_name=GROUPS["fetched"],
    kinds={"json"},
    owners=_OWNERS,
    description="Pages of the service's daily listing as received, in the lake's `fetched/`; the job "
    "`captures_to_papers` takes them in. The only asset that touches the network, and in no job but `fetch_daily_papers`. "
    "A day that was over when it was fetched is not asked for again.",
)
def fetched_days(context: dg.AssetExecutionContext, fetching: dg.ResourceParam[Fetching]) -> None:
    """Fetch the listing of each day of the run."""
    _tag(context.instance, context.run, fetching.lake)
    listings = [huggingface.daily_papers(date.fromisoformat(key)) for key in context.partition_keys]
    results = list(fetched.fetch(fetching.lake, fetching.service, listings))
    told: dict[str, dict[str, Any]] = {
        result.day.isoformat(): {
            "outcome": result.outcome,
            "items": result.items,
            "pages": result.pages,
            "requests": result.requests,
            "bytes": result.bytes,
        }
        for result in results
        if result.ok
    }
    failed = [result for result in results if not result.ok]
    for day, metadata in told.items():
        if failed:  # what is fetched stays, though the run fails
            context.log_event(dg.AssetMaterialization(context.asset_key, metadata=metadata, partition=day))
        else:
            context.add_asset_metadata(metadata, partition_key=day)
    if failed:
        reasons = [f"{result.day}: {result.detail}" for result in failed]
        raise dg.Failure(f"{len(failed)} of {len(results)} days were not fetched. " + "; ".join(reasons[:5]))


@dg.multi_asset(specs=[_spec(RAW_DUMPS, ["fetched_days"]), _spec(DELIVERIES, ["fetched_days"])], name=RAW_DUMPS.name)
def raw_dumps(
    context: dg.AssetExecutionContext, config: RawConfig, lake: LakeResource
) -> Iterator[dg.MaterializeResult[None]]:
    """Take the given files, or the inbox's and what was fetched, into the store; load what the warehouse has not got."""
    where = lake.lake
    where.inbox.mkdir(parents=True, exist_ok=True)
    raw.drop_partial(where.raw)
    warehouse.drop_spill(where)
    paths, pages, now = [Path(path) for path in config.paths], {}, datetime.now(UTC)
    if not paths:
        paths = [where.inbox] if any(not path.name.startswith(".") for path in where.inbox.iterdir()) else []
        pages = fetched.untaken(where)
    taken = raw.take_all(paths, where.raw, now, without=where.made, named=bool(config.paths))
    deliveries = list(progress.each(taken, "files taken in"))
    deliveries += raw.take_all(pages, where.raw, now, sources=pages)
    for delivery in deliveries:
        if delivery.outcome == "unreadable":
            log.error("%s: %s", delivery.path, delivery.detail)
        elif delivery.outcome == "unfinished":
            log.warning("%s: %s", delivery.path, delivery.detail)
    with warehouse.connect(where) as connection:
        known = {row[0] for row in connection.execute("select dump_id from raw_dumps").fetchall()}
        missing = list(raw.receipts(where.raw, known))
        with warehouse.transaction(connection):
            if not known and not history.is_restored(connection):  # a new warehouse
                publish.record_ids(where)
                history.restore(where, connection)
            before = history.load_numbers(connection)
            newest = warehouse.scalar(connection, "select coalesce(max(load_number), 0) from raw_dumps")
            load = max(newest, *before.values(), 0) + 1
            for batch in _batches(progress.each(missing, "captures loaded", len(missing))):
                rows = [
                    {**raw.read_dump(where.raw, receipt), "load_number": before.get(receipt.dump_id, load)}
                    for receipt in batch
                ]
                warehouse.append(connection, RAW_DUMPS, pl.DataFrame(rows, schema=polars_schema(RAW_DUMPS)))
            delivered = [(number, *delivery) for number, delivery in enumerate(deliveries, 1)]
            warehouse.replace(
                connection, DELIVERIES, pl.DataFrame(delivered, schema=polars_schema(DELIVERIES), orient="row")
            )
        outcomes = [delivery.outcome for delivery in deliveries]
        made = [
            _made(
                connection,
                RAW_DUMPS,
                files=len(outcomes),
                new=len(missing),
                known=outcomes.count("known"),
                unreadable=outcomes.count("unreadable"),
                unfinished=outcomes.count("unfinished"),
                deliveries=_table([delivery._asdict() for delivery in deliveries[:_MOST_DELIVERIES_SHOWN]]),
            ),
            _made(connection, DELIVERIES),
        ]
    context.instance.add_run_tags(context.run_id, {"files": str(len(outcomes)), "new_files": str(len(missing))})
    log.info(
        "raw_dumps: %d files, %d new, %d known, %d unreadable, %d left alone",
        len(outcomes),
        len(missing),
        outcomes.count("known"),
        outcomes.count("unreadable"),
        outcomes.count("unfinished"),
    )
    yield from made


def _batches(receipts: Iterable[raw.Receipt]) -> Iterator[list[raw.Receipt]]:
    batch: list[raw.Receipt] = []
    size = 0
    for receipt in receipts:
        batch.append(receipt)
        size += receipt.opened_byte_count or 0
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


_PARSED = (CAPTURES, PARSED_ROWS, MENTION_LINKS, MENTION_AUTHORS, REFUSED_RECORDS)


@dg.multi_asset(specs=[_spec(table, ["raw_dumps"]) for table in _PARSED], name="parsed")
def parsed(lake: LakeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Read every dump that this version of the parser has not read, or that people left out or took back since."""
    read = 0
    with warehouse.connect(lake.lake) as connection:
        unread = left_out.read(lake.lake)
        before = connection.execute("select dump_id from refused_records where reason = 'left_out'").fetchall()
        warehouse.read_again(connection, unread.keys() ^ {row[0] for row in before})
        total = warehouse.scalar(connection, "select count(*) from raw_dumps")
        for dumps in warehouse.unparsed_batches(connection, parse.PARSER_VERSION):
            result = parse.parse_dumps(dumps, unread)
            ids = dumps["dump_id"].to_list()
            with warehouse.transaction(connection):
                forgotten = warehouse.forget_parsed(connection, ids)
                for table, frame in zip(_PARSED, (getattr(result, table.name) for table in _PARSED), strict=True):
                    warehouse.append(connection, table, frame)
                warehouse.renamed_mentions(connection, forgotten)
            read += len(ids)
            log.info("parsed: %d of %d dumps", read, total)
        made = [_made(connection, table, **({"read_now": read} if table is CAPTURES else {})) for table in _PARSED]
    yield from made


#: New mentions that are matched at once: about 5 GB of memory.
_MENTIONS_AT_ONCE = 1_000_000
_MATCHED = (PAPER_MENTIONS, MERGED_PAPERS, RELATED_PAPERS, DECISIONS)


@dg.multi_asset(specs=[_spec(table, ["parsed_rows", "raw_dumps"]) for table in _MATCHED], name="matched")
def matched(lake: LakeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Find the paper of every new mention, and papers that look alike; papers known before keep their ids."""
    with warehouse.connect(lake.lake) as connection:
        decided = decisions.read(lake.lake)
        with warehouse.transaction(connection):
            load = warehouse.scalar(connection, "select coalesce(max(load_number), 1) from raw_dumps")
            texts = partial(warehouse.texts_of, connection)
            batches = []
            restored = "union from restored.mention_papers select paper_id" if history.is_restored(connection) else ""
            connection.execute(
                f"create temp table papers_before as select distinct paper_id from paper_mentions {restored}"
            ).fetchall()
            for dumps in list(Store(connection).new_dumps(_MENTIONS_AT_ONCE)):
                new = pl.concat([keys(batch) for batch in warehouse.mention_texts(connection, dumps)])
                batches.append(matching.match(Store(connection), new, texts, load, decided, dumps))
            result = reduce(matching.Matched.and_then, batches)
            # a paper may be made by one batch and merged by the next
            new_papers = warehouse.scalar(
                connection,
                "select count(distinct paper_id) from paper_mentions anti join papers_before using (paper_id)",
            )
            merged = warehouse.scalar(
                connection,
                "select count(*) from merged_papers semi join papers_before on merged_paper_id = papers_before.paper_id",
            )
            warehouse.replace(connection, DECISIONS, decision_rows(decided, result.states))
            history.forget(connection)
        told = {
            PAPER_MENTIONS: {
                "new_mentions": result.new,
                "matched_with": result.matched - result.new,
                "new_papers": new_papers,
            },
            MERGED_PAPERS: {"merged_now": merged},
            DECISIONS: {"applied": result.states.count("applied")},
            RELATED_PAPERS: {"common_passages": result.cut, "texts_not_compared": result.left},
        }
        made = [_made(connection, table, **told[table]) for table in _MATCHED]
    log.info(
        "paper_mentions: %d new mentions, matched with %d known ones; %d new papers, %d merged",
        result.new,
        result.matched - result.new,
        new_papers,
        merged,
    )
    yield from made


def inputs_of(table: Table) -> list[str]:
    """Return the tables that a table's file in sql/ names: what it depends on. None for a table without such a file."""
    if not _has_sql(table):
        return []
    used = set(re.findall(r"\b(?:from|join)\s+([a-z_]+)", _sql(table)))
    return [name for name in BY_NAME if name in used]


def _sql_asset(table: Table) -> dg.AssetsDefinition:
    """Return the asset of a table that one file of sql/ fills."""

    @dg.multi_asset(specs=[_spec(table, inputs_of(table))], name=table.name)
    def filled(lake: LakeResource) -> dg.MaterializeResult[None]:
        with warehouse.connect(lake.lake) as connection:
            made = _made(connection, table, warehouse.run_sql_file(connection, table))
        log.info("%s: %d rows", table.name, (made.metadata or {})["dagster/row_count"])
        return made

    return filled


_SQL_TABLES = [table for table in TABLES if _has_sql(table)]
sql_assets = [_sql_asset(table) for table in _SQL_TABLES]


_QUALITY = (NEW_CAPTURES, NEW_CAPTURE_VALUES, PAPER_CHANGES, RUN_STATISTICS, CHECK_RESULTS)


@dg.multi_asset(
    specs=[_spec(table, [t.name for t in TABLES if t not in _QUALITY]) for table in _QUALITY], name="quality"
)
def measured(context: dg.AssetExecutionContext, lake: LakeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Measure what there is beside what readers have; the checks write `check_results` themselves, stage by stage."""
    where = lake.lake
    had = pl.concat([history.papers(where), publish.published_papers(where)])
    with warehouse.connect(where) as connection:
        counted = {"receipts": sum(1 for _ in where.raw.glob("??/*.json"))}
        counted |= warehouse.new_and_merged(connection, had)
        changes = quality.record_changes(connection, where.database, had)
        found = quality.measure(connection, context.run_id, publish.what_readers_have(where), counted)
    new = found.filter(pl.col("measure").str.starts_with("new_")).sort("form", "measure", "dimension")
    # numbers that Dagster plots from run to run
    plotted = {
        name: float(found.filter(pl.col("measure") == name)["value"].sum())
        for name in (
            "new_captures",
            "new_mentions",
            "new_refusals",
            "mentions_of_a_paper",
            "papers_new",
            "papers_merged",
        )
    }
    before_and_now = _markdown(new.select("form", "measure", "dimension", "before", "before_low", "value"))
    told: dict[Table, dict[str, Any]] = {
        PAPER_CHANGES: changes,
        RUN_STATISTICS: {**plotted, "before_and_now": before_and_now},
    }
    with warehouse.connect(where) as connection:
        made = [_made(connection, table, **told.get(table, {})) for table in _QUALITY]
    yield from made


@dg.asset(
    deps=[table.name for table in TABLES],
    group_name=GROUPS["published"],
    kinds={"duckdb", "parquet"},
    owners=_OWNERS,
    description="What readers open: `published/papers.duckdb` and `exports/latest/*.parquet`, of one run, swapped in "
    "as one step once every critical check has passed.",
    metadata={"report": dg.MetadataValue.url(REPORT_PATH)},
    freshness_policy=_FRESH,
)
def publication(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Publish the warehouse's tables."""
    result = publish.publish(lake.lake, context.run_id)
    sizes = pl.DataFrame(
        {
            "table": list(result.rows),
            "rows": [float(n) for n in result.rows.values()],  # shown with their thousands apart
            "parquet bytes": [float(n) for n in result.bytes.values()],
        }
    )
    log.info("publication: %d tables, %d papers", len(result.rows), result.rows["papers"])
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": result.rows["papers"],
            "tables": _markdown(sizes),
            "database": dg.MetadataValue.path(str(lake.lake.database)),
            "parquet": dg.MetadataValue.path(str(lake.lake.exports)),
        }
    )


@dg.asset(
    deps=["publication"],
    group_name=GROUPS["published"],
    kinds={"html"},
    owners=_OWNERS,
    description="The page about this run and what is published: `reports/latest.html`, one file that needs nothing else. "
    "A run that publishes nothing writes it, too.",
    metadata={"open": dg.MetadataValue.url(REPORT_PATH)},
)
def report(context: dg.AssetExecutionContext, lake: LakeResource) -> dg.MaterializeResult[None]:
    """Write the report of the run."""
    place = report_page.write(lake.lake, context.run_id, published=True)
    log.info("report: %s", place)
    return dg.MaterializeResult(metadata={"report": dg.MetadataValue.path(str(place)), "bytes": place.stat().st_size})


# ---------------------------------------------------------------------------------------------
# checks


def _check_spec(check: Check) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check.name,
        asset=check.table,
        description=check.description,
        metadata={"owner": OWNERS[check.owner], "remedy": check.remedy},
        blocking=check.severity == "critical",  # severity alone stops nothing in Dagster
    )


def _check_result(outcome: Outcome, accepted: bool) -> dg.AssetCheckResult:
    check = outcome.check
    metadata: dict[str, Any] = {"expectation": check.kind, "failing_rows": outcome.failing}
    if not outcome.passed:
        metadata |= {"remedy": check.remedy, "owner": OWNERS[check.owner], "accepted": accepted}
        if outcome.sample:
            rows = (tuple(row.values()) for row in outcome.sample)
            metadata["sample"] = dg.MetadataValue.md(shown.table(list(outcome.sample[0]), rows, outcome.failing))
        if outcome.error:
            metadata["error"] = outcome.error
    return dg.AssetCheckResult(
        asset_key=check.table,
        check_name=check.name,
        passed=outcome.passed,
        severity=dg.AssetCheckSeverity.ERROR
        if (check.severity == "critical" and not accepted) or outcome.error
        else dg.AssetCheckSeverity.WARN,
        description=""
        if outcome.passed
        else outcome.error or f"{outcome.observed}. {'Accepted in this run.' if accepted else check.remedy}",
        metadata=metadata,
    )


def _checks_of(name: str, tables: Sequence[Table]) -> dg.AssetChecksDefinition:
    checks = [check for table in tables for check in checks_for(table)]

    @dg.multi_asset_check(name=f"check_{name}", specs=[_check_spec(check) for check in checks], can_subset=True)
    def run(context: dg.AssetCheckExecutionContext, lake: LakeResource) -> Iterator[dg.AssetCheckResult]:
        wanted = {(key.asset_key.to_user_string(), key.name) for key in context.selected_asset_check_keys}
        outcomes = run_checks(lake.lake.warehouse, [c for c in checks if (c.table, c.name) in wanted])
        with warehouse.connect(lake.lake) as connection:
            quality.record(connection, context.run.run_id, outcomes, lake.accepted)
        for outcome in outcomes:
            if not outcome.passed:
                log.error("check %s.%s failed: %s", outcome.check.table, outcome.check.name, outcome.observed)
            yield _check_result(outcome, outcome.check.name in lake.accepted)
        log.info(
            "checked %s: %d of %d passed",
            ", ".join(t.name for t in tables),
            sum(o.passed for o in outcomes),
            len(outcomes),
        )

    return run


def _levels() -> list[list[Table]]:
    """Return the tables of sql/ in groups, each of which needs only the groups before it.

    Checks run by group, not by table: each group pays once for what Great Expectations needs to start.
    """
    levels: dict[str, int] = {}
    for table in _SQL_TABLES:  # in the order of TABLES, inputs come first
        levels[table.name] = 1 + max((levels.get(name, 0) for name in inputs_of(table)), default=0)
    return [[t for t in _SQL_TABLES if levels[t.name] == level] for level in sorted(set(levels.values()))]


table_checks = [
    _checks_of("raw", [RAW_DUMPS, DELIVERIES]),
    _checks_of("parsed", _PARSED),
    _checks_of("matched", list(_MATCHED)),
    *(_checks_of("_".join(("sql", str(n))), tables) for n, tables in enumerate(_levels(), 1)),
    _checks_of("quality", list(_QUALITY)),
]
