"""SQL over the lake for people: the same views for Athena and for the command line.

A fact may be judged again (late footage), so a table holds several revisions of it; and a replay's facts stand beside
the live ones. Whoever counts wants the highest revision of what is live: `vision_vehicles_counted_latest` on Athena; on
the command line the plain name is that view, and the suffix `_all` gives every revision and every run.
"""

from civicam.contracts.ids import LIVE
from civicam.lake.schemas import TABLES, table_name

FRESHNESS = "freshness"


def latest_revisions(relation: str) -> str:
    """The live rows that no higher revision of the same fact replaces, in ANSI SQL without extensions."""
    return (
        f"SELECT * FROM {relation} AS a WHERE a.run = '{LIVE}' AND NOT EXISTS ("  # noqa: S608 - a catalogued name
        f"SELECT 1 FROM {relation} AS b WHERE b.fact_id = a.fact_id AND b.revision > a.revision)"
    )


def athena_view(table: str) -> str:
    """The statement that makes `<table>_latest`."""
    return f'CREATE OR REPLACE VIEW "{table}_latest" AS {latest_revisions(quoted(table))}'


def quoted(name: str) -> str:
    """The name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def named_queries() -> dict[str, str]:
    """Athena's saved queries by name: every view, and two questions that operations ask."""
    views = {f"view_{table.name}_latest": athena_view(table.name) for table in TABLES.values()}
    return views | {
        "vehicles_by_hour": _vehicles_by_hour(),
        FRESHNESS: _freshness(),
    }


def _vehicles_by_hour() -> str:
    return f"""\
SELECT camera_id, date_trunc('hour', capture_start) AS hour, crossing.line_id, crossing.direction, crossing.label,
       sum(crossing."count") AS vehicles, avg(coverage) AS coverage
FROM ({latest_revisions(quoted(table_name("vision.vehicles.counted.v1")))})
CROSS JOIN UNNEST(crossings) AS t(crossing)
WHERE capture_start >= current_timestamp - INTERVAL '1' DAY
GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 1"""  # noqa: S608 - every name is catalogued


def _freshness() -> str:
    tables = [table.name for table in TABLES.values()]
    parts = (
        f"SELECT '{name}' AS name, max(event_time) AS newest FROM {quoted(name)} WHERE run = '{LIVE}'"  # noqa: S608
        for name in tables
    )
    return "\nUNION ALL ".join(parts)
