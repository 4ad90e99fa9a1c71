"""The door of the registry: a camera that the city may have, and can judge by, goes in; any other is told why not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from civicam.aws.owners import Owners
from civicam.aws.registry import Registered, Registry
from civicam.aws.versions import Change
from civicam.cameras.registration import admit_camera
from civicam.cameras.units import units
from civicam.contracts.base import now
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.owners import Owner
from civicam.vision.profiles import admit_profile


@dataclass(frozen=True)
class Registration:
    """One sitting: owners are read once, so that a file of a thousand cameras asks for each of them once."""

    registry: Registry
    owners: Owners
    clock: Callable[[], datetime] = now
    _known: dict[str, Owner] = field(default_factory=dict)

    @classmethod
    def from_env(cls) -> Self:
        """By this stack's tables."""
        return cls(Registry.from_env(), Owners.from_env())

    def admit(self, camera: Camera) -> None:
        """Pass a camera that may be registered now.

        Raises Rejected: `unknown_owner`, `unknown_unit`, `ended_unit`, `bad_camera`, `bad_profile`, with the remedy.
        """
        for objection in self.objections(camera):
            raise objection

    def objections(self, camera: Camera) -> Iterator[Rejected]:
        """Everything for which `admit` would refuse the camera."""
        checks: tuple[Callable[[], None], ...] = (
            lambda: units().require_valid(camera.unit_id, self.clock()),
            lambda: admit_camera(camera, self._owner(camera.owner_id), self.clock()),
            lambda: admit_profile(camera.profile),
        )
        for check in checks:
            try:
                check()
            except Rejected as objection:
                yield objection

    def register(self, camera: Camera, *, by: str) -> Registered:
        """Make this the camera's entry, as `Registry.put` does; raises Rejected as `admit` does, or Conflict."""
        self.admit(camera)
        return self.registry.put(camera, by=by, at=self.clock())

    def would(self, camera: Camera) -> Change:
        """What `register` would do; raises Rejected as it does."""
        self.admit(camera)
        return self.registry.would(camera)

    def _owner(self, owner_id: str) -> Owner:
        if owner_id not in self._known:
            try:
                self._known[owner_id] = self.owners.get(owner_id)
            except NotFound as error:
                raise Rejected(
                    "unknown_owner", f"owner {owner_id} is not registered: `civicam owners set {owner_id}` first"
                ) from error
        return self._known[owner_id]
