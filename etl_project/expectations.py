"""Quality checks: which there are follows from the contracts; Great Expectations runs them inside DuckDB.

The only module that imports Great Expectations, and only where checks are run: the import takes
seconds and 270 MB.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from etl_project.contract import Column, Owner, Severity, Table

#: Failing rows that a result shows; their number counts no further than ``_MOST_COUNTED``.
SAMPLE_ROWS = 10
_MOST_COUNTED = 1000
#: Of those that say what they found, so many are told in the line about the check.
_FINDINGS = 3
_LONGEST_OBSERVED = 500


@dataclass(frozen=True)
class Check:
    """One expectation on one table. ``kind`` and ``arguments`` are Great Expectations' own."""

    table: str
    name: str
    description: str
    remedy: str
    severity: Severity
    owner: Owner
    kind: str
    arguments: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Outcome:
    """How a check went. ``failing`` counts bad rows as far as counted; ``sample`` shows some; ``error`` if it could not run."""

    check: Check
    passed: bool
    failing: int
    sample: list[dict[str, Any]]
    error: str = ""

    @property
    def observed(self) -> str:
        """What was seen, in one line: the error, what the failing rows say themselves, or their number; "" if it passed."""
        if self.passed:
            return ""
        found = [str(row["finding"]) for row in self.sample if row.get("finding")]
        if self.error or not found:
            return " ".join(self.error.split())[:_LONGEST_OBSERVED] or f"{self.failing} failing"
        more = f"; and {self.failing - _FINDINGS} more" if self.failing > _FINDINGS else ""
        return "; ".join(found[:_FINDINGS]) + more


_REBUILD = "The stage that fills the table broke its contract: run the job again; report it if it stays."


def checks_for(table: Table) -> list[Check]:
    """Return the checks of a table: contract first (all critical), then its laws."""
    checks: list[Check] = []

    def add(
        name: str,
        description: str,
        kind: str,
        remedy: str = _REBUILD,
        severity: Severity = "critical",
        owner: Owner = "program",
        **arguments: Any,
    ) -> None:
        checks.append(Check(table.name, name, description, remedy, severity, owner, kind, arguments))

    def add_rows(
        name: str,
        description: str,
        query: str,
        remedy: str = _REBUILD,
        severity: Severity = "critical",
        owner: Owner = "program",
    ) -> None:
        # The expectation's query is a format string: braces of its own must be doubled. It wants {batch}, which
        # is a sub-query that can have no alias; the table's name does the same for a whole table.
        named = query.replace("{table}", table.name).replace("{", "{{").replace("}", "}}")
        escaped = f"select * from ({named}) failing where (select count(*) from {{batch}}) >= 0 limit {_MOST_COUNTED}"
        add(name, description, "UnexpectedRowsExpectation", remedy, severity, owner, unexpected_rows_query=escaped)

    # as queries, of which a hundred cost what Great Expectations takes to look at the columns of ten tables
    add_rows(
        "columns_as_declared",
        "The table has the declared columns in their order, of the declared types.",
        _other_columns(table),
    )
    if table.least_rows:
        add(
            "not_empty",
            f"The table has at least {table.least_rows} row: empty tables pass every other check.",
            "ExpectTableRowCountToBeBetween",
            "No capture gave anything: put captures into the inbox, or look at what was refused (`papers rejects`).",
            owner="captures",
            min_value=table.least_rows,
        )
    key = ", ".join(table.key)
    add_rows(
        "key_is_unique",
        f"No two rows have the same {key}.",
        f"select {key}, count(*) as same from {{table}} group by {key} having count(*) > 1",
    )
    required = [column.name for column in table.columns if column.required]
    if required:
        add_rows(
            "required_values_present",
            f"Never null: {', '.join(required)}.",
            f"select {key} from {{table}} where {' or '.join(f'{name} is null' for name in required)}",
        )
    if conditions := [(column.name, condition) for column in table.columns for condition in _broken(column)]:
        # one check for all: each costs Dagster more than DuckDB, and the failing rows name column and value
        add_rows(
            "values_as_declared",
            "Of the closed lists, within the bounds, of the declared shapes: "
            + ", ".join(dict.fromkeys(name for name, _ in conditions))
            + ".",
            _each_column(table, conditions),
        )
    for law in table.laws:
        add_rows(law.name, law.description, law.failing, law.remedy, law.severity, law.owner)
    return checks  # fmt: skip


def _other_columns(table: Table) -> str:
    """Return a query for the columns that are not as declared: their place, what is declared there, and what stands there."""
    declared = ", ".join(f"({n}, '{c.name} {c.sql_type}')" for n, c in enumerate(table.columns, 1))
    return (
        f"select place, declared, found from (values {declared}) as said (place, declared) full join "
        "(select column_index as place, column_name || ' ' || data_type as found from duckdb_columns() "
        f"where schema_name = 'main' and table_name = '{table.name}') using (place) where declared is distinct from found"
    )


