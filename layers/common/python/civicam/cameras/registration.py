"""Which cameras the city may have, and the footage of which moments."""

from collections.abc import Iterator
from datetime import datetime

from civicam.contracts.base import utc_text
from civicam.contracts.cameras import RETENTION_CLASSES, Camera, PushSource
from civicam.contracts.errors import Rejected
from civicam.contracts.footage import Footage, FootageKind
from civicam.contracts.owners import BY_AGREEMENT, Owner

AGREEMENT_ENDED = "agreement_ended"
PIXELS_AT_EDGE = "pixels_at_edge"


def admit_camera(camera: Camera, owner: Owner, at: datetime) -> None:
    """Pass a camera of this owner that may be registered at that time.

    Raises Rejected (`bad_camera`) with every complaint and its remedy. Its profile is looked at elsewhere
    (`civicam.vision.profiles`).
    """
    complaints = tuple(_complaints(camera, owner, at))
    if complaints:
        raise Rejected("bad_camera", "; ".join(complaints))


def may_have(camera: Camera, moment: datetime) -> bool:
    """Whether what the camera films at that moment is the city's to have."""
    return camera.consent_until is None or moment < camera.consent_until


def require_right(camera: Camera, moment: datetime) -> None:
    """Raise Rejected (`agreement_ended`) where the city may not have what the camera films then."""
    if not may_have(camera, moment):
        raise _ended(camera)


def require_right_to(footage: Footage, camera: Camera) -> None:
    """Raise Rejected (`agreement_ended`) for footage of which any part was filmed after the agreement's end.

    The camera is its present version: an agreement that was ended early counts for what comes late, too.
    """
    if camera.consent_until and footage.capture_end > camera.consent_until:
        raise _ended(camera)


def require_pixels_of(footage: Footage, camera: Camera) -> None:
    """Raise Rejected (`pixels_at_edge`) for pictures of a camera whose pixels stay where it stands.

    The camera is its present version: what it filmed before its owner wished so does not come any more either.
    """
    if camera.profile.pixels == "edge" and footage.kind is not FootageKind.LOOK:
        raise Rejected(
            PIXELS_AT_EDGE,
            f"the pixels of camera {camera.camera_id} stay at the edge: its recorder looks at them there (--models)",
        )


def _complaints(camera: Camera, owner: Owner, at: datetime) -> Iterator[str]:
    if camera.retention not in RETENTION_CLASSES:
        yield f"retention {camera.retention} is no class of footage: there are {', '.join(RETENTION_CLASSES)}"
    if owner.kind in BY_AGREEMENT and camera.legal_basis not in {"agreement", "consent"}:
        yield (
            f"owner {owner.owner_id} is a {owner.kind}: give the legal basis of its camera, `agreement` or `consent`, "
            "and `consent_until`"
        )
    if camera.profile.pixels == "edge" and not isinstance(camera.source, PushSource):
        yield "pixels stay at the edge only where a recorder stands: give `source.kind` push, or `profile.pixels` city"
    if not may_have(camera, at):
        yield str(_ended(camera))


def _ended(camera: Camera) -> Rejected:
    ended = utc_text(camera.consent_until) if camera.consent_until else ""
    return Rejected(
        AGREEMENT_ENDED,
        f"the right to footage of camera {camera.camera_id} ended at {ended}: register the new `consent_until` "
        "once its owner has agreed to one",
    )
