"""The same change for many cameras: which ones, and what is set, as a CSV row would set it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from civicam.cameras.columns import EXTRA, columns, nearest
from civicam.cameras.csv_file import told_by_cells
from civicam.cameras.rows import Told
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Rejected


@dataclass(frozen=True)
class Wish:
    """Which cameras are meant: those that match all that is given; an empty set asks nothing."""

    owners: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    """Kinds of source."""

    def of(self, cameras: Iterable[Camera]) -> Iterator[Camera]:
        """The cameras among these that are meant."""
        return (camera for camera in cameras if self._means(camera))

    def _means(self, camera: Camera) -> bool:
        asked = (
            (self.owners, camera.owner_id),
            (self.units, camera.unit_id),
            (self.models, camera.model),
            (self.kinds, camera.source.kind),
        )
        return all(not wanted or value in wanted for wanted, value in asked)


def told_of(cameras: Iterable[Camera], settings: Sequence[str]) -> tuple[Told, ...]:
    """A row a camera that sets `COLUMN=VALUE`, each value as a CSV cell has it (`-` takes back).

    Raises Rejected (`bad_change`) where a setting cannot be read, whatever the camera.
    """
    header, cells = zip(*(_setting(one) for one in settings), strict=True)
    told = told_by_cells(header, cells)
    if told.complaints:
        raise Rejected("bad_change", "; ".join(map(str, told.complaints)))
    return tuple(
        replace(
            told,
            number=number,
            name=camera.name,
            patch=told.patch | {"camera_id": camera.camera_id},
            version=camera.version,
        )
        for number, camera in enumerate(cameras, 1)
    )


def _setting(told: str) -> tuple[str, str]:
    name, sign, value = told.partition("=")
    allowed = [column for column in columns() if column != "camera_id"]
    if name in {*EXTRA, "camera_id"} or name not in columns() or not sign or not value.strip():
        raise Rejected("bad_change", f"{told[:60]!r} is no COLUMN=VALUE{nearest(name, allowed)}: {', '.join(allowed)}")
    return name, value
