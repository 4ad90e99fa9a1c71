"""Templates: what cameras of one model begin with. A row overrides whatever it says itself."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import Field, TypeAdapter

from civicam.contracts.base import Body
from civicam.contracts.ids import Slug

PLACE: Final = "{address}"
"""Where the row's address goes in an address that a template sets."""
FILE = Path(__file__).with_name("templates.toml")


class Template(Body):
    """One model of camera: `sets` is a part of a camera's document."""

    title: str = Field(min_length=1, max_length=120)
    sets: dict[str, Any]


@cache
def templates() -> Mapping[str, Template]:
    """Every packaged template by its name."""
    return TypeAdapter(dict[Slug, Template]).validate_python(tomllib.loads(FILE.read_text(encoding="utf-8")))
