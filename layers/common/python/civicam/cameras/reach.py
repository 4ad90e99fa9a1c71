"""How far somebody reaches who may change cameras, but not everybody's."""

from collections.abc import Iterator
from dataclasses import dataclass

from civicam.cameras.rows import Complaint
from civicam.contracts.cameras import Camera, Profile


@dataclass(frozen=True)
class OwnersReach:
    """Of whoever answers for these owners: their cameras, without what costs the city something."""

    owners: frozenset[str]

    def sees(self, camera: Camera) -> bool:
        """Whether a camera that stands is one of theirs."""
        return camera.owner_id in self.owners

    def complaints(self, camera: Camera, standing: Camera | None) -> Iterator[Complaint]:
        """What they may not make of a camera: somebody else's, or one that goes before others'."""
        if camera.owner_id not in self.owners:
            yield Complaint("owner_id", "is none of yours", "give an owner that your token names")
        before, after = standing.profile if standing else Profile(), camera.profile
        for name in ("tier", "priority", "promised", "risk"):
            if getattr(before, name) != getattr(after, name):
                yield Complaint(f"profile.{name}", "is the city's to set", "leave it out, and ask the city")
