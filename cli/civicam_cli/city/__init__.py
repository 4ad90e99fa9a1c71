"""The demo city: its owners, their cameras, its rules, and the real footage that stands in for what they would see."""

from pathlib import Path

from pydantic import TypeAdapter

from civicam.cameras.entries import settle
from civicam.cameras.geojson import read_geojson
from civicam.cameras.rows import Told
from civicam.cameras.templates import templates
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Inconsistent, Unavailable
from civicam.contracts.owners import Owner
from civicam.contracts.watch import Rule
from civicam_cli.city.footage import Finder, catalogue

HERE = Path(__file__).parent
FARM = "http://127.0.0.1:8471"
"""Where the farm of pulled cameras stands unless that port is taken."""


def rows(farm: str = FARM) -> tuple[Told, ...]:
    """The demo city's cameras as an importer reads them, the pulled ones at this farm."""
    return read_geojson((HERE / "demo_city.geojson").read_text().replace("{farm}", farm))


def cameras(farm: str = FARM) -> tuple[Camera, ...]:
    """The six cameras, the pulled ones at this farm."""
    entries = [settle(row, None, templates()) for row in rows(farm)]
    found = tuple(entry.camera for entry in entries if entry.camera)
    if len(found) != len(entries):
        wrong = [str(complaint) for entry in entries for complaint in entry.complaints]
        raise Inconsistent(f"the demo city's file is damaged: {wrong}")
    return found


def owners() -> tuple[Owner, ...]:
    """Whom the cameras belong to."""
    return TypeAdapter(tuple[Owner, ...]).validate_json((HERE / "demo_owners.json").read_bytes())


def rules() -> tuple[Rule, ...]:
    """The demo city's alert rules."""
    return TypeAdapter(tuple[Rule, ...]).validate_json((HERE / "demo_rules.json").read_bytes())


def footage(finder: Finder, farm: str = FARM) -> tuple[dict[Camera, Path], list[str]]:
    """The footage of each camera that this machine can get any for, and for each other camera why it cannot."""
    found: dict[Camera, Path] = {}
    missing: list[str] = []
    clips = {camera_id: clip for clip in catalogue() for camera_id in clip.cameras}
    for camera in cameras(farm):
        try:
            found[camera] = finder.path(clips[camera.camera_id])
        except Unavailable as error:
            missing.append(f"{camera.name}: {error}")
    return found, missing
