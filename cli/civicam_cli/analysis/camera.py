"""The camera that files are analysed as: what CAMERA.json says of it, or one that only has its picture."""

import json
import re
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, JsonValue, ValidationError, model_validator

from civicam.contracts.base import Document, Moment
from civicam.contracts.cameras import Camera, Mount, Profile
from civicam.contracts.errors import Rejected
from civicam.contracts.geometry import GroundPlane, Line, Zone
from civicam.contracts.ids import ULID_PATTERN, digest
from civicam.vision.boxes import Size
from civicam.vision.profiles import admit_profile

NOBODY = "00000000000000000000000000"
SLUG = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")
SOME_DAY = "2000-01-01T00:00:00Z"


class DrawnLine(Line):
    """A line of CAMERA.json, under any name."""

    model_config = ConfigDict(extra="ignore")
    line_id: str


class DrawnZone(Zone):
    """A zone of CAMERA.json, under any name."""

    model_config = ConfigDict(extra="ignore")
    zone_id: str


class FileCamera(Document):
    """CAMERA.json: an entry of the registry, or the few fields of it that analysis needs."""

    camera_id: str = NOBODY
    lines: tuple[DrawnLine, ...] = ()
    zones: tuple[DrawnZone, ...] = ()
    picture: tuple[int, int] | None = None
    """The size that all of it is drawn in; the file's own unless said."""
    view: tuple[int, ...] = ()
    ground: GroundPlane | None = None
    mount: Mount = "fixed"
    parameters: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    capture_start: Moment = Field(default=SOME_DAY, validate_default=True)
    """When the footage begins. Files rarely know; the default makes the same file give the same facts."""

    @model_validator(mode="before")
    @classmethod
    def _registry_entry(cls, data: Any) -> Any:
        """Lines and zones of a registry entry stand in its profile."""
        profile = data.get("profile") if isinstance(data, dict) else None
        return {**profile, **data} if isinstance(profile, dict) else data

    def entry(self, analytics: tuple[str, ...], picture: Size) -> Camera:
        """The camera as the functions know cameras; without zones, the whole picture is one.

        Raises Rejected (`bad_profile`) for drawings that mean nothing.
        """
        width, height = drawn = self.picture or picture
        whole = DrawnZone(zone_id="frame", polygon=((0, 0), (width, 0), (width, height), (0, height)))
        profile = Profile(
            analytics=analytics,
            mount=self.mount,
            picture=drawn,
            view=self.view,
            lines=tuple(Line(line_id=slug(line.line_id), points=line.points) for line in self.lines),
            zones=tuple(Zone(**dict(zone) | {"zone_id": slug(zone.zone_id)}) for zone in self.zones or (whole,)),
            ground=self.ground,
            parameters=self.parameters,
        )
        admit_profile(profile)
        return Camera(
            camera_id=self.camera_id if re.match(ULID_PATTERN, self.camera_id) else _ulid(self.camera_id),
            name="a file",
            owner_id="nobody",
            unit_id="nowhere",
            position=(0.0, 0.0),
            profile=profile,
        )

    def with_own_names(self, document: Any) -> Any:
        """A fact's document with the names of CAMERA.json where the city's own ids stood in for them."""
        names = {_ulid(self.camera_id): self.camera_id}
        names |= {slug(name): name for name in (*(d.line_id for d in self.lines), *(d.zone_id for d in self.zones))}
        return _renamed(document, names)


def read_camera(path: Path | None) -> FileCamera:
    """The camera in the file, or the plain one; raises Rejected (`bad_camera`), naming the field."""
    if path is None:
        return FileCamera()
    try:
        return FileCamera.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors(include_url=False)
        )
        raise Rejected("bad_camera", f"{path} describes no camera: {wrong}") from error
    except (OSError, ValueError) as error:
        raise Rejected("bad_camera", f"{path} is no readable JSON file: {error}") from error


def slug(name: str) -> str:
    """The name, where the city takes it as an id; else one that stands for it."""
    return name if SLUG.match(name) else f"named-{digest(name)[:16]}"


def _ulid(name: str) -> str:
    """A ULID that stands for a name; its alphabet holds all of hexadecimal's."""
    return "0" + digest("camera", name)[:25].upper()


def _renamed(document: Any, names: dict[str, str]) -> Any:
    if isinstance(document, dict):
        return {key: _renamed(value, names) for key, value in document.items()}
    if isinstance(document, list):
        return [_renamed(value, names) for value in document]
    return names.get(document, document) if isinstance(document, str) else document
