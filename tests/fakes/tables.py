"""The tables that the stacks declare, in the shape in which `city_in_moto` makes them."""

from typing import Any

from infra.assembly import Assembly

Schema = tuple[tuple[str, ...], dict[str, tuple[str, ...]]]


def declared_tables(city: Assembly) -> dict[str, Schema]:
    """Key and indexes of every table, by the environment variable that names it."""
    return {
        f"{table.name.removesuffix('Table').upper()}_TABLE": (
            _key(table.properties),
            {index["IndexName"]: _key(index) for index in table.properties.get("GlobalSecondaryIndexes", [])},
        )
        for table in city.resources("AWS::DynamoDB::Table")
    }


def _key(told: dict[str, Any]) -> tuple[str, ...]:
    return tuple(part["AttributeName"] for part in told["KeySchema"])
