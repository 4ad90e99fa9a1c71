"""Claims rebuilt from the footage itself, and clips that nobody judged, announced again."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from enum import Enum

from civicam.aws.claims import ClaimOutcome, ClipState
from civicam.aws.footage import FootageStore
from civicam.aws.lake_reading import read_rows
from civicam.aws.recovery.city import City, Restored, Scope
from civicam.aws.recovery.facts import Judged
from civicam.cameras.intake import DUPLICATE_CONTENT
from civicam.contracts.base import now
from civicam.contracts.cameras import ClipStored
from civicam.contracts.errors import NotFound, Rejected
from civicam.contracts.footage import Footage
from civicam.contracts.ids import utc_day
from civicam.lake.schemas import TABLES

READERS = 16
"""Objects described at once: each is a request of some milliseconds."""


class Deed(Enum):
    """What a clip needs."""

    NOTHING = "nothing"
    CLOSE = "close"  # its facts stand, its claim does not say so
    ANNOUNCE = "announce"  # it waits to be judged
    REOPEN = "reopen"  # its claim says judged, its facts are nowhere


def deed(standing: ClipState | None, *, is_whole: bool, is_settled: bool) -> Deed:
    """What is to be done about a clip whose bytes lie in the store; `standing` is None where no claim stands."""
    if standing in (ClipState.REJECTED, ClipState.ABANDONED):
        return Deed.NOTHING
    if is_whole:
        return Deed.NOTHING if standing is ClipState.JUDGED else Deed.CLOSE
    if not is_settled:
        return Deed.NOTHING
    return Deed.REOPEN if standing is ClipState.JUDGED else Deed.ANNOUNCE


def restore_clips(city: City, scope: Scope, judged: Judged) -> Restored:
    """Claim what lies in the store, close what was judged, and announce what was not."""
    cameras = {camera.camera_id: camera for camera in city.registry.archived()}
    found = repaired = silent = 0
    for footage in _footage(city.intake.store, scope.since):
        found += 1
        if footage is None:
            silent += 1
            continue
        is_whole = judged.is_whole(footage.clip_id, cameras.get(footage.camera_id))
        needed = deed(
            _standing(city, footage.clip_id), is_whole=is_whole, is_settled=footage.capture_end < scope.settled
        )
        repaired += needed is not Deed.NOTHING
        if not scope.dry_run:
            _do(needed, footage, city)
    return Restored("clips", found, repaired, f"{silent} objects do not say what they are" if silent else "")


def reject_quarantined(city: City, scope: Scope) -> Restored:
    """Close the claims of what lies in quarantine; one that is gone is made from what the lake knows of the clip."""
    found = repaired = 0
    known: dict[str, Footage] | None = None
    for key in city.intake.store.keys("quarantine/"):
        _, reason, clip_id = key.split("/", 2)
        found += 1
        state = _standing(city, clip_id)
        if reason == DUPLICATE_CONTENT or state in (ClipState.REJECTED, ClipState.JUDGED):
            continue
        known = _announced(city, scope) if known is None else known
        footage = known.get(clip_id)
        if state is None and footage is None:
            continue
        repaired += 1
        if not scope.dry_run:
            if state is None and footage is not None:
                city.intake.claims.claim(footage, now())
            city.intake.claims.reject(clip_id, reason)
    return Restored("quarantine", found, repaired)


def _footage(store: FootageStore, since: datetime) -> Iterator[Footage | None]:
    """What lies in the store and was captured since then; None for an object that does not describe itself."""
    keys = (key for key in store.keys("clips/") if _day(key) >= utc_day(since))
    with ThreadPoolExecutor(READERS) as readers:
        yield from readers.map(lambda key: _describe(store, key), keys)


def _describe(store: FootageStore, key: str) -> Footage | None:
    try:
        return store.describe(key)
    except (NotFound, Rejected):
        return None


def _day(key: str) -> str:
    """The UTC day in `clips/{retention}/{camera}/{day}/{name}`; an odd key counts as of any day."""
    parts = key.split("/")
    return parts[3] if len(parts) == 5 else "9"


def _standing(city: City, clip_id: str) -> ClipState | None:
    """Where the claim stands; None where there is none, or no more than leave to upload."""
    try:
        state = city.intake.claims.get(clip_id).state
    except NotFound:
        return None
    return None if state is ClipState.DECLARED else state


def _announced(city: City, scope: Scope) -> dict[str, Footage]:
    """Footage by clip id, as the lake heard it announced."""
    rows = read_rows(city.lake, TABLES[ClipStored.TYPE], ("footage",), scope.since)
    footage = (Footage.model_validate(row["footage"]) for row in rows)
    return {each.clip_id: each for each in footage}


def _do(needed: Deed, footage: Footage, city: City) -> None:
    intake = city.intake
    if needed is Deed.NOTHING or intake.claims.claim(footage, now()) is ClaimOutcome.OTHER:
        return
    if needed is Deed.CLOSE:
        intake.claims.judged(footage.clip_id)
        return
    if needed is Deed.REOPEN:
        intake.claims.reopen(footage.clip_id)
    intake.announce_again(intake.claims.get(footage.clip_id))
