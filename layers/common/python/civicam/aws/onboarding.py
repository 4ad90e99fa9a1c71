"""Many cameras at once: rows as somebody tells them -> the registry, and what became of each row.

Rows go in groups: one read of what stands, each row settled, one write of what differs (`Registry.put_all`). Saying the
same again changes nothing, so whoever was interrupted says everything again.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, Self

from civicam.aws.registration import Registration
from civicam.aws.versions import GROUP
from civicam.cameras.changes import differences
from civicam.cameras.entries import Entry, settle
from civicam.cameras.reports import Outcome, Result
from civicam.cameras.rows import Complaint, Told
from civicam.cameras.templates import templates
from civicam.contracts.cameras import Camera
from civicam.contracts.errors import Conflict
from civicam.contracts.ids import ULID_PATTERN
from civicam.contracts.versions import unstamped

_COLUMNS = {
    "unknown_owner": "owner_id",
    "unknown_unit": "unit_id",
    "ended_unit": "unit_id",
    "bad_profile": "profile",
    "agreement_ended": "consent_until",
}
NOT_YOURS = Complaint(
    "camera_id", "there is no such camera among yours", "leave it out and give an owner_reference for a new one"
)


class Reach(Protocol):
    """Whose cameras somebody may change; for anybody else's they get the answer of one that does not exist."""

    def sees(self, camera: Camera) -> bool:
        """Whether a camera that stands is one of theirs."""

    def complaints(self, camera: Camera, standing: Camera | None) -> Iterable[Complaint]:
        """What they may not make of a camera."""


@dataclass(frozen=True)
class Onboarding:
    """One sitting at the registry's door: by whom, and how far they reach (None: everywhere)."""

    registration: Registration
    by: str
    reach: Reach | None = None

    @classmethod
    def from_env(cls, *, by: str, reach: Reach | None = None) -> Self:
        """By this stack's tables."""
        return cls(Registration.from_env(), by, reach)

    def take(
        self, rows: Iterable[Told], *, dry_run: bool = False, done: Callable[[int], None] = lambda _: None
    ) -> tuple[Result, ...]:
        """Bring the registry up to date with the rows, or only say what that would change; a result a row, in order.

        `done` is told how many rows are through, now and then. Raises what the stores raise: what went before stands.
        """
        found: list[Result] = []
        for group in _groups(rows):
            found += self._group(group, dry_run=dry_run)
            done(len(found))
        return tuple(found)

    def _group(self, rows: Sequence[Told], *, dry_run: bool) -> list[Result]:
        standing = self.registration.registry.find_all(_ids(rows))
        entries = [self._settled(row, standing) for row in rows]
        wanted = {entry.told.number: entry.camera for entry in entries if entry.camera and _differs(entry)}
        written: Mapping[int, Camera | Conflict] = {}
        if wanted and not dry_run:
            changes = [(camera, standing.get(camera.camera_id)) for camera in wanted.values()]
            made = self.registration.registry.put_all(changes, by=self.by, at=self.registration.clock())
            written = dict(zip(wanted, made, strict=True))
        return [_result(entry, written.get(entry.told.number)) for entry in entries]

    def _settled(self, row: Told, standing: Mapping[str, Camera]) -> Entry:
        camera = standing.get(row.camera_id or "")
        if self.reach and not (self.reach.sees(camera) if camera else row.patch.get("camera_id") is None):
            return settle(row.refused(NOT_YOURS), None, templates())
        return settle(row, camera, templates(), self._complaints)

    def _complaints(self, camera: Camera, standing: Camera | None) -> Iterator[Complaint]:
        """What the reach forbids; only what it does not forbid is asked the registry's door."""
        forbidden = tuple(self.reach.complaints(camera, standing)) if self.reach else ()
        yield from forbidden or self._refused(camera)

    def _refused(self, camera: Camera) -> Iterator[Complaint]:
        for objection in self.registration.objections(camera):
            problem, _, remedy = str(objection).rpartition(": ")
            yield Complaint(_COLUMNS.get(objection.reason, "row"), problem or remedy, remedy if problem else "")


def _groups(rows: Iterable[Told]) -> Iterator[list[Told]]:
    waiting = iter(rows)
    while group := list(islice(waiting, GROUP)):
        yield group


def _ids(rows: Iterable[Told]) -> list[str]:
    """The cameras that rows are about, without what is no id at all."""
    return [row.camera_id for row in rows if row.camera_id and re.fullmatch(ULID_PATTERN, row.camera_id)]


def _differs(entry: Entry) -> bool:
    return entry.camera is not None and (entry.standing is None or unstamped(entry.standing) != unstamped(entry.camera))


def _result(entry: Entry, written: Camera | Conflict | None) -> Result:
    before = entry.standing
    camera_id = next(iter(_ids([entry.told])), None)
    result = Result(entry.told.number, entry.told.name, "refused", camera_id, complaints=entry.complaints)
    if entry.camera is None:
        return result
    if isinstance(written, Conflict):
        return replace(result, complaints=(Complaint("row", str(written), "import it again"),))
    fields = tuple(one.field for one in differences(before, entry.camera)) if before else ()
    version = written.version if written else before.version if before else None
    outcome: Outcome = "added" if before is None else "changed" if _differs(entry) else "unchanged"
    return replace(result, outcome=outcome, version=version, fields=fields, name=entry.camera.name)