def _broken(column: Column) -> Iterator[str]:
    """Yield conditions on values that the column's declaration excludes; they never hold for null."""
    if column.one_of:
        yield f"{column.name} not in ({', '.join(map(_quoted, column.one_of))})"
    if column.least is not None or column.most is not None:
        yield f"not {column.name} between {_bound(column.least, '-inf')} and {_bound(column.most, 'inf')}"
    if column.pattern:
        yield f"not regexp_full_match({column.name}, {_quoted(column.pattern)})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _bound(value: float | None, otherwise: str) -> str:
    return f"'{otherwise}'::double" if value is None else str(value)


def _each_column(table: Table, conditions: Sequence[tuple[str, str]]) -> str:
    """Return a query for the rows that meet a column's condition: the key, the column's name, the value."""
    keys = ", ".join(f"cast({key} as varchar) as {key}" for key in table.key)
    return " union all ".join(
        f"select {keys}, '{name}' as column_name, cast({name} as varchar) as column_value from {{table}} where {condition}"
        for name, condition in conditions
    )


def run_checks(database: Path, checks: Sequence[Check]) -> list[Outcome]:
    """Return an outcome for each of ``checks``, in their order, run on the DuckDB file ``database``.

    No other connection to the file may be open. A check that could not run counts as failed.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx

    _keep_connection_for_results()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    source: Any = context.data_sources.add_sql(  # type: ignore[call-arg]  # kwargs go to SQLAlchemy
        "warehouse", connection_string=f"duckdb:///{database}", kwargs={"connect_args": {"read_only": True}}
    )
    outcomes: dict[Check, Outcome] = {}
    try:
        for table in dict.fromkeys(check.table for check in checks):
            own = [check for check in checks if check.table == table]
            batch = source.add_table_asset(table, table_name=table).add_batch_definition_whole_table("all").get_batch()
            expectations = {
                check.name: getattr(gx.expectations, check.kind)(
                    **check.arguments, severity=check.severity, meta={"check": check.name}
                )
                for check in own
            }
            suite = gx.ExpectationSuite(name=table, expectations=list(expectations.values()))
            results = batch.validate(suite, result_format="SUMMARY").results
            by_name = {result.expectation_config.meta["check"]: result for result in results}
            for check in own:
                result = by_name[check.name]
                if check.kind == "UnexpectedRowsExpectation" and not result.success:
                    # the summary counts rows and shows none; the whole result has them, and the query bounds it
                    result = batch.validate(expectations[check.name], result_format="COMPLETE")
                outcomes[check] = _outcome(check, result.to_json_dict())
    finally:
        _close(source)
    return [outcomes[check] for check in checks]


def _outcome(check: Check, result: dict[str, Any]) -> Outcome:
    raised = _raised(result.get("exception_info") or {})
    if raised:
        return Outcome(check, False, 0, [], raised)
    details = result.get("result") or {}
    if check.kind == "UnexpectedRowsExpectation":
        rows = (details.get("details") or {}).get("unexpected_rows") or []
        return Outcome(check, bool(result["success"]), len(rows), rows[:SAMPLE_ROWS])
    failing = details.get("unexpected_count")
    sample = [{str(check.arguments.get("column", "value")): v} for v in details.get("partial_unexpected_list") or []]
    if failing is None:  # an expectation on the table as a whole
        failing = 0 if result["success"] else 1
        sample = [] if result["success"] else [{"observed": str(details.get("observed_value"))}]
    return Outcome(check, bool(result["success"]), int(failing), sample[:SAMPLE_ROWS])


def _raised(info: dict[str, Any]) -> str:
    """Return the message of an exception inside Great Expectations; it comes flat or keyed by metric."""
    entries = [info] if "raised_exception" in info else [v for v in info.values() if isinstance(v, dict)]
    for entry in entries:
        if entry.get("raised_exception"):
            return str(entry.get("exception_message") or "the check raised an exception")
    return ""


def _close(source: Any) -> None:
    """Close what Great Expectations holds open: DuckDB lets no one else open the file in this process before."""
    execution = source.get_execution_engine()
    if execution._connection is not None:
        execution._connection.close()
    execution.engine.dispose()
    source.get_engine().dispose()


class _Dialect(str, Enum):
    DUCKDB = "duckdb"


def _keep_connection_for_results() -> None:
    """Make Great Expectations hold DuckDB's connection until it has read the result.

    It closes the connection of a dialect that it does not know before it reads, and every expectation
    then fails with "list index out of range". The list of dialects to hold is a private name; a test
    tells when an upgrade moves it.
    """
    from great_expectations.execution_engine import sqlalchemy_execution_engine as engine

    held = getattr(engine, "_PERSISTED_CONNECTION_DIALECTS", None)
    if held is None:
        raise RuntimeError(
            "great-expectations has moved _PERSISTED_CONNECTION_DIALECTS; pin the version in requirements.lock, "
            "or find how it now keeps a connection open until results are read"
        )
    if _Dialect.DUCKDB not in held:
        engine._PERSISTED_CONNECTION_DIALECTS = (*held, _Dialect.DUCKDB)
