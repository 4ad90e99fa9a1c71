"""Owners, cameras and rules: the tables' entries from the versions that the registry bucket keeps for ever."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from civicam.aws.recovery.city import City, Restored, Scope
from civicam.contracts.errors import NotFound


class Versioned(Protocol):
    """An entry of a registry."""

    @property
    def version(self) -> int:
        """Its number, from 1."""


V = TypeVar("V", bound=Versioned)


def restore_cameras(city: City, scope: Scope) -> Restored:
    """Make the newest archived version of every camera the current one, where an older or none stands."""
    registry = city.registry
    return _restore(
        "cameras", registry.archived(), lambda camera: registry.camera(camera.camera_id), registry.make_current, scope
    )


def restore_owners(city: City, scope: Scope) -> Restored:
    """The same for the owners."""
    owners = city.owners
    return _restore("owners", owners.archived(), lambda owner: owners.get(owner.owner_id), owners.make_current, scope)


def restore_rules(city: City, scope: Scope) -> Restored:
    """The same for the alert rules."""
    rules = city.rules
    return _restore("rules", rules.archived(), lambda rule: rules.get(rule.rule_id), rules.make_current, scope)


def _restore(
    what: str, archived: Iterable[V], current: Callable[[V], V], make_current: Callable[[V], None], scope: Scope
) -> Restored:
    found = repaired = 0
    for newest in archived:
        found += 1
        if _is_behind(newest, current):
            repaired += 1
            if not scope.dry_run:
                make_current(newest)
    return Restored(what, found, repaired)


def _is_behind(newest: V, current: Callable[[V], V]) -> bool:
    try:
        return current(newest).version < newest.version
    except NotFound:
        return True
