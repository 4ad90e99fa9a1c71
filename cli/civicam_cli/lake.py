"""`civicam lake`: ask the lake in SQL, see its tables, keep them compact.

A table's plain name shows each live fact once, in its highest revision; `<table>_all` every revision and every run.
"""

import csv
import json
import re
import sys
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

import duckdb
import pyarrow as pa
import typer
from rich.console import Console
from rich.table import Table as Grid

from civicam.aws.lake import Lake
from civicam.aws.lake_compaction import compact
from civicam.contracts.errors import Rejected
from civicam.lake.queries import latest_revisions, quoted
from civicam_cli.deployment import use_deployment

app = typer.Typer(no_args_is_help=True, help="The lake: every fact as a row, asked in SQL.")
MEMORY_LIMIT = "1GB"
READ_LIMIT_BYTES = 1_000_000_000
ALL = "_all"


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command()
def query(
    sql: Annotated[
        str,
        typer.Argument(help="One SELECT. Times are UTC. TABLE is what is live, latest revisions; TABLE_all is all."),
    ],
    form: Annotated[Format, typer.Option("--format", "-f", help="How rows are printed.")] = Format.TABLE,
) -> None:
    """Answer one SELECT over the lake's tables."""
    use_deployment()
    show(answer(Lake.from_env(), sql), form)


@app.command()
def tables() -> None:
    """List the tables: rows, files, size and snapshots."""
    use_deployment()
    lake = Lake.from_env()
    show(pa.Table.from_pylist([describe(lake, name) for name in lake.names()]), Format.TABLE)


@app.command("compact")
def compact_tables() -> None:
    """Join small files, expire old snapshots and remove files that nobody needs, as the hourly function does."""
    use_deployment()
    lake = Lake.from_env()
    show(pa.Table.from_pylist([{"table": name} | asdict(compact(lake, name)) for name in lake.names()]), Format.TABLE)


def answer(lake: Lake, sql: str) -> pa.Table:
    """The rows of one SELECT; only tables that it names are read.

    Raises Rejected (`not_a_query`, `query_too_large`, `query_failed`) with the remedy.
    """
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False, "memory_limit": MEMORY_LIMIT}
    )
    with connection:
        _require_select(sql)
        _register(connection, lake, sql)
        connection.execute("SET TimeZone = 'UTC'; SET enable_external_access = false; SET lock_configuration = true")
        try:
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as error:
            known = ", ".join(lake.names()) or "none yet"
            raise Rejected("query_failed", f"{error}\nTables (each also with {ALL}): {known}") from error


def describe(lake: Lake, name: str) -> dict[str, Any]:
    """A table's figures, from its newest snapshot's summary: nothing is read."""
    stored = lake.load(name)
    snapshot = stored.current_snapshot()
    total = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    return {
        "table": name,
        "rows": int(total.get("total-records", 0)),
        "files": int(total.get("total-data-files", 0)),
        "bytes": int(total.get("total-files-size", 0)),
        "snapshots": len(stored.metadata.snapshots),
    }


def show(rows: pa.Table, form: Format) -> None:
    """Print rows to standard output: a grid for people, or one JSON document a line, or CSV with a header."""
    records = rows.to_pylist()
    if form is Format.JSON:
        for record in records:
            typer.echo(json.dumps(record, default=str, ensure_ascii=False))
    elif form is Format.CSV:
        writer = csv.DictWriter(sys.stdout, rows.column_names)
        writer.writeheader()
        writer.writerows(records)
    elif not rows.column_names:
        typer.echo("nothing yet")
    else:
        grid = Grid(*rows.column_names)
        for record in records:
            grid.add_row(*("" if value is None else str(value) for value in record.values()))
        Console().print(grid)


def _require_select(sql: str) -> None:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise Rejected("not_a_query", f"this is not SQL: {error}") from error
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        raise Rejected("not_a_query", "one SELECT, please: the lake is written by the city alone")


def _register(connection: duckdb.DuckDBPyConnection, lake: Lake, sql: str) -> None:
    words = set(re.findall(r"\w+", sql.lower()))
    for name in lake.names():
        if words & {name, name + ALL}:
            connection.register(name + ALL, _read(lake, name))
            connection.execute(f"CREATE VIEW {quoted(name)} AS {latest_revisions(quoted(name + ALL))}")


def _read(lake: Lake, name: str) -> pa.Table:
    size = describe(lake, name)["bytes"]
    if size > READ_LIMIT_BYTES:
        raise Rejected(
            "query_too_large", f"{name} holds {size / 1e9:.1f} GB: ask Athena, which reads only what it needs"
        )
    return lake.load(name).scan().to_arrow()
